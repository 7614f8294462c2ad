/* dps.native.secret: handles that a script can pass on but not read. The bytes stay in C: a handle
 * has no method, no metatable that a script gets, is equal to nothing but itself, and says of
 * itself that it hides something. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "lua_secret.h"
#include "secret_source.h"
#include "state.h"
#include "token_claims.h"

enum { MAX_WORDS = 256, MAX_WAIT_S = 3600 };

struct handle {
  struct dps_secret secret;
};

const struct dps_secret *dps_test_secret(lua_State *L, int i) {
  struct handle *handle = luaL_testudata(L, i, DPS_SECRET);
  return handle && handle->secret.bytes ? &handle->secret : NULL;
}

const struct dps_secret *dps_check_secret(lua_State *L, int i) {
  struct handle *handle = luaL_checkudata(L, i, DPS_SECRET);
  if (!handle->secret.bytes) luaL_error(L, "the secret has been closed");
  return &handle->secret;
}

static int m_gc(lua_State *L) {
  struct handle *handle = luaL_checkudata(L, 1, DPS_SECRET);
  dps_secret_clear(&handle->secret);
  return 0;
}

static int m_tostring(lua_State *L) {
  lua_pushliteral(L, "dps.secret: (hidden)");
  return 1;
}

struct dps_secret *dps_push_secret(lua_State *L) {
  const struct dps *engine = dps_engine_or_null(L);
  struct handle *handle = lua_newuserdatauv(L, sizeof *handle, 0);
  *handle = (struct handle){0};
  luaL_setmetatable(L, DPS_SECRET);
  return engine && engine->closing ? NULL : &handle->secret;
}

/* --- where they come from --- */

static int push_copy(lua_State *L, const void *bytes, size_t len) {
  struct dps_secret *secret = dps_push_secret(L);
  if (secret && !dps_secret_set_bytes(secret, bytes, len))
    return luaL_error(L, "not enough memory");
  return 1;
}

/* secret.named(name) -> handle | nil: one of the secrets that the run was given by name. */
static int l_named(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  const struct dps *engine = dps_engine_or_null(L);
  const struct dps_secret *found = engine ? dps_secrets_find(&engine->secrets, name) : NULL;
  return found ? push_copy(L, found->bytes, found->len) : 0;
}

/* secret.env(name) -> handle | nil: any variable; an empty one is not set. A name of the run's own
 * secrets is looked up among those alone. */
static int l_env(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  if (dps_secret_is_name(name)) return l_named(L);
  const char *value = getenv(name);
  if (!value || !*value) return 0;
  struct dps_secret *secret = dps_push_secret(L);
  if (secret && !dps_secret_set(secret, value)) return luaL_error(L, "not enough memory");
  return 1;
}

/* secret.public(text) -> handle: for what is no secret, such as the local library's token. */
static int l_public(lua_State *L) {
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  luaL_argcheck(L, len <= DPS_SECRET_MAX, 1, "larger than 64 KiB");
  return push_copy(L, text, len);
}

/* secret.line(name, handle) -> handle of the header line "name: value" */
static int l_line(lua_State *L) {
  size_t len;
  const char *name = luaL_checklstring(L, 1, &len);
  const struct dps_secret *value = dps_check_secret(L, 2);
  struct dps_buf line;
  dps_buf_init_secret(&line, DPS_SECRET_MAX + 1024);
  struct dps_secret *made = dps_push_secret(L);
  bool ok = dps_buf_append(&line, name, len) && dps_buf_puts(&line, ": ") &&
            dps_buf_append(&line, value->bytes, value->len) &&
            (!made || dps_secret_set_bytes(made, line.data, line.len));
  dps_buf_clear(&line);
  return ok ? 1 : luaL_error(L, "not enough memory, or the header line is too long");
}

/* [..., handle] -> handle | nil, why */
static int push_outcome(lua_State *L, struct dps_secret *secret, bool ok, bool raw,
                        const char *why) {
  if (ok && !raw) dps_secret_trim(secret);
  if (ok && secret->len) return 1;
  lua_pushnil(L);
  lua_pushstring(L, ok ? "there is nothing but line ends in it" : why);
  return 2;
}

/* secret.file(path [, raw]) -> handle | nil, why. raw: its bytes as they are; else without the line
 * end that an editor adds. */
static int l_file(lua_State *L) {
  char why[DPS_SECRET_WHY] = "the run is ending";
  const char *path = luaL_checkstring(L, 1);
  luaL_argcheck(L, lua_rawlen(L, 1) == strlen(path), 1, "holds a NUL byte");
  lua_settop(L, 2);
  struct dps_secret *secret = dps_push_secret(L);
  bool ok = secret && dps_secret_from_file(secret, path, why);
  return push_outcome(L, secret, ok, lua_toboolean(L, 2), why);
}

