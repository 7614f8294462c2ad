/* Verification: what a policy demands, in the order in which it is found missing; and that nothing
 * else is accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "verify_case.h"

#define KEYID ";keyid=\"test-shared-secret\""
#define CREATED ";created=1700000000"
#define PARAMS CREATED KEYID

struct input_case {
  const char *input;
  enum dps_sign_reason reason;
};

static void check_inputs(struct verify_world *w, const struct input_case *cases, size_t count) {
  for (size_t i = 0; i < count; i++) {
    bool ok = world_check(w, cases[i].input);
    if (w->fault.reason != cases[i].reason)
      print_error("%s: %s: %s\n", cases[i].input, dps_sign_word(w->fault.reason), w->fault.detail);
    assert_int_equal(w->fault.reason, cases[i].reason);
    assert_int_equal(ok, cases[i].reason == DPS_SIGN_OK);
    assert_int_equal(w->fault.detail[0] != '\0', !ok);
  }
}

#define CHECK(w, cases) check_inputs(w, cases, sizeof(cases) / sizeof *(cases))

static void test_time_is_held_to_window_expiry_and_clock(void **state) {
  static const struct input_case cases[] = {
      {"s=()" KEYID ";created=1700000000", 0},
      {"s=()" KEYID ";created=1699999700", 0},
      {"s=()" KEYID ";created=1699999699", DPS_SIGN_EXPIRED},
      {"s=()" KEYID ";created=1700000030", 0},
      {"s=()" KEYID ";created=1700000031", DPS_SIGN_NOT_YET_VALID},
      {"s=()" KEYID ";created=1699996400", DPS_SIGN_EXPIRED},       /* an hour off */
      {"s=()" KEYID ";created=1700003600", DPS_SIGN_NOT_YET_VALID}, /* an hour off */
      {"s=()" KEYID ";created=999999999999999", DPS_SIGN_NOT_YET_VALID},
      {"s=()" KEYID ";created=-999999999999999", DPS_SIGN_EXPIRED},
      {"s=()" KEYID ";created=0", DPS_SIGN_EXPIRED},
      {"s=()" PARAMS ";expires=1700000000", 0},
      {"s=()" PARAMS ";expires=1699999999", DPS_SIGN_EXPIRED},
      {"s=()" PARAMS ";expires=-1", DPS_SIGN_EXPIRED},
      {"s=()" KEYID, DPS_SIGN_PARAMETER_MISSING}, /* without created it has no age */
  };
  struct verify_world w;
  (void)state;
  world_open(&w);
  CHECK(&w, cases);
  w.policy.window = 0;
  assert_true(world_check(&w, "s=()" KEYID));
  assert_true(world_check(&w, "s=()" KEYID ";created=0"));
  assert_false(world_check(&w, "s=()" KEYID ";created=1700000031"));
  world_close(&w);
}

static void test_a_clock_that_is_off_is_named_with_the_seconds(void **state) {
  struct verify_world w;
  (void)state;
  world_open(&w);
  world_check(&w, "s=()" KEYID ";created=1700003600");
  assert_non_null(strstr(w.fault.detail, "3600 seconds ahead"));
  world_check(&w, "s=()" KEYID ";created=1699996400");
  assert_non_null(strstr(w.fault.detail, "3600 seconds ago"));
  world_close(&w);
}

static void test_demanded_parameters_must_be_there(void **state) {
  static const char *const with[DPS_PARAMS] = {
      [DPS_PARAM_CREATED] = CREATED,
      [DPS_PARAM_EXPIRES] = ";expires=1700000001",
      [DPS_PARAM_NONCE] = ";nonce=\"n\"",
      [DPS_PARAM_KEYID] = KEYID,
      [DPS_PARAM_ALG] = ";alg=\"hmac-sha256\"",
      [DPS_PARAM_TAG] = ";tag=\"t\"",
  };
  struct verify_world w;
  (void)state;
  world_open(&w);
  w.policy.window = 0;
  for (unsigned lacking = 0; lacking <= DPS_PARAMS; lacking++) {
    char input[512] = "s=()";
    for (unsigned p = 0; p < DPS_PARAMS; p++)
      if (p != lacking) memcpy(input + strlen(input), with[p], strlen(with[p]) + 1);
    w.policy.params = (1U << DPS_PARAMS) - 1;
    assert_int_equal(world_check(&w, input), lacking == DPS_PARAMS);
    if (lacking == DPS_PARAMS) break;
    assert_int_equal(w.fault.reason, DPS_SIGN_PARAMETER_MISSING);
    assert_non_null(strstr(w.fault.detail, dps_sign_param_name((enum dps_sign_param)lacking)));
  }
  world_close(&w);
}

