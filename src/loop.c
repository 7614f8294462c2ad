/* One epoll set, timers and the CURLM; see loop.h for the contract.
 *
 * Two ideas carry this file. Connections of libcurl stay registered when it lets go of them and are
 * taken out only when they become ready while nobody wants them ("lazy registration": idle
 * keep-alive connections cost no system call). And all of curl's messages are drained at the end of
 * every turn and at the beginning of one inside another, so that no wait begins with one unread. */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "timers.h"

enum { EVENTS_PER_TURN = 64, MAX_WATCHES = 64 };

struct curl_fd {
  uint32_t want;       /* what libcurl asks for; 0 once it has let go */
  uint32_t registered; /* what the epoll set has */
  bool lazy;           /* a connection: its close will be seen, so it may stay registered */
};

/* Watches are named in the set by place and generation, so an event that was fetched before an
 * unwatch is recognised as stale. */
struct watch_place {
  struct dps_watch *watch;
  uint32_t generation;
};

struct curl_clock {
  struct dps_timer timer;
  struct dps_loop *loop;
};

struct dps_loop {
  int epoll;
  CURLM *multi;
  struct curl_fd *fds; /* indexed by descriptor */
  size_t nfds;
  struct watch_place watches[MAX_WATCHES];
  struct dps_watch wake;
  struct dps_timers timers;
  struct curl_clock curl_clock;
  struct dps_clocked *clocked;
  uint64_t turn;
  size_t transfers;
  long connections;
};

int64_t dps_loop_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- timers --- */

bool dps_timer_start(struct dps_loop *loop, struct dps_timer *timer, int64_t delay_ms) {
  return dps_timers_add(&loop->timers, timer, dps_loop_now() + (delay_ms > 0 ? delay_ms : 0));
}

void dps_timer_stop(struct dps_loop *loop, struct dps_timer *timer) {
  dps_timers_remove(&loop->timers, timer);
}

/* Timers started meanwhile wait for the next turn, so a timer that restarts itself cannot hold this
 * one. None of them stands before one that was due already. */
static void fire_timers(struct dps_loop *loop) {
  int64_t now = dps_loop_now();
  uint64_t last = loop->timers.starts;
  for (struct dps_timer *timer; (timer = dps_timers_first(&loop->timers));) {
    if (timer->due > now || timer->order > last) return;
    dps_timer_stop(loop, timer);
    timer->fire(timer);
  }
}

/* --- watches --- */

static uint64_t watch_name(const struct dps_loop *loop, size_t place) {
  return (uint64_t)loop->watches[place].generation << 32 | (uint64_t)place << 1;
}

bool dps_loop_watch(struct dps_loop *loop, struct dps_watch *watch, uint32_t events) {
  size_t i = 0;
  while (i < MAX_WATCHES && loop->watches[i].watch)
    i++;
  if (i == MAX_WATCHES) return false;
  struct epoll_event event = {.events = events, .data.u64 = watch_name(loop, i)};
  if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) != 0) return false;
  loop->watches[i].watch = watch;
  return true;
}

void dps_loop_unwatch(struct dps_loop *loop, struct dps_watch *watch) {
  for (size_t i = 0; i < MAX_WATCHES; i++) {
    if (loop->watches[i].watch != watch) continue;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    loop->watches[i] = (struct watch_place){.generation = loop->watches[i].generation + 1};
  }
}

static void watch_event(struct dps_loop *loop, const struct epoll_event *event) {
  struct watch_place place = loop->watches[(uint32_t)event->data.u64 >> 1];
  if (place.watch && place.generation == event->data.u64 >> 32) {
    place.watch->ready(place.watch, event->events);
  }
}

void dps_loop_wake(struct dps_loop *loop) {
  uint64_t one = 1;
  int error = errno; /* whose signal handler this may be */
  ssize_t n = write(loop->wake.fd, &one, sizeof one);
  (void)n; /* a full counter wakes as well */
  errno = error;
}

static void on_wake(struct dps_watch *watch, uint32_t events) {
  uint64_t count;
  ssize_t n = read(watch->fd, &count, sizeof count);
  (void)n, (void)events;
}

/* --- libcurl's sockets and clock --- */

