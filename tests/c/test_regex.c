/* The promises of regex.h: whole values in any case unless told otherwise, and ceilings that
 * hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "regex.h"

static char error[256];

static struct dps_regex *make(const char *pattern, int flags) {
  return dps_regex_new(pattern, strlen(pattern), flags, error, sizeof error);
}

static int matches(const char *pattern, int flags, const char *subject) {
  struct dps_regex *r = make(pattern, flags);
  assert_non_null(r);
  int rc = dps_regex_match(r, subject, strlen(subject));
  dps_regex_free(r);
  return rc;
}

static void test_the_whole_subject_has_to_match(void **state) {
  (void)state;
  assert_int_equal(matches("b", 0, "abc"), 0);
  assert_int_equal(matches(".*b.*", 0, "abc"), 1);
  assert_int_equal(matches("a|abc", 0, "abc"), 1);
  assert_int_equal(matches("a\\nb", 0, "a\nb"), 1);
  assert_int_equal(matches("a", 0, "a\n"), 0);
  assert_int_equal(matches("", 0, ""), 1);
}

static void test_a_part_is_enough_when_asked_for(void **state) {
  (void)state;
  assert_int_equal(matches("b", DPS_REGEX_PART, "abc"), 1);
  assert_int_equal(matches("^b", DPS_REGEX_PART, "abc"), 0);
}

static void test_case_counts_only_when_asked_for(void **state) {
  (void)state;
  assert_int_equal(matches("SOMMER \xC3\x84", 0, "sommer \xC3\xA4"), 1);
  assert_int_equal(matches("SOMMER", DPS_REGEX_CASE, "sommer"), 0);
}

static void test_characters_are_those_of_utf8(void **state) {
  (void)state;
  assert_int_equal(matches("caf.", 0, "caf\xC3\xA9"), 1);
  assert_int_equal(matches("\\p{Greek}+", 0, "\xCE\xB1\xCE\xB2"), 1);
  assert_int_equal(matches(".*x", 0, "\xFFx"), 0);
}

static void test_wrong_patterns_are_refused_with_the_place(void **state) {
  static const struct {
    const char *pattern, *says;
  } cases[] = {
      {"a(", "parenthesis"}, {"[z-a]", "range out of order"},
      {"*", "at character"}, {"a\\", "at end"},
      {"\\C", "disabled"},   {"\xFF", "UTF-8"},
      {"(?<n", "name"},      {"(a){65536}", "too big"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_null(make(cases[i].pattern, 0));
    if (!strstr(error, cases[i].says)) fail_msg("%s: %s", cases[i].pattern, error);
    assert_non_null(strstr(error, "(at character "));
  }
}

static void test_patterns_have_a_ceiling_of_length_nesting_and_size(void **state) {
  char text[DPS_REGEX_MAX_PATTERN + 2];
  (void)state;
  memset(text, 'a', sizeof text);
  assert_null(dps_regex_new(text, DPS_REGEX_MAX_PATTERN + 1, 0, error, sizeof error));
  assert_non_null(strstr(error, "longer than 1024 bytes"));
  struct dps_regex *r = dps_regex_new(text, DPS_REGEX_MAX_PATTERN, 0, error, sizeof error);
  assert_non_null(r);
  dps_regex_free(r);
  memset(text, '(', 200);
  memset(text + 200, ')', 200);
  text[400] = '\0';
  assert_null(make(text, 0));
  assert_null(make("(((a{1000}){1000}){1000}){1000}", 0));
}

static long elapsed_ms(const struct timespec *from) {
  struct timespec to;
  clock_gettime(CLOCK_MONOTONIC, &to);
  return (to.tv_sec - from->tv_sec) * 1000 + (to.tv_nsec - from->tv_nsec) / 1000000;
}

static void test_catastrophic_patterns_give_up(void **state) {
  static const char *const bad[] = {"(a+)+b", "(a|a)*b", "(.*)*x", "(a?){30}a{30}b",
                                    "((a{0,5}){0,5})*[c]"};
  char subject[4000];
  struct timespec began;
  (void)state;
  memset(subject, 'a', sizeof subject - 1);
  subject[sizeof subject - 1] = '\0';
  clock_gettime(CLOCK_MONOTONIC, &began);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_not_equal(matches(bad[i], 0, subject), 1);
  assert_int_equal(matches("(a+)+[bc]", 0, subject), -1);
  assert_true(elapsed_ms(&began) < 5000);
}

static void test_all_matches_of_one_expression_have_a_ceiling_together(void **state) {
  char subject[60];
  struct timespec began;
  int rc = 0;
  (void)state;
  memset(subject, 'a', sizeof subject - 1);
  subject[sizeof subject - 1] = '\0';
  struct dps_regex *r = make("(.*)(.*)(.*)b", 0); /* slow, within the ceiling of one match */
  assert_non_null(r);
  clock_gettime(CLOCK_MONOTONIC, &began);
  while (rc == 0 && elapsed_ms(&began) < 20000)
    rc = dps_regex_match(r, subject, strlen(subject));
  assert_int_equal(rc, -1);
  dps_regex_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_whole_subject_has_to_match),
      cmocka_unit_test(test_a_part_is_enough_when_asked_for),
      cmocka_unit_test(test_case_counts_only_when_asked_for),
      cmocka_unit_test(test_characters_are_those_of_utf8),
      cmocka_unit_test(test_wrong_patterns_are_refused_with_the_place),
      cmocka_unit_test(test_patterns_have_a_ceiling_of_length_nesting_and_size),
      cmocka_unit_test(test_catastrophic_patterns_give_up),
      cmocka_unit_test(test_all_matches_of_one_expression_have_a_ceiling_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
