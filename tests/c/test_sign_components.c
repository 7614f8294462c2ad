/* What each component of a message is in a signature base (RFC 9421, sections 2.1 and 2.2, with the
 * RFC's own samples), and which cannot be signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "signed.h"

static struct dps_sign_key *secret;

static int make_key(void **state) {
  struct dps_sign_fault fault;
  const struct dps_sign_key_source source = {.bytes = "secret", .len = 6};
  (void)state;
  secret = dps_sign_key_new(&source, &fault);
  return secret ? 0 : -1;
}

static int free_key(void **state) {
  (void)state;
  dps_sign_key_free(secret);
  return 0;
}

/* The base of one component without its last line; "" and the fault when there is none. */
static void base_of(const struct dps_sign_message *message, const char *component, char *to,
                    struct dps_sign_fault *fault) {
  const struct dps_sign_component components[] = {{component, false}};
  const struct dps_sign_spec spec = {.components = components, .component_count = 1};
  struct dps_signature got;
  *fault = (struct dps_sign_fault){0};
  to[0] = '\0';
  struct dps_signer *signer = dps_signer_new(&spec, secret, fault);
  if (signer && dps_sign(signer, message, 0, NULL, &got, fault)) {
    size_t n = (size_t)((const char *)memrchr(got.base.at, '\n', got.base.len) - got.base.at);
    memcpy(to, got.base.at, n);
    to[n] = '\0';
  }
  dps_signer_free(signer);
}

struct line_case {
  const char *component, *line; /* the line, or */
  enum dps_sign_reason reason;  /* why there is none */
};

static void check_line(const struct dps_sign_message *message, const struct line_case *c) {
  char base[4096];
  struct dps_sign_fault fault;
  base_of(message, c->component, base, &fault);
  if (strcmp(base, c->line) || fault.reason != c->reason)
    print_error("%s: %s%s: %s\n", c->component, base, dps_sign_word(fault.reason), fault.detail);
  assert_string_equal(base, c->line);
  assert_int_equal(fault.reason, c->reason);
}

static void check_lines(const char *text, const struct line_case *cases, size_t count) {
  struct signed_message m;
  signed_text(&m, text);
  for (size_t i = 0; i < count; i++)
    check_line(&m.message, &cases[i]);
  signed_free(&m);
}

#define CHECK(text, cases) check_lines(text, cases, sizeof(cases) / sizeof *(cases))

/* --- fields --- */

static void test_fields_are_combined_trimmed_and_unfolded(void **state) {
  static const struct line_case cases[] = {
      {"host", "\"host\": www.example.com", 0},
      {"\"host\"", "\"host\": www.example.com", 0},
      {"date", "\"date\": Tue, 20 Apr 2021 02:07:56 GMT", 0},
      {"x-ows-header", "\"x-ows-header\": Leading and trailing whitespace.", 0},
      {"x-obs-fold-header", "\"x-obs-fold-header\": Obsolete line folding.", 0},
      {"cache-control", "\"cache-control\": max-age=60, must-revalidate", 0},
      {"example-dict", "\"example-dict\": a=1,    b=2;x=1;y=2,   c=(a   b   c), d", 0},
      {"x-empty-header", "\"x-empty-header\": ", 0},
      {"x-tab", "\"x-tab\": a\tb", 0},
      {"absent", "", DPS_SIGN_COMPONENT_ABSENT},
      {"Host", "", DPS_SIGN_COMPONENT_INVALID},
      {"ho st", "", DPS_SIGN_COMPONENT_INVALID},
      {"", "", DPS_SIGN_COMPONENT_INVALID},
      {"\"\"", "", DPS_SIGN_COMPONENT_INVALID},
      {"x-latin", "", DPS_SIGN_COMPONENT_INVALID},
      {"x-control", "", DPS_SIGN_COMPONENT_INVALID},
      {"created", "", DPS_SIGN_COMPONENT_ABSENT}, /* a parameter, which people list here */
  };
  (void)state;
  CHECK("GET / HTTP/1.1\r\nHost: www.example.com\r\nDate: Tue, 20 Apr 2021 02:07:56 GMT\r\n"
        "X-OWS-Header:   Leading and trailing whitespace.    \r\n"
        "X-Obs-Fold-Header: Obsolete\r\n      line folding. \r\n"
        "Cache-Control: max-age=60\r\nCache-Control:    must-revalidate\r\n"
        "Example-Dict:  a=1,    b=2;x=1;y=2,   c=(a   b   c) \r\nExample-Dict: d\r\n"
        "X-Empty-Header:\r\nX-Tab: a\tb\r\nX-Latin: caf\xc3\xa9\r\nX-Control: a\x01"
        "b\r\n\r\n",
        cases);
}

