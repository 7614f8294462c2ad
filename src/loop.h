/* One epoll set, timers and the CURLM. Plain C: it knows descriptors and clocks, no Lua and no
 * HTTP.
 *
 * A turn waits once, acts on what is ready, fires timers and drains every curl message. Turns are
 * re-entrant: any callback may run another turn, and may stop or free what it belongs to.
 * Everything runs on the thread that turns; only dps_loop_wake may be called from elsewhere
 * (another thread, a signal handler). */
#ifndef DPS_LOOP_H
#define DPS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <curl/curl.h>

struct dps_loop;

/* NULL when memory or descriptors ran out. */
struct dps_loop *dps_loop_new(void);
/* Ends the CURLM and the set. Every watch, timer, source and transfer must be gone before. */
void dps_loop_free(struct dps_loop *);

/* Waits at most max_wait_ms (-1: until something happens; 0: not at all) and acts once. */
void dps_loop_turn(struct dps_loop *, int64_t max_wait_ms);
/* Ends a wait that goes on now, or the next one. Async-signal-safe and thread-safe. */
void dps_loop_wake(struct dps_loop *);
/* Milliseconds on the monotonic clock. */
int64_t dps_loop_now(void);
/* True while something that was started here is still to happen: a transfer or a timer. */
bool dps_loop_alive(const struct dps_loop *);
/* The epoll descriptor, and the milliseconds until a turn is due (-1: only when the descriptor is
 * ready). */
int dps_loop_fd(const struct dps_loop *);
int64_t dps_loop_timeout(struct dps_loop *);

/* --- timers: embedded in what they time; zeroed is "not started" --- */
struct dps_timer {
  int64_t due;    /* dps_loop_now() time; set by start */
  uint64_t order; /* of all starts; timers that are due at the same time fire in this order */
  size_t place;   /* 1-based place in the heap; 0 while not started */
  void (*fire)(struct dps_timer *);
};
/* Starts or restarts. fire runs once, from a turn, never from inside start, and not in a turn that
 * fires timers already. False: out of memory. */
bool dps_timer_start(struct dps_loop *, struct dps_timer *, int64_t delay_ms);
void dps_timer_stop(struct dps_loop *, struct dps_timer *);

/* --- watched descriptors: level-triggered EPOLLIN/EPOLLOUT --- */
struct dps_watch {
  int fd;
  /* A turn inside of this one may have taken what was there: the descriptor should not block. */
  void (*ready)(struct dps_watch *, uint32_t events);
};
bool dps_loop_watch(struct dps_loop *, struct dps_watch *, uint32_t events);
/* Must come before the descriptor is closed. */
void dps_loop_unwatch(struct dps_loop *, struct dps_watch *);

/* --- sources with a clock of their own (libmicrohttpd): asked before every wait, and run when that
 * time is over --- */
struct dps_clocked {
  int64_t (*timeout_ms)(struct dps_clocked *); /* -1: none */
  void (*run)(struct dps_clocked *);
  struct dps_clocked *next; /* from here on the loop's */
  uint64_t turn;
};
void dps_loop_add_clocked(struct dps_loop *, struct dps_clocked *);
void dps_loop_remove_clocked(struct dps_loop *, struct dps_clocked *);

/* --- transfers: CURLOPT_PRIVATE of every easy handle added here must be its struct dps_transfer
 * --- */
struct dps_transfer {
  CURL *easy;
  /* The transfer ended; the handle has been taken out of the multi already. */
  void (*ended)(struct dps_transfer *, CURLcode);
};
CURLMcode dps_loop_add_transfer(struct dps_loop *, struct dps_transfer *);
/* Takes a transfer out before its end; ended is not called. */
void dps_loop_remove_transfer(struct dps_loop *, struct dps_transfer *);
/* Every easy handle must use these for CURLOPT_SOCKOPTFUNCTION and CURLOPT_CLOSESOCKETFUNCTION,
 * with the loop as their data: sockets of connections stay registered between transfers, so both
 * ends of their lives must be seen. https://curl.se/libcurl/c/CURLOPT_SOCKOPTFUNCTION.html
 * https://curl.se/libcurl/c/CURLOPT_CLOSESOCKETFUNCTION.html */
int dps_loop_own_socket(void *loop, curl_socket_t, curlsocktype);
int dps_loop_close_socket(void *loop, curl_socket_t);
/* Connections kept open between transfers; raised to at least n. */
void dps_loop_keep_connections(struct dps_loop *, long n);

#endif
