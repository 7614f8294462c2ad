/* What a Lua state of ours contains: the standard libraries, the embedded sources, cjson, and the
 * native table that the bindings fill. It knows no tasks and no run; those are engine.c. */
#include "state.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "embed.h"

int luaopen_cjson(lua_State *L);

static const char engine_key = 'e';

struct dps *dps_engine_or_null(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &engine_key);
  struct dps *e = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return e;
}

struct dps *dps_engine(lua_State *L) {
  struct dps *e = dps_engine_or_null(L);
  if (!e) luaL_error(L, "no dps engine in this Lua state (or it has been closed)");
  return e;
}

void dps_state_bind(lua_State *L, struct dps *e) {
  lua_pushlightuserdata(L, e);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &engine_key);
}

struct dps_loop *dps_engine_loop(lua_State *L) {
  return dps_engine(L)->loop;
}

static int load_source(lua_State *L) {
  const struct dps_source *source = lua_touserdata(L, lua_upvalueindex(1));
  char name[128];
  snprintf(name, sizeof name, "@%s", source->file);
  if (luaL_loadbufferx(L, source->text, source->len, name, "t") != LUA_OK) return lua_error(L);
  lua_pushstring(L, source->module);
  lua_call(L, 1, 1);
  return 1;
}

static void preload(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  for (const struct dps_source *source = dps_sources; source->module; source++) {
    lua_pushlightuserdata(L, (void *)source);
    lua_pushcclosure(L, load_source, 1);
    lua_setfield(L, -2, source->module);
  }
  lua_pushcfunction(L, luaopen_cjson);
  lua_setfield(L, -2, "cjson");
  lua_pop(L, 1);
}

typedef void opener(lua_State *L);

static void open_all(lua_State *L, opener *const *openers) {
  for (; *openers; openers++)
    (*openers)(L);
}

/* Leaves the table on the stack. */
static void push_native(lua_State *L, opener *const *more) {
  static opener *const everywhere[] = {
      dps_open_os,    dps_open_json,  dps_open_csv,    dps_open_date, dps_open_sqlite,
      dps_open_regex, dps_open_token, dps_open_secret, dps_open_sign, NULL,
  };
  lua_newtable(L);
  lua_pushstring(L, dps_version());
  lua_setfield(L, -2, "version");
  open_all(L, everywhere);
  open_all(L, more);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "dps.native");
  lua_pop(L, 1);
}

void dps_state_fill(lua_State *L) {
  static opener *const engine_parts[] = {dps_open_task, dps_open_http, dps_open_serve, NULL};
  preload(L);
  push_native(L, engine_parts);
  lua_pop(L, 1);
}

/* --- the local library's state --- */

static int boot_bare(lua_State *L) {
  static opener *const library[] = {dps_open_secret_match, NULL};
  luaL_openlibs(L);
  preload(L);
  push_native(L, library);
  return 0;
}

lua_State *dps_state_bare(char *error, size_t len) {
  lua_State *L = luaL_newstate();
  if (!L) return snprintf(error, len, "not enough memory"), NULL;
  lua_pushcfunction(L, boot_bare);
  if (lua_pcall(L, 0, 0, 0) == LUA_OK) return L;
  snprintf(error, len, "%s", lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "failed");
  lua_close(L);
  return NULL;
}
