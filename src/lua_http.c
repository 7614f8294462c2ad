/* dps.native.http: clients and their requests. Thin: a transfer is http.c, and what an outcome
 * means is lua/dps/outcome.lua. The request, its strings and its answer belong to one userdata, so
 * that a transfer never outlives the bytes it reads. */
#include <lauxlib.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lua_http.h"
#include "lua_secret.h"
#include "lua_sign.h"
#include "lua_token.h"
#include "state.h"

#define CLIENT "dps.http"
#define REQUEST "dps.http_request"

enum { MAX_OWN_HEADERS = 32 };

struct client {
  struct dps_http *http; /* NULL until made, once finalized, and where the engine is closing */
  bool writes_refused;   /* dry run: nothing but GET and HEAD leaves */
};

struct request {
  struct dps_wait wait; /* first */
  struct dps *engine;
  const char *operation, *name; /* of a write, for people; on the caller's stack while it waits */
  struct dps_http_request http;
  struct curl_slist lines[]; /* the request's own header lines */
};

/* --- settings --- */

static const char *text_setting(lua_State *L, int from, const char *name) {
  return lua_getfield(L, from, name) == LUA_TNIL ? NULL : luaL_checkstring(L, -1);
}

/* A number in units of 1/scale, as a whole number of those: 1 to most. */
static long number_setting(lua_State *L, int from, const char *name, lua_Number otherwise,
                           int scale, int most) {
  lua_getfield(L, from, name);
  lua_Number n = luaL_optnumber(L, -1, otherwise) * scale;
  if (!(n >= 1 && n <= most)) luaL_error(L, "http: %s is out of range", name);
  return (long)n;
}

/* sigv4 = { provider =, key_id =, secret = handle } */
static void read_sigv4(lua_State *L, int from, struct dps_http_settings *s) {
  if (lua_getfield(L, from, "sigv4") != LUA_TTABLE) return;
  lua_getfield(L, -1, "provider");
  lua_getfield(L, -2, "key_id");
  lua_getfield(L, -3, "secret");
  s->sigv4 = luaL_checkstring(L, -3);
  s->sigv4_id = luaL_checkstring(L, -2);
  s->sigv4_secret = dps_check_secret(L, -1)->bytes;
}

void dps_http_settings(lua_State *L, int from, struct dps_http_settings *s) {
  s->ca_file = text_setting(L, from, "ca_file");
  s->client_cert = text_setting(L, from, "client_cert");
  s->client_key = text_setting(L, from, "client_key");
  s->connect_timeout_ms = number_setting(L, from, "connect_timeout", 10, 1000, INT_MAX);
  s->timeout_ms = number_setting(L, from, "timeout", 60, 1000, INT_MAX);
  s->max_body = (size_t)number_setting(L, from, "max_body", 32 << 20, 1, INT_MAX);
  s->slots = (size_t)number_setting(L, from, "in_flight", 32, 1, 1024);
  lua_getfield(L, from, "direct");
  s->direct = lua_toboolean(L, -1);
  lua_getfield(L, from, "keeps_sent");
  s->keeps_sent = lua_toboolean(L, -1);
  read_sigv4(L, from, s);
}

/* No CR, LF or NUL ever reaches a header (and so no lua string with one is cut short by C). */
static const char *check_line(lua_State *L, int i) {
  size_t len;
  const char *line = luaL_checklstring(L, i, &len);
  if (strlen(line) != len || strpbrk(line, "\r\n"))
    luaL_error(L, "a header line holds CR, LF or NUL");
  return line;
}

static void share(lua_State *L, struct dps_http *http, const char *line) {
  if (!dps_http_share_header(http, line)) luaL_error(L, "not enough memory");
}

static void share_lines(lua_State *L, struct dps_http *http) {
  if (lua_getfield(L, 1, "headers") != LUA_TTABLE) return;
  for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
    share(L, http, check_line(L, -1));
    lua_pop(L, 1);
  }
}

/* A token that somebody renews, or a secret that stays what it is. Its line exists only in C. */
static void use_token(lua_State *L, struct dps_http *http) {
  if (lua_getfield(L, 1, "token") == LUA_TNIL) return;
  struct dps_token *token = dps_test_token(L, -1);
  if (token) return dps_http_use_token(http, token);
  const struct dps_secret *secret = dps_check_secret(L, -1);
  token = dps_token_new();
  bool ok = token && dps_token_set(token, secret, -1, 0);
  if (ok) dps_http_use_token(http, token);
  dps_token_unref(token);
  if (!ok) luaL_error(L, "the access token is too long, or memory ran out");
}

/* The signer's handle is the client's user value, so that it stays as long as the client. */
static void engage_signer(lua_State *L, struct client *client) {
  if (lua_getfield(L, 1, "signer") == LUA_TNIL) return;
  struct dps_profile *profile = dps_check_signer(L, -1);
  lua_setiuservalue(L, 2, 1);
  dps_http_set_signer(client->http, (struct dps_http_signer){dps_profile_sign_now, profile});
}

