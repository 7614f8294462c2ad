/* For tests of what talks HTTP on the loop: the other end, a plain socket in the same thread. It
 * hears exactly what was sent and says exactly what it is told; while it waits, it turns the loop.
 */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <errno.h>
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

#include "loop.h"

enum { PATIENCE_MS = 10000, HEARD_MAX = 65536 };

struct peer {
  struct dps_loop *loop;
  int listener;
  uint16_t port;
  char heard[HEARD_MAX]; /* the last request, as it came, and a NUL */
  size_t heard_len;
};

static inline void peer_open(struct peer *p, struct dps_loop *loop) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  p->loop = loop;
  p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  assert_int_equal(bind(p->listener, (struct sockaddr *)&at, len), 0);
  assert_int_equal(listen(p->listener, 64), 0);
  assert_int_equal(getsockname(p->listener, (struct sockaddr *)&at, &len), 0);
  p->port = ntohs(at.sin_port);
}

/* The next connection, when there is one within ms; else -1. */
static inline int peer_accept_within(struct peer *p, int64_t ms) {
  int fd;
  int64_t end = dps_loop_now() + ms;
  while ((fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)) < 0 && dps_loop_now() < end)
    dps_loop_turn(p->loop, 2);
  return fd;
}

static inline int peer_accept(struct peer *p) {
  int fd = peer_accept_within(p, PATIENCE_MS);
  assert_true(fd >= 0);
  return fd;
}

/* Length of the request in the buffer, 0 while it is not whole. */
static inline size_t peer_whole(const struct peer *p) {
  const char *end = memmem(p->heard, p->heard_len, "\r\n\r\n", 4);
  if (!end) return 0;
  const char *length = strcasestr(p->heard, "\r\nContent-Length: ");
  size_t body = length && length < end ? strtoul(length + 18, NULL, 10) : 0;
  size_t whole = (size_t)(end - p->heard) + 4 + body;
  return whole <= p->heard_len ? whole : 0;
}

/* Reads one whole request. False when the connection ends before it, or nothing comes. */
static inline bool peer_hears(struct peer *p, int fd) {
  int64_t end = dps_loop_now() + PATIENCE_MS;
  p->heard_len = 0;
  p->heard[0] = '\0';
  while (!peer_whole(p) && dps_loop_now() < end) {
    ssize_t n = recv(fd, p->heard + p->heard_len, HEARD_MAX - 1 - p->heard_len, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return false;
    if (n < 0) dps_loop_turn(p->loop, 2);
    if (n > 0) p->heard[p->heard_len += (size_t)n] = '\0';
  }
  return peer_whole(p) == p->heard_len && p->heard_len > 0;
}

static inline void peer_hear(struct peer *p, int fd) {
  assert_true(peer_hears(p, fd));
}

static inline void peer_say(int fd, const char *text) {
  assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void peer_answer(int fd, const char *body) {
  char text[512];
  snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body),
           body);
  peer_say(fd, text);
}

/* Closes with RST. */
static inline void peer_reset(int fd) {
  struct linger now = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

static inline void peer_close(struct peer *p) {
  close(p->listener);
}

/* Turns the loop until the flag is set. */
static inline void peer_turn_until(struct peer *p, const bool *flag) {
  int64_t end = dps_loop_now() + PATIENCE_MS;
  while (!*flag) {
    assert_true(dps_loop_now() < end);
    dps_loop_turn(p->loop, 10);
  }
}

#endif
