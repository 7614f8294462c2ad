/* dps.native: one row of CSV made a table. Thin: what a row is stands in csv_scan.h, and what to do
 * about any other in lua/dps/csv/reader.lua. */
#include <lauxlib.h>
#include <stdbool.h>

#include "csv_scan.h"
#include "state.h"

enum { MOST_FIELDS = 256 };

/* [..., names at 4] -> [row]; the fields in the order of the names. True where one is empty. */
static bool push_row(lua_State *L, const struct dps_csv_field *fields, int count) {
  bool gaps = false;
  lua_createtable(L, 0, count);
  for (int i = 0; i < count; i++) {
    gaps = gaps || fields[i].len == 0;
    lua_rawgeti(L, 4, i + 1);
    lua_pushlstring(L, fields[i].start, fields[i].len);
    lua_rawset(L, -3);
  }
  return gaps;
}

/* native.csv_row(text, position, separator's code, names) -> row, next position, whether a field is
 * empty; nothing where the row needs a second look, or there are too many names for this one. */
static int l_csv_row(lua_State *L) {
  struct dps_csv_field fields[MOST_FIELDS];
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_Integer position = luaL_checkinteger(L, 2), code = luaL_checkinteger(L, 3);
  luaL_checktype(L, 4, LUA_TTABLE);
  lua_Unsigned count = lua_rawlen(L, 4);
  luaL_argcheck(L, position >= 1 && (lua_Unsigned)position <= len + 1, 2, "outside of the text");
  luaL_argcheck(L, code >= 1 && code <= 127, 3, "an ASCII character");
  if (count < 1 || count > MOST_FIELDS) return 0;
  size_t from = (size_t)position - 1;
  size_t bytes = dps_csv_scan(text + from, len - from, (char)code, fields, (size_t)count);
  if (bytes == 0) return 0;
  bool gaps = push_row(L, fields, (int)count);
  lua_pushinteger(L, position + (lua_Integer)bytes);
  lua_pushboolean(L, gaps);
  return 3;
}

void dps_open_csv(lua_State *L) {
  lua_pushcfunction(L, l_csv_row);
  lua_setfield(L, -2, "csv_row");
}
