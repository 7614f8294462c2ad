/* Tokens in plain C: the one that stands now, what an endpoint answered, and the Developer
 * Console's credential files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "credentials.h"
#include "token.h"
#include "token_answer.h"
#include "token_claims.h"

/* --- the token that stands now --- */

static struct dps_token *token;

static int make_token(void **state) {
  (void)state;
  return (token = dps_token_new()) ? 0 : -1;
}

static int free_token(void **state) {
  (void)state;
  dps_token_unref(token);
  return 0;
}

static void set(const char *text, int64_t lifetime_ms, int64_t margin_ms) {
  struct dps_secret secret = {0};
  assert_true(dps_secret_set(&secret, text));
  assert_true(dps_token_set(token, &secret, lifetime_ms, margin_ms));
  assert_true(dps_token_equals(token, &secret));
  dps_secret_clear(&secret);
}

static void test_a_token_is_none_then_fresh_ageing_and_stale(void **state) {
  (void)state;
  assert_int_equal(dps_token_state(token), DPS_TOKEN_NONE);
  assert_null(dps_token_line(token));
  set("abc", -1, 0);
  assert_int_equal(dps_token_state(token), DPS_TOKEN_FRESH);
  assert_string_equal(dps_token_line(token)->bytes, "Authorization: Bearer abc");
  set("abc", 10000, 9000);
  assert_int_equal(dps_token_state(token), DPS_TOKEN_FRESH);
  set("abc", 10000, 10000);
  assert_int_equal(dps_token_state(token), DPS_TOKEN_AGEING);
  set("abc", 0, 0);
  assert_int_equal(dps_token_state(token), DPS_TOKEN_STALE);
  assert_int_equal(dps_token_serial(token), 4);
}

static void test_only_the_token_that_was_refused_is_evicted(void **state) {
  (void)state;
  set("one", -1, 0);
  unsigned long first = dps_token_serial(token);
  set("two", -1, 0);
  dps_token_evict(token, first);
  assert_int_equal(dps_token_state(token), DPS_TOKEN_FRESH);
  dps_token_evict(token, dps_token_serial(token));
  assert_int_equal(dps_token_state(token), DPS_TOKEN_STALE);
  assert_non_null(dps_token_line(token));
  set("three", -1, 0);
  assert_int_equal(dps_token_state(token), DPS_TOKEN_FRESH);
}

/* Tokens made with: printf %s CLAIMS | base64 -w0 | tr '+/' '-_' | tr -d = */
static void test_a_token_that_is_a_jwt_says_when_it_ends(void **state) {
  static const struct {
    const char *text;
    double end; /* 0: it does not say */
  } cases[] = {
      /* {"exp":1700000000} */
      {"eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDB9.c2ln", 1700000000},
      /* {"created_at":"1700000000000","expires_in":"86400000"} */
      {"e30.eyJjcmVhdGVkX2F0IjoiMTcwMDAwMDAwMDAwMCIsImV4cGlyZXNfaW4iOiI4NjQwMDAwMCJ9.x",
       1700086400},
      {"e30.eyJjcmVhdGVkX2F0IjoiMTcwMDAwMDAwMDAwMCJ9.x", 0}, /* no lifetime */
      {"e30.e30.x", 0},
      {"e30..x", 0},
      {"e30.e30", 0},
      {"e30.!!.x", 0},
      {"e30.AAAA.x", 0},
      {"opaque", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct dps_secret secret = {(char *)cases[i].text, strlen(cases[i].text)};
    double end = 0;
    assert_true(dps_token_says_end(&secret, &end) == (cases[i].end != 0));
    assert_true(end == cases[i].end);
  }
}

/* --- answers --- */

static struct dps_token_answer answer;

static int clear_answer(void **state) {
  (void)state;
  dps_token_answer_clear(&answer);
  return 0;
}

static enum dps_token_fault read_answer(long status, const char *body) {
  struct dps_secret secret = {0};
  dps_token_answer_clear(&answer);
  assert_true(dps_secret_set(&secret, "s3cr3t"));
  dps_token_answer_read(&answer, status, body, strlen(body), &secret);
  dps_secret_clear(&secret);
  assert_true((answer.fault == DPS_TOKEN_OK) == (answer.token.bytes != NULL));
  return answer.fault;
}

static void test_the_documented_answer_is_a_token_for_a_day(void **state) {
  (void)state;
  assert_int_equal(read_answer(200, "{\"access_token\":\"eyJ.a-b_c\",\"token_type\":\"bearer\","
                                    "\"expires_in\":86399}"),
                   DPS_TOKEN_OK);
  assert_string_equal(answer.token.bytes, "eyJ.a-b_c");
  assert_int_equal(answer.lifetime_s, 86399);
}

static void test_lifetimes_in_every_shape_are_understood_or_refused(void **state) {
  static const struct {
    const char *expires;
    long seconds; /* 0: refused */
  } cases[] = {{"1", 1},          {"86399.9", 86399}, {"\"3600\"", 3600},  {"null", 300},
               {"0", 0},          {"-5", 0},          {"0.5", 0},          {"\"soon\"", 0},
               {"true", 0},       {"[]", 0},          {"86399992", 86399}, {"2592000", 86400},
               {"172800", 86400}, {"1e300", 86400},   {"1e999", 86400},    {"\"\"", 0}};
  char body[128];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    snprintf(body, sizeof body, "{\"access_token\":\"a\",\"expires_in\":%s}", cases[i].expires);
    enum dps_token_fault fault = read_answer(200, body);
    assert_int_equal(fault, cases[i].seconds ? DPS_TOKEN_OK : DPS_TOKEN_EXPIRED);
    assert_int_equal(answer.lifetime_s, cases[i].seconds);
  }
  assert_int_equal(read_answer(200, "{\"access_token\":\"a\"}"), DPS_TOKEN_OK);
  assert_int_equal(answer.lifetime_s, 300);
}

