/* The functions of dps.h: one engine, its run, its last error. Everything that touches Lua does so
 * inside a protected call, so that no host sees a panic. */
#include <ctype.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua_task.h"
#include "state.h"

#ifndef DPS_VERSION
#define DPS_VERSION "0.0.0"
#endif

extern char **environ;

/* --- errors --- */

/* The first failure counts; that some rows failed is none beside what ends a script. */
void dps_fail(struct dps *e, int code, const char *message) {
  if (e->exit_code == DPS_DONE || e->exit_code == DPS_ROWS) e->exit_code = code;
  if (message) snprintf(e->error, sizeof e->error, "%s", message);
}

/* [error] -> [error, traceback], for the reporter. */
static int explain(lua_State *L) {
  luaL_traceback(L, L, NULL, 1);
  lua_createtable(L, 2, 0);
  lua_insert(L, 1);
  lua_rawseti(L, 1, 2);
  lua_rawseti(L, 1, 1);
  return 1;
}

/* What a protected call left: explain's pair, or the plain error of one that ran out of memory. */
static void report(struct dps *e, lua_State *L) {
  if (!lua_istable(L, -1)) {
    dps_fail(e, DPS_FAILED, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL);
    return;
  }
  lua_rawgeti(L, -1, 1);
  lua_rawgeti(L, -2, 2);
  dps_report(e, L);
}

/* Runs f(argument) protected, as the running code. */
static int protect(struct dps *e, lua_CFunction f, void *argument) {
  lua_State *L = e->L;
  if (!lua_checkstack(L, 16)) return dps_fail(e, DPS_FAILED, "not enough memory"), DPS_FAILED;
  lua_State *outer = e->running;
  int top = lua_gettop(L);
  if (!outer) lua_sethook(L, NULL, 0, 0); /* also in a stopped run there is something to do */
  dps_set_running(e, L);
  lua_pushcfunction(L, explain);
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, argument);
  int rc = lua_pcall(L, 1, 0, top + 1);
  if (rc != LUA_OK && !e->stopping) report(e, L);
  dps_set_running(e, outer);
  lua_settop(L, top);
  if (rc == LUA_OK) return DPS_DONE;
  return e->stopping ? e->stop_code : e->exit_code;
}

static void push_module(lua_State *L, const char *name) {
  lua_getglobal(L, "require");
  lua_pushstring(L, name);
  lua_call(L, 1, 1);
}

/* --- opening and closing --- */

static int boot(lua_State *L) {
  struct dps *e = lua_touserdata(L, 1);
  dps_state_bind(L, e);
  luaL_openlibs(L);
  dps_state_fill(L);
  dps_open_stop(L);
  push_module(L, "dps");
  lua_setglobal(L, "dps");
  return 0;
}

/* A host that was built with fewer fields says so by its size. */
static struct dps_options whole(const struct dps_options *given) {
  struct dps_options all = {0};
  size_t size = given ? given->size / sizeof(void *) * sizeof(void *) : 0; /* whole fields */
  if (size) memcpy(&all, given, size < sizeof all ? size : sizeof all);
  return all;
}

static bool take_secrets(struct dps_secrets *secrets, const struct dps_options *given) {
  struct dps_options options = whole(given);
  const char *token = options.access_token;
  return (!token || dps_secrets_put(secrets, DPS_SECRET_ACCESS_TOKEN, token)) &&
         dps_secrets_take(secrets, options.secrets) && dps_secrets_take(secrets, (void *)environ);
}

int dps_is_secret(const char *variable) {
  return dps_secret_is_name(variable);
}

static struct dps *engine_new(const struct dps_options *options) {
  struct dps *e = calloc(1, sizeof *e);
  if (!e) return NULL;
  e->loop = dps_loop_new();
  if (e->loop && take_secrets(&e->secrets, options)) return e;
  dps_close(&e);
  return NULL;
}

dps *dps_open(const struct dps_options *options) {
  struct dps *e = engine_new(options);
  if (!e) return NULL;
  e->L = luaL_newstate();
  if (!e->L) return dps_close(&e), NULL;
  if (protect(e, boot, e) != DPS_DONE) dps_close(&e);
  return e;
}

static int end_tasks(lua_State *L) {
  dps_tasks_end(lua_touserdata(L, 1), L);
  return 0;
}

static void engine_free(struct dps *e) {
  dps_loop_free(e->loop);
  dps_secrets_clear(&e->secrets);
  free(e);
}

/* Tasks first, so that their variables close; then Lua, whose finalizers may still cancel
 * transfers; then the loop. */
void dps_close(dps **engine) {
  struct dps *e = *engine;
  *engine = NULL;
  if (!e) return;
  e->closing = true;
  if (e->L) {
    protect(e, end_tasks, e);
    lua_close(e->L);
  }
  engine_free(e);
}

/* --- loading --- */

struct load {
  const char *path, *code, *name;
  size_t len;
  int argc;
  char *const *argv;
};

static void spawn_main(lua_State *L, int n) {
  dps_task_spawn(L, n)->main = true;
}

/* [load] -> require("dps.script").load or .compile gives the chunk; what it raises is reported like
 * a script's own failure. */
