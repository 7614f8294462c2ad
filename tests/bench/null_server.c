/* null_server [DELAY_MS | FROM-TO]: the cheapest HTTP/1.1 server that a client can be measured on.
 *
 * It answers 201 and a receipt to every request with a Content-Length: one read and one write each.
 * With a delay the answer waits that long, or, for a range like 1.25-8.75, one of 16 even steps of
 * it, by chance. It prints its URL, serves until stdin ends, and then says on stderr what came in.
 * It reads no header but Content-Length and keeps nothing; never for use beyond a measurement. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FD = 4096, ROOM = 1 << 16, STEPS = 16, EVENTS = 256 };

struct conn {
  char *in; /* ROOM bytes and a NUL, taken at the first use of this descriptor */
  size_t len, skip;
  uint32_t life; /* counts the connections this descriptor has been */
};

/* Answers that are due in the order they came in, because all of a lane wait equally long. */
struct lane {
  int64_t delay_ns;
  uint32_t head, tail;
  struct {
    int64_t due;
    uint32_t life;
    int fd;
  } waiting[MAX_FD];
};

static struct conn conns[MAX_FD];
static struct lane lanes[STEPS];
static int lane_count;
static char answer[1024];
static size_t answer_len;
static unsigned long long requests, bytes;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A receipt as the contract has it, 400 bytes with its client ids. */
static void build_answer(void) {
  static const char form[] =
      "{\"etag\":1,\"id\":\"dps:fallback-offer:19a7426d533db126\",\"sandboxId\":"
      "\"6f2c0cb0-1b1e-4e8f-ac0c-b01b1e5e8f36\",\"createdDate\":\"2023-05-31T15:09:11.771Z\","
      "\"lastModifiedDate\":\"2023-05-31T15:09:11.771Z\",\"createdBy\":\"%s\","
      "\"lastModifiedBy\":\"%s\",\"createdByClientId\":\"%s\",\"lastModifiedByClientId\":\"%s\"}\n";
  static const char who[] = "0123456789ABCDEF@techacct",
                    client[] = "0123456789abcdef0123456789abcdef0123";
  char body[600];
  int n = snprintf(body, sizeof body, form, who, who, client, client);
  n = snprintf(answer, sizeof answer,
               "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
               "\r\n%s",
               n, body);
  answer_len = (size_t)n;
}

static void drop(int fd) {
  conns[fd].life++;
  close(fd);
}

static void send_answer(int fd) {
  if (send(fd, answer, answer_len, MSG_NOSIGNAL) != (ssize_t)answer_len) drop(fd);
}

static void answer_later(int fd) {
  struct lane *lane = &lanes[rand() % lane_count];
  uint32_t at = lane->tail++ % MAX_FD;
  lane->waiting[at].due = now_ns() + lane->delay_ns;
  lane->waiting[at].fd = fd;
  lane->waiting[at].life = conns[fd].life;
}

/* Length of the first request in the buffer, or 0 while its head is not complete. */
static size_t request_length(const struct conn *c) {
  const char *end = memmem(c->in, c->len, "\r\n\r\n", 4);
  const char *length = end ? strcasestr(c->in, "\r\ncontent-length:") : NULL;
  size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
  return end ? (size_t)(end - c->in) + 4 + body : 0;
}

static void take_request(int fd, struct conn *c, size_t n) {
  size_t here = n < c->len ? n : c->len;
  c->skip = n - here;
  c->len -= here;
  memmove(c->in, c->in + here, c->len + 1);
  if (c->skip) return;
  requests++;
  lane_count ? answer_later(fd) : send_answer(fd);
}

/* Bytes of a body too large for the buffer are only counted. */
static void skip_body(int fd, struct conn *c) {
  size_t n = c->skip < c->len ? c->skip : c->len;
  c->skip -= n;
  take_request(fd, c, n + c->skip);
}

