/* The published vectors of RFC 9421 (tests/vectors/rfc9421) and those of a request that dps sends
 * (tests/vectors/dps): every base byte for byte, every signature verified, every deterministic one
 * made again byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vector_case.h"

#define RFC "tests/vectors/rfc9421/"
#define DPS "tests/vectors/dps/"

static const struct vector vectors[] = {
    {RFC "b.2.1", "sig-b21", "test-key-rsa-pss", DPS_ALG_RSA_PSS_SHA512, 0, NULL},
    {RFC "b.2.2", "sig-b22", "test-key-rsa-pss", DPS_ALG_RSA_PSS_SHA512, 0, NULL},
    {RFC "b.2.3", "sig-b23", "test-key-rsa-pss", DPS_ALG_RSA_PSS_SHA512, 0, NULL},
    {RFC "b.2.4", "sig-b24", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0, NULL},
    {RFC "b.2.5", "sig-b25", "test-shared-secret", DPS_ALG_HMAC_SHA256, 0, NULL},
    {RFC "b.2.6", "sig-b26", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.3", "ttrp", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0, NULL},
    {RFC "b.4", "transform", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.4-added", "transform", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.4-combined", "transform", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.4-reordered", "transform", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.4-changed", "transform", "test-key-ed25519", DPS_ALG_ED25519, DPS_SIGN_BAD_SIGNATURE,
     NULL},
    {RFC "b.4-swapped", "transform", "test-key-ed25519", DPS_ALG_ED25519, DPS_SIGN_BAD_SIGNATURE,
     NULL},
    {RFC "4.3", "sig1", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0, NULL},
    {RFC "4.3-proxied", "proxy_sig", "test-key-rsa", DPS_ALG_RSA_V1_5_SHA256, 0, NULL},
    {RFC "2.4", "reqres", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0, RFC "2.4-request"},
    {DPS "fapi2-ed25519", "dps", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {DPS "fapi2-hmac-sha256", "dps", "test-shared-secret", DPS_ALG_HMAC_SHA256, 0, NULL},
};

enum { VECTORS = sizeof vectors / sizeof *vectors };

static void test_every_vector_verifies_and_its_base_is_the_published_one(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++)
    verify_vector(&vectors[i], true);
}

static void test_every_vector_verifies_with_the_private_key_too(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++)
    verify_vector(&vectors[i], false);
}

static void test_every_vector_is_signed_again_with_the_same_base_and_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++)
    if (!vectors[i].reason) sign_vector(&vectors[i]);
}

/* --- what is changed is seen --- */

static void test_one_other_bit_in_body_base_or_signature_is_refused(void **state) {
  struct signed_message m;
  struct dps_sign_fault fault;
  struct dps_verification *verification = dps_verification_new();
  struct dps_sign_key *key = signed_key("test-key-ed25519", true, DPS_ALG_NONE);
  const struct dps_verify_policy policy = {
      .now = 1735689600, .tag = "fapi-2-request", .key = vector_key, .context = key};
  (void)state;
  signed_read(&m, DPS "fapi2-ed25519.http");
  assert_true(dps_verify(verification, &policy, &m.message, &fault));
  char *body = (char *)m.message.body.at;
  body[3] ^= 1;
  assert_false(dps_verify(verification, &policy, &m.message, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_DIGEST_MISMATCH);
  body[3] ^= 1;
  char *sandbox = (char *)signed_field(&m, "x-sandbox-name")->at;
  sandbox[0] ^= 1;
  assert_false(dps_verify(verification, &policy, &m.message, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_BAD_SIGNATURE);
  sandbox[0] ^= 1;
  char *signature = (char *)signed_field(&m, "signature")->at;
  signature[20] = signature[20] == 'A' ? 'B' : 'A';
  assert_false(dps_verify(verification, &policy, &m.message, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_BAD_SIGNATURE);
  dps_verification_free(verification);
  dps_sign_key_free(key);
  signed_free(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_vector_verifies_and_its_base_is_the_published_one),
      cmocka_unit_test(test_every_vector_verifies_with_the_private_key_too),
      cmocka_unit_test(test_every_vector_is_signed_again_with_the_same_base_and_bytes),
      cmocka_unit_test(test_one_other_bit_in_body_base_or_signature_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
