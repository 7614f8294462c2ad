/* Watches, wakes and clocked sources: what loop.h promises, also for callbacks that change what
 * goes on. Timers are test_loop_timers.c, libcurl's part is test_loop_curl.c. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#include "loop.h"

enum { NEVER_MS = 1000000 };

static struct dps_loop *loop;

static int set_up(void **state) {
  (void)state;
  loop = dps_loop_new();
  return loop ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  dps_loop_free(loop);
  return 0;
}

/* --- watches --- */

struct ear {
  struct dps_watch watch; /* first */
  int heard, missed;      /* missed: there was nothing to read */
  bool again;             /* leave it readable */
  struct ear *deafen;
  bool turn;
};

static void on_ready(struct dps_watch *watch, uint32_t events) {
  struct ear *ear = (struct ear *)watch;
  uint64_t count;
  ear->heard++;
  assert_true(events & EPOLLIN);
  if (!ear->again && read(watch->fd, &count, sizeof count) != sizeof count) ear->missed++;
  if (ear->deafen) dps_loop_unwatch(loop, &ear->deafen->watch);
  if (ear->turn) dps_loop_turn(loop, 0);
}

static void listen_to(struct ear *ear, uint64_t count) {
  ear->watch = (struct dps_watch){eventfd((unsigned)count, EFD_CLOEXEC | EFD_NONBLOCK), on_ready};
  assert_true(ear->watch.fd >= 0);
  assert_true(dps_loop_watch(loop, &ear->watch, EPOLLIN));
}

static void forget(struct ear *ear) {
  dps_loop_unwatch(loop, &ear->watch);
  close(ear->watch.fd);
}

static void test_watch_is_called_while_its_descriptor_is_ready(void **state) {
  struct ear ear = {.again = true};
  (void)state;
  listen_to(&ear, 1);
  dps_loop_turn(loop, 1000);
  dps_loop_turn(loop, 1000);
  assert_int_equal(ear.heard, 2);
  ear.again = false;
  dps_loop_turn(loop, 1000);
  dps_loop_turn(loop, 0);
  assert_int_equal(ear.heard, 3);
  assert_int_equal(ear.missed, 0);
  forget(&ear);
}

static void test_watch_unwatched_by_another_in_the_same_turn_is_not_called(void **state) {
  struct ear a = {0}, b = {0};
  (void)state;
  a.deafen = &b;
  b.deafen = &a;
  listen_to(&a, 1);
  listen_to(&b, 1);
  dps_loop_turn(loop, 1000);
  assert_int_equal(a.heard + b.heard, 1);
  dps_loop_turn(loop, 0);
  assert_int_equal(a.heard + b.heard, 1);
  forget(&a);
  forget(&b);
}

static void test_watch_may_end_itself_and_its_memory(void **state) {
  struct ear *ear = calloc(1, sizeof *ear);
  (void)state;
  ear->again = true;
  ear->deafen = ear;
  listen_to(ear, 1);
  int fd = ear->watch.fd;
  dps_loop_turn(loop, 1000);
  assert_int_equal(ear->heard, 1);
  free(ear);
  dps_loop_turn(loop, 0);
  close(fd);
}

/* The new watch gets the old one's place and descriptor; the event that is still pending is not
 * its. */
static struct ear successor, *doomed;

static void replace_doomed(struct dps_watch *watch, uint32_t events) {
  uint64_t count;
  (void)events;
  assert_int_equal(read(watch->fd, &count, sizeof count), sizeof count);
  forget(doomed);
  listen_to(&successor, 0);
}

static void test_event_of_an_ended_watch_is_not_its_successors(void **state) {
  struct ear first = {0}, second = {0};
  (void)state;
  successor = (struct ear){0};
  doomed = &second;
  listen_to(&first, 1);
  listen_to(&second, 1);
  first.watch.ready = replace_doomed;
  dps_loop_turn(loop, 1000);
  dps_loop_turn(loop, 0);
  if (second.heard == 0) assert_int_equal(successor.heard, 0);
  forget(&first);
  forget(&successor);
}

static void test_nested_turns_give_each_watch_its_event_once(void **state) {
  struct ear a = {.turn = true}, b = {.turn = true};
  (void)state;
  listen_to(&a, 1);
  listen_to(&b, 1);
  dps_loop_turn(loop, 1000);
  dps_loop_turn(loop, 0);
  assert_int_equal(a.heard - a.missed, 1);
  assert_int_equal(b.heard - b.missed, 1);
  forget(&a);
  forget(&b);
}

static void test_watches_have_a_ceiling_that_fails_and_heals(void **state) {
  static struct ear ears[100];
  size_t n = 0;
  (void)state;
  for (; n < 100; n++) {
    ears[n].watch = (struct dps_watch){eventfd(0, EFD_CLOEXEC), on_ready};
    if (!dps_loop_watch(loop, &ears[n].watch, EPOLLIN)) break;
  }
  assert_in_range(n, 16, 99);
  int last = ears[n].watch.fd;
  forget(&ears[0]);
  assert_true(dps_loop_watch(loop, &ears[n].watch, EPOLLIN));
  for (size_t i = 1; i <= n; i++)
    forget(&ears[i]);
  assert_true(last >= 0);
}

