/* dps.native.token: the bearer token that a client's requests carry, and how it is renewed. Thin:
 * the token is token.c, its requests token_fetch.c, and what to do about a failure
 * lua/dps/auth.lua. No byte of a token, and none of a client secret, is ever pushed. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "lua_http.h"
#include "lua_secret.h"
#include "lua_token.h"
#include "state.h"
#include "token_fetch.h"

#define WAIT "dps.token_wait"

struct waiter {
  struct dps_wait wait;  /* first */
  struct source *source; /* NULL once it is in no list */
  struct waiter *next;
};

struct source {
  struct dps_token *token;       /* NULL where the engine is closing */
  struct dps_token_fetch *fetch; /* NULL: nothing that it could be renewed by */
  struct waiter *waiters;
};

struct dps_token *dps_test_token(lua_State *L, int i) {
  struct source *source = luaL_testudata(L, i, DPS_TOKEN);
  return source ? source->token : NULL;
}

/* With token NULL once it was finalized, and where the engine is closing: then nothing is asked
 * for, and the call itself ends as cancelled. */
static struct source *check_source(lua_State *L) {
  return luaL_checkudata(L, 1, DPS_TOKEN);
}

static struct source *check_renewable(lua_State *L) {
  struct source *source = check_source(L);
  luaL_argcheck(L, source->fetch || !source->token, 1, "it has no endpoint to be renewed by");
  return source;
}

/* --- waiting for a request's end --- */

static void leave(struct waiter *waiter) {
  if (!waiter->source) return;
  struct waiter **at = &waiter->source->waiters;
  while (*at && *at != waiter)
    at = &(*at)->next;
  if (*at) *at = waiter->next;
  waiter->source = NULL;
}

static void on_ended(void *context) {
  struct source *source = context;
  for (struct waiter *waiter; (waiter = source->waiters);) {
    leave(waiter);
    dps_wait_done(&waiter->wait);
  }
}

/* The request goes on: others may want what comes of it. */
static void cancel(struct dps_wait *wait) {
  leave((struct waiter *)wait);
}

static int m_wait_gc(lua_State *L) {
  struct waiter *waiter = lua_touserdata(L, 1);
  dps_wait_forget(&waiter->wait);
  leave(waiter);
  return 0;
}

/* --- outcomes --- */

static void set_text(lua_State *L, const char *name, const char *text) {
  if (!*text) return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, lua_Integer n) {
  lua_pushinteger(L, n);
  lua_setfield(L, -2, name);
}

static void set_boolean(lua_State *L, const char *name, bool yes) {
  lua_pushboolean(L, yes);
  lua_setfield(L, -2, name);
}

static int push_outcome(lua_State *L, const struct dps_token_outcome *o) {
  static const char *const faults[] = {"ok",       "refused",   "not_json", "missing",
                                       "unusable", "no_bearer", "expired",  "no_memory"};
  lua_createtable(L, 0, 12);
  set_integer(L, "number", (lua_Integer)o->number);
  set_boolean(L, "ok", o->ok);
  set_boolean(L, "cached", o->source == DPS_TOKEN_OF_CACHE);
  set_integer(L, "code", o->code);
  set_integer(L, "status", o->status);
  set_text(L, "fault", faults[o->fault]);
  set_text(L, "words", o->words);
  set_text(L, "error", o->error);
  set_text(L, "description", o->description);
  set_text(L, "retry_after", o->retry_after);
  set_text(L, "date", o->date);
  set_text(L, "warning", o->cache_warning);
  set_integer(L, "lifetime", o->lifetime_s);
  return 1;
}

static int k_fetch(lua_State *L, int status, lua_KContext context) {
  const struct waiter *waiter = lua_touserdata(L, 3);
  const struct source *source = lua_touserdata(L, 1);
  (void)status, (void)context;
  if (!waiter->wait.done || !source->fetch) return 0;
  return push_outcome(L, dps_token_fetch_outcome(source->fetch));
}

static struct waiter *push_waiter(lua_State *L, struct source *source) {
  struct waiter *waiter = lua_newuserdatauv(L, sizeof *waiter, 1);
  *waiter = (struct waiter){.wait.cancel = cancel};
  luaL_setmetatable(L, WAIT);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  waiter->source = source;
  waiter->next = source->waiters;
  source->waiters = waiter;
  return waiter;
}

/* token:fetch(after) -> outcome | nothing when the wait was cancelled. The outcome of a request
 * whose number is above `after`: of one that ended already, of the one in flight, or of a new one.
 * Waits. */
static int l_fetch(lua_State *L) {
  struct source *source = check_renewable(L);
  lua_Integer after = luaL_checkinteger(L, 2);
  if (!source->fetch) return 0;
  lua_settop(L, 2);
  const struct dps_token_outcome *outcome = dps_token_fetch_outcome(source->fetch);
  if ((lua_Integer)outcome->number > after) return push_outcome(L, outcome);
  struct waiter *waiter = push_waiter(L, source);
  if (!source->fetch) return 0; /* making the waiter ran a finalizer that closed it */
  if (!dps_token_fetch_start(source->fetch)) return leave(waiter), push_outcome(L, outcome);
  return dps_task_await(L, &waiter->wait, k_fetch);
}

/* token:outcome() -> the last one; its number is 0 when there is none */
static int l_outcome(lua_State *L) {
  static const struct dps_token_outcome none = {0};
  const struct source *source = check_renewable(L);
  return push_outcome(L, source->fetch ? dps_token_fetch_outcome(source->fetch) : &none);
}

