/* The timers of loop.h: their order, and callbacks that start, stop and turn. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "loop.h"

enum { MANY = 200, NEVER_MS = 1000000 };

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

struct probe {
  struct dps_timer timer; /* first */
  int fired;
  size_t place; /* in the order of all that fired */
  void (*then)(struct probe *);
  struct probe *other;
};

static size_t order;

static void on_fire(struct dps_timer *timer) {
  struct probe *probe = (struct probe *)timer;
  probe->fired++;
  probe->place = ++order;
  if (probe->then) probe->then(probe);
}

static void start(struct probe *probe, int64_t ms) {
  probe->timer.fire = on_fire;
  assert_true(dps_timer_start(loop, &probe->timer, ms));
}

static void turn_for(int64_t ms) {
  int64_t end = dps_loop_now() + ms;
  while (dps_loop_now() < end)
    dps_loop_turn(loop, end - dps_loop_now());
}

static void test_timers_fire_in_the_order_of_their_times(void **state) {
  static const int delays[] = {30, 5, 20, 0, 10, 25, 15};
  struct probe probes[7] = {0};
  (void)state;
  order = 0;
  for (size_t i = 0; i < 7; i++)
    start(&probes[i], delays[i]);
  turn_for(50);
  for (size_t i = 0; i < 7; i++)
    for (size_t j = 0; j < 7; j++)
      if (delays[i] < delays[j]) assert_true(probes[i].place < probes[j].place);
  assert_int_equal(order, 7);
}

static void test_timers_due_at_the_same_time_fire_in_the_order_of_their_starts(void **state) {
  struct probe probes[MANY] = {0};
  (void)state;
  order = 0;
  for (size_t i = 0; i < MANY; i++)
    start(&probes[i], 0);
  dps_loop_turn(loop, -1);
  for (size_t i = 0; i < MANY; i++)
    assert_int_equal(probes[i].place, i + 1);
}

static void test_timer_never_fires_early_and_fires_once(void **state) {
  struct probe probe = {0};
  (void)state;
  int64_t before = dps_loop_now();
  start(&probe, 20);
  while (!probe.fired)
    dps_loop_turn(loop, -1);
  assert_true(dps_loop_now() - before >= 20);
  turn_for(5);
  assert_int_equal(probe.fired, 1);
  assert_int_equal(dps_loop_timeout(loop), -1);
}

static void test_restart_moves_a_timer_and_stop_takes_it_out(void **state) {
  struct probe early = {0}, late = {0}, stopped = {0};
  (void)state;
  start(&late, 0);
  start(&late, NEVER_MS);
  start(&early, NEVER_MS);
  start(&early, 0);
  start(&stopped, 0);
  dps_timer_stop(loop, &stopped.timer);
  dps_timer_stop(loop, &stopped.timer);
  turn_for(5);
  assert_int_equal(early.fired, 1);
  assert_int_equal(late.fired, 0);
  assert_int_equal(stopped.fired, 0);
  dps_timer_stop(loop, &late.timer);
}

static void stop_other(struct probe *probe) {
  dps_timer_stop(loop, &probe->other->timer);
}

static void test_timer_stopped_by_another_in_the_same_turn_does_not_fire(void **state) {
  struct probe a = {0}, b = {0};
  (void)state;
  a.then = b.then = stop_other;
  a.other = &b;
  b.other = &a;
  start(&a, 0);
  start(&b, 0);
  turn_for(5);
  assert_int_equal(a.fired + b.fired, 1);
}

static void restart(struct probe *probe) {
  if (probe->fired < 3) start(probe, 0);
}

static void test_timer_that_restarts_itself_fires_once_a_turn(void **state) {
  struct probe a = {0}, others[3] = {0};
  (void)state;
  a.then = restart;
  start(&a, 0);
  for (size_t i = 0; i < 3; i++)
    start(&others[i], 0);
  for (int turn = 1; turn <= 3; turn++) {
    dps_loop_turn(loop, -1);
    assert_int_equal(a.fired, turn);
    for (size_t i = 0; i < 3; i++)
      assert_int_equal(others[i].fired, 1);
  }
}

static void start_other(struct probe *probe) {
  start(probe->other, 0);
}

static void test_timer_started_while_timers_fire_waits_for_the_next_turn(void **state) {
  struct probe a = {0}, stopped = {0}, b = {0};
  (void)state;
  a.then = start_other;
  a.other = &b;
  start(&a, 0);
  start(&stopped, 0);
  dps_timer_stop(loop, &stopped.timer);
  dps_loop_turn(loop, -1);
  assert_int_equal(b.fired, 0);
  assert_int_equal(dps_loop_timeout(loop), 0);
  dps_loop_turn(loop, -1);
  assert_int_equal(b.fired, 1);
}

static void turn_inside(struct probe *probe) {
  (void)probe;
  dps_loop_turn(loop, 0);
}

static void test_turn_inside_of_fire_fires_the_others_once(void **state) {
  struct probe probes[4] = {0};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    probes[i].then = turn_inside;
    start(&probes[i], 0);
  }
  dps_loop_turn(loop, -1);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(probes[i].fired, 1);
}

static void test_random_starts_and_stops_keep_the_order(void **state) {
  struct probe probes[MANY] = {0};
  unsigned seed = 7;
  (void)state;
  for (int i = 0; i < 5000; i++) {
    struct probe *probe = &probes[(size_t)rand_r(&seed) % MANY];
    if (rand_r(&seed) % 3)
      start(probe, NEVER_MS + rand_r(&seed) % 1000);
    else
      dps_timer_stop(loop, &probe->timer);
  }
  int64_t next = INT64_MAX;
  for (size_t i = 0; i < MANY; i++)
    if (probes[i].timer.place && probes[i].timer.due < next) next = probes[i].timer.due;
  assert_in_range(dps_loop_timeout(loop), next - dps_loop_now() - 5, next - dps_loop_now() + 5);
  for (size_t i = 0; i < MANY; i++)
    dps_timer_stop(loop, &probes[i].timer);
  assert_int_equal(dps_loop_timeout(loop), -1);
}

static void test_loop_is_alive_while_a_timer_is_started(void **state) {
  struct probe probe = {0};
  (void)state;
  assert_false(dps_loop_alive(loop));
  start(&probe, NEVER_MS);
  assert_true(dps_loop_alive(loop));
  dps_timer_stop(loop, &probe.timer);
  assert_false(dps_loop_alive(loop));
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_LOOP(test_timers_fire_in_the_order_of_their_times),
      WITH_LOOP(test_timers_due_at_the_same_time_fire_in_the_order_of_their_starts),
      WITH_LOOP(test_timer_never_fires_early_and_fires_once),
      WITH_LOOP(test_restart_moves_a_timer_and_stop_takes_it_out),
      WITH_LOOP(test_timer_stopped_by_another_in_the_same_turn_does_not_fire),
      WITH_LOOP(test_timer_that_restarts_itself_fires_once_a_turn),
      WITH_LOOP(test_timer_started_while_timers_fire_waits_for_the_next_turn),
      WITH_LOOP(test_turn_inside_of_fire_fires_the_others_once),
      WITH_LOOP(test_random_starts_and_stops_keep_the_order),
      WITH_LOOP(test_loop_is_alive_while_a_timer_is_started),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
