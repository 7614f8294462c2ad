/* What loop.c does with libcurl's sockets and messages: lazy registration, descriptors that are
 * used again, messages that no wait leaves unread. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "http_peer.h"

struct world {
  struct dps_loop *loop;
  struct peer peer;
};

/* libcurl's resolver finds every name here, in a thread as ever. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **found) {
  int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
  (void)node;
  return real("127.0.0.1", service, hints, found);
}

static int set_up(void **state) {
  struct world *w = calloc(1, sizeof *w);
  w->loop = dps_loop_new();
  peer_open(&w->peer, w->loop);
  *state = w;
  return w->loop ? 0 : -1;
}

static int tear_down(void **state) {
  struct world *w = *state;
  peer_close(&w->peer);
  dps_loop_free(w->loop);
  free(w);
  return 0;
}

/* --- one transfer --- */

struct get {
  struct dps_transfer transfer; /* first */
  struct world *world;
  bool over;
  CURLcode code;
  void (*then)(struct get *);
};

static size_t ignore(char *bytes, size_t size, size_t n, void *ud) {
  (void)bytes, (void)ud;
  return size * n;
}

static void on_ended(struct dps_transfer *transfer, CURLcode code) {
  struct get *get = (struct get *)transfer;
  get->over = true;
  get->code = code;
  if (get->then) get->then(get);
}

static void prepare(struct get *get, struct world *w, const char *host) {
  char url[128];
  CURL *easy = curl_easy_init();
  *get = (struct get){.transfer = {easy, on_ended}, .world = w};
  snprintf(url, sizeof url, "http://%s:%u/", host, w->peer.port);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, get);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 5000L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, dps_loop_own_socket);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, w->loop);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, dps_loop_close_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, w->loop);
}

static void begin(struct get *get) {
  get->over = false;
  assert_int_equal(dps_loop_add_transfer(get->world->loop, &get->transfer), CURLM_OK);
}

/* Answers on the connection, or on a new one when there is none; gives it. */
static int serve(struct get *get, int fd) {
  struct peer *peer = &get->world->peer;
  begin(get);
  if (fd < 0) fd = peer_accept(peer);
  peer_hear(peer, fd);
  peer_answer(fd, "well");
  peer_turn_until(peer, &get->over);
  assert_int_equal(get->code, CURLE_OK);
  return fd;
}

static bool readable(struct world *w) {
  struct pollfd fd = {.fd = dps_loop_fd(w->loop), .events = POLLIN};
  return poll(&fd, 1, 0) == 1;
}

static void settle(struct world *w) {
  for (int i = 0; i < 20; i++)
    dps_loop_turn(w->loop, 1);
}

/* --- tests --- */

static void test_connection_is_kept_for_the_next_transfer(void **state) {
  struct world *w = *state;
  struct get get;
  prepare(&get, w, "127.0.0.1");
  int fd = serve(&get, -1);
  for (int i = 0; i < 5; i++)
    serve(&get, fd);
  assert_int_equal(peer_accept_within(&w->peer, 5), -1);
  curl_easy_cleanup(get.transfer.easy);
  close(fd);
}

static void test_idle_connection_that_the_server_closes_does_not_keep_the_loop_busy(void **state) {
  struct world *w = *state;
  struct get get;
  prepare(&get, w, "127.0.0.1");
  int fd = serve(&get, -1);
  close(fd);
  settle(w);
  assert_false(readable(w));
  int64_t before = dps_loop_now();
  dps_loop_turn(w->loop, 30);
  assert_true(dps_loop_now() - before >= 25);
  fd = serve(&get, -1);
  curl_easy_cleanup(get.transfer.easy);
  close(fd);
}

/* A descriptor that libcurl has closed comes back as another socket and must be heard again. */
static void test_descriptors_used_again_after_a_close_are_registered_anew(void **state) {
  struct world *w = *state;
  struct get get;
  prepare(&get, w, "127.0.0.1");
  curl_easy_setopt(get.transfer.easy, CURLOPT_FORBID_REUSE, 1L);
  for (int i = 0; i < 30; i++)
    close(serve(&get, -1));
  assert_false(dps_loop_alive(w->loop));
  curl_easy_cleanup(get.transfer.easy);
}

