/* Tasks: spawn, resume, wait, end. See task.h.
 *
 * A task is a userdata that owns its coroutine (user value 1); while it lives, or has failed
 * unseen, a registry table anchors it. Lists are intrusive and popped one at a time, because a
 * resume may run another turn. */
#include "task.h"

#include <lauxlib.h>
#include <string.h>

#include "lua_task.h"
#include "state.h"

/* --- lists --- */

static void make_ready(struct dps *e, struct dps_task *task) {
  struct dps_tasks *tasks = &e->tasks;
  if (task->queued || task->state != DPS_TASK_WAITING) return;
  task->state = DPS_TASK_READY;
  task->queued = true;
  task->next_ready = NULL;
  if (!tasks->ready) tasks->ready_end = &tasks->ready;
  *tasks->ready_end = task;
  tasks->ready_end = &task->next_ready;
}

/* There must be one. */
static struct dps_task *pop_ready(struct dps_tasks *tasks) {
  struct dps_task *task = tasks->ready;
  tasks->ready = task->next_ready;
  task->queued = false;
  return task;
}

static void link_alive(struct dps_tasks *tasks, struct dps_task *task) {
  task->next = tasks->first;
  if (task->next) task->next->previous = task;
  tasks->first = task;
  tasks->alive++;
}

static void unlink_alive(struct dps_tasks *tasks, struct dps_task *task) {
  if (task->previous) task->previous->next = task->next;
  if (task->next) task->next->previous = task->previous;
  if (tasks->first == task) tasks->first = task->next;
  task->next = task->previous = NULL;
  tasks->alive--;
}

/* --- anchors --- */

static const char anchors_key = 'a';

static void push_anchors(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &anchors_key) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &anchors_key);
}

/* Anchors the userdata on top of the stack, or frees it from its anchor when that is nil. */
static void set_anchor(lua_State *L, struct dps_task *task) {
  push_anchors(L);
  lua_insert(L, -2);
  lua_rawsetp(L, -2, task);
  lua_pop(L, 1);
}

static void drop_anchor(lua_State *L, struct dps_task *task) {
  lua_pushnil(L);
  set_anchor(L, task);
}

void dps_task_seen(lua_State *L, struct dps_task *task) {
  task->reported = true;
  drop_anchor(L, task);
}

/* --- life of one task --- */

struct dps_task *dps_task_spawn(lua_State *L, int n) {
  struct dps *e = dps_engine(L);
  luaL_checkstack(L, 8, NULL);
  struct dps_task *task = lua_newuserdatauv(L, sizeof *task, 2);
  memset(task, 0, sizeof *task);
  luaL_setmetatable(L, DPS_TASK);
  task->engine = e;
  task->state = DPS_TASK_WAITING;
  task->arguments = n;
  task->co = lua_newthread(L);
  lua_setiuservalue(L, -2, 1);
  lua_insert(L, -n - 2);
  if (!lua_checkstack(task->co, n + 1)) luaL_error(L, "too many arguments for a task");
  lua_xmove(L, task->co, n + 1);
  lua_pushvalue(L, -1);
  set_anchor(L, task);
  link_alive(&e->tasks, task);
  make_ready(e, task);
  return task;
}

static void wake_joins(struct dps_task *task) {
  for (struct dps_join *join; (join = task->joins);) {
    task->joins = join->next;
    join->target = NULL;
    dps_wait_done(&join->wait);
  }
}

void dps_task_push_traceback(lua_State *L, struct dps_task *task) {
  push_anchors(L);
  lua_rawgetp(L, -1, task);
  lua_getiuservalue(L, -1, 2);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* --- running --- */

/* What runs now, to come back to. */
struct outer {
  struct dps_task *current;
  lua_State *running;
};

static struct outer enter(struct dps *e, struct dps_task *task) {
  struct outer outer = {e->tasks.current, e->running};
  e->tasks.current = task;
  dps_set_running(e, task->co);
  if (e->stopping) dps_arm_stop(task->co);
  return outer;
}

static void leave(struct dps *e, struct outer outer) {
  dps_set_running(e, outer.running);
  e->tasks.current = outer.current;
  if (e->stopping && outer.running) dps_arm_stop(outer.running);
}

/* Closes what the coroutine left open, as the task's own code: it may wait, and a stop reaches it.
 * Raises nothing. */
static int close_variables(struct dps *e, struct dps_task *task) {
  struct outer outer = enter(e, task);
  task->state = DPS_TASK_RUNNING;
  int rc = lua_resetthread(task->co);
  leave(e, outer);
  return rc;
}

/* [task] -> []: user value 2 becomes what the stack shows now. */
static int keep_traceback(lua_State *L) {
  struct dps_task *task = lua_touserdata(L, 1);
  push_anchors(L);
  lua_rawgetp(L, -1, task);
  luaL_traceback(L, task->co, NULL, 0);
  lua_setiuservalue(L, -2, 2);
  return 0;
}

/* The error stays on top of the coroutine's stack, also where it was not even resumed because C's
 * stack is full. Raises nothing. */
static void keep_failure(struct dps *e, lua_State *L, struct dps_task *task) {
  lua_pushcfunction(L, keep_traceback);
  lua_pushlightuserdata(L, task);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) lua_pop(L, 1);
  lua_xmove(task->co, L, 1);
  lua_pushvalue(L, -1);
  lua_xmove(L, task->co, 1);
  if (close_variables(e, task) == LUA_OK)
    lua_xmove(L, task->co, 1);
  else
    lua_pop(L, 1);
}

