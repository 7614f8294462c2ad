/* Signing as http.c does it: the signer sees what leaves, at each sending, and its lines leave too.
 */
#include "http_world.h"

#include <time.h>

#include "sign_profile.h"
#include "signed.h"

enum { SEEN_MAX = 4096 };

/* A signer that writes down what it sees and adds a line that counts. */
struct clerk {
  char seen[SEEN_MAX];
  size_t times, lines;
  bool refuses;
};

static void note(struct clerk *c, struct dps_text a, const char *between, struct dps_text b,
                 const char *end) {
  size_t n = strlen(c->seen);
  snprintf(c->seen + n, SEEN_MAX - n, "%.*s%s%.*s%s", (int)a.len, a.at, between, (int)b.len, b.at,
           end);
}

static bool sign(void *context, const struct dps_sign_message *m, struct dps_buf *added) {
  struct clerk *c = context;
  char line[64];
  c->times++;
  c->seen[0] = '\0';
  if (c->refuses) return dps_buf_puts(added, "the key has gone"), false;
  note(c, m->method, " ", m->target_uri, "\n");
  for (size_t i = 0; i < m->field_count; i++)
    note(c, m->fields[i].name, ": ", m->fields[i].value, "\n");
  note(c, m->body, "", DPS_TEXT(""), "");
  for (size_t i = 1; i <= c->lines; i++) {
    snprintf(line, sizeof line, "X-Signature-%zu: %zu\n", i, c->times);
    assert_true(dps_buf_puts(added, line));
  }
  return true;
}

static struct clerk *engage(struct world *w) {
  static struct clerk clerk;
  clerk = (struct clerk){.lines = 1};
  dps_http_set_signer(w->http, (struct dps_http_signer){sign, &clerk});
  return &clerk;
}

/* The text with the peer's port for each "@". */
static void assert_text(const struct world *w, const char *text, const char *expected) {
  char whole[1024];
  size_t n = 0;
  for (; *expected && n < sizeof whole - 8; expected++) {
    if (*expected == '@')
      n += (size_t)snprintf(whole + n, 8, "%u", w->peer.port);
    else
      whole[n++] = *expected;
  }
  whole[n] = '\0';
  assert_string_equal(text, whole);
}

/* --- what it sees --- */

static void test_signer_sees_url_lines_and_body_as_they_leave(void **state) {
  struct world *w = *state;
  struct clerk *clerk = engage(w);
  struct curl_slist own[] = {{"Content-Type: application/json", &own[1]},
                             {"X-Blanks:  \t in between\t ", &own[2]},
                             {"Accept:", &own[3]},
                             {"X-Nothing;", NULL}};
  dps_http_share_header(w->http, "x-sandbox-name: dev");
  struct job *job = job_new(w, 0, "POST", "/a/../offers?q=%20b#part", "{\"a\":1}");
  job->request.headers = own;
  submit(job);
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  assert_text(w, clerk->seen,
              "POST http://127.0.0.1:@/offers?q=%20b\nHost: 127.0.0.1:@\nContent-Length: 7\n"
              "Content-Type: application/json\nX-Blanks: in between\nX-Nothing: \n"
              "x-sandbox-name: dev\n{\"a\":1}");
  assert_text(w, w->peer.heard,
              "POST /offers?q=%20b HTTP/1.1\r\nHost: 127.0.0.1:@\r\nX-Signature-1: 1\r\n"
              "Content-Type: application/json\r\nX-Blanks:  \t in between\t \r\nX-Nothing:\r\n"
              "x-sandbox-name: dev\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
  peer_answer(fd, "");
  finish(job);
  close(fd);
}

/* One handle after another URL, and one without a body. */
static void test_each_request_is_signed_with_its_own_url(void **state) {
  struct world *w = *state;
  struct clerk *clerk = engage(w);
  static const char *const paths[] = {"/a", "/a", "/b?x=1&y=2", "/a", "/"};
  char expected[128];
  int fd = warm_up(w);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct job *job = get(w, 0, paths[i]);
    peer_hear(&w->peer, fd);
    snprintf(expected, sizeof expected, "GET http://127.0.0.1:@%s\nHost: 127.0.0.1:@\n", paths[i]);
    assert_text(w, clerk->seen, expected);
    peer_answer(fd, "");
    finish(job);
  }
  close(fd);
}

static void test_body_with_nul_bytes_is_seen_whole(void **state) {
  struct world *w = *state;
  struct clerk *clerk = engage(w);
  struct job *job = job_new(w, 0, "POST", "/", "a");
  job->request.body = "a\0b";
  job->request.body_len = 3;
  submit(job);
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  assert_non_null(strstr(clerk->seen, "\nContent-Length: 3\n"));
  close(fd);
}

