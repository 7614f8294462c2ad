/* For the tests of http.c: a client on a loop, jobs that note their end, and the other end of the
 * connection (http_peer.h). */
#ifndef HTTP_WORLD_H
#define HTTP_WORLD_H

#include "http_peer.h"

#include "http.h"

enum { JOBS = 8, SLOTS = 2, BODY_CEILING = 1000, HEADER_CEILING = 64 * 1024 };

struct job {
  struct dps_http_request request; /* first */
  struct world *world;
  bool over;
  size_t place; /* in the order of the ends */
  void (*then)(struct job *);
  char url[96];
};

struct world {
  struct dps_loop *loop;
  struct dps_http *http;
  struct peer peer;
  struct job jobs[JOBS];
  size_t ended;
};

static inline struct dps_http_settings http_settings(size_t slots, long timeout_ms) {
  return (struct dps_http_settings){.connect_timeout_ms = 5000,
                                    .timeout_ms = timeout_ms,
                                    .max_body = BODY_CEILING,
                                    .slots = slots};
}

static inline void http_open(struct world *w, size_t slots, long timeout_ms) {
  const struct dps_http_settings settings = http_settings(slots, timeout_ms);
  w->http = dps_http_new(w->loop, &settings);
  assert_non_null(w->http);
}

static inline int set_up(void **state) {
  struct world *w = calloc(1, sizeof *w);
  w->loop = dps_loop_new();
  peer_open(&w->peer, w->loop);
  http_open(w, SLOTS, 5000);
  *state = w;
  return 0;
}

static inline int tear_down(void **state) {
  struct world *w = *state;
  for (size_t i = 0; i < JOBS; i++)
    dps_http_request_clear(&w->jobs[i].request);
  dps_http_free(w->http);
  peer_close(&w->peer);
  dps_loop_free(w->loop);
  free(w);
  return 0;
}

static inline void on_done(struct dps_http_request *request) {
  struct job *job = (struct job *)request;
  assert_false(job->over);
  job->over = true;
  job->place = ++job->world->ended;
  if (job->then) job->then(job);
}

/* Fills job i: method and path, and a body if there is one. */
static inline struct job *job_new(struct world *w, size_t i, const char *method, const char *path,
                                  const char *body) {
  struct job *job = &w->jobs[i];
  dps_http_request_clear(&job->request);
  *job = (struct job){.world = w};
  dps_http_request_init(&job->request, w->http);
  snprintf(job->url, sizeof job->url, "http://127.0.0.1:%u%s", w->peer.port, path);
  job->request.method = method;
  job->request.url = job->url;
  job->request.body = body;
  job->request.body_len = body ? strlen(body) : 0;
  job->request.done = on_done;
  return job;
}

static inline void submit(struct job *job) {
  assert_true(dps_http_submit(job->world->http, &job->request));
  assert_false(job->over);
}

static inline struct job *get(struct world *w, size_t i, const char *path) {
  struct job *job = job_new(w, i, "GET", path, NULL);
  submit(job);
  return job;
}

static inline void finish(struct job *job) {
  peer_turn_until(&job->world->peer, &job->over);
}

static inline void settle(struct world *w) {
  for (int i = 0; i < 10; i++)
    dps_loop_turn(w->loop, 1);
}

/* The connection hears a request that begins so. */
static inline void assert_hears(struct world *w, int fd, const char *start) {
  peer_hear(&w->peer, fd);
  if (strncmp(w->peer.heard, start, strlen(start)) != 0)
    print_error("expected '%s', heard '%.80s'\n", start, w->peer.heard);
  assert_memory_equal(w->peer.heard, start, strlen(start));
}

static inline bool is_silent(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* Leaves a slot that has been used and its connection open; gives the connection. */
static inline int warm_up(struct world *w) {
  struct job *job = get(w, JOBS - 1, "/warm");
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  peer_answer(fd, "warm");
  finish(job);
  assert_int_equal(job->request.status, 200);
  w->ended = 0;
  return fd;
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
