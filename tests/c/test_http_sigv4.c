/* SigV4: the canonical forms, and that what libcurl signs is what AWS would make of the request
 * that arrives. The other side is written here, from AWS's description, and first proved by the
 * sample of AWS's own test suite ("get-vanilla"). */
#include "http_world.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "http_sigv4.h"

/* --- canonical forms --- */

static const char *const queries[][2] = {
    {"", ""},
    {"offer-type=fallback", "offer-type=fallback"},
    {"b=2&a=1", "a=1&b=2"},
    {"a=2&a=1&a", "a=&a=1&a=2"},
    {"a-b=1&a=2", "a=2&a-b=1"},
    {"property=name%3d%3DFoo+Bar", "property=name%3D%3DFoo%2BBar"},
    {"q=%7e~!", "q=~~%21"},
    {"x=a=b&&", "x=a%3Db"},
    {"p=100%", "p=100%25"},
    {"p=%C3%BC&p=%2f", "p=%2F&p=%C3%BC"},
};

static void test_query_is_put_into_canonical_form(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
    struct dps_buf to;
    dps_buf_init(&to, 1000);
    assert_true(dps_sigv4_query(&to, queries[i][0]));
    assert_string_equal(dps_buf_str(&to), queries[i][1]);
    dps_buf_clear(&to);
  }
}

static void test_path_is_encoded_once_more(void **state) {
  (void)state;
  struct dps_buf to;
  dps_buf_init(&to, 1000);
  assert_true(dps_sigv4_path(&to, "/offers/dps:x%3A1/~a_b-c."));
  assert_string_equal(dps_buf_str(&to), "/offers/dps%3Ax%253A1/~a_b-c.");
  dps_buf_clear(&to);
}

static void test_too_many_parameters_are_refused(void **state) {
  (void)state;
  struct dps_buf query, to;
  dps_buf_init(&query, 4000);
  dps_buf_init(&to, 4000);
  for (int i = 0; i < 256; i++)
    assert_true(dps_buf_puts(&query, "a=1&"));
  assert_true(dps_sigv4_query(&to, dps_buf_str(&query)));
  assert_true(dps_buf_puts(&query, "b"));
  assert_false(dps_sigv4_query(&to, dps_buf_str(&query)));
  dps_buf_clear(&query);
  dps_buf_clear(&to);
}

/* --- the other side --- */

enum { TEXT = 4096 };

static void hex_of(const unsigned char *bytes, size_t n, char *to) {
  for (size_t i = 0; i < n; i++)
    snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

static void sha256_hex(const char *text, size_t len, char to[65]) {
  unsigned char hash[32];
  assert_int_equal(EVP_Digest(text, len, hash, NULL, EVP_sha256(), NULL), 1);
  hex_of(hash, sizeof hash, to);
}

static void mac(unsigned char *key, size_t *len, const char *text) {
  unsigned char out[32];
  unsigned n = 0;
  assert_non_null(
      HMAC(EVP_sha256(), key, (int)*len, (const unsigned char *)text, strlen(text), out, &n));
  memcpy(key, out, 32);
  *len = 32;
}

/* scope: "DATE/REGION/SERVICE/aws4_request". */
static void sign(const char *canonical, const char *date, const char *scope, const char *secret,
                 char to[65]) {
  char hash[65], text[TEXT], part[64];
  unsigned char key[128];
  size_t len = (size_t)snprintf((char *)key, sizeof key, "AWS4%s", secret);
  sha256_hex(canonical, strlen(canonical), hash);
  snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, hash);
  for (const char *at = scope; *at; at += strcspn(at, "/") + (at[strcspn(at, "/")] == '/')) {
    snprintf(part, sizeof part, "%.*s", (int)strcspn(at, "/"), at);
    mac(key, &len, part);
  }
  mac(key, &len, text);
  hex_of(key, 32, to);
}

static void test_the_other_side_signs_as_in_awss_test_suite(void **state) {
  (void)state;
  char signature[65];
  sign("GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
       "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
       "20150830T123600Z", "20150830/us-east-1/service/aws4_request",
       "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", signature);
  assert_string_equal(signature,
                      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

/* --- what arrives --- */

/* The value of a line that was heard; name in any case. */
static void header(const struct world *w, const char *name, char *to, size_t size) {
  char start[80];
  snprintf(start, sizeof start, "\r\n%s:", name);
  const char *at = strcasestr(w->peer.heard, start);
  if (!at) fail_msg("no %s in %s", name, w->peer.heard);
  at += strlen(start);
  at += strspn(at, " ");
  snprintf(to, size, "%.*s", (int)strcspn(at, "\r"), at);
}

static void between(const char *text, const char *start, const char *ends, char *to, size_t size) {
  const char *at = strstr(text, start);
  assert_non_null(at);
  at += strlen(start);
  snprintf(to, size, "%.*s", (int)strcspn(at, ends), at);
}

/* The canonical request of what was heard; path and query are given in their canonical form. */
static void canonical_of(const struct world *w, const char *method, const char *path,
                         const char *query, const char *names, char *to) {
  char value[512], name[64], hash[65];
  const char *body = strstr(w->peer.heard, "\r\n\r\n") + 4;
  int n = snprintf(to, TEXT, "%s\n%s\n%s\n", method, path, query);
  for (const char *at = names; *at; at += strcspn(at, ";") + (at[strcspn(at, ";")] == ';')) {
    snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ";"), at);
    header(w, name, value, sizeof value);
    n += snprintf(to + n, TEXT - (size_t)n, "%s:%s\n", name, value);
  }
  sha256_hex(body, strlen(body), hash);
  snprintf(to + n, TEXT - (size_t)n, "\n%s\n%s", names, hash);
}

