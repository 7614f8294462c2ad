/* dps.native: spawn, sleep, and the methods of a task. Thin: the scheduler is task.c, and Lua turns
 * outcomes into errors (lua/dps/task.lua). */
#include "lua_task.h"

#include <lauxlib.h>
#include <math.h>

#include "state.h"

#define SLEEP "dps.sleep"
#define JOIN "dps.join"

static const char reporter_key = 'r';
static const char stopped_key = 's';

/* --- sleep --- */

struct sleep {
  struct dps_timer timer; /* first */
  struct dps_wait wait;
  struct dps_loop *loop;
};

static void on_time(struct dps_timer *timer) {
  struct sleep *sleep = (struct sleep *)timer;
  dps_wait_done(&sleep->wait);
}

static void cancel_sleep(struct dps_wait *wait) {
  struct sleep *sleep = (struct sleep *)((char *)wait - offsetof(struct sleep, wait));
  dps_timer_stop(sleep->loop, &sleep->timer);
}

static int m_sleep_gc(lua_State *L) {
  struct sleep *sleep = lua_touserdata(L, 1);
  dps_wait_forget(&sleep->wait);
  if (sleep->loop) dps_timer_stop(sleep->loop, &sleep->timer);
  return 0;
}

static int k_sleep(lua_State *L, int status, lua_KContext context) {
  struct sleep *sleep = lua_touserdata(L, 2);
  (void)status, (void)context;
  lua_pushboolean(L, sleep->wait.done);
  return 1;
}

/* native.sleep(seconds) -> true, or false when cancelled. At least that long; 0 lets others run. */
static int l_sleep(lua_State *L) {
  lua_Number seconds = luaL_checknumber(L, 1);
  luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, 1, "seconds must be between 0 and 1e9");
  lua_settop(L, 1);
  struct sleep *sleep = lua_newuserdatauv(L, sizeof *sleep, 0);
  *sleep = (struct sleep){.timer.fire = on_time, .wait.cancel = cancel_sleep};
  luaL_setmetatable(L, SLEEP);
  sleep->loop = dps_engine_loop(L);
  int64_t ms = seconds > 0 ? (int64_t)ceil(seconds * 1000) + 1 : 0;
  if (!dps_timer_start(sleep->loop, &sleep->timer, ms)) return luaL_error(L, "not enough memory");
  return dps_task_await(L, &sleep->wait, k_sleep);
}

/* --- tasks --- */

static struct dps_task *check_task(lua_State *L, int i) {
  return luaL_checkudata(L, i, DPS_TASK);
}

/* native.spawn(f, ...) -> task; it starts at the next turn. */
static int l_spawn(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  dps_task_spawn(L, lua_gettop(L) - 1);
  return 1;
}

static int push_results(lua_State *L, struct dps_task *task) {
  int n = lua_gettop(task->co);
  lua_pushliteral(L, "done");
  luaL_checkstack(L, n, "too many results of a task");
  if (!lua_checkstack(task->co, n)) luaL_error(L, "too many results of a task");
  for (int i = 1; i <= n; i++)
    lua_pushvalue(task->co, i);
  lua_xmove(task->co, L, n);
  return n + 1;
}

static int push_outcome(lua_State *L, struct dps_task *task) {
  if (task->state == DPS_TASK_DONE) return push_results(L, task);
  if (task->state == DPS_TASK_CANCELLED) return lua_pushliteral(L, "cancelled"), 1;
  dps_task_seen(L, task);
  lua_pushliteral(L, "failed");
  lua_pushvalue(task->co, -1);
  lua_xmove(task->co, L, 1);
  return 2;
}

static void leave(struct dps_join *join) {
  if (!join->target) return;
  struct dps_join **at = &join->target->joins;
  while (*at && *at != join)
    at = &(*at)->next;
  if (*at) *at = join->next;
  join->target = NULL;
}

static void cancel_join(struct dps_wait *wait) {
  leave((struct dps_join *)wait);
}

static int m_join_gc(lua_State *L) {
  struct dps_join *join = lua_touserdata(L, 1);
  dps_wait_forget(&join->wait);
  leave(join);
  return 0;
}

static int k_wait(lua_State *L, int status, lua_KContext context) {
  struct dps_join *join = lua_touserdata(L, 2);
  (void)status, (void)context;
  if (join->wait.done) return push_outcome(L, lua_touserdata(L, 1));
  lua_pushstring(L, join->wait.deadlock ? "deadlock" : "interrupted");
  return 1;
}

