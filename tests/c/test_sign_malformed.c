/* Signature-Input and Signature that are malformed in every way that their grammar allows: each is
 * refused with the reason, though its signature would verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "verify_case.h"

#define PARAMS ";created=1700000000;keyid=\"test-shared-secret\""
#define BAD DPS_SIGN_MALFORMED
#define INVALID DPS_SIGN_COMPONENT_INVALID

static const struct {
  const char *input;
  enum dps_sign_reason reason;
} inputs[] = {
    {"s=()" PARAMS, DPS_SIGN_OK},
    {" s=( ) ; created=1700000000;  keyid=\"test-shared-secret\" ", BAD}, /* a space before ; */
    {" s=( ); created=1700000000;  keyid=\"test-shared-secret\" ", DPS_SIGN_OK},
    /* not a dictionary */
    {"", DPS_SIGN_MISSING},
    {" ", DPS_SIGN_MISSING},
    {",", BAD},
    {"s", BAD},
    {"s=", BAD},
    {"s=(", BAD},
    {"s=()" PARAMS ",", BAD},
    {"s=()" PARAMS ",,", BAD},
    {"s=()" PARAMS " x", BAD},
    {"s=()" PARAMS ";", BAD},
    {"s=()" PARAMS ";;", BAD},
    {"s=()" PARAMS "\n", DPS_SIGN_OK}, /* white space at a value's end is not its */
    {"s=()" PARAMS "\n;x", BAD},
    {"s=()" PARAMS ";x=\xc3\xa9", BAD},
    {"S=()" PARAMS, BAD},
    {"1s=()" PARAMS, BAD},
    {"s =()" PARAMS, BAD},
    {"s= ()" PARAMS, BAD},
    {"\"s\"=()" PARAMS, BAD},
    {"()" PARAMS, BAD},
    {"s=() " PARAMS, BAD},
    {"s=())" PARAMS, BAD},
    {"s=(())" PARAMS, BAD},
    {"s=()();created=1700000000", BAD},
    /* not an inner list */
    {"s=1" PARAMS, BAD},
    {"s=\"@method\"" PARAMS, BAD},
    {"s;created=1700000000;keyid=\"test-shared-secret\"", BAD},
    {"s=:AAAA:" PARAMS, BAD},
    {"s=token" PARAMS, BAD},
    /* the label twice: implementations differ in which one counts */
    {"s=()" PARAMS ", s=(\"@method\")" PARAMS, BAD},
    {"s=()" PARAMS ", s=()" PARAMS, BAD},
    {"s, s=()" PARAMS, BAD},
    /* components */
    {"s=(\"@method\" \"@path\")" PARAMS, DPS_SIGN_OK},
    {"s=(\"@method\"  \"@path\" )" PARAMS, DPS_SIGN_OK},
    {"s=(\"@method\"\"@path\")" PARAMS, BAD},
    {"s=(\"@method\",\"@path\")" PARAMS, BAD},
    {"s=(\"@method\", \"@path\")" PARAMS, BAD},
    {"s=(\"@method\"\t\"@path\")" PARAMS, BAD},
    {"s=(@method)" PARAMS, BAD},
    {"s=(method)" PARAMS, BAD},
    {"s=('@method')" PARAMS, BAD},
    {"s=(1)" PARAMS, BAD},
    {"s=(?1)" PARAMS, BAD},
    {"s=(:AAAA:)" PARAMS, BAD},
    {"s=(%\"host\")" PARAMS, BAD},
    {"s=(\"@method)" PARAMS, BAD},
    {"s=(\"@method\"" PARAMS, BAD},
    {"s=(\"@method\\\")" PARAMS, BAD},
    {"s=(\"\\host\")" PARAMS, BAD},
    {"s=(\"@method\";)" PARAMS, BAD},
    {"s=(\"@method\" ;req)" PARAMS, BAD},
    {"s=(\"@query-param\";name)" PARAMS, INVALID},
    {"s=(\"@query-param\";name=b)" PARAMS, INVALID},
    {"s=(\"@query-param\";name=\"b\")" PARAMS, DPS_SIGN_OK},
    {"s=(\"@query-param\"; name=\"b\")" PARAMS, DPS_SIGN_OK},
    {"s=(\"@query-param\";name= \"b\")" PARAMS, BAD},
    {"s=(\"@query-param\";name=\"b\";name=\"b\")" PARAMS, INVALID},
    {"s=(\"@query-param\")" PARAMS, INVALID},
    {"s=(\"@method\" \"@method\")" PARAMS, INVALID},
    {"s=(\"host\" \"@method\" \"host\")" PARAMS, INVALID},
    {"s=(\"content-digest\";sf \"content-digest\")" PARAMS, DPS_SIGN_OK},
    {"s=(\"content-digest\";sf;key=\"sha-256\" \"content-digest\";key=\"sha-256\";sf)" PARAMS,
     INVALID},
    {"s=(\"Host\")" PARAMS, INVALID},
    {"s=(\"\")" PARAMS, INVALID},
    {"s=(\"ho st\")" PARAMS, INVALID},
    {"s=(\"host:\")" PARAMS, INVALID},
    {"s=(\"@\")" PARAMS, INVALID},
    {"s=(\"@unknown\")" PARAMS, INVALID},
    {"s=(\"@METHOD\")" PARAMS, INVALID},
    {"s=(\"@signature-params\")" PARAMS, INVALID},
    {"s=(\"@status\")" PARAMS, INVALID},
    {"s=(\"@method\";req)" PARAMS, INVALID},
    {"s=(\"host\";unknown)" PARAMS, INVALID},
    {"s=(\"host\";sf=?0)" PARAMS, INVALID},
    {"s=(\"host\";bs;sf)" PARAMS, INVALID},
    {"s=(\"host\";tr)" PARAMS, DPS_SIGN_COMPONENT_ABSENT},
    {"s=(\"absent\")" PARAMS, DPS_SIGN_COMPONENT_ABSENT},
    {"s=(\"created\")" PARAMS, DPS_SIGN_COMPONENT_ABSENT},
    {"s=(\"@query-param\";name=\"absent\")" PARAMS, DPS_SIGN_COMPONENT_ABSENT},
    {"s=(\"content-type\";sf)" PARAMS, INVALID},
    {"s=(\"content-digest\";key=\"sha-512\")" PARAMS, DPS_SIGN_COMPONENT_ABSENT},
    /* parameters */
    {"s=();created;keyid=\"test-shared-secret\"", BAD},
    {"s=();created=?1;keyid=\"test-shared-secret\"", BAD},
    {"s=();created=\"1700000000\";keyid=\"test-shared-secret\"", BAD},
    {"s=();created=1700000000.0;keyid=\"test-shared-secret\"", BAD},
    {"s=();created=@1700000000;keyid=\"test-shared-secret\"", BAD},
    {"s=();created=17000000000000000;keyid=\"test-shared-secret\"", BAD},
    {"s=();created=0001700000000;keyid=\"test-shared-secret\"", DPS_SIGN_OK},
    {"s=();created= 1700000000;keyid=\"test-shared-secret\"", BAD},
    {"s=();created=1700000000;keyid=test-shared-secret", BAD},
    {"s=();created=1700000000;keyid", BAD},
    {"s=();created=1700000000;keyid=:AAAA:", BAD},
    {"s=();created=1700000000;keyid=\"test-shared-secret", BAD},
    {"s=();created=1700000000;keyid=%\"test-shared-secret\"", BAD},
    {"s=()" PARAMS ";created=1700000000", BAD},
    {"s=()" PARAMS ";keyid=\"test-key-ed25519\"", BAD},
    {"s=()" PARAMS ";unknown=1;unknown=2", BAD},
    {"s=()" PARAMS ";Created=1", BAD},
    {"s=()" PARAMS ";expires=\"1700000001\"", BAD},
    {"s=()" PARAMS ";expires", BAD},
    {"s=()" PARAMS ";nonce=1", BAD},
    {"s=()" PARAMS ";nonce=abc", BAD},
    {"s=()" PARAMS ";nonce=:AAAA:", BAD},
    {"s=()" PARAMS ";alg=hmac-sha256", BAD},
    {"s=()" PARAMS ";tag=1", BAD},
    {"s=()" PARAMS ";tag", BAD},
    {"s=()" PARAMS ";unknown=(1)", BAD},
    {"s=()" PARAMS ";unknown=1;other=:AAAA:;more=?0;last", DPS_SIGN_OK},
};

