/* dps.native.verify_message: a message, a policy and keys in; what was found out. Thin: the rules
 * are sign_verify.c. Nonces are remembered by whoever asks: what is given back names them. */
#include <lauxlib.h>
#include <string.h>
#include <time.h>

#include "lua_message.h"
#include "lua_sign.h"
#include "sign_verify.h"
#include "state.h"

#define VERIFICATION "dps.verification"

struct keys {
  bool any; /* the only key is for every keyid */
  size_t n;
  struct dps_sign_key *at[];
};

struct handle {
  struct dps_verification *verification;
};

/* --- keys --- */

static bool is_id(const struct dps_sign_key *key, struct dps_text id) {
  const char *own = dps_sign_key_id(key);
  return strlen(own) == id.len && memcmp(own, id.at, id.len) == 0;
}

/* A signature that names no key is tried with the only one. */
static struct dps_sign_key *find_key(void *context, const struct dps_verify_params *params) {
  const struct keys *keys = context;
  bool named = params->present & 1u << DPS_PARAM_KEYID;
  if (keys->n == 1 && (keys->any || !named)) return keys->at[0];
  for (size_t i = 0; named && i < keys->n; i++)
    if (is_id(keys->at[i], params->keyid)) return keys->at[i];
  return NULL;
}

/* Pushes two values. The list keeps the handles. */
static struct keys *read_keys(lua_State *L) {
  if (lua_getfield(L, 2, "keys") != LUA_TTABLE)
    luaL_error(L, "verify: keys must be a list of keys");
  size_t n = (size_t)lua_rawlen(L, -1);
  struct keys *keys = lua_newuserdatauv(L, sizeof *keys + n * sizeof *keys->at, 0);
  keys->n = n;
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, -2, (lua_Integer)i + 1);
    keys->at[i] = dps_check_key(L, -1);
    lua_pop(L, 1);
  }
  lua_getfield(L, 2, "any_keyid");
  keys->any = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return keys;
}

/* --- the policy --- */

static int64_t seconds_option(lua_State *L, const char *name, int64_t otherwise) {
  lua_getfield(L, 2, name);
  lua_Integer n = luaL_optinteger(L, -1, otherwise);
  lua_pop(L, 1);
  return n;
}

/* "name" always, "name?" where the message has it, "name!" where it has a body. */
static enum dps_verify_when when_of(char mark) {
  if (mark == '?') return DPS_VERIFY_IF_PRESENT;
  return mark == '!' ? DPS_VERIFY_WITH_BODY : DPS_VERIFY_ALWAYS;
}

static void read_components(lua_State *L, struct dps_verify_policy *policy,
                            struct dps_verify_component *to) {
  const struct dps_marked *marked;
  size_t n = dps_marked_option(L, 2, "components", DPS_SIGN_COMPONENTS, &marked);
  for (size_t i = 0; i < n; i++)
    to[i] = (struct dps_verify_component){marked[i].text, when_of(marked[i].mark)};
  policy->components = to;
  policy->component_count = n;
}

static unsigned read_params(lua_State *L) {
  unsigned params = 0;
  const struct dps_marked *marked;
  size_t n = dps_marked_option(L, 2, "params", DPS_PARAMS, &marked);
  for (size_t i = 0; i < n; i++) {
    enum dps_sign_param param = dps_sign_param(marked[i].text, strlen(marked[i].text));
    if (param == DPS_PARAMS) luaL_error(L, "verify: no parameter is named %s", marked[i].text);
    params |= 1u << param;
  }
  return params;
}

static void read_policy(lua_State *L, struct dps_verify_policy *policy,
                        struct dps_verify_component *components) {
  policy->now = seconds_option(L, "now", (int64_t)time(NULL));
  policy->window = seconds_option(L, "window", 0);
  policy->future = seconds_option(L, "future", 30);
  policy->label = dps_text_option(L, 2, "label");
  policy->tag = dps_text_option(L, 2, "tag");
  policy->params = read_params(L);
  lua_getfield(L, 2, "tied");
  policy->tied = lua_toboolean(L, -1);
  read_components(L, policy, components);
  policy->key = find_key;
  policy->context = read_keys(L);
}

