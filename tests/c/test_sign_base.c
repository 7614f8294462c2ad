/* The promises of sign_base.h beside the components: a server's view of a request, and what people
 * see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sign_base.h"

static void test_a_server_finds_the_target_uri(void **state) {
  static const struct {
    const char *host, *target, *uri; /* NULL: it cannot */
  } cases[] = {
      {"example.com", "/a?b", "https://example.com/a?b"},
      {"example.com:8443", "/", "https://example.com:8443/"},
      {"[::1]:1", "/", "https://[::1]:1/"},
      {"example.com", "*", "https://example.com"},
      {"example.com", "http://other/a", "http://other/a"},
      {"", "http://other/a", "http://other/a"},
      {"", "/a", NULL},
      {"example.com/x", "/a", NULL},
      {"user@example.com", "/a", NULL},
      {"example.com?", "/a", NULL},
      {"exam ple", "/a", NULL},
      {"example.com", "", NULL},
      {"example.com", "a", NULL},
      {"example.com", "/a b", NULL},
      {"example.com", "example.com:80", NULL},
  };
  struct dps_buf out;
  struct dps_sign_fault fault;
  (void)state;
  dps_buf_init(&out, 1000);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct dps_text host = {cases[i].host, strlen(cases[i].host)};
    struct dps_text target = {cases[i].target, strlen(cases[i].target)};
    dps_buf_reset(&out);
    bool ok = dps_sign_target_uri(&out, DPS_TEXT("https"), host, target, &fault);
    assert_int_equal(ok, cases[i].uri != NULL);
    if (ok) assert_string_equal(dps_buf_str(&out), cases[i].uri);
    if (!ok) assert_int_equal(fault.reason, DPS_SIGN_INVALID);
  }
  dps_buf_clear(&out);
}

static void test_what_people_see_hides_what_opens_doors(void **state) {
  static const char base[] = "\"@method\": POST\n\"authorization\": Bearer t0ken\n"
                             "\"cookie\";bs: :dDBrZW4=:\n\"x-dict\";key=\"a: b\": 1\n"
                             "\"x-api-key\";key=\"\\\": \": t0ken\n\"@signature-params\": ()";
  struct dps_buf out;
  (void)state;
  dps_buf_init(&out, 1000);
  assert_true(dps_sign_base_masked(&out, (struct dps_text){base, sizeof base - 1}));
  assert_string_equal(dps_buf_str(&out),
                      "\"@method\": POST\n\"authorization\": ***\n\"cookie\";bs: ***\n"
                      "\"x-dict\";key=\"a: b\": 1\n\"x-api-key\";key=\"\\\": \": ***\n"
                      "\"@signature-params\": ()");
  dps_buf_clear(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_server_finds_the_target_uri),
      cmocka_unit_test(test_what_people_see_hides_what_opens_doors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
