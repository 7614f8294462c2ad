/* For the tests of serve.c: a server on a loop in this process, a handler that answers with what it
 * saw, and clients that are plain sockets. */
#ifndef SERVE_WORLD_H
#define SERVE_WORLD_H

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "serve.h"

enum { MIB = 1 << 20, SMALL_BODY = 1000, PATIENCE_MS = 10000, CLIENTS = 20, TEXT_MAX = 16 * MIB };

struct world {
  struct dps_loop *loop;
  struct dps_serve *serve;
  size_t handled, batches, last_batch, too_large, body_bytes;
  int depth, deepest;
  int reset_in_handler;        /* a client's descriptor, 0: none */
  int ask_in_handler[CLIENTS]; /* one of these sends a request whenever the handler runs */
  size_t to_ask, spin_in_handler;
  size_t answer_bytes; /* 0: echo the body */
  int status;
  enum dps_serve_ending ending;
  int64_t delay_ms;
};

/* --- the handler: answers with what it saw --- */

static inline void reset_connection(int fd) {
  struct linger now = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

static inline void echo_headers(struct dps_serve_request *r) {
  const char *name, *value;
  for (size_t at = 0; dps_serve_next_header(&r->headers, &at, &name, &value);)
    if (strncasecmp(name, "x-", 2) == 0) dps_serve_put_header(&r->answer_headers, name, value);
}

static inline void echo(struct world *w, struct dps_serve_request *r) {
  w->handled++;
  w->too_large += r->too_large;
  w->body_bytes = r->body.len;
  r->status = r->too_large ? 413 : w->status;
  r->ending = w->ending;
  r->delay_ms = w->delay_ms;
  dps_serve_put_header(&r->answer_headers, "Echo-Method", r->method);
  dps_serve_put_header(&r->answer_headers, "Echo-Target", r->target);
  echo_headers(r);
  if (w->answer_bytes) {
    char *to = dps_buf_reserve(&r->answer, w->answer_bytes);
    if (to) memset(to, 'a', r->answer.len = w->answer_bytes);
  } else if (r->body.len <= SMALL_BODY) {
    dps_buf_append(&r->answer, r->body.data, r->body.len);
  }
}

static inline void send_get(int fd) {
  static const char text[] = "GET /later HTTP/1.1\r\nHost: h\r\n\r\n";
  assert_int_equal(send(fd, text, sizeof text - 1, MSG_NOSIGNAL), sizeof text - 1);
}

static inline void on_batch(void *ud, struct dps_serve_request *first) {
  struct world *w = ud;
  if (++w->depth > w->deepest) w->deepest = w->depth;
  w->batches++;
  w->last_batch = 0;
  if (w->reset_in_handler) reset_connection(w->reset_in_handler);
  w->reset_in_handler = 0;
  if (w->to_ask) send_get(w->ask_in_handler[--w->to_ask]);
  for (size_t i = 0; i < w->spin_in_handler; i++)
    dps_loop_turn(w->loop, 1);
  for (struct dps_serve_request *r = first; r; r = r->next, w->last_batch++)
    echo(w, r);
  w->depth--;
}

/* --- the world --- */

static inline struct dps_serve *serve_at(struct world *w, const char *host, uint16_t port,
                                         char *error, size_t len) {
  struct dps_serve_settings settings = {.host = host, .port = port, .handle = on_batch, .ud = w};
  return dps_serve_new(w->loop, &settings, error, len);
}

static inline int set_up(void **state) {
  char error[256];
  struct world *w = calloc(1, sizeof *w);
  w->status = 200;
  w->loop = dps_loop_new();
  w->serve = serve_at(w, NULL, 0, error, sizeof error);
  *state = w;
  return w->serve ? 0 : -1;
}

static inline int tear_down(void **state) {
  struct world *w = *state;
  dps_serve_free(w->serve);
  dps_loop_free(w->loop);
  free(w);
  return 0;
}

/* --- clients --- */

static inline int dial(const struct world *w) {
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons(dps_serve_port(w->serve)),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
  return fd;
}

static inline void turns(struct world *w, int n) {
  for (int i = 0; i < n; i++)
    dps_loop_turn(w->loop, 1);
}

static inline void say_bytes(struct world *w, int fd, const char *bytes, size_t len) {
  int64_t end = dps_loop_now() + PATIENCE_MS;
  while (len) {
    assert_true(dps_loop_now() < end);
    ssize_t n = send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
      assert_int_equal(errno, EAGAIN);
      dps_loop_turn(w->loop, 5);
      continue;
    }
    bytes += n;
    len -= (size_t)n;
  }
}

static inline void say(struct world *w, int fd, const char *text) {
  say_bytes(w, fd, text, strlen(text));
}

/* Length of the first whole answer in text, 0 while it is not whole. */
static inline size_t answer_len(const char *text, size_t len, bool head) {
  const char *end = memmem(text, len, "\r\n\r\n", 4);
  if (!end) return 0;
  const char *length = strcasestr(text, "\r\nContent-Length: ");
  size_t body = !head && length && length < end ? strtoul(length + 18, NULL, 10) : 0;
  size_t whole = (size_t)(end - text) + 4 + body;
  return whole <= len ? whole : 0;
}

/* Turns the loop until n answers came; gives the text of all of them, to be freed. */
static inline char *hear_some(struct world *w, int fd, size_t n, bool head) {
  struct dps_buf text;
  size_t done = 0, got = 0;
  int64_t end = dps_loop_now() + PATIENCE_MS;
  dps_buf_init(&text, TEXT_MAX);
  while (got < n) {
    assert_true(dps_loop_now() < end);
    char *to = dps_buf_reserve(&text, 65536);
    ssize_t more = recv(fd, to, 65535, MSG_DONTWAIT);
    assert_true(more > 0 || (more < 0 && errno == EAGAIN));
    if (more < 0) dps_loop_turn(w->loop, 5);
    if (more > 0) text.data[text.len += (size_t)more] = '\0';
    for (size_t step;
         got < n && (step = answer_len(dps_buf_str(&text) + done, text.len - done, head)); got++)
      done += step;
  }
  assert_int_equal(text.len, done);
  return text.data;
}

static inline char *hear(struct world *w, int fd) {
  return hear_some(w, fd, 1, false);
}

static inline char *ask(struct world *w, int fd, const char *text) {
  say(w, fd, text);
  return hear(w, fd);
}

static inline void assert_has(const char *text, const char *part) {
  if (!strstr(text, part)) print_error("expected '%s' in:\n%.500s\n", part, text);
  assert_non_null(strstr(text, part));
}

static inline void assert_begins(const char *text, const char *start) {
  assert_memory_equal(text, start, strlen(start));
}

static inline void assert_serves(struct world *w) {
  int fd = dial(w);
  char *answer = ask(w, fd, "GET /alive HTTP/1.1\r\nHost: h\r\n\r\n");
  assert_begins(answer, "HTTP/1.1 200 OK\r\n");
  free(answer);
  close(fd);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
