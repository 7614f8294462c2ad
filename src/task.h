/* Script tasks: coroutines over the loop. The only lua_resume is in task.c.
 *
 * A C function that must wait embeds a struct dps_wait in a userdata, starts what it waits for, and
 * ends with `return dps_task_await(L, &op->wait, k)`. Where Lua can yield to the loop it yields;
 * where it cannot (main state, a coroutine of the user's, table.sort, string.gsub, require, __gc)
 * it turns the loop until the wait is over: such a blocking call resumes no script task, but
 * everything else goes on. Either way k runs next, on the same stack. */
#ifndef DPS_TASK_H
#define DPS_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <lua.h>

struct dps;
struct dps_task;

struct dps_wait {
  bool done;             /* what was waited for has happened */
  bool deadlock;         /* it never will: nothing is left that could make it happen */
  bool needs_tasks;      /* only a script task can end it, so a blocking wait resumes those too */
  struct dps_task *task; /* who sleeps on it; NULL while nobody does */
  lua_KFunction k;       /* task.c's */
  void (*cancel)(struct dps_wait *); /* stops the operation; done stays false */
};

/* Every task of an engine. Zeroed is empty. */
struct dps_tasks {
  struct dps_task *first; /* alive */
  struct dps_task *ready, **ready_end;
  struct dps_task *current; /* the one being resumed; NULL in the main state */
  size_t alive;
};

/* Marks a wait as over and its task runnable. Called from loop callbacks; touches no Lua. */
void dps_wait_done(struct dps_wait *);

/* Must be called before the operation's memory goes, from its __gc: a script may have closed the
 * coroutine that slept. */
void dps_wait_forget(struct dps_wait *);

/* Waits, then runs k(L, LUA_YIELD, 0), where !wait->done means cancelled. The operation must stay
 * anchored on L's stack. */
int dps_task_await(lua_State *L, struct dps_wait *, lua_KFunction k);

/* Makes a task of the function and its n arguments on top of L's stack, and replaces them by its
 * userdata. */
struct dps_task *dps_task_spawn(lua_State *L, int n);

/* Resumes every task that is ready now, each once, then turns the loop for at most max_wait_ms. */
void dps_tasks_turn(struct dps *, lua_State *L, int max_wait_ms);
/* Ends every task: cancels its wait, and closes its variables but for a stopped run. */
void dps_tasks_end(struct dps *, lua_State *L);
/* Reports the failed tasks that nobody waited for. */
void dps_tasks_report(struct dps *, lua_State *L);

#endif
