/* The local library's Lua state; see lua_library.h. Requests and answers go over as bytes. */
#include "lua_library.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "jsontext.h"

enum { MAX_WORDS = 2000 };
enum { MAX_DELAY = 600 };            /* seconds by which an answer may be late */
enum { AT_ON_ERROR = 1, AT_ANSWER }; /* what stays on the state's stack between batches */

/* --- a batch into the library's state: an array of requests --- */

/* Sets the field of the table on top, or adds to it: repeated header lines are one list (RFC 9110
 * section 5.3). */
static void add_header(lua_State *B, const char *name, const char *value) {
  size_t len = strlen(name);
  luaL_Buffer lower;
  char *to = luaL_buffinitsize(B, &lower, len);
  for (size_t i = 0; i < len; i++)
    to[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]);
  luaL_pushresultsize(&lower, len);
  lua_pushvalue(B, -1);
  if (lua_rawget(B, -3) == LUA_TSTRING)
    lua_pushfstring(B, "%s, %s", lua_tostring(B, -1), value);
  else
    lua_pushstring(B, value);
  lua_remove(B, -2);
  lua_rawset(B, -3);
}

static void push_headers(lua_State *B, const struct dps_buf *list) {
  const char *name, *value;
  lua_newtable(B);
  for (size_t at = 0; dps_serve_next_header(list, &at, &name, &value);)
    add_header(B, name, value);
}

static void push_request(lua_State *B, const struct dps_serve_request *r) {
  lua_createtable(B, 0, 5);
  lua_pushstring(B, r->method);
  lua_setfield(B, -2, "method");
  lua_pushstring(B, r->target);
  lua_setfield(B, -2, "target");
  push_headers(B, &r->headers);
  lua_setfield(B, -2, "headers");
  lua_pushlstring(B, dps_buf_str(&r->body), r->body.len);
  lua_setfield(B, -2, "body");
  if (!r->too_large) return;
  lua_pushboolean(B, 1);
  lua_setfield(B, -2, "too_large");
}

static void push_batch(lua_State *B, const struct dps_serve_request *first) {
  lua_Integer n = 0;
  lua_newtable(B);
  for (const struct dps_serve_request *r = first; r; r = r->next) {
    push_request(B, r);
    lua_seti(B, -2, ++n);
  }
}

/* --- its answers back --- */

/* What lua_next left on top of the stack, one header. */
static void read_header(lua_State *B, struct dps_serve_request *r) {
  size_t name_len, value_len;
  if (lua_type(B, -2) != LUA_TSTRING || !lua_isstring(B, -1))
    luaL_error(B, "a header of the answer is no string");
  const char *name = lua_tolstring(B, -2, &name_len);
  const char *value = lua_tolstring(B, -1, &value_len);
  if (strlen(name) != name_len || strlen(value) != value_len ||
      !dps_serve_put_header(&r->answer_headers, name, value))
    luaL_error(B, "the answer's header '%s' cannot be sent", name);
}

static void read_headers(lua_State *B, struct dps_serve_request *r) {
  int type = lua_getfield(B, -1, "headers");
  if (type != LUA_TTABLE && type != LUA_TNIL) luaL_error(B, "the answer's headers are no table");
  if (type == LUA_TTABLE)
    for (lua_pushnil(B); lua_next(B, -2); lua_pop(B, 1))
      read_header(B, r);
  lua_pop(B, 1);
}

static void read_body(lua_State *B, struct dps_serve_request *r) {
  size_t len = 0;
  int type = lua_getfield(B, -1, "body");
  if (type != LUA_TSTRING && type != LUA_TNIL) luaL_error(B, "the answer's body is no string");
  const char *body = lua_tolstring(B, -1, &len);
  if (len && !dps_buf_append(&r->answer, body, len)) luaL_error(B, "the answer is too large");
  lua_pop(B, 1);
}

static void read_status(lua_State *B, struct dps_serve_request *r) {
  int is_integer;
  lua_getfield(B, -1, "status");
  lua_Integer status = lua_tointegerx(B, -1, &is_integer);
  if (!is_integer || status < 200 || status > 599)
    luaL_error(B, "the answer's status is no integer from 200 to 599");
  r->status = (int)status;
  lua_pop(B, 1);
}

static void read_ending(lua_State *B, struct dps_serve_request *r) {
  static const char *const names[] = {"whole", "reset", "cut", NULL};
  int i = 0;
  lua_getfield(B, -1, "ending");
  const char *ending = lua_isnil(B, -1) ? names[0] : lua_tostring(B, -1);
  while (names[i] && (!ending || strcmp(names[i], ending) != 0))
    i++;
  if (!names[i]) luaL_error(B, "the answer's ending is none that is known");
  r->ending = (enum dps_serve_ending)i;
  lua_pop(B, 1);
}

static void read_delay(lua_State *B, struct dps_serve_request *r) {
  lua_getfield(B, -1, "delay");
  lua_Number seconds = lua_tonumber(B, -1); /* nil: 0 */
  if (!(seconds >= 0 && seconds <= MAX_DELAY)) luaL_error(B, "the answer's delay is out of range");
  r->delay_ms = (int64_t)(seconds * 1000);
  lua_pop(B, 1);
}

static void read_answers(lua_State *B, struct dps_serve_request *first) {
  lua_Integer n = 0;
  if (!lua_istable(B, -1)) luaL_error(B, "it gave no array of answers");
  for (struct dps_serve_request *r = first; r; r = r->next) {
    if (lua_geti(B, -1, ++n) != LUA_TTABLE) luaL_error(B, "it gave no answer %I", n);
    read_status(B, r);
    read_headers(B, r);
    read_body(B, r);
    read_ending(B, r);
    read_delay(B, r);
    lua_pop(B, 1);
  }
}