static void test_a_value_with_a_line_end_or_a_nul_is_never_signed(void **state) {
  static const char *const values[] = {"a\nb",
                                       "a\rb",
                                       "a\r\nb",
                                       "a\n",
                                       "\x7f",
                                       "a\r\n b\nc",
                                       "a\r\n"
                                       "\r\n b"};
  struct dps_sign_field field = {DPS_TEXT("x"), {NULL, 0}};
  const struct dps_sign_message message = {
      .method = DPS_TEXT("GET"), .fields = &field, .field_count = 1};
  struct line_case c = {"x", "", DPS_SIGN_COMPONENT_INVALID};
  (void)state;
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    field.value = (struct dps_text){values[i], strlen(values[i])};
    if (i == 3) c = (struct line_case){"x", "\"x\": a", 0}; /* white space at the end */
    check_line(&message, &c);
    c = (struct line_case){"x", "", DPS_SIGN_COMPONENT_INVALID};
  }
  field.value = DPS_TEXT("a\0b");
  check_line(&message, &c);
  c.component = "x;bs";
  check_line(&message, &c);
}

/* Values are looked through in blocks: neither a block's edge nor the rest may let one slip. */
static void test_a_byte_that_no_field_holds_is_found_wherever_it_stands(void **state) {
  static const char bytes[] = {0x00,       0x01,       0x1f,       0x7f,
                               (char)0x80, (char)0x9f, (char)0xa0, (char)0xff};
  char value[50];
  struct dps_sign_field field = {DPS_TEXT("x"), {value, 0}};
  const struct dps_sign_message message = {.fields = &field, .field_count = 1};
  const struct line_case bad = {"x", "", DPS_SIGN_COMPONENT_INVALID};
  (void)state;
  for (size_t len = 3; len <= sizeof value; len++) {
    field.value.len = len;
    for (size_t i = 1; i < len - 1; i++) { /* between a first and a last that nobody trims */
      memset(value, i % 2 ? '~' : '!', len);
      value[i] = bytes[(len + i) % sizeof bytes];
      check_line(&message, &bad);
    }
  }
}

static void test_every_printable_byte_is_signed_as_it_is(void **state) {
  char value[0x7f - 0x20 + 1], line[sizeof value + 16];
  struct dps_sign_field field = {DPS_TEXT("x"), {value, 0}};
  const struct dps_sign_message message = {.fields = &field, .field_count = 1};
  const struct line_case c = {"x", line, 0};
  (void)state;
  for (size_t i = 0; i < 0x7f - 0x20; i++)
    value[i] = (char)('~' - i);
  for (size_t len = 1; len < 0x7f - 0x20; len++) {
    field.value.len = len;
    snprintf(line, sizeof line, "\"x\": %.*s", (int)len, value);
    check_line(&message, &c);
  }
}

