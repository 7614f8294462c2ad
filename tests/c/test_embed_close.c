/* dps_close while things live: tasks in every state, requests on their way, variables to close,
 * finalizers that use the engine while it goes. What is asked for then is cancelled; nothing hangs,
 * leaks or touches what is gone. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "embed_host.h"

/* Loads the script, takes some turns, closes. */
static void close_after(const char *code) {
  dps *engine = open_host();
  if (eval(engine, code) != 0) print_error("%s\n", dps_error(engine));
  for (int i = 0; i < 5; i++)
    dps_step(engine, 1);
  assert_string_equal(dps_error(engine), "");
  dps_close(&engine);
}

static void test_close_ends_tasks_in_every_state(void **state) {
  static const char *const scripts[] = {
      "dps.sleep(1000)",
      "dps.spawn(dps.sleep, 1000):wait()",
      "for i = 1, 50 do dps.spawn(dps.sleep, i) end",
      "while true do coroutine.yield() end",
      "local function again() dps.spawn(again) dps.sleep(0) end again()",
      "t = dps.spawn(dps.sleep, 100) dps.spawn(function() t:wait() end):wait()",
      "co = coroutine.wrap(function() coroutine.yield() end) co() dps.sleep(1000)",
      "KEEP = dps.spawn(function() return string.rep('x', 1000) end) dps.sleep(1000)",
  };
  (void)state;
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
    close_after(scripts[i]);
}

static void test_close_of_a_script_that_never_started_runs_nothing_of_it(void **state) {
  dps *engine = open_host();
  (void)state;
  eval(engine, "note 'WRONG'");
  dps_close(&engine);
  assert_string_equal(noted, "");
}

static void test_close_closes_the_variables_of_waiting_tasks_with_no_error(void **state) {
  (void)state;
  close_after("local a <close> = setmetatable({}, {__close = function(_, e) note('a', e) end})"
              "local b <close> = setmetatable({}, {__close = function(_, e) note('b', e) end})"
              "dps.sleep(1000)");
  assert_string_equal(noted, "b nil;a nil;");
}

static void test_wait_in_a_close_handler_is_cancelled_while_closing(void **state) {
  (void)state;
  close_after("local t = dps.spawn(dps.sleep, 1000)\n"
              "local function kind(f, ...) local ok, e = pcall(f, ...) return ok, e.kind end\n"
              "local g <close> = setmetatable({}, {__close = function()\n"
              "  note(kind(dps.sleep, 1000)) note(kind(t.wait, t))\n"
              "end})\n"
              "dps.sleep(1000)");
  assert_string_equal(noted, "false cancelled;false cancelled;");
}

static void test_close_handlers_may_spawn_cancel_collect_and_fail(void **state) {
  (void)state;
  close_after("local others = {}\n"
              "for i = 1, 5 do\n"
              "  others[i] = dps.spawn(function()\n"
              "    local g <close> = setmetatable({}, {__close = function()\n"
              "      for j = 1, 5 do collectgarbage() end\n"
              "      dps.spawn(note, 'WRONG')\n"
              "      dps.spawn(dps.sleep, 10):cancel()\n"
              "      if others[i % 5 + 1] then others[i % 5 + 1]:cancel() end\n"
              "      others[i] = nil\n"
              "      note('closed') error 'from the handler'\n"
              "    end})\n"
              "    if i % 2 == 0 then dps.sleep(1000) end\n"
              "    while true do coroutine.yield() end\n"
              "  end)\n"
              "end\n"
              "dps.spawn(function() while true do coroutine.yield() end end)");
  assert_string_equal(noted, "closed;closed;closed;closed;closed;");
}

/* The ready list must not keep tasks that have ended. */
static void test_task_spawned_after_ready_ones_were_collected_harms_nothing(void **state) {
  dps *engine = open_host();
  (void)state;
  eval(engine, "dps.spawn(function()\n"
               "  local g <close> = setmetatable({}, {__close = function()\n"
               "    for i = 1, 5 do collectgarbage() end dps.spawn(note) note('closed')\n"
               "  end})\n"
               "  dps.sleep(1000)\n"
               "end)");
  dps_step(engine, 0);
  dps_step(engine, 0);
  eval(engine, "note 'WRONG'");
  dps_close(&engine);
  assert_string_equal(noted, "closed;");
}

/* --- finalizers --- */

