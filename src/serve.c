/* libmicrohttpd on the loop; see serve.h for the contract. It never looks into a request's meaning.
 *
 * Its epoll descriptor nests in our set, and its clock is asked before every wait. The access
 * handler collects a request and suspends the connection; once libmicrohttpd has run, all that were
 * collected are handled as one batch, resumed, and libmicrohttpd runs again so that the answers
 * leave in the same turn. */
#include "serve.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve_answer.h"

enum {
  MAX_CONNECTIONS = 1000,
  IDLE_SECONDS = 60,
  ROUNDS_PER_TURN = 4, /* clients that pipeline make a request of every answer; others wait */
  MAX_ANSWER_HEADERS = 16 << 10,
};

struct dps_serve {
  struct dps_watch watch;
  struct dps_clocked clocked;
  struct dps_loop *loop;
  struct MHD_Daemon *daemon;
  struct dps_serve_settings settings;
  struct dps_serve_request *first, **last; /* complete, suspended, not yet handled */
  struct dps_serve_request *delayed;       /* handled, suspended until they are due */
  uint16_t port;
  bool running; /* libmicrohttpd or the handler is on the stack below us */
};

/* --- header lists --- */

static bool put_pair(struct dps_buf *list, const char *name, const char *value) {
  size_t before = list->len, room = list->max - before;
  if (list->state != DPS_BUF_OK || strlen(name) + strlen(value) + 2 > room) return false;
  return dps_buf_append(list, name, strlen(name) + 1) &&
         dps_buf_append(list, value, strlen(value) + 1);
}

/* RFC 9110 section 5.6.2 */
static bool is_token(const char *s) {
  static const char tchar[] = "!#$%&'*+-.^_`|~0123456789"
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return *s && s[strspn(s, tchar)] == '\0';
}

static bool has_control(const char *s) {
  for (; *s; s++)
    if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f) return true;
  return false;
}

static bool is_ours(const char *name) {
  static const char *const ours[] = {"Content-Length", "Transfer-Encoding", "Date"};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (strcasecmp(name, ours[i]) == 0) return true;
  return false;
}

bool dps_serve_put_header(struct dps_buf *list, const char *name, const char *value) {
  return is_token(name) && *value && !has_control(value) && !is_ours(name) &&
         put_pair(list, name, value);
}

bool dps_serve_next_header(const struct dps_buf *list, size_t *at, const char **name,
                           const char **value) {
  if (*at >= list->len) return false;
  *name = list->data + *at;
  *value = *name + strlen(*name) + 1;
  *at = (size_t)(*value - list->data) + strlen(*value) + 1;
  return true;
}

/* --- a request coming in --- */

/* Called when the request line is there, before libmicrohttpd decodes it in place: the only look at
 * the raw target. What it returns is the request's own pointer until on_completed. */
static void *on_request_line(void *cls, const char *target, struct MHD_Connection *connection) {
  const struct dps_serve *s = cls;
  size_t len = strlen(target) + 1;
  struct dps_serve_request *r = calloc(1, sizeof *r + len);
  if (!r) return NULL;
  r->target = memcpy(r + 1, target, len);
  r->connection = connection;
  dps_buf_init(&r->headers, s->settings.max_header);
  dps_buf_init(&r->body, s->settings.max_body);
  dps_buf_init(&r->answer_headers, MAX_ANSWER_HEADERS);
  dps_buf_init(&r->answer, DPS_SERVE_MAX_ANSWER);
  return r;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode why) {
  struct dps_serve_request *r = *request;
  (void)cls, (void)connection, (void)why;
  *request = NULL;
  if (!r) return;
  dps_buf_clear(&r->headers);
  dps_buf_clear(&r->body);
  dps_buf_clear(&r->answer_headers);
  dps_buf_clear(&r->answer);
  free(r);
}

/* libmicrohttpd leaves the blanks after a value, which are no part of it (RFC 9110 section 5.5). */
static enum MHD_Result on_header(void *ud, enum MHD_ValueKind kind, const char *name,
                                 const char *value) {
  struct dps_buf *list = ud;
  (void)kind;
  if (!put_pair(list, name, value ? value : "")) return MHD_NO;
  for (char *last; last = list->data + list->len - 2, *last == ' ' || *last == '\t'; list->len--)
    *last = '\0';
  return MHD_YES;
}

/* Past the ceiling the rest is read and dropped: a client in the middle of an upload would not see
 * an early answer. */