static int m_client_gc(lua_State *L) {
  struct client *client = luaL_checkudata(L, 1, CLIENT);
  dps_http_free(client->http);
  client->http = NULL;
  return 0;
}

/* native.http{ headers = {"Name: value", ...}, token = (a handle, or one of
 * native.token), ca_file =, client_cert =, client_key =,
 * timeout =, connect_timeout = (seconds), max_body = (bytes), in_flight =, direct = (no
 * proxy), dry_run =, signer = (native.signer's), sigv4 = { provider = "aws:amz:REGION:SERVICE",
 * key_id =, secret = }, keeps_sent = (what was sent is shown) } -> client */
static int l_http(lua_State *L) {
  struct dps_http_settings settings = {0};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 24, NULL);
  struct client *client = lua_newuserdatauv(L, sizeof *client, 1);
  *client = (struct client){0};
  luaL_setmetatable(L, CLIENT);
  dps_http_settings(L, 1, &settings);
  if (dps_engine(L)->closing) return lua_settop(L, 2), 1; /* what is made now is never finalized */
  client->http = dps_http_new(dps_engine_loop(L), &settings);
  if (!client->http) return luaL_error(L, "not enough memory");
  lua_getfield(L, 1, "dry_run");
  client->writes_refused = lua_toboolean(L, -1);
  share_lines(L, client->http);
  use_token(L, client->http);
  engage_signer(L, client);
  lua_settop(L, 2);
  return 1;
}

/* --- one request --- */

enum {
  ARG_CLIENT = 1,
  ARG_METHOD,
  ARG_URL,
  ARG_BODY,
  ARG_HEADERS,
  ARG_OPERATION,
  ARG_NAME,
  AT_REQUEST
};

static int m_request_gc(lua_State *L) {
  struct request *request = lua_touserdata(L, 1);
  dps_wait_forget(&request->wait);
  dps_http_request_clear(&request->http);
  return 0;
}

static void on_done(struct dps_http_request *http) {
  struct request *request = (struct request *)((char *)http - offsetof(struct request, http));
  dps_wait_done(&request->wait);
}

static void cancel(struct dps_wait *wait) {
  struct request *request = (struct request *)wait;
  dps_http_cancel(&request->http);
  if (request->http.sent != DPS_SENT_NO && !dps_http_is_read(request->http.method))
    dps_abandon(request->engine, request->operation, request->name);
}

static void push_sent(lua_State *L, enum dps_sent sent) {
  static const char *const names[] = {"no", "maybe", "yes"};
  lua_pushstring(L, names[sent]);
}

static const char *words(const struct dps_http_request *http) {
  if (http->answer.len || http->code < 0) return dps_buf_str(&http->answer);
  return curl_easy_strerror((CURLcode)http->code);
}

static int push_failure(lua_State *L, const struct dps_http_request *http) {
  lua_pushnil(L);
  lua_pushinteger(L, http->code);
  lua_pushstring(L, words(http));
  push_sent(L, http->sent);
  lua_pushinteger(L, http->status);
  lua_pushlstring(L, dps_buf_str(&http->answer_headers), http->answer_headers.len);
  return 6;
}

/* A line with a secret in it is a handle (native.secret.line). */
static const char *check_own_line(lua_State *L) {
  const struct dps_secret *hidden = dps_test_secret(L, -1);
  if (!hidden) return check_line(L, -1);
  if (!dps_secret_is_text(hidden)) luaL_error(L, "a header line holds a control character");
  return hidden->bytes;
}

/* What a script gets to see never shows what such a line held. */
static void hide_lines(lua_State *L, struct dps_http_request *http) {
  if (lua_getiuservalue(L, AT_REQUEST, ARG_HEADERS) != LUA_TTABLE) return lua_pop(L, 1);
  for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
    const struct dps_secret *hidden = dps_test_secret(L, -1);
    const char *value = hidden ? strstr(hidden->bytes, ": ") : NULL;
    size_t len = value ? strlen(value += 2) : 0;
    dps_secret_hide(value, len, http->answer.data, http->answer.len);
    dps_secret_hide(value, len, http->answer_headers.data, http->answer_headers.len);
    lua_pop(L, 1);
  }
  lua_pop(L, 2);
}

static int push_sent_as(lua_State *L, const struct dps_http_request *http) {
  if (!http->sent_url.len) return 0;
  lua_createtable(L, 0, 2);
  lua_pushlstring(L, dps_buf_str(&http->sent_url), http->sent_url.len);
  lua_setfield(L, -2, "url");
  lua_pushlstring(L, dps_buf_str(&http->sent_lines), http->sent_lines.len);
  lua_setfield(L, -2, "lines");
  return 1;
}

