/* SQLite for Lua: opens one database, runs bound statements, returns rows.
 *
 * Nothing here knows a table or an offer. Failures of SQLite come back as nil, message, code
 * (SQLite's primary result code); only misuse raises (a value that SQLite has no type for, a wrong
 * number of parameters). */
#ifndef DPS_LUA_SQLITE_H
#define DPS_LUA_SQLITE_H

struct lua_State;

/* Adds sqlite_open to the table on top of the stack. */
void dps_open_sqlite(struct lua_State *L);

#endif