static bool know_fd(struct dps_loop *loop, size_t fd) {
  if (fd < loop->nfds) return true;
  size_t n = loop->nfds ? loop->nfds * 2 : 64;
  while (n <= fd)
    n *= 2;
  struct curl_fd *fds = realloc(loop->fds, n * sizeof *fds);
  if (!fds) return false;
  for (size_t i = loop->nfds; i < n; i++)
    fds[i] = (struct curl_fd){0};
  loop->fds = fds;
  loop->nfds = n;
  return true;
}

static int register_fd(struct dps_loop *loop, int fd, uint32_t events) {
  struct curl_fd *known = &loop->fds[fd];
  known->want = events;
  if (known->registered == events) return 0;
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)fd << 1 | 1};
  int op = known->registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(loop->epoll, op, fd, &event) != 0) return -1;
  known->registered = events;
  return 0;
}

static void unregister_fd(struct dps_loop *loop, int fd) {
  struct curl_fd *known = &loop->fds[fd];
  if (known->registered) epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
  known->registered = 0;
}

/* Of what is no connection (the resolver's pair) libcurl tells the end here, and closes it itself.
 * https://curl.se/libcurl/c/CURLMOPT_SOCKETFUNCTION.html */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userp, void *socketp) {
  static const uint32_t events[] = {
      [CURL_POLL_IN] = EPOLLIN, [CURL_POLL_OUT] = EPOLLOUT, [CURL_POLL_INOUT] = EPOLLIN | EPOLLOUT};
  struct dps_loop *loop = userp;
  (void)easy, (void)socketp;
  if (!know_fd(loop, (size_t)fd)) return -1;
  if (what != CURL_POLL_REMOVE) return register_fd(loop, fd, events[what]);
  loop->fds[fd].want = 0;
  if (!loop->fds[fd].lazy) unregister_fd(loop, fd);
  return 0;
}

int dps_loop_own_socket(void *userp, curl_socket_t fd, curlsocktype purpose) {
  struct dps_loop *loop = userp;
  (void)purpose;
  if (!know_fd(loop, (size_t)fd)) return CURL_SOCKOPT_ERROR;
  loop->fds[fd] = (struct curl_fd){.lazy = true};
  return CURL_SOCKOPT_OK;
}

int dps_loop_close_socket(void *userp, curl_socket_t fd) {
  struct dps_loop *loop = userp;
  if ((size_t)fd < loop->nfds) loop->fds[fd] = (struct curl_fd){0};
  return close(fd); /* leaves the epoll set by itself */
}