static void test_what_is_no_token_is_a_fault_of_its_own(void **state) {
  static const struct {
    const char *body;
    enum dps_token_fault fault;
  } cases[] = {{"", DPS_TOKEN_NOT_JSON},
               {"<html>", DPS_TOKEN_NOT_JSON},
               {"{", DPS_TOKEN_NOT_JSON},
               {"[]", DPS_TOKEN_MISSING},
               {"{}", DPS_TOKEN_MISSING},
               {"\"a\"", DPS_TOKEN_MISSING},
               {"{\"access_token\":null}", DPS_TOKEN_MISSING},
               {"{\"access_token\":\"\"}", DPS_TOKEN_MISSING},
               {"{\"access_token\":[\"a\"]}", DPS_TOKEN_MISSING},
               {"{\"access_token\":\"a\\r\\nX: 1\"}", DPS_TOKEN_UNUSABLE},
               {"{\"access_token\":\"a\\u0000b\"}", DPS_TOKEN_UNUSABLE},
               {"{\"access_token\":\"a b\"}", DPS_TOKEN_UNUSABLE},
               {"{\"access_token\":\"a\",\"token_type\":\"mac\"}", DPS_TOKEN_NO_BEARER},
               {"{\"access_token\":\"a\",\"token_type\":\"BEARER\"}", DPS_TOKEN_OK}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(read_answer(200, cases[i].body), cases[i].fault);
}

static void test_a_refusal_keeps_its_words_but_not_the_secret(void **state) {
  (void)state;
  assert_int_equal(read_answer(401, "{\"error\":\"invalid_client\",\"error_description\":\"wrong "
                                    "s3cr3t,\\n s3cr\\u0033t\"}"),
                   DPS_TOKEN_REFUSED);
  assert_string_equal(answer.error, "invalid_client");
  assert_string_equal(answer.description, "wrong ******,  ******");
  assert_int_equal(read_answer(500, "<html>s3cr3t</html>"), DPS_TOKEN_REFUSED);
  assert_string_equal(answer.error, "");
  assert_string_equal(answer.description, "");
  assert_int_equal(read_answer(403, "{\"error_code\":\"403000\",\"message\":\"no\"}"),
                   DPS_TOKEN_REFUSED);
  assert_string_equal(answer.error, "403000");
}

/* --- credential files --- */

static char path[] = "/tmp/dps-credentials-XXXXXX";
static char why[DPS_SECRET_WHY];
static struct dps_credentials found;

static int make_file(void **state) {
  (void)state;
  int fd = mkstemp(path);
  return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state) {
  (void)state;
  unlink(path);
  dps_credentials_clear(&found);
  memcpy(path + strlen(path) - 6, "XXXXXX", 6);
  return 0;
}

static bool read_credentials(const char *json) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(json, file);
  fclose(file);
  dps_credentials_clear(&found);
  why[0] = '\0';
  return dps_credentials_read(&found, path, why);
}

static void is_found(const char *json) {
  if (!read_credentials(json)) fail_msg("%s", why);
  assert_string_equal(found.client_id, "cid");
  assert_string_equal(found.client_secret.bytes, "p8e-s3cr3t");
  assert_string_equal(found.org, "1@AdobeOrg");
  assert_string_equal(found.scopes, "openid,AdobeID");
}

