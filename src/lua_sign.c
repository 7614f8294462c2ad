/* dps.native.signer and sign_message: what a client signs its requests with, and one message signed
 * by hand. Thin: profiles are sign_profile.c, keys are lua_key.c. */
#include "lua_sign.h"

#include <lauxlib.h>
#include <string.h>
#include <time.h>

#include "lua_message.h"
#include "state.h"

enum { MAX_LIFETIME = 366 * 24 * 3600 };

struct handle {
  struct dps_profile *profile; /* the key's handle is user value 1 */
};

struct dps_profile *dps_check_signer(lua_State *L, int i) {
  struct handle *handle = luaL_checkudata(L, i, DPS_SIGNER);
  if (!handle->profile) luaL_error(L, "the signer has been closed");
  return handle->profile;
}

/* --- the specification --- */

/* [..., list, strings] -> the same: the i-th of the list, kept by the strings. */
static struct dps_marked read_marked(lua_State *L, const char *name, size_t i) {
  size_t len;
  if (lua_rawgeti(L, -2, (lua_Integer)i) != LUA_TSTRING)
    luaL_error(L, "%s[%d] must be a string", name, (int)i);
  const char *text = lua_tolstring(L, -1, &len);
  char mark = len > 1 && strchr("?!", text[len - 1]) ? text[len - 1] : '\0';
  text = lua_pushlstring(L, text, len - (mark != '\0'));
  lua_rawseti(L, -3, (lua_Integer)i);
  lua_pop(L, 1);
  return (struct dps_marked){text, mark};
}

size_t dps_marked_option(lua_State *L, int i, const char *name, size_t most,
                         const struct dps_marked **to) {
  int type = lua_getfield(L, i, name);
  *to = NULL;
  if (type == LUA_TNIL) return 0;
  if (type != LUA_TTABLE) luaL_error(L, "%s must be a list", name);
  size_t n = (size_t)lua_rawlen(L, -1);
  if (n > most) luaL_error(L, "%s has more than %d entries", name, (int)most);
  lua_createtable(L, (int)n, 0);
  struct dps_marked *marked = lua_newuserdatauv(L, (n + 1) * sizeof *marked, 1);
  lua_insert(L, -3);
  for (size_t k = 1; k <= n; k++)
    marked[k - 1] = read_marked(L, name, k);
  lua_setiuservalue(L, -3, 1);
  lua_pop(L, 1);
  *to = marked;
  return n;
}

/* Each is a component, or one with "?" behind it, which is left out where a message lacks it. */
static void read_components(lua_State *L, struct dps_sign_spec *spec,
                            struct dps_sign_component *to) {
  const struct dps_marked *marked;
  size_t n = dps_marked_option(L, 1, "components", DPS_SIGN_COMPONENTS, &marked);
  for (size_t i = 0; i < n; i++)
    to[i] = (struct dps_sign_component){marked[i].text, marked[i].mark == '?'};
  spec->components = n ? to : NULL;
  spec->component_count = n;
}

static void read_params(lua_State *L, struct dps_sign_spec *spec, enum dps_sign_param *to) {
  const struct dps_marked *marked;
  size_t n = dps_marked_option(L, 1, "params", DPS_PARAMS, &marked);
  for (size_t i = 0; i < n; i++) {
    to[i] = dps_sign_param(marked[i].text, strlen(marked[i].text));
    if (to[i] == DPS_PARAMS) luaL_error(L, "signer: no parameter is named %s", marked[i].text);
  }
  spec->params = to;
  spec->param_count = n;
}

static enum dps_digest_alg digest_option(lua_State *L) {
  const char *name = dps_text_option(L, 1, "digest");
  enum dps_digest_alg alg = name ? dps_digest_by_name(name, strlen(name)) : DPS_DIGEST_NONE;
  if (name && alg == DPS_DIGEST_NONE) luaL_error(L, "signer: no digest is named %s", name);
  return alg;
}

static enum dps_sign_form_of form_option(lua_State *L) {
  static const char *const forms[] = {"rfc9421", "kong", "apisix"};
  const char *form = dps_text_option(L, 1, "form");
  for (size_t i = 0; form && i < sizeof forms / sizeof *forms; i++)
    if (strcmp(form, forms[i]) == 0) return (enum dps_sign_form_of)i;
  if (form) luaL_error(L, "signer: no form is named %s", form);
  return DPS_SIGNED_RFC9421;
}

static int64_t lifetime_option(lua_State *L) {
  lua_getfield(L, 1, "lifetime");
  lua_Integer seconds = luaL_optinteger(L, -1, 300);
  if (seconds < 1 || seconds > MAX_LIFETIME) luaL_error(L, "signer: lifetime is out of range");
  return seconds;
}

struct lists {
  struct dps_sign_component components[DPS_SIGN_COMPONENTS];
  enum dps_sign_param params[DPS_PARAMS];
};

static void read_spec(lua_State *L, struct dps_profile_spec *spec, struct lists *lists) {
  spec->form = form_option(L);
  lua_getfield(L, 1, "reads");
  spec->reads = lua_toboolean(L, -1);
  spec->sign.label = dps_text_option(L, 1, "label");
  spec->sign.tag = dps_text_option(L, 1, "tag");
  spec->sign.lifetime = lifetime_option(L);
  spec->sign.digest = digest_option(L);
  read_components(L, &spec->sign, lists->components);
  read_params(L, &spec->sign, lists->params);
  if (spec->sign.components) return;
  spec->sign.components = spec->form == DPS_SIGNED_RFC9421
                              ? dps_fapi2_components(&spec->sign.component_count)
                              : dps_gateway_components(&spec->sign.component_count);
}

