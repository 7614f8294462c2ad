/* How a run is stopped: a sticky flag, and a hook that raises at every instruction of the coroutine
 * that runs, so that no pcall holds it. A coroutine that dies of it hands over to the one that
 * resumed it; therefore resume and wrap are ours: they keep `running` true and pass the hook on.
 * os.exit ends the run, never the process. */
#include <lauxlib.h>

#include "state.h"

static void on_stop(lua_State *L, lua_Debug *activation) {
  (void)activation;
  luaL_error(L, "the run was stopped");
}

void dps_arm_stop(lua_State *L) {
  lua_sethook(L, on_stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

void dps_stop(dps *e, int code) {
  if (!e->stopping) e->stop_code = code;
  e->stopping = 1;
  lua_State *running = e->running;
  if (running) dps_arm_stop(running);
  dps_loop_wake(e->loop);
}

/* Calls the library's own function (upvalue 1) on what is on the stack while co counts as running.
 */
static int pass_on(lua_State *L, lua_State *co, bool protect) {
  struct dps *e = dps_engine(L);
  lua_State *outer = e->running;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  if (co) e->running = co;
  if (co && e->stopping) dps_arm_stop(co);
  int rc = protect ? lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0) : LUA_OK;
  if (!protect) lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  e->running = outer;
  if (e->stopping) dps_arm_stop(L);
  return rc == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* resume raises only for a first argument that is no coroutine, before anything runs. */
static int l_resume(lua_State *L) {
  return pass_on(L, lua_tothread(L, 1), false);
}

static int l_wrapped(lua_State *L) {
  return pass_on(L, lua_tothread(L, lua_upvalueindex(2)), true);
}

/* The library's wrapper keeps its coroutine as its own first upvalue. */
static int l_wrap(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  lua_getupvalue(L, -1, 1);
  lua_pushcclosure(L, l_wrapped, 2);
  return 1;
}

/* os.exit([code]): true is 0, false is 1. */
static int l_exit(lua_State *L) {
  lua_Integer code = lua_isboolean(L, 1) ? !lua_toboolean(L, 1) : luaL_optinteger(L, 1, 0);
  dps_stop(dps_engine(L), (int)(code & 0xff));
  dps_arm_stop(L);
  return luaL_error(L, "the run was stopped");
}

static void replace(lua_State *L, const char *library, const char *name, lua_CFunction by) {
  lua_getglobal(L, library);
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, by, 1);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

void dps_open_stop(lua_State *L) {
  replace(L, "coroutine", "resume", l_resume);
  replace(L, "coroutine", "wrap", l_wrap);
  replace(L, "os", "exit", l_exit);
}
