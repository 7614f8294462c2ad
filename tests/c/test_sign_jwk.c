/* JSON Web Keys as keys for signatures, and how keys are named (RFC 7517, 7638, 8037). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "key_case.h"

/* RFC 7638, section 3.1. */
#define RSA_JWK_OF_RFC_7638                                                                        \
  "{\"kty\":\"RSA\",\"n\":"                                                                        \
  "\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7"                       \
  "aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_"               \
  "RN5w6Cf0h4QyQ5v"                                                                                \
  "-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"    \
  "bFTW"                                                                                           \
  "hAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":"    \
  "\"AQAB"                                                                                         \
  "\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}"

/* RFC 8037, appendix A.1 and A.2. */
#define OKP_X "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OKP_D "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""
#define OKP_PRIVATE "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_D "," OKP_X "}"
#define OKP_PUBLIC "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_X "}"

/* RFC 7515, appendix A.3. */
#define EC_X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define EC_Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC_D "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""
#define EC_PRIVATE "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y "," EC_D "}"

/* --- JWK --- */

static void test_jwks_are_taken_by_type_and_curve(void **state) {
  static const struct key_case cases[] = {
      {OKP_PRIVATE, NULL, 0, DPS_ALG_ED25519, true, 0},
      {OKP_PUBLIC, NULL, 0, DPS_ALG_ED25519, false, 0},
      {" \n" OKP_PUBLIC "\n", NULL, 0, DPS_ALG_ED25519, false, 0},
      {EC_PRIVATE, NULL, 0, DPS_ALG_ECDSA_P256_SHA256, true, 0},
      {"{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y "}", NULL, 0, DPS_ALG_ECDSA_P256_SHA256,
       false, 0},
      {RSA_JWK_OF_RFC_7638, NULL, 0, DPS_ALG_RSA_V1_5_SHA256, false, 0},
      {"{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}", NULL, 0, DPS_ALG_HMAC_SHA256, true, 0},
      {"{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"alg\":\"HS256\",\"use\":\"sig\",\"key_ops\":[],"
       "\"x\":{\"a\":[1,\"}\"]}}",
       NULL, 0, DPS_ALG_HMAC_SHA256, true, 0},
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\"," OKP_X "}", NULL, 0,
       DPS_ALG_ED25519, false, 0},
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"ed25519\"," OKP_X "}", NULL, 0,
       DPS_ALG_ED25519, false, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_text(&cases[i]);
}

static void test_jwks_for_something_else_are_unfit(void **state) {
  static const struct key_case cases[] = {
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"ES256\"," OKP_X "}", NULL, 0, 0, false,
       DPS_SIGN_KEY_UNFIT},
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"none\"," OKP_X "}", NULL, 0, 0, false,
       DPS_SIGN_KEY_UNFIT},
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"enc\"," OKP_X "}", NULL, 0, 0, false,
       DPS_SIGN_KEY_UNFIT},
      {"{\"kty\":\"OKP\",\"crv\":\"X25519\"," OKP_X "}", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT},
      {"{\"kty\":\"EC\",\"crv\":\"P-521\"," EC_X "," EC_Y "}", NULL, 0, 0, false,
       DPS_SIGN_KEY_UNFIT},
      {"{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"alg\":\"HS512\"}", NULL, 0, 0, false,
       DPS_SIGN_KEY_UNFIT},
      {"{\"kty\":\"AKP\"}", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT},
      {RSA_JWK_OF_RFC_7638, NULL, DPS_ALG_RSA_PSS_SHA512, 0, false, DPS_SIGN_KEY_UNFIT},
      {OKP_PUBLIC, NULL, DPS_ALG_HMAC_SHA256, 0, false, DPS_SIGN_KEY_UNFIT},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_text(&cases[i]);
}