static void test_operations_in_finalizers_are_cancelled_while_closing(void **state) {
  (void)state;
  setenv("DPS_BASE_URL", "http://127.0.0.1:1", 1);
  setenv("DPS_SANDBOX", "dev", 1);
  setenv("DPS_IMS_ORG", "org@AdobeOrg", 1);
  setenv("DPS_API_KEY", "key", 1);
  setenv("DPS_ACCESS_TOKEN", "token", 1);
  close_after("local function kind(f, ...) local ok, e = pcall(f, ...) return ok, e.kind or e end\n"
              "local task = dps.spawn(dps.sleep, 1000)\n"
              "local function use()\n"
              "  note(kind(dps.get_fallback, 'x')) note(kind(dps.sleep, 1000))\n"
              "  note(kind(task.wait, task))\n"
              "  dps.spawn(note, 'WRONG') task:cancel()\n"
              "end\n"
              "EARLY = setmetatable({}, {__gc = use})\n" /* ends after the client */
              "pcall(dps.get_fallback, 'x')\n"
              "LATE = setmetatable({}, {__gc = use})\n"
              "dps.sleep(1000)");
  assert_string_equal(noted, "false cancelled;false cancelled;false cancelled;"
                             "false cancelled;false cancelled;false cancelled;");
}

static void test_first_operation_of_all_may_be_in_a_finalizer_while_closing(void **state) {
  (void)state;
  close_after("require 'dps.json'\n" /* lua-cjson's buffers would never be freed */
              "setmetatable({}, {__gc = function()\n"
              "  local ok, e = pcall(dps.get_fallback, 'x') note(ok, e.kind)\n"
              "end})\n");
  assert_string_equal(noted, "false cancelled;");
}

static void test_server_is_not_started_by_a_finalizer_while_closing(void **state) {
  (void)state;
  close_after("setmetatable({}, {__gc = function() note(require('dps.native').serve {}) end})");
  assert_string_equal(noted, "nil the engine is closing;");
}

static void test_client_used_after_its_own_finalizer_is_closed(void **state) {
  (void)state;
  close_after("local http\n"
              "KEEP = setmetatable({}, {__gc = function()\n"
              "  note(http:request('GET', 'http://127.0.0.1:1/'))\n"
              "end})\n"
              "http = require('dps.native').http {}");
  assert_memory_equal(noted, "nil -1 ", 7);
}

/* --- requests on their way --- */

/* A server that takes connections and never answers. */
static int mute(uint16_t *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
  assert_int_equal(listen(fd, 64), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
  *port = ntohs(at.sin_port);
  return fd;
}

static void test_close_cancels_requests_in_flight_and_queued(void **state) {
  char code[512];
  uint16_t port;
  int fd = mute(&port);
  (void)state;
  snprintf(code, sizeof code,
           "local http = require('dps.native').http {in_flight = 3}\n"
           "for i = 1, 10 do dps.spawn(function()\n"
           "  note(http:request('POST', 'http://127.0.0.1:%u/', 'body'))\n"
           "end) end\n"
           "dps.sleep(1000)",
           port);
  close_after(code);
  assert_string_equal(noted, "");
  close(fd);
}

static void test_stop_says_how_many_writes_are_unanswered(void **state) {
  char code[512];
  uint16_t port;
  int fd = mute(&port);
  dps *engine = open_host();
  (void)state;
  snprintf(code, sizeof code,
           "local http = require('dps.native').http {in_flight = 3}\n"
           "for i = 1, 3 do\n"
           "  dps.spawn(function() http:request('POST', 'http://127.0.0.1:%u/', 'b') end)\n"
           "  dps.spawn(function() http:request('GET', 'http://127.0.0.1:%u/') end)\n"
           "end\n"
           "dps.sleep(0.05) os.exit(1)",
           port, port);
  assert_int_equal(run(engine, code), 1);
  assert_says(engine, "stopped while 2 writes were unanswered");
  assert_int_equal(run(engine, "os.exit(1)"), 1);
  assert_string_equal(dps_error(engine), "stopped");
  dps_close(&engine);
  close(fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_close_ends_tasks_in_every_state),
      cmocka_unit_test(test_close_of_a_script_that_never_started_runs_nothing_of_it),
      cmocka_unit_test(test_close_closes_the_variables_of_waiting_tasks_with_no_error),
      cmocka_unit_test(test_wait_in_a_close_handler_is_cancelled_while_closing),
      cmocka_unit_test(test_close_handlers_may_spawn_cancel_collect_and_fail),
      cmocka_unit_test(test_task_spawned_after_ready_ones_were_collected_harms_nothing),
      cmocka_unit_test(test_operations_in_finalizers_are_cancelled_while_closing),
      cmocka_unit_test(test_first_operation_of_all_may_be_in_a_finalizer_while_closing),
      cmocka_unit_test(test_server_is_not_started_by_a_finalizer_while_closing),
      cmocka_unit_test(test_client_used_after_its_own_finalizer_is_closed),
      cmocka_unit_test(test_close_cancels_requests_in_flight_and_queued),
      cmocka_unit_test(test_stop_says_how_many_writes_are_unanswered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
