/* The timers of a loop in the order in which they fire: a binary heap. For loop.c alone; what a
 * timer is says loop.h. */
#ifndef DPS_TIMERS_H
#define DPS_TIMERS_H

#include "loop.h"

/* Zeroed is empty; heap is freed by its owner. */
struct dps_timers {
  struct dps_timer **heap; /* heap[0] is the next */
  size_t n, cap;
  uint64_t starts;
};

/* Starts or restarts. False: out of memory, and it is not started. */
bool dps_timers_add(struct dps_timers *, struct dps_timer *, int64_t due);
void dps_timers_remove(struct dps_timers *, struct dps_timer *);
/* The next to fire; NULL when there is none. */
struct dps_timer *dps_timers_first(const struct dps_timers *);

#endif
