/* badserver [--port N]: an HTTP/1.1 server that misbehaves on request, for tests. Only libc.
 *
 * It prints http://127.0.0.1:PORT and serves until its stdin ends or its stdout has no reader
 * (where they are pipes), SIGTERM, or 300 s. The first segment of a path names the behaviour, a row
 * of the table in badserver_answers.c; the rest is the client's, so http://127.0.0.1:PORT/s429 is a
 * base URL. /_log and /_count/NAME tell what arrived. It never stores or checks what it is sent. */
#include "badserver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNS = 256, LIFETIME_S = 300, FLUSH_MS = 50, MAX_HEAD = 1 << 16 };
enum { MAX_BODY = 16 << 20, MAX_LOG = 8 << 20, MAX_BYTES = 128 << 20 };

struct bytes request_log;
int requests, request_counts[MAX_BEHAVIOURS];

static struct conn conns[MAX_CONNS];
static int connections;
static volatile sig_atomic_t stopped;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- bytes --- */

void add(struct bytes *b, const char *from, size_t n) {
  if (n > MAX_BYTES - b->len) die("badserver: buffer ceiling");
  if (b->len + n >= b->cap) {
    b->cap = (b->len + n + 1) * 2;
    b->data = realloc(b->data, b->cap);
    if (!b->data) die("badserver");
  }
  if (n) memcpy(b->data + b->len, from, n);
  b->len += n;
  b->data[b->len] = '\0';
}

void puts_to(struct bytes *b, const char *s) {
  add(b, s, strlen(s));
}

void addf(struct bytes *b, const char *format, ...) {
  char line[8192];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (n < 0 || (size_t)n >= sizeof line) die("badserver: line too long");
  add(b, line, (size_t)n);
}

void clear(struct bytes *b) {
  free(b->data);
  *b = (struct bytes){0};
}

static void drop_front(struct bytes *b, size_t n) {
  memmove(b->data, b->data + n, b->len - n + 1);
  b->len -= n;
}

/* --- connections --- */

static void drop(struct conn *c) {
  close(c->fd);
  clear(&c->in);
  clear(&c->out);
  *c = (struct conn){.fd = -1};
}

/* A closed socket that lingers for no time sends RST instead of FIN. */
static void reset(struct conn *c) {
  struct linger none = {.l_onoff = 1};
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  drop(c);
}

const char *header(const struct conn *c, const char *name) {
  const char *at = c->in.data, *end = at + c->head_len;
  size_t n = strlen(name);
  while ((at = memchr(at, '\n', (size_t)(end - at))) && ++at < end)
    if (strncasecmp(at, name, n) == 0 && at[n] == ':')
      return at + n + 1 + strspn(at + n + 1, " \t");
  return NULL;
}

static void log_request(const struct conn *c) {
  size_t have = c->in.len - c->head_len;
  const char *name = c->b->name ? c->b->name : "";
  if (*name == '_' || request_log.len > MAX_LOG) return;
  addf(&request_log,
       "%s{\"behaviour\":\"%s\",\"method\":\"%s\",\"target\":", request_log.len ? ",\n" : "", name,
       c->method);
  add_json(&request_log, c->target, strlen(c->target));
  addf(&request_log, ",\"body_bytes\":%zu,\"connection\":%d}",
       have < c->body_len ? have : c->body_len, c->number);
}

/* Takes the request line apart. False: not HTTP, or nothing a client under test would send. */
static bool read_head(struct conn *c) {
  if (sscanf(c->in.data, "%15[A-Z] %4095s HTTP/1.", c->method, c->target) != 2) return false;
  if (c->target[0] != '/' || header(c, "transfer-encoding")) return false;
  const char *length = header(c, "content-length");
  unsigned long n = length ? strtoul(length, NULL, 10) : 0;
  size_t name = strcspn(c->target + 1, "/?");
  c->body_len = n;
  c->rest = c->target + 1 + name;
  c->b = find_behaviour(c->target + 1, name);
  return n <= MAX_BODY;
}

static bool find_head(struct conn *c) {
  const char *end = c->in.len ? memmem(c->in.data, c->in.len, "\r\n\r\n", 4) : NULL;
  if (end) c->head_len = (size_t)(end - c->in.data) + 4;
  return end;
}

static void answer(struct conn *c) {
  const char *connection = header(c, "connection");
  bool leaves = connection && strncasecmp(connection, "close", 5) == 0;
  c->after = c->b->after == KEEP && leaves ? CLOSE : c->b->after;
  c->busy = true;
  c->due = c->b->delay_ms ? now_ms() + c->b->delay_ms + 1 : 0; /* +1: never early */
  requests++;
  request_counts[c->b - behaviours]++;
  log_request(c);
  c->b->answer(c);
  size_t whole = c->head_len + c->body_len;
  drop_front(&c->in, whole < c->in.len ? whole : c->in.len);
  c->head_len = 0;
}

/* Answers the next request when there is enough of it. */
static void advance(struct conn *c) {
  if (!c->head_len && find_head(c) && !read_head(c)) return drop(c);
  if (!c->head_len && c->in.len > MAX_HEAD) return drop(c);
  if (c->head_len && (c->b->early || c->in.len >= c->head_len + c->body_len)) answer(c);
}

