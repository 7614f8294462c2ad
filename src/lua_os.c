/* dps.native: clocks, random bytes, terminals, which file is which. What Lua's own libraries do not
 * have, and nothing more. */
#include <errno.h>
#include <lauxlib.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

static int push_clock(lua_State *L, clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)(t.tv_nsec / 1000) / 1e6);
  return 1;
}

/* native.now() -> seconds since 1970-01-01T00:00:00Z */
static int l_now(lua_State *L) {
  return push_clock(L, CLOCK_REALTIME);
}

/* native.monotonic() -> seconds that never go back */
static int l_monotonic(lua_State *L) {
  return push_clock(L, CLOCK_MONOTONIC);
}

/* native.random(n) -> n bytes nobody can foresee (getrandom), n <= 1024 */
static int l_random(lua_State *L) {
  char bytes[1024];
  lua_Integer n = luaL_checkinteger(L, 1);
  luaL_argcheck(L, n >= 0 && n <= (lua_Integer)sizeof bytes, 1, "between 0 and 1024 bytes");
  for (size_t have = 0; have < (size_t)n;) {
    ssize_t got = getrandom(bytes + have, (size_t)n - have, 0);
    if (got < 0 && errno != EINTR) return luaL_error(L, "no random bytes");
    if (got > 0) have += (size_t)got;
  }
  lua_pushlstring(L, bytes, (size_t)n);
  return 1;
}

/* native.isatty(descriptor) -> boolean */
static int l_isatty(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

static bool stat_of(lua_State *L, struct stat *found) {
  luaL_Stream *stream = luaL_testudata(L, 1, LUA_FILEHANDLE);
  if (!stream) return stat(luaL_checkstring(L, 1), found) == 0;
  return stream->closef && fstat(fileno(stream->f), found) == 0;
}

/* native.file_id(path or open file) -> a text that all names of one regular file have in common,
 * links among them; nil where there is none. */
static int l_file_id(lua_State *L) {
  struct stat found;
  char id[64];
  if (!stat_of(L, &found) || !S_ISREG(found.st_mode)) return lua_pushnil(L), 1;
  snprintf(id, sizeof id, "%ju:%ju", (uintmax_t)found.st_dev, (uintmax_t)found.st_ino);
  lua_pushstring(L, id);
  return 1;
}

static const luaL_Reg functions[] = {{"now", l_now},         {"monotonic", l_monotonic},
                                     {"random", l_random},   {"isatty", l_isatty},
                                     {"file_id", l_file_id}, {NULL, NULL}};

void dps_open_os(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
}
