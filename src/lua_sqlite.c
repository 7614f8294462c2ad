/* The binding of SQLite: connections and statements as userdata, values in and out. It knows no
 * table and no offer. Failures of SQLite come back as nil, message, code (SQLite's primary result
 * code); only misuse raises (a value that SQLite has no type for, a wrong number of values).
 *
 * A database knows its statements: closing it, by call or by the collector, finalizes them all, so
 * the file is released at once and a statement that outlives its database answers "closed". A
 * statement keeps its database alive. Text is bound without a copy: the strings stay on the Lua
 * stack for as long as the statement is stepped, and every call begins and ends by clearing what
 * was bound. */
#include <lauxlib.h>
#include <sqlite3.h>
#include <string.h>

#include "lua_regex.h"
#include "state.h"

#define DB_TYPE "dps.sqlite"
#define STMT_TYPE "dps.sqlite.statement"
#define VALUE_MAX (64 << 20) /* longest text or row, in bytes */

struct statement {
  sqlite3_stmt *handle; /* NULL when closed */
  struct database *db;
  struct statement *next;
};

struct database {
  sqlite3 *handle; /* NULL when closed */
  struct statement *first;
};

static int push_failure(lua_State *L, const char *message, int code) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  lua_pushinteger(L, code & 0xff);
  return 3;
}

static int push_db_failure(lua_State *L, sqlite3 *handle) {
  return push_failure(L, sqlite3_errmsg(handle), sqlite3_errcode(handle));
}

static int push_closed(lua_State *L) {
  return push_failure(L, "the database is closed", SQLITE_MISUSE);
}

/* A string argument without a NUL inside, which SQLite would take for its end. */
static const char *check_text(lua_State *L, int arg) {
  size_t len;
  const char *s = luaL_checklstring(L, arg, &len);
  luaL_argcheck(L, strlen(s) == len, arg, "contains a zero byte");
  return s;
}

/* --- values --- */

static int bind_value(lua_State *L, sqlite3_stmt *stmt, int arg, int at) {
  size_t len;
  const char *text;
  switch (lua_type(L, arg)) {
  case LUA_TNIL:
    return sqlite3_bind_null(stmt, at);
  case LUA_TNUMBER:
    if (lua_isinteger(L, arg)) return sqlite3_bind_int64(stmt, at, lua_tointeger(L, arg));
    return sqlite3_bind_double(stmt, at, lua_tonumber(L, arg));
  case LUA_TSTRING:
    text = lua_tolstring(L, arg, &len);
    return sqlite3_bind_text64(stmt, at, text, len, SQLITE_STATIC, SQLITE_UTF8);
  default:
    return luaL_argerror(L, arg, "nil, number or string expected");
  }
}

static void push_text(lua_State *L, sqlite3_stmt *stmt, int column) {
  const char *text = sqlite3_column_blob(stmt, column);
  size_t len = (size_t)sqlite3_column_bytes(stmt, column);
  lua_pushlstring(L, text ? text : "", len);
}

static void push_column(lua_State *L, sqlite3_stmt *stmt, int column) {
  switch (sqlite3_column_type(stmt, column)) {
  case SQLITE_NULL:
    lua_pushnil(L);
    return;
  case SQLITE_INTEGER:
    lua_pushinteger(L, sqlite3_column_int64(stmt, column));
    return;
  case SQLITE_FLOAT:
    lua_pushnumber(L, sqlite3_column_double(stmt, column));
    return;
  default:
    push_text(L, stmt, column);
  }
}

/* --- statements --- */

static struct statement *check_statement(lua_State *L) {
  return luaL_checkudata(L, 1, STMT_TYPE);
}

static void rewind_statement(sqlite3_stmt *stmt) {
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
}

/* Binds the arguments after the statement. Rewinds first: an earlier call may have been cut short
 * by a raise. */