/* The answer's memory goes now, not when the collector comes by. */
static int k_request(lua_State *L, int status, lua_KContext context) {
  struct request *request = lua_touserdata(L, AT_REQUEST);
  struct dps_http_request *http = &request->http;
  (void)status, (void)context;
  if (!request->wait.done && http->code == CURLE_OK) http->code = DPS_HTTP_CANCELLED;
  hide_lines(L, http);
  int n = 4;
  if (http->code == CURLE_OK) {
    lua_pushinteger(L, http->status);
    lua_pushlstring(L, dps_buf_str(&http->answer), http->answer.len);
    lua_pushlstring(L, dps_buf_str(&http->answer_headers), http->answer_headers.len);
    lua_pushinteger(L, (lua_Integer)http->token_serial);
    n += push_sent_as(L, http);
  } else {
    n = push_failure(L, http);
  }
  dps_http_request_clear(http);
  return n;
}

static size_t count_lines(lua_State *L) {
  if (lua_isnoneornil(L, ARG_HEADERS)) return 0;
  luaL_checktype(L, ARG_HEADERS, LUA_TTABLE);
  size_t n = (size_t)lua_rawlen(L, ARG_HEADERS);
  luaL_argcheck(L, n <= MAX_OWN_HEADERS, ARG_HEADERS, "too many header lines");
  return n;
}

/* The lines are kept by a table of the request's own: the script's may change before they are read.
 */
static void chain_lines(lua_State *L, struct request *request, size_t n) {
  if (n == 0) return;
  lua_createtable(L, (int)n, 0);
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, ARG_HEADERS, (lua_Integer)i + 1);
    request->lines[i].data = (char *)check_own_line(L);
    request->lines[i].next = i + 1 < n ? &request->lines[i + 1] : NULL;
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setiuservalue(L, AT_REQUEST, ARG_HEADERS);
  request->http.headers = request->lines;
}

/* A finalizer can outlive the client. */
static int push_closed(lua_State *L) {
  const struct dps_http_request none = {.code = DPS_HTTP_CANCELLED};
  return push_failure(L, &none);
}

static const char *check_text(lua_State *L, int i) {
  size_t len;
  const char *text = luaL_checklstring(L, i, &len);
  luaL_argcheck(L, strlen(text) == len, i, "holds a NUL byte");
  return text;
}

static const char *check_method(lua_State *L) {
  const char *method = check_text(L, ARG_METHOD);
  bool letters = *method && !method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
  luaL_argcheck(L, letters, ARG_METHOD, "not a method in upper case");
  return method;
}

/* Keeps the arguments, as the strings that they are by now. */
static struct request *new_request(lua_State *L, const struct client *client) {
  size_t n = count_lines(L);
  struct request *request = lua_newuserdatauv(L, sizeof *request + n * sizeof *request->lines, 5);
  memset(request, 0, sizeof *request);
  dps_http_request_init(&request->http, client->http);
  luaL_setmetatable(L, REQUEST);
  for (int i = 1; i <= 5; i++) {
    lua_pushvalue(L, i);
    lua_setiuservalue(L, AT_REQUEST, i);
  }
  request->engine = dps_engine(L);
  request->wait.cancel = cancel;
  request->http.done = on_done;
  chain_lines(L, request, n);
  return request;
}

/* client:request(method, url [, body, header lines, operation, name]) -> status, body, headers (raw
 * lines), serial of the token that it carried, with keeps_sent { url = as libcurl sent it, lines =
 * those that the signer added } | nil, code, message, sent ("no" "maybe" "yes"),
 * status (0: no answer), headers. The code is a CURLcode, or one of ours (http.h). Waits. */
static int l_request(lua_State *L) {
  struct client *client = luaL_checkudata(L, ARG_CLIENT, CLIENT);
  lua_settop(L, ARG_NAME);
  size_t len = 0;
  const char *method = check_method(L);
  const char *url = check_text(L, ARG_URL);
  const char *body = luaL_optlstring(L, ARG_BODY, NULL, &len);
  if (client->writes_refused && !dps_http_is_read(method)) {
    return luaL_error(L, "a dry run sends no %s", method);
  }
  if (!client->http) return push_closed(L);
  struct request *request = new_request(L, client);
  request->operation = luaL_optstring(L, ARG_OPERATION, NULL);
  request->name = luaL_optstring(L, ARG_NAME, NULL);
  request->http.method = method;
  request->http.url = url;
  request->http.body = body;
  request->http.body_len = len;
  if (!dps_http_submit(client->http, &request->http)) return push_failure(L, &request->http);
  return dps_task_await(L, &request->wait, k_request);
}

/* --- registration --- */

static void metatable(lua_State *L, const char *name, lua_CFunction gc) {
  luaL_newmetatable(L, name);
  lua_pushcfunction(L, gc);
  lua_setfield(L, -2, "__gc");
}

void dps_open_http(lua_State *L) {
  metatable(L, REQUEST, m_request_gc);
  lua_pop(L, 1);
  metatable(L, CLIENT, m_client_gc);
  lua_newtable(L);
  lua_pushcfunction(L, l_request);
  lua_setfield(L, -2, "request");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_pushcfunction(L, l_http);
  lua_setfield(L, -2, "http");
}
