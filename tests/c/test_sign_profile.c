/* Profiles: from one request to its header lines, byte for byte, and where a request can't be
 * signed. The fapi2 vectors are checked by another implementation (tests/vectors/dps/README.md);
 * the gateways' MACs are openssl's:
 *
 *   printf 'TEXT' | openssl dgst -sha256 -hmac john-secret-key -binary | base64 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "sign_profile.h"
#include <strings.h>
#include "signed.h"

static const char body[] = "{\"name\":\"Fallback A\",\"rank\":{\"priority\":0}}";

#define FIELD(name, value)                                                                         \
  {                                                                                                \
    {name, sizeof(name) - 1}, {                                                                    \
      value, sizeof(value) - 1                                                                     \
    }                                                                                              \
  }

static const struct dps_sign_field fields[] = {
    FIELD("Host", "gateway.example.com"),
    FIELD("Authorization", "Bearer test-token"),
    FIELD("Content-Type", "application/json"),
    FIELD("x-gw-ims-org-id", "ORG@AdobeOrg"),
    FIELD("x-sandbox-name", "dev"),
};

static struct dps_sign_message request(const char *method, const char *content) {
  return (struct dps_sign_message){
      .method = {method, strlen(method)},
      .target_uri =
          DPS_TEXT("https://gateway.example.com/data/core/dps/offers?offer-type=fallback"),
      .fields = fields,
      .field_count = sizeof fields / sizeof *fields,
      .body = {content, strlen(content)},
  };
}

enum { CREATED = 1735689600 };
static const char nonce[] = "AAECAwQFBgcICQoLDA0ODw==";

/* --- a profile, as the settings of fapi2 make it --- */

struct bench {
  struct dps_sign_key *key;
  struct dps_profile *profile;
  struct dps_buf lines;
  struct dps_sign_fault fault;
};

static const enum dps_sign_param fapi2_params[] = {DPS_PARAM_CREATED, DPS_PARAM_EXPIRES,
                                                   DPS_PARAM_NONCE, DPS_PARAM_KEYID, DPS_PARAM_TAG};

static struct dps_profile_spec fapi2(void) {
  struct dps_profile_spec spec = {.form = DPS_SIGNED_RFC9421};
  spec.sign.components = dps_fapi2_components(&spec.sign.component_count);
  spec.sign.params = fapi2_params;
  spec.sign.param_count = sizeof fapi2_params / sizeof *fapi2_params;
  spec.sign.lifetime = 300;
  spec.sign.tag = "fapi-2-request";
  spec.sign.digest = DPS_DIGEST_SHA256;
  return spec;
}

static struct dps_profile_spec gateway(enum dps_sign_form_of form) {
  struct dps_profile_spec spec = {.form = form, .reads = true};
  spec.sign.components = dps_gateway_components(&spec.sign.component_count);
  return spec;
}

static void load(struct bench *b, const char *file, const char *text, const char *keyid) {
  size_t len = text ? strlen(text) : 0;
  char *bytes = file ? signed_file(file, &len) : NULL;
  const struct dps_sign_key_source source = {
      .bytes = bytes ? bytes : text, .len = len, .keyid = keyid};
  *b = (struct bench){.key = dps_sign_key_new(&source, &b->fault)};
  free(bytes);
  assert_non_null(b->key);
  dps_buf_init(&b->lines, 65536);
}

static void prepare(struct bench *b, struct dps_profile_spec spec) {
  b->profile = dps_profile_new(&spec, b->key, &b->fault);
  assert_non_null(b->profile);
}

static bool lines_of(struct bench *b, const char *method, const char *content) {
  const struct dps_sign_message message = request(method, content);
  dps_buf_reset(&b->lines);
  return dps_profile_lines(b->profile, &message, CREATED, nonce, &b->lines, &b->fault);
}

static void clear(struct bench *b) {
  dps_profile_free(b->profile);
  dps_sign_key_free(b->key);
  dps_buf_clear(&b->lines);
}

#define DIGEST "Content-Digest: sha-256=:kAJ0IfjHqe9AH0qXMo5v+aXbhKMktujBLhYsghEKA/c=:\n"
#define INPUT(keyid)                                                                               \
  "Signature-Input: dps=(\"@method\" \"@target-uri\" \"authorization\" \"content-type\" "          \
  "\"content-digest\" \"x-gw-ims-org-id\" \"x-sandbox-name\");created=1735689600;"                 \
  "expires=1735689900;nonce=\"AAECAwQFBgcICQoLDA0ODw==\";keyid=\"" keyid                           \
  "\";tag=\"fapi-2-request\"\n"

