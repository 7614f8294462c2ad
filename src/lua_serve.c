/* The binding of the local library's server: native.serve. A server owns a plain server (serve.h)
 * and a Lua state of its own, in which the batches are answered (lua_library.h). */
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

#include "lua_library.h"
#include "serve.h"
#include "state.h"

#define SERVER_TYPE "dps.server"

enum { MAX_ERROR = 1024 };

struct server {
  struct dps_serve *serve; /* both NULL when closed */
  lua_State *library;
  char url[96];
};

/* --- start --- */

static void on_batch(void *ud, struct dps_serve_request *first) {
  dps_library_answer(((struct server *)ud)->library, first);
}

static bool start(lua_State *L, struct server *s, int library_options,
                  struct dps_serve_settings *settings, char *error) {
  struct dps_loop *loop = dps_engine_loop(L);
  s->library = dps_state_bare(error, MAX_ERROR);
  if (!s->library || !dps_library_open(s->library, L, library_options, error, MAX_ERROR))
    return false;
  s->serve = dps_serve_new(loop, settings, error, MAX_ERROR);
  if (!s->serve) return false;
  snprintf(s->url, sizeof s->url, strchr(settings->host, ':') ? "http://[%s]:%u" : "http://%s:%u",
           settings->host, dps_serve_port(s->serve));
  return true;
}

/* --- the userdata --- */

static int l_close(lua_State *L) {
  struct server *s = luaL_checkudata(L, 1, SERVER_TYPE);
  struct dps_serve *serve = s->serve;
  lua_State *library = s->library;
  s->serve = NULL;
  s->library = NULL;
  dps_serve_free(serve);
  if (library) lua_close(library);
  return 0;
}

static int m_gc(lua_State *L) {
  return l_close(L);
}

static struct server *check_open(lua_State *L) {
  struct server *s = luaL_checkudata(L, 1, SERVER_TYPE);
  luaL_argcheck(L, s->serve, 1, "the server is closed");
  return s;
}

static int l_url(lua_State *L) {
  lua_pushstring(L, check_open(L)->url);
  return 1;
}

static int l_port(lua_State *L) {
  lua_pushinteger(L, dps_serve_port(check_open(L)->serve));
  return 1;
}

/* --- native.serve --- */

static void check_keys(lua_State *L, const char *const *known) {
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    const char *const *name = known;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "(no string)";
    while (*name && strcmp(*name, key) != 0)
      name++;
    if (!*name) luaL_error(L, "serve: unknown option '%s'", key);
  }
}

static void check_scalars(lua_State *L, int table) {
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    int type = lua_type(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "serve: options of the library have names");
    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN)
      luaL_error(L, "serve: library.%s must be a string, a number or a boolean, not a %s",
                 lua_tostring(L, -2), lua_typename(L, type));
  }
}

static uint16_t check_port(lua_State *L) {
  int is_integer = 1;
  lua_Integer port = 0;
  if (lua_getfield(L, 1, "port") != LUA_TNIL) port = lua_tointegerx(L, -1, &is_integer);
  if (!is_integer || port < 0 || port > UINT16_MAX)
    luaL_error(L, "serve: port must be an integer from 0 to 65535");
  lua_pop(L, 1);
  return (uint16_t)port;
}

/* Leaves the host on the stack, and on top the library's options. */
static void check_options(lua_State *L, struct dps_serve_settings *settings) {
  static const char *const known[] = {"host", "port", "library", NULL};
  luaL_checktype(L, 1, LUA_TTABLE);
  check_keys(L, known);
  settings->port = check_port(L);
  int host = lua_getfield(L, 1, "host");
  if (host != LUA_TNIL && host != LUA_TSTRING) luaL_error(L, "serve: host must be a string");
  settings->host = host == LUA_TNIL ? "127.0.0.1" : lua_tostring(L, -1);
  if (lua_getfield(L, 1, "library") == LUA_TNIL) lua_newtable(L);
  if (!lua_istable(L, -1)) luaL_error(L, "serve: library must be a table of options");
  check_scalars(L, lua_gettop(L));
}

/* native.serve{host=, port=, library={...}} -> server | nil, message. */
static int l_serve(lua_State *L) {
  struct dps_serve_settings settings = {.handle = on_batch};
  char error[MAX_ERROR] = "the engine is closing"; /* what is made now is never finalized */
  check_options(L, &settings);
  int library_options = lua_gettop(L);
  struct server *s = lua_newuserdatauv(L, sizeof *s, 0);
  *s = (struct server){0};
  luaL_setmetatable(L, SERVER_TYPE);
  settings.ud = s;
  if (!dps_engine(L)->closing && start(L, s, library_options, &settings, error)) return 1;
  if (s->library) lua_close(s->library);
  s->library = NULL;
  lua_pushnil(L);
  lua_pushstring(L, error);
  return 2;
}

void dps_open_serve(lua_State *L) {
  static const luaL_Reg methods[] = {{"url", l_url}, {"port", l_port}, {"close", l_close}, {0}};
  static const luaL_Reg events[] = {{"__gc", m_gc}, {"__close", m_gc}, {0}};
  luaL_newmetatable(L, SERVER_TYPE);
  luaL_setfuncs(L, events, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_pushcfunction(L, l_serve);
  lua_setfield(L, -2, "serve");
}
