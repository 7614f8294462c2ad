/* dps: a Lua-scriptable engine for Adobe's Offer Library. The embedding API.
 *
 * One `dps` is one Lua state, one event loop and its connections. It belongs to one thread; only
 * dps_stop may be called from elsewhere. C functions that a script calls may load, stop and ask,
 * but not run, step or close. Every call runs Lua in protected mode: no host ever sees a panic.
 * Functions that return int return 0 for success or an exit code (see dps_exit_code); dps_error
 * then has the words.
 *
 * A run begins with the first dps_load, dps_eval or dps_cli while no task lives, and ends when none
 * lives any more or the run is stopped. Exit code and error are those of this run, or of the last.
 * So one engine can run scripts one after the other, also after a failure or a stop; they share
 * globals and modules.
 *
 *   dps *engine = dps_open(NULL);
 *   if (engine && dps_load(engine, "campaign.lua", 0, NULL) == 0) dps_run(engine);
 *   int code = engine ? dps_exit_code(engine) : 1;
 *   dps_close(&engine);
 */
#ifndef DPS_H
#define DPS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DPS_API __attribute__((visibility("default")))
#else
#define DPS_API
#endif

struct lua_State;
typedef struct dps dps;

/* Exit codes: what a run comes to. */
enum dps_exit {
  DPS_DONE = 0,         /* done */
  DPS_FAILED = 1,       /* the script or a call failed */
  DPS_USAGE = 2,        /* usage, settings, or refused by dps itself */
  DPS_ROWS = 3,         /* some rows failed or their fate is unknown */
  DPS_INVALID = 4,      /* an uncaught `invalid`, or findings of `dps check` */
  DPS_DIFFERENT = 5,    /* a signature that `dps verify` finds invalid */
  DPS_LIMIT = 6,        /* a limit was reached */
  DPS_INTERRUPTED = 130 /* interrupted, as by Ctrl-C */
};

/* Zero means default everywhere. */
struct dps_options {
  size_t size;              /* sizeof(struct dps_options): lets fields be added */
  const char *access_token; /* bearer token, copied; NULL: the environment's DPS_ACCESS_TOKEN */
  /* "DPS_CLIENT_SECRET=value" and so on, NULL at the end, copied: each goes before the
   * environment's variable of that name, and an empty value says that there is none. For
   * dps_is_secret's names. */
  const char *const *secrets;
};

/* Nonzero for the name of an environment variable that holds a secret ("NAME", or "NAME=value" as
 * in environ): DPS_ACCESS_TOKEN, DPS_CLIENT_SECRET, DPS_SIGN_PASSPHRASE, and all that begin with
 * DPS_SECRET_. dps_open copies them; a host that owns its environment takes them out afterwards,
 * before a script can look. */
DPS_API int dps_is_secret(const char *variable);

/* NULL only when memory or descriptors ran out. options may be NULL. */
DPS_API dps *dps_open(const struct dps_options *options);
/* Cancels what still runs, ends Lua, then the connections; nulls the pointer. NULL is fine. */
DPS_API void dps_close(dps **engine);

/* Makes the file (text only) the next task; "-" is standard input. argv is what the script sees as
 * arg[1..argc] and `...`. Several loads before one run are several tasks, which start in this
 * order. */
DPS_API int dps_load(dps *engine, const char *path, int argc, char *const argv[]);
/* The same for text in memory; name appears in messages (NULL: "script"). */
DPS_API int dps_eval(dps *engine, const char *code, size_t len, const char *name);
/* Turns the loop until no task lives. Returns dps_exit_code. */
DPS_API int dps_run(dps *engine);
/* One turn of at most timeout_ms (-1: as long as it takes). Returns the number of live tasks, or -1
 * when memory ran out; what became of the scripts says dps_exit_code. */
DPS_API int dps_step(dps *engine, int timeout_ms);
/* For hosts with a loop of their own: readable when dps_step has something to do... */
DPS_API int dps_fd(const dps *engine);
/* ...and the milliseconds after which it has in any case (-1: never). */
DPS_API int dps_timeout(dps *engine);
/* The command line: `dps run ...` and the rest. argv[0] is the program's name. */
DPS_API int dps_cli(dps *engine, int argc, char *const argv[]);

/* Ends the run with this exit code at the next wait or Lua instruction, whatever the script
 * catches; to-be-closed variables are not closed. Between runs it ends the next one before its
 * first instruction. The only call that is safe from a signal handler. It ends no finalizer (__gc)
 * that runs for ever. */
DPS_API void dps_stop(dps *engine, int code);

/* What the run came to: the first failure's code, or what os.exit or dps_stop left; an enum
 * dps_exit or the script's own. */
DPS_API int dps_exit_code(const dps *engine);
/* The last failure in words, "" if there was none; "stopped" and more after a stop with a code
 * other than 0. Valid until the next call on this engine. */
DPS_API const char *dps_error(const dps *engine);
/* To register C functions of the host's own. Calls on it are the host's to protect. */
DPS_API struct lua_State *dps_lua(dps *engine);
DPS_API const char *dps_version(void);

#ifdef __cplusplus
}
#endif

#endif