#define KEYS "tests/vectors/rfc9421/keys/"

static void test_fapi2_gives_the_vector_of_ed25519_byte_for_byte(void **state) {
  (void)state;
  struct bench b;
  load(&b, KEYS "test-key-ed25519.private.pem", NULL, "test-key-ed25519");
  prepare(&b, fapi2());
  assert_true(lines_of(&b, "POST", body));
  assert_string_equal(
      dps_buf_str(&b.lines),
      DIGEST INPUT(
          "test-key-ed25519") "Signature: "
                              "dps=:5uORCR4zKyeHKFc4xDxSEEyXRny5wfPmfxLqAJfcw+VMV0dfgjtpUM6te2+"
                              "PTqM3c+8WVnhgaGWzQp+g+wy8CA==:\n");
  clear(&b);
}

static void test_fapi2_gives_the_vector_of_hmac_sha256_byte_for_byte(void **state) {
  (void)state;
  struct bench b;
  load(&b, KEYS "test-shared-secret.secret", NULL, "test-shared-secret");
  prepare(&b, fapi2());
  assert_true(lines_of(&b, "POST", body));
  assert_string_equal(
      dps_buf_str(&b.lines),
      DIGEST INPUT(
          "test-shared-secret") "Signature: dps=:Mz5W/Z0JAWI89zVTW6Q9auu52YARlqKyLabMSKNPfGU=:\n");
  clear(&b);
}

static void test_what_is_there_is_covered_and_what_is_not_is_left_out(void **state) {
  (void)state;
  struct bench b;
  static const struct dps_sign_field more[] = {
      FIELD("Authorization", "Bearer t"), FIELD("x-api-key", "k"), FIELD("X-Request-Id", "r"),
      FIELD("Idempotency-Key", "i"), FIELD("x-sandbox-name", "dev")};
  load(&b, KEYS "test-key-ed25519.private.pem", NULL, NULL);
  prepare(&b, fapi2());
  struct dps_sign_message message = request("DELETE", "");
  message.fields = more;
  message.field_count = sizeof more / sizeof *more;
  assert_true(dps_profile_lines(b.profile, &message, CREATED, nonce, &b.lines, &b.fault));
  assert_non_null(strstr(dps_buf_str(&b.lines),
                         "dps=(\"@method\" \"@target-uri\" \"authorization\" \"x-sandbox-name\" "
                         "\"x-api-key\" \"idempotency-key\" \"x-request-id\");created="));
  assert_null(strstr(dps_buf_str(&b.lines), "Content-Digest"));
  clear(&b);
}

static void test_without_a_bearer_fapi2_cannot_sign(void **state) {
  (void)state;
  struct bench b;
  load(&b, KEYS "test-key-ed25519.private.pem", NULL, NULL);
  prepare(&b, fapi2());
  struct dps_sign_message message = request("POST", body);
  message.fields = fields + 2;
  message.field_count = 3;
  assert_false(dps_profile_lines(b.profile, &message, CREATED, nonce, &b.lines, &b.fault));
  assert_int_equal(b.fault.reason, DPS_SIGN_COMPONENT_ABSENT);
  assert_non_null(strstr(b.fault.detail, "authorization"));
  clear(&b);
}

#define assert_begins(text, start) assert_memory_equal(text, start, sizeof(start) - 1)

static void test_date_that_is_covered_is_made_where_there_is_none(void **state) {
  (void)state;
  static const struct dps_sign_component date[] = {{"date", false}, {"@method", false}};
  static const struct dps_sign_field own[] = {FIELD("dAtE", "Tue, 20 Apr 2021 02:07:55 GMT")};
  struct bench b;
  struct dps_profile_spec spec = fapi2();
  spec.sign.components = date;
  spec.sign.component_count = 2;
  spec.sign.digest = DPS_DIGEST_NONE;
  load(&b, KEYS "test-key-ed25519.private.pem", NULL, NULL);
  prepare(&b, spec);
  struct dps_sign_message message = request("POST", body);
  struct dps_signature made;
  assert_true(dps_profile_make(b.profile, &message, CREATED, nonce, &b.lines, &made, &b.fault));
  assert_begins(b.lines.data, "Date: Wed, 01 Jan 2025 00:00:00 GMT\nSignature-Input: ");
  assert_begins(made.base.at, "\"date\": Wed, 01 Jan 2025 00:00:00 GMT\n\"@method\": POST\n");
  message.fields = own;
  message.field_count = 1;
  dps_buf_reset(&b.lines);
  assert_true(dps_profile_make(b.profile, &message, CREATED, nonce, &b.lines, &made, &b.fault));
  assert_begins(b.lines.data, "Signature-Input: ");
  assert_begins(made.base.at, "\"date\": Tue, 20 Apr 2021");
  clear(&b);
}

