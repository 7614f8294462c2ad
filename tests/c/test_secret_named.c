/* The secrets that a run is given by name: which variables hold one, and which value counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "dps.h"
#include "secret_named.h"

static const char *found(const struct dps_secrets *secrets, const char *name) {
  const struct dps_secret *secret = dps_secrets_find(secrets, name);
  return secret ? secret->bytes : "none";
}

static void test_names_of_secrets_are_known_with_and_without_a_value(void **state) {
  static const char *const yes[] = {"DPS_ACCESS_TOKEN",      "DPS_ACCESS_TOKEN=x",
                                    "DPS_CLIENT_SECRET",     "DPS_SIGN_PASSPHRASE",
                                    "DPS_SECRET_GATEWAY=ab", "DPS_SECRET_x"};
  static const char *const no[] = {"",        "DPS_ACCESS_TOKE", "DPS_ACCESS_TOKENS",
                                   "PATH=/x", "DPS_SECRET_",     "DPS_SECRET_=x",
                                   "=x",      "dps_access_token"};
  (void)state;
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    assert_true(dps_is_secret(yes[i]));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    assert_false(dps_is_secret(no[i]));
}

static void test_what_was_given_first_counts_and_an_empty_value_is_none(void **state) {
  static const char *const given[] = {"DPS_CLIENT_SECRET=", "DPS_SECRET_A=of the host", NULL};
  static const char *const environment[] = {
      "PATH=/bin",        "DPS_CLIENT_SECRET=theirs", "DPS_SECRET_A=theirs", "DPS_SECRET_B=b=c\n",
      "DPS_ACCESS_TOKEN", "DPS_SANDBOX=dev",          "DPS_SECRET_B=again",  NULL};
  struct dps_secrets secrets = {0};
  (void)state;
  assert_true(dps_secrets_take(&secrets, NULL));
  assert_true(dps_secrets_take(&secrets, given) && dps_secrets_take(&secrets, environment));
  assert_string_equal(found(&secrets, "DPS_CLIENT_SECRET"), "none");
  assert_string_equal(found(&secrets, "DPS_SECRET_A"), "of the host");
  assert_string_equal(found(&secrets, "DPS_SECRET_B"), "b=c");
  assert_string_equal(found(&secrets, "DPS_ACCESS_TOKEN"), "none");
  assert_string_equal(found(&secrets, "DPS_SANDBOX"), "none");
  assert_true(dps_secrets_put(&secrets, "DPS_SECRET_B", "new"));
  assert_string_equal(found(&secrets, "DPS_SECRET_B"), "new");
  dps_secrets_clear(&secrets);
  assert_string_equal(found(&secrets, "DPS_SECRET_B"), "none");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_of_secrets_are_known_with_and_without_a_value),
      cmocka_unit_test(test_what_was_given_first_counts_and_an_empty_value_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
