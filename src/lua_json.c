/* The JSON functions of the native module: registration, and the two steps around cjson's decoding.
 * Encoding is in lua_json_encode.c, the text scan in jsontext.c. Nothing here raises for bad data.
 */
#include "lua_json.h"

#include <lauxlib.h>
#include <math.h>

#include "jsontext.h"
#include "state.h"

enum { KEEP_BYTES = 64 << 10 };

struct dps_buf *dps_json_start(struct dps_json_box *box, size_t max) {
  dps_buf_reset(&box->text);
  dps_buf_reset(&box->keys);
  box->text.max = box->closed ? 0 : max;
  return &box->text;
}

void dps_json_rest(struct dps_buf *b) {
  if (b->cap > KEEP_BYTES)
    dps_buf_clear(b);
  else
    dps_buf_reset(b);
}

/* --- before cjson --- */

static int l_json_prepare(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  struct dps_json_box *box = lua_touserdata(L, lua_upvalueindex(1));
  struct dps_json_fault fault;
  struct dps_buf *out = dps_json_start(box, 2 * len);
  if (!dps_json_scan(text, len, out, &fault)) {
    dps_json_rest(out);
    lua_pushnil(L);
    lua_pushstring(L, fault.message);
    lua_pushinteger(L, (lua_Integer)fault.at + 1);
    return 3;
  }
  lua_settop(L, 1);
  if (out->len == 0) return 1;
  lua_pushlstring(L, out->data, out->len);
  dps_json_rest(out);
  lua_pushstring(L, DPS_JSON_MARK);
  return 2;
}

/* --- after cjson --- */

struct repair {
  lua_State *L;
  int array_mt; /* stack index or pseudo-index */
  bool marks;   /* the text was rewritten: strings may be marked */
  int depth;
};

static bool repair_table(struct repair *r);

static void make_array(struct repair *r) {
  lua_pushvalue(r->L, r->array_mt);
  lua_setmetatable(r->L, -2);
}

/* A marked string on top becomes what it stands for; integers beyond 64 bits become floats. */
static bool repair_string(struct repair *r) {
  const char *text = lua_tostring(r->L, -1);
  if (text[0] != DPS_JSON_MARK[0]) return false;
  if (text[1] == DPS_JSON_EMPTY_ARRAY) {
    lua_newtable(r->L);
    make_array(r);
  } else if (lua_stringtonumber(r->L, text + 1) == 0) {
    return false;
  }
  lua_remove(r->L, -2);
  return true;
}

static bool repair_number(struct repair *r) {
  lua_Number x = lua_tonumber(r->L, -1);
  if (!(fabs(x) < DPS_JSON_EXACT) || x != (lua_Number)(lua_Integer)x) return false;
  lua_pop(r->L, 1);
  lua_pushinteger(r->L, (lua_Integer)x);
  return true;
}

enum outcome { SAME, NEW, REFUSED };

/* Repairs the value on top, in its place. NEW: it is another one now, for its owner to store. */
static enum outcome repair_value(struct repair *r) {
  bool changed = false;
  int type = lua_type(r->L, -1);
  if (type == LUA_TTABLE) return repair_table(r) ? SAME : REFUSED;
  if (type == LUA_TSTRING && r->marks) changed = repair_string(r), type = lua_type(r->L, -1);
  if (type == LUA_TNUMBER) {
    if (isinf(lua_tonumber(r->L, -1))) return REFUSED;
    if (!changed) changed = repair_number(r);
  }
  return changed ? NEW : SAME;
}

static bool repair_array(struct repair *r, lua_Integer n) {
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(r->L, -1, i);
    enum outcome outcome = repair_value(r);
    if (outcome == REFUSED) return false;
    if (outcome == NEW)
      lua_rawseti(r->L, -2, i);
    else
      lua_pop(r->L, 1);
  }
  make_array(r);
  return true;
}

static bool repair_object(struct repair *r) {
  lua_State *L = r->L;
  int table = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, table)) {
    enum outcome outcome = repair_value(r);
    if (outcome == REFUSED) return false;
    if (outcome == NEW) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, table);
    } else {
      lua_pop(L, 1);
    }
  }
  return true;
}

/* cjson's objects have string keys alone and its arrays are full, so the length tells them apart.
 */
static bool repair_table(struct repair *r) {
  if (++r->depth > DPS_JSON_DEPTH) luaL_error(r->L, "not a value that was decoded");
  luaL_checkstack(r->L, 6, "JSON");
  lua_Integer n = (lua_Integer)lua_rawlen(r->L, -1);
  bool ok = n > 0 ? repair_array(r, n) : repair_object(r);
  r->depth--;
  return ok;
}

static int l_json_repair(lua_State *L) {
  luaL_checkany(L, 1);
  struct repair r = {L, lua_upvalueindex(2), lua_toboolean(L, 2), 0};
  lua_settop(L, 1);
  if (repair_value(&r) != REFUSED) return 1;
  lua_pushnil(L);
  lua_pushliteral(L, "a number is too large for a double");
  return 2;
}

/* --- registration --- */

static int m_gc(lua_State *L) {
  struct dps_json_box *box = lua_touserdata(L, 1);
  box->closed = true;
  box->keys.max = 0;
  dps_buf_clear(&box->text);
  dps_buf_clear(&box->keys);
  return 0;
}

static void new_box(lua_State *L) {
  struct dps_json_box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->closed = false;
  dps_buf_init(&box->text, DPS_JSON_MAX_TEXT);
  dps_buf_init(&box->keys, DPS_JSON_MAX_TEXT);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, m_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
}

void dps_open_json(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"json_encode", dps_json_encode},
      {"json_prepare", l_json_prepare},
      {"json_repair", l_json_repair},
      {NULL, NULL},
  };
  new_box(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "dps.array");
  lua_setfield(L, -2, "__name");
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "array_mt");
  luaL_setfuncs(L, functions, 2);
}