/* native.signer{ key =, form = "rfc9421" "kong" "apisix", reads = GET and HEAD too, components =
 * { "@method", "x-request-id?", ... } (? where it may be missing; those of fapi2, or the gateways',
 * when absent), params = { "created", ... }, label =, tag =, lifetime = seconds, digest = "sha-256"
 * "sha-512" }
 *   -> signer | nil, reason, sentence */
static int l_signer(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 32, NULL);
  struct handle *handle = lua_newuserdatauv(L, sizeof *handle, 1);
  handle->profile = NULL;
  luaL_setmetatable(L, DPS_SIGNER);
  lua_getfield(L, 1, "key");
  struct dps_sign_key *key = dps_check_key(L, -1);
  lua_setiuservalue(L, 2, 1);
  struct dps_profile_spec spec = {0};
  struct dps_sign_fault fault = {0};
  struct lists lists;
  read_spec(L, &spec, &lists);
  if (dps_is_closing(L)) return luaL_error(L, "the engine is closing");
  handle->profile = dps_profile_new(&spec, key, &fault);
  if (!handle->profile) return dps_push_fault(L, &fault);
  return lua_settop(L, 2), 1;
}

static int m_gc(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, DPS_SIGNER);
  dps_profile_free(handle->profile);
  handle->profile = NULL;
  return 0;
}

/* --- one message --- */

/* A buffer that Lua owns: whatever raises, it is freed. */
struct lines {
  struct dps_buf buf;
};

#define LINES "dps.sign_lines"

static int m_lines_gc(lua_State *L) {
  struct lines *lines = lua_touserdata(L, 1);
  dps_buf_clear(&lines->buf);
  return 0;
}

static struct dps_buf *push_lines(lua_State *L) {
  struct lines *lines = lua_newuserdatauv(L, sizeof *lines, 0);
  dps_buf_init_secret(&lines->buf, DPS_SIGN_BASE_LONGEST);
  luaL_setmetatable(L, LINES);
  return &lines->buf;
}

static void set_text(lua_State *L, const char *name, struct dps_text text) {
  if (!text.len) return;
  lua_pushlstring(L, text.at, text.len);
  lua_setfield(L, -2, name);
}

/* The list of lines without their ends. */
static void push_list(lua_State *L, const struct dps_buf *lines) {
  lua_newtable(L);
  const char *at = dps_buf_str(lines);
  for (const char *end; (end = strchr(at, '\n')); at = end + 1) {
    lua_pushlstring(L, at, (size_t)(end - at));
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  }
}

static bool sign_one(struct dps_profile *profile, const struct dps_sign_message *message,
                     int64_t created, const char *nonce, struct dps_buf *lines,
                     struct dps_signature *made, struct dps_sign_fault *fault) {
  char fresh[DPS_NONCE_TEXT];
  if (!nonce && !dps_sign_nonce(fresh))
    return dps_sign_refuse(fault, DPS_SIGN_INTERNAL, "libcrypto has no random numbers");
  return dps_profile_make(profile, message, created, nonce ? nonce : fresh, lines, made, fault);
}

/* native.sign_message(signer, message [, created [, nonce]]) ->
 * { headers = { "Signature: ...", ... }, base =, signature_input =, signature =, content_digest = }
 * | nil, reason, sentence. `created` is in seconds since 1970, now when absent; the nonce is random
 * when absent. The base, of RFC 9421's form, is what was signed: it holds the values that it
 * covers. Reads are signed too. */
static int l_sign_message(lua_State *L) {
  struct dps_profile *profile = dps_check_signer(L, 1);
  int64_t created = luaL_optinteger(L, 3, (lua_Integer)time(NULL));
  const char *nonce = luaL_optstring(L, 4, NULL);
  struct dps_sign_message message;
  struct dps_signature made = {0};
  struct dps_sign_fault fault = {0};
  lua_settop(L, 4);
  dps_check_message(L, 2, &message);
  struct dps_buf *lines = push_lines(L);
  if (!sign_one(profile, &message, created, nonce, lines, &made, &fault))
    return dps_push_fault(L, &fault);
  lua_newtable(L);
  push_list(L, lines);
  lua_setfield(L, -2, "headers");
  set_text(L, "base", made.base);
  set_text(L, "signature_input", made.signature_input);
  set_text(L, "signature", made.signature);
  set_text(L, "content_digest", made.content_digest);
  return 1;
}

/* native.mask_base(base) -> the base with secret values hidden */
static int l_mask_base(lua_State *L) {
  struct dps_text base;
  base.at = luaL_checklstring(L, 1, &base.len);
  struct dps_buf *masked = push_lines(L);
  if (!dps_sign_base_masked(masked, base)) return luaL_error(L, "not enough memory");
  lua_pushlstring(L, dps_buf_str(masked), masked->len);
  return 1;
}

static void metatable(lua_State *L, const char *name, lua_CFunction gc) {
  luaL_newmetatable(L, name);
  lua_pushcfunction(L, gc);
  lua_setfield(L, -2, "__gc");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void dps_open_sign(lua_State *L) {
  static const luaL_Reg functions[] = {{"signer", l_signer},
                                       {"sign_message", l_sign_message},
                                       {"mask_base", l_mask_base},
                                       {NULL, NULL}};
  metatable(L, DPS_SIGNER, m_gc);
  metatable(L, LINES, m_lines_gc);
  dps_open_key(L);
  dps_open_verify(L);
  luaL_setfuncs(L, functions, 0);
}
