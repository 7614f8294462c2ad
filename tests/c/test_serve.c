/* What a client of serve.c and its handler see of requests, bodies and answers. */
#include "serve_world.h"

/* --- requests --- */

static void test_handler_sees_method_raw_target_headers_and_body(void **state) {
  struct world *w = *state;
  int fd = dial(w);
  char *answer =
      ask(w, fd,
          "POST /data/a%20b/%2f?x=1%262&y=%C3%A9+z HTTP/1.1\r\nHost: h\r\n"
          "X-One:  spaced out \t\r\nx-two: 2\r\nX-Empty:\r\nContent-Length: 5\r\n\r\nhello");
  assert_begins(answer, "HTTP/1.1 200 OK\r\n");
  assert_has(answer, "Echo-Method: POST\r\n");
  assert_has(answer, "Echo-Target: /data/a%20b/%2f?x=1%262&y=%C3%A9+z\r\n");
  assert_has(answer, "X-One: spaced out\r\n");
  assert_has(answer, "x-two: 2\r\n");
  assert_has(answer, "\r\n\r\nhello");
  free(answer);
  close(fd);
}

static void test_connection_is_kept_for_the_next_request(void **state) {
  struct world *w = *state;
  int fd = dial(w);
  for (int i = 0; i < 3; i++) {
    char *answer = ask(w, fd, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_begins(answer, "HTTP/1.1 200 OK\r\n");
    assert_null(strcasestr(answer, "connection: close"));
    free(answer);
  }
  assert_int_equal(w->handled, 3);
  close(fd);
}

static void say_numbered(struct world *w, int fd, int n) {
  char line[80];
  for (int i = 1; i <= n; i++) {
    snprintf(line, sizeof line, "POST /n%d. HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", i);
    say(w, fd, line);
  }
}

static void test_pipelined_requests_are_answered_in_order(void **state) {
  struct world *w = *state;
  enum { N = 25 };
  char line[40];
  int fd = dial(w);
  say_numbered(w, fd, N);
  char *answers = hear_some(w, fd, N, false);
  const char *at = answers;
  for (int i = 1; i <= N; i++) {
    snprintf(line, sizeof line, "Echo-Target: /n%d.\r\n", i);
    at = strstr(at, line);
    assert_non_null(at);
  }
  assert_int_equal(w->handled, N);
  free(answers);
  close(fd);
}

static void test_requests_of_one_turn_are_one_batch(void **state) {
  struct world *w = *state;
  enum { N = 8 };
  int fds[N];
  for (int i = 0; i < N; i++)
    fds[i] = dial(w);
  turns(w, 5); /* accepted */
  for (size_t round = 1; round <= 2; round++) {
    for (int i = 0; i < N; i++)
      say(w, fds[i], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < N; i++)
      free(hear(w, fds[i]));
    assert_int_equal(w->last_batch, N);
    assert_int_equal(w->batches, round);
  }
  for (int i = 0; i < N; i++)
    close(fds[i]);
}

static void test_answer_leaves_in_the_turn_that_brought_the_request(void **state) {
  struct world *w = *state;
  char byte;
  int fd = dial(w);
  turns(w, 5);
  say(w, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  dps_loop_turn(w->loop, 1000);
  assert_int_equal(w->handled, 1);
  assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
  close(fd);
}

static void test_unusual_requests_reach_the_handler_untouched(void **state) {
  static const char *const lines[][3] = {
      {"OPTIONS *", "OPTIONS", "*"}, {"GET http://other/x?y=1", "GET", "http://other/x?y=1"},
      {"BREW /pot", "BREW", "/pot"}, {"PATCH /a;b=c//..%00", "PATCH", "/a;b=c//..%00"},
      {"DELETE /?", "DELETE", "/?"}, {"GET ?x", "GET", "?x"},
  };
  struct world *w = *state;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    char text[200], method[80], target[80];
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: h\r\n\r\n", lines[i][0]);
    snprintf(method, sizeof method, "Echo-Method: %s\r\n", lines[i][1]);
    snprintf(target, sizeof target, "Echo-Target: %s\r\n", lines[i][2]);
    int fd = dial(w);
    char *answer = ask(w, fd, text);
    assert_has(answer, method);
    assert_has(answer, target);
    free(answer);
    close(fd);
  }
}

static void test_head_is_answered_without_a_body_and_the_connection_goes_on(void **state) {
  struct world *w = *state;
  w->answer_bytes = 1234;
  int fd = dial(w);
  say(w, fd, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  char *answer = hear_some(w, fd, 1, true);
  assert_has(answer, "Content-Length: 1234\r\n");
  free(answer);
  answer = ask(w, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_begins(answer, "HTTP/1.1 200 OK\r\n");
  free(answer);
  close(fd);
}

static void test_no_content_is_answered_and_the_connection_goes_on(void **state) {
  struct world *w = *state;
  w->status = 204;
  int fd = dial(w);
  for (int i = 0; i < 2; i++) {
    char *answer = ask(w, fd, "DELETE /x HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_begins(answer, "HTTP/1.1 204 ");
    free(answer);
  }
  close(fd);
}

/* --- bodies --- */

static void say_length(struct world *w, int fd, size_t n) {
  char line[100];
  char *body = calloc(1, n);
  snprintf(line, sizeof line, "POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", n);
  say(w, fd, line);
  say_bytes(w, fd, body, n);
  free(body);
}

static void say_chunked(struct world *w, int fd, size_t n) {
  char *piece = calloc(1, 65536);
  say(w, fd, "POST /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (size_t left = n; left > 0; left -= 65536) {
    say(w, fd, "10000\r\n");
    say_bytes(w, fd, piece, 65536);
    say(w, fd, "\r\n");
  }
  say(w, fd, "0\r\n\r\n");
  free(piece);
}

static void test_body_at_the_ceiling_is_kept_and_one_byte_more_is_too_large(void **state) {
  struct world *w = *state;
  int fd = dial(w);
  say_length(w, fd, DPS_SERVE_MAX_BODY);
  free(hear(w, fd));
  assert_int_equal(w->too_large, 0);
  assert_int_equal(w->body_bytes, DPS_SERVE_MAX_BODY);
  say_length(w, fd, DPS_SERVE_MAX_BODY + 1);
  free(hear(w, fd));
  assert_int_equal(w->too_large, 1);
  assert_int_equal(w->body_bytes, 0);
  close(fd);
}

static void assert_too_large_and_alive(struct world *w, int fd) {
  char *answer = hear(w, fd);
  assert_begins(answer, "HTTP/1.1 413 ");
  free(answer);
  assert_int_equal(w->too_large, 1);
  assert_int_equal(w->body_bytes, 0);
  answer = ask(w, fd, "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_begins(answer, "HTTP/1.1 200 OK\r\n");
  free(answer);
  close(fd);
}

static void test_upload_of_8_mib_with_a_length_is_read_out_and_too_large(void **state) {
  struct world *w = *state;
  int fd = dial(w);
  say_length(w, fd, 8 * MIB);
  assert_too_large_and_alive(w, fd);
}

static void test_upload_of_8_mib_in_chunks_is_read_out_and_too_large(void **state) {
  struct world *w = *state;
  int fd = dial(w);
  say_chunked(w, fd, 8 * MIB);
  assert_too_large_and_alive(w, fd);
}

static void test_client_that_expects_100_continue_gets_it(void **state) {
  struct world *w = *state;
  int fd = dial(w);
  char *interim = ask(w, fd,
                      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                      "Content-Length: 2\r\n\r\n");
  assert_begins(interim, "HTTP/1.1 100 ");
  free(interim);
  char *answer = ask(w, fd, "ok");
  assert_has(answer, "\r\n\r\nok");
  free(answer);
  close(fd);
}

static void test_answer_of_8_mib_arrives_whole(void **state) {
  struct world *w = *state;
  w->answer_bytes = 8 * MIB;
  int fd = dial(w);
  char *answer = ask(w, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_int_equal(strlen(strstr(answer, "\r\n\r\n") + 4), 8 * MIB);
  free(answer);
  close(fd);
}

static void test_answer_over_its_ceiling_or_without_a_status_is_500(void **state) {
  struct world *w = *state;
  int fd = dial(w);
  w->answer_bytes = DPS_SERVE_MAX_ANSWER + 1;
  char *answer = ask(w, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_begins(answer, "HTTP/1.1 500 ");
  free(answer);
  w->answer_bytes = 0;
  static const int bad[] = {0, 100, 101, 600, -1};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    w->status = bad[i];
    answer = ask(w, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_begins(answer, "HTTP/1.1 500 ");
    free(answer);
  }
  close(fd);
}

/* --- header lists --- */

static void test_header_list_refuses_what_would_break_an_answer(void **state) {
  static const char *const bad[][2] = {
      {"", "v"},
      {"a", ""},
      {"a b", "v"},
      {"a:", "v"},
      {"a\r\nb", "v"},
      {"a", "v\r\nb: c"},
      {"a", "v\nb"},
      {"a", "\x01"},
      {"a", "\x7f"},
      {"content-length", "3"},
      {"DATE", "now"},
      {"Transfer-Encoding", "chunked"},
      {"n\xc3\xa4me", "v"},
  };
  struct dps_buf list;
  const char *name, *value;
  size_t at = 0;
  (void)state;
  dps_buf_init(&list, 64);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(dps_serve_put_header(&list, bad[i][0], bad[i][1]));
  assert_false(dps_serve_next_header(&list, &at, &name, &value));
  assert_true(dps_serve_put_header(&list, "ETag", "1"));
  assert_true(dps_serve_put_header(&list, "X-T", "tab\tand \xc3\xa9"));
  assert_false(
      dps_serve_put_header(&list, "X", "longer than what is left of the sixty-four bytes"));
  assert_true(dps_serve_next_header(&list, &at, &name, &value));
  assert_string_equal(name, "ETag");
  assert_string_equal(value, "1");
  assert_true(dps_serve_next_header(&list, &at, &name, &value));
  assert_string_equal(value, "tab\tand \xc3\xa9");
  assert_false(dps_serve_next_header(&list, &at, &name, &value));
  dps_buf_clear(&list);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(test_handler_sees_method_raw_target_headers_and_body),
      IN_WORLD(test_connection_is_kept_for_the_next_request),
      IN_WORLD(test_pipelined_requests_are_answered_in_order),
      IN_WORLD(test_requests_of_one_turn_are_one_batch),
      IN_WORLD(test_answer_leaves_in_the_turn_that_brought_the_request),
      IN_WORLD(test_unusual_requests_reach_the_handler_untouched),
      IN_WORLD(test_head_is_answered_without_a_body_and_the_connection_goes_on),
      IN_WORLD(test_no_content_is_answered_and_the_connection_goes_on),
      IN_WORLD(test_body_at_the_ceiling_is_kept_and_one_byte_more_is_too_large),
      IN_WORLD(test_upload_of_8_mib_with_a_length_is_read_out_and_too_large),
      IN_WORLD(test_upload_of_8_mib_in_chunks_is_read_out_and_too_large),
      IN_WORLD(test_client_that_expects_100_continue_gets_it),
      IN_WORLD(test_answer_of_8_mib_arrives_whole),
      IN_WORLD(test_answer_over_its_ceiling_or_without_a_status_is_500),
      cmocka_unit_test(test_header_list_refuses_what_would_break_an_answer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
