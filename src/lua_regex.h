/* What lua_sqlite needs of the regular expressions. */
#ifndef DPS_LUA_REGEX_H
#define DPS_LUA_REGEX_H

#include <sqlite3.h>

/* Adds matches(pattern, flags, subject) to a database; flags as in regex.h. A pattern that is wrong
 * fails the statement with SQLITE_ERROR, one that takes too long with SQLITE_INTERRUPT. SQLite's
 * result code. */
int dps_regex_register(sqlite3 *db);

#endif