static void test_host_of_ones_own_is_the_one_that_is_seen(void **state) {
  struct world *w = *state;
  struct clerk *clerk = engage(w);
  struct curl_slist own[] = {{"Host: gateway.example.com", NULL}};
  struct job *job = job_new(w, 0, "GET", "/", NULL);
  job->request.headers = own;
  submit(job);
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  assert_non_null(strstr(clerk->seen, "\nHost: gateway.example.com\n"));
  assert_null(strstr(clerk->seen, "\nHost: 127"));
  assert_non_null(strstr(w->peer.heard, "\r\nHost: gateway.example.com\r\n"));
  peer_answer(fd, "");
  finish(job);
  close(fd);
}

/* --- each sending --- */

/* libcurl repeats a read by itself when the connection that it reused turns out to be dead. */
static void test_silent_repeat_of_a_read_is_signed_anew(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  struct clerk *clerk = engage(w);
  clerk->lines = 2;
  struct job *job = get(w, 0, "/one");
  peer_hear(&w->peer, fd);
  assert_non_null(strstr(w->peer.heard, "\r\nX-Signature-1: 1\r\nX-Signature-2: 1\r\n"));
  close(fd);
  fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  assert_non_null(strstr(w->peer.heard, "\r\nX-Signature-1: 2\r\nX-Signature-2: 2\r\n"));
  assert_null(strstr(w->peer.heard, "X-Signature-1: 1"));
  peer_answer(fd, "");
  finish(job);
  assert_int_equal(job->request.code, CURLE_OK);
  assert_int_equal(clerk->times, 2);
  close(fd);
}

static void test_write_on_a_dead_connection_is_neither_repeated_nor_signed_again(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  struct clerk *clerk = engage(w);
  struct job *job = job_new(w, 0, "POST", "/one", "x");
  submit(job);
  peer_hear(&w->peer, fd);
  close(fd);
  finish(job);
  assert_int_equal(job->request.code, DPS_HTTP_REPEAT_REFUSED);
  assert_int_equal(clerk->times, 1);
}

/* What waits in the queue is signed when it leaves, not when it is submitted. */
static void test_what_waits_is_signed_when_it_leaves(void **state) {
  struct world *w = *state;
  struct clerk *clerk = engage(w);
  struct job *jobs[3];
  for (size_t i = 0; i < 3; i++)
    jobs[i] = get(w, i, "/");
  int a = peer_accept(&w->peer), b = peer_accept(&w->peer);
  peer_hear(&w->peer, a);
  peer_hear(&w->peer, b);
  assert_int_equal(clerk->times, 2);
  peer_answer(a, "");
  finish(jobs[0]->over ? jobs[0] : jobs[1]->over ? jobs[1] : jobs[0]);
  peer_hear(&w->peer, a);
  assert_int_equal(clerk->times, 3);
  close(a);
  close(b);
}

/* --- what it adds --- */

static void test_nothing_added_is_nothing_sent(void **state) {
  struct world *w = *state;
  engage(w)->lines = 0;
  get(w, 0, "/");
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  assert_null(strstr(w->peer.heard, "X-Signature"));
  close(fd);
}

static void test_as_many_lines_as_there_may_be_leave_and_more_are_refused(void **state) {
  struct world *w = *state;
  struct clerk *clerk = engage(w);
  int fd = warm_up(w);
  clerk->lines = DPS_HTTP_ADDED;
  struct job *job = get(w, 0, "/");
  peer_hear(&w->peer, fd);
  assert_non_null(strstr(w->peer.heard, "X-Signature-8: 2\r\n"));
  peer_answer(fd, "");
  finish(job);
  clerk->lines = DPS_HTTP_ADDED + 1;
  job = get(w, 0, "/");
  finish(job);
  assert_int_equal(job->request.code, DPS_HTTP_UNSIGNED);
  close(fd);
}

/* --- what is shown of it afterwards --- */

static void exchange(struct world *w, struct job *job, int fd) {
  peer_hear(&w->peer, fd);
  peer_answer(fd, "");
  finish(job);
}

