/* JSON for Lua: the functions that lua/dps/json.lua is made of. They raise for a wrong call, never
 * for bad data. */
#ifndef DPS_LUA_JSON_H
#define DPS_LUA_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <lua.h>

#include "buf.h"

/* Memory that one state's JSON functions reuse; a userdata, upvalue 1 of each of them. Only ever in
 * use while no Lua code can run, so that a finalizer may call the same functions. */
struct dps_json_box {
  struct dps_buf text;
  struct dps_buf keys; /* of objects that are being sorted */
  bool closed;         /* the state is being closed: nothing may be acquired again */
};

enum { DPS_JSON_MAX_TEXT = 64 << 20 }; /* bytes that one value may encode to */

/* What dps_open_json (state.h) adds to dps.native:
 *
 * array_mt: the metatable that marks a table as a JSON array.
 *
 * json_encode(value, sorted, indent) -> text | nil, message, path
 * Metamethods are ignored. sorted: keys in byte order; indent: two spaces a level, for people. path
 * says where in the value, as "representations[1].content"; "" is the value itself.
 *
 * json_prepare(text) -> text, mark | nil, message, position
 * The scan of jsontext.h. mark is nil when the text went through as it is; position is in bytes,
 * from 1.
 *
 * json_repair(value, mark) -> value | nil, message
 * What cjson decoded from a prepared text, in place: whole numbers become integers, arrays are
 * marked. It refuses numbers that no double holds. */

/* json_encode, with the box and array_mt as upvalues. */
int dps_json_encode(lua_State *L);

/* Empties both buffers and returns the text buffer, for at most max bytes. */
struct dps_buf *dps_json_start(struct dps_json_box *, size_t max);

/* Empties a buffer for its next use and lets go of what a rare large text needed. */
void dps_json_rest(struct dps_buf *);

#endif