static int load_script(lua_State *L) {
  const struct load *load = lua_touserdata(L, 1);
  push_module(L, "dps.script");
  lua_getfield(L, -1, load->path ? "load" : "compile");
  lua_pushstring(L, load->path ? load->path : load->name);
  if (load->path)
    lua_newtable(L);
  else
    lua_pushlstring(L, load->code, load->len);
  for (int i = 0; i < load->argc; i++) {
    lua_pushstring(L, load->argv[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_call(L, 2, 1);
  luaL_checkstack(L, load->argc + 4, "too many arguments");
  for (int i = 0; i < load->argc; i++)
    lua_pushstring(L, load->argv[i]);
  spawn_main(L, load->argc);
  return 0;
}

/* Where nothing lives, a load begins a new run. A stop that came before it is still to be obeyed.
 */
static void begin(struct dps *e) {
  if (e->tasks.alive) return;
  e->exit_code = DPS_DONE;
  e->error[0] = '\0';
  e->abandoned = 0;
  e->unanswered[0] = '\0';
}

int dps_load(dps *e, const char *path, int argc, char *const argv[]) {
  struct load load = {.path = path, .argc = argc, .argv = argv};
  begin(e);
  return protect(e, load_script, &load);
}

int dps_eval(dps *e, const char *code, size_t len, const char *name) {
  struct load load = {.code = code, .len = len, .name = name ? name : "script"};
  begin(e);
  return protect(e, load_script, &load);
}

/* --- running --- */

void dps_abandon(struct dps *e, const char *operation, const char *name) {
  char *at = e->unanswered + strlen(e->unanswered);
  size_t room = sizeof e->unanswered - (size_t)(at - e->unanswered);
  int n = snprintf(at, room, "\n  %s %s", operation ? operation : "a write", name ? name : "");
  e->abandoned++;
  if (n < 0 || (size_t)n >= room) *at = '\0'; /* what does not fit whole is counted only */
  for (char *c = at; *c; c++)
    if (c > at && iscntrl((unsigned char)*c)) *c = '?';
}

/* The stop is over with the run that it ended. An offer that was on its way may exist now: somebody
 * should look. */
static void end_stopped(struct dps *e, lua_State *L) {
  dps_tasks_end(e, L);
  e->exit_code = e->stop_code;
  e->stopping = 0;
  dps_stopped(L);
  if (e->exit_code != DPS_DONE) snprintf(e->error, sizeof e->error, "stopped");
  if (!e->abandoned) return;
  snprintf(
      e->error, sizeof e->error,
      "stopped while %zu write%s unanswered: look whether the service carried out what was sent%s",
      e->abandoned, e->abandoned == 1 ? " was" : "s were", e->unanswered);
}

static int finish_run(lua_State *L) {
  struct dps *e = lua_touserdata(L, 1);
  if (e->stopping) end_stopped(e, L);
  dps_tasks_report(e, L);
  return 0;
}

static int run(lua_State *L) {
  struct dps *e = lua_touserdata(L, 1);
  while (e->tasks.alive && !e->stopping)
    dps_tasks_turn(e, L, -1);
  return 0;
}

int dps_run(dps *e) {
  protect(e, run, e);
  protect(e, finish_run, e);
  return e->exit_code;
}

struct step {
  struct dps *engine;
  int timeout_ms;
};

static int step(lua_State *L) {
  struct step *s = lua_touserdata(L, 1);
  dps_tasks_turn(s->engine, L, s->timeout_ms);
  return 0;
}

int dps_step(dps *e, int timeout_ms) {
  struct step s = {e, timeout_ms};
  int rc = protect(e, step, &s);
  if (e->stopping || !e->tasks.alive) protect(e, finish_run, e);
  return rc == DPS_DONE ? (int)e->tasks.alive : -1;
}

int dps_fd(const dps *e) {
  return dps_loop_fd(e->loop);
}

int dps_timeout(dps *e) {
  bool due = e->tasks.ready || e->stopping || (e->tasks.alive && !dps_loop_alive(e->loop));
  int64_t ms = due ? 0 : dps_loop_timeout(e->loop);
  return ms > 1 << 30 ? 1 << 30 : (int)ms;
}

/* --- the command line --- */

/* require("dps.cli").main(argv) -> exit code, or a function that becomes the main task. */
static int call_cli(lua_State *L) {
  const struct load *load = lua_touserdata(L, 1);
  struct dps *e = dps_engine(L);
  push_module(L, "dps.cli");
  lua_getfield(L, -1, "main");
  lua_createtable(L, load->argc, 0);
  for (int i = 1; i < load->argc; i++) {
    lua_pushstring(L, load->argv[i]);
    lua_rawseti(L, -2, i);
  }
  lua_call(L, 1, 1);
  if (lua_isfunction(L, -1))
    spawn_main(L, 0);
  else
    e->exit_code = (int)lua_tointeger(L, -1);
  return 0;
}

int dps_cli(dps *e, int argc, char *const argv[]) {
  struct load load = {.argc = argc, .argv = argv};
  begin(e);
  protect(e, call_cli, &load);
  return e->tasks.alive || e->stopping ? dps_run(e) : e->exit_code;
}

/* --- the rest --- */

int dps_exit_code(const dps *e) {
  return e->exit_code;
}

const char *dps_error(const dps *e) {
  return e->error;
}

struct lua_State *dps_lua(dps *e) {
  return e->L;
}

const char *dps_version(void) {
  return DPS_VERSION;
}

/* --- as a module of a stock Lua --- */

static int m_gc(lua_State *L) {
  struct dps **box = lua_touserdata(L, 1);
  struct dps *e = *box;
  *box = NULL;
  if (!e) return 0;
  e->closing = true;
  dps_tasks_end(e, L);
  dps_state_bind(L, NULL);
  engine_free(e);
  return 0;
}

/* The box is made first and so finalized last, after every client and server of this engine. A
 * state that has one keeps it: its clients would not survive another. */
void dps_engine_attach(lua_State *L) {
  static const char box_key = 'b';
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &box_key) == LUA_TUSERDATA) return;
  struct dps **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, m_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &box_key);
  *box = engine_new(NULL);
  if (!*box) luaL_error(L, "not enough memory for a dps engine");
  dps_state_bind(L, *box);
  dps_state_fill(L);
}
