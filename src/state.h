/* What the parts of one engine share. Not installed; hosts see dps.h. */
#ifndef DPS_STATE_H
#define DPS_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <lua.h>

#include "dps.h"
#include "loop.h"
#include "secret_named.h"
#include "task.h"

struct dps {
  lua_State *L; /* the main state; NULL in a module of somebody else's Lua */
  struct dps_loop *loop;
  struct dps_tasks tasks;
  struct dps_secrets secrets; /* by name, as the run was given them */
  /* Atomic, for dps_stop in another thread: whoever sets its own first sees the other's. */
  lua_State *_Atomic running; /* the coroutine that executes now, for the stop hook */
  atomic_int arming;          /* threads inside dps_stop that may touch what `running` was */
  atomic_int stopping;        /* dps_stop was called; stays until the run has ended */
  atomic_int stop_code;
  bool closing;          /* waits end at once as cancelled */
  size_t abandoned;      /* writes that were cancelled after they had been sent */
  char unanswered[1024]; /* the first of them, a line each */
  int exit_code;
  char error[2048];
};

/* The engine that L belongs to. Raises when there is none. */
struct dps *dps_engine(lua_State *L);
/* The same; NULL when there is none, as in the local library's state. */
struct dps *dps_engine_or_null(lua_State *L);
struct dps_loop *dps_engine_loop(lua_State *L);

/* L executes from now on; NULL: nothing does. Returns when no dps_stop in another thread can still
 * mean the coroutine before, which may end now. */
void dps_set_running(struct dps *, lua_State *L);

/* Sets L's hook so that its next instruction ends it; see dps_stop. */
void dps_arm_stop(lua_State *L);

/* Counts a write that was sent and will get no answer; operation and name may be NULL. */
void dps_abandon(struct dps *, const char *operation, const char *name);
/* Keeps the first failure's exit code, and its words. */
void dps_fail(struct dps *, int code, const char *message);
/* [..., error, traceback] -> [...]: asks the reporter (native.on_failure) for exit code and words,
 * and keeps them. */
void dps_report(struct dps *, lua_State *L);

/* Calls what native.on_stop was given; what it raises is dropped. */
void dps_stopped(lua_State *L);

/* A Lua state with the standard libraries, the embedded sources and `dps.native` without http,
 * tasks and serve: the local library's. Ended with lua_close. NULL, with words, on failure. */
lua_State *dps_state_bare(char *error, size_t len);

/* Puts into L what scripts can require: the embedded sources, cjson, and `dps.native` with
 * everything. */
void dps_state_fill(lua_State *L);
/* Makes e the engine of L; NULL: none any more. */
void dps_state_bind(lua_State *L, struct dps *e);

/* Makes an engine for a Lua state that somebody else owns; it ends with that state. */
void dps_engine_attach(lua_State *L);

/* Bindings: each adds its functions to the native table on top of the stack. */
void dps_open_os(lua_State *L);
void dps_open_json(lua_State *L);
void dps_open_csv(lua_State *L);
void dps_open_date(lua_State *L);
void dps_open_sqlite(lua_State *L);
void dps_open_regex(lua_State *L);
void dps_open_secret(lua_State *L);
void dps_open_token(lua_State *L);
/* To be opened after dps_open_secret, and never where scripts run. */
void dps_open_secret_match(lua_State *L);
void dps_open_task(lua_State *L);
void dps_open_http(lua_State *L);
void dps_open_serve(lua_State *L);
void dps_open_sign(lua_State *L);
/* Replaces coroutine.resume, coroutine.wrap and os.exit by ones that know how to stop. */
void dps_open_stop(lua_State *L);

#endif