/* Lists and waiters first: the report may raise. */
static void end(struct dps *e, lua_State *L, struct dps_task *task, enum dps_task_state state) {
  bool failed = state == DPS_TASK_FAILED;
  bool unseen = failed && !task->joins;
  unlink_alive(&e->tasks, task);
  task->state = state;
  wake_joins(task);
  if (failed && task->main) dps_task_report(e, L, task);
  if (!unseen || task->reported) drop_anchor(L, task);
}

/* A stopped run closes no variables: the stop ends every handler at its first instruction, and no
 * hook reaches the handlers of a coroutine that died inside of one. */
static void finish(struct dps *e, lua_State *L, struct dps_task *task, int rc) {
  bool cancelled = task->cancelled;
  if (rc != LUA_OK && !e->stopping) keep_failure(e, L, task);
  cancelled = cancelled || e->stopping;
  end(e, L, task, rc == LUA_OK ? DPS_TASK_DONE : cancelled ? DPS_TASK_CANCELLED : DPS_TASK_FAILED);
}

static void forget_wait(struct dps_task *task) {
  if (task->wait) task->wait->task = NULL;
  task->wait = NULL;
}

static void resume(struct dps *e, lua_State *L, struct dps_task *task) {
  int arguments = task->started ? 0 : task->arguments;
  int results = 0;
  task->state = DPS_TASK_RUNNING;
  task->started = true;
  forget_wait(task);
  struct outer outer = enter(e, task);
  int rc = lua_resume(task->co, L, arguments, &results);
  leave(e, outer);
  if (rc != LUA_YIELD) {
    finish(e, L, task, rc);
    return;
  }
  task->state = DPS_TASK_WAITING;
  if (!task->wait) lua_pop(task->co, results); /* a plain coroutine.yield: the others' turn */
  if (!task->wait || task->wait->done) make_ready(e, task);
}

/* False when it was cancelled before its first instruction, and when a script got hold of its
 * coroutine and has resumed or closed it. */
static bool can_resume(const struct dps_task *task) {
  return task->started ? lua_status(task->co) == LUA_YIELD : !task->cancelled;
}

static void step(struct dps *e, lua_State *L, struct dps_task *task) {
  if (can_resume(task)) {
    resume(e, L, task);
    return;
  }
  forget_wait(task);
  end(e, L, task, DPS_TASK_CANCELLED);
}

/* --- waiting --- */

void dps_wait_done(struct dps_wait *wait) {
  wait->done = true;
  if (wait->task) make_ready(wait->task->engine, wait->task);
}

void dps_wait_forget(struct dps_wait *wait) {
  struct dps_task *task = wait->task;
  if (!task) return;
  forget_wait(task);
  make_ready(task->engine, task);
}

static bool take_cancel(struct dps_task *task) {
  bool pending = task && task->cancel_pending;
  if (pending) task->cancel_pending = false;
  return pending;
}

static void resume_ready(struct dps *e, lua_State *L) {
  size_t n = 0;
  for (struct dps_task *task = e->tasks.ready; task; task = task->next_ready)
    n++;
  for (; n > 0 && e->tasks.ready; n--) {
    luaL_checkstack(L, 8, NULL); /* raises while the task is still in the list */
    step(e, L, pop_ready(&e->tasks));
  }
}

/* Ends a sleeping task's wait early; its continuation finds the wait not done. */
static void interrupt(struct dps_task *task) {
  task->wait->cancel(task->wait);
  make_ready(task->engine, task);
}