static void test_demanded_components_must_be_covered_as_they_are_named(void **state) {
  static const struct dps_verify_component wanted[] = {
      {"@method", DPS_VERIFY_ALWAYS},
      {"content-digest", DPS_VERIFY_WITH_BODY},
      {"\"x-sandbox-name\"", DPS_VERIFY_IF_PRESENT},
  };
  static const struct input_case cases[] = {
      {"s=(\"@method\" \"content-digest\")" PARAMS, 0},
      {"s=(\"content-digest\" \"host\" \"@method\")" PARAMS, 0},
      {"s=(\"@method\")" PARAMS, DPS_SIGN_COMPONENT_UNCOVERED},
      {"s=(\"content-digest\")" PARAMS, DPS_SIGN_COMPONENT_UNCOVERED},
      {"s=()" PARAMS, DPS_SIGN_COMPONENT_UNCOVERED},
      {"s=(\"@method\" \"content-digest\";sf)" PARAMS, DPS_SIGN_COMPONENT_UNCOVERED},
      {"s=(\"@method\" \"content-digest\";key=\"sha-256\")" PARAMS, DPS_SIGN_COMPONENT_UNCOVERED},
  };
  struct verify_world w;
  (void)state;
  world_open(&w);
  w.policy.components = wanted;
  w.policy.component_count = 3;
  CHECK(&w, cases);
  w.request.fields[w.request.message.field_count++] =
      (struct dps_sign_field){DPS_TEXT("X-Sandbox-Name"), DPS_TEXT("prod")};
  assert_false(world_check(&w, "s=(\"@method\" \"content-digest\")" PARAMS));
  assert_int_equal(w.fault.reason, DPS_SIGN_COMPONENT_UNCOVERED);
  assert_true(world_check(&w, "s=(\"@method\" \"content-digest\" \"x-sandbox-name\")" PARAMS));
  w.request.message.body.len = 0;
  w.request.message.body.at = NULL;
  assert_true(world_check(&w, "s=(\"@method\" \"x-sandbox-name\")" PARAMS));
  world_close(&w);
}

static void test_a_policy_that_cannot_be_is_the_callers_fault(void **state) {
  static const char *const bad[] = {"@nonsense", "Host", "\"a\" \"b\"", "", "@signature-params"};
  struct verify_world w;
  (void)state;
  world_open(&w);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const struct dps_verify_component wanted = {bad[i], DPS_VERIFY_ALWAYS};
    w.policy.components = &wanted;
    w.policy.component_count = 1;
    assert_false(world_verify(&w, "s=()" PARAMS, "s=:AAAA:"));
    assert_int_equal(w.fault.reason, DPS_SIGN_INVALID);
  }
  world_close(&w);
}

static void test_the_algorithm_is_the_keys_and_never_the_messages(void **state) {
  static const struct input_case cases[] = {
      {"s=()" PARAMS ";alg=\"hmac-sha256\"", 0},
      {"s=()" PARAMS ";alg=\"ed25519\"", DPS_SIGN_ALG_MISMATCH},
      {"s=()" PARAMS ";alg=\"HMAC-SHA256\"", DPS_SIGN_ALG_MISMATCH},
      {"s=()" PARAMS ";alg=\"none\"", DPS_SIGN_ALG_MISMATCH},
      {"s=()" PARAMS ";alg=\"\"", DPS_SIGN_ALG_MISMATCH},
      {"s=()" CREATED ";keyid=\"test-key-ed25519\";alg=\"hmac-sha256\"", DPS_SIGN_ALG_MISMATCH},
      {"s=()" CREATED ";keyid=\"test-key-ed25519\"", DPS_SIGN_BAD_SIGNATURE}, /* an HMAC's bytes */
      {"s=()" CREATED ";keyid=\"nobody's\"", DPS_SIGN_UNKNOWN_KEY},
      {"s=()" CREATED ";keyid=\"\"", DPS_SIGN_UNKNOWN_KEY},
      {"s=()" CREATED, DPS_SIGN_UNKNOWN_KEY},
  };
  struct verify_world w;
  (void)state;
  world_open(&w);
  CHECK(&w, cases);
  world_close(&w);
}