static void test_signature_input(void **state) {
  struct verify_world w;
  (void)state;
  world_open(&w);
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
    bool ok = world_check(&w, inputs[i].input);
    if (w.fault.reason != inputs[i].reason)
      print_error("%s: %s: %s\n", inputs[i].input, dps_sign_word(w.fault.reason), w.fault.detail);
    assert_int_equal(w.fault.reason, inputs[i].reason);
    assert_int_equal(ok, inputs[i].reason == DPS_SIGN_OK);
  }
  world_close(&w);
}

static void test_signature(void **state) {
  static const struct {
    const char *format; /* %s: the good bytes */
    enum dps_sign_reason reason;
  } cases[] = {
      {"s=:%s:", DPS_SIGN_OK},
      {"s=:%s:;x=1", DPS_SIGN_OK},
      {"t=:AAAA:, s=:%s:", DPS_SIGN_OK},
      {"", DPS_SIGN_MISSING},
      {"t=:%s:", DPS_SIGN_MISSING},
      {"s=%s", BAD}, /* a token where it begins with a letter, then "=" behind it */
      {"s=\"%s\"", BAD},
      {"s=(:%s:)", BAD},
      {"s", BAD},
      {"s=1", BAD},
      {"s=:%s", BAD},
      {"s=:%s:x", BAD},
      {"s=:%s:, s=:%s:", BAD},
      {"s=:AAAA:, s=:%s:", BAD},
      {"s=: %s:", BAD},
      {"s=:%s===:", BAD},
      {"S=:%s:", BAD},
      {"s=::", DPS_SIGN_BAD_SIGNATURE},
      {"s=:AAAA:", DPS_SIGN_BAD_SIGNATURE},
      {"s=:AA%s:", BAD},
      {"s=:AAAA%s:", DPS_SIGN_BAD_SIGNATURE},
  };
  char signature[2048], field[4096];
  struct verify_world w;
  (void)state;
  world_open(&w);
  static const char input[] = "s=()" PARAMS;
  assert_true(world_sign_as(&w, w.secret, input, "s", signature));
  char *bytes = signature + 3;
  bytes[strlen(bytes) - 1] = '\0';
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t n = 0;
    for (const char *p = cases[i].format; *p; p++)
      if (p[0] == '%')
        n += (size_t)snprintf(field + n, sizeof field - n, "%s", bytes), p++;
      else
        field[n++] = *p;
    field[n] = '\0';
    bool ok = world_verify(&w, input, field);
    if (w.fault.reason != cases[i].reason)
      print_error("%s: %s: %s\n", field, dps_sign_word(w.fault.reason), w.fault.detail);
    assert_int_equal(w.fault.reason, cases[i].reason);
    assert_int_equal(ok, cases[i].reason == DPS_SIGN_OK);
  }
  world_close(&w);
}

