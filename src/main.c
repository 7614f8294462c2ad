/* argv in, exit code out. The only file that changes process state: signals, the allocator, the
 * environment. Everything else of the command line is lua/dps/cli.lua. */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dps.h"

extern char **environ;

static dps *engine;
static pthread_t main_thread;
static volatile sig_atomic_t interrupted;

/* The first interrupt stops the run, the second one kills. libcurl's resolver threads pass it on.
 */
static void on_interrupt(int number) {
  if (!pthread_equal(pthread_self(), main_thread)) {
    pthread_kill(main_thread, number);
    return;
  }
  signal(number, SIG_DFL);
  interrupted = number;
  if (engine) dps_stop(engine, 128 + number);
}

static void handle_signals(void) {
  struct sigaction action = {.sa_handler = on_interrupt};
  main_thread = pthread_self();
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
}

/* Takes the secrets out of the environment, in the block that /proc shows as well: the engine has
 * its copies; scripts and children see nothing. */
static void forget_secrets(void) {
  char **to = environ;
  for (char **at = environ; at && *at; at++) {
    if (dps_is_secret(*at))
      explicit_bzero(*at, strlen(*at));
    else
      *to++ = *at;
  }
  if (to) *to = NULL;
}

int main(int argc, char *argv[]) {
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_TOP_PAD, 1 << 20);
  handle_signals();
  engine = dps_open(NULL);
  forget_secrets();
  if (!engine) return fputs("dps: not enough memory\n", stderr), DPS_FAILED;
  if (interrupted) dps_stop(engine, 128 + interrupted); /* it came while the engine was made */
  int code = dps_cli(engine, argc, argv);
  if (interrupted) fprintf(stderr, "dps: %s\n", dps_error(engine));
  dps_close(&engine);
  return code;
}
