/* Inside of a task, for task.c and its binding. */
#ifndef DPS_LUA_TASK_H
#define DPS_LUA_TASK_H

#include <stdbool.h>
#include <lua.h>

#include "task.h"

#define DPS_TASK "dps.task"

enum dps_task_state {
  DPS_TASK_WAITING, /* asleep, or not resumed yet */
  DPS_TASK_READY,   /* in the ready list */
  DPS_TASK_RUNNING,
  DPS_TASK_DONE,   /* its results are on its coroutine's stack */
  DPS_TASK_FAILED, /* the error object is */
  DPS_TASK_CANCELLED
};

/* Somebody who waits for a task's end. */
struct dps_join {
  struct dps_wait wait;    /* first */
  struct dps_task *target; /* NULL once it has ended */
  struct dps_join *next;
};

struct dps_task {
  struct dps *engine;
  lua_State *co; /* kept by user value 1 */
  enum dps_task_state state;
  int arguments; /* on co's stack until the first resume */
  bool started, queued;
  bool main; /* a script: its failure is reported at once */
  bool reported;
  bool cancelled;      /* somebody asked for its end */
  bool cancel_pending; /* its next wait ends as cancelled */
  struct dps_wait *wait;
  struct dps_join *joins;
  struct dps_task *next_ready, *next, *previous;
};

void dps_task_cancel(struct dps_task *);
/* Somebody has got a failed task's error: it needs no report at the end. */
void dps_task_seen(lua_State *L, struct dps_task *);
/* Pushes what the stack showed when the task failed. */
void dps_task_push_traceback(lua_State *L, struct dps_task *);
/* Hands a failed task's error and traceback to the reporter (native.on_failure), once; keeps the
 * exit code. */
void dps_task_report(struct dps *, lua_State *L, struct dps_task *);

#endif