static void test_what_was_sent_is_shown_where_that_is_asked_for(void **state) {
  struct world *w = *state;
  struct dps_http_settings settings = http_settings(SLOTS, 5000);
  settings.keeps_sent = true;
  dps_http_free(w->http);
  w->http = dps_http_new(w->loop, &settings);
  int fd = warm_up(w);
  struct job *job = get(w, 0, "/a/../b%20c?d=e#part");
  exchange(w, job, fd);
  assert_text(w, dps_buf_str(&job->request.sent_url), "http://127.0.0.1:@/b%20c?d=e");
  assert_string_equal(dps_buf_str(&job->request.sent_lines), "");
  engage(w)->lines = 2;
  job = get(w, 0, "/f");
  exchange(w, job, fd);
  assert_text(w, dps_buf_str(&job->request.sent_url), "http://127.0.0.1:@/f");
  assert_string_equal(dps_buf_str(&job->request.sent_lines),
                      "X-Signature-1: 1\nX-Signature-2: 1\n");
  close(fd);
}

static void test_else_nothing_is_kept_of_it(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  engage(w);
  struct job *job = get(w, 0, "/");
  exchange(w, job, fd);
  assert_int_equal(job->request.sent_url.len + job->request.sent_lines.len, 0);
  close(fd);
}

/* --- what cannot be signed --- */

static void test_what_cannot_be_signed_does_not_leave_and_says_why(void **state) {
  struct world *w = *state;
  struct clerk *clerk = engage(w);
  int fd = warm_up(w);
  clerk->refuses = true;
  struct job *job = job_new(w, 0, "POST", "/one", "x");
  submit(job);
  finish(job);
  assert_int_equal(job->request.code, DPS_HTTP_UNSIGNED);
  assert_int_equal(job->request.sent, DPS_SENT_NO);
  assert_int_equal(job->request.status, 0);
  assert_string_equal(dps_buf_str(&job->request.answer), "the key has gone");
  char byte;
  assert_true(recv(fd, &byte, 1, MSG_DONTWAIT) <= 0);
  clerk->refuses = false;
  close(fd);
  job = get(w, 0, "/next");
  fd = peer_accept(&w->peer);
  assert_hears(w, fd, "GET /next ");
  peer_answer(fd, "");
  finish(job);
  assert_int_equal(job->request.code, CURLE_OK);
  close(fd);
}

static void test_more_lines_than_can_be_looked_at_are_refused(void **state) {
  struct world *w = *state;
  struct clerk *clerk = engage(w);
  char line[32];
  for (int i = 0; i < 70; i++) {
    snprintf(line, sizeof line, "X-Line-%d: x", i);
    dps_http_share_header(w->http, line);
  }
  struct job *job = get(w, 0, "/");
  int fd = peer_accept(&w->peer);
  finish(job);
  assert_int_equal(job->request.code, DPS_HTTP_UNSIGNED);
  assert_int_equal(clerk->times, 0);
  close(fd);
}

/* --- with a profile: what arrives verifies --- */

static struct dps_sign_key *key_of(const char *text, const char *keyid) {
  struct dps_sign_fault fault;
  const struct dps_sign_key_source source = {.bytes = text, .len = strlen(text), .keyid = keyid};
  struct dps_sign_key *key = dps_sign_key_new(&source, &fault);
  assert_non_null(key);
  return key;
}

static struct dps_profile *profile_of(struct dps_sign_key *key) {
  static const enum dps_sign_param params[] = {DPS_PARAM_CREATED, DPS_PARAM_NONCE, DPS_PARAM_KEYID};
  struct dps_profile_spec spec = {.reads = true};
  struct dps_sign_fault fault;
  spec.sign.components = dps_fapi2_components(&spec.sign.component_count);
  spec.sign.params = params;
  spec.sign.param_count = 3;
  spec.sign.lifetime = 300;
  spec.sign.digest = DPS_DIGEST_SHA256;
  struct dps_profile *profile = dps_profile_new(&spec, key, &fault);
  assert_non_null(profile);
  return profile;
}

static struct dps_sign_key *only_key(void *context, const struct dps_verify_params *params) {
  (void)params;
  return context;
}

