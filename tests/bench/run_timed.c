/* run_timed TIMES COMMAND [ARG...]: runs a command and prints what each run cost, one line of JSON.
 *
 * CPU is the kernel's account of the whole process (wait4), wall is from fork to its end. The
 * command's stdout is thrown away, so that it can never be mixed up with ours. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void become(char **command) {
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDOUT_FILENO);
  execvp(command[0], command);
  perror(command[0]);
  _exit(127);
}

/* The command's exit code, 128 + N when signal N ended it. */
static int run(char **command) {
  struct rusage used;
  int status = 0;
  double began = now();
  pid_t child = fork();
  if (child < 0) perror("run_timed"), exit(1);
  if (child == 0) become(command);
  wait4(child, &status, 0, &used);
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  printf("{\"code\":%d,\"wall\":%.6f,\"user\":%.6f,\"sys\":%.6f,\"maxrss_kb\":%ld}\n", code,
         now() - began, seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss);
  fflush(stdout);
  return code;
}

int main(int argc, char **argv) {
  char *end = NULL;
  long times = argc > 2 ? strtol(argv[1], &end, 10) : 0;
  if (times < 1 || *end) {
    fputs("usage: run_timed TIMES COMMAND [ARG...]\n", stderr);
    return 2;
  }
  int code = 0;
  while (times-- > 0 && code == 0)
    code = run(argv + 2);
  return code;
}