static void test_jwks_that_are_none_are_malformed(void **state) {
  static const struct key_case cases[] = {
      {"{}", NULL, 0, 0, false, DPS_SIGN_KEY_UNFIT},
      {"{\"kty\":1}", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_X "," OKP_X "}", NULL, 0, 0, false,
       DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", NULL, 0, 0, false,
       DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS/"
       "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
       NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_D
       ",\"x\":\"AAqYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
       NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED}, /* x is not d's */
      {"{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X
       ",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1\"}",
       NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED}, /* not on the curve */
      {"{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y
       ",\"d\":\"AAsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}",
       NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED}, /* d is not the point's */
      {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", NULL, 0, 0, false,
       DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"oct\"}", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"oct\",\"k\":\"c2VjcmV0=\"}", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"oct\",\"k\":\"\"}", NULL, 0, 0, false, DPS_SIGN_KEY_EMPTY},
      {"{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",}", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"", NULL, 0, 0, false, DPS_SIGN_KEY_MALFORMED},
      {"{\"kty\":\"oct\",\"k\":\"c2VjcmV0\",\"kid\":\"a\\nb\"}", NULL, 0, 0, false,
       DPS_SIGN_KEY_MALFORMED},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_text(&cases[i]);
}

/* --- names --- */

static void assert_id(const char *bytes, size_t len, const char *want, const char *thumbprint) {
  struct dps_sign_fault fault;
  struct dps_buf out;
  struct dps_sign_key *key = key_of(bytes, len, NULL, DPS_ALG_NONE, &fault);
  assert_non_null(key);
  assert_string_equal(dps_sign_key_id(key), want);
  dps_buf_init(&out, 100);
  assert_true(dps_sign_key_thumbprint(key, &out));
  assert_string_equal(dps_buf_str(&out), thumbprint);
  dps_buf_clear(&out);
  dps_sign_key_free(key);
}

static void test_a_keyid_is_the_kid_or_the_thumbprint_of_rfc_7638(void **state) {
  size_t len;
  (void)state;
  assert_id(RSA_JWK_OF_RFC_7638, strlen(RSA_JWK_OF_RFC_7638), "2011-04-29",
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  assert_id(OKP_PRIVATE, strlen(OKP_PRIVATE), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"); /* RFC 8037, A.3 */
  char *pem = signed_file(RFC "test-key-ed25519.private.pem", &len);
  assert_id(pem, len, "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U",
            "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U"); /* of Web Bot Auth's samples */
  free(pem);
  assert_id("a secret", 8, "", "56JfgNupXw5ff1uljVaR1DuQqT6hU5tV7v8IkyrDTmY");
}

static void test_a_given_keyid_wins_and_must_be_printable(void **state) {
  static const char *const bad[] = {"", "a\nb", "caf\xc3\xa9", "tab\t"};
  struct dps_sign_fault fault;
  struct dps_sign_key_source source = {
      .bytes = RSA_JWK_OF_RFC_7638, .len = strlen(RSA_JWK_OF_RFC_7638), .keyid = "mine"};
  (void)state;
  struct dps_sign_key *key = dps_sign_key_new(&source, &fault);
  assert_string_equal(dps_sign_key_id(key), "mine");
  dps_sign_key_free(key);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    source.keyid = bad[i];
    assert_null(dps_sign_key_new(&source, &fault));
    assert_int_equal(fault.reason, DPS_SIGN_INVALID);
  }
}

static void test_a_public_jwk_is_read_back_as_the_same_key(void **state) {
  static const char *const files[] = {RFC "test-key-rsa.private.pem", KEYS "p384.pem",
                                      KEYS "p256.withparams.pem", KEYS "ed.pem"};
  struct dps_sign_fault fault;
  struct dps_buf jwk, text;
  (void)state;
  dps_buf_init(&jwk, 4096);
  dps_buf_init(&text, 4096);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    struct dps_sign_key *key = key_in(files[i], NULL, DPS_ALG_NONE, &fault);
    if (!key) print_error("%s: %s\n", files[i], fault.detail);
    assert_non_null(key);
    dps_buf_reset(&jwk);
    assert_true(dps_sign_key_public_jwk(key, &jwk));
    assert_null(strstr(jwk.data, "\"d\""));
    struct dps_sign_key *again = key_of(jwk.data, jwk.len, NULL, DPS_ALG_NONE, &fault);
    assert_non_null(again);
    assert_false(dps_sign_key_can_sign(again));
    assert_int_equal(dps_sign_key_alg(again), dps_sign_key_alg(key));
    assert_string_equal(dps_sign_key_id(again), dps_sign_key_id(key));
    dps_sign_key_free(again);
    dps_sign_key_free(key);
  }
  struct dps_sign_key *secret = key_of("secret", 6, NULL, DPS_ALG_NONE, &fault);
  assert_false(dps_sign_key_public_jwk(secret, &text));
  assert_int_equal(text.len, 0);
  dps_sign_key_free(secret);
  dps_buf_clear(&jwk);
  dps_buf_clear(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_jwks_are_taken_by_type_and_curve),
      cmocka_unit_test(test_jwks_for_something_else_are_unfit),
      cmocka_unit_test(test_jwks_that_are_none_are_malformed),
      cmocka_unit_test(test_a_keyid_is_the_kid_or_the_thumbprint_of_rfc_7638),
      cmocka_unit_test(test_a_given_keyid_wins_and_must_be_printable),
      cmocka_unit_test(test_a_public_jwk_is_read_back_as_the_same_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
