/* dps.native.key: handles of keys for signatures. Whatever is secret comes from a file or from a
 * secret's handle; a Lua string may only hold a key that can verify and no more. */
#include <lauxlib.h>
#include <string.h>

#include "lua_secret.h"
#include "lua_sign.h"
#include "sign_load.h"
#include "state.h"

struct handle {
  struct dps_sign_key *key;
};

struct dps_sign_key *dps_check_key(lua_State *L, int i) {
  struct handle *handle = luaL_checkudata(L, i, DPS_KEY);
  if (!handle->key) luaL_error(L, "the key has been closed");
  return handle->key;
}

bool dps_is_closing(lua_State *L) {
  const struct dps *engine = dps_engine_or_null(L);
  return engine && engine->closing;
}

int dps_push_fault(lua_State *L, const struct dps_sign_fault *fault) {
  lua_pushnil(L);
  lua_pushstring(L, dps_sign_word(fault->reason));
  lua_pushstring(L, fault->detail[0] ? fault->detail : dps_sign_meaning(fault->reason));
  return 3;
}

const char *dps_text_option(lua_State *L, int i, const char *name) {
  int type = lua_getfield(L, i, name);
  if (type != LUA_TNIL && type != LUA_TSTRING) luaL_error(L, "%s must be a string", name);
  return lua_tostring(L, -1);
}

/* --- where it comes from --- */

static const struct dps_secret *secret_option(lua_State *L, const char *name) {
  return lua_getfield(L, 1, name) == LUA_TNIL ? NULL : dps_check_secret(L, -1);
}

static enum dps_sign_form form_option(lua_State *L) {
  static const char *const forms[] = {"any", "pem", "der", "jwk", "secret"};
  const char *form = dps_text_option(L, 1, "form");
  for (size_t i = 0; form && i < sizeof forms / sizeof *forms; i++)
    if (strcmp(form, forms[i]) == 0) return (enum dps_sign_form)i;
  if (form) luaL_error(L, "key: no form is named %s", form);
  return DPS_FORM_ANY;
}

static enum dps_sign_alg alg_option(lua_State *L) {
  const char *name = dps_text_option(L, 1, "alg");
  enum dps_sign_alg alg = name ? dps_sign_alg(name, strlen(name)) : DPS_ALG_NONE;
  if (name && alg == DPS_ALG_NONE) luaL_error(L, "key: no algorithm is named %s", name);
  return alg;
}

static void read_origin(lua_State *L, struct dps_key_origin *from) {
  from->path = dps_text_option(L, 1, "file");
  from->text = dps_text_option(L, 1, "text");
  from->secret = secret_option(L, "secret");
  from->passphrase = secret_option(L, "passphrase");
  lua_getfield(L, 1, "public");
  from->may_be_public = lua_toboolean(L, -1);
  from->source.form = form_option(L);
  from->source.alg = alg_option(L);
  from->source.keyid = dps_text_option(L, 1, "keyid");
  if (!from->path + !from->text + !from->secret != 2)
    luaL_error(L, "key: give one of file, secret and text");
}

/* native.key{ file = path | secret = handle | text = public key, passphrase = handle, alg =, keyid
 * =, form = "any" "pem" "der" "jwk" "secret", public = the file may be one that all can read }
 *   -> key | nil, reason, sentence */
static int l_key(lua_State *L) {
  struct dps_key_origin from = {0};
  struct dps_key_refusal refusal = {0};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 24, NULL);
  struct handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);
  handle->key = NULL;
  luaL_setmetatable(L, DPS_KEY);
  read_origin(L, &from);
  if (dps_is_closing(L)) return luaL_error(L, "the engine is closing");
  handle->key = dps_key_load(&from, &refusal);
  if (handle->key) return lua_settop(L, 2), 1;
  lua_pushnil(L);
  lua_pushstring(L, refusal.reason);
  lua_pushstring(L, refusal.why);
  return 3;
}

/* --- the handle --- */

static int m_gc(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, DPS_KEY);
  dps_sign_key_free(handle->key);
  handle->key = NULL;
  return 0;
}

static int m_tostring(lua_State *L) {
  const struct dps_sign_key *key = dps_check_key(L, 1);
  const char *keyid = dps_sign_key_id(key);
  lua_pushfstring(L, "%s key%s%s", dps_sign_alg_name(dps_sign_key_alg(key)), keyid[0] ? " " : "",
                  keyid);
  return 1;
}

static int l_keyid(lua_State *L) {
  lua_pushstring(L, dps_sign_key_id(dps_check_key(L, 1)));
  return 1;
}

static int l_alg(lua_State *L) {
  lua_pushstring(L, dps_sign_alg_name(dps_sign_key_alg(dps_check_key(L, 1))));
  return 1;
}

static int l_can_sign(lua_State *L) {
  lua_pushboolean(L, dps_sign_key_can_sign(dps_check_key(L, 1)));
  return 1;
}

/* key:verify(bytes, signature) -> boolean: a bare signature, outside of any HTTP message. */
static int l_verify(lua_State *L) {
  size_t len, n;
  struct dps_sign_key *key = dps_check_key(L, 1);
  const char *bytes = luaL_checklstring(L, 2, &len);
  const char *signature = luaL_checklstring(L, 3, &n);
  lua_pushboolean(L, dps_verify_bytes(key, bytes, len, (const unsigned char *)signature, n, NULL));
  return 1;
}

/* What print appends, as a string; nil where it fails. */
static int push_printed(lua_State *L,
                        bool (*print)(const struct dps_sign_key *, struct dps_buf *)) {
  char text[4096];
  struct dps_buf buf;
  dps_buf_init(&buf, sizeof text);
  size_t n = print(dps_check_key(L, 1), &buf) ? buf.len : 0;
  memcpy(text, dps_buf_str(&buf), n);
  dps_buf_clear(&buf);
  if (!n) return lua_pushnil(L), 1;
  lua_pushlstring(L, text, n);
  return 1;
}

static int l_thumbprint(lua_State *L) {
  return push_printed(L, dps_sign_key_thumbprint);
}

static int l_public_jwk(lua_State *L) {
  return push_printed(L, dps_sign_key_public_jwk);
}

void dps_open_key(lua_State *L) {
  static const luaL_Reg metamethods[] = {{"__gc", m_gc}, {"__tostring", m_tostring}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"keyid", l_keyid},
                                     {"alg", l_alg},
                                     {"can_sign", l_can_sign},
                                     {"verify", l_verify},
                                     {"thumbprint", l_thumbprint},
                                     {"public_jwk", l_public_jwk},
                                     {NULL, NULL}};
  luaL_newmetatable(L, DPS_KEY);
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  lua_pushcfunction(L, l_key);
  lua_setfield(L, -2, "key");
}