static int bind_arguments(lua_State *L, sqlite3_stmt *stmt) {
  int given = lua_gettop(L) - 1;
  int rc = SQLITE_OK;
  rewind_statement(stmt);
  if (given != sqlite3_bind_parameter_count(stmt))
    return luaL_error(L, "the statement takes %d values, got %d",
                      sqlite3_bind_parameter_count(stmt), given);
  for (int i = 1; i <= given && rc == SQLITE_OK; i++)
    rc = bind_value(L, stmt, i + 1, i);
  return rc;
}

/* Pushes the failure if rc is one, rewinds, and returns how many results the caller has on the
 * stack. */
static int end_statement(lua_State *L, struct statement *s, int rc, int results) {
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) results = push_db_failure(L, s->db->handle);
  rewind_statement(s->handle);
  return results;
}

static int bind_and_step(lua_State *L, sqlite3_stmt *stmt) {
  int rc = bind_arguments(L, stmt);
  return rc == SQLITE_OK ? sqlite3_step(stmt) : rc;
}

/* stmt:run(...) -> true | nil, message, code. Steps to the end and drops any rows. */
static int l_run(lua_State *L) {
  struct statement *s = check_statement(L);
  int rc;
  if (!s->handle) return push_closed(L);
  rc = bind_and_step(L, s->handle);
  while (rc == SQLITE_ROW)
    rc = sqlite3_step(s->handle);
  lua_pushboolean(L, 1);
  return end_statement(L, s, rc, 1);
}

/* stmt:row(...) -> the columns of the first row; nothing when there is none; nil, message, code on
 * failure. */
static int l_row(lua_State *L) {
  struct statement *s = check_statement(L);
  int rc, columns = 0;
  if (!s->handle) return push_closed(L);
  rc = bind_and_step(L, s->handle);
  if (rc == SQLITE_ROW) columns = sqlite3_column_count(s->handle);
  luaL_checkstack(L, columns, "too many columns");
  for (int i = 0; i < columns; i++)
    push_column(L, s->handle, i);
  return end_statement(L, s, rc, columns);
}

static void push_row(lua_State *L, sqlite3_stmt *stmt) {
  int columns = sqlite3_column_count(stmt);
  lua_createtable(L, columns, 0);
  for (int i = 0; i < columns; i++) {
    push_column(L, stmt, i);
    lua_rawseti(L, -2, i + 1);
  }
}

/* stmt:rows(...) -> array of arrays (NULL leaves a hole) | nil, message, code. */
static int l_rows(lua_State *L) {
  struct statement *s = check_statement(L);
  lua_Integer n = 0;
  int rc;
  if (!s->handle) return push_closed(L);
  rc = bind_and_step(L, s->handle);
  lua_newtable(L);
  for (; rc == SQLITE_ROW; rc = sqlite3_step(s->handle)) {
    push_row(L, s->handle);
    lua_rawseti(L, -2, ++n);
  }
  return end_statement(L, s, rc, 1);
}

static void unlink_statement(struct statement *s) {
  struct statement **at = &s->db->first;
  while (*at && *at != s)
    at = &(*at)->next;
  if (*at) *at = s->next;
}

static int m_statement_gc(lua_State *L) {
  struct statement *s = check_statement(L);
  if (!s->handle) return 0;
  unlink_statement(s);
  sqlite3_finalize(s->handle);
  s->handle = NULL;
  return 0;
}

/* --- databases --- */

static struct database *check_database(lua_State *L) {
  return luaL_checkudata(L, 1, DB_TYPE);
}

static struct statement *push_statement(lua_State *L, struct database *db) {
  struct statement *s = lua_newuserdatauv(L, sizeof *s, 1);
  *s = (struct statement){.db = db};
  luaL_setmetatable(L, STMT_TYPE);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  return s;
}

/* db:prepare(sql) -> stmt | nil, message, code. One statement only; SQLite ignores what follows the
 * first. */
