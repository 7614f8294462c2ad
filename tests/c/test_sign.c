/* The promises of sign.h: what a signer takes, what it writes and leaves out, and what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "signed.h"

enum { CREATED = 1700000000 };

static struct dps_sign_key *key;
static struct signed_message request;
static struct dps_sign_fault fault;

static int open_world(void **state) {
  (void)state;
  key = signed_key("test-shared-secret", false, DPS_ALG_NONE);
  signed_text(&request, "POST /a HTTP/1.1\nHost: example.com\n\nhello");
  return key ? 0 : -1;
}

static int close_world(void **state) {
  (void)state;
  dps_sign_key_free(key);
  signed_free(&request);
  return 0;
}

static void assert_text(struct dps_text got, const char *want) {
  assert_int_equal(got.len, strlen(want));
  assert_memory_equal(got.at, want, got.len);
}

static const enum dps_sign_param all_params[] = {DPS_PARAM_TAG,   DPS_PARAM_EXPIRES,
                                                 DPS_PARAM_ALG,   DPS_PARAM_NONCE,
                                                 DPS_PARAM_KEYID, DPS_PARAM_CREATED};

/* A spec that signs; each test changes one thing. */
static struct dps_sign_spec good_spec(void) {
  static const struct dps_sign_component components[] = {{"@method", false}, {"host", false}};
  return (struct dps_sign_spec){.components = components,
                                .component_count = 2,
                                .params = all_params,
                                .param_count = 6,
                                .lifetime = 300,
                                .tag = "a \"tag\" \\"};
}

static void test_parameters_keep_their_order_and_are_escaped(void **state) {
  struct dps_sign_spec spec = good_spec();
  struct dps_signature got;
  (void)state;
  struct dps_signer *signer = dps_signer_new(&spec, key, &fault);
  assert_true(dps_sign(signer, &request.message, CREATED, "n\"1", &got, &fault));
  assert_text(
      got.signature_input,
      "dps=(\"@method\" \"host\");tag=\"a \\\"tag\\\" \\\\\";expires=1700000300;"
      "alg=\"hmac-sha256\";nonce=\"n\\\"1\";keyid=\"test-shared-secret\";created=1700000000");
  assert_int_equal(got.content_digest.len, 0);
  spec.component_count = spec.param_count = 0;
  spec.label = "*s.1-a_";
  dps_signer_free(signer);
  signer = dps_signer_new(&spec, key, &fault);
  assert_true(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_text(got.signature_input, "*s.1-a_=()");
  assert_text(got.base, "\"@signature-params\": ()");
  dps_signer_free(signer);
}

/* --- what a signer is not made of --- */

static void refuse_spec(const struct dps_sign_spec *spec, enum dps_sign_reason reason) {
  assert_null(dps_signer_new(spec, key, &fault));
  assert_int_equal(fault.reason, reason);
  assert_true(fault.detail[0] != '\0');
}

static void test_labels_that_are_no_keys_are_refused(void **state) {
  static const char *const bad[] = {"", "A", "1a", "a b", "a=", "-a", "caf\xc3\xa9", "a\n"};
  struct dps_sign_spec spec = good_spec();
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    spec.label = bad[i];
    refuse_spec(&spec, DPS_SIGN_INVALID);
  }
}

static void test_components_that_cannot_be_are_refused_when_the_signer_is_made(void **state) {
  static const char *const bad[] = {"@nonsense", "Host", "host;x",      "@query-param",
                                    "a b",       "\"a",  "\"a\" \"b\"", "@signature-params",
                                    "",          "a\nb", "1;2"};
  struct dps_sign_spec spec = good_spec();
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const struct dps_sign_component component = {bad[i], true};
    spec.components = &component;
    spec.component_count = 1;
    refuse_spec(&spec, DPS_SIGN_COMPONENT_INVALID);
  }
  const struct dps_sign_component twice[] = {{"host", false}, {"\"host\"", true}};
  spec.components = twice;
  spec.component_count = 2;
  refuse_spec(&spec, DPS_SIGN_COMPONENT_INVALID);
  struct dps_sign_component many[DPS_SIGN_COMPONENTS + 1];
  for (size_t i = 0; i < DPS_SIGN_COMPONENTS + 1; i++)
    many[i] = (struct dps_sign_component){"host", false};
  spec.components = many;
  spec.component_count = DPS_SIGN_COMPONENTS + 1;
  refuse_spec(&spec, DPS_SIGN_LIMIT);
}

