/* The userdata of a token, for bindings whose requests carry one. */
#ifndef DPS_LUA_TOKEN_H
#define DPS_LUA_TOKEN_H

#include <lua.h>

#include "token.h"

#define DPS_TOKEN "dps.token"

/* The token behind argument i; NULL for anything else. Valid while the userdata is, and longer for
 * who takes a reference. */
struct dps_token *dps_test_token(lua_State *L, int i);

#endif
