/* An answer that is tied to its request: its signature covers the request's method and URL, and
 * what tells the request from others to the same URL where it has such a thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "verify_case.h"

#define PARAMS ";created=1700000000;keyid=\"test-shared-secret\""
#define METHOD "\"@method\";req "
#define URI "\"@target-uri\";req "
#define HOST "\"@authority\";req "
#define DIGEST "Content-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:\n"
#define SIGNED "Signature-Input: dps=();created=1\nSignature: dps=:AAAA:\n"

struct tied_case {
  const char *covered;
  const char *lacks; /* NULL: it is tied; else what the sentence names */
};

static void check(const char *request_text, const struct tied_case *cases, size_t count) {
  struct verify_world w;
  struct signed_message request;
  world_open(&w);
  w.policy.tied = true;
  signed_text(&request, request_text);
  signed_free(&w.request);
  signed_text(&w.request, "HTTP/1.1 201 Created\n\n");
  w.request.message.request = &request.message;
  for (size_t i = 0; i < count; i++) {
    char input[512];
    snprintf(input, sizeof input, "s=(%s)" PARAMS, cases[i].covered);
    assert_int_equal(world_check(&w, input), !cases[i].lacks);
    if (!cases[i].lacks) continue;
    assert_int_equal(w.fault.reason, DPS_SIGN_COMPONENT_UNCOVERED);
    if (!strstr(w.fault.detail, cases[i].lacks)) fail_msg("%s: %s", input, w.fault.detail);
  }
  signed_free(&request);
  world_close(&w);
}

#define CHECK(text, cases) check(text, cases, sizeof(cases) / sizeof *(cases))

static void test_method_and_url_of_the_request_are_covered(void **state) {
  static const struct tied_case cases[] = {
      {METHOD URI, NULL},
      {"\"@status\" " URI METHOD, NULL},
      {METHOD HOST "\"@path\";req", NULL},
      {METHOD HOST "\"@request-target\";req", NULL},
      {"", "\"@method\";req"},
      {"\"@status\"", "\"@method\";req"},
      {URI, "\"@method\";req"},
      {METHOD, "\"@target-uri\";req"},
      {METHOD "\"@path\";req", "\"@target-uri\";req"},
      {METHOD HOST, "\"@target-uri\";req"},
  };
  (void)state;
  CHECK("GET /a HTTP/1.1\nHost: example.com\n\n", cases);
}

static void test_a_query_belongs_to_the_url(void **state) {
  static const struct tied_case cases[] = {
      {METHOD URI, NULL},
      {METHOD HOST "\"@request-target\";req", NULL},
      {METHOD HOST "\"@path\";req \"@query\";req", NULL},
      {METHOD HOST "\"@path\";req", "\"@target-uri\";req"},
      {METHOD HOST "\"@path\";req \"@query-param\";req;name=\"b\"", "\"@target-uri\";req"},
  };
  (void)state;
  CHECK("GET /a?b=c HTTP/1.1\nHost: example.com\n\n", cases);
}

static void test_of_a_signed_request_its_signature_or_its_digest_is_covered(void **state) {
  static const struct tied_case cases[] = {
      {METHOD URI "\"signature\";req", NULL},
      {METHOD URI "\"signature\";req;key=\"dps\"", NULL},
      {METHOD URI "\"content-digest\";req", NULL},
      {METHOD URI, "\"signature\";req"},
      {METHOD URI "\"signature-input\";req", "\"signature\";req"},
      {METHOD URI "\"content-type\";req", "\"signature\";req"},
  };
  (void)state;
  CHECK("POST /a HTTP/1.1\nHost: example.com\nContent-Type: a/b\n" DIGEST SIGNED "\nhello", cases);
}

static void test_of_a_request_with_a_digest_alone_that_is_covered(void **state) {
  static const struct tied_case cases[] = {
      {METHOD URI "\"content-digest\";req", NULL},
      {METHOD URI "\"content-digest\";req;key=\"sha-256\"", NULL},
      {METHOD URI, "\"content-digest\";req"},
  };
  (void)state;
  CHECK("POST /a HTTP/1.1\nHost: example.com\n" DIGEST "\nhello", cases);
}

static void test_the_answer_s_own_fields_tie_nothing(void **state) {
  static const struct tied_case cases[] = {{METHOD URI "\"content-digest\"", "\"signature\";req"}};
  struct verify_world w;
  struct signed_message request;
  char input[512];
  (void)state;
  world_open(&w);
  w.policy.tied = true;
  signed_text(&request, "POST /a HTTP/1.1\nHost: example.com\n" SIGNED "\nhello");
  signed_free(&w.request);
  signed_text(&w.request, "HTTP/1.1 201 Created\n" DIGEST "\nhello");
  w.request.message.request = &request.message;
  snprintf(input, sizeof input, "s=(%s)" PARAMS, cases[0].covered);
  assert_false(world_check(&w, input));
  assert_non_null(strstr(w.fault.detail, cases[0].lacks));
  signed_free(&request);
  world_close(&w);
}

static void test_without_a_request_the_policy_is_none(void **state) {
  struct verify_world w;
  (void)state;
  world_open(&w);
  w.policy.tied = true;
  assert_false(world_check(&w, "s=()" PARAMS));
  assert_int_equal(w.fault.reason, DPS_SIGN_INVALID);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_method_and_url_of_the_request_are_covered),
      cmocka_unit_test(test_a_query_belongs_to_the_url),
      cmocka_unit_test(test_of_a_signed_request_its_signature_or_its_digest_is_covered),
      cmocka_unit_test(test_of_a_request_with_a_digest_alone_that_is_covered),
      cmocka_unit_test(test_the_answer_s_own_fields_tie_nothing),
      cmocka_unit_test(test_without_a_request_the_policy_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