/* --- what was found --- */

static void set_text(lua_State *L, const char *name, struct dps_text text) {
  lua_pushlstring(L, text.at ? text.at : "", text.len);
  lua_setfield(L, -2, name);
}

static void set_params(lua_State *L, const struct dps_verify_params *params) {
  const struct {
    enum dps_sign_param param;
    struct dps_text text;
  } texts[] = {{DPS_PARAM_NONCE, params->nonce},
               {DPS_PARAM_KEYID, params->keyid},
               {DPS_PARAM_ALG, params->alg},
               {DPS_PARAM_TAG, params->tag}};
  set_text(L, "label", params->label);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (params->present & 1u << texts[i].param)
      set_text(L, dps_sign_param_name(texts[i].param), texts[i].text);
  if (params->present & 1u << DPS_PARAM_CREATED) {
    lua_pushinteger(L, params->created);
    lua_setfield(L, -2, "created");
  }
  if (params->present & 1u << DPS_PARAM_EXPIRES) {
    lua_pushinteger(L, params->expires);
    lua_setfield(L, -2, "expires");
  }
}

static void push_verified(lua_State *L, const struct dps_verified *one) {
  lua_newtable(L);
  set_params(L, &one->params);
  set_text(L, "components", one->components);
  if (one->base.len) set_text(L, "base", one->base);
  if (one->alg != DPS_ALG_NONE) {
    lua_pushstring(L, dps_sign_alg_name(one->alg));
    lua_setfield(L, -2, "key_alg");
  }
  if (one->fault.reason == DPS_SIGN_OK) return;
  lua_pushstring(L, dps_sign_word(one->fault.reason));
  lua_setfield(L, -2, "reason");
  lua_pushstring(L, one->fault.detail);
  lua_setfield(L, -2, "detail");
}

static void push_all(lua_State *L, const struct dps_verification *verification) {
  const struct dps_verified *one;
  lua_newtable(L);
  for (size_t i = 0; (one = dps_verification_at(verification, i)); i++) {
    push_verified(L, one);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static int m_gc(lua_State *L) {
  struct handle *handle = lua_touserdata(L, 1);
  dps_verification_free(handle->verification);
  handle->verification = NULL;
  return 0;
}

static struct dps_verification *push_verification(lua_State *L) {
  struct handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);
  handle->verification = NULL;
  luaL_setmetatable(L, VERIFICATION);
  handle->verification = dps_verification_new();
  if (!handle->verification) luaL_error(L, "not enough memory");
  return handle->verification;
}

/* native.verify_message(message, { keys = list of keys, any_keyid = the only key is for every
 * keyid, now =, window =, future = (seconds), label =, tag =, components = { "@method",
 * "x-request-id?", "content-digest!" } (? where the message has it, ! where it has a body), params
 * = { "created" }, tied = a response must cover its request })
 *   -> signatures | nil, reason, sentence, signatures
 * Each of the signatures: label, keyid, alg, tag, nonce, created, expires (as it has them),
 * components (the inner list as text), key_alg (of the key that was found), base (what the message
 * gives; it holds the values it covers: native.mask_base), and where it does not pass reason and
 * detail. What stands in no list of reasons is raised: a message or policy that is none. */
static int l_verify_message(lua_State *L) {
  struct dps_sign_message message;
  struct dps_verify_policy policy = {0};
  struct dps_verify_component components[DPS_SIGN_COMPONENTS];
  struct dps_sign_fault fault = {0};
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  luaL_checkstack(L, 40, NULL);
  dps_check_message(L, 1, &message);
  read_policy(L, &policy, components);
  struct dps_verification *verification = push_verification(L);
  bool ok = dps_verify(verification, &policy, &message, &fault);
  int n = ok ? 0 : dps_push_fault(L, &fault);
  push_all(L, verification);
  return n + 1;
}

void dps_open_verify(lua_State *L) {
  luaL_newmetatable(L, VERIFICATION);
  lua_pushcfunction(L, m_gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  lua_pushcfunction(L, l_verify_message);
  lua_setfield(L, -2, "verify_message");
}
