/* For fuzz targets whose subject is Lua: one engine for the whole run, and a function of Lua that
 * is called with each input's bytes. It raises where something that must hold does not; that is the
 * crash. */
#ifndef FUZZ_LUA_H
#define FUZZ_LUA_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "dps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef DPS_FUZZ
/* libFuzzer sees which lines of Lua an input reaches as it sees the branches of C: through counters
 * of our own (https://llvm.org/docs/LibFuzzer.html, "extra counters"). */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t fuzz_lines[1 << 15];

static void fuzz_on_line(lua_State *L, lua_Debug *ar) {
  lua_getinfo(L, "S", ar);
  size_t at = (size_t)ar->source / 16 * 31 + (size_t)ar->currentline;
  fuzz_lines[at % sizeof fuzz_lines]++;
}
#endif

static void fuzz_must(lua_State *L, int status) {
  if (status == LUA_OK) return;
  fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
  abort();
}

/* A Lua state whose registry holds, at *function, what the chunk `code` returns. */
static lua_State *fuzz_open(const char *code, int *function) {
  static dps *engine;
  engine = dps_open(NULL);
  if (!engine) abort();
  lua_State *L = dps_lua(engine);
  fuzz_must(L, luaL_loadstring(L, code));
  fuzz_must(L, lua_pcall(L, 0, 1, 0));
  *function = luaL_ref(L, LUA_REGISTRYINDEX);
#ifdef DPS_FUZZ
  lua_sethook(L, fuzz_on_line, LUA_MASKLINE, 0);
#endif
  return L;
}

/* code: a chunk that returns function(bytes). The same one in every call. */
static int fuzz_lua(const char *code, const uint8_t *data, size_t size) {
  static lua_State *L;
  static int function;
  if (!L) L = fuzz_open(code, &function);
  lua_rawgeti(L, LUA_REGISTRYINDEX, function);
  lua_pushlstring(L, (const char *)data, size);
  fuzz_must(L, lua_pcall(L, 1, 0, 0));
  return 0;
}

#endif
