/* An HTTP message as a Lua table, for bindings that sign or verify one:
 *
 *   { method = "POST", target_uri = "https://host/path?query" }      a request; or, as a server
 *   { method =, scheme = "https", request_target = "/path?query" }   has it: with its Host line
 *   { status = 201, request = { ... } }                              a response to a request
 *
 * with `headers` (lines in one string, a list of lines, or a list of { name, value }), `trailers`
 * alike, and `body` (a string; absent: none; false: not known). */
#ifndef DPS_LUA_MESSAGE_H
#define DPS_LUA_MESSAGE_H

#include <lua.h>

#include "sign_base.h"

/* Fills in the message from the table at index i; raises for one that is none. It points into the
 * table's strings, which must not change meanwhile, and into userdata that is pushed: at most
 * DPS_MESSAGE_SLOTS values. */
void dps_check_message(lua_State *L, int i, struct dps_sign_message *);

enum { DPS_MESSAGE_SLOTS = 8 };

#endif
