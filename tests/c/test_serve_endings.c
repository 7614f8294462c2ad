/* Answers of serve.c that leave late, break off, or never leave. */
#include "serve_world.h"

static const char get[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
static const char post[] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789";

/* Turns the loop until the connection has ended. The text, to be freed; why is recv's errno, 0 for
 * an end in peace. */
static char *hear_all(struct world *w, int fd, int *why) {
  struct dps_buf text;
  int64_t end = dps_loop_now() + PATIENCE_MS;
  dps_buf_init(&text, TEXT_MAX);
  for (*why = EAGAIN; *why == EAGAIN;) {
    assert_true(dps_loop_now() < end);
    char *to = dps_buf_reserve(&text, 65536);
    ssize_t n = recv(fd, to, 65535, MSG_DONTWAIT);
    *why = n < 0 ? errno : n ? EAGAIN : 0;
    text.data[text.len += n > 0 ? (size_t)n : 0] = '\0';
    if (n < 0) dps_loop_turn(w->loop, 5);
  }
  return text.data;
}

static void test_a_reset_answer_is_a_reset_connection(void **state) {
  struct world *w = *state;
  static const char *const requests[] = {get, post};
  int why;
  w->ending = DPS_SERVE_RESET;
  for (size_t i = 0; i < 2; i++) {
    int fd = dial(w);
    say(w, fd, requests[i]);
    char *text = hear_all(w, fd, &why);
    assert_int_equal(why, ECONNRESET);
    assert_string_equal(text, "");
    assert_int_equal(w->handled, i + 1);
    free(text);
    close(fd);
  }
  w->ending = DPS_SERVE_WHOLE;
  assert_serves(w);
}

static void test_a_cut_answer_promises_all_and_gives_half(void **state) {
  struct world *w = *state;
  int why, fd = dial(w);
  w->ending = DPS_SERVE_CUT;
  say(w, fd, post);
  char *text = hear_all(w, fd, &why);
  assert_begins(text, "HTTP/1.1 200 OK\r\n");
  assert_has(text, "Content-Length: 10\r\n");
  assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n01234");
  free(text);
  close(fd);
  fd = dial(w); /* without a body there is nothing to halve, and still something is missing */
  say(w, fd, get);
  text = hear_all(w, fd, &why);
  assert_has(text, "Content-Length: 1\r\n");
  assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
  free(text);
  close(fd);
  w->ending = DPS_SERVE_WHOLE;
  assert_serves(w);
}

static void test_a_large_cut_answer_is_half_of_it(void **state) {
  struct world *w = *state;
  int why, fd = dial(w);
  w->ending = DPS_SERVE_CUT;
  w->answer_bytes = MIB;
  say(w, fd, get);
  char *text = hear_all(w, fd, &why);
  assert_int_equal(strlen(strstr(text, "\r\n\r\n")), 4 + MIB / 2);
  free(text);
  close(fd);
}

static void test_a_late_answer_comes_when_it_is_due(void **state) {
  struct world *w = *state;
  int fd = dial(w);
  int64_t began = dps_loop_now();
  w->delay_ms = 80;
  char *text = ask(w, fd, post);
  assert_true(dps_loop_now() - began >= 80);
  assert_true(dps_loop_now() - began < 3000);
  assert_has(text, "\r\n\r\n0123456789");
  assert_int_equal(w->handled, 1);
  free(text);
  close(fd);
}

static void test_others_are_answered_while_one_waits(void **state) {
  struct world *w = *state;
  int late = dial(w), later = dial(w);
  w->delay_ms = 150;
  say(w, later, get);
  turns(w, 5);
  w->delay_ms = 60;
  say(w, late, get);
  turns(w, 5);
  w->delay_ms = 0;
  int64_t began = dps_loop_now();
  assert_serves(w);
  assert_true(dps_loop_now() - began < 50);
  free(hear(w, late));
  free(hear(w, later));
  close(late);
  close(later);
}

static void test_a_late_answer_may_be_a_reset(void **state) {
  struct world *w = *state;
  int why, fd = dial(w);
  w->delay_ms = 30;
  w->ending = DPS_SERVE_RESET;
  say(w, fd, post);
  char *text = hear_all(w, fd, &why);
  assert_int_equal(why, ECONNRESET);
  free(text);
  close(fd);
}

static void test_a_server_ends_while_answers_wait_and_clients_are_gone(void **state) {
  struct world *w = *state;
  int gone = dial(w), stays = dial(w);
  w->delay_ms = 60000;
  say(w, gone, get);
  say(w, stays, post);
  turns(w, 10);
  assert_int_equal(w->handled, 2);
  reset_connection(gone);
  turns(w, 5);
  close(stays);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(test_a_reset_answer_is_a_reset_connection),
      IN_WORLD(test_a_cut_answer_promises_all_and_gives_half),
      IN_WORLD(test_a_large_cut_answer_is_half_of_it),
      IN_WORLD(test_a_late_answer_comes_when_it_is_due),
      IN_WORLD(test_others_are_answered_while_one_waits),
      IN_WORLD(test_a_late_answer_may_be_a_reset),
      IN_WORLD(test_a_server_ends_while_answers_wait_and_clients_are_gone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
