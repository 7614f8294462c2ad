/* Lua values to JSON text, straight into one reused buffer. No Lua code runs and nothing is
 * allocated in Lua while a value is walked: keys and tables cannot change or go away under the
 * walk. Metamethods are ignored. */
#include "lua_json.h"

#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsontext.h"

/* One table on the way from the root to where the walk is, and the entry that it is at. */
struct level {
  const void *table;
  const char *key; /* anchored on the Lua stack; NULL in an array */
  size_t len;
  lua_Integer index; /* 0: at no entry */
};

struct encoder {
  lua_State *L;
  struct dps_buf *out;
  struct dps_buf *keys;
  const void *array_mt;
  bool sorted;
  bool indent;
  int depth;
  char message[160];
  struct level levels[DPS_JSON_DEPTH];
};

static bool put_value(struct encoder *e);

/* --- refusals --- */

__attribute__((format(printf, 2, 3))) static bool refuse(struct encoder *e, const char *format,
                                                         ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(e->message, sizeof e->message, format, args);
  va_end(args);
  return false;
}

/* At most 40 bytes of a key, for a message: printable ASCII. */
static const char *shown(char *to, const char *key, size_t len) {
  size_t n = len < 40 ? len : 40;
  for (size_t i = 0; i < n; i++)
    to[i] = key[i] >= 0x20 && key[i] < 0x7F ? key[i] : '?';
  memcpy(to + n, "...", 4);
  if (n == len) to[n] = '\0';
  return to;
}

struct tally {
  lua_Integer items, highest, lowest;
  bool named;
  char name[48]; /* one of the string keys */
  char odd[48];  /* one of the keys that are neither string nor integer; "" when there is none */
};

static void count_key(lua_State *L, struct tally *t) {
  size_t len;
  if (lua_type(L, -1) == LUA_TSTRING) {
    const char *key = lua_tolstring(L, -1, &len);
    t->named = true;
    shown(t->name, key, len);
  } else if (lua_isinteger(L, -1)) {
    lua_Integer i = lua_tointeger(L, -1);
    if (t->items++ == 0 || i > t->highest) t->highest = i;
    if (t->items == 1 || i < t->lowest) t->lowest = i;
  } else if (lua_type(L, -1) == LUA_TNUMBER) {
    snprintf(t->odd, sizeof t->odd, "the number %g", lua_tonumber(L, -1));
  } else {
    snprintf(t->odd, sizeof t->odd, "a %s", luaL_typename(L, -1));
  }
}

static lua_Integer first_hole(lua_State *L) {
  for (lua_Integer i = 1;; i++) {
    bool hole = lua_rawgeti(L, -1, i) == LUA_TNIL;
    lua_pop(L, 1);
    if (hole) return i;
  }
}

/* The table on top is neither an array nor an object: says why. */
static bool refuse_keys(struct encoder *e) {
  lua_State *L = e->L;
  struct tally t = {0};
  for (lua_pushnil(L); lua_next(L, -2);) {
    lua_pop(L, 1);
    count_key(L, &t);
  }
  if (t.odd[0]) return refuse(e, "a key must be a string, not %s", t.odd);
  if (t.named && t.items)
    return refuse(e, "mixes list items and named fields (such as \"%s\")", t.name);
  if (t.items == 0) return refuse(e, "marked as an array but has a field \"%s\"", t.name);
  if (t.lowest < 1) return refuse(e, "list items count from 1, not from %lld", (long long)t.lowest);
  return refuse(e, "the list has a hole: item %lld of %lld is missing", (long long)first_hole(L),
                (long long)t.highest);
}

/* --- scalars --- */

/* The buffer failed. */
static bool refuse_length(struct encoder *e) {
  if (e->out->state == DPS_BUF_NOMEM) return refuse(e, "not enough memory");
  return refuse(e, "the JSON text is longer than %d MiB", DPS_JSON_MAX_TEXT >> 20);
}

static bool put_text(struct encoder *e, const char *text, size_t len) {
  return dps_buf_append(e->out, text, len) || refuse_length(e);
}

static bool put_char(struct encoder *e, char c) {
  return dps_json_put_char(e->out, c) || refuse_length(e);
}

static bool put_string(struct encoder *e) {
  size_t len, bad;
  const char *text = lua_tolstring(e->L, -1, &len);
  if (dps_json_put_string(e->out, text, len, &bad)) return true;
  return bad == len ? refuse_length(e) : refuse(e, "invalid UTF-8 at byte %zu", bad + 1);
}

