/* dps.h as a host sees it: opening, loading, what a run comes to. Stopping, stepping and closing
 * are test_embed_run.c. */
#include <unistd.h>

#include "embed_host.h"

static void test_engine_opens_and_closes_and_the_pointer_is_nulled(void **state) {
  dps *engine = dps_open(NULL), *none = NULL;
  (void)state;
  assert_non_null(engine);
  assert_int_equal(dps_exit_code(engine), DPS_DONE);
  assert_string_equal(dps_error(engine), "");
  dps_close(&engine);
  assert_null(engine);
  dps_close(&none);
}

static void test_run_without_a_script_is_done_at_once(void **state) {
  assert_int_equal(dps_run(*state), DPS_DONE);
  assert_int_equal(dps_step(*state, -1), 0);
}

static void test_code_runs_when_the_run_does_not_when_it_is_loaded(void **state) {
  assert_int_equal(eval(*state, "note 'ran'"), 0);
  assert_string_equal(noted, "");
  assert_int_equal(dps_run(*state), DPS_DONE);
  assert_string_equal(noted, "ran;");
  assert_string_equal(dps_error(*state), "");
}

static void test_dps_is_preset_and_required(void **state) {
  assert_int_equal(run(*state, "note(dps == require 'dps', dps.version)"), 0);
  char expected[64];
  snprintf(expected, sizeof expected, "true %s;", dps_version());
  assert_string_equal(noted, expected);
}

/* --- failures --- */

static void test_syntax_error_fails_the_load_with_name_and_line(void **state) {
  assert_int_equal(dps_eval(*state, "local x\nx = = 1", 14, "campaign.lua"), DPS_FAILED);
  assert_says(*state, "campaign.lua:2: unexpected symbol near '='");
  assert_int_equal(dps_exit_code(*state), DPS_FAILED);
  assert_int_equal(dps_run(*state), DPS_FAILED);
}

static void test_runtime_error_fails_the_run_with_name_and_line(void **state) {
  assert_int_equal(run(*state, "local x\n\nx.y = 1"), DPS_FAILED);
  assert_says(*state, "script:3: attempt to index a nil value (local 'x')");
}

static void test_name_of_code_may_be_missing(void **state) {
  assert_int_equal(dps_eval(*state, "x =", 3, NULL), DPS_FAILED);
  assert_says(*state, "script:1:");
}

static void test_error_objects_come_to_the_exit_code_of_their_kind(void **state) {
  static const struct {
    const char *kind;
    int code;
  } cases[] = {{"invalid", DPS_INVALID},
               {"refused", DPS_USAGE},
               {"limit", DPS_LIMIT},
               {"http", DPS_FAILED},
               {"unknown", DPS_FAILED}};
  char code[128], says[64];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    snprintf(code, sizeof code, "\nrequire('dps.err').raise{kind='%s', message='so it is'}",
             cases[i].kind);
    snprintf(says, sizeof says, "%s: so it is", cases[i].kind);
    assert_int_equal(run(*state, code), cases[i].code);
    assert_says(*state, "script:2");
    assert_says(*state, says);
  }
}

static void test_any_value_can_be_raised(void **state) {
  static const char *const values[][2] = {
      {"error(nil)", "nothing"},
      {"error(42)", "42"},
      {"error({})", "table"},
      {"error(true)", "true"},
      {"error(setmetatable({}, {__tostring = function() return 'mine' end}))", "mine"},
      {"error(setmetatable({}, {__tostring = function() error 'twice' end}))", ""},
      {"error(string.rep('x', 100000), 0)", "xxxx"},
  };
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    assert_int_equal(run(*state, values[i][0]), DPS_FAILED);
    assert_says(*state, values[i][1]);
    assert_string_not_equal(dps_error(*state), "");
  }
}

