/* `require "dps"` in a stock Lua 5.4: attaches an engine to that state and gives it the same
 * modules. */
#include <lauxlib.h>

#include "state.h"

DPS_API int luaopen_dps(lua_State *L) {
  dps_engine_attach(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_getfield(L, -1, "dps");
  lua_pushliteral(L, "dps");
  lua_call(L, 1, 1);
  return 1;
}
