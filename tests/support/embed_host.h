/* For the tests of dps.h: an engine with a C function `note` of the host's, and short ways to run
 * code. They see dps.h only, and of Lua what a host needs to register a function. */
#ifndef EMBED_HOST_H
#define EMBED_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lauxlib.h>

#include "dps.h"

static char noted[4096]; /* what scripts have noted: "a b;c;" */

/* note(...): its arguments as text. */
static inline int l_note(lua_State *L) {
  int n = lua_gettop(L);
  for (int i = 1; i <= n; i++) {
    size_t len = strlen(noted);
    snprintf(noted + len, sizeof noted - len, "%s%s", luaL_tolstring(L, i, NULL), i < n ? " " : "");
    lua_pop(L, 1);
  }
  size_t len = strlen(noted);
  snprintf(noted + len, sizeof noted - len, ";");
  return 0;
}

static inline dps *open_host(void) {
  dps *engine = dps_open(NULL);
  assert_non_null(engine);
  noted[0] = '\0';
  lua_register(dps_lua(engine), "note", l_note);
  return engine;
}

static inline int set_up(void **state) {
  *state = open_host();
  return 0;
}

static inline int tear_down(void **state) {
  dps *engine = *state;
  dps_close(&engine);
  return 0;
}

static inline int eval(dps *engine, const char *code) {
  return dps_eval(engine, code, strlen(code), "script");
}

static inline int run(dps *engine, const char *code) {
  assert_int_equal(eval(engine, code), 0);
  return dps_run(engine);
}

static inline void assert_says(dps *engine, const char *part) {
  if (!strstr(dps_error(engine), part))
    print_error("expected '%s' in '%s'\n", part, dps_error(engine));
  assert_non_null(strstr(dps_error(engine), part));
}

#define IN_HOST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