/* native.task_wait(task) -> "done", results... | "failed", error | "cancelled" (it was) |
 * "interrupted" (the caller was) | "deadlock" (it waits for its own end, through whatever chain).
 */
static int l_task_wait(lua_State *L) {
  struct dps_task *task = check_task(L, 1);
  lua_settop(L, 1);
  struct dps_join *join = lua_newuserdatauv(L, sizeof *join, 1);
  *join = (struct dps_join){.wait = {.cancel = cancel_join, .needs_tasks = true}};
  luaL_setmetatable(L, JOIN);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 2, 1);
  /* Only now: to make the join may run a finalizer that waits until the task has ended. */
  if (task->state >= DPS_TASK_DONE) return push_outcome(L, task);
  join->target = task;
  join->next = task->joins;
  task->joins = join;
  return dps_task_await(L, &join->wait, k_wait);
}

/* native.task_cancel(task): its wait, now or the next one, ends as cancelled. */
static int l_task_cancel(lua_State *L) {
  dps_task_cancel(check_task(L, 1));
  return 0;
}

static int m_task_tostring(lua_State *L) {
  static const char *const names[] = {"waiting", "ready", "running", "done", "failed", "cancelled"};
  struct dps_task *task = check_task(L, 1);
  lua_pushfstring(L, "task (%s)", names[task->state]);
  return 1;
}

/* --- failures nobody caught --- */

/* native.on_failure(f): f(error, traceback) -> exit code, message. */
static int l_on_failure(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &reporter_key);
  return 0;
}

/* native.on_stop(f): f() is called when a stop has ended every task, where nothing can wait any
 * more. */
static int l_on_stop(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &stopped_key);
  return 0;
}

void dps_stopped(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &stopped_key) == LUA_TFUNCTION && !lua_pcall(L, 0, 0, 0))
    return;
  lua_pop(L, 1);
}

/* native.exit_code(code): what the run comes to when nothing in it fails worse. */
static int l_exit_code(lua_State *L) {
  lua_Integer code = luaL_checkinteger(L, 1);
  luaL_argcheck(L, code > 0 && code < 128, 1, "an exit code from 1 to 127");
  dps_fail(dps_engine(L), (int)code, NULL);
  return 0;
}

/* Without one: the words only, nothing printed. */
static void push_reporter(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &reporter_key) == LUA_TFUNCTION) return;
  lua_pop(L, 1);
  luaL_loadstring(L, "return require('dps.report').describe(...)");
}

/* Raises nothing: a number is not made a string, and whatever the reporter says it is a failure. */
void dps_report(struct dps *e, lua_State *L) {
  int top = lua_gettop(L) - 2;
  push_reporter(L);
  lua_insert(L, top + 1);
  int rc = lua_pcall(L, 2, 2, 0);
  int code = rc == LUA_OK ? (int)lua_tointeger(L, -2) : DPS_FAILED;
  bool worded = lua_type(L, -1) == LUA_TSTRING;
  dps_fail(e, code ? code : DPS_FAILED, worded ? lua_tostring(L, -1) : "an error without words");
  lua_settop(L, top);
}

void dps_task_report(struct dps *e, lua_State *L, struct dps_task *task) {
  luaL_checkstack(L, 8, NULL);
  task->reported = true;
  lua_pushvalue(task->co, -1);
  lua_xmove(task->co, L, 1);
  dps_task_push_traceback(L, task);
  dps_report(e, L);
}

/* --- registration --- */

static const luaL_Reg functions[] = {{"spawn", l_spawn},           {"sleep", l_sleep},
                                     {"task_wait", l_task_wait},   {"task_cancel", l_task_cancel},
                                     {"on_failure", l_on_failure}, {"on_stop", l_on_stop},
                                     {"exit_code", l_exit_code},   {NULL, NULL}};

static void new_metatable(lua_State *L, const char *name, lua_CFunction gc) {
  luaL_newmetatable(L, name);
  lua_pushcfunction(L, gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
}

/* native.task_methods is the table in which Lua puts what a script may call on a task. */
static void task_metatable(lua_State *L) {
  luaL_newmetatable(L, DPS_TASK);
  lua_pushcfunction(L, m_task_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__index");
  lua_remove(L, -2);
}

void dps_open_task(lua_State *L) {
  new_metatable(L, SLEEP, m_sleep_gc);
  new_metatable(L, JOIN, m_join_gc);
  task_metatable(L);
  lua_setfield(L, -2, "task_methods");
  luaL_setfuncs(L, functions, 0);
}
