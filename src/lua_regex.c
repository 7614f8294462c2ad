/* The binding of regular expressions: SQL's function `matches`, for statements that filter by a
 * pattern, and native.regex_check, which looks at a pattern before any statement does. */
#include "lua_regex.h"

#include <lauxlib.h>
#include <stdio.h>

#include "regex.h"
#include "state.h"

enum { MAX_ERROR = 256 };

static void free_regex(void *regex) {
  dps_regex_free(regex);
}

/* Compiled once a statement: SQLite keeps it beside the pattern for as long as that does not
 * change. https://www.sqlite.org/c3ref/get_auxdata.html */
static struct dps_regex *regex_of(sqlite3_context *ctx, sqlite3_value **args) {
  char why[MAX_ERROR], error[MAX_ERROR + 40];
  struct dps_regex *regex = sqlite3_get_auxdata(ctx, 0);
  if (regex) return regex;
  const char *pattern = (const char *)sqlite3_value_text(args[0]);
  size_t len = (size_t)sqlite3_value_bytes(args[0]);
  regex = dps_regex_new(pattern ? pattern : "", len, sqlite3_value_int(args[1]), why, sizeof why);
  if (!regex) {
    snprintf(error, sizeof error, "the regular expression is wrong: %s", why);
    sqlite3_result_error(ctx, error, -1);
    return NULL;
  }
  sqlite3_set_auxdata(ctx, 0, regex, free_regex);
  return sqlite3_get_auxdata(ctx, 0); /* NULL: no memory, and it is freed already */
}

/* matches(pattern, flags, subject) -> 1, 0, or NULL when there is no subject. */
static void sql_matches(sqlite3_context *ctx, int n, sqlite3_value **args) {
  (void)n;
  if (sqlite3_value_type(args[2]) == SQLITE_NULL) return;
  struct dps_regex *regex = regex_of(ctx, args);
  if (!regex) return;
  const char *subject = (const char *)sqlite3_value_text(args[2]);
  int rc = dps_regex_match(regex, subject ? subject : "", (size_t)sqlite3_value_bytes(args[2]));
  if (rc >= 0) {
    sqlite3_result_int(ctx, rc);
  } else {
    sqlite3_result_error(ctx, "the regular expression takes too long", -1);
    sqlite3_result_error_code(ctx, SQLITE_INTERRUPT);
  }
}

int dps_regex_register(sqlite3 *db) {
  return sqlite3_create_function(db, "matches", 3, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                 sql_matches, NULL, NULL);
}

/* native.regex_check(pattern) -> true | nil, message. */
static int l_regex_check(lua_State *L) {
  size_t len;
  char error[MAX_ERROR];
  const char *pattern = luaL_checklstring(L, 1, &len);
  struct dps_regex *regex = dps_regex_new(pattern, len, 0, error, sizeof error);
  if (!regex) {
    lua_pushnil(L);
    lua_pushstring(L, error);
    return 2;
  }
  dps_regex_free(regex);
  lua_pushboolean(L, 1);
  return 1;
}

void dps_open_regex(lua_State *L) {
  lua_pushcfunction(L, l_regex_check);
  lua_setfield(L, -2, "regex_check");
}