/* The resolver's own descriptors end without a CLOSESOCKETFUNCTION. */
static void test_descriptors_of_the_resolver_may_come_back_as_connections(void **state) {
  struct world *w = *state;
  (void)state;
  for (int i = 0; i < 30; i++) {
    char host[32];
    struct get get;
    snprintf(host, sizeof host, "host%d.example", i);
    prepare(&get, w, host);
    curl_easy_setopt(get.transfer.easy, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
    if (i % 3 == 0) curl_easy_setopt(get.transfer.easy, CURLOPT_FORBID_REUSE, 1L);
    int64_t before = dps_loop_now();
    close(serve(&get, -1));
    assert_true(dps_loop_now() - before < 2000);
    curl_easy_cleanup(get.transfer.easy);
  }
}

static void test_transfer_taken_out_never_ends(void **state) {
  struct world *w = *state;
  struct get get;
  prepare(&get, w, "127.0.0.1");
  begin(&get);
  assert_true(dps_loop_alive(w->loop));
  int fd = peer_accept(&w->peer);
  dps_loop_remove_transfer(w->loop, &get.transfer);
  assert_false(dps_loop_alive(w->loop));
  peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  settle(w);
  assert_false(get.over);
  curl_easy_cleanup(get.transfer.easy);
  close(fd);
}

/* --- turns inside of turns --- */

static struct get *awaited;
static int64_t waited_ms;

static void on_ready(struct dps_watch *watch, uint32_t events) {
  uint64_t count;
  int64_t before = dps_loop_now();
  (void)events;
  assert_int_equal(read(watch->fd, &count, sizeof count), sizeof count);
  while (!awaited->over)
    dps_loop_turn(awaited->world->loop, 3000);
  waited_ms = dps_loop_now() - before;
}

/* The outer turn has got the message of the transfer and not looked at it yet. */
static void test_turn_inside_a_callback_sees_what_the_outer_turn_has_got(void **state) {
  struct world *w = *state;
  struct get get;
  struct dps_watch watch = {eventfd(0, EFD_CLOEXEC), on_ready};
  uint64_t one = 1;
  awaited = &get;
  prepare(&get, w, "127.0.0.1");
  begin(&get);
  assert_true(dps_loop_watch(w->loop, &watch, EPOLLIN));
  int fd = peer_accept(&w->peer);
  peer_hear(&w->peer, fd);
  peer_answer(fd, "well");
  usleep(5000);
  assert_int_equal(write(watch.fd, &one, sizeof one), sizeof one);
  peer_turn_until(&w->peer, &get.over);
  settle(w);
  assert_true(waited_ms < 1000);
  dps_loop_unwatch(w->loop, &watch);
  curl_easy_cleanup(get.transfer.easy);
  close(watch.fd);
  close(fd);
}

static void turn_and_go(struct get *get) {
  dps_loop_turn(get->world->loop, 0);
  curl_easy_cleanup(get->transfer.easy);
  get->transfer.easy = NULL;
}

static void test_ended_may_turn_the_loop_and_free_the_handle(void **state) {
  struct world *w = *state;
  struct get gets[8];
  for (size_t i = 0; i < 8; i++) {
    prepare(&gets[i], w, "127.0.0.1");
    gets[i].then = turn_and_go;
    begin(&gets[i]);
  }
  for (size_t i = 0; i < 8; i++) {
    int fd = peer_accept(&w->peer);
    peer_hear(&w->peer, fd);
    peer_answer(fd, "well");
    close(fd);
  }
  for (size_t i = 0; i < 8; i++)
    peer_turn_until(&w->peer, &gets[i].over);
  assert_false(dps_loop_alive(w->loop));
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_WORLD(test_connection_is_kept_for_the_next_transfer),
      IN_WORLD(test_idle_connection_that_the_server_closes_does_not_keep_the_loop_busy),
      IN_WORLD(test_descriptors_used_again_after_a_close_are_registered_anew),
      IN_WORLD(test_descriptors_of_the_resolver_may_come_back_as_connections),
      IN_WORLD(test_transfer_taken_out_never_ends),
      IN_WORLD(test_turn_inside_a_callback_sees_what_the_outer_turn_has_got),
      IN_WORLD(test_ended_may_turn_the_loop_and_free_the_handle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