static void test_a_nonce_is_taken_once_and_only_by_what_verified(void **state) {
  char signature[2048];
  static const char input[] = "s=()" PARAMS ";nonce=\"abc\"";
  struct verify_world w;
  (void)state;
  world_open(&w);
  w.policy.nonce = NULL;
  assert_true(world_sign_as(&w, w.secret, input, "s", signature));
  w.policy.nonce = world_nonce;
  assert_false(world_verify(&w, input, "s=:AAAA:"));
  assert_int_equal(w.nonce_count, 0); /* a forger burns no nonces */
  w.request.message.body.len--;
  assert_false(world_verify(&w, input, signature));
  assert_int_equal(w.fault.reason, DPS_SIGN_DIGEST_MISMATCH);
  assert_int_equal(w.nonce_count, 0);
  w.request.message.body.len++;
  assert_true(world_verify(&w, input, signature));
  assert_int_equal(w.nonce_count, 1);
  assert_false(world_verify(&w, input, signature));
  assert_int_equal(w.fault.reason, DPS_SIGN_REPLAY);
  assert_true(world_check(&w, "s=()" PARAMS)); /* the policy does not demand one */
  w.policy.params = 1U << DPS_PARAM_NONCE;
  assert_false(world_check(&w, "s=()" PARAMS));
  assert_int_equal(w.fault.reason, DPS_SIGN_PARAMETER_MISSING);
  w.nonce_count = NONCES;
  assert_false(world_check(&w, "s=()" PARAMS ";nonce=\"fresh\""));
  assert_int_equal(w.fault.reason, DPS_SIGN_INTERNAL);
  world_close(&w);
}

static void test_content_must_be_what_its_digest_says(void **state) {
  static const char covered[] = "s=(\"content-digest\")" PARAMS;
  static const struct {
    const char *digest;
    enum dps_sign_reason reason;
  } cases[] = {
      {"sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:", 0},
      {"sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCA=:", DPS_SIGN_DIGEST_MISMATCH},
      {"md5=:XUFAKrxLKna5cZ2REBfFkg==:", DPS_SIGN_DIGEST_UNSUPPORTED},
      {"sha-256=LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", DPS_SIGN_MALFORMED},
      {"SHA-256=LPJNul", DPS_SIGN_MALFORMED}, /* the older Digest field */
      {"sha-256=:LPJN:", DPS_SIGN_MALFORMED},
  };
  struct verify_world w;
  (void)state;
  world_open(&w);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    w.request.fields[2].value = (struct dps_text){cases[i].digest, strlen(cases[i].digest)};
    assert_int_equal(world_check(&w, covered), cases[i].reason == 0);
    assert_int_equal(w.fault.reason, cases[i].reason);
  }
  w.request.message.body.at = NULL; /* not known here, so nothing to hold it against */
  assert_true(world_check(&w, covered));
  world_close(&w);
}

/* Whatever of both is covered, both are held against the body: a header that fits it, added on the
 * way, may not shield a signed trailer that does not. */