static void test_failed_task_nobody_waited_for_fails_the_run(void **state) {
  assert_int_equal(run(*state, "dps.spawn(error, 'unseen')"), DPS_FAILED);
  assert_says(*state, "unseen");
}

static void test_endless_recursion_is_an_error(void **state) {
  assert_int_equal(run(*state, "local function f() return 1 + f() end f()"), DPS_FAILED);
  assert_says(*state, "stack overflow");
}

static void test_reporter_that_fails_or_says_zero_hides_no_failure(void **state) {
  run(*state, "require('dps.native').on_failure(function() error 'reporter' end)");
  assert_int_equal(run(*state, "error 'script'"), DPS_FAILED);
  run(*state, "require('dps.native').on_failure(function() return 0, 'worded' end)");
  assert_int_equal(run(*state, "error 'script'"), DPS_FAILED);
  assert_string_equal(dps_error(*state), "worded");
  run(*state, "require('dps.native').on_failure(function() end)");
  assert_int_equal(run(*state, "error 'script'"), DPS_FAILED);
  assert_string_not_equal(dps_error(*state), "");
}

static void test_bytecode_is_refused(void **state) {
  lua_State *L = dps_lua(*state);
  assert_int_equal(luaL_dostring(L, "return string.dump(function() note 'ran' end)"), LUA_OK);
  size_t len;
  const char *bytes = lua_tolstring(L, -1, &len);
  assert_int_equal(dps_eval(*state, bytes, len, "bytes"), DPS_USAGE);
  assert_says(*state, "bytecode");
  lua_pop(L, 1);
  dps_run(*state);
  assert_string_equal(noted, "");
}

/* --- several runs --- */

static void test_several_loads_are_several_tasks_in_this_order(void **state) {
  eval(*state, "note(1) dps.sleep(0) note(4)");
  eval(*state, "note(2) dps.sleep(0) note(5)");
  eval(*state, "note(3)");
  assert_int_equal(dps_run(*state), DPS_DONE);
  assert_string_equal(noted, "1;2;3;4;5;");
}

static void test_first_failure_of_a_run_gives_its_code_and_the_others_go_on(void **state) {
  eval(*state, "require('dps.err').raise{kind='invalid', message='first'}");
  eval(*state, "error 'second'");
  eval(*state, "note 'third'");
  assert_int_equal(dps_run(*state), DPS_INVALID);
  assert_string_equal(noted, "third;");
}

static void test_scripts_share_globals_from_run_to_run(void **state) {
  run(*state, "x = 41");
  run(*state, "note(x + 1)");
  assert_string_equal(noted, "42;");
}

static void test_each_run_has_its_own_code_and_error(void **state) {
  assert_int_equal(run(*state, "error 'bad'"), DPS_FAILED);
  assert_int_equal(dps_run(*state), DPS_FAILED);
  assert_int_equal(run(*state, "note 'good'"), DPS_DONE);
  assert_int_equal(dps_exit_code(*state), DPS_DONE);
  assert_string_equal(dps_error(*state), "");
  assert_int_equal(eval(*state, "="), DPS_FAILED);
  assert_int_equal(run(*state, "note 'again'"), DPS_DONE);
  assert_string_equal(noted, "good;again;");
}

static void test_failed_load_beside_a_good_one_fails_their_run(void **state) {
  assert_int_equal(eval(*state, "note 'good'"), DPS_DONE);
  assert_int_equal(eval(*state, "="), DPS_FAILED);
  assert_int_equal(dps_run(*state), DPS_FAILED);
  assert_string_equal(noted, "good;");
}

/* --- files and arguments --- */

