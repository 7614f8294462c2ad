/* dps.h as a host sees it: stopping, stepping under a loop of its own, closing while things live.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "embed_host.h"

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- os.exit and dps_stop --- */

static void test_os_exit_ends_the_run_and_not_the_process(void **state) {
  eval(*state, "dps.sleep(1000)");
  assert_int_equal(run(*state, "pcall(os.exit, 7) note 'WRONG'"), 7);
  assert_int_equal(dps_exit_code(*state), 7);
  assert_string_equal(dps_error(*state), "stopped");
  assert_int_equal(run(*state, "note 'next run'"), DPS_DONE);
  assert_string_equal(noted, "next run;");
  assert_string_equal(dps_error(*state), "");
}

static void test_os_exit_with_success_is_no_failure(void **state) {
  assert_int_equal(run(*state, "os.exit(true)"), DPS_DONE);
  assert_string_equal(dps_error(*state), "");
}

static void test_stop_before_a_run_ends_it_before_its_first_instruction(void **state) {
  dps_stop(*state, 5);
  dps_stop(*state, 6);
  assert_int_equal(run(*state, "note 'WRONG'"), 5);
  assert_string_equal(noted, "");
  assert_int_equal(run(*state, "note 'well'"), DPS_DONE);
  eval(*state, "note 'WRONG'");
  dps_stop(*state, 8);
  assert_int_equal(dps_step(*state, 1000), 0);
  assert_int_equal(dps_exit_code(*state), 8);
  assert_string_equal(noted, "well;");
}

static int l_stop(lua_State *L) {
  dps_stop(lua_touserdata(L, lua_upvalueindex(1)), 9);
  return 0;
}

static void register_stop(dps *engine) {
  lua_State *L = dps_lua(engine);
  lua_pushlightuserdata(L, engine);
  lua_pushcclosure(L, l_stop, 1);
  lua_setglobal(L, "stop");
}

static void test_stop_from_a_host_function_ends_the_script_after_it(void **state) {
  register_stop(*state);
  assert_int_equal(run(*state, "pcall(stop) note 'WRONG'"), 9);
  assert_int_equal(run(*state, "coroutine.wrap(stop)() note 'WRONG'"), 9);
  assert_int_equal(run(*state, "dps.spawn(stop):wait() note 'WRONG'"), 9);
  assert_string_equal(noted, "");
}

/* Where a coroutine could not even be resumed, the one that tried is still what runs. */
static void test_stop_finds_the_running_coroutine_after_a_resume_that_failed(void **state) {
  register_stop(*state);
  assert_int_equal(run(*state, "local function deep()\n"
                               "  coroutine.resume(coroutine.create(note))\n"
                               "  return (('x'):gsub('x', deep))\n"
                               "end\n"
                               "assert(not pcall(deep))\n"
                               "collectgarbage() collectgarbage()\n"
                               "stop() noted = true"),
                   9);
  run(*state, "note(noted)");
  assert_non_null(strstr(noted, "nil;"));
}

static void test_coroutine_that_outlives_a_stopped_run_can_go_on(void **state) {
  register_stop(*state);
  run(*state, "co = coroutine.create(function() coroutine.yield() stop() note 'WRONG' end)"
              "co2 = coroutine.create(function()\n"
              "  coroutine.resume(co) coroutine.resume(co) coroutine.yield()\n"
              "end)\n"
              "coroutine.resume(co2)");
  assert_int_equal(dps_exit_code(*state), 9);
  assert_int_equal(run(*state, "note(coroutine.resume(co2))"), DPS_DONE);
  assert_non_null(strstr(noted, "false"));
  assert_int_equal(run(*state, "note 'well'"), DPS_DONE);
}

static void test_stopped_run_closes_no_variables_and_resumes_nobody(void **state) {
  register_stop(*state);
  eval(*state, "local g <close> = setmetatable({}, {__close = function() note 'WRONG' end})"
               "dps.sleep(1000)");
  eval(*state, "local g <close> = setmetatable({}, {__close = function() note 'WRONG' end})"
               "stop()");
  eval(*state, "note 'WRONG'");
  assert_int_equal(dps_run(*state), 9);
  assert_string_equal(noted, "");
}

/* --- from a signal, from a thread --- */

static dps *in_handler;

static void on_alarm(int number) {
  (void)number;
  dps_stop(in_handler, DPS_INTERRUPTED);
}

static void expect_interrupted(dps *engine, const char *code) {
  struct sigaction action = {.sa_handler = on_alarm}, before;
  struct itimerval soon = {.it_value.tv_usec = 20000};
  in_handler = engine;
  sigaction(SIGALRM, &action, &before);
  assert_int_equal(eval(engine, code), 0);
  setitimer(ITIMER_REAL, &soon, NULL);
  assert_int_equal(dps_run(engine), DPS_INTERRUPTED);
  sigaction(SIGALRM, &before, NULL);
}

static void test_stop_from_a_signal_handler_ends_whatever_goes_on(void **state) {
  static const char *const scripts[] = {
      "while true do end",
      "dps.sleep(1000)",
      "while true do pcall(function() while true do end end) end",
      "while true do pcall(dps.sleep, 1000) end",
      "while true do coroutine.wrap(pcall)(error) end",
      "while true do dps.spawn(note, 1):wait() end",
      "table.sort({3, 2, 1}, function() dps.sleep(1000) end)",
      "local t = dps.spawn(function() dps.sleep(1000) end) t:wait()",
      "local g <close> = setmetatable({}, {__close = function() while true do end end})",
      "local g <close> = setmetatable({}, {__close = function() while true do end end}) error 'x'",
      "local g <close> = setmetatable({}, {__close = function() dps.sleep(1000) end}) error 'x'",
      "local co = coroutine.create(function()\n"
      "  local g <close> = setmetatable({}, {__close = function() while true do end end})\n"
      "  coroutine.yield()\n"
      "end)\n"
      "coroutine.resume(co) coroutine.close(co)",
      "pcall(coroutine.wrap(function()\n"
      "  local g <close> = setmetatable({}, {__close = function() while true do end end})\n"
      "  while true do end\n"
      "end))",
      "pcall(coroutine.wrap(function()\n"
      "  local g <close> = setmetatable({}, {__close = function() while true do end end})\n"
      "  error 'x'\n"
      "end))",
  };
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
    expect_interrupted(*state, scripts[i]);
  noted[0] = '\0';
  assert_int_equal(run(*state, "note 'still well'"), DPS_DONE);
  assert_string_equal(noted, "still well;");
}