static void test_parameters_that_cannot_be_are_refused(void **state) {
  static const enum dps_sign_param twice[] = {DPS_PARAM_CREATED, DPS_PARAM_CREATED};
  static const enum dps_sign_param unknown[] = {DPS_PARAMS};
  struct dps_sign_spec spec = good_spec();
  (void)state;
  spec.params = twice;
  spec.param_count = 2;
  refuse_spec(&spec, DPS_SIGN_INVALID);
  spec.params = unknown;
  spec.param_count = 1;
  refuse_spec(&spec, DPS_SIGN_INVALID);
  spec = good_spec();
  spec.lifetime = 0;
  refuse_spec(&spec, DPS_SIGN_INVALID);
  spec.lifetime = -1;
  refuse_spec(&spec, DPS_SIGN_INVALID);
  static const char *const bad_tags[] = {NULL, "", "a\nb", "caf\xc3\xa9"};
  spec = good_spec();
  for (size_t i = 0; i < sizeof bad_tags / sizeof *bad_tags; i++) {
    spec.tag = bad_tags[i];
    refuse_spec(&spec, DPS_SIGN_INVALID);
  }
}

static void test_keys_that_cannot_sign_or_have_no_name_are_refused(void **state) {
  struct dps_sign_spec spec = good_spec();
  struct dps_sign_key *own = key;
  const struct dps_sign_key_source nameless = {.bytes = "secret", .len = 6};
  (void)state;
  key = signed_key("test-key-ed25519", true, DPS_ALG_NONE);
  refuse_spec(&spec, DPS_SIGN_KEY_UNFIT);
  dps_sign_key_free(key);
  key = dps_sign_key_new(&nameless, &fault);
  refuse_spec(&spec, DPS_SIGN_INVALID); /* keyid is wanted */
  spec.param_count = 1;
  struct dps_signer *signer = dps_signer_new(&spec, key, &fault);
  assert_non_null(signer);
  dps_signer_free(signer);
  dps_sign_key_free(key);
  key = own;
}

/* --- what is not signed --- */

static void test_times_and_nonces_that_cannot_be_are_refused_and_the_signer_goes_on(void **state) {
  static char longest[1026];
  static const char *const bad[] = {NULL, "", "a\nb", "tab\t", "caf\xc3\xa9", longest};
  struct dps_sign_spec spec = good_spec();
  struct dps_signature got;
  (void)state;
  memset(longest, 'x', 1025);
  struct dps_signer *signer = dps_signer_new(&spec, key, &fault);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_false(dps_sign(signer, &request.message, CREATED, bad[i], &got, &fault));
    assert_int_equal(fault.reason, DPS_SIGN_INVALID);
  }
  assert_true(dps_sign(signer, &request.message, CREATED, longest + 1, &got, &fault));
  assert_false(dps_sign(signer, &request.message, -1, "n", &got, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_INVALID);
  assert_false(dps_sign(signer, &request.message, INT64_MAX, "n", &got, &fault));
  assert_true(dps_sign(signer, &request.message, CREATED, "n", &got, &fault));
  dps_signer_free(signer);
}