static bool put_key(struct encoder *e, const char *key, size_t len) {
  size_t bad;
  char clean[48];
  if (dps_json_put_string(e->out, key, len, &bad))
    return e->indent ? put_text(e, ": ", 2) : put_char(e, ':');
  if (bad == len) return refuse_length(e);
  return refuse(e, "invalid UTF-8 at byte %zu of the key \"%s\"", bad + 1, shown(clean, key, len));
}

static bool put_number(struct encoder *e) {
  if (lua_isinteger(e->L, -1))
    return dps_json_put_integer(e->out, lua_tointeger(e->L, -1)) || refuse_length(e);
  lua_Number x = lua_tonumber(e->L, -1);
  if (isnan(x)) return refuse(e, "NaN has no JSON form");
  if (isinf(x)) return refuse(e, "an infinite number has no JSON form");
  return dps_json_put_float(e->out, x) || refuse_length(e);
}

static bool put_line(struct encoder *e) {
  char line[2 * DPS_JSON_DEPTH + 1];
  memset(line, ' ', sizeof line);
  line[0] = '\n';
  return put_text(e, line, 2 * (size_t)e->depth + 1);
}

/* Before an entry: the comma after the one before, and a line of its own when people read it. */
static bool put_gap(struct encoder *e, bool first) {
  return (first || put_char(e, ',')) && (!e->indent || put_line(e));
}

/* --- tables --- */

/* The table on top becomes the current level. */
static bool enter(struct encoder *e) {
  const void *table = lua_topointer(e->L, -1);
  for (int i = 0; i < e->depth; i++)
    if (e->levels[i].table == table) return refuse(e, "refers back to itself");
  if (e->depth == DPS_JSON_DEPTH) return refuse(e, "nested deeper than %d levels", DPS_JSON_DEPTH);
  if (!lua_checkstack(e->L, 6)) return refuse(e, "not enough memory");
  e->levels[e->depth++] = (struct level){.table = table};
  return true;
}

static bool leave(struct encoder *e, char close) {
  e->depth--;
  return (!e->indent || put_line(e)) && put_char(e, close);
}

/* Exactly the keys 1 to n. */
static bool is_sequence(lua_State *L, lua_Integer n) {
  lua_Integer seen = 0;
  for (lua_pushnil(L); lua_next(L, -2); seen++) {
    lua_pop(L, 1);
    lua_Integer i = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
    if (i < 1 || i > n) return lua_pop(L, 1), false;
  }
  return seen == n;
}

static bool put_array(struct encoder *e, lua_Integer n) {
  lua_State *L = e->L;
  if (!is_sequence(L, n)) return refuse_keys(e);
  if (n == 0) return e->depth--, put_text(e, "[]", 2);
  if (!put_char(e, '[')) return false;
  struct level *at = &e->levels[e->depth - 1];
  for (lua_Integer i = 1; i <= n; i++) {
    at->index = i;
    lua_rawgeti(L, -1, i);
    if (!put_gap(e, i == 1) || !put_value(e)) return false;
    lua_pop(L, 1);
  }
  return leave(e, ']');
}

/* One entry: its key is at -2 and its value on top. */
static bool put_entry(struct encoder *e, bool first) {
  struct level *at = &e->levels[e->depth - 1];
  at->key = NULL;
  size_t len;
  const char *key = lua_tolstring(e->L, -2, &len);
  if (!put_gap(e, first) || !put_key(e, key, len)) return false;
  at->key = key;
  at->len = len;
  return put_value(e);
}

static bool put_object(struct encoder *e) {
  lua_State *L = e->L;
  bool first = true;
  if (!put_char(e, '{')) return false;
  for (lua_pushnil(L); lua_next(L, -2); first = false) {
    if (lua_type(L, -2) != LUA_TSTRING) return lua_pop(L, 2), refuse_keys(e);
    if (!put_entry(e, first)) return false;
    lua_pop(L, 1);
  }
  if (first) return e->depth--, put_char(e, '}');
  return leave(e, '}');
}

/* --- objects with sorted keys --- */

struct sort_key {
  const char *text;
  size_t len;
  int index; /* on the Lua stack */
};

static int by_bytes(const void *left, const void *right) {
  const struct sort_key *a = left, *b = right;
  int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
  return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* Pushes the keys of the table on top and appends them to e->keys. */
static bool push_keys(struct encoder *e) {
  lua_State *L = e->L;
  int table = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, table); lua_pushvalue(L, -1)) {
    lua_pop(L, 1);
    struct sort_key key = {.index = lua_gettop(L)};
    if (lua_type(L, -1) != LUA_TSTRING) return lua_settop(L, table), refuse_keys(e);
    key.text = lua_tolstring(L, -1, &key.len);
    if (!lua_checkstack(L, 6) || !dps_buf_append(e->keys, &key, sizeof key))
      return refuse(e, "too many keys to sort");
  }
  return true;
}