static void test_structured_fields_are_serialised_strictly(void **state) {
  static const struct line_case cases[] = {
      {"content-digest;sf", "\"content-digest\";sf: sha-256=:AAAA:, x", 0},
      {"priority;sf", "\"priority\";sf: u=1, i", 0},
      {"cache-status;sf", "\"cache-status\";sf: a;hit, b;fwd=miss", 0},
      {"idempotency-key;sf", "\"idempotency-key\";sf: \"8e03\"", 0},
      {"example-dict;sf", "", DPS_SIGN_COMPONENT_INVALID}, /* nobody knows its type */
      {"accept-ch;sf", "", DPS_SIGN_COMPONENT_INVALID},    /* no list */
      {"absent;sf", "", DPS_SIGN_COMPONENT_ABSENT},
      {"example-dict;key=\"a\"", "\"example-dict\";key=\"a\": 1", 0},
      {"example-dict;key=\"b\"", "\"example-dict\";key=\"b\": 2;x=1;y=2", 0},
      {"example-dict;key=\"c\"", "\"example-dict\";key=\"c\": (a b c)", 0},
      {"example-dict;key=\"d\"", "\"example-dict\";key=\"d\": ?1", 0},
      {"example-dict;sf;key=\"d\"", "\"example-dict\";sf;key=\"d\": ?1", 0},
      {"example-dict;key=\"e\"", "", DPS_SIGN_COMPONENT_ABSENT},
      {"absent;key=\"e\"", "", DPS_SIGN_COMPONENT_ABSENT},
      {"accept-ch;key=\"e\"", "", DPS_SIGN_COMPONENT_INVALID},
  };
  (void)state;
  CHECK("GET / HTTP/1.1\nHost: h\nContent-Digest: sha-256=:AAAA:\nContent-Digest: x=?1\n"
        "Priority:   u=1  ,   i=?1\nCache-Status: a; hit\nCache-Status:b;  fwd=miss\n"
        "Idempotency-Key: \"8e03\" \nAccept-CH: (,)\n"
        "Example-Dict:  a=1, b=2;x=1;y=2, c=(a   b    c), d\n\n",
        cases);
}

static void test_types_that_the_caller_knows_are_used(void **state) {
  static const struct dps_sign_field_type types[] = {{"example-list", DPS_SF_LIST}};
  static const struct line_case c = {"example-list;sf", "\"example-list\";sf: 1, 2", 0};
  struct signed_message m;
  (void)state;
  signed_text(&m, "GET / HTTP/1.1\nHost: h\nExample-List: 1,2\n\n");
  m.message.types = types;
  m.message.type_count = 1;
  check_line(&m.message, &c);
  signed_free(&m);
}

static void test_byte_sequences_keep_lines_apart(void **state) {
  static const struct line_case cases[] = {
      {"example-header;bs",
       "\"example-header\";bs: :dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:", 0},
      {"one;bs", "\"one\";bs: :dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:", 0},
      {"latin;bs", "\"latin\";bs: :Y2Fmw6k=:", 0}, /* any byte can be a byte */
      {"empty;bs", "\"empty\";bs: ::", 0},
      {"absent;bs", "", DPS_SIGN_COMPONENT_ABSENT},
      {"one;bs;sf", "", DPS_SIGN_COMPONENT_INVALID},
      {"one;bs;key=\"x\"", "", DPS_SIGN_COMPONENT_INVALID},
  };
  (void)state;
  CHECK("GET / HTTP/1.1\nHost: h\nExample-Header: value, with, lots\nExample-Header: of, commas\n"
        "One: value, with, lots, of, commas\nLatin: caf\xc3\xa9\nEmpty:\n\n",
        cases);
}

static void test_trailers_are_fields_of_their_own(void **state) {
  static const struct dps_sign_field trailers[] = {
      {DPS_TEXT("Expires"), DPS_TEXT("Wed, 9 Nov 2022 07:28:00 GMT")},
      {DPS_TEXT("host"), DPS_TEXT("elsewhere")}};
  static const struct line_case cases[] = {
      {"expires;tr", "\"expires\";tr: Wed, 9 Nov 2022 07:28:00 GMT", 0},
      {"expires", "", DPS_SIGN_COMPONENT_ABSENT},
      {"host", "\"host\": h", 0},
      {"host;tr", "\"host\";tr: elsewhere", 0},
      {"host;bs;tr", "\"host\";bs;tr: :ZWxzZXdoZXJl:", 0},
      {"@method;tr", "", DPS_SIGN_COMPONENT_INVALID},
  };
  struct signed_message m;
  (void)state;
  signed_text(&m, "GET / HTTP/1.1\nHost: h\n\n");
  m.message.trailers = trailers;
  m.message.trailer_count = 2;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_line(&m.message, &cases[i]);
  signed_free(&m);
}