static int l_prepare(lua_State *L) {
  struct database *db = check_database(L);
  const char *sql = check_text(L, 2);
  struct statement *s;
  int rc;
  if (!db->handle) return push_closed(L);
  s = push_statement(L, db);
  rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL);
  if (rc != SQLITE_OK) return push_db_failure(L, db->handle);
  if (!s->handle) return push_failure(L, "no statement in the text", SQLITE_ERROR);
  s->next = db->first;
  db->first = s;
  return 1;
}

/* db:exec(sql) -> true | nil, message, code. Any number of statements, no values. */
static int l_exec(lua_State *L) {
  struct database *db = check_database(L);
  const char *sql = check_text(L, 2);
  if (!db->handle) return push_closed(L);
  if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
    return push_db_failure(L, db->handle);
  lua_pushboolean(L, 1);
  return 1;
}

/* db:changes() -> rows that the last statement inserted, changed or deleted. */
static int l_changes(lua_State *L) {
  struct database *db = check_database(L);
  lua_pushinteger(L, db->handle ? sqlite3_changes(db->handle) : 0);
  return 1;
}

/* db:last_rowid() -> the row id that the last insert gave; those of triggers do not count. */
static int l_last_rowid(lua_State *L) {
  struct database *db = check_database(L);
  lua_pushinteger(L, db->handle ? sqlite3_last_insert_rowid(db->handle) : 0);
  return 1;
}

static void close_database(struct database *db) {
  for (struct statement *s = db->first; s; s = s->next) {
    sqlite3_finalize(s->handle);
    s->handle = NULL;
  }
  db->first = NULL;
  sqlite3_close(db->handle);
  db->handle = NULL;
}

/* db:close(). Again is harmless. */
static int l_close(lua_State *L) {
  close_database(check_database(L));
  return 0;
}

static int push_open_failure(lua_State *L, struct database *db, int rc) {
  push_failure(L, sqlite3_errstr(rc), rc);
  close_database(db);
  return 3;
}

/* SQLite opens a file that may not be written for reading only and says nothing. */
static int open_writable(const char *path, sqlite3 **handle) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  int rc = sqlite3_open_v2(path, handle, flags, NULL);
  if (rc != SQLITE_OK) return rc;
  sqlite3_limit(*handle, SQLITE_LIMIT_LENGTH, VALUE_MAX);
  if (sqlite3_db_readonly(*handle, "main") == 1) return SQLITE_READONLY;
  return dps_regex_register(*handle);
}

/* native.sqlite_open(path) -> db | nil, message, code. Read and write, made when absent; ":memory:"
 * has no file. Statements may use matches(pattern, flags, text), see lua_regex.h. */
static int l_sqlite_open(lua_State *L) {
  const char *path = check_text(L, 1);
  struct database *db = lua_newuserdatauv(L, sizeof *db, 0);
  int rc;
  *db = (struct database){0};
  luaL_setmetatable(L, DB_TYPE);
  rc = open_writable(path, &db->handle);
  return rc == SQLITE_OK ? 1 : push_open_failure(L, db, rc);
}

static const luaL_Reg statement_methods[] = {
    {"run", l_run}, {"row", l_row}, {"rows", l_rows}, {NULL, NULL}};

static const luaL_Reg database_methods[] = {{"exec", l_exec},       {"prepare", l_prepare},
                                            {"changes", l_changes}, {"last_rowid", l_last_rowid},
                                            {"close", l_close},     {NULL, NULL}};

static void make_type(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction gc) {
  luaL_newmetatable(L, name);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, gc);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, gc);
  lua_setfield(L, -2, "__close");
  lua_pushliteral(L, "protected");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void dps_open_sqlite(lua_State *L) {
  make_type(L, STMT_TYPE, statement_methods, m_statement_gc);
  make_type(L, DB_TYPE, database_methods, l_close);
  lua_pushcfunction(L, l_sqlite_open);
  lua_setfield(L, -2, "sqlite_open");
}
