/* That serve.c survives clients that misbehave, shares its turns well, and starts and ends as told.
 */
#include "serve_world.h"

/* --- clients that misbehave --- */

static void test_client_gone_while_suspended_harms_nobody(void **state) {
  struct world *w = *state;
  w->answer_bytes = MIB;
  w->reset_in_handler = dial(w);
  say(w, w->reset_in_handler, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  turns(w, 20);
  assert_int_equal(w->handled, 1);
  assert_int_equal(w->reset_in_handler, 0);
  assert_serves(w);
}

static void test_client_gone_in_the_middle_of_a_request_harms_nobody(void **state) {
  static const char *const parts[] = {
      "",
      "G",
      "GET / HT",
      "GET / HTTP/1.1\r\n",
      "GET / HTTP/1.1\r\nHo",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
  };
  struct world *w = *state;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    int politely = dial(w), rudely = dial(w);
    say(w, politely, parts[i]);
    say(w, rudely, parts[i]);
    turns(w, 5);
    close(politely);
    reset_connection(rudely);
    turns(w, 5);
  }
  assert_int_equal(w->handled, 0);
  assert_serves(w);
}

/* It may be answered or hung up on; it must not come through. */
static void refuses(struct world *w, const char *text, size_t len) {
  char answer[4096];
  int64_t end = dps_loop_now() + PATIENCE_MS;
  int fd = dial(w);
  ssize_t n;
  if (send(fd, text, len, MSG_NOSIGNAL) < 0) print_message("closed while sending\n");
  while ((n = recv(fd, answer, sizeof answer - 1, MSG_DONTWAIT)) < 0 && errno == EAGAIN) {
    assert_true(dps_loop_now() < end);
    dps_loop_turn(w->loop, 5);
  }
  if (n > 0) {
    answer[n] = '\0';
    assert_begins(answer, "HTTP/1.");
    assert_int_equal(answer[9], '4');
  }
  close(fd);
}

static void test_what_is_no_request_never_reaches_the_handler(void **state) {
  static const char *const bad[] = {
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "\x16\x03\x01\x02 hello over TLS\r\n\r\n",
  };
  struct world *w = *state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    refuses(w, bad[i], strlen(bad[i]));
  assert_int_equal(w->handled, 0);
  assert_serves(w);
}

static void test_headers_over_the_ceiling_never_reach_the_handler(void **state) {
  struct world *w = *state;
  enum { LEN = DPS_SERVE_MAX_HEADER + 1000 };
  char *text = malloc(LEN);
  memset(text, 'a', LEN);
  memcpy(text, "GET /", 5);
  refuses(w, text, LEN);
  static const char line[] = "GET / HTTP/1.1\r\nHost: h\r\nX-Long: ";
  memcpy(text, line, sizeof line - 1);
  refuses(w, text, LEN);
  free(text);
  assert_int_equal(w->handled, 0);
  assert_serves(w);
}

/* --- turns --- */

static void test_handler_that_turns_the_loop_is_not_entered_again(void **state) {
  struct world *w = *state;
  int one = dial(w), two = dial(w);
  turns(w, 5);
  w->ask_in_handler[w->to_ask++] = two;
  w->spin_in_handler = 20;
  free(ask(w, one, "GET /one HTTP/1.1\r\nHost: h\r\n\r\n"));
  free(hear(w, two));
  assert_int_equal(w->deepest, 1);
  assert_int_equal(w->batches, 2);
  close(one);
  close(two);
}