static void test_digests_in_trailers_are_held_against_the_body_too(void **state) {
  static const struct dps_verify_component header[] = {{"content-digest", DPS_VERIFY_WITH_BODY}},
                                           trailer[] = {{"content-digest;tr", DPS_VERIFY_ALWAYS}};
  static const char good[] = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:",
                    other[] = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCA=:",
                    covers_header[] = "s=(\"content-digest\")" PARAMS,
                    covers_trailer[] = "s=(\"content-digest\";tr)" PARAMS;
  static const struct {
    const struct dps_verify_component *wanted;
    const char *input, *header, *trailer;
    enum dps_sign_reason reason;
  } cases[] = {
      {header, covers_header, good, NULL, 0},
      {header, covers_trailer, good, good, DPS_SIGN_COMPONENT_UNCOVERED},
      {header, covers_trailer, NULL, good, DPS_SIGN_COMPONENT_UNCOVERED},
      {header, covers_header, NULL, good, DPS_SIGN_COMPONENT_ABSENT},
      {header, covers_header, good, other, DPS_SIGN_DIGEST_MISMATCH},
      {trailer, covers_trailer, NULL, good, 0},
      {trailer, covers_trailer, good, good, 0},
      {trailer, covers_trailer, NULL, other, DPS_SIGN_DIGEST_MISMATCH},
      {trailer, covers_trailer, good, other, DPS_SIGN_DIGEST_MISMATCH},
      {trailer, covers_trailer, other, good, DPS_SIGN_DIGEST_MISMATCH},
      {trailer, covers_trailer, good,
       "md5=:XUFAKrxLKna5cZ2REBfFkg==:", DPS_SIGN_DIGEST_UNSUPPORTED},
  };
  struct verify_world w;
  (void)state;
  world_open(&w);
  w.policy.component_count = 1;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *there = cases[i].header ? cases[i].header : "", *last = cases[i].trailer;
    struct dps_sign_field one = {DPS_TEXT("Content-Digest"), {last, last ? strlen(last) : 0}};
    w.policy.components = cases[i].wanted;
    w.request.fields[2].name.len = *there ? strlen("Content-Digest") : strlen("Content");
    w.request.fields[2].value = (struct dps_text){there, strlen(there)};
    w.request.message.trailers = &one;
    w.request.message.trailer_count = last != NULL;
    assert_int_equal(world_check(&w, cases[i].input), cases[i].reason == 0);
    if (w.fault.reason != cases[i].reason) fail_msg("case %zu: %s", i, w.fault.detail);
  }
  world_close(&w);
}

static void test_two_signatures_must_both_pass_unless_one_is_named(void **state) {
  char first[2048], second[2048], both[4200];
  static const char inputs[] = "a=(\"@method\")" CREATED ";keyid=\"test-shared-secret\";tag=\"t\", "
                               "b=(\"@path\")" CREATED ";keyid=\"test-key-ed25519\";tag=\"t\", "
                               "c=(\"@path\")" CREATED ";keyid=\"test-key-ed25519\";tag=\"u\"";
  struct verify_world w;
  (void)state;
  world_open(&w);
  assert_true(world_sign_as(&w, w.secret, inputs, "a", first));
  assert_true(world_sign_as(&w, w.ed25519, inputs, "b", second));
  snprintf(both, sizeof both, "%s, %s, c=:AAAA:", first, second);
  w.policy.tag = "t";
  assert_true(world_verify(&w, inputs, both));
  assert_non_null(dps_verification_at(w.verification, 1));
  assert_null(dps_verification_at(w.verification, 2));
  w.policy.tag = NULL;
  assert_false(world_verify(&w, inputs, both));
  assert_int_equal(w.fault.reason, DPS_SIGN_BAD_SIGNATURE);
  assert_int_equal(dps_verification_at(w.verification, 0)->fault.reason, DPS_SIGN_OK);
  assert_int_equal(dps_verification_at(w.verification, 2)->fault.reason, DPS_SIGN_BAD_SIGNATURE);
  w.policy.label = "b";
  assert_true(world_verify(&w, inputs, both));
  w.policy.tag = "u";
  assert_false(world_verify(&w, inputs, both));
  assert_int_equal(w.fault.reason, DPS_SIGN_WRONG_TAG);
  w.policy.label = NULL;
  assert_false(world_verify(&w, inputs, both));
  w.policy.tag = "none such";
  assert_false(world_verify(&w, inputs, both));
  assert_int_equal(w.fault.reason, DPS_SIGN_WRONG_TAG);
  w.policy.tag = NULL;
  w.policy.label = "d";
  assert_false(world_verify(&w, inputs, both));
  assert_int_equal(w.fault.reason, DPS_SIGN_MISSING);
  world_close(&w);
}

