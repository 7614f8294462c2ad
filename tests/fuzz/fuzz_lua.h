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