static void test_base64url_in_a_signature_is_refused(void **state) {
  struct verify_world w;
  (void)state;
  world_open(&w);
  assert_false(world_verify(&w, "s=()" PARAMS, "s=:_-_-:"));
  assert_int_equal(w.fault.reason, BAD);
  world_close(&w);
}

static void test_one_field_without_the_other_is_named(void **state) {
  struct verify_world w;
  (void)state;
  world_open(&w);
  assert_false(world_verify(&w, NULL, NULL));
  assert_int_equal(w.fault.reason, DPS_SIGN_MISSING);
  assert_false(world_verify(&w, "s=()" PARAMS, NULL));
  assert_int_equal(w.fault.reason, DPS_SIGN_MISSING);
  assert_non_null(strstr(w.fault.detail, "no Signature field"));
  assert_false(world_verify(&w, NULL, "s=:AAAA:"));
  assert_int_equal(w.fault.reason, DPS_SIGN_MISSING);
  assert_non_null(strstr(w.fault.detail, "no Signature-Input field"));
  world_close(&w);
}

static void test_covered_fields_that_changed_shape_are_refused(void **state) {
  static const struct {
    const char *value;
    enum dps_sign_reason reason;
  } cases[] = {
      {"text/plain", DPS_SIGN_OK},           {" text/plain\t", DPS_SIGN_OK},
      {"text/html", DPS_SIGN_BAD_SIGNATURE}, {"text/plain\nx: y", INVALID},
      {"text/plain\r\nx: y", INVALID},       {"text/pl\xc3\xa4in", INVALID},
      {"text/plain\x7f", INVALID},
  };
  char signature[2048];
  static const char input[] = "s=(\"content-type\")" PARAMS;
  struct verify_world w;
  (void)state;
  world_open(&w);
  assert_true(world_sign_as(&w, w.secret, input, "s", signature));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    w.request.fields[1].value = (struct dps_text){cases[i].value, strlen(cases[i].value)};
    assert_int_equal(world_verify(&w, input, signature), cases[i].reason == DPS_SIGN_OK);
    assert_int_equal(w.fault.reason, cases[i].reason);
  }
  w.request.message.field_count = 1;
  assert_false(world_verify(&w, input, signature));
  assert_int_equal(w.fault.reason, DPS_SIGN_COMPONENT_ABSENT);
  world_close(&w);
}

static void test_more_components_than_the_ceiling_are_refused(void **state) {
  char input[4096] = "s=(";
  struct verify_world w;
  (void)state;
  world_open(&w);
  for (int i = 0; i <= DPS_SIGN_COMPONENTS; i++)
    snprintf(input + strlen(input), 32, "%s\"x-%d\"", i ? " " : "", i);
  snprintf(input + strlen(input), 128, ")" PARAMS);
  assert_false(world_verify(&w, input, "s=:AAAA:"));
  assert_int_equal(w.fault.reason, DPS_SIGN_LIMIT);
  world_close(&w);
}

static void test_fields_above_the_ceiling_are_refused(void **state) {
  static char input[DPS_SF_LONGEST + 100];
  struct verify_world w;
  (void)state;
  world_open(&w);
  snprintf(input, sizeof input, "s=()" PARAMS ";x=\"");
  memset(input + strlen(input), 'a', sizeof input - strlen(input) - 2);
  input[sizeof input - 2] = '"';
  assert_false(world_verify(&w, input, "s=:AAAA:"));
  assert_int_equal(w.fault.reason, DPS_SIGN_LIMIT);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_signature_input),
      cmocka_unit_test(test_signature),
      cmocka_unit_test(test_base64url_in_a_signature_is_refused),
      cmocka_unit_test(test_one_field_without_the_other_is_named),
      cmocka_unit_test(test_covered_fields_that_changed_shape_are_refused),
      cmocka_unit_test(test_more_components_than_the_ceiling_are_refused),
      cmocka_unit_test(test_fields_above_the_ceiling_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
