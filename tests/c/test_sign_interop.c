/* Another implementation's signatures verify here, and those made here verify there (how they were
 * made and checked: tests/vectors/interop). What is deterministic is the same byte for byte,
 * whoever made it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vector_case.h"

#define FOLDER "tests/vectors/interop/"

static const struct vector vectors[] = {
    {FOLDER "npm-ed25519", "sig", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {FOLDER "dps-ed25519", "sig", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {FOLDER "npm-hmac-sha256", "sig", "test-shared-secret", DPS_ALG_HMAC_SHA256, 0, NULL},
    {FOLDER "dps-hmac-sha256", "sig", "test-shared-secret", DPS_ALG_HMAC_SHA256, 0, NULL},
    {FOLDER "npm-ecdsa-p256-sha256", "sig", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0,
     NULL},
    {FOLDER "dps-ecdsa-p256-sha256", "sig", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0,
     NULL},
    {FOLDER "npm-ecdsa-p384-sha384", "sig", "p384", DPS_ALG_ECDSA_P384_SHA384, 0, NULL},
    {FOLDER "dps-ecdsa-p384-sha384", "sig", "p384", DPS_ALG_ECDSA_P384_SHA384, 0, NULL},
    {FOLDER "npm-rsa-pss-sha512", "sig", "test-key-rsa", DPS_ALG_RSA_PSS_SHA512, 0, NULL},
    {FOLDER "dps-rsa-pss-sha512", "sig", "test-key-rsa", DPS_ALG_RSA_PSS_SHA512, 0, NULL},
    {FOLDER "npm-rsa-v1_5-sha256", "sig", "test-key-rsa", DPS_ALG_RSA_V1_5_SHA256, 0, NULL},
    {FOLDER "dps-rsa-v1_5-sha256", "sig", "test-key-rsa", DPS_ALG_RSA_V1_5_SHA256, 0, NULL},
    {FOLDER "npm-response", "sig", "test-key-ed25519", DPS_ALG_ED25519, 0,
     FOLDER "npm-response-request"},
};

static void test_signatures_of_both_verify_here(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    verify_vector(&vectors[i], true);
}

static void test_both_make_the_same_base_and_the_same_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    sign_vector(&vectors[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_signatures_of_both_verify_here),
      cmocka_unit_test(test_both_make_the_same_base_and_the_same_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
