/* dps.native.secret: handles that a script can pass on but not read. The bytes stay in the engine.
 */
#include <lauxlib.h>

#include "lua_secret.h"
#include "state.h"

struct handle {
  struct dps_secret secret;
};

const struct dps_secret *dps_check_secret(lua_State *L, int i) {
  struct handle *handle = luaL_checkudata(L, i, DPS_SECRET);
  if (!handle->secret.bytes) luaL_error(L, "the secret has been closed");
  return &handle->secret;
}

static int m_gc(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, DPS_SECRET);
  dps_secret_clear(&handle->secret);
  return 0;
}

static int m_tostring(lua_State *L) {
  lua_pushliteral(L, "secret (hidden)");
  return 1;
}

static int push_handle(lua_State *L, const char *text) {
  struct handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);
  *handle = (struct handle){0};
  luaL_setmetatable(L, DPS_SECRET);
  if (dps_engine(L)->closing) return 1; /* empty: it would never be finalized */
  if (!dps_secret_set(&handle->secret, text)) return luaL_error(L, "not enough memory");
  if (dps_secret_is_token(&handle->secret)) return 1;
  lua_pushnil(L);
  lua_pushliteral(L, "a token has letters, digits and - . _ ~ + / only (and = at its end)");
  return 2;
}

/* native.access_token() -> handle | nil when there is none | nil, what is wrong with it */
static int l_access_token(lua_State *L) {
  const struct dps_secret *token = &dps_engine(L)->access_token;
  return token->bytes && token->len ? push_handle(L, token->bytes) : 0;
}

/* native.public_token(text) -> handle: for tokens that are no secret, such as the local library's.
 */
static int l_public_token(lua_State *L) {
  return push_handle(L, luaL_checkstring(L, 1));
}

static const luaL_Reg functions[] = {
    {"access_token", l_access_token}, {"public_token", l_public_token}, {NULL, NULL}};

static const luaL_Reg metamethods[] = {
    {"__gc", m_gc}, {"__close", m_gc}, {"__tostring", m_tostring}, {NULL, NULL}};

void dps_open_secret(lua_State *L) {
  luaL_newmetatable(L, DPS_SECRET);
  luaL_setfuncs(L, metamethods, 0);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
