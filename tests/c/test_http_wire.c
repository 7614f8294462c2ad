/* What http.c puts on the wire, and what it keeps of an answer. */
#include "http_world.h"

/* --- methods --- */

/* What one handle sends must not depend on what it sent before. */
static const struct {
  const char *method, *body, *lines;
} sequence[] = {
    {"POST", "{\"a\":1}",
     "Content-Length: 7\r\nContent-Type: application/x-www-form-urlencoded\r\n"},
    {"GET", NULL, ""},
    {"DELETE", NULL, ""},
    {"PATCH", "[]", "Content-Length: 2\r\nContent-Type: application/x-www-form-urlencoded\r\n"},
    {"HEAD", NULL, ""},
    {"POST", "", "Content-Length: 0\r\nContent-Type: application/x-www-form-urlencoded\r\n"},
    {"POST", NULL, "Content-Length: 0\r\nContent-Type: application/x-www-form-urlencoded\r\n"},
    {"PUT", "x", "Content-Length: 1\r\nContent-Type: application/x-www-form-urlencoded\r\n"},
    {"GET", NULL, ""},
    {"HEAD", NULL, ""},
    {"GET", NULL, ""},
    {"DELETE", "why", "Content-Length: 3\r\nContent-Type: application/x-www-form-urlencoded\r\n"},
    {"DELETE", NULL, ""},
    {"POST", "last", "Content-Length: 4\r\nContent-Type: application/x-www-form-urlencoded\r\n"},
};

static void answer_to(int fd, const char *method) {
  if (strcmp(method, "HEAD") == 0)
    peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
  else
    peer_answer(fd, "the one");
}

static void test_each_method_is_exact_on_the_wire_whatever_the_handle_did_before(void **state) {
  struct world *w = *state;
  char expected[512];
  int fd = warm_up(w);
  for (size_t i = 0; i < sizeof sequence / sizeof *sequence; i++) {
    const char *method = sequence[i].method, *body = sequence[i].body;
    struct job *job = job_new(w, 0, method, "/x?y=%20z", body);
    submit(job);
    peer_hear(&w->peer, fd);
    snprintf(expected, sizeof expected,
             "%s /x?y=%%20z HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: */*\r\n%s\r\n%s", method,
             w->peer.port, sequence[i].lines, body ? body : "");
    assert_string_equal(w->peer.heard, expected);
    answer_to(fd, method);
    finish(job);
    assert_int_equal(job->request.code, CURLE_OK);
    assert_string_equal(dps_buf_str(&job->request.answer),
                        strcmp(method, "HEAD") == 0 ? "" : "the one");
  }
  close(fd);
}

static void test_body_with_nul_bytes_is_sent_whole(void **state) {
  struct world *w = *state;
  struct job *job = job_new(w, 0, "POST", "/", "a");
  job->request.body = "a\0b\r\n\0";
  job->request.body_len = 6;
  submit(job);
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  assert_memory_equal(w->peer.heard + w->peer.heard_len - 6, "a\0b\r\n\0", 6);
  close(fd);
}

/* --- lines of the client and of one request --- */

static void test_own_lines_go_before_the_shared_ones_and_with_this_request_only(void **state) {
  struct world *w = *state;
  struct curl_slist own[2] = {{"X-Own: 1", &own[1]}, {"Accept: application/json", NULL}};
  struct job *job = job_new(w, 0, "GET", "/", NULL);
  assert_true(dps_http_share_header(w->http, "X-Shared: a"));
  assert_true(dps_http_share_header(w->http, "X-Also: b"));
  job->request.headers = own;
  submit(job);
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  assert_non_null(strstr(w->peer.heard, "\r\nX-Own: 1\r\nAccept: application/json\r\n"
                                        "X-Shared: a\r\nX-Also: b\r\n\r\n"));
  assert_null(strstr(w->peer.heard, "*/*"));
  peer_answer(fd, "");
  finish(job);
  get(w, 1, "/next");
  peer_hear(&w->peer, fd);
  assert_null(strstr(w->peer.heard, "X-Own"));
  assert_null(own[1].next); /* the caller's list is its own again */
  assert_non_null(strstr(w->peer.heard, "\r\nX-Shared: a\r\nX-Also: b\r\n"));
  close(fd);
}