static void receive(struct conn *c) {
  char chunk[1 << 16];
  ssize_t n = recv(c->fd, chunk, sizeof chunk, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return drop(c);
  if (c->busy) return; /* held: what comes now is of no interest */
  add(&c->in, chunk, (size_t)n);
  advance(c);
}

static void add_unit(struct bytes *out, const struct flood *flood) {
  static char filler[UNIT];
  memset(filler, 'x', sizeof filler);
  puts_to(out, flood->open);
  add(out, filler, sizeof filler);
  puts_to(out, flood->close);
}

/* The next piece of a flood. False: there is no more. */
static bool refill(struct conn *c) {
  const struct flood *flood = c->b->flood;
  c->out.len = c->sent = 0;
  if (!flood || c->units < 0) return false;
  if (c->units-- > 0)
    add_unit(&c->out, flood);
  else
    puts_to(&c->out, flood->tail);
  return c->out.len > 0;
}

/* Everything is out. What was sent before a reset needs a moment to be read: RST may discard it. */
static void finish(struct conn *c) {
  if (c->after == HOLD) return;
  if (c->after == CLOSE) return drop(c);
  if (c->after == RESET && c->flushed) return reset(c);
  if (c->after == RESET) {
    c->flushed = true;
    c->due = now_ms() + FLUSH_MS;
    return;
  }
  c->busy = false;
  c->answered++;
  advance(c);
}

static void transmit(struct conn *c) {
  if (c->sent == c->out.len && !refill(c)) return finish(c);
  size_t n = c->b->pace_ms ? 1 : c->out.len - c->sent;
  ssize_t k = send(c->fd, c->out.data + c->sent, n, MSG_NOSIGNAL);
  if (k < 0 && errno != EAGAIN && errno != EINTR) return drop(c);
  if (k > 0) c->sent += (size_t)k;
  if (c->b->pace_ms) c->due = now_ms() + c->b->pace_ms;
}

/* --- the loop --- */

static bool holding(const struct conn *c) {
  return c->after == HOLD && c->sent == c->out.len;
}

static void act(struct conn *c, short events) {
  if (events & (POLLERR | POLLHUP))
    drop(c);
  else if (!c->busy || holding(c))
    receive(c);
  else
    transmit(c);
}

/* What to poll a connection for; lowers *wait to the time until it is due. */
static struct pollfd wants(const struct conn *c, int64_t now, int64_t *wait) {
  bool reads = !c->busy || holding(c), sleeps = !reads && c->due > now;
  if (c->fd >= 0 && sleeps && c->due - now < *wait) *wait = c->due - now;
  return (struct pollfd){.fd = c->fd, .events = sleeps ? 0 : reads ? POLLIN : POLLOUT};
}

static struct conn *free_conn(void) {
  for (int i = 0; i < MAX_CONNS; i++)
    if (conns[i].fd < 0) return &conns[i];
  return NULL;
}

static void accept_one(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  *free_conn() = (struct conn){.fd = fd, .number = ++connections};
}

static int if_pipe(int fd) {
  struct stat s;
  return fstat(fd, &s) == 0 && (S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode)) ? fd : -1;
}

/* One wait. The polled set: connections, then stdin and stdout, then the listener. */
static void turn(int listener, int64_t end) {
  struct pollfd set[MAX_CONNS + 3];
  int64_t now = now_ms(), wait = end - now < 1000 ? end - now : 1000;
  for (int i = 0; i < MAX_CONNS; i++)
    set[i] = wants(&conns[i], now, &wait);
  set[MAX_CONNS] = (struct pollfd){.fd = if_pipe(0), .events = POLLIN};
  set[MAX_CONNS + 1] = (struct pollfd){.fd = if_pipe(1)};
  set[MAX_CONNS + 2] = (struct pollfd){.fd = free_conn() ? listener : -1, .events = POLLIN};
  if (poll(set, MAX_CONNS + 3, wait > 0 ? (int)wait : 0) <= 0) return;
  for (int i = 0; i < MAX_CONNS; i++)
    if (set[i].revents) act(&conns[i], set[i].revents);
  char ignored[256];
  if (set[MAX_CONNS].revents && read(0, ignored, sizeof ignored) <= 0) stopped = 1;
  if (set[MAX_CONNS + 1].revents) stopped = 1;
  if (set[MAX_CONNS + 2].revents) accept_one(listener);
}

static int listen_on(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 128) != 0) die("badserver");
  socklen_t n = sizeof at;
  getsockname(fd, (struct sockaddr *)&at, &n);
  printf("http://127.0.0.1:%d\n", ntohs(at.sin_port));
  fflush(stdout);
  return fd;
}

static void on_signal(int number) {
  (void)number;
  stopped = 1;
}

static uint16_t port_of(int argc, char **argv) {
  char *end = "";
  unsigned long port = argc == 3 ? strtoul(argv[2], &end, 10) : 0;
  bool well = argc == 1 || (argc == 3 && strcmp(argv[1], "--port") == 0);
  if (well && !*end && port <= 65535) return (uint16_t)port;
  fputs("usage: badserver [--port N]\n", stderr);
  exit(2);
}

int main(int argc, char **argv) {
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  for (int i = 0; i < MAX_CONNS; i++)
    conns[i].fd = -1;
  int listener = listen_on(port_of(argc, argv));
  int64_t end = now_ms() + LIFETIME_S * 1000;
  while (!stopped && now_ms() < end)
    turn(listener, end);
  for (int i = 0; i < MAX_CONNS; i++)
    if (conns[i].fd >= 0) drop(&conns[i]);
  clear(&request_log);
  close(listener);
  return 0;
}