static void test_a_component_that_is_not_there_is_refused_or_left_out_as_asked(void **state) {
  struct dps_sign_component components[] = {{"x-request-id", true},
                                            {"@method", false},
                                            {"absent", true},
                                            {"host", false},
                                            {"@query-param;name=\"q\"", true}};
  struct dps_sign_spec spec = {.components = components, .component_count = 5};
  struct dps_signature got;
  (void)state;
  struct dps_signer *signer = dps_signer_new(&spec, key, &fault);
  assert_true(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_text(got.signature_input, "dps=(\"@method\" \"host\")");
  assert_text(
      got.base,
      "\"@method\": POST\n\"host\": example.com\n\"@signature-params\": (\"@method\" \"host\")");
  request.fields[request.message.field_count++] =
      (struct dps_sign_field){DPS_TEXT("X-Request-Id"), DPS_TEXT("7")};
  assert_true(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_text(got.signature_input, "dps=(\"x-request-id\" \"@method\" \"host\")");
  request.fields[1].value = DPS_TEXT("7\n8"); /* there, and cannot be signed: never left out */
  assert_false(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_COMPONENT_INVALID);
  assert_non_null(strstr(fault.detail, "\"x-request-id\""));
  assert_null(strstr(fault.detail, "7\n8"));
  request.message.field_count--;
  dps_signer_free(signer);
  components[2].if_present = false;
  signer = dps_signer_new(&spec, key, &fault);
  assert_false(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_COMPONENT_ABSENT);
  assert_non_null(strstr(fault.detail, "\"absent\""));
  dps_signer_free(signer);
}

static void test_a_parameter_among_the_components_is_called_one(void **state) {
  struct dps_sign_component components[] = {{"created", false}};
  struct dps_sign_spec spec = {.components = components, .component_count = 1};
  struct dps_signature got;
  (void)state;
  struct dps_signer *signer = dps_signer_new(&spec, key, &fault);
  assert_false(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_COMPONENT_ABSENT);
  assert_non_null(strstr(fault.detail, "a parameter of signatures"));
  dps_signer_free(signer);
}

static void test_a_message_above_the_ceiling_is_refused(void **state) {
  struct dps_sign_spec spec = good_spec();
  struct dps_signature got;
  (void)state;
  struct dps_text host = request.fields[0].value;
  char *big = calloc(1, DPS_SIGN_BASE_LONGEST);
  memset(big, 'x', DPS_SIGN_BASE_LONGEST);
  struct dps_signer *signer = dps_signer_new(&spec, key, &fault);
  request.fields[0].value = (struct dps_text){big, DPS_SIGN_BASE_LONGEST};
  assert_false(dps_sign(signer, &request.message, CREATED, "n", &got, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_LIMIT);
  request.fields[0].value = host;
  assert_true(dps_sign(signer, &request.message, CREATED, "n", &got, &fault));
  dps_signer_free(signer);
  free(big);
}

/* --- Content-Digest --- */

static void test_a_digest_is_made_for_a_body_that_has_none(void **state) {
  static const struct dps_sign_component components[] = {{"content-digest", true}};
  struct dps_sign_spec spec = {
      .components = components, .component_count = 1, .digest = DPS_DIGEST_SHA256};
  struct dps_signature got;
  (void)state;
  struct dps_signer *signer = dps_signer_new(&spec, key, &fault);
  assert_true(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_text(got.content_digest, "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:");
  assert_text(got.base,
              "\"content-digest\": sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:\n"
              "\"@signature-params\": (\"content-digest\")");
  struct dps_text body = request.message.body;
  request.message.body.len = 0; /* no body, no digest */
  assert_true(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_int_equal(got.content_digest.len, 0);
  assert_text(got.signature_input, "dps=()");
  request.message.body = body;
  request.fields[request.message.field_count++] =
      (struct dps_sign_field){DPS_TEXT("Content-Digest"), DPS_TEXT("md5=:AA==:")};
  assert_true(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_int_equal(got.content_digest.len, 0); /* what is there is taken as it is */
  assert_non_null(memmem(got.base.at, got.base.len, "md5=:AA==:", 10));
  request.message.field_count--;
  dps_signer_free(signer);
  spec.digest = DPS_DIGEST_SHA512;
  signer = dps_signer_new(&spec, key, &fault);
  assert_true(dps_sign(signer, &request.message, CREATED, NULL, &got, &fault));
  assert_memory_equal(got.content_digest.at, "sha-512=:", 9);
  dps_signer_free(signer);
}

static void test_a_signer_keeps_its_memory_from_message_to_message(void **state) {
  struct dps_sign_spec spec = good_spec();
  struct dps_signature first, again;
  (void)state;
  struct dps_signer *signer = dps_signer_new(&spec, key, &fault);
  assert_true(dps_sign(signer, &request.message, CREATED, "n", &first, &fault));
  for (int i = 0; i < 1000; i++)
    assert_true(dps_sign(signer, &request.message, CREATED + i, "n", &again, &fault));
  assert_ptr_equal(first.base.at, again.base.at);
  assert_ptr_equal(first.signature.at, again.signature.at);
  assert_ptr_equal(first.signature_input.at, again.signature_input.at);
  dps_signer_free(signer);
}

static void test_parameters_have_the_names_of_the_rfc(void **state) {
  static const char *const names[] = {"created", "expires", "nonce", "keyid", "alg", "tag"};
  (void)state;
  for (enum dps_sign_param p = 0; p < DPS_PARAMS; p++) {
    assert_string_equal(dps_sign_param_name(p), names[p]);
    assert_int_equal(dps_sign_param(names[p], strlen(names[p])), p);
  }
  assert_int_equal(dps_sign_param("Created", 7), DPS_PARAMS);
  assert_int_equal(dps_sign_param("create", 6), DPS_PARAMS);
}

static void test_every_reason_has_a_word_of_its_own_and_a_meaning(void **state) {
  (void)state;
  for (enum dps_sign_reason a = 0; a < DPS_SIGN_REASONS; a++) {
    assert_true(strlen(dps_sign_word(a)) > 0 && strlen(dps_sign_meaning(a)) > 10);
    for (enum dps_sign_reason b = 0; b < a; b++)
      assert_string_not_equal(dps_sign_word(a), dps_sign_word(b));
  }
}

static void test_a_caller_need_not_ask_why(void **state) {
  struct dps_sign_spec spec = good_spec();
  struct dps_signature got;
  (void)state;
  struct dps_signer *signer = dps_signer_new(&spec, key, NULL);
  assert_false(dps_sign(signer, &request.message, CREATED, NULL, &got, NULL));
  dps_signer_free(signer);
  spec.label = "";
  assert_null(dps_signer_new(&spec, key, NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parameters_keep_their_order_and_are_escaped),
      cmocka_unit_test(test_labels_that_are_no_keys_are_refused),
      cmocka_unit_test(test_components_that_cannot_be_are_refused_when_the_signer_is_made),
      cmocka_unit_test(test_parameters_that_cannot_be_are_refused),
      cmocka_unit_test(test_keys_that_cannot_sign_or_have_no_name_are_refused),
      cmocka_unit_test(test_times_and_nonces_that_cannot_be_are_refused_and_the_signer_goes_on),
      cmocka_unit_test(test_a_component_that_is_not_there_is_refused_or_left_out_as_asked),
      cmocka_unit_test(test_a_parameter_among_the_components_is_called_one),
      cmocka_unit_test(test_a_message_above_the_ceiling_is_refused),
      cmocka_unit_test(test_a_digest_is_made_for_a_body_that_has_none),
      cmocka_unit_test(test_a_signer_keeps_its_memory_from_message_to_message),
      cmocka_unit_test(test_parameters_have_the_names_of_the_rfc),
      cmocka_unit_test(test_every_reason_has_a_word_of_its_own_and_a_meaning),
      cmocka_unit_test(test_a_caller_need_not_ask_why),
  };
  return cmocka_run_group_tests(tests, open_world, close_world);
}