static const char *script_file(const char *text) {
  static char path[64];
  snprintf(path, sizeof path, "/tmp/test_embed_XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
  return path;
}

static void test_file_is_loaded_with_its_arguments(void **state) {
  static char one[] = "one", dashes[] = "--two", empty[] = "";
  char *const argv[] = {one, dashes, empty};
  const char *path = script_file("#!/usr/bin/env dps\nnote(#arg, arg[1], arg[2], arg[3] == '')\n"
                                 "note(select('#', ...), ...) note(arg[0])");
  assert_int_equal(dps_load(*state, path, 3, argv), 0);
  assert_int_equal(dps_run(*state), DPS_DONE);
  char expected[128];
  snprintf(expected, sizeof expected, "3 one --two true;3 one --two ;%s;", path);
  assert_string_equal(noted, expected);
  unlink(path);
}

static void test_errors_of_a_file_name_it(void **state) {
  const char *path = script_file("\nerror 'boom'");
  char expected[128];
  dps_load(*state, path, 0, NULL);
  assert_int_equal(dps_run(*state), DPS_FAILED);
  snprintf(expected, sizeof expected, "%s:2: boom", path);
  assert_says(*state, expected);
  unlink(path);
}

static void test_missing_file_is_a_usage_error(void **state) {
  assert_int_equal(dps_load(*state, "/nowhere/campaign.lua", 0, NULL), DPS_USAGE);
  assert_says(*state, "/nowhere/campaign.lua");
  assert_int_equal(dps_exit_code(*state), DPS_USAGE);
}

/* --- C functions of the host --- */

static int l_fail(lua_State *L) {
  return luaL_error(L, "the host says no");
}

static void test_host_function_can_raise_and_be_caught(void **state) {
  lua_register(dps_lua(*state), "fail", l_fail);
  assert_int_equal(run(*state, "note(pcall(fail))"), DPS_DONE);
  assert_string_equal(noted, "false the host says no;");
  assert_int_equal(run(*state, "\nfail()"), DPS_FAILED);
  assert_says(*state, "script:2: the host says no");
}

static int l_load(lua_State *L) {
  dps *engine = lua_touserdata(L, lua_upvalueindex(1));
  assert_int_equal(dps_eval(engine, "note('loaded')", 14, NULL), DPS_DONE);
  assert_int_equal(dps_eval(engine, "no Lua", 6, NULL), DPS_FAILED);
  return 0;
}

static void test_host_function_can_load_another_script(void **state) {
  lua_pushlightuserdata(dps_lua(*state), *state);
  lua_pushcclosure(dps_lua(*state), l_load, 1);
  lua_setglobal(dps_lua(*state), "load_more");
  assert_int_equal(run(*state, "load_more() note('on')"), DPS_FAILED);
  assert_string_equal(noted, "on;loaded;");
}

static void test_two_engines_live_side_by_side(void **state) {
  dps *other = open_host();
  eval(*state, "x = 1 for i = 1, 3 do dps.sleep(0) note('a' .. i) end");
  eval(other, "note(x) for i = 1, 3 do dps.sleep(0) note('b' .. i) end error 'other'");
  int alive = 2;
  while (alive > 0)
    alive = dps_step(*state, 1) + dps_step(other, 1);
  assert_string_equal(noted, "nil;a1;b1;a2;b2;a3;b3;");
  assert_int_equal(dps_exit_code(*state), DPS_DONE);
  assert_int_equal(dps_exit_code(other), DPS_FAILED);
  assert_string_equal(dps_error(*state), "");
  dps_close(&other);
  assert_int_equal(run(*state, "note(x)"), DPS_DONE);
}

static void test_token_is_copied_and_a_script_cannot_read_it(void **state) {
  char token[] = "secret-token-0123456789";
  const struct dps_options options = {.size = sizeof options, .access_token = token};
  dps *engine = dps_open(&options);
  (void)state;
  memset(token, 'x', strlen(token));
  noted[0] = '\0';
  lua_register(dps_lua(engine), "note", l_note);
  run(engine, "local t = dps.secret.from_env 'DPS_ACCESS_TOKEN' note(t) note(getmetatable(t))");
  assert_null(strstr(noted, "secret-token"));
  assert_null(strstr(noted, "nil"));
  dps_close(&engine);
}

/* What a script gets of a host's secrets: handles. The environment's are behind them. */
static void test_secrets_of_the_host_go_before_the_environment_and_stay_hidden(void **state) {
  static const char *const secrets[] = {"DPS_SECRET_A=of-the-host", "DPS_SECRET_B=", NULL};
  const struct dps_options options = {.size = sizeof options, .secrets = secrets};
  (void)state;
  setenv("DPS_SECRET_A", "theirs", 1);
  setenv("DPS_SECRET_B", "theirs", 1);
  setenv("DPS_SECRET_C", "theirs", 1);
  dps *engine = dps_open(&options);
  assert_non_null(engine);
  lua_register(dps_lua(engine), "note", l_note);
  noted[0] = '\0';
  run(engine, "note(dps.secret.from_env 'DPS_SECRET_A', dps.secret.from_env 'DPS_SECRET_C')\n"
              "note(pcall(dps.secret.from_env, 'DPS_SECRET_B'))");
  dps_close(&engine);
  assert_non_null(strstr(noted, "dps.secret: (hidden) dps.secret: (hidden);false "));
  assert_null(strstr(noted, "of-the-host"));
  assert_null(strstr(noted, "theirs"));
  for (char name[] = "DPS_SECRET_A"; name[11] <= 'C'; name[11]++)
    unsetenv(name);
}

static void test_fields_beyond_the_size_of_the_options_are_not_read(void **state) {
  const struct dps_options old = {.size = sizeof old.size, .access_token = "not-to-be-read"};
  unsetenv("DPS_ACCESS_TOKEN");
  dps *engine = dps_open(&old);
  (void)state;
  noted[0] = '\0';
  lua_register(dps_lua(engine), "note", l_note);
  run(engine, "note(require('dps.native').secret.named 'DPS_ACCESS_TOKEN')");
  assert_string_equal(noted, ";");
  dps_close(&engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_engine_opens_and_closes_and_the_pointer_is_nulled),
      IN_HOST(test_run_without_a_script_is_done_at_once),
      IN_HOST(test_code_runs_when_the_run_does_not_when_it_is_loaded),
      IN_HOST(test_dps_is_preset_and_required),
      IN_HOST(test_syntax_error_fails_the_load_with_name_and_line),
      IN_HOST(test_runtime_error_fails_the_run_with_name_and_line),
      IN_HOST(test_name_of_code_may_be_missing),
      IN_HOST(test_error_objects_come_to_the_exit_code_of_their_kind),
      IN_HOST(test_any_value_can_be_raised),
      IN_HOST(test_failed_task_nobody_waited_for_fails_the_run),
      IN_HOST(test_endless_recursion_is_an_error),
      IN_HOST(test_reporter_that_fails_or_says_zero_hides_no_failure),
      IN_HOST(test_bytecode_is_refused),
      IN_HOST(test_several_loads_are_several_tasks_in_this_order),
      IN_HOST(test_first_failure_of_a_run_gives_its_code_and_the_others_go_on),
      IN_HOST(test_scripts_share_globals_from_run_to_run),
      IN_HOST(test_each_run_has_its_own_code_and_error),
      IN_HOST(test_failed_load_beside_a_good_one_fails_their_run),
      IN_HOST(test_file_is_loaded_with_its_arguments),
      IN_HOST(test_errors_of_a_file_name_it),
      IN_HOST(test_missing_file_is_a_usage_error),
      IN_HOST(test_host_function_can_raise_and_be_caught),
      IN_HOST(test_host_function_can_load_another_script),
      IN_HOST(test_two_engines_live_side_by_side),
      cmocka_unit_test(test_token_is_copied_and_a_script_cannot_read_it),
      cmocka_unit_test(test_secrets_of_the_host_go_before_the_environment_and_stay_hidden),
      cmocka_unit_test(test_fields_beyond_the_size_of_the_options_are_not_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