static void test_idle_server_lets_the_loop_sleep(void **state) {
  struct world *w = *state;
  turns(w, 3);
  assert_int_equal(dps_loop_timeout(w->loop), -1);
  int fd = dial(w);
  free(ask(w, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  turns(w, 3);
  int64_t wait = dps_loop_timeout(w->loop); /* until the idle connection is closed */
  assert_true(wait > 50000 && wait <= 61000);
  close(fd);
}

/* Every batch brings the next request, until the turn leaves one of them suspended in the queue. */
static void end_turn_with_a_suspended_request(struct world *w, int fds[CLIENTS]) {
  for (int i = 0; i < CLIENTS; i++)
    fds[i] = w->ask_in_handler[i] = dial(w);
  turns(w, 5);
  w->to_ask = CLIENTS - 1;
  send_get(fds[CLIENTS - 1]);
  dps_loop_turn(w->loop, 1000);
  assert_in_range(w->handled, 1, CLIENTS - 1);
  assert_int_equal(w->to_ask + w->handled, CLIENTS - 1);
}

static void test_request_that_a_turn_leaves_over_is_handled_in_the_next(void **state) {
  struct world *w = *state;
  int fds[CLIENTS];
  end_turn_with_a_suspended_request(w, fds);
  size_t handled = w->handled;
  dps_loop_turn(w->loop, 1000);
  assert_true(w->handled > handled);
  for (int i = 0; i < CLIENTS; i++) {
    free(hear(w, fds[i]));
    close(fds[i]);
  }
}

static void test_free_with_suspended_connections_closes_them(void **state) {
  struct world *w = *state;
  char text[4096];
  int fds[CLIENTS];
  end_turn_with_a_suspended_request(w, fds);
  dps_serve_free(w->serve);
  w->serve = NULL;
  for (int i = 0; i < CLIENTS; i++) {
    ssize_t n = recv(fds[i], text, sizeof text, 0);
    while (n > 0)
      n = recv(fds[i], text, sizeof text, 0);
    assert_true(n == 0 || errno == ECONNRESET);
    close(fds[i]);
  }
}

/* --- life --- */

static void test_taken_port_is_refused_with_what_to_do(void **state) {
  struct world *w = *state;
  char error[256], expected[256];
  uint16_t port = dps_serve_port(w->serve);
  assert_null(serve_at(w, "127.0.0.1", port, error, sizeof error));
  snprintf(expected, sizeof expected,
           "port %u on 127.0.0.1 is taken; choose another with --port, or --port 0 for a free one",
           port);
  assert_string_equal(error, expected);
  assert_serves(w);
}

static void test_port_can_be_used_again_at_once(void **state) {
  struct world *w = *state;
  char error[256];
  uint16_t port = dps_serve_port(w->serve);
  int fd = dial(w);
  free(ask(w, fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  dps_serve_free(w->serve); /* closes first, so the port lingers in TIME_WAIT */
  w->serve = serve_at(w, NULL, port, error, sizeof error);
  assert_non_null(w->serve);
  assert_int_equal(dps_serve_port(w->serve), port);
  assert_serves(w);
  close(fd);
}

static void test_host_must_be_a_numeric_address_of_this_machine(void **state) {
  struct world *w = *state;
  char error[256];
  assert_null(serve_at(w, "localhost", 0, error, sizeof error));
  assert_string_equal(error, "host 'localhost' is not a numeric address; give one such as "
                             "127.0.0.1 or ::1");
  assert_null(serve_at(w, "192.0.2.1", 0, error, sizeof error));
  assert_begins(error, "cannot listen on 192.0.2.1 port 0: ");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(test_client_gone_while_suspended_harms_nobody),
      IN_WORLD(test_client_gone_in_the_middle_of_a_request_harms_nobody),
      IN_WORLD(test_what_is_no_request_never_reaches_the_handler),
      IN_WORLD(test_headers_over_the_ceiling_never_reach_the_handler),
      IN_WORLD(test_handler_that_turns_the_loop_is_not_entered_again),
      IN_WORLD(test_idle_server_lets_the_loop_sleep),
      IN_WORLD(test_request_that_a_turn_leaves_over_is_handled_in_the_next),
      IN_WORLD(test_free_with_suspended_connections_closes_them),
      IN_WORLD(test_taken_port_is_refused_with_what_to_do),
      IN_WORLD(test_port_can_be_used_again_at_once),
      IN_WORLD(test_host_must_be_a_numeric_address_of_this_machine),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