static void test_every_form_of_an_oauth_credential_is_read(void **state) {
  (void)state;
  is_found("{\"ORG_ID\":\"1@AdobeOrg\",\"CLIENT_SECRETS\":[\"p8e-s3cr3t\",\"older\"],"
           "\"CLIENT_ID\":\"cid\",\"SCOPES\":[\"openid\",\"AdobeID\"],"
           "\"TECHNICAL_ACCOUNT_ID\":\"t@techacct.adobe.com\",\"TECHNICAL_ACCOUNT_EMAIL\":\"e\"}");
  is_found("{\"client_id\":\"cid\",\"client_secrets\":[\"p8e-s3cr3t\"],\"ims_org_id\":"
           "\"1@AdobeOrg\",\"scopes\":\"openid,AdobeID\"}");
  is_found("{\"project\":{\"id\":\"1\",\"org\":{\"id\":\"2\",\"name\":\"n\",\"ims_org_id\":"
           "\"1@AdobeOrg\"},\"workspace\":{\"details\":{\"credentials\":[{\"id\":\"3\","
           "\"integration_type\":\"service\",\"jwt\":{\"client_id\":\"old\"}},{\"id\":\"4\","
           "\"integration_type\":\"oauth_server_to_server\",\"oauth_server_to_server\":{"
           "\"client_id\":\"cid\",\"client_secrets\":[\"p8e-s3cr3t\"],\"scopes\":[\"openid\","
           "\"AdobeID\"]}}]}}}}");
  is_found("{\"id\":\"x\",\"name\":\"OAuth\",\"values\":[{\"key\":\"CLIENT_SECRET\",\"value\":"
           "\"p8e-s3cr3t\",\"enabled\":true},{\"key\":\"API_KEY\",\"value\":\"cid\"},{\"key\":"
           "\"IMS_ORG\",\"value\":\"1@AdobeOrg\"},{\"key\":\"SCOPES\",\"value\":"
           "\"openid,AdobeID\"},{\"key\":\"ACCESS_TOKEN\",\"value\":\"\"}]}");
}

static void test_what_the_file_does_not_say_is_left_out(void **state) {
  (void)state;
  assert_true(read_credentials("{\"CLIENT_ID\":\"cid\",\"CLIENT_SECRETS\":[]}"));
  assert_null(found.client_secret.bytes);
  assert_string_equal(found.org, "");
  assert_string_equal(found.scopes, "");
}

static void is_refused(const char *json, const char *words) {
  assert_false(read_credentials(json));
  if (!strstr(why, words)) fail_msg("\"%s\" is not in: %s", words, why);
  assert_non_null(strstr(why, path));
  assert_null(strstr(why, "s3cr3t"));
  assert_null(found.client_secret.bytes);
}

static void test_files_of_the_ended_flow_are_refused_with_what_replaces_it(void **state) {
  (void)state;
  is_refused("{\"CLIENT_SECRET\":\"s3cr3t\",\"ORG_ID\":\"1@AdobeOrg\",\"API_KEY\":\"cid\","
             "\"TECHNICAL_ACCOUNT_ID\":\"t\",\"PUBLIC_KEYS_WITH_EXPIRY\":{}}",
             "OAuth Server-to-Server");
  is_refused("{\"API_KEY\":\"cid\",\"PRIVATE_KEY\":\"s3cr3t\"}", "which Adobe has ended");
  is_refused("{\"project\":{\"workspace\":{\"details\":{\"credentials\":[{\"integration_type\":"
             "\"service\",\"jwt\":{\"client_id\":\"cid\",\"client_secret\":\"s3cr3t\"}}]}}}}",
             "service account (JWT)");
}

static void test_other_files_are_refused(void **state) {
  char large[3000];
  (void)state;
  memset(large, 'x', sizeof large);
  memcpy(large, "{\"CLIENT_ID\":\"", 14);
  memcpy(large + sizeof large - 3, "\"}", 3);
  is_refused("", "it is empty");
  is_refused("s3cr3t", "it is no JSON");
  is_refused("{\"CLIENT_ID\":\"cid\",\"CLIENT_SECRETS\":[\"s3cr3t\"", "it is no JSON");
  is_refused("[\"s3cr3t\"]", "it is no JSON object");
  is_refused("{\"a\":\"s3cr3t\"}", "there is no CLIENT_ID in it");
  is_refused("{\"project\":{}}", "there is no CLIENT_ID in it");
  is_refused("{\"CLIENT_ID\":7,\"CLIENT_SECRETS\":[\"s3cr3t\"]}", "there is no CLIENT_ID in it");
  is_refused("{\"CLIENT_ID\":\"a\\u0000b\"}", "longer than such a value");
  is_refused(large, "longer than such a value");
  assert_int_equal(chmod(path, 0644), 0);
  is_refused("{\"CLIENT_ID\":\"cid\",\"CLIENT_SECRETS\":[\"s3cr3t\"]}", "everybody can read it");
}

int main(void) {
#define TOKEN(f) cmocka_unit_test_setup_teardown(f, make_token, free_token)
#define ANSWER(f) cmocka_unit_test_teardown(f, clear_answer)
#define FILED(f) cmocka_unit_test_setup_teardown(f, make_file, remove_file)
  const struct CMUnitTest tests[] = {
      TOKEN(test_a_token_is_none_then_fresh_ageing_and_stale),
      TOKEN(test_only_the_token_that_was_refused_is_evicted),
      cmocka_unit_test(test_a_token_that_is_a_jwt_says_when_it_ends),
      ANSWER(test_the_documented_answer_is_a_token_for_a_day),
      ANSWER(test_lifetimes_in_every_shape_are_understood_or_refused),
      ANSWER(test_what_is_no_token_is_a_fault_of_its_own),
      ANSWER(test_a_refusal_keeps_its_words_but_not_the_secret),
      FILED(test_every_form_of_an_oauth_credential_is_read),
      FILED(test_what_the_file_does_not_say_is_left_out),
      FILED(test_files_of_the_ended_flow_are_refused_with_what_replaces_it),
      FILED(test_other_files_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