/* --- derived --- */

static void test_derived_components_of_a_request(void **state) {
  static const struct line_case cases[] = {
      {"@method", "\"@method\": POST", 0},
      {"@target-uri", "\"@target-uri\": https://www.example.com/path?param=value", 0},
      {"@authority", "\"@authority\": www.example.com", 0},
      {"@scheme", "\"@scheme\": https", 0},
      {"@request-target", "\"@request-target\": /path?param=value", 0},
      {"@path", "\"@path\": /path", 0},
      {"@query", "\"@query\": ?param=value", 0},
      {"@query-param;name=\"param\"", "\"@query-param\";name=\"param\": value", 0},
      {"@query-param;name=\"other\"", "", DPS_SIGN_COMPONENT_ABSENT},
      {"@query-param", "", DPS_SIGN_COMPONENT_INVALID},
      {"@query;name=\"param\"", "", DPS_SIGN_COMPONENT_INVALID},
      {"host;name=\"param\"", "", DPS_SIGN_COMPONENT_INVALID},
      {"@status", "", DPS_SIGN_COMPONENT_INVALID},
      {"@method;req", "", DPS_SIGN_COMPONENT_INVALID},
      {"host;req", "", DPS_SIGN_COMPONENT_INVALID},
      {"@method;sf", "", DPS_SIGN_COMPONENT_INVALID},
      {"@method;bs", "", DPS_SIGN_COMPONENT_INVALID},
      {"@method;key=\"x\"", "", DPS_SIGN_COMPONENT_INVALID},
      {"@signature-params", "", DPS_SIGN_COMPONENT_INVALID},
      {"@Method", "", DPS_SIGN_COMPONENT_INVALID},
      {"@unknown", "", DPS_SIGN_COMPONENT_INVALID},
      {"@", "", DPS_SIGN_COMPONENT_INVALID},
      {"(request-target)", "", DPS_SIGN_COMPONENT_INVALID}, /* of the old draft */
      {"host;x", "", DPS_SIGN_COMPONENT_INVALID},
      {"host;sf=?0", "", DPS_SIGN_COMPONENT_INVALID},
      {"host;sf=1", "", DPS_SIGN_COMPONENT_INVALID},
      {"host;key=a", "", DPS_SIGN_COMPONENT_INVALID},
      {"host;key", "", DPS_SIGN_COMPONENT_INVALID},
      {"host;bs;bs", "", DPS_SIGN_COMPONENT_INVALID},
      {"\"host\" \"date\"", "", DPS_SIGN_COMPONENT_INVALID},
      {"\"host\")(\"date\"", "", DPS_SIGN_COMPONENT_INVALID},
      {"\"host", "", DPS_SIGN_COMPONENT_INVALID},
  };
  (void)state;
  CHECK("POST /path?param=value HTTP/1.1\nHost: www.example.com\n\n", cases);
}

struct uri_case {
  const char *uri, *component, *value; /* NULL: cannot be */
};

static void check_uri(const struct uri_case *c) {
  char line[4096] = "";
  const struct dps_sign_message message = {.method = DPS_TEXT("GET"),
                                           .target_uri = {c->uri, strlen(c->uri)}};
  struct line_case want = {c->component, "", DPS_SIGN_COMPONENT_INVALID};
  if (c->value) {
    const char *quote = c->component[0] == '"' ? "" : "\"";
    size_t name = strcspn(c->component, ";");
    snprintf(line, sizeof line, "%s%.*s%s%s: %s", quote, (int)name, c->component, quote,
             c->component + name, c->value);
    want = (struct line_case){c->component, line, 0};
  }
  check_line(&message, &want);
}

