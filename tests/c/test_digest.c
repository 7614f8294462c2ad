/* Content-Digest by RFC 9530: its own samples, and what a field can be that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "digest.h"

/* RFC 9530, appendix D; the second as RFC 9421 prints it too. */
#define HELLO "{\"hello\": \"world\"}"
#define HELLO_256 "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
#define HELLO_512                                                                                  \
  "sha-512=:WZDPaVn/"                                                                              \
  "7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
#define EMPTY_256 "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"

static void assert_field(enum dps_digest_alg alg, const char *body, const char *want) {
  struct dps_buf out;
  struct dps_hasher *hasher = dps_hasher_new(alg);
  dps_buf_init(&out, 200);
  for (int again = 0; again < 3; again++) {
    dps_buf_reset(&out);
    assert_true(dps_hasher_field(hasher, &out, body, strlen(body)));
    assert_string_equal(dps_buf_str(&out), want);
  }
  dps_buf_clear(&out);
  dps_hasher_free(hasher);
}

static void test_samples_of_rfc_9530_are_made(void **state) {
  (void)state;
  assert_field(DPS_DIGEST_SHA256, HELLO, HELLO_256);
  assert_field(DPS_DIGEST_SHA512, HELLO, HELLO_512);
  assert_field(DPS_DIGEST_SHA256, "", EMPTY_256);
}

static void test_a_field_is_held_against_the_body(void **state) {
  static const struct {
    const char *field, *body;
    enum dps_digest_result result;
  } cases[] = {
      {HELLO_256, HELLO, DPS_DIGEST_MATCH},
      {HELLO_512, HELLO, DPS_DIGEST_MATCH},
      {HELLO_256 ", " HELLO_512, HELLO, DPS_DIGEST_MATCH},
      {HELLO_512 "," HELLO_256, HELLO, DPS_DIGEST_MATCH},
      {EMPTY_256, "", DPS_DIGEST_MATCH},
      {HELLO_256 ";x=1", HELLO, DPS_DIGEST_MATCH},
      {"md5=:AAAA:, " HELLO_256, HELLO, DPS_DIGEST_MATCH},
      {HELLO_256 ", unixsum=:AAAA:", HELLO, DPS_DIGEST_MATCH},
      {HELLO_256, "{\"hello\": \"world\"} ", DPS_DIGEST_MISMATCH},
      {EMPTY_256 ", " HELLO_512, HELLO, DPS_DIGEST_MISMATCH},
      {HELLO_512 ", " EMPTY_256, HELLO, DPS_DIGEST_MISMATCH},
      {"md5=:AAAA:", HELLO, DPS_DIGEST_UNKNOWN},
      {"SHA-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", HELLO, DPS_DIGEST_MALFORMED},
      {"", HELLO, DPS_DIGEST_UNKNOWN},
      {"sha-256", HELLO, DPS_DIGEST_MALFORMED},
      {"sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=", HELLO, DPS_DIGEST_MALFORMED},
      {"sha-256=\"X48E\"", HELLO, DPS_DIGEST_MALFORMED},
      {"sha-256=:X48E:", HELLO, DPS_DIGEST_MALFORMED},
      {"sha-256=::", HELLO, DPS_DIGEST_MALFORMED},
      {"sha-256=(:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:)", HELLO, DPS_DIGEST_MALFORMED},
      {HELLO_256 ", md5=1", HELLO, DPS_DIGEST_MALFORMED},
      {HELLO_256 ", " HELLO_256, HELLO, DPS_DIGEST_MALFORMED}, /* which of them would count? */
      {HELLO_256 ",", HELLO, DPS_DIGEST_MALFORMED},
      {"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:\n", HELLO, DPS_DIGEST_MALFORMED},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    enum dps_digest_result got = dps_digest_check(cases[i].field, strlen(cases[i].field),
                                                  cases[i].body, strlen(cases[i].body));
    if (got != cases[i].result) print_error("%s\n", cases[i].field);
    assert_int_equal(got, cases[i].result);
  }
}

static void test_names_are_those_of_the_registry(void **state) {
  (void)state;
  assert_int_equal(dps_digest_by_name("sha-256", 7), DPS_DIGEST_SHA256);
  assert_int_equal(dps_digest_by_name("sha-512", 7), DPS_DIGEST_SHA512);
  assert_int_equal(dps_digest_by_name("sha-25", 6), DPS_DIGEST_NONE);
  assert_int_equal(dps_digest_by_name("SHA-256", 7), DPS_DIGEST_NONE);
  assert_int_equal(dps_digest_by_name("", 0), DPS_DIGEST_NONE);
  assert_string_equal(dps_digest_name(DPS_DIGEST_SHA512), "sha-512");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_samples_of_rfc_9530_are_made),
      cmocka_unit_test(test_a_field_is_held_against_the_body),
      cmocka_unit_test(test_names_are_those_of_the_registry),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
