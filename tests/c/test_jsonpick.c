/* The promises of jsonpick.h: values out of JSON texts, in every way that they may be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "jsonpick.h"

static struct dps_secret text;

static int clear(void **state) {
  (void)state;
  dps_secret_clear(&text);
  return 0;
}

static const char *root(const char *json) {
  assert_true(dps_json_is_valid(json, strlen(json)));
  return dps_json_root(json);
}

static const char *text_of(const char *value) {
  return dps_json_text(value, &text) ? text.bytes : "none";
}

static void test_only_whole_json_is_valid(void **state) {
  static const char *const bad[] = {"",    " ",        "{",   "{\"a\":1", "[1,]",
                                    "1 2", "\"\xff\"", "nul", "<html>"};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(dps_json_is_valid(bad[i], strlen(bad[i])));
  assert_true(dps_json_is_valid(" {} ", 4));
  assert_true(dps_json_is_valid("[12345678901234567890, []]", 26));
}

static void test_members_are_found_behind_values_of_every_kind(void **state) {
  const char *object = root(" {\"s\" : \"}]\\\"\\\\\" , \"o\":{\"x\":[1,{\"t\":2}]},\"a\":[[],{}],"
                            "\"n\":-1.5e3,\"t\":true,\"z\":null,\"x\":\"last\" }");
  (void)state;
  assert_string_equal(text_of(dps_json_member(object, "x")), "last");
  assert_string_equal(text_of(dps_json_member(object, "s")), "}]\"\\");
  assert_int_equal(*dps_json_member(object, "z"), 'n');
  assert_null(dps_json_member(object, "y"));
  assert_null(dps_json_member(object, ""));
  assert_null(dps_json_member(NULL, "x"));
  assert_null(dps_json_member(dps_json_member(object, "a"), "x"));
  assert_null(dps_json_member(root("{}"), "x"));
  static const char *const path[] = {"o", "x", NULL}, *const none[] = {"o", "y", "z", NULL};
  assert_int_equal(*dps_json_path(object, path), '[');
  assert_null(dps_json_path(object, none));
}

static void test_the_last_of_two_members_counts_and_names_are_decoded(void **state) {
  const char *object = root("{\"a\":\"1\",\"\\u0061\":\"2\",\"aa\":\"3\"}");
  (void)state;
  assert_string_equal(text_of(dps_json_member(object, "a")), "2");
}

static void test_items_and_names_come_in_order(void **state) {
  const char *array = root("[ \"a\" ,[\"x\"], {\"y\":1} ,\"b\" ]");
  const char *item = dps_json_first(array);
  (void)state;
  assert_string_equal(text_of(item), "a");
  item = dps_json_next(dps_json_next(dps_json_next(item)));
  assert_string_equal(text_of(item), "b");
  assert_null(dps_json_next(item));
  assert_null(dps_json_first(root("[]")));
  assert_null(dps_json_first(root("{\"a\":1}")));
  assert_null(dps_json_first(NULL));
  const char *name = dps_json_first_name(root("{ \"p\":[1,2],\"q\" : {} }"));
  assert_string_equal(text_of(name), "p");
  name = dps_json_next_name(name);
  assert_string_equal(text_of(name), "q");
  assert_null(dps_json_next_name(name));
}

static void test_strings_are_decoded(void **state) {
  static const char *const cases[][2] = {
      {"\"\"", ""},
      {"\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"", "\b\f\n\r\t/\\\""},
      {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
      {"\"\\ud83d\\uDE00\"", "\xf0\x9f\x98\x80"},
      {"\"\xc3\xa9\"", "\xc3\xa9"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(text_of(root(cases[i][0])), cases[i][1]);
  assert_true(dps_json_text(root("\"a\\u0000b\""), &text));
  assert_int_equal(text.len, 3);
  assert_memory_equal(text.bytes, "a\0b", 4);
  assert_false(dps_json_text(root("1"), &text));
  assert_false(dps_json_text(root("[\"a\"]"), &text));
  assert_false(dps_json_text(NULL, &text));
}

static void test_numbers_are_read_also_where_they_are_written_as_text(void **state) {
  double n = 7;
  (void)state;
  assert_true(dps_json_number(root("86399"), &n) && n == 86399);
  assert_true(dps_json_number(root("-1.5e3"), &n) && n == -1500);
  assert_true(dps_json_number(root("\"42\""), &n) && n == 42);
  n = 7;
  static const char *const none[] = {"\"\"", "\"4 2\"", "\"-4\"", "\"4.2\"", "true",
                                     "[1]",  "{}",      "null",   "\"x\""};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_false(dps_json_number(root(none[i]), &n));
  assert_false(dps_json_number(NULL, &n));
  assert_true(n == 7);
}

int main(void) {
#define CASE(f) cmocka_unit_test_teardown(f, clear)
  const struct CMUnitTest tests[] = {
      CASE(test_only_whole_json_is_valid),
      CASE(test_members_are_found_behind_values_of_every_kind),
      CASE(test_the_last_of_two_members_counts_and_names_are_decoded),
      CASE(test_items_and_names_come_in_order),
      CASE(test_strings_are_decoded),
      CASE(test_numbers_are_read_also_where_they_are_written_as_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
