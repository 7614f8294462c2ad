/* A secret out of what a command prints; see secret_source.h. The command gets a process group of
 * its own, so that a wrapper and all that it started end together. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "secret_source.h"

extern char **environ;

enum { SLICE_MS = 50, SLOW_MS = 1000, FIRST_OTHER_FD = 3 };

struct run {
  const struct dps_secret_command *command;
  char *why;
  pid_t pid;
  int fd; /* what it prints; -1 when closed */
  int64_t end;
  bool told; /* that it is slow */
  size_t len;
  char bytes[DPS_SECRET_MAX + 1]; /* one more than may be there */
};

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The arguments may say more than should be seen; the command's name does not. */
static bool refuse(struct run *run, const char *words) {
  snprintf(run->why, DPS_SECRET_WHY, "the command %s %s", run->command->argv[0], words);
  return false;
}

static bool refuse_number(struct run *run, const char *words, int number, const char *rest) {
  char text[128];
  snprintf(text, sizeof text, "%s %d%s", words, number, rest);
  return refuse(run, text);
}

static bool refuse_start(struct run *run, int error) {
  char words[128], text[192];
  snprintf(text, sizeof text, "can't be started: %s", strerror_r(error, words, sizeof words));
  return refuse(run, text);
}

/* --- start --- */

/* Signals as a command expects them: a host may ignore or block some. */
static int set_signals(posix_spawnattr_t *attributes) {
  sigset_t none, defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGINT);
  sigaddset(&defaults, SIGTERM);
  int rc = posix_spawnattr_setsigmask(attributes, &none);
  return rc ? rc : posix_spawnattr_setsigdefault(attributes, &defaults);
}

static int set_files(posix_spawn_file_actions_t *actions, int out) {
  int rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!rc) rc = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
  return rc ? rc : posix_spawn_file_actions_addclosefrom_np(actions, FIRST_OTHER_FD);
}

static int spawn(struct run *run, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  char *const *argv = run->command->argv;
  int rc = posix_spawnattr_init(&attributes);
  if (rc) return rc;
  rc = posix_spawn_file_actions_init(&actions);
  if (rc) return posix_spawnattr_destroy(&attributes), rc;
  short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  rc = posix_spawnattr_setflags(&attributes, flags);
  if (!rc) rc = set_signals(&attributes);
  if (!rc) rc = set_files(&actions, out);
  if (!rc) rc = posix_spawnp(&run->pid, argv[0], &actions, &attributes, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return rc;
}

static bool start(struct run *run) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return refuse_start(run, errno);
  int rc = spawn(run, ends[1]);
  close(ends[1]);
  run->fd = ends[0];
  return rc == 0 || refuse_start(run, rc);
}

/* --- what it prints --- */

/* 1: more may come, 0: its end, -1: refused. */
static int read_some(struct run *run) {
  ssize_t n = read(run->fd, run->bytes + run->len, sizeof run->bytes - run->len);
  if (n < 0) return errno == EINTR ? 1 : (refuse(run, "could not be read"), -1);
  run->len += (size_t)n;
  if (run->len > DPS_SECRET_MAX) return refuse(run, "printed more than 64 KiB"), -1;
  return n > 0;
}

static void tell(struct run *run) {
  const struct dps_secret_command *command = run->command;
  bool slow = now_ms() >= run->end - command->timeout_ms + SLOW_MS;
  if (!slow || run->told || !command->slow) return;
  run->told = true;
  command->slow(command);
}

/* A moment, or until fd (-1: none) can be read. 1: it can, 0: look again, -1: refused. */
static int wait_some(struct run *run, int fd) {
  struct pollfd out = {.fd = fd, .events = POLLIN};
  const atomic_int *stop = run->command->stop;
  if (stop && atomic_load(stop)) return refuse(run, "was stopped with the run"), -1;
  if (now_ms() >= run->end) {
    int seconds = (run->command->timeout_ms + 999) / 1000;
    return refuse_number(run, "was stopped after", seconds, " s without an end"), -1;
  }
  tell(run);
  return poll(&out, 1, SLICE_MS) > 0;
}

static bool read_output(struct run *run) {
  int state = 1;
  while (state > 0) {
    int ready = wait_some(run, run->fd);
    state = ready > 0 ? read_some(run) : ready < 0 ? ready : 1;
  }
  return state == 0;
}

/* --- its end --- */

/* Its output may be closed long before its end. 1: it ended, 0: look again, -1: refused. */
static int wait_end(struct run *run, int *status) {
  pid_t pid = waitpid(run->pid, status, WNOHANG);
  if (pid == run->pid) return 1;
  if (pid < 0 && errno != EINTR) return refuse(run, "ended unseen: SIGCHLD is ignored here"), -1;
  return wait_some(run, -1) < 0 ? -1 : 0;
}

static bool check_status(struct run *run, int status) {
  static const char rest[] = "; what it said is on standard error";
  if (WIFSIGNALED(status)) return refuse_number(run, "was ended by signal", WTERMSIG(status), "");
  if (WEXITSTATUS(status) != 0)
    return refuse_number(run, "ended with exit code", WEXITSTATUS(status), rest);
  return run->len > 0 || refuse(run, "printed nothing");
}

static void end_group(struct run *run) {
  kill(-run->pid, SIGKILL);
  while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
    ;
}

/* What does not end by itself is ended, with all that it started. */
static bool finish(struct run *run, bool all_read) {
  int status = 0, ended = 0;
  while (all_read && ended == 0)
    ended = wait_end(run, &status);
  if (ended <= 0) return end_group(run), false;
  return check_status(run, status);
}

static bool take(struct run *run, struct dps_secret *secret) {
  if (!finish(run, read_output(run))) return false;
  return dps_secret_set_bytes(secret, run->bytes, run->len) ||
         refuse(run, "printed what memory has no room for");
}

bool dps_secret_from_command(struct dps_secret *secret, const struct dps_secret_command *command,
                             char why[DPS_SECRET_WHY]) {
  struct run run = {.command = command, .why = why, .fd = -1};
  run.end = now_ms() + command->timeout_ms;
  bool ok = start(&run) && take(&run, secret);
  if (run.fd >= 0) close(run.fd);
  explicit_bzero(run.bytes, run.len);
  return ok;
}