/* --- waking --- */

static void test_wake_ends_the_next_wait_once(void **state) {
  struct pollfd fd = {.fd = dps_loop_fd(loop), .events = POLLIN};
  (void)state;
  dps_loop_wake(loop);
  dps_loop_wake(loop);
  assert_int_equal(poll(&fd, 1, 0), 1);
  dps_loop_turn(loop, -1);
  assert_int_equal(poll(&fd, 1, 0), 0);
}

static void *wake_soon(void *ud) {
  usleep(10000);
  dps_loop_wake(ud);
  return NULL;
}

static void test_wake_from_another_thread_ends_a_wait(void **state) {
  pthread_t thread;
  (void)state;
  assert_int_equal(pthread_create(&thread, NULL, wake_soon, loop), 0);
  dps_loop_turn(loop, -1);
  pthread_join(thread, NULL);
}

static void on_alarm(int number) {
  (void)number;
  dps_loop_wake(loop);
}

static void test_wake_from_a_signal_handler_ends_a_wait(void **state) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART}, before;
  struct itimerval soon = {.it_value.tv_usec = 10000};
  (void)state;
  sigaction(SIGALRM, &action, &before);
  setitimer(ITIMER_REAL, &soon, NULL);
  dps_loop_turn(loop, -1);
  dps_loop_turn(loop, 0);
  sigaction(SIGALRM, &before, NULL);
}

/* What a signal interrupts may be about to look at errno. */
static void test_wake_leaves_errno_alone_even_when_the_counter_is_full(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    errno = EDOM;
    dps_loop_wake(loop);
    assert_int_equal(errno, EDOM);
  }
}

/* --- clocked sources --- */

struct clock {
  struct dps_clocked source; /* first */
  int64_t wait;
  int ran;
  struct clock *remove;
  bool turn;
};

static int64_t clock_timeout(struct dps_clocked *source) {
  return ((struct clock *)source)->wait;
}

static void run_clock(struct dps_clocked *source) {
  struct clock *clock = (struct clock *)source;
  clock->ran++;
  if (clock->remove) dps_loop_remove_clocked(loop, &clock->remove->source);
  if (clock->turn && clock->ran < 5) dps_loop_turn(loop, 0);
}

static struct clock *add_clock(struct clock *clock) {
  clock->source = (struct dps_clocked){.timeout_ms = clock_timeout, .run = run_clock};
  dps_loop_add_clocked(loop, &clock->source);
  return clock;
}

static void test_clocked_source_runs_once_a_turn_while_it_is_due(void **state) {
  struct clock due = {.wait = 0}, idle = {.wait = -1}, later = {.wait = NEVER_MS};
  (void)state;
  add_clock(&due), add_clock(&idle), add_clock(&later);
  for (int turn = 1; turn <= 3; turn++) {
    dps_loop_turn(loop, -1);
    assert_int_equal(due.ran, turn);
  }
  assert_int_equal(idle.ran + later.ran, 0);
  due.wait = -1;
  assert_int_equal(dps_loop_timeout(loop), NEVER_MS);
  dps_loop_remove_clocked(loop, &due.source);
  dps_loop_remove_clocked(loop, &idle.source);
  dps_loop_remove_clocked(loop, &later.source);
  assert_int_equal(dps_loop_timeout(loop), -1);
}

static void test_clocked_sources_may_remove_one_another_and_themselves(void **state) {
  struct clock a = {0}, b = {0};
  (void)state;
  add_clock(&a)->remove = &b;
  add_clock(&b)->remove = &a;
  dps_loop_turn(loop, 0);
  assert_int_equal(a.ran + b.ran, 1);
  (a.ran ? &a : &b)->remove = a.ran ? &a : &b;
  dps_loop_turn(loop, 0);
  dps_loop_turn(loop, 0);
  assert_int_equal(a.ran + b.ran, 2);
}

static void test_clocked_source_may_turn_the_loop(void **state) {
  struct clock a = {.turn = true};
  (void)state;
  add_clock(&a);
  dps_loop_turn(loop, 0);
  assert_int_equal(a.ran, 5);
  dps_loop_remove_clocked(loop, &a.source);
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_LOOP(test_watch_is_called_while_its_descriptor_is_ready),
      WITH_LOOP(test_watch_unwatched_by_another_in_the_same_turn_is_not_called),
      WITH_LOOP(test_watch_may_end_itself_and_its_memory),
      WITH_LOOP(test_event_of_an_ended_watch_is_not_its_successors),
      WITH_LOOP(test_nested_turns_give_each_watch_its_event_once),
      WITH_LOOP(test_watches_have_a_ceiling_that_fails_and_heals),
      WITH_LOOP(test_wake_ends_the_next_wait_once),
      WITH_LOOP(test_wake_from_another_thread_ends_a_wait),
      WITH_LOOP(test_wake_from_a_signal_handler_ends_a_wait),
      WITH_LOOP(test_wake_leaves_errno_alone_even_when_the_counter_is_full),
      WITH_LOOP(test_clocked_source_runs_once_a_turn_while_it_is_due),
      WITH_LOOP(test_clocked_sources_may_remove_one_another_and_themselves),
      WITH_LOOP(test_clocked_source_may_turn_the_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