/* --- URLs --- */

static void test_changed_url_is_used_and_the_same_one_again(void **state) {
  struct world *w = *state;
  static const char *const paths[] = {"/a", "/a", "/b", "/b?q=1", "/a", "/a/", "/"};
  char start[32];
  int fd = warm_up(w);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct job *job = get(w, 0, paths[i]);
    snprintf(start, sizeof start, "GET %s HTTP/1.1\r\n", paths[i]);
    assert_hears(w, fd, start);
    peer_answer(fd, "");
    finish(job);
  }
  close(fd);
}

static const char *const no_urls[] = {
    "/relative", "x",       "//127.0.0.2/", "?q=1",
    "",          "http://", "http://a b/",  "http://127.0.0.1:99999/"};

/* Above all it is not completed by the URL that the slot had before. */
static void test_what_is_no_whole_url_cannot_start_and_harms_no_later_one(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  for (size_t i = 0; i < sizeof no_urls / sizeof *no_urls; i++) {
    struct job *job = job_new(w, 0, "GET", "/", NULL);
    job->request.url = no_urls[i];
    assert_false(dps_http_submit(w->http, &job->request));
    assert_int_equal(job->request.code, CURLE_URL_MALFORMAT);
    assert_int_equal(job->request.sent, DPS_SENT_NO);
    assert_false(job->over);
  }
  assert_true(is_silent(fd));
  struct job *job = get(w, 0, "/warm");
  assert_hears(w, fd, "GET /warm ");
  peer_answer(fd, "");
  finish(job);
  close(fd);
}

static void test_other_schemes_are_refused(void **state) {
  struct world *w = *state;
  static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/",
                                     "gopher://127.0.0.1/", "telnet://127.0.0.1/"};
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    struct job *job = job_new(w, 0, "GET", "/", NULL);
    job->request.url = urls[i];
    if (!dps_http_submit(w->http, &job->request)) continue;
    finish(job);
    assert_int_equal(job->request.code, CURLE_UNSUPPORTED_PROTOCOL);
    assert_int_equal(job->request.sent, DPS_SENT_NO);
  }
}

static void test_bad_url_in_the_queue_ends_its_request_alone(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  struct job *first = get(w, 0, "/first"), *bad = job_new(w, 2, "GET", "/", NULL);
  get(w, 1, "/other");
  bad->request.url = "nonsense";
  submit(bad);
  struct job *last = get(w, 3, "/last");
  assert_hears(w, fd, "GET /first ");
  peer_answer(fd, "");
  finish(first);
  finish(bad);
  assert_int_equal(bad->request.code, CURLE_URL_MALFORMAT);
  assert_hears(w, fd, "GET /last ");
  peer_answer(fd, "");
  finish(last);
  close(fd);
}