static struct dps_task *target_of(const struct dps_wait *wait) {
  return wait && wait->needs_tasks ? ((const struct dps_join *)wait)->target : NULL;
}

/* Where nothing can happen any more, tasks wait for each other in a ring. Follows who waits for
 * whom until it must be inside of it, and ends that one wait. False: the chain from this task leads
 * to no ring. */
static bool break_ring(struct dps *e, struct dps_task *task) {
  for (size_t i = 0; task && i <= e->tasks.alive; i++)
    task = task->state == DPS_TASK_WAITING ? target_of(task->wait) : NULL;
  if (!task) return false;
  task->wait->deadlock = true;
  interrupt(task);
  return true;
}

/* Turns the loop until the wait is over. */
static void block(struct dps *e, lua_State *L, struct dps_wait *wait, struct dps_task *self) {
  while (!wait->done && !e->stopping && !take_cancel(self)) {
    if (wait->needs_tasks) resume_ready(e, L);
    if (wait->done) return;
    bool busy = wait->needs_tasks && e->tasks.ready;
    if (!busy && !dps_loop_alive(e->loop)) {
      if (break_ring(e, target_of(wait))) continue;
      wait->deadlock = true;
      return;
    }
    dps_loop_turn(e->loop, busy ? 0 : -1);
  }
}

/* A script that resumes the coroutine of a sleeping task itself does not wake the task. */
static int k_await(lua_State *L, int status, lua_KContext context) {
  struct dps_wait *wait = (struct dps_wait *)context;
  if (wait->task) return lua_yieldk(L, 0, context, k_await);
  return wait->k(L, status, 0);
}

int dps_task_await(lua_State *L, struct dps_wait *wait, lua_KFunction k) {
  struct dps *e = dps_engine(L);
  struct dps_task *self = e->tasks.current;
  bool own = self && self->co == L;
  if (!wait->done && !e->closing && !take_cancel(own ? self : NULL)) {
    if (own && lua_isyieldable(L)) {
      self->wait = wait;
      wait->task = self;
      wait->k = k;
      return lua_yieldk(L, 0, (lua_KContext)wait, k_await);
    }
    block(e, L, wait, self);
  }
  if (!wait->done) wait->cancel(wait);
  return k(L, LUA_YIELD, 0);
}

void dps_task_cancel(struct dps_task *task) {
  if (task->state > DPS_TASK_RUNNING) return;
  task->cancelled = true;
  if (task->state == DPS_TASK_WAITING && task->wait)
    interrupt(task);
  else if (task->started)
    task->cancel_pending = true;
}

/* --- all of them --- */

/* Also with nothing left to do: what made the loop's descriptor ready must be taken. */
void dps_tasks_turn(struct dps *e, lua_State *L, int max_wait_ms) {
  if (!e->stopping) resume_ready(e, L);
  bool over = !e->tasks.alive || e->stopping;
  if (!over && !e->tasks.ready && !dps_loop_alive(e->loop)) break_ring(e, e->tasks.first);
  dps_loop_turn(e->loop, over || e->tasks.ready ? 0 : max_wait_ms);
}

/* Handlers may spawn tasks and make others ready: the ready list is emptied each time, because what
 * is in it may be freed as soon as it has ended. A task that runs now is the caller's caller. */
void dps_tasks_end(struct dps *e, lua_State *L) {
  for (struct dps_task *task; (task = e->tasks.first);) {
    e->tasks.ready = NULL;
    if (task->state == DPS_TASK_WAITING && task->wait) task->wait->cancel(task->wait);
    forget_wait(task);
    if (!e->stopping && task->state != DPS_TASK_RUNNING) close_variables(e, task);
    end(e, L, task, DPS_TASK_CANCELLED);
  }
  e->tasks.ready = NULL;
}

/* A report may run Lua, so the walk starts again after each. */
void dps_tasks_report(struct dps *e, lua_State *L) {
  struct dps_task *task;
  do {
    task = NULL;
    push_anchors(L);
    for (lua_pushnil(L); !task && lua_next(L, -2);) {
      task = lua_touserdata(L, -1);
      lua_pop(L, 1);
      if (task->state != DPS_TASK_FAILED) task = NULL;
    }
    lua_settop(L, task ? lua_gettop(L) - 2 : lua_gettop(L) - 1);
    if (task) {
      dps_task_report(e, L, task);
      drop_anchor(L, task);
    }
  } while (task);
}