static enum MHD_Result take_upload(struct dps_serve_request *r, const char *bytes, size_t *size) {
  if (!r->too_large && !dps_buf_append(&r->body, bytes, *size)) {
    if (r->body.state == DPS_BUF_NOMEM) return MHD_NO;
    r->too_large = true;
  }
  *size = 0;
  return MHD_YES;
}

static enum MHD_Result enqueue(struct dps_serve *s, struct dps_serve_request *r) {
  MHD_get_connection_values(r->connection, MHD_HEADER_KIND, on_header, &r->headers);
  if (r->headers.state == DPS_BUF_NOMEM) return MHD_NO;
  *s->last = r;
  s->last = &r->next;
  MHD_suspend_connection(r->connection);
  return MHD_YES;
}

/* Called when the headers are there, for every piece of the body, at its end, and again after a
 * resume. MHD_NO closes the connection. */
static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **request) {
  struct dps_serve_request *r = *request;
  (void)connection, (void)url, (void)version;
  if (!r) return MHD_NO;
  if (r->answered) return dps_serve_answer(r);
  if (*upload_size) return take_upload(r, upload, upload_size);
  if (r->method) return enqueue(cls, r);
  r->method = method;
  return MHD_YES;
}

/* --- turns --- */

static void release(struct dps_serve *s, struct dps_serve_request *r) {
  r->answered = true;
  if (r->delay_ms <= 0) {
    MHD_resume_connection(r->connection);
    return;
  }
  r->due = dps_loop_now() + r->delay_ms;
  r->next = s->delayed;
  s->delayed = r;
}

static void answer_batch(struct dps_serve *s) {
  struct dps_serve_request *first = s->first, *next;
  s->first = NULL;
  s->last = &s->first;
  s->settings.handle(s->settings.ud, first);
  for (struct dps_serve_request *r = first; r; r = next) {
    next = r->next;
    release(s, r);
  }
}

static void resume_due(struct dps_serve *s) {
  int64_t now = s->delayed ? dps_loop_now() : 0;
  for (struct dps_serve_request **at = &s->delayed; *at;) {
    struct dps_serve_request *r = *at;
    if (r->due > now) {
      at = &r->next;
      continue;
    }
    *at = r->next;
    MHD_resume_connection(r->connection);
  }
}

static void run(struct dps_serve *s) {
  if (s->running) return;
  s->running = true;
  resume_due(s);
  MHD_run(s->daemon);
  for (int i = 0; s->first && i < ROUNDS_PER_TURN; i++) {
    answer_batch(s);
    MHD_run(s->daemon);
  }
  s->running = false;
}

static void on_ready(struct dps_watch *watch, uint32_t events) {
  (void)events;
  run((struct dps_serve *)((char *)watch - offsetof(struct dps_serve, watch)));
}

static struct dps_serve *of_clocked(struct dps_clocked *clocked) {
  return (struct dps_serve *)((char *)clocked - offsetof(struct dps_serve, clocked));
}

static void on_clock(struct dps_clocked *clocked) {
  run(of_clocked(clocked));
}

static int64_t sooner(int64_t a, int64_t b) {
  return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Milliseconds until the first delayed answer is due; -1: there is none. */
static int64_t until_due(const struct dps_serve *s) {
  int64_t wait = -1, now = s->delayed ? dps_loop_now() : 0;
  for (const struct dps_serve_request *r = s->delayed; r; r = r->next)
    wait = sooner(wait, r->due > now ? r->due - now : 0);
  return wait;
}

/* What is left in the queue has no descriptor that would wake us: suspended connections are out of
 * the set. */
static int64_t on_timeout(struct dps_clocked *clocked) {
  struct dps_serve *s = of_clocked(clocked);
  MHD_UNSIGNED_LONG_LONG ms;
  if (s->running) return -1;
  if (s->first) return 0;
  int64_t wait = until_due(s);
  if (MHD_get_timeout(s->daemon, &ms) != MHD_YES) return wait;
  return sooner(wait, ms > INT32_MAX ? INT32_MAX : (int64_t)ms);
}

/* --- life --- */

struct refusal {
  char *text;
  size_t len;
};

static int refuse(const struct refusal *why, const char *host, unsigned port) {
  if (errno == EADDRINUSE) {
    snprintf(why->text, why->len,
             "port %u on %s is taken; choose another with --port, or --port 0 for a free one", port,
             host);
  } else {
    snprintf(why->text, why->len, "cannot listen on %s port %u: %s", host, port, strerror(errno));
  }
  return -1;
}

/* A port can be found taken by listen as well as by bind, when two servers start at once. */
static bool bind_and_listen(int fd, const struct addrinfo *to) {
  int one = 1;
  return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
         (to->ai_family != AF_INET6 ||
          setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) == 0) &&
         bind(fd, to->ai_addr, to->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0;
}

static int open_socket(const struct addrinfo *to) {
  int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind_and_listen(fd, to)) return fd;
  int why = errno;
  close(fd);
  errno = why;
  return -1;
}

