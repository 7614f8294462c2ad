/* Slots, queue, cancelling and ends of http.c. What stands on the wire is test_http_wire.c. */
#include "http_world.h"

/* --- slots and the queue --- */

static void test_no_more_than_the_slots_are_in_flight_and_the_queue_keeps_its_order(void **state) {
  struct world *w = *state;
  static const char *const paths[] = {"/0", "/1", "/2", "/3", "/4"};
  int fds[SLOTS];
  for (size_t i = 0; i < 5; i++)
    get(w, i, paths[i]);
  fds[0] = peer_accept(&w->peer);
  assert_hears(w, fds[0], "GET /0 ");
  fds[1] = peer_accept(&w->peer);
  assert_hears(w, fds[1], "GET /1 ");
  assert_int_equal(peer_accept_within(&w->peer, 5), -1);
  for (size_t i = 2; i < 5; i++) {
    peer_answer(fds[1], "next");
    char start[16];
    snprintf(start, sizeof start, "GET %s ", paths[i]);
    assert_hears(w, fds[1], start);
  }
  assert_true(is_silent(fds[0]));
  peer_answer(fds[0], "late");
  peer_answer(fds[1], "last");
  for (size_t i = 0; i < 5; i++)
    finish(&w->jobs[i]);
  assert_string_equal(dps_buf_str(&w->jobs[0].request.answer), "late");
  assert_string_equal(dps_buf_str(&w->jobs[4].request.answer), "last");
  close(fds[0]);
  close(fds[1]);
}

/* Nobody needs to read the answer for the next request to start. */
static void test_slot_is_free_before_anybody_reads_the_answer(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  struct job *first = get(w, 0, "/first");
  get(w, 1, "/other");
  struct job *second = get(w, 2, "/second");
  assert_null(second->request.slot);
  assert_hears(w, fd, "GET /first ");
  peer_answer(fd, "");
  finish(first);
  assert_non_null(second->request.slot);
  close(fd);
}

/* --- cancelling --- */

static void test_cancelled_in_the_queue_it_is_never_sent(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  for (size_t i = 0; i < 6; i++)
    get(w, i, i == 2 ? "/2" : i == 4 ? "/4" : "/x");
  static const size_t cancelled[] = {3, 5};
  for (size_t i = 0; i < 2; i++) {
    dps_http_cancel(&w->jobs[cancelled[i]].request);
    assert_int_equal(w->jobs[cancelled[i]].request.code, DPS_HTTP_CANCELLED);
    assert_int_equal(w->jobs[cancelled[i]].request.sent, DPS_SENT_NO);
  }
  get(w, 6, "/6"); /* behind the last that was cancelled */
  assert_hears(w, fd, "GET /x ");
  static const char *const next[] = {"GET /2 ", "GET /4 ", "GET /6 "};
  for (size_t i = 0; i < 3; i++) {
    peer_answer(fd, "");
    assert_hears(w, fd, next[i]);
  }
  assert_false(w->jobs[3].over || w->jobs[5].over);
  close(fd);
}

static void test_cancelled_in_flight_it_gives_its_slot_to_the_queue(void **state) {
  struct world *w = *state;
  struct job *a = get(w, 0, "/a");
  get(w, 1, "/b");
  get(w, 2, "/c");
  int one = peer_accept(&w->peer);
  assert_hears(w, one, "GET /a ");
  dps_http_cancel(&a->request);
  assert_int_equal(a->request.code, DPS_HTTP_CANCELLED);
  assert_int_equal(a->request.sent, DPS_SENT_MAYBE);
  assert_int_equal(a->request.status, 0);
  int two = peer_accept(&w->peer);
  assert_hears(w, two, "GET /b ");
  int three = peer_accept(&w->peer);
  assert_hears(w, three, "GET /c ");
  settle(w);
  assert_false(a->over);
  dps_http_cancel(&a->request);
  close(one);
  close(two);
  close(three);
}

static void test_cancelled_while_the_answer_comes_it_says_that_it_was_sent(void **state) {
  struct world *w = *state;
  struct job *job = get(w, 0, "/");
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  peer_say(fd, "HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n12345");
  settle(w);
  dps_http_cancel(&job->request);
  assert_int_equal(job->request.sent, DPS_SENT_YES);
  assert_int_equal(job->request.status, 201);
  close(fd);
}