/* Fills argv from the table at 1; the strings stay in it. */
static void check_argv(lua_State *L, char *argv[MAX_WORDS + 1]) {
  luaL_checktype(L, 1, LUA_TTABLE);
  size_t n = (size_t)lua_rawlen(L, 1);
  luaL_argcheck(L, n >= 1 && n <= MAX_WORDS, 1, "a command has 1 to 256 words");
  for (size_t i = 0; i < n; i++) {
    size_t len;
    bool text = lua_rawgeti(L, 1, (lua_Integer)i + 1) == LUA_TSTRING;
    luaL_argcheck(L, text, 1, "a command's words are strings");
    argv[i] = (char *)lua_tolstring(L, -1, &len);
    luaL_argcheck(L, strlen(argv[i]) == len, 1, "holds a NUL byte");
    lua_pop(L, 1);
  }
  argv[n] = NULL;
}

static void say_slow(const struct dps_secret_command *command) {
  fprintf(stderr, "waiting for the command %s, at most %d s\n", command->argv[0],
          command->timeout_ms / 1000);
}

/* secret.command(words, seconds [, raw]) -> handle | nil, why. Waits, and everything with it. */
static int l_command(lua_State *L) {
  char why[DPS_SECRET_WHY] = "the run is ending", *argv[MAX_WORDS + 1];
  struct dps *engine = dps_engine_or_null(L);
  lua_Number seconds = luaL_checknumber(L, 2);
  luaL_argcheck(L, seconds > 0 && seconds <= MAX_WAIT_S, 2, "seconds must be at most 3600");
  check_argv(L, argv);
  lua_settop(L, 3);
  struct dps_secret_command command = {.argv = argv, .timeout_ms = (int)(seconds * 1000) + 1};
  command.slow = say_slow;
  if (engine) command.stop = &engine->stopping;
  struct dps_secret *secret = dps_push_secret(L);
  bool ok = secret && dps_secret_from_command(secret, &command, why);
  return push_outcome(L, secret, ok, lua_toboolean(L, 3), why);
}

/* --- what may be known of one --- */

/* Handles that are made while the engine closes are empty; who uses them hears that it closes. */
static bool is_closing(lua_State *L) {
  const struct dps *engine = dps_engine_or_null(L);
  return engine && engine->closing;
}

/* secret.is_token(handle) -> boolean: it can stand behind "Bearer " */
static int l_is_token(lua_State *L) {
  lua_pushboolean(L, is_closing(L) || dps_secret_is_token(dps_check_secret(L, 1)));
  return 1;
}

/* secret.is_text(handle) -> boolean: no control character is in it */
static int l_is_text(lua_State *L) {
  lua_pushboolean(L, is_closing(L) || dps_secret_is_text(dps_check_secret(L, 1)));
  return 1;
}

/* secret.ends(handle) -> seconds since the epoch | nil: what an access token says of its end */
static int l_ends(lua_State *L) {
  double end;
  if (is_closing(L) || !dps_token_says_end(dps_check_secret(L, 1), &end)) return 0;
  lua_pushnumber(L, end);
  return 1;
}

/* secret.is(value) -> boolean: a handle */
static int l_is(lua_State *L) {
  lua_pushboolean(L, luaL_testudata(L, 1, DPS_SECRET) != NULL);
  return 1;
}

/* secret.matches(handle, text) -> boolean, in a time that tells nothing of where they differ. For
 * the local library's state alone: a script could guess with it. */
static int l_matches(lua_State *L) {
  size_t len;
  const struct dps_secret *secret = dps_check_secret(L, 1);
  const char *text = luaL_checklstring(L, 2, &len);
  unsigned differ = secret->len != len;
  for (size_t i = 0; i < len; i++)
    differ |= (unsigned char)text[i] ^ (unsigned char)secret->bytes[i < secret->len ? i : 0];
  lua_pushboolean(L, differ == 0);
  return 1;
}

static const luaL_Reg functions[] = {
    {"named", l_named},     {"env", l_env},           {"public", l_public}, {"file", l_file},
    {"command", l_command}, {"is_token", l_is_token}, {"is", l_is},         {"is_text", l_is_text},
    {"line", l_line},       {"ends", l_ends},         {NULL, NULL}};

static const luaL_Reg metamethods[] = {
    {"__gc", m_gc}, {"__close", m_gc}, {"__tostring", m_tostring}, {NULL, NULL}};

void dps_open_secret(lua_State *L) {
  luaL_newmetatable(L, DPS_SECRET);
  luaL_setfuncs(L, metamethods, 0);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "secret");
  lua_pushcfunction(L, l_public);
  lua_setfield(L, -2, "public_token");
}

void dps_open_secret_match(lua_State *L) {
  lua_getfield(L, -1, "secret");
  lua_pushcfunction(L, l_matches);
  lua_setfield(L, -2, "matches");
  lua_pop(L, 1);
}