/* In the library's state; upvalues: lib, lib.handle. Argument: the first request. */
static int l_answer(lua_State *B) {
  struct dps_serve_request *first = lua_touserdata(B, 1);
  lua_pushvalue(B, lua_upvalueindex(2));
  lua_pushvalue(B, lua_upvalueindex(1));
  push_batch(B, first);
  lua_call(B, 2, 1);
  read_answers(B, first);
  return 0;
}

/* --- failures --- */

/* Message handlers. A traceback helps whoever mends the library, not who mistyped a file's name. */
static int on_error(lua_State *B) {
  luaL_traceback(B, B, luaL_tolstring(B, 1, NULL), 1);
  return 1;
}

static int on_start_error(lua_State *B) {
  luaL_tolstring(B, 1, NULL);
  return 1;
}

static const char *error_text(lua_State *B) {
  return lua_type(B, -1) == LUA_TSTRING ? lua_tostring(B, -1) : "an error without words";
}

/* What stands for a byte that a terminal's line or JSON cannot have. */
static const char *instead_of(char c) {
  return c == '\n' ? " | " : c == '\t' ? "" : "?";
}

/* Appends at most MAX_WORDS bytes of s, made fit for both. */
static void put_words(struct dps_buf *out, const char *s, size_t len) {
  const char *end = s + (len < MAX_WORDS ? len : MAX_WORDS);
  while (s < end) {
    size_t n = dps_json_utf8(s, end);
    if (n > 1 || (n == 1 && *s >= ' ' && *s != 0x7f))
      dps_buf_append(out, s, n);
    else
      dps_buf_puts(out, instead_of(*s));
    s += n ? n : 1;
  }
}

static void fail_request(struct dps_serve_request *r, const struct dps_buf *detail) {
  size_t bad;
  r->status = 500;
  dps_buf_reset(&r->answer_headers);
  dps_buf_reset(&r->answer);
  dps_serve_put_header(&r->answer_headers, "Content-Type", "application/problem+json");
  dps_buf_puts(&r->answer, "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\","
                           "\"status\":500,\"detail\":");
  dps_json_put_string(&r->answer, dps_buf_str(detail), detail->len, &bad);
  dps_buf_putc(&r->answer, '}');
}

static void fail_batch(struct dps_serve_request *first, const char *why) {
  static const char what[] = "the local library failed: ";
  struct dps_buf words;
  dps_buf_init(&words, sizeof what + 3 * MAX_WORDS);
  dps_buf_puts(&words, what);
  put_words(&words, why, strlen(why));
  fprintf(stderr, "dps: %s\n", dps_buf_str(&words));
  dps_buf_reset(&words);
  dps_buf_puts(&words, what);
  put_words(&words, why, strcspn(why, "\n"));
  for (struct dps_serve_request *r = first; r; r = r->next)
    fail_request(r, &words);
  dps_buf_clear(&words);
}

/* Nothing outside lua_pcall allocates here, so nothing can panic. */
void dps_library_answer(lua_State *B, struct dps_serve_request *first) {
  lua_pushvalue(B, AT_ANSWER);
  lua_pushlightuserdata(B, first);
  if (lua_pcall(B, 1, 0, AT_ON_ERROR) == LUA_OK) return;
  fail_batch(first, error_text(B));
  lua_settop(B, AT_ANSWER);
}

/* --- opening --- */

struct opening {
  lua_State *from;
  int options; /* place of the library's options on its stack: string keys, scalar values */
};

static void copy_scalar(lua_State *from, int at, lua_State *to) {
  size_t len;
  const char *text;
  if (lua_isboolean(from, at)) {
    lua_pushboolean(to, lua_toboolean(from, at));
  } else if (lua_isinteger(from, at)) {
    lua_pushinteger(to, lua_tointeger(from, at));
  } else if (lua_type(from, at) == LUA_TNUMBER) {
    lua_pushnumber(to, lua_tonumber(from, at));
  } else {
    text = lua_tolstring(from, at, &len);
    lua_pushlstring(to, text, len);
  }
}

/* Only B may raise in here: on the other state nothing is called that could. */
static void push_options(lua_State *B, const struct opening *o) {
  lua_newtable(B);
  for (lua_pushnil(o->from); lua_next(o->from, o->options); lua_pop(o->from, 1)) {
    copy_scalar(o->from, -2, B);
    copy_scalar(o->from, -1, B);
    lua_rawset(B, -3);
  }
}

/* In the library's state: opens the library, returns the function that answers a batch. */
static int l_open(lua_State *B) {
  const struct opening *o = lua_touserdata(B, 1);
  lua_getglobal(B, "require");
  lua_pushliteral(B, "dps.library");
  lua_call(B, 1, 1);
  lua_getfield(B, -1, "open");
  push_options(B, o);
  lua_call(B, 1, 2);
  if (!lua_toboolean(B, -2)) return lua_error(B);
  lua_pop(B, 1);
  if (lua_getfield(B, -1, "handle") != LUA_TFUNCTION) luaL_error(B, "dps.library has no handle");
  lua_pushcclosure(B, l_answer, 2);
  return 1;
}

bool dps_library_open(lua_State *B, lua_State *L, int options, char *error, size_t len) {
  struct opening o = {L, options};
  int top = lua_gettop(L);
  lua_settop(B, 0);
  lua_pushcfunction(B, on_start_error);
  lua_pushcfunction(B, l_open);
  lua_pushlightuserdata(B, &o);
  int rc = lua_pcall(B, 1, 1, AT_ON_ERROR);
  lua_settop(L, top);
  if (rc != LUA_OK) return snprintf(error, len, "%s", error_text(B)), false;
  lua_pushcfunction(B, on_error);
  lua_replace(B, AT_ON_ERROR);
  return true;
}