/* The slot's last answer is not this request's. */
static void test_cancelled_before_it_began_nothing_was_sent(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  struct job *job = job_new(w, 0, "POST", "/", "body");
  submit(job);
  dps_http_cancel(&job->request);
  assert_int_equal(job->request.code, DPS_HTTP_CANCELLED);
  assert_int_equal(job->request.sent, DPS_SENT_NO);
  assert_int_equal(job->request.status, 0);
  settle(w);
  assert_true(is_silent(fd));
  close(fd);
}

static void cancel_all(struct job *job) {
  for (size_t i = 0; i < JOBS - 1; i++)
    dps_http_cancel(&job->world->jobs[i].request);
}

static void test_done_may_cancel_every_request_its_own_too(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  for (size_t i = 0; i < 5; i++)
    get(w, i, "/")->then = cancel_all;
  peer_hear(&w->peer, fd);
  peer_answer(fd, "one");
  int64_t end = dps_loop_now() + PATIENCE_MS;
  while (!w->ended && dps_loop_now() < end)
    dps_loop_turn(w->loop, 10);
  settle(w);
  assert_int_equal(w->ended, 1);
  assert_false(dps_loop_alive(w->loop));
  assert_int_equal(get(w, 0, "/again")->over, 0);
  close(fd);
}

static void clear_all(struct job *job) {
  for (size_t i = JOBS - 1; i-- > 0;)
    dps_http_request_clear(&job->world->jobs[i].request);
}

/* When the slot comes free, one request has ended and another cannot start: whichever hears of it
 * first takes back the other, which then hears nothing. */
static void test_done_may_cancel_what_ended_beside_it(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  get(w, 0, "/first")->then = clear_all;
  get(w, 1, "/other");
  struct job *bad = job_new(w, 2, "GET", "/", NULL);
  bad->request.url = "nonsense";
  bad->then = clear_all;
  submit(bad);
  assert_hears(w, fd, "GET /first ");
  peer_answer(fd, "");
  finish(&w->jobs[0]);
  settle(w);
  assert_int_equal(w->ended, 1);
  assert_int_equal(bad->request.code, DPS_HTTP_CANCELLED);
  close(fd);
}

static void submit_again(struct job *job) {
  if (job->world->ended < 4) {
    struct job *next = get(job->world, job->world->ended, "/again");
    next->then = submit_again;
  }
}

static void test_done_may_submit(void **state) {
  struct world *w = *state;
  int fd = warm_up(w);
  get(w, 0, "/first")->then = submit_again;
  for (int i = 0; i < 4; i++) {
    assert_hears(w, fd, i ? "GET /again " : "GET /first ");
    peer_answer(fd, "");
  }
  finish(&w->jobs[3]);
  assert_int_equal(w->ended, 4);
  close(fd);
}

static void test_clear_of_a_living_request_cancels_it(void **state) {
  struct world *w = *state;
  struct job *in_flight = get(w, 0, "/");
  get(w, 1, "/");
  struct job *queued = get(w, 2, "/");
  dps_http_request_clear(&in_flight->request);
  dps_http_request_clear(&queued->request);
  settle(w);
  assert_null(in_flight->request.client);
  assert_null(queued->request.client);
  assert_false(in_flight->over || queued->over);
}

static void test_free_cancels_what_still_lives(void **state) {
  struct world *w = *state;
  for (size_t i = 0; i < 6; i++)
    get(w, i, "/");
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  dps_http_free(w->http);
  w->http = NULL;
  for (size_t i = 0; i < 6; i++) {
    assert_int_equal(w->jobs[i].request.code, DPS_HTTP_CANCELLED);
    assert_null(w->jobs[i].request.client);
    assert_false(w->jobs[i].over);
  }
  assert_int_equal(w->jobs[0].request.sent, DPS_SENT_MAYBE);
  assert_int_equal(w->jobs[5].request.sent, DPS_SENT_NO);
  settle(w);
  assert_false(dps_loop_alive(w->loop));
  close(fd);
}

