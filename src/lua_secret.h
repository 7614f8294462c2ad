/* The handle of a secret, for bindings that use one. */
#ifndef DPS_LUA_SECRET_H
#define DPS_LUA_SECRET_H

#include <lua.h>

#include "secret.h"

#define DPS_SECRET "dps.secret"

/* The secret behind argument i; raises for anything else, and for a handle that was closed. Valid
 * while the handle is. */
const struct dps_secret *dps_check_secret(lua_State *L, int i);

#endif