static void test_one_bad_signature_of_a_tag_burns_no_nonce_of_the_others(void **state) {
  char first[2048], both[2200];
  static const char inputs[] = "a=()" PARAMS ";nonce=\"x\", b=()" PARAMS ";nonce=\"y\"";
  struct verify_world w;
  (void)state;
  world_open(&w);
  assert_true(world_sign_as(&w, w.secret, inputs, "a", first));
  snprintf(both, sizeof both, "%s, b=:AAAA:", first);
  w.policy.nonce = world_nonce;
  assert_false(world_verify(&w, inputs, both));
  assert_int_equal(w.nonce_count, 0);
  world_close(&w);
}

static void test_more_signatures_than_the_ceiling_are_refused(void **state) {
  char inputs[1024] = "";
  struct verify_world w;
  (void)state;
  world_open(&w);
  for (int i = 0; i <= DPS_VERIFY_SIGNATURES; i++)
    snprintf(inputs + strlen(inputs), 64, "%ss%d=()" PARAMS, i ? ", " : "", i);
  assert_false(world_verify(&w, inputs, "s0=:AAAA:"));
  assert_int_equal(w.fault.reason, DPS_SIGN_LIMIT);
  world_close(&w);
}

static void test_what_was_found_is_there_to_be_explained(void **state) {
  struct verify_world w;
  (void)state;
  world_open(&w);
  /* an expired signature still shows its base */
  assert_false(world_check(&w, "s=( \"@method\"  \"@path\" );created=01699990000" KEYID ";x=?1"));
  const struct dps_verified *seen = dps_verification_at(w.verification, 0);
  assert_int_equal(seen->fault.reason, DPS_SIGN_EXPIRED);
  assert_int_equal(seen->alg, DPS_ALG_HMAC_SHA256);
  assert_int_equal(seen->params.created, 1699990000);
  static const char base[] = "\"@method\": POST\n\"@path\": /a\n\"@signature-params\": "
                             "(\"@method\" \"@path\");created=1699990000" KEYID ";x";
  assert_int_equal(seen->base.len, sizeof base - 1);
  assert_memory_equal(seen->base.at, base, sizeof base - 1);
  assert_int_equal(seen->components.len, strlen(strrchr(base, '\n') + 22));
  world_close(&w);
}

static void test_trailers_can_carry_the_signature(void **state) {
  char signature[2048];
  static const char input[] = "s=(\"@method\" \"expires\";tr)" PARAMS;
  struct dps_sign_field trailers[3] = {{DPS_TEXT("Expires"), DPS_TEXT("0")},
                                       {DPS_TEXT("signature-input"), {NULL, 0}}};
  struct verify_world w;
  (void)state;
  world_open(&w);
  w.request.message.trailers = trailers;
  w.request.message.trailer_count = 1;
  assert_true(world_sign_as(&w, w.secret, input, "s", signature));
  trailers[1].value = (struct dps_text){input, strlen(input)};
  trailers[2] = (struct dps_sign_field){DPS_TEXT("signature"), {signature, strlen(signature)}};
  w.request.message.trailer_count = 3;
  assert_true(world_verify(&w, NULL, NULL));
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_time_is_held_to_window_expiry_and_clock),
      cmocka_unit_test(test_a_clock_that_is_off_is_named_with_the_seconds),
      cmocka_unit_test(test_demanded_parameters_must_be_there),
      cmocka_unit_test(test_demanded_components_must_be_covered_as_they_are_named),
      cmocka_unit_test(test_a_policy_that_cannot_be_is_the_callers_fault),
      cmocka_unit_test(test_the_algorithm_is_the_keys_and_never_the_messages),
      cmocka_unit_test(test_a_nonce_is_taken_once_and_only_by_what_verified),
      cmocka_unit_test(test_content_must_be_what_its_digest_says),
      cmocka_unit_test(test_digests_in_trailers_are_held_against_the_body_too),
      cmocka_unit_test(test_two_signatures_must_both_pass_unless_one_is_named),
      cmocka_unit_test(test_one_bad_signature_of_a_tag_burns_no_nonce_of_the_others),
      cmocka_unit_test(test_more_signatures_than_the_ceiling_are_refused),
      cmocka_unit_test(test_what_was_found_is_there_to_be_explained),
      cmocka_unit_test(test_trailers_can_carry_the_signature),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