static void curl_event(struct dps_loop *loop, const struct epoll_event *event) {
  int fd = (int)(event->data.u64 >> 1);
  struct curl_fd *known = &loop->fds[fd];
  if (!known->want) {
    unregister_fd(loop, fd);
    return;
  }
  int mask = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
             (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
             (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
  int running;
  curl_multi_socket_action(loop->multi, fd, mask, &running);
}

/* https://curl.se/libcurl/c/CURLMOPT_TIMERFUNCTION.html: zero means soon, not inside this callback.
 */
static int on_curl_timeout(CURLM *multi, long timeout_ms, void *userp) {
  struct dps_loop *loop = userp;
  (void)multi;
  dps_timer_stop(loop, &loop->curl_clock.timer);
  if (timeout_ms < 0) return 0;
  return dps_timer_start(loop, &loop->curl_clock.timer, timeout_ms) ? 0 : -1;
}

static void on_curl_clock(struct dps_timer *timer) {
  struct curl_clock *clock = (struct curl_clock *)timer;
  int running;
  curl_multi_socket_action(clock->loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

/* The message dies with curl_multi_remove_handle, so what is needed of it is copied first. True
 * when there was one. */
static bool drain(struct dps_loop *loop) {
  bool any = false;
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(loop->multi, &left));) {
    if (message->msg != CURLMSG_DONE) continue;
    any = true;
    CURLcode result = message->data.result;
    struct dps_transfer *transfer = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    dps_loop_remove_transfer(loop, transfer);
    transfer->ended(transfer, result);
  }
  return any;
}

CURLMcode dps_loop_add_transfer(struct dps_loop *loop, struct dps_transfer *transfer) {
  CURLMcode rc = curl_multi_add_handle(loop->multi, transfer->easy);
  if (rc == CURLM_OK) loop->transfers++;
  return rc;
}

void dps_loop_remove_transfer(struct dps_loop *loop, struct dps_transfer *transfer) {
  if (curl_multi_remove_handle(loop->multi, transfer->easy) == CURLM_OK) loop->transfers--;
}

void dps_loop_keep_connections(struct dps_loop *loop, long n) {
  if (n <= loop->connections) return;
  loop->connections = n;
  curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, n);
}

/* --- sources with a clock of their own --- */

void dps_loop_add_clocked(struct dps_loop *loop, struct dps_clocked *source) {
  source->next = loop->clocked;
  loop->clocked = source;
}

void dps_loop_remove_clocked(struct dps_loop *loop, struct dps_clocked *source) {
  struct dps_clocked **at = &loop->clocked;
  while (*at && *at != source)
    at = &(*at)->next;
  if (*at) *at = source->next;
}

static struct dps_clocked *due(const struct dps_loop *loop, uint64_t turn) {
  struct dps_clocked *source = loop->clocked;
  while (source && (source->turn >= turn || source->timeout_ms(source) != 0))
    source = source->next;
  return source;
}

/* Each once a turn; the search begins anew because run may remove any of them. */
static void run_clocked(struct dps_loop *loop) {
  uint64_t turn = ++loop->turn;
  for (struct dps_clocked *source; (source = due(loop, turn));) {
    source->turn = turn;
    source->run(source);
  }
}

/* --- the turn --- */

static int64_t sooner(int64_t a, int64_t b) {
  if (a < 0) return b;
  return b < 0 || a < b ? a : b;
}

int64_t dps_loop_timeout(struct dps_loop *loop) {
  const struct dps_timer *timer = dps_timers_first(&loop->timers);
  int64_t wait = -1;
  if (timer) {
    int64_t left = timer->due - dps_loop_now();
    wait = left > 0 ? left : 0;
  }
  for (struct dps_clocked *source = loop->clocked; source; source = source->next)
    wait = sooner(wait, source->timeout_ms(source));
  return wait;
}

void dps_loop_turn(struct dps_loop *loop, int64_t max_wait_ms) {
  struct epoll_event events[EVENTS_PER_TURN];
  bool due = drain(loop) || max_wait_ms == 0;
  int64_t wait = due ? 0 : sooner(max_wait_ms, dps_loop_timeout(loop));
  int n =
      epoll_wait(loop->epoll, events, EVENTS_PER_TURN, wait > INT32_MAX ? INT32_MAX : (int)wait);
  for (int i = 0; i < n; i++) {
    if (events[i].data.u64 & 1)
      curl_event(loop, &events[i]);
    else
      watch_event(loop, &events[i]);
  }
  fire_timers(loop);
  run_clocked(loop);
  drain(loop);
}

int dps_loop_fd(const struct dps_loop *loop) {
  return loop->epoll;
}

bool dps_loop_alive(const struct dps_loop *loop) {
  size_t own = loop->curl_clock.timer.place ? 1 : 0;
  return loop->transfers > 0 || loop->timers.n > own;
}

/* --- life --- */

static bool set_up(struct dps_loop *loop) {
  loop->epoll = epoll_create1(EPOLL_CLOEXEC);
  loop->wake = (struct dps_watch){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), on_wake};
  curl_global_init(CURL_GLOBAL_DEFAULT); /* counted by libcurl, like its cleanup */
  loop->multi = curl_multi_init();
  if (loop->epoll < 0 || loop->wake.fd < 0 || !loop->multi) return false;
  loop->curl_clock = (struct curl_clock){.timer.fire = on_curl_clock, .loop = loop};
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_curl_timeout);
  curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
  return dps_loop_watch(loop, &loop->wake, EPOLLIN);
}

struct dps_loop *dps_loop_new(void) {
  struct dps_loop *loop = calloc(1, sizeof *loop);
  if (!loop) return NULL;
  if (set_up(loop)) return loop;
  dps_loop_free(loop);
  return NULL;
}

void dps_loop_free(struct dps_loop *loop) {
  if (!loop) return;
  if (loop->multi)
    curl_multi_cleanup(loop->multi); /* closes connections through dps_loop_close_socket */
  if (loop->wake.fd >= 0) close(loop->wake.fd);
  if (loop->epoll >= 0) close(loop->epoll);
  curl_global_cleanup();
  free(loop->fds);
  free(loop->timers.heap);
  free(loop);
}