static void test_redirect_is_an_answer(void **state) {
  struct world *w = *state;
  struct job *job = get(w, 0, "/");
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  peer_say(fd, "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
  finish(job);
  assert_int_equal(job->request.status, 302);
  assert_true(is_silent(fd));
  close(fd);
}

/* --- never twice --- */

/* A connection that has served and dies at the next request, by FIN or RST, before or after it. */
static void kill_kept_alive(struct world *w, const char *method, bool after, bool rst) {
  int fd = warm_up(w);
  if (!after) {
    rst ? peer_reset(fd) : (void)close(fd);
    submit(job_new(w, 0, method, "/", "body"));
    return;
  }
  submit(job_new(w, 0, method, "/", "body"));
  peer_hear(&w->peer, fd);
  rst ? peer_reset(fd) : (void)close(fd);
}

/* libcurl may connect again, but not a byte comes. */
static void expect_no_more(struct world *w) {
  int fd = peer_accept_within(&w->peer, 20);
  if (fd < 0) return;
  assert_false(peer_hears(&w->peer, fd));
  assert_int_equal(w->peer.heard_len, 0);
  close(fd);
}

static void test_write_is_not_repeated_on_a_kept_connection_that_died(void **state) {
  struct world *w = *state;
  static const char *const methods[] = {"POST", "PATCH", "DELETE", "PUT"};
  for (size_t i = 0; i < 8; i++) {
    struct job *job = &w->jobs[0];
    kill_kept_alive(w, methods[i % 4], true, i < 4);
    finish(job);
    assert_int_not_equal(job->request.code, CURLE_OK);
    assert_int_equal(job->request.sent, DPS_SENT_MAYBE);
    expect_no_more(w);
  }
}

static void test_read_is_repeated_on_a_kept_connection_that_died(void **state) {
  struct world *w = *state;
  for (int i = 0; i < 2; i++) {
    int fd = warm_up(w);
    struct job *job = get(w, 0, "/");
    peer_hear(&w->peer, fd);
    i ? peer_reset(fd) : (void)close(fd);
    fd = peer_accept(&w->peer);
    peer_hear(&w->peer, fd);
    peer_answer(fd, "again");
    finish(job);
    assert_string_equal(dps_buf_str(&job->request.answer), "again");
    close(fd);
    settle(w);
  }
}

/* Whatever libcurl makes of the dead connection, at most one copy of the write is on the way. */
static void test_write_after_the_connection_died_is_sent_at_most_once(void **state) {
  struct world *w = *state;
  for (int i = 0; i < 2; i++) {
    struct job *job = &w->jobs[0];
    kill_kept_alive(w, "POST", false, i == 1);
    int fd = peer_accept_within(&w->peer, 30);
    if (fd >= 0) {
      peer_hear(&w->peer, fd);
      peer_answer(fd, "well");
    }
    finish(job);
    assert_int_equal(job->request.code == CURLE_OK, fd >= 0);
    expect_no_more(w);
    if (fd >= 0) close(fd);
    settle(w);
  }
}

/* --- headers of the answer --- */

static struct job *answered(struct world *w, const char *text) {
  struct job *job = get(w, 0, "/");
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  peer_say(fd, text);
  shutdown(fd, SHUT_WR);
  finish(job);
  close(fd);
  return job;
}

static void assert_header(const struct job *job, const char *name, const char *expected) {
  size_t len;
  const char *value = dps_http_header(&job->request, name, &len);
  if (!expected) {
    assert_null(value);
    return;
  }
  assert_non_null(value);
  assert_int_equal(len, strlen(expected));
  assert_memory_equal(value, expected, len);
}

static void test_header_is_found_in_any_case_and_trimmed(void **state) {
  struct world *w = *state;
  struct job *job = answered(w, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nRetry-After: \t 7 \t\r\n"
                                "X-Empty:\r\nX-Blank:   \r\nX-Colon: a:b\r\n\r\n");
  assert_header(job, "Retry-After", "7");
  assert_header(job, "retry-after", "7");
  assert_header(job, "RETRY-AFTER", "7");
  assert_header(job, "X-Empty", "");
  assert_header(job, "X-Blank", "");
  assert_header(job, "X-Colon", "a:b");
  assert_header(job, "Retry", NULL);
  assert_header(job, "Retry-After:", NULL);
  assert_header(job, "a", NULL);
  assert_header(job, "HTTP/1.1 200 OK", NULL);
}

static void test_headers_are_those_of_the_final_answer_only(void **state) {
  struct world *w = *state;
  struct job *job =
      answered(w, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\nX-Both: early\r\n\r\n"
                  "HTTP/1.1 103 Early Hints\r\nX-Hint: 1\r\n\r\n"
                  "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Both: late\r\n\r\nok");
  assert_int_equal(job->request.status, 201);
  assert_header(job, "X-Early", NULL);
  assert_header(job, "X-Hint", NULL);
  assert_header(job, "X-Both", "late");
}

static void test_answer_without_headers_has_none(void **state) {
  struct world *w = *state;
  struct job *job = job_new(w, 0, "GET", "/", NULL);
  assert_header(job, "Date", NULL);
}

/* --- ceilings --- */

static char *filled(const char *start, size_t n) {
  char *text = malloc(strlen(start) + n + 64);
  size_t len = strlen(start);
  memcpy(text, start, len);
  memset(text + len, 'x', n);
  text[len + n] = '\0';
  return text;
}

static void expect_body(struct world *w, const char *head, size_t n, int code) {
  char *text = filled(head, n);
  struct job *job = answered(w, text);
  free(text);
  assert_int_equal(job->request.code, code);
  assert_int_equal(job->request.sent, DPS_SENT_YES);
  assert_int_equal(job->request.status, 200);
  if (code == CURLE_OK) assert_int_equal(job->request.answer.len, n);
  assert_true(job->request.answer.len <= BODY_CEILING);
}

static void test_body_of_exactly_the_ceiling_comes_and_one_byte_more_does_not(void **state) {
  struct world *w = *state;
  expect_body(w, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", BODY_CEILING, CURLE_OK);
  expect_body(w, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", BODY_CEILING + 1,
              DPS_HTTP_TOO_LARGE);
  expect_body(w, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", BODY_CEILING, CURLE_OK);
  expect_body(w, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", BODY_CEILING + 1,
              DPS_HTTP_TOO_LARGE);
  expect_body(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", BODY_CEILING + 1,
              DPS_HTTP_TOO_LARGE);
  expect_body(w, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", 1, DPS_HTTP_TOO_LARGE);
}

static void test_headers_over_the_ceiling_end_the_transfer(void **state) {
  struct world *w = *state;
  struct dps_buf text;
  dps_buf_init(&text, 4 * HEADER_CEILING);
  dps_buf_puts(&text, "HTTP/1.1 200 OK\r\n");
  while (text.len < HEADER_CEILING)
    dps_buf_puts(&text, "X-Filler: 0123456789012345678901234567890123456789\r\n");
  dps_buf_puts(&text, "Content-Length: 0\r\n\r\n");
  struct job *job = answered(w, dps_buf_str(&text));
  dps_buf_clear(&text);
  assert_int_equal(job->request.code, DPS_HTTP_TOO_LARGE);
  assert_int_equal(job->request.answer_headers.len, 0);
  struct job *next = answered(w, "HTTP/1.1 204 No Content\r\n\r\n");
  assert_int_equal(next->request.status, 204);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(test_each_method_is_exact_on_the_wire_whatever_the_handle_did_before),
      IN_WORLD(test_body_with_nul_bytes_is_sent_whole),
      IN_WORLD(test_own_lines_go_before_the_shared_ones_and_with_this_request_only),
      IN_WORLD(test_changed_url_is_used_and_the_same_one_again),
      IN_WORLD(test_what_is_no_whole_url_cannot_start_and_harms_no_later_one),
      IN_WORLD(test_other_schemes_are_refused),
      IN_WORLD(test_bad_url_in_the_queue_ends_its_request_alone),
      IN_WORLD(test_redirect_is_an_answer),
      IN_WORLD(test_write_is_not_repeated_on_a_kept_connection_that_died),
      IN_WORLD(test_read_is_repeated_on_a_kept_connection_that_died),
      IN_WORLD(test_write_after_the_connection_died_is_sent_at_most_once),
      IN_WORLD(test_header_is_found_in_any_case_and_trimmed),
      IN_WORLD(test_headers_are_those_of_the_final_answer_only),
      IN_WORLD(test_answer_without_headers_has_none),
      IN_WORLD(test_body_of_exactly_the_ceiling_comes_and_one_byte_more_does_not),
      IN_WORLD(test_headers_over_the_ceiling_end_the_transfer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
