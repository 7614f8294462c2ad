/* The Lua state in which `dps.library` answers what a server receives. It shares nothing with the
 * script's state: options go over as scalars, requests and answers as bytes. Everything in it runs
 * protected; when it fails, every request of the batch gets a 500 that says why. What a request
 * means is the library's business. */
#ifndef DPS_LUA_LIBRARY_H
#define DPS_LUA_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <lua.h>

#include "serve.h"

/* Opens the library in B, a bare state, with the options of the table at `options` on L's stack
 * (string keys, scalar values). False, with words: its database can't be used. */
bool dps_library_open(lua_State *B, lua_State *L, int options, char *error, size_t len);

/* Answers every request of the batch. */
void dps_library_answer(lua_State *B, struct dps_serve_request *first);

#endif
