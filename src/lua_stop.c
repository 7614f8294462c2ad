/* How a run is stopped: a sticky flag, and a hook that raises at every instruction of the coroutine
 * that runs, so that no pcall holds it. A coroutine that dies of it hands over to the one that
 * resumed it; therefore resume, wrap and close are ours: they keep `running` true and pass the hook
 * on. os.exit ends the run, never the process. Lua calls no hook inside of a finalizer: one that
 * never ends is not stopped. */
#include <lauxlib.h>

#include "state.h"

/* A coroutine may outlive the run that was stopped while it ran. */
static void on_stop(lua_State *L, lua_Debug *activation) {
  (void)activation;
  if (dps_engine(L)->stopping) luaL_error(L, "the run was stopped");
  lua_sethook(L, NULL, 0, 0);
}

void dps_arm_stop(lua_State *L) {
  lua_sethook(L, on_stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

void dps_set_running(struct dps *e, lua_State *L) {
  e->running = L;
  while (e->arming) {
  } /* a few instructions of another thread */
}

void dps_stop(dps *e, int code) {
  if (!e->stopping) e->stop_code = code;
  e->stopping = 1;
  e->arming++;
  lua_State *running = e->running;
  if (running) dps_arm_stop(running);
  e->arming--;
  dps_loop_wake(e->loop);
}

/* Calls what is on the stack, the function first, while co counts as running. Protected, so that
 * nothing passes by the line after it. Gives the number of results, or raises. */
static int call_as(lua_State *L, lua_State *co) {
  struct dps *e = dps_engine(L);
  lua_State *outer = e->running;
  if (co) dps_set_running(e, co);
  if (co && e->stopping) dps_arm_stop(co);
  int rc = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  dps_set_running(e, outer);
  if (e->stopping) dps_arm_stop(L);
  return rc == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* coroutine.resume and coroutine.close; upvalue 1 is the library's own. */
static int l_as_coroutine(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  return call_as(L, co);
}

/* Raises what co died of, as the library does: its variables closed, the caller's position before a
 * text. A stopped run closes none (see task.c). */
static int raise_from(lua_State *L, lua_State *co) {
  struct dps *e = dps_engine(L);
  lua_State *outer = e->running;
  if (lua_status(co) > LUA_YIELD && !e->stopping) {
    dps_set_running(e, co);
    lua_resetthread(co);
    dps_set_running(e, outer);
    lua_xmove(co, L, 1);
  }
  if (e->stopping) dps_arm_stop(L);
  if (lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

/* Upvalues: the library's resume, the coroutine. */
static int l_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(2));
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_rotate(L, 1, 2);
  int n = call_as(L, co);
  return lua_toboolean(L, 1) ? n - 1 : raise_from(L, co);
}

static int l_wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, l_wrapped, 2);
  return 1;
}

/* os.exit([code]): true is 0, false is 1. A count of failures that no exit code can hold stays a
 * failure. */
static int l_exit(lua_State *L) {
  lua_Integer code = lua_isboolean(L, 1) ? !lua_toboolean(L, 1) : luaL_optinteger(L, 1, 0);
  dps_stop(dps_engine(L), code < 0 || code > 255 ? 255 : (int)code);
  dps_arm_stop(L);
  return luaL_error(L, "the run was stopped");
}

/* Replaces a library's function by ours, whose upvalue 1 is the library's function `upvalue`. */
static void replace(lua_State *L, const char *library, const char *name, lua_CFunction by,
                    const char *upvalue) {
  lua_getglobal(L, library);
  lua_getfield(L, -1, upvalue);
  lua_pushcclosure(L, by, 1);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

void dps_open_stop(lua_State *L) {
  replace(L, "coroutine", "wrap", l_wrap, "resume");
  replace(L, "coroutine", "resume", l_as_coroutine, "resume");
  replace(L, "coroutine", "close", l_as_coroutine, "close");
  replace(L, "os", "exit", l_exit, "exit");
}
