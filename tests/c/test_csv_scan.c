/* The quick half of reading CSV: what it takes, and that everything else is left to the careful
 * half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "csv_scan.h"

/* Scans a copy of just this size, so that a sanitizer sees any step past its end. */
static size_t scan(const char *text, size_t count, const char *fields[]) {
  struct dps_csv_field found[8];
  size_t len = strlen(text);
  char *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  memcpy(copy, text, len);
  size_t bytes = dps_csv_scan(copy, len, ',', found, count);
  for (size_t i = 0; bytes && i < count; i++) {
    assert_int_equal(found[i].len, strlen(fields[i]));
    assert_memory_equal(found[i].start, fields[i], found[i].len);
  }
  free(copy);
  return bytes;
}

static void test_a_row_on_one_line_is_taken(void **state) {
  (void)state;
  const char *abc[] = {"a", "b c", "1.5"};
  assert_int_equal(scan("a,b c,1.5\nnext", 3, abc), 10);
  assert_int_equal(scan("a,b c,1.5\r\n", 3, abc), 11);
  assert_int_equal(scan("\"a\",b c,\"1.5\"\n", 3, abc), 14);
  assert_int_equal(scan("\"a\",\"b c\",\"1.5\"\r\n", 3, abc), 17);
}

static void test_empty_fields_are_fields(void **state) {
  (void)state;
  const char *empty[] = {"", "", ""};
  assert_int_equal(scan(",,\n", 3, empty), 3);
  assert_int_equal(scan("\"\",,\"\"\n", 3, empty), 7);
  assert_int_equal(scan("\"\"\n", 1, empty), 3);
}

static void test_separators_inside_quotes_belong_to_the_field(void **state) {
  (void)state;
  const char *fields[] = {"1,5", "x"};
  assert_int_equal(scan("\"1,5\",x\n", 2, fields), 8);
}

static void test_what_needs_a_second_look_is_left(void **state) {
  (void)state;
  static const char *const rows[] = {"",
                                     "a,b",
                                     "\n",
                                     "\r\n",
                                     "a\n",
                                     "a,b,c\n",
                                     "a,b,\n",
                                     "a,b\r",
                                     "a\r,b\n",
                                     "a\rb,c\n",
                                     "a,b\r\r\n",
                                     "a\"b,c\n",
                                     "a,b\"\n",
                                     "\"a,b\n",
                                     "\"a\"x,b\n",
                                     "\"a\" ,b\n",
                                     "\"a\"\"b\",c\n",
                                     "\"a\nb\",c\n",
                                     "\"a\r\nb\",c\n",
                                     "a,\"\n",
                                     "a,\"b\n"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(scan(rows[i], 2, NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_row_on_one_line_is_taken),
      cmocka_unit_test(test_empty_fields_are_fields),
      cmocka_unit_test(test_separators_inside_quotes_belong_to_the_field),
      cmocka_unit_test(test_what_needs_a_second_look_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