static struct sort_key *sort_key_at(struct encoder *e, size_t offset) {
  return (struct sort_key *)(void *)(e->keys->data + offset);
}

static bool put_sorted(struct encoder *e) {
  lua_State *L = e->L;
  int table = lua_gettop(L);
  size_t from = e->keys->len;
  if (!push_keys(e)) return false;
  size_t to = e->keys->len;
  if (from == to) return e->depth--, put_text(e, "{}", 2);
  qsort(sort_key_at(e, from), (to - from) / sizeof(struct sort_key), sizeof(struct sort_key),
        by_bytes);
  if (!put_char(e, '{')) return false;
  for (size_t at = from; at < to; at += sizeof(struct sort_key)) {
    lua_pushvalue(L, sort_key_at(e, at)->index);
    lua_pushvalue(L, -1);
    lua_rawget(L, table);
    if (!put_entry(e, at == from)) return false;
    lua_pop(L, 2);
  }
  lua_settop(L, table);
  e->keys->len = from;
  return leave(e, '}');
}

static bool is_marked(struct encoder *e) {
  if (!lua_getmetatable(e->L, -1)) return false;
  bool marked = lua_topointer(e->L, -1) == e->array_mt;
  lua_pop(e->L, 1);
  return marked;
}

static bool put_table(struct encoder *e) {
  if (!enter(e)) return false;
  lua_Integer n = (lua_Integer)lua_rawlen(e->L, -1);
  if (n > 0 || is_marked(e)) return put_array(e, n);
  return e->sorted ? put_sorted(e) : put_object(e);
}

/* Writes the value on top of the stack; takes nothing away where it succeeds. */
static bool put_value(struct encoder *e) {
  int type = lua_type(e->L, -1);
  switch (type) {
  case LUA_TSTRING:
    return put_string(e);
  case LUA_TNUMBER:
    return put_number(e);
  case LUA_TTABLE:
    return put_table(e);
  case LUA_TBOOLEAN:
    return lua_toboolean(e->L, -1) ? put_text(e, "true", 4) : put_text(e, "false", 5);
  case LUA_TLIGHTUSERDATA:
    if (!lua_touserdata(e->L, -1)) return put_text(e, "null", 4);
    break;
  case LUA_TNIL:
    return refuse(e, "nil has no JSON form (dps.null is written as null)");
  }
  return refuse(e, "a %s has no JSON form", lua_typename(e->L, type));
}

/* --- the entry --- */

static bool is_plain_key(const struct level *at) {
  static const char special[] = ".[]\" ";
  for (size_t i = 0; i < at->len; i++)
    if (strchr(special, at->key[i])) return false;
  return at->len > 0 && at->len <= 40 &&
         dps_json_plain(at->key, at->key + at->len) == at->key + at->len;
}

/* Pushes "representations[1].components[2].content"; a key that would not read well is put in
 * brackets. */
static void push_path(struct encoder *e) {
  luaL_Buffer path;
  luaL_buffinit(e->L, &path);
  for (int i = 0; i < e->depth; i++) {
    const struct level *at = &e->levels[i];
    char text[64], key[48];
    if (at->index > 0)
      snprintf(text, sizeof text, "[%lld]", (long long)at->index);
    else if (!at->key)
      continue;
    else if (is_plain_key(at))
      snprintf(text, sizeof text, "%s%.*s", i > 0 ? "." : "", (int)at->len, at->key);
    else
      snprintf(text, sizeof text, "[\"%s\"]", shown(key, at->key, at->len));
    luaL_addstring(&path, text);
  }
  luaL_pushresult(&path);
}

int dps_json_encode(lua_State *L) {
  struct dps_json_box *box = lua_touserdata(L, lua_upvalueindex(1));
  struct encoder e; /* its levels and message are set where they are used */
  e.L = L;
  e.out = dps_json_start(box, DPS_JSON_MAX_TEXT);
  e.keys = &box->keys;
  e.array_mt = lua_topointer(L, lua_upvalueindex(2));
  e.sorted = lua_toboolean(L, 2);
  e.indent = lua_toboolean(L, 3);
  e.depth = 0;
  lua_settop(L, 1);
  bool ok = put_value(&e);
  if (ok) lua_pushlstring(L, e.out->data, e.out->len);
  dps_json_rest(e.out);
  dps_json_rest(e.keys);
  if (ok) return 1;
  lua_pushnil(L);
  lua_pushstring(L, e.message);
  push_path(&e);
  return 3;
}