static void *stop_soon(void *engine) {
  usleep(20000);
  dps_stop(engine, 12);
  return NULL;
}

static void test_stop_from_another_thread_ends_a_wait(void **state) {
  pthread_t thread;
  eval(*state, "dps.sleep(1000)");
  assert_int_equal(pthread_create(&thread, NULL, stop_soon, *state), 0);
  assert_int_equal(dps_run(*state), 12);
  pthread_join(thread, NULL);
}

static void test_stop_from_another_thread_ends_a_script_that_never_waits(void **state) {
  for (int i = 0; i < 5; i++) {
    pthread_t thread;
    eval(*state, "while true do\n"
                 "  local co = coroutine.wrap(function() coroutine.yield() end) co() co()\n"
                 "end");
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, *state), 0);
    assert_int_equal(dps_run(*state), 12);
    pthread_join(thread, NULL);
  }
}

/* --- a loop of the host's own --- */

static int poll_once(dps *engine) {
  struct pollfd fd = {.fd = dps_fd(engine), .events = POLLIN};
  return poll(&fd, 1, dps_timeout(engine));
}

static void test_host_loop_drives_a_sleeping_script_without_spinning(void **state) {
  eval(*state, "for i = 1, 3 do dps.sleep(0.02) note(i) end");
  int64_t before = now_ms();
  int turns = 0;
  do {
    poll_once(*state);
    turns++;
  } while (dps_step(*state, 0) > 0);
  assert_string_equal(noted, "1;2;3;");
  assert_in_range(now_ms() - before, 60, 2000);
  assert_in_range(turns, 4, 20);
  assert_int_equal(dps_exit_code(*state), DPS_DONE);
  assert_int_equal(dps_timeout(*state), -1);
}

static void test_step_waits_no_longer_than_it_is_told(void **state) {
  eval(*state, "dps.sleep(1000)");
  dps_step(*state, 0);
  int64_t before = now_ms();
  assert_int_equal(dps_step(*state, 20), 1);
  assert_in_range(now_ms() - before, 19, 1000);
  assert_in_range(dps_timeout(*state), 900000, 1000001);
}

static void test_step_reports_failures_at_the_end(void **state) {
  eval(*state, "dps.sleep(0) error 'late'");
  while (dps_step(*state, -1) > 0)
    continue;
  assert_int_equal(dps_exit_code(*state), DPS_FAILED);
  assert_says(*state, "late");
}

static void test_new_script_is_due_at_once(void **state) {
  assert_int_equal(dps_timeout(*state), -1);
  eval(*state, "note(1)");
  assert_int_equal(dps_timeout(*state), 0);
}

static void test_tasks_that_wait_for_each_other_are_due_and_end(void **state) {
  eval(*state, "local a, b\n"
               "a = dps.spawn(function() b:wait() end)\n"
               "b = dps.spawn(function() a:wait() end)");
  for (int i = 0; i < 20 && dps_step(*state, 0) > 0; i++)
    assert_in_range(poll_once(*state) + 1, 1, 2);
  assert_int_equal(dps_step(*state, 0), 0);
  assert_int_equal(dps_exit_code(*state), DPS_FAILED);
}

/* Otherwise a host that waits for more to do would spin. */
static void test_stop_with_nothing_to_stop_is_taken_by_one_step(void **state) {
  dps_stop(*state, 3);
  assert_int_equal(poll_once(*state) >= 0, 1);
  assert_int_equal(dps_step(*state, 0), 0);
  struct pollfd fd = {.fd = dps_fd(*state), .events = POLLIN};
  assert_int_equal(poll(&fd, 1, 0), 0);
  assert_int_equal(dps_timeout(*state), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_HOST(test_os_exit_ends_the_run_and_not_the_process),
      IN_HOST(test_os_exit_with_success_is_no_failure),
      IN_HOST(test_stop_before_a_run_ends_it_before_its_first_instruction),
      IN_HOST(test_stop_from_a_host_function_ends_the_script_after_it),
      IN_HOST(test_stop_finds_the_running_coroutine_after_a_resume_that_failed),
      IN_HOST(test_coroutine_that_outlives_a_stopped_run_can_go_on),
      IN_HOST(test_stopped_run_closes_no_variables_and_resumes_nobody),
      IN_HOST(test_stop_from_a_signal_handler_ends_whatever_goes_on),
      IN_HOST(test_stop_from_another_thread_ends_a_wait),
      IN_HOST(test_stop_from_another_thread_ends_a_script_that_never_waits),
      IN_HOST(test_host_loop_drives_a_sleeping_script_without_spinning),
      IN_HOST(test_step_waits_no_longer_than_it_is_told),
      IN_HOST(test_step_reports_failures_at_the_end),
      IN_HOST(test_new_script_is_due_at_once),
      IN_HOST(test_tasks_that_wait_for_each_other_are_due_and_end),
      IN_HOST(test_stop_with_nothing_to_stop_is_taken_by_one_step),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