static const struct {
  const char *method, *target, *path, *query, *body;
} requests[] = {
    {"POST", "/core/offers?offer-type=fallback", "/core/offers", "offer-type=fallback",
     "{\"a\":1}"},
    {"GET", "/offers?property=name%3D%3DFree%20delivery&offer-type=fallback&limit=5", "/offers",
     "limit=5&offer-type=fallback&property=name%3D%3DFree%20delivery", NULL},
    {"GET", "/offers/dps:fallback-offer:1?offer-type=fallback", "/offers/dps%3Afallback-offer%3A1",
     "offer-type=fallback", NULL},
    {"DELETE", "/offers/dps%3Afallback-offer%3A1", "/offers/dps%253Afallback-offer%253A1", "",
     NULL},
    {"PATCH", "/offers/x?b&a=1", "/offers/x", "a=1&b=", "[]"},
    {"GET", "/", "/", "", NULL},
    {"POST", "/offers", "/offers", "", ""},
    {"HEAD", "/offers", "/offers", "", NULL},
    {"POST", "/offers", "/offers", "", "{\"b\":2}"},
};

static void open_signing(struct world *w) {
  const struct dps_http_settings settings = {.connect_timeout_ms = 5000,
                                             .timeout_ms = 5000,
                                             .max_body = BODY_CEILING,
                                             .slots = SLOTS,
                                             .sigv4 = "aws:amz:eu-west-1:execute-api",
                                             .sigv4_id = "AKIDEXAMPLE",
                                             .sigv4_secret = "wJalrXUtnFEMI/K7MDENG+bPxRfi"};
  dps_http_free(w->http);
  w->http = dps_http_new(w->loop, &settings);
  assert_non_null(w->http);
  dps_http_share_header(w->http, "x-sandbox-name: dev");
  dps_http_share_header(w->http, "Expect:");
}

static void assert_signed(const struct world *w, const char *method, const char *path,
                          const char *query) {
  char line[1024], names[256], scope[128], given[80], date[32], canonical[TEXT], expected[65];
  header(w, "Authorization", line, sizeof line);
  header(w, "X-Amz-Date", date, sizeof date);
  between(line, "Credential=AKIDEXAMPLE/", ",", scope, sizeof scope);
  between(line, "SignedHeaders=", ",", names, sizeof names);
  between(line, "Signature=", ", \r", given, sizeof given);
  assert_non_null(strstr(scope, "/eu-west-1/execute-api/aws4_request"));
  assert_non_null(strstr(names, "x-sandbox-name"));
  assert_non_null(strstr(names, "host"));
  canonical_of(w, method, path, query, names, canonical);
  sign(canonical, date, scope, "wJalrXUtnFEMI/K7MDENG+bPxRfi", expected);
  if (strcmp(given, expected) != 0) print_error("%s\n---\n%s\n", w->peer.heard, canonical);
  assert_string_equal(given, expected);
}

static void test_what_arrives_is_signed_as_aws_would(void **state) {
  struct world *w = *state;
  open_signing(w);
  int fd = -1;
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    char start[256];
    struct job *job = job_new(w, 0, requests[i].method, requests[i].target, requests[i].body);
    static struct curl_slist own;
    own = (struct curl_slist){"Content-Type:", NULL};
    job->request.headers = &own;
    submit(job);
    if (fd < 0) fd = peer_accept(&w->peer);
    snprintf(start, sizeof start, "%s %s HTTP/1.1\r\n", requests[i].method, requests[i].target);
    assert_hears(w, fd, start);
    assert_signed(w, requests[i].method, requests[i].path, requests[i].query);
    peer_answer(fd, "");
    finish(job);
    assert_int_equal(job->request.code, CURLE_OK);
    job->request.headers = NULL;
  }
  close(fd);
}

/* A repeat on another connection, as libcurl makes of reads, is signed too. */
static void test_silent_repeat_is_signed(void **state) {
  struct world *w = *state;
  open_signing(w);
  int fd = warm_up(w);
  struct job *job = get(w, 0, "/one?b=1&a=2");
  peer_hear(&w->peer, fd);
  close(fd);
  fd = peer_accept(&w->peer);
  assert_hears(w, fd, "GET /one?b=1&a=2 ");
  assert_signed(w, "GET", "/one", "a=2&b=1");
  peer_answer(fd, "");
  finish(job);
  close(fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_query_is_put_into_canonical_form),
      cmocka_unit_test(test_path_is_encoded_once_more),
      cmocka_unit_test(test_too_many_parameters_are_refused),
      cmocka_unit_test(test_the_other_side_signs_as_in_awss_test_suite),
      IN_WORLD(test_what_arrives_is_signed_as_aws_would),
      IN_WORLD(test_silent_repeat_is_signed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