static void test_reads_are_signed_where_they_are_asked_for(void **state) {
  (void)state;
  static const char *const reads[] = {"GET", "HEAD"};
  for (size_t i = 0; i < 4; i++) {
    struct bench b;
    struct dps_profile_spec spec = fapi2();
    spec.reads = i >= 2;
    load(&b, KEYS "test-key-ed25519.private.pem", NULL, NULL);
    prepare(&b, spec);
    assert_true(lines_of(&b, reads[i % 2], ""));
    assert_int_equal(b.lines.len > 0, i >= 2);
    clear(&b);
  }
}

/* --- each sending has its own --- */

static void nonce_of(struct bench *b, char *to, size_t size) {
  const struct dps_sign_message message = request("POST", body);
  dps_buf_reset(&b->lines);
  assert_true(dps_profile_sign_now(b->profile, &message, &b->lines));
  const char *at = strstr(dps_buf_str(&b->lines), ";nonce=\"");
  assert_non_null(at);
  snprintf(to, size, "%.24s", at + 8);
}

static void test_signing_now_has_another_nonce_each_time(void **state) {
  (void)state;
  struct bench b;
  char one[32], two[32];
  load(&b, KEYS "test-key-ed25519.private.pem", NULL, NULL);
  prepare(&b, fapi2());
  nonce_of(&b, one, sizeof one);
  nonce_of(&b, two, sizeof two);
  assert_string_not_equal(one, two);
  clear(&b);
}

static void test_signing_now_gives_words_where_it_fails(void **state) {
  (void)state;
  struct bench b;
  load(&b, KEYS "test-key-ed25519.private.pem", NULL, NULL);
  prepare(&b, fapi2());
  struct dps_sign_message message = request("POST", body);
  message.field_count = 1;
  assert_false(dps_profile_sign_now(b.profile, &message, &b.lines));
  assert_non_null(strstr(dps_buf_str(&b.lines), "authorization"));
  clear(&b);
}

/* --- the gateways' forms --- */

#define DATE "Date: Wed, 01 Jan 2025 00:00:00 GMT\n"
#define OLD_DIGEST "Digest: SHA-256=kAJ0IfjHqe9AH0qXMo5v+aXbhKMktujBLhYsghEKA/c=\n"

static void test_kong_gets_its_form(void **state) {
  (void)state;
  struct bench b;
  load(&b, NULL, "john-secret-key", "john-key");
  prepare(&b, gateway(DPS_SIGNED_KONG));
  assert_true(lines_of(&b, "POST", body));
  assert_string_equal(dps_buf_str(&b.lines), DATE OLD_DIGEST
                      "Proxy-Authorization: hmac username=\"john-key\", algorithm=\"hmac-sha256\", "
                      "headers=\"@request-target host date digest\", "
                      "signature=\"UUGa0NP4198l+TveGDpBlzAgGadHDxCJ2fVnA9cVgTM=\"\n");
  clear(&b);
}

static void test_apisix_gets_its_form(void **state) {
  (void)state;
  struct bench b;
  load(&b, NULL, "john-secret-key", "john-key");
  prepare(&b, gateway(DPS_SIGNED_APISIX));
  assert_true(lines_of(&b, "POST", body));
  assert_string_equal(dps_buf_str(&b.lines), DATE OLD_DIGEST
                      "Authorization: Signature keyId=\"john-key\",algorithm=\"hmac-sha256\","
                      "headers=\"@request-target host date digest\","
                      "signature=\"ZCSxRhWYu6plHABdg81J/I3gcG0DLHUEqt1cR3ZHCuw=\"\n");
  clear(&b);
}

static void test_gateways_sign_no_digest_without_a_body(void **state) {
  (void)state;
  struct bench b;
  load(&b, NULL, "john-secret-key", "john-key");
  prepare(&b, gateway(DPS_SIGNED_KONG));
  struct dps_sign_message message = request("DELETE", "");
  message.target_uri = DPS_TEXT("https://gateway.example.com/data/core/dps/offers/1");
  assert_true(dps_profile_lines(b.profile, &message, CREATED, nonce, &b.lines, &b.fault));
  assert_string_equal(dps_buf_str(&b.lines),
                      DATE "Proxy-Authorization: hmac username=\"john-key\", "
                           "algorithm=\"hmac-sha256\", headers=\"@request-target host date\", "
                           "signature=\"3vba3w9NZcZAbN72NjJ/Izis1oCQVBpGlunDLfcgJGI=\"\n");
  clear(&b);
}

