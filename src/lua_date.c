/* dps.native: the quick half of dates (date_text.h) for lua/dps/date/, and the moment that a date
 * object holds. */
#include <lauxlib.h>
#include <stdbool.h>

#include "date_text.h"
#include "state.h"

/* native.date_wall(text) -> milliseconds on its clock, how many bytes say so; nothing for any other
 * text or value. */
static int l_date_wall(lua_State *L) {
  if (lua_type(L, 1) != LUA_TSTRING) return 0;
  size_t len;
  int64_t wall;
  const char *text = lua_tolstring(L, 1, &len);
  size_t read = dps_date_wall(text, len, &wall);
  if (read == 0) return 0;
  lua_pushinteger(L, wall);
  lua_pushinteger(L, (lua_Integer)read);
  return 2;
}

/* native.date_iso(wall, offset) -> "2026-12-01T09:00:00.000+01:00"; both are milliseconds. */
static int l_date_iso(lua_State *L) {
  char text[DPS_DATE_ISO];
  size_t len = dps_date_iso(luaL_checkinteger(L, 1), luaL_checkinteger(L, 2), text);
  luaL_argcheck(L, len > 0, 1, "outside of the years 0000 to 10000");
  lua_pushlstring(L, text, len);
  return 1;
}

/* Pushes t[key] raw, or returns false. */
static bool raw_field(lua_State *L, int key) {
  if (!lua_istable(L, -1)) return false;
  lua_pushvalue(L, key);
  lua_rawget(L, -2);
  return true;
}

/* native.date_moment(value) -> the integer in the field of a table that __dps_moment of its
 * metatable, as getmetatable shows it, names; nil where there is none. Follows no metatable. */
static int l_date_moment(lua_State *L) {
  if (!lua_istable(L, 1) || !lua_getmetatable(L, 1)) return 0;
  if (raw_field(L, lua_upvalueindex(1)) && lua_isnil(L, -1)) lua_pop(L, 1);
  if (!raw_field(L, lua_upvalueindex(2)) || lua_isnil(L, -1)) return 0;
  lua_rawget(L, 1);
  return lua_isinteger(L, -1) ? 1 : 0;
}

void dps_open_date(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"date_wall", l_date_wall}, {"date_iso", l_date_iso}, {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
  lua_pushliteral(L, "__metatable");
  lua_pushliteral(L, "__dps_moment");
  lua_pushcclosure(L, l_date_moment, 2);
  lua_setfield(L, -2, "date_moment");
}