/* --- the token --- */

/* token:set(handle) -> changed: the same bytes are no news. */
static int l_set(lua_State *L) {
  struct source *source = check_source(L);
  if (!source->token) return 0;
  const struct dps_secret *secret = dps_check_secret(L, 2);
  bool same = dps_token_equals(source->token, secret);
  if (!same && !dps_token_set(source->token, secret, -1, 0))
    return luaL_error(L, "the access token is too long, or memory ran out");
  lua_pushboolean(L, !same);
  return 1;
}

/* token:state() -> "none" | "fresh" | "ageing" | "stale" */
static int l_state(lua_State *L) {
  static const char *const names[] = {"none", "fresh", "ageing", "stale"};
  const struct source *source = check_source(L);
  lua_pushstring(L, names[source->token ? dps_token_state(source->token) : DPS_TOKEN_FRESH]);
  return 1;
}

/* token:evict(serial): the service refused the token that a request with that serial carried. */
static int l_evict(lua_State *L) {
  struct source *source = check_source(L);
  unsigned long serial = (unsigned long)luaL_checkinteger(L, 2);
  if (source->token) dps_token_evict(source->token, serial);
  return 0;
}

/* token:serial() -> of the token that stands there now */
static int l_serial(lua_State *L) {
  const struct source *source = check_source(L);
  lua_pushinteger(L, source->token ? (lua_Integer)dps_token_serial(source->token) : 0);
  return 1;
}

/* token:use(handle): another client secret, as after a rotation. */
static int l_use(lua_State *L) {
  struct source *source = check_renewable(L);
  if (source->fetch && !dps_token_fetch_use(source->fetch, dps_check_secret(L, 2)))
    return luaL_error(L, "not enough memory");
  return 0;
}

static int m_gc(lua_State *L) {
  struct source *source = luaL_checkudata(L, 1, DPS_TOKEN);
  struct dps_token_fetch *fetch = source->fetch;
  struct dps_token *token = source->token;
  source->fetch = NULL;
  source->token = NULL;
  on_ended(source); /* who waits hears that there is nothing */
  dps_token_fetch_free(fetch);
  dps_token_unref(token);
  return 0;
}

/* --- making one --- */

static const char *text_of(lua_State *L, const char *name, bool needed) {
  if (lua_getfield(L, 1, name) == LUA_TNIL && !needed) return NULL;
  return luaL_checkstring(L, -1);
}

static void read_settings(lua_State *L, struct dps_token_settings *s) {
  s->url = text_of(L, "url", true);
  s->client_id = text_of(L, "client_id", true);
  s->scopes = text_of(L, "scopes", false);
  s->cache = text_of(L, "cache", false);
  lua_getfield(L, 1, "client_secret");
  s->client_secret = dps_check_secret(L, -1);
  dps_http_settings(L, 1, &s->http);
}

/* native.token.new([{ url =, client_id =, client_secret = (handle), scopes =, cache = (path), and
 * the transport's settings of native.http }]) -> token. Without settings nothing renews it. */
static int l_new(lua_State *L) {
  struct dps_token_settings settings = {.ended = on_ended};
  bool renews = lua_istable(L, 1), closing = dps_engine(L)->closing;
  lua_settop(L, 1);
  luaL_checkstack(L, 24, NULL);
  if (renews && !closing) read_settings(L, &settings);
  struct source *source = lua_newuserdatauv(L, sizeof *source, 0);
  *source = (struct source){0};
  luaL_setmetatable(L, DPS_TOKEN);
  if (closing) return 1; /* it would never be finalized */
  settings.context = source;
  source->token = dps_token_new();
  if (source->token && renews)
    source->fetch = dps_token_fetch_new(dps_engine_loop(L), &settings, source->token);
  if (!source->token || (renews && !source->fetch)) return luaL_error(L, "not enough memory");
  return 1;
}

/* native.token.credentials(path) -> { client_id =, org =, scopes =, client_secret = (handle) } |
 * nil, why. What the file does not say is left out. */
static int l_credentials(lua_State *L) {
  char why[DPS_SECRET_WHY] = "the run is ending";
  const char *path = luaL_checkstring(L, 1);
  struct dps_credentials found = {0};
  lua_settop(L, 1);
  lua_createtable(L, 0, 4);
  struct dps_secret *secret = dps_push_secret(L);
  if (!secret || !dps_credentials_read(&found, path, why)) {
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
  }
  *secret = found.client_secret; /* moved: from here on the handle's */
  if (secret->bytes && secret->len)
    lua_setfield(L, 2, "client_secret");
  else
    lua_pop(L, 1);
  set_text(L, "client_id", found.client_id);
  set_text(L, "org", found.org);
  set_text(L, "scopes", found.scopes);
  return 1;
}

static const luaL_Reg methods[] = {
    {"fetch", l_fetch}, {"outcome", l_outcome}, {"set", l_set}, {"state", l_state},
    {"evict", l_evict}, {"serial", l_serial},   {"use", l_use}, {NULL, NULL}};

static const luaL_Reg functions[] = {{"new", l_new}, {"credentials", l_credentials}, {NULL, NULL}};

void dps_open_token(lua_State *L) {
  luaL_newmetatable(L, WAIT);
  lua_pushcfunction(L, m_wait_gc);
  lua_setfield(L, -2, "__gc");
  luaL_newmetatable(L, DPS_TOKEN);
  lua_pushcfunction(L, m_gc);
  lua_setfield(L, -2, "__gc");
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "token");
}
