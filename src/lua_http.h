/* The transport's settings out of a table, for bindings that make a client of their own. */
#ifndef DPS_LUA_HTTP_H
#define DPS_LUA_HTTP_H

#include <lua.h>

#include "http.h"

/* Reads ca_file, client_cert, client_key, connect_timeout, timeout (seconds), max_body, in_flight
 * and direct out of the table at `from`, and leaves what it read on the stack (at most 10 values),
 * which keeps its strings. Raises for what is no such value. */
void dps_http_settings(lua_State *L, int from, struct dps_http_settings *);

#endif
