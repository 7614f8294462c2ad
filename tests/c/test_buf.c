/* The promises of buf.h: a ceiling that holds, a NUL that is always there, failures that stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "buf.h"

static void test_new_buffer_is_the_empty_string(void **state) {
  struct dps_buf b;
  (void)state;
  dps_buf_init(&b, 10);
  assert_string_equal(dps_buf_str(&b), "");
  assert_int_equal(b.len, 0);
  dps_buf_clear(&b);
}

static void test_appends_add_up_and_end_with_a_nul(void **state) {
  struct dps_buf b;
  (void)state;
  dps_buf_init(&b, 100);
  assert_true(dps_buf_puts(&b, "ab"));
  assert_true(dps_buf_putc(&b, 'c'));
  assert_true(dps_buf_append(&b, "d\0e", 3));
  assert_int_equal(b.len, 6);
  assert_memory_equal(dps_buf_str(&b), "abcd\0e", 7);
  dps_buf_clear(&b);
}

static void test_append_of_nothing_succeeds_and_adds_nothing(void **state) {
  struct dps_buf b;
  (void)state;
  dps_buf_init(&b, 0);
  assert_true(dps_buf_append(&b, NULL, 0));
  assert_true(dps_buf_puts(&b, ""));
  assert_int_equal(b.len, 0);
  assert_string_equal(dps_buf_str(&b), "");
  dps_buf_clear(&b);
}

static void test_exactly_the_ceiling_fits_and_one_byte_more_does_not(void **state) {
  static const size_t ceilings[] = {1, 10, 255, 256, 257, 511, 512, 513, 1000, 4096, 100000};
  (void)state;
  for (size_t i = 0; i < sizeof ceilings / sizeof *ceilings; i++) {
    struct dps_buf b;
    dps_buf_init(&b, ceilings[i]);
    for (size_t n = 0; n < ceilings[i]; n++)
      assert_true(dps_buf_putc(&b, 'x') && b.cap <= ceilings[i]);
    assert_int_equal(b.len, ceilings[i]);
    assert_int_equal(strlen(dps_buf_str(&b)), ceilings[i]);
    assert_false(dps_buf_putc(&b, 'x'));
    assert_int_equal(b.state, DPS_BUF_FULL);
  }
}

static void test_overflow_frees_the_content_and_stays(void **state) {
  struct dps_buf b;
  (void)state;
  dps_buf_init(&b, 4);
  assert_true(dps_buf_puts(&b, "abc"));
  assert_false(dps_buf_puts(&b, "de"));
  assert_null(b.data);
  assert_int_equal(b.len, 0);
  assert_false(dps_buf_putc(&b, 'x'));
  assert_false(dps_buf_append(&b, "", 0));
  assert_null(dps_buf_reserve(&b, 1));
  assert_string_equal(dps_buf_str(&b), "");
}

static void test_reset_and_clear_make_a_failed_buffer_usable_with_its_ceiling(void **state) {
  struct dps_buf b;
  (void)state;
  dps_buf_init(&b, 4);
  assert_false(dps_buf_puts(&b, "abcde"));
  dps_buf_reset(&b);
  assert_true(dps_buf_puts(&b, "abcd"));
  assert_false(dps_buf_puts(&b, "e"));
  dps_buf_clear(&b);
  assert_true(dps_buf_puts(&b, "abcd"));
  dps_buf_clear(&b);
}

static void test_reset_keeps_the_memory(void **state) {
  struct dps_buf b;
  (void)state;
  dps_buf_init(&b, 100);
  dps_buf_puts(&b, "some text");
  const char *data = b.data;
  dps_buf_reset(&b);
  assert_string_equal(dps_buf_str(&b), "");
  dps_buf_puts(&b, "other");
  assert_ptr_equal(b.data, data);
  assert_string_equal(dps_buf_str(&b), "other");
  dps_buf_clear(&b);
}

static void test_reserve_gives_room_that_the_caller_fills(void **state) {
  struct dps_buf b;
  (void)state;
  dps_buf_init(&b, 5000);
  dps_buf_puts(&b, "a");
  char *to = dps_buf_reserve(&b, 4999);
  assert_non_null(to);
  memset(to, 'b', 4999);
  b.len += 4999;
  assert_false(dps_buf_putc(&b, 'c'));
}

static void test_sizes_near_the_largest_number_do_not_wrap_around(void **state) {
  struct dps_buf b;
  (void)state;
  dps_buf_init(&b, 10);
  dps_buf_puts(&b, "abc");
  assert_null(dps_buf_reserve(&b, SIZE_MAX));
  assert_int_equal(b.state, DPS_BUF_FULL);
}

/* Otherwise AddressSanitizer takes a size that no machine has for a fault. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void) {
  return "allocator_may_return_null=1";
}

static void test_memory_that_is_not_there_is_a_failure_of_its_own(void **state) {
  struct dps_buf b;
  (void)state;
  dps_buf_init(&b, SIZE_MAX / 2);
  dps_buf_puts(&b, "abc");
  assert_null(dps_buf_reserve(&b, SIZE_MAX / 4));
  assert_int_equal(b.state, DPS_BUF_NOMEM);
  assert_null(b.data);
}

/* What buf.c wipes, seen from here: these stand before libc's own. */
static size_t wiped;

