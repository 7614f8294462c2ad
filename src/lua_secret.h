/* The handle of a secret, for bindings that use one. */
#ifndef DPS_LUA_SECRET_H
#define DPS_LUA_SECRET_H

#include <lua.h>

#include "secret.h"

#define DPS_SECRET "dps.secret"

/* The secret behind argument i; raises for anything else, and for a handle that was closed. Valid
 * while the handle is. */
const struct dps_secret *dps_check_secret(lua_State *L, int i);
/* The same, NULL for anything that is no handle with something in it. Raises nothing. */
const struct dps_secret *dps_test_secret(lua_State *L, int i);

/* Pushes a new handle that is empty, and gives what is to be filled: it belongs to the handle. It
 * is wiped when the handle is collected; so in an engine that is closing, where nothing that is
 * made now would ever be collected, the result is NULL and must be left empty. */
struct dps_secret *dps_push_secret(lua_State *L);

#endif