/* Verifies what was heard, as a server would, and gives its nonce. */
static void verify_heard(struct world *w, struct dps_sign_key *key, char nonce[64]) {
  static const struct dps_verify_component components[] = {
      {"@method", DPS_VERIFY_ALWAYS},        {"@target-uri", DPS_VERIFY_ALWAYS},
      {"authorization", DPS_VERIFY_ALWAYS},  {"content-digest", DPS_VERIFY_WITH_BODY},
      {"x-sandbox-name", DPS_VERIFY_ALWAYS}, {"content-type", DPS_VERIFY_WITH_BODY}};
  const struct dps_verify_policy policy = {.now = time(NULL),
                                           .window = 60,
                                           .future = 5,
                                           .components = components,
                                           .component_count = 6,
                                           .key = only_key,
                                           .context = key};
  struct dps_sign_fault fault = {0};
  struct signed_message m;
  char *bytes = malloc(w->peer.heard_len + 1);
  memcpy(bytes, w->peer.heard, w->peer.heard_len + 1);
  signed_parse(&m, bytes, w->peer.heard_len);
  memmove(m.uri + 4, m.uri + 5, strlen(m.uri + 5) + 1); /* it is http here */
  m.message.target_uri.len--;
  struct dps_verification *verification = dps_verification_new();
  if (!dps_verify(verification, &policy, &m.message, &fault)) fail_msg("%s", fault.detail);
  const struct dps_verified *one = dps_verification_at(verification, 0);
  snprintf(nonce, 64, "%.*s", (int)one->params.nonce.len, one->params.nonce.at);
  dps_verification_free(verification);
  signed_free(&m);
}

static const struct {
  const char *method, *path, *body;
} calls[] = {
    {"POST", "/data/core/dps/offers?offer-type=fallback", "{\"name\":\"A\"}"},
    {"PATCH", "/a/../offers/dps:fallback-offer:1?offer-type=fallback", "[]"},
    {"DELETE", "/offers/x%3Ay", NULL},
    {"GET", "/offers?property=name%3D%3DA%20B&limit=5", NULL},
    {"HEAD", "/", NULL},
};

static void with_profile(struct world *w, struct dps_profile *profile) {
  dps_http_set_signer(w->http, (struct dps_http_signer){dps_profile_sign_now, profile});
  dps_http_share_header(w->http, "x-sandbox-name: dev");
  dps_http_share_header(w->http, "Authorization: Bearer test-token");
}

static void test_what_arrives_verifies(void **state) {
  struct world *w = *state;
  struct dps_sign_key *key = key_of("a shared secret of the test", "test");
  struct dps_profile *profile = profile_of(key);
  struct curl_slist own = {"Content-Type: application/json", NULL};
  char nonce[64], before[64] = "";
  int fd = warm_up(w);
  with_profile(w, profile);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    struct job *job = job_new(w, 0, calls[i].method, calls[i].path, calls[i].body);
    if (calls[i].body) job->request.headers = &own;
    submit(job);
    peer_hear(&w->peer, fd);
    verify_heard(w, key, nonce);
    assert_string_not_equal(nonce, before);
    memcpy(before, nonce, sizeof before);
    peer_answer(fd, "");
    finish(job);
  }
  close(fd);
  dps_http_free(w->http);
  w->http = NULL;
  dps_profile_free(profile);
  dps_sign_key_free(key);
}

static void test_repeat_has_a_nonce_of_its_own_and_verifies(void **state) {
  struct world *w = *state;
  struct dps_sign_key *key = key_of("a shared secret of the test", "test");
  struct dps_profile *profile = profile_of(key);
  char first[64], second[64];
  int fd = warm_up(w);
  with_profile(w, profile);
  struct job *job = get(w, 0, "/one");
  peer_hear(&w->peer, fd);
  verify_heard(w, key, first);
  close(fd);
  fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  verify_heard(w, key, second);
  assert_string_not_equal(first, second);
  peer_answer(fd, "");
  finish(job);
  close(fd);
  dps_http_free(w->http);
  w->http = NULL;
  dps_profile_free(profile);
  dps_sign_key_free(key);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(test_signer_sees_url_lines_and_body_as_they_leave),
      IN_WORLD(test_each_request_is_signed_with_its_own_url),
      IN_WORLD(test_body_with_nul_bytes_is_seen_whole),
      IN_WORLD(test_host_of_ones_own_is_the_one_that_is_seen),
      IN_WORLD(test_silent_repeat_of_a_read_is_signed_anew),
      IN_WORLD(test_write_on_a_dead_connection_is_neither_repeated_nor_signed_again),
      IN_WORLD(test_what_waits_is_signed_when_it_leaves),
      IN_WORLD(test_nothing_added_is_nothing_sent),
      IN_WORLD(test_as_many_lines_as_there_may_be_leave_and_more_are_refused),
      IN_WORLD(test_what_was_sent_is_shown_where_that_is_asked_for),
      IN_WORLD(test_else_nothing_is_kept_of_it),
      IN_WORLD(test_what_cannot_be_signed_does_not_leave_and_says_why),
      IN_WORLD(test_more_lines_than_can_be_looked_at_are_refused),
      IN_WORLD(test_what_arrives_verifies),
      IN_WORLD(test_repeat_has_a_nonce_of_its_own_and_verifies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