static void wipe(void *at, size_t n) {
  memset(at, 0, n);
  wiped += n;
}

void __explicit_bzero_chk(void *, size_t, size_t);
void __explicit_bzero_chk(void *at, size_t n, size_t room) {
  (void)room;
  wipe(at, n);
}

#undef explicit_bzero
void explicit_bzero(void *at, size_t n) {
  wipe(at, n);
}

static void test_a_secret_buffer_is_wiped_when_it_moves_fails_and_is_cleared(void **state) {
  char kilobyte[1024] = "secret";
  struct dps_buf b;
  (void)state;
  wiped = 0;
  dps_buf_init_secret(&b, 4096);
  assert_true(dps_buf_append(&b, kilobyte, 100));
  size_t first = b.cap + 1;
  assert_true(dps_buf_append(&b, kilobyte, sizeof kilobyte));
  assert_int_equal(wiped, first);
  assert_string_equal(b.data, "secret");
  size_t second = b.cap + 1;
  assert_null(dps_buf_reserve(&b, 4096));
  assert_int_equal(wiped, first + second);
  dps_buf_clear(&b);
  assert_true(dps_buf_puts(&b, "again"));
  size_t third = b.cap + 1;
  dps_buf_clear(&b);
  assert_int_equal(wiped, first + second + third);
}

static void test_a_buffer_that_is_no_secret_is_not_wiped(void **state) {
  struct dps_buf b;
  (void)state;
  wiped = 0;
  dps_buf_init(&b, 4096);
  assert_true(dps_buf_puts(&b, "plain"));
  dps_buf_clear(&b);
  assert_int_equal(wiped, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_new_buffer_is_the_empty_string),
      cmocka_unit_test(test_appends_add_up_and_end_with_a_nul),
      cmocka_unit_test(test_append_of_nothing_succeeds_and_adds_nothing),
      cmocka_unit_test(test_exactly_the_ceiling_fits_and_one_byte_more_does_not),
      cmocka_unit_test(test_overflow_frees_the_content_and_stays),
      cmocka_unit_test(test_reset_and_clear_make_a_failed_buffer_usable_with_its_ceiling),
      cmocka_unit_test(test_reset_keeps_the_memory),
      cmocka_unit_test(test_reserve_gives_room_that_the_caller_fills),
      cmocka_unit_test(test_sizes_near_the_largest_number_do_not_wrap_around),
      cmocka_unit_test(test_memory_that_is_not_there_is_a_failure_of_its_own),
      cmocka_unit_test(test_a_secret_buffer_is_wiped_when_it_moves_fails_and_is_cleared),
      cmocka_unit_test(test_a_buffer_that_is_no_secret_is_not_wiped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