static int listen_on(const char *host, unsigned port, const struct refusal *why) {
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                           .ai_socktype = SOCK_STREAM};
  struct addrinfo *to;
  char service[8];
  snprintf(service, sizeof service, "%u", port);
  if (getaddrinfo(host, service, &hints, &to) != 0) {
    snprintf(why->text, why->len,
             "host '%s' is not a numeric address; give one such as 127.0.0.1 or ::1", host);
    return -1;
  }
  int fd = open_socket(to);
  if (fd < 0) refuse(why, host, port);
  freeaddrinfo(to);
  return fd;
}

static uint16_t port_of(int fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } name = {.any.sa_family = AF_UNSPEC};
  socklen_t len = sizeof name;
  if (getsockname(fd, &name.any, &len) != 0) return 0;
  return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

static struct MHD_Daemon *start_daemon(struct dps_serve *s, int fd) {
  struct MHD_OptionItem options[] = {
      {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
      {MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS, NULL},
      {MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, NULL},
      {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)s->settings.max_header, NULL},
      {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, s},
      {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, s},
      {MHD_OPTION_END, 0, NULL},
  };
  return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, s,
                          MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static bool join_loop(struct dps_serve *s) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  if (!info) return false;
  s->watch = (struct dps_watch){.fd = info->epoll_fd, .ready = on_ready};
  s->clocked = (struct dps_clocked){.timeout_ms = on_timeout, .run = on_clock};
  if (!dps_loop_watch(s->loop, &s->watch, EPOLLIN)) return false;
  dps_loop_add_clocked(s->loop, &s->clocked);
  return true;
}

/* The listening socket is libmicrohttpd's from its start on, and is closed by its end. */
static bool start(struct dps_serve *s, const struct refusal *why) {
  const char *host = s->settings.host;
  int fd = listen_on(host, s->settings.port, why);
  if (fd < 0) return false;
  s->port = port_of(fd);
  s->daemon = start_daemon(s, fd);
  if (!s->daemon) close(fd);
  if (s->daemon && join_loop(s)) return true;
  if (s->daemon) MHD_stop_daemon(s->daemon);
  snprintf(why->text, why->len, "cannot start the server on %s: out of memory or descriptors",
           host);
  return false;
}

struct dps_serve *dps_serve_new(struct dps_loop *loop, const struct dps_serve_settings *settings,
                                char *error, size_t error_len) {
  struct refusal why = {error, error_len};
  struct dps_serve *s = calloc(1, sizeof *s);
  if (!s) {
    snprintf(error, error_len, "cannot start the server: out of memory");
    return NULL;
  }
  s->loop = loop;
  s->settings = *settings;
  s->last = &s->first;
  if (!s->settings.host) s->settings.host = "127.0.0.1";
  if (!s->settings.max_body) s->settings.max_body = DPS_SERVE_MAX_BODY;
  if (!s->settings.max_header) s->settings.max_header = DPS_SERVE_MAX_HEADER;
  bool started = start(s, &why);
  s->settings.host = NULL; /* the caller's, and no longer needed */
  if (started) return s;
  free(s);
  return NULL;
}

/* libmicrohttpd aborts the process when it is stopped with a connection suspended. */
void dps_serve_free(struct dps_serve *s) {
  if (!s) return;
  assert(!s->running);
  dps_loop_unwatch(s->loop, &s->watch);
  dps_loop_remove_clocked(s->loop, &s->clocked);
  for (struct dps_serve_request *r = s->first; r; r = r->next)
    MHD_resume_connection(r->connection);
  for (struct dps_serve_request *r = s->delayed; r; r = r->next)
    MHD_resume_connection(r->connection);
  MHD_stop_daemon(s->daemon);
  free(s);
}

uint16_t dps_serve_port(const struct dps_serve *s) {
  return s->port;
}