static void test_gateways_refuse_a_field_that_is_not_there(void **state) {
  (void)state;
  struct bench b;
  static const struct dps_sign_component names[] = {{"@request-target", false},
                                                    {"x-nothing", false}};
  struct dps_profile_spec spec = gateway(DPS_SIGNED_KONG);
  spec.sign.components = names;
  spec.sign.component_count = 2;
  load(&b, NULL, "john-secret-key", "john-key");
  prepare(&b, spec);
  assert_false(lines_of(&b, "POST", body));
  assert_int_equal(b.fault.reason, DPS_SIGN_COMPONENT_ABSENT);
  assert_non_null(strstr(b.fault.detail, "x-nothing"));
  clear(&b);
}

/* --- what no profile can be made of --- */

static void assert_refused(const char *file, const char *keyid, struct dps_profile_spec spec,
                           enum dps_sign_reason reason) {
  struct bench b;
  load(&b, file, file ? NULL : "john-secret-key", keyid);
  assert_null(dps_profile_new(&spec, b.key, &b.fault));
  assert_int_equal(b.fault.reason, reason);
  assert_string_not_equal(b.fault.detail, "");
  clear(&b);
}

static void test_gateways_need_a_shared_secret(void **state) {
  (void)state;
  assert_refused(KEYS "test-key-ed25519.private.pem", "user", gateway(DPS_SIGNED_KONG),
                 DPS_SIGN_KEY_UNFIT);
  assert_refused(KEYS "test-key-ed25519.private.pem", "user", gateway(DPS_SIGNED_APISIX),
                 DPS_SIGN_KEY_UNFIT);
}

static void test_gateways_take_no_components_of_rfc9421(void **state) {
  (void)state;
  static const char *const names[] = {"@method", "Host", "\"host\"", "host;sf", "", "a b", "a\nb"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct dps_sign_component one[] = {{names[i], false}};
    struct dps_profile_spec spec = gateway(DPS_SIGNED_KONG);
    spec.sign.components = one;
    spec.sign.component_count = 1;
    assert_refused(NULL, "user", spec, DPS_SIGN_COMPONENT_INVALID);
  }
}

static void test_keyid_that_would_leave_its_quotes_is_refused(void **state) {
  (void)state;
  static const char *const ids[] = {"a\"b", "a\\b"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    struct bench b;
    load(&b, NULL, "john-secret-key", ids[i]);
    prepare(&b, gateway(DPS_SIGNED_APISIX));
    assert_false(lines_of(&b, "POST", body));
    assert_int_equal(b.fault.reason, DPS_SIGN_INVALID);
    clear(&b);
  }
}

static void test_unknown_component_is_refused_when_the_profile_is_made(void **state) {
  (void)state;
  static const struct dps_sign_component one[] = {{"@metod", false}};
  struct dps_profile_spec spec = fapi2();
  spec.sign.components = one;
  spec.sign.component_count = 1;
  assert_refused(KEYS "test-key-ed25519.private.pem", NULL, spec, DPS_SIGN_COMPONENT_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fapi2_gives_the_vector_of_ed25519_byte_for_byte),
      cmocka_unit_test(test_fapi2_gives_the_vector_of_hmac_sha256_byte_for_byte),
      cmocka_unit_test(test_what_is_there_is_covered_and_what_is_not_is_left_out),
      cmocka_unit_test(test_without_a_bearer_fapi2_cannot_sign),
      cmocka_unit_test(test_date_that_is_covered_is_made_where_there_is_none),
      cmocka_unit_test(test_reads_are_signed_where_they_are_asked_for),
      cmocka_unit_test(test_signing_now_has_another_nonce_each_time),
      cmocka_unit_test(test_signing_now_gives_words_where_it_fails),
      cmocka_unit_test(test_kong_gets_its_form),
      cmocka_unit_test(test_apisix_gets_its_form),
      cmocka_unit_test(test_gateways_sign_no_digest_without_a_body),
      cmocka_unit_test(test_gateways_refuse_a_field_that_is_not_there),
      cmocka_unit_test(test_gateways_need_a_shared_secret),
      cmocka_unit_test(test_gateways_take_no_components_of_rfc9421),
      cmocka_unit_test(test_keyid_that_would_leave_its_quotes_is_refused),
      cmocka_unit_test(test_unknown_component_is_refused_when_the_profile_is_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
