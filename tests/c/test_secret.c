/* The promises of secret.h. That bytes are wiped is seen by an explicit_bzero of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "secret.h"

/* What was wiped last: secret.c must do it before it frees. With _FORTIFY_SOURCE the compiler calls
 * the checking form. */
static size_t wiped;
static const void *wiped_at;

void __explicit_bzero_chk(void *bytes, size_t len, size_t room);

void __explicit_bzero_chk(void *bytes, size_t len, size_t room) {
  volatile char *at = bytes;
  (void)room;
  wiped = len;
  wiped_at = bytes;
  while (len--)
    *at++ = 0;
}

void explicit_bzero(void *bytes, size_t len) {
  __explicit_bzero_chk(bytes, len, len);
}

static void test_secret_is_a_copy(void **state) {
  struct dps_secret secret = {0};
  char text[] = "token";
  (void)state;
  assert_true(dps_secret_set(&secret, text));
  memset(text, 'x', 5);
  assert_string_equal(secret.bytes, "token");
  assert_int_equal(secret.len, 5);
  dps_secret_clear(&secret);
}

static void test_trailing_line_ends_are_dropped_and_nothing_else(void **state) {
  static const char *const cases[][2] = {
      {"abc\n", "abc"}, {"abc\r\n", "abc"}, {"abc\n\n\r\n", "abc"},
      {"abc ", "abc "}, {"a\nb", "a\nb"},   {"\nabc", "\nabc"},
      {"\n", ""},       {"", ""},
  };
  struct dps_secret secret = {0};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_true(dps_secret_set(&secret, cases[i][0]));
    assert_string_equal(secret.bytes, cases[i][1]);
    assert_int_equal(secret.len, strlen(cases[i][1]));
  }
  dps_secret_clear(&secret);
}

static void test_clear_wipes_all_bytes_and_unsets(void **state) {
  struct dps_secret secret = {0};
  (void)state;
  dps_secret_set(&secret, "0123456789");
  const void *bytes = secret.bytes;
  wiped = 0;
  dps_secret_clear(&secret);
  assert_int_equal(wiped, 10);
  assert_ptr_equal(wiped_at, bytes);
  assert_null(secret.bytes);
  assert_int_equal(secret.len, 0);
  dps_secret_clear(&secret);
}

static void test_set_wipes_what_was_there(void **state) {
  struct dps_secret secret = {0};
  (void)state;
  dps_secret_set(&secret, "the first");
  wiped = 0;
  dps_secret_set(&secret, "2");
  assert_int_equal(wiped, 9);
  assert_string_equal(secret.bytes, "2");
  dps_secret_clear(&secret);
}

static void test_secret_can_be_set_to_its_own_text(void **state) {
  struct dps_secret secret = {0};
  (void)state;
  dps_secret_set(&secret, "same\n");
  assert_true(dps_secret_set(&secret, secret.bytes));
  assert_string_equal(secret.bytes, "same");
  dps_secret_clear(&secret);
}

static void test_only_a_b64token_is_a_token(void **state) {
  static const char *const bad[] = {"",   "a b",        "a\tb", "a\nb", "a\x7f", "\xc3\xa9",
                                    " a", "\"quoted\"", "a!",   "=a",   "a=b",   "a\x01"};
  struct dps_secret secret = {0};
  (void)state;
  assert_false(dps_secret_is_token(&secret));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    dps_secret_set(&secret, bad[i]);
    assert_false(dps_secret_is_token(&secret));
  }
  dps_secret_set(&secret, "eyJhbGciOi~._-+/09==");
  assert_true(dps_secret_is_token(&secret));
  dps_secret_clear(&secret);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_secret_is_a_copy),
      cmocka_unit_test(test_trailing_line_ends_are_dropped_and_nothing_else),
      cmocka_unit_test(test_clear_wipes_all_bytes_and_unsets),
      cmocka_unit_test(test_set_wipes_what_was_there),
      cmocka_unit_test(test_secret_can_be_set_to_its_own_text),
      cmocka_unit_test(test_only_a_b64token_is_a_token),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