/* --- ends without an answer --- */

static void expect_end(struct job *job, int code, enum dps_sent sent, long status) {
  finish(job);
  assert_int_equal(job->request.code, code);
  assert_int_equal(job->request.sent, sent);
  assert_int_equal(job->request.status, status);
  assert_string_not_equal(dps_buf_str(&job->request.answer), "");
}

static void test_refused_connection_sent_nothing(void **state) {
  struct world *w = *state;
  peer_close(&w->peer);
  struct job *job = job_new(w, 0, "POST", "/", "body");
  submit(job);
  expect_end(job, CURLE_COULDNT_CONNECT, DPS_SENT_NO, 0);
  peer_open(&w->peer, w->loop);
}

static void test_connection_that_ends_before_the_answer_may_have_sent(void **state) {
  struct world *w = *state;
  struct job *job = job_new(w, 0, "POST", "/", "body");
  submit(job);
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  close(fd);
  expect_end(job, CURLE_GOT_NOTHING, DPS_SENT_MAYBE, 0);
}

/* An interim answer is none: a write may have been carried out after it, or not. */
static void test_connection_that_ends_after_an_interim_answer_has_no_answer(void **state) {
  struct world *w = *state;
  static const char *const interim[] = {"100 Continue", "102 Processing", "103 Early Hints"};
  for (size_t i = 0; i < 3; i++) {
    struct job *job = job_new(w, 0, "POST", "/", "body");
    submit(job);
    int fd = peer_accept(&w->peer);
    peer_hear(&w->peer, fd);
    peer_say(fd, "HTTP/1.1 ");
    peer_say(fd, interim[i]);
    peer_say(fd, "\r\n\r\n");
    settle(w);
    close(fd);
    expect_end(job, CURLE_GOT_NOTHING, DPS_SENT_MAYBE, 0);
  }
}

static void test_answer_that_is_cut_was_sent(void **state) {
  struct world *w = *state;
  struct job *job = get(w, 0, "/");
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  close(fd);
  expect_end(job, CURLE_PARTIAL_FILE, DPS_SENT_YES, 200);
}

static void test_silent_server_is_a_timeout_of_what_may_have_been_sent(void **state) {
  struct world *w = *state;
  dps_http_free(w->http);
  http_open(w, 1, 50);
  struct job *job = job_new(w, 0, "POST", "/", "body"), *queued = job_new(w, 1, "GET", "/q", NULL);
  submit(job);
  submit(queued);
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  expect_end(job, CURLE_OPERATION_TIMEDOUT, DPS_SENT_MAYBE, 0);
  int next = peer_accept(&w->peer);
  assert_hears(w, next, "GET /q ");
  peer_answer(next, "");
  finish(queued);
  assert_int_equal(queued->request.status, 200);
  close(fd);
  close(next);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(test_no_more_than_the_slots_are_in_flight_and_the_queue_keeps_its_order),
      IN_WORLD(test_slot_is_free_before_anybody_reads_the_answer),
      IN_WORLD(test_cancelled_in_the_queue_it_is_never_sent),
      IN_WORLD(test_cancelled_in_flight_it_gives_its_slot_to_the_queue),
      IN_WORLD(test_cancelled_while_the_answer_comes_it_says_that_it_was_sent),
      IN_WORLD(test_cancelled_before_it_began_nothing_was_sent),
      IN_WORLD(test_done_may_cancel_every_request_its_own_too),
      IN_WORLD(test_done_may_cancel_what_ended_beside_it),
      IN_WORLD(test_done_may_submit),
      IN_WORLD(test_clear_of_a_living_request_cancels_it),
      IN_WORLD(test_free_cancels_what_still_lives),
      IN_WORLD(test_refused_connection_sent_nothing),
      IN_WORLD(test_connection_that_ends_before_the_answer_may_have_sent),
      IN_WORLD(test_connection_that_ends_after_an_interim_answer_has_no_answer),
      IN_WORLD(test_answer_that_is_cut_was_sent),
      IN_WORLD(test_silent_server_is_a_timeout_of_what_may_have_been_sent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