static void test_uris_are_taken_apart_as_they_were_sent(void **state) {
  static const struct uri_case cases[] = {
      {"https://www.EXAMPLE.com:443/a", "@authority", "www.example.com"},
      {"https://www.example.com:8443/a", "@authority", "www.example.com:8443"},
      {"http://www.example.com:80/a", "@authority", "www.example.com"},
      {"http://www.example.com:443/a", "@authority", "www.example.com:443"},
      {"https://www.example.com:80", "@authority", "www.example.com:80"},
      {"https://www.example.com:/a", "@authority", "www.example.com"},
      {"HTTPS://www.example.com:443/a", "@authority", "www.example.com"},
      {"https://[2001:DB8::1]:443/a", "@authority", "[2001:db8::1]"},
      {"https://[2001:db8::443]/a", "@authority", "[2001:db8::443]"},
      {"https://user:pass@example.com/a", "@authority", "example.com"},
      {"https://example.com/a@b", "@authority", "example.com"},
      {"https://example.com?x@y", "@authority", "example.com"},
      {"HTTPS://example.com/a", "@scheme", "https"},
      {"https://example.com/a?b#c", "@target-uri", "https://example.com/a?b"},
      {"https://Example.com:443/%7eA/../b", "@target-uri", "https://Example.com:443/%7eA/../b"},
      {"https://example.com", "@path", "/"},
      {"https://example.com?x=/y", "@path", "/"},
      {"https://example.com/", "@path", "/"},
      {"https://example.com/%7eA/../b%2f", "@path", "/%7eA/../b%2f"},
      {"https://example.com/a;b=c?d", "@path", "/a;b=c"},
      {"https://example.com/path?queryString", "@query", "?queryString"},
      {"https://example.com/path?", "@query", "?"},
      {"https://example.com/path", "@query", "?"},
      {"https://example.com/path#frag?ment", "@query", "?"},
      {"https://example.com/path?a?b#c", "@query", "?a?b"},
      {"https://example.com/path?a=%20b+c", "@query", "?a=%20b+c"},
      {"https://example.com/path?", "@request-target", "/path?"},
      {"https://example.com", "@request-target", "/"},
      /* not absolute, or no URI */
      {"/path", "@path", NULL},
      {"example.com/path", "@path", NULL},
      {"//example.com/path", "@path", NULL},
      {"https:///path", "@path", NULL},
      {"https:/example.com/path", "@path", NULL},
      {"1http://example.com/path", "@path", NULL},
      {"https://example.com/a b", "@path", NULL},
      {"https://example.com/a\nb", "@path", NULL},
      {"https://example.com/caf\xc3\xa9", "@path", NULL},
      {"https://example.com/a\tb", "@target-uri", NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_uri(&cases[i]);
}

#define PARAMETERS                                                                                 \
  "https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&"                \
  "bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&empty=&alone&twice=1&twice=2&&"         \
  "t%77o=%41~%7e*-._&bad=%ff&half=%4&%zz=1"

static void test_query_parameters_are_decoded_and_encoded_again(void **state) {
  static const struct uri_case cases[] = {
      {PARAMETERS, "@query-param;name=\"var\"", "this%20is%20a%20big%0Amultiline%20value"},
      {PARAMETERS, "@query-param;name=\"bar\"", "with%20plus%20whitespace"},
      {PARAMETERS, "@query-param;name=\"fa%C3%A7ade%22%3A%20\"", "something"},
      {PARAMETERS, "@query-param;name=\"empty\"", ""},
      {PARAMETERS, "@query-param;name=\"alone\"", ""},
      {PARAMETERS, "@query-param;name=\"two\"", "A%7E%7E*-._"},
      {PARAMETERS, "@query-param;name=\"half\"", "%254"},
      {PARAMETERS, "@query-param;name=\"%25zz\"", "1"},
      {PARAMETERS, "@query-param;name=\"twice\"", NULL},
      {PARAMETERS, "@query-param;name=\"bad\"", NULL},
      {"https://example.com/?Pet=dog", "@query-param;name=\"Pet\"", "dog"},
      {"https://example.com/?a=b=c", "@query-param;name=\"a\"", "b%3Dc"},
  };
  static const struct line_case absent = {"@query-param;name=\"pet\"", "",
                                          DPS_SIGN_COMPONENT_ABSENT};
  const struct dps_sign_message message = {.method = DPS_TEXT("GET"),
                                           .target_uri = DPS_TEXT("https://example.com/?Pet=dog")};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_uri(&cases[i]);
  check_line(&message, &absent); /* names differ in case */
}

static void test_the_request_target_is_the_one_sent_where_it_is_known(void **state) {
  static const struct line_case cases[] = {{"@request-target", "\"@request-target\": *", 0},
                                           {"@path", "\"@path\": /", 0}};
  const struct dps_sign_message message = {.method = DPS_TEXT("OPTIONS"),
                                           .target_uri = DPS_TEXT("https://example.com"),
                                           .request_target = DPS_TEXT("*")};
  (void)state;
  check_line(&message, &cases[0]);
  check_line(&message, &cases[1]);
}

static void test_a_response_has_a_status_and_its_request(void **state) {
  static const struct line_case cases[] = {
      {"@status", "\"@status\": 503", 0},
      {"@method;req", "\"@method\";req: POST", 0},
      {"@query-param;name=\"a\";req", "\"@query-param\";name=\"a\";req: 1", 0},
      {"@query-param;req;name=\"a\"", "\"@query-param\";req;name=\"a\": 1", 0},
      {"host;req", "\"host\";req: example.com", 0},
      {"server", "\"server\": s", 0},
      {"host", "", DPS_SIGN_COMPONENT_ABSENT},
      {"server;req", "", DPS_SIGN_COMPONENT_ABSENT},
      {"@method", "", DPS_SIGN_COMPONENT_INVALID},
      {"@authority", "", DPS_SIGN_COMPONENT_INVALID},
      {"@status;req", "", DPS_SIGN_COMPONENT_INVALID},
  };
  static const struct line_case alone = {"@method;req", "", DPS_SIGN_COMPONENT_ABSENT};
  struct signed_message m, request;
  (void)state;
  signed_text(&request, "POST /?a=1 HTTP/1.1\nHost: example.com\n\n");
  signed_text(&m, "HTTP/1.1 503 Service Unavailable\nServer: s\n\n");
  check_line(&m.message, &alone);
  m.message.request = &request.message;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_line(&m.message, &cases[i]);
  m.message.status = 99;
  check_line(&m.message, &(struct line_case){"@status", "", DPS_SIGN_COMPONENT_INVALID});
  signed_free(&m);
  signed_free(&request);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fields_are_combined_trimmed_and_unfolded),
      cmocka_unit_test(test_a_value_with_a_line_end_or_a_nul_is_never_signed),
      cmocka_unit_test(test_a_byte_that_no_field_holds_is_found_wherever_it_stands),
      cmocka_unit_test(test_every_printable_byte_is_signed_as_it_is),
      cmocka_unit_test(test_structured_fields_are_serialised_strictly),
      cmocka_unit_test(test_types_that_the_caller_knows_are_used),
      cmocka_unit_test(test_byte_sequences_keep_lines_apart),
      cmocka_unit_test(test_trailers_are_fields_of_their_own),
      cmocka_unit_test(test_derived_components_of_a_request),
      cmocka_unit_test(test_uris_are_taken_apart_as_they_were_sent),
      cmocka_unit_test(test_query_parameters_are_decoded_and_encoded_again),
      cmocka_unit_test(test_the_request_target_is_the_one_sent_where_it_is_known),
      cmocka_unit_test(test_a_response_has_a_status_and_its_request),
  };
  return cmocka_run_group_tests(tests, make_key, free_key);
}
