/* The promises of sign_key.h: which keys are taken, for what, and why the others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "key_case.h"

/* RFC 8037, appendix A.1. */
#define OKP_PRIVATE                                                                                \
  "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","    \
  "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

/* --- files --- */

static void test_files_are_taken_by_their_type_and_refused_with_the_reason(void **state) {
  static const struct key_case cases[] = {
      {KEYS "ed.pem", NULL, 0, DPS_ALG_ED25519, true, 0},
      {KEYS "ed.pem", "not needed", 0, DPS_ALG_ED25519, true, 0},
      {KEYS "ed.pem", NULL, DPS_ALG_ED25519, DPS_ALG_ED25519, true, 0},
      {KEYS "p384.pem", NULL, 0, DPS_ALG_ECDSA_P384_SHA384, true, 0},
      {KEYS "p384.pub.pem", NULL, 0, DPS_ALG_ECDSA_P384_SHA384, false, 0},
      {KEYS "p384.cert.pem", NULL, 0, DPS_ALG_ECDSA_P384_SHA384, false, 0},
      {KEYS "p256.withparams.pem", NULL, 0, DPS_ALG_ECDSA_P256_SHA256, true, 0},
      {RFC "test-key-rsa.private.pem", NULL, 0, DPS_ALG_RSA_PSS_SHA512, true, 0},
      {RFC "test-key-rsa.public.pem", NULL, 0, DPS_ALG_RSA_PSS_SHA512, false, 0},
      {RFC "test-key-rsa.private.pem", NULL, DPS_ALG_RSA_V1_5_SHA256, DPS_ALG_RSA_V1_5_SHA256, true,
       0},
      {RFC "test-key-rsa-pss.private.pem", NULL, 0, DPS_ALG_RSA_PSS_SHA512, true, 0},
      {RFC "test-shared-secret.secret", NULL, 0, DPS_ALG_HMAC_SHA256, true, 0},
      {RFC "test-shared-secret.secret", NULL, DPS_ALG_HMAC_SHA256, DPS_ALG_HMAC_SHA256, true, 0},
      /* encrypted */
      {KEYS "ed.enc.pem", "secret", 0, DPS_ALG_ED25519, true, 0},
      {KEYS "ed.enc.der", "secret", 0, DPS_ALG_ED25519, true, 0},
      {KEYS "p384.enc.pem", "secret", 0, DPS_ALG_ECDSA_P384_SHA384, true, 0},
      {KEYS "ed.enc.pem", NULL, 0, 0, false, DPS_SIGN_KEY_ENCRYPTED},
      {KEYS "ed.enc.der", NULL, 0, 0, false, DPS_SIGN_KEY_ENCRYPTED},
      {KEYS "p384.enc.pem", NULL, 0, 0, false, DPS_SIGN_KEY_ENCRYPTED},
      {KEYS "ed.enc.pem", "Secret", 0, 0, false, DPS_SIGN_KEY_PASSPHRASE},
      {KEYS "ed.enc.pem", "", 0, 0, false, DPS_SIGN_KEY_PASSPHRASE},
      {KEYS "p384.enc.pem", "Secret", 0, 0, false, DPS_SIGN_KEY_PASSPHRASE},
      /* a key for something else */
      {KEYS "ed.pem", NULL, DPS_ALG_ECDSA_P256_SHA256, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "ed.pem", NULL, DPS_ALG_RSA_PSS_SHA512, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "ed.pem", NULL, DPS_ALG_HMAC_SHA256, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "p384.pub.pem", NULL, DPS_ALG_HMAC_SHA256, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "p384.pem", NULL, DPS_ALG_ECDSA_P256_SHA256, 0, false, DPS_SIGN_KEY_UNFIT},
      {RFC "test-key-rsa.private.pem", NULL, DPS_ALG_ED25519, 0, false, DPS_SIGN_KEY_UNFIT},
      {RFC "test-key-rsa-pss.private.pem", NULL, DPS_ALG_RSA_V1_5_SHA256, 0, false,
       DPS_SIGN_KEY_UNFIT},
      {RFC "test-shared-secret.secret", NULL, DPS_ALG_ED25519, 0, false, DPS_SIGN_KEY_MALFORMED},
      {KEYS "p521.pem", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "k256.pem", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "k256.pem", NULL, DPS_ALG_ECDSA_P256_SHA256, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "x25519.pem", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "ed448.pem", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "dsa.pem", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "rsa1024.pem", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT},
      {KEYS "pss256.pem", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT}, /* it allows SHA-256 alone */
      /* what is public must not become a secret */
      {KEYS "p384.cert.der", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_file(&cases[i]);
}

static void test_texts_that_are_no_keys_say_why(void **state) {
  static const struct key_case cases[] = {
      {"", NULL, 0, 0, false, DPS_SIGN_KEY_EMPTY},
      {"", NULL, DPS_ALG_HMAC_SHA256, 0, false, DPS_SIGN_KEY_EMPTY},
      {"-----BEGIN PRIVATE KEY-----\n", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"-----BEGIN PRIVATE KEY-----\n", NULL, DPS_ALG_HMAC_SHA256, 0, false,
       DPS_SIGN_KEY_MALFORMED},
      {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", NULL, 0, 0, false,
       DPS_SIGN_KEY_MALFORMED},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", NULL, 0, 0, false,
       DPS_SIGN_KEY_MALFORMED},
      {"\n  -----BEGIN PRIVATE KEY-----\n", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"a secret", NULL, 0, DPS_ALG_HMAC_SHA256, true, 0},
      {"a secret", NULL, DPS_ALG_ED25519, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"{ a secret", NULL, DPS_ALG_HMAC_SHA256, DPS_ALG_HMAC_SHA256, true, 0},
      {"{ a secret", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"\xef\xbb\xbf{\"kty\":\"OKP\"", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      /* what is public must not become a secret */
      {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@here\n", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"\nssh-rsa AAAAB3NzaC1yc2EAAAADAQAB", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"ecdsa-sha2-nistp256 AAAAE2VjZHNh", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"sk-ssh-ed25519@openssh.com AAAAGnNr", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB", NULL, DPS_ALG_RSA_PSS_SHA512, 0, false,
       DPS_SIGN_KEY_MALFORMED},
      {"---- BEGIN SSH2 PUBLIC KEY ----\n", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"Certificate:\n    Data:\n", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"Public-Key: (256 bit)\n", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"ssh-is-what-it-begins-with", NULL, DPS_ALG_HMAC_SHA256, DPS_ALG_HMAC_SHA256, true, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_text(&cases[i]);
}

/* What openssl pkcs12, openssl x509 -text and editors write before a key or a certificate. */
static void test_a_public_key_behind_other_text_is_that_key_and_no_secret(void **state) {
  static const char *const before[] = {"\xef\xbb\xbf", "Bag Attributes\n    localKeyID: 01\n",
                                       "Certificate:\n    Data:\n", "# ssh-like comment\n"};
  static const char *const files[] = {KEYS "p384.pub.pem", KEYS "p384.cert.pem"};
  struct dps_sign_fault fault;
  char text[8192];
  (void)state;
  for (size_t i = 0; i < 8; i++) {
    size_t len, at = strlen(before[i / 2]);
    char *bytes = signed_file(files[i % 2], &len);
    memcpy(text, before[i / 2], at);
    memcpy(text + at, bytes, len);
    free(bytes);
    struct dps_sign_key *key = key_of(text, at + len, NULL, DPS_ALG_NONE, &fault);
    assert_non_null(key);
    assert_int_equal(dps_sign_key_alg(key), DPS_ALG_ECDSA_P384_SHA384);
    assert_false(dps_sign_key_can_sign(key));
    dps_sign_key_free(key);
    assert_null(key_of(text, at + len, NULL, DPS_ALG_HMAC_SHA256, &fault));
    assert_int_equal(fault.reason, DPS_SIGN_KEY_UNFIT);
  }
}

static void test_an_openssh_key_is_told_how_it_becomes_pem(void **state) {
  struct dps_sign_fault fault;
  (void)state;
  assert_null(key_of("ssh-rsa AAAA", 12, NULL, DPS_ALG_NONE, &fault));
  assert_non_null(strstr(fault.detail, "OpenSSH"));
  assert_non_null(strstr(fault.detail, "ssh-keygen -e -m PKCS8"));
  assert_non_null(strstr(fault.detail, "hmac-sha256"));
}

static void test_algorithms_have_the_names_of_the_registry(void **state) {
  static const char *const names[DPS_ALGS] = {"",
                                              "ed25519",
                                              "hmac-sha256",
                                              "ecdsa-p256-sha256",
                                              "ecdsa-p384-sha384",
                                              "rsa-pss-sha512",
                                              "rsa-v1_5-sha256"};
  (void)state;
  for (enum dps_sign_alg alg = 1; alg < DPS_ALGS; alg++) {
    assert_string_equal(dps_sign_alg_name(alg), names[alg]);
    assert_int_equal(dps_sign_alg(names[alg], strlen(names[alg])), alg);
  }
  assert_int_equal(dps_sign_alg("Ed25519", 7), DPS_ALG_NONE);
  assert_int_equal(dps_sign_alg("ed2551", 6), DPS_ALG_NONE);
  assert_int_equal(dps_sign_alg("", 0), DPS_ALG_NONE);
}

/* --- signatures --- */

static const struct {
  const char *path;
  enum dps_sign_alg alg;
  size_t size;
} all[] = {
    {KEYS "ed.pem", DPS_ALG_ED25519, 64},
    {RFC "test-shared-secret.secret", DPS_ALG_HMAC_SHA256, 32},
    {KEYS "p256.withparams.pem", DPS_ALG_ECDSA_P256_SHA256, 64},
    {KEYS "p384.pem", DPS_ALG_ECDSA_P384_SHA384, 96},
    {RFC "test-key-rsa-pss.private.pem", DPS_ALG_RSA_PSS_SHA512, 256},
    {RFC "test-key-rsa.private.pem", DPS_ALG_RSA_PSS_SHA512, 256},
    {RFC "test-key-rsa.private.pem", DPS_ALG_RSA_V1_5_SHA256, 256},
};

static void test_each_algorithm_signs_and_refuses_every_changed_byte(void **state) {
  static const char text[] = "some text";
  unsigned char signature[DPS_SIGNATURE_LONGEST];
  struct dps_sign_fault fault;
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    size_t n = 0;
    struct dps_sign_key *key = key_in(all[i].path, NULL, all[i].alg, &fault);
    assert_true(dps_sign_bytes(key, text, sizeof text, signature, &n, &fault));
    assert_int_equal(n, all[i].size);
    assert_int_equal(dps_sign_key_size(key), all[i].size);
    assert_true(dps_verify_bytes(key, text, sizeof text, signature, n, &fault));
    assert_false(dps_verify_bytes(key, text, sizeof text - 1, signature, n, &fault));
    for (size_t at = 0; at < n; at++) {
      signature[at] ^= 0x40;
      assert_false(dps_verify_bytes(key, text, sizeof text, signature, n, &fault));
      assert_int_equal(fault.reason, DPS_SIGN_BAD_SIGNATURE);
      signature[at] ^= 0x40;
    }
    for (size_t len = 0; len < n; len++)
      assert_false(dps_verify_bytes(key, text, sizeof text, signature, len, &fault));
    assert_true(dps_verify_bytes(key, text, sizeof text, signature, n, &fault));
    dps_sign_key_free(key);
  }
}

/* A number that begins with zeros is padded: about one signature in 128 has one. */
static void test_ecdsa_halves_are_padded_on_the_left(void **state) {
  unsigned char signature[DPS_SIGNATURE_LONGEST];
  struct dps_sign_fault fault;
  size_t short_ones = 0, n;
  (void)state;
  struct dps_sign_key *key = key_in(KEYS "p256.withparams.pem", NULL, DPS_ALG_NONE, &fault);
  for (int i = 0; i < 2000 || (!short_ones && i < 20000); i++) {
    assert_true(dps_sign_bytes(key, &i, sizeof i, signature, &n, &fault));
    assert_int_equal(n, 64);
    if (signature[0] != 0 && signature[32] != 0) continue;
    short_ones++;
    assert_true(dps_verify_bytes(key, &i, sizeof i, signature, n, &fault));
  }
  assert_true(short_ones > 0);
  dps_sign_key_free(key);
}

static void test_der_instead_of_r_and_s_is_refused_and_named(void **state) {
  /* ECDSA-Sig-Value of two 32-byte numbers */
  unsigned char der[70] = {0x30, 68, 0x02, 32, [36] = 0x02, [37] = 32};
  struct dps_sign_fault fault;
  (void)state;
  struct dps_sign_key *key = key_in(KEYS "p256.withparams.pem", NULL, DPS_ALG_NONE, &fault);
  assert_false(dps_verify_bytes(key, "x", 1, der, sizeof der, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_BAD_SIGNATURE);
  assert_non_null(strstr(fault.detail, "DER"));
  dps_sign_key_free(key);
}

static void test_a_signature_of_zeros_never_verifies(void **state) {
  static const unsigned char zeros[DPS_SIGNATURE_LONGEST];
  struct dps_sign_fault fault;
  (void)state;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct dps_sign_key *key = key_in(all[i].path, NULL, all[i].alg, &fault);
    assert_false(dps_verify_bytes(key, "x", 1, zeros, all[i].size, &fault));
    assert_int_equal(fault.reason, DPS_SIGN_BAD_SIGNATURE);
    dps_sign_key_free(key);
  }
}

static void test_a_public_key_cannot_sign(void **state) {
  unsigned char signature[DPS_SIGNATURE_LONGEST];
  struct dps_sign_fault fault;
  size_t n;
  (void)state;
  struct dps_sign_key *key = key_in(KEYS "p384.pub.pem", NULL, DPS_ALG_NONE, &fault);
  assert_false(dps_sign_bytes(key, "x", 1, signature, &n, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_KEY_UNFIT);
  dps_sign_key_free(key);
}

static void test_a_form_that_is_said_is_the_only_one_tried(void **state) {
  static const struct {
    enum dps_sign_form form;
    const char *bytes;
    bool ok;
  } cases[] = {
      {DPS_FORM_SECRET, OKP_PRIVATE, true}, {DPS_FORM_SECRET, "-----BEGIN X-----", true},
      {DPS_FORM_JWK, OKP_PRIVATE, true},    {DPS_FORM_JWK, "secret", false},
      {DPS_FORM_PEM, OKP_PRIVATE, false},   {DPS_FORM_DER, OKP_PRIVATE, false},
      {DPS_FORM_PEM, "secret", false},
  };
  struct dps_sign_fault fault;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct dps_sign_key_source source = {
        .bytes = cases[i].bytes, .len = strlen(cases[i].bytes), .form = cases[i].form};
    struct dps_sign_key *key = dps_sign_key_new(&source, &fault);
    assert_int_equal(key != NULL, cases[i].ok);
    dps_sign_key_free(key);
  }
}

static void test_no_message_holds_what_was_in_the_file(void **state) {
  static const char *const texts[] = {
      "-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----\n",
      "{\"kty\":\"oct\",\"k\":\"c2VjcmV0c2VjcmV0=\"}",
      "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"c2VjcmV0c2VjcmV0\"}",
      "{\"c2VjcmV0c2VjcmV0",
  };
  struct dps_sign_fault fault;
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_null(key_of(texts[i], strlen(texts[i]), "c2VjcmV0c2VjcmV0", DPS_ALG_NONE, &fault));
    assert_null(strstr(fault.detail, "c2Vj"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_files_are_taken_by_their_type_and_refused_with_the_reason),
      cmocka_unit_test(test_texts_that_are_no_keys_say_why),
      cmocka_unit_test(test_a_public_key_behind_other_text_is_that_key_and_no_secret),
      cmocka_unit_test(test_an_openssh_key_is_told_how_it_becomes_pem),
      cmocka_unit_test(test_algorithms_have_the_names_of_the_registry),
      cmocka_unit_test(test_each_algorithm_signs_and_refuses_every_changed_byte),
      cmocka_unit_test(test_ecdsa_halves_are_padded_on_the_left),
      cmocka_unit_test(test_der_instead_of_r_and_s_is_refused_and_named),
      cmocka_unit_test(test_a_signature_of_zeros_never_verifies),
      cmocka_unit_test(test_a_public_key_cannot_sign),
      cmocka_unit_test(test_a_form_that_is_said_is_the_only_one_tried),
      cmocka_unit_test(test_no_message_holds_what_was_in_the_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