static void receive(int fd) {
  struct conn *c = &conns[fd];
  ssize_t got = recv(fd, c->in + c->len, ROOM - c->len, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return drop(fd);
  bytes += (unsigned long long)got;
  c->len += (size_t)got;
  c->in[c->len] = '\0';
  size_t n = c->skip ? 0 : request_length(c);
  if (c->skip)
    skip_body(fd, c);
  else if (n && (n <= c->len || n > ROOM))
    take_request(fd, c, n);
  else if (c->len == ROOM)
    drop(fd);
}

static void accept_one(int epoll, int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  if (fd >= MAX_FD) die("null_server: too many connections");
  struct conn *c = &conns[fd];
  if (!c->in && !(c->in = malloc(ROOM + 1))) die("null_server");
  c->len = c->skip = 0;
  struct epoll_event want = {.events = EPOLLIN, .data.fd = fd};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &want);
}

/* Sends what is due and returns the time until the next, -1 for none. */
static int64_t send_due(void) {
  int64_t now = lane_count ? now_ns() : 0, next = -1;
  for (struct lane *lane = lanes; lane < lanes + lane_count; lane++) {
    for (; lane->head != lane->tail && lane->waiting[lane->head % MAX_FD].due <= now;
         lane->head++) {
      int fd = lane->waiting[lane->head % MAX_FD].fd;
      if (conns[fd].life == lane->waiting[lane->head % MAX_FD].life) send_answer(fd);
    }
    int64_t wait = lane->waiting[lane->head % MAX_FD].due - now;
    if (lane->head != lane->tail && (next < 0 || wait < next)) next = wait;
  }
  return next;
}

/* False: stdin has ended. */
static bool act(int epoll, int listener, int fd) {
  char ignored[64];
  if (fd == 0) return read(0, ignored, sizeof ignored) > 0;
  fd == listener ? accept_one(epoll, listener) : receive(fd);
  return true;
}

static bool turn(int epoll, int listener) {
  struct epoll_event ready[EVENTS];
  int64_t wait = send_due();
  struct timespec time = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
  int n = epoll_pwait2(epoll, ready, EVENTS, wait < 0 ? NULL : &time, NULL);
  for (int i = 0; i < n; i++)
    if (!act(epoll, listener, ready[i].data.fd)) return false;
  return true;
}

static int listen_somewhere(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in at = {.sin_family = AF_INET};
  socklen_t n = sizeof at;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&at, n) != 0 || listen(fd, 1024) != 0) die("null_server");
  getsockname(fd, (struct sockaddr *)&at, &n);
  printf("http://127.0.0.1:%d\n", ntohs(at.sin_port));
  fflush(stdout);
  return fd;
}

static void set_delay(const char *text) {
  char *end = NULL;
  double from = strtod(text, &end), to = *end == '-' ? strtod(end + 1, &end) : from;
  if (*end || from <= 0 || to < from || to > 60000) {
    fputs("usage: null_server [DELAY_MS | FROM-TO]\n", stderr);
    exit(2);
  }
  lane_count = to > from ? STEPS : 1;
  for (int i = 0; i < lane_count; i++)
    lanes[i].delay_ns = (int64_t)((from + (to - from) * i / (STEPS - 1)) * 1e6);
}

static void tell(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  fprintf(stderr, "{\"requests\":%llu,\"bytes\":%llu,\"cpu_seconds\":%.6f}\n", requests, bytes,
          cpu);
}

int main(int argc, char **argv) {
  if (argc > 1) set_delay(argv[1]);
  build_answer();
  int epoll = epoll_create1(EPOLL_CLOEXEC), listener = listen_somewhere();
  struct epoll_event in = {.events = EPOLLIN, .data.fd = 0};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &in) != 0) die("null_server: stdin must be a pipe");
  in.data.fd = listener;
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &in);
  while (turn(epoll, listener))
    continue;
  tell();
  return 0;
}
