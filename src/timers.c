/* A binary heap of timers, by due time and then by the order of their starts; see timers.h. */
#include "timers.h"

#include <stdlib.h>

static void heap_put(struct dps_timers *timers, size_t i, struct dps_timer *timer) {
  timers->heap[i] = timer;
  timer->place = i + 1;
}

static bool before(const struct dps_timer *a, const struct dps_timer *b) {
  return a->due < b->due || (a->due == b->due && a->order < b->order);
}

static void sift_up(struct dps_timers *timers, size_t i, struct dps_timer *timer) {
  for (; i > 0 && before(timer, timers->heap[(i - 1) / 2]); i = (i - 1) / 2)
    heap_put(timers, i, timers->heap[(i - 1) / 2]);
  heap_put(timers, i, timer);
}

static void sift_down(struct dps_timers *timers, size_t i, struct dps_timer *timer) {
  for (size_t child; (child = 2 * i + 1) < timers->n; i = child) {
    if (child + 1 < timers->n && before(timers->heap[child + 1], timers->heap[child])) child++;
    if (before(timer, timers->heap[child])) break;
    heap_put(timers, i, timers->heap[child]);
  }
  heap_put(timers, i, timer);
}

static bool has_room(struct dps_timers *timers) {
  if (timers->n < timers->cap) return true;
  size_t cap = timers->cap ? timers->cap * 2 : 16;
  struct dps_timer **heap = realloc(timers->heap, cap * sizeof *heap);
  if (!heap) return false;
  timers->heap = heap;
  timers->cap = cap;
  return true;
}

bool dps_timers_add(struct dps_timers *timers, struct dps_timer *timer, int64_t due) {
  dps_timers_remove(timers, timer);
  if (!has_room(timers)) return false;
  timer->due = due;
  timer->order = ++timers->starts;
  sift_up(timers, timers->n++, timer);
  return true;
}

void dps_timers_remove(struct dps_timers *timers, struct dps_timer *timer) {
  if (!timer->place) return;
  size_t i = timer->place - 1;
  timer->place = 0;
  struct dps_timer *last = timers->heap[--timers->n];
  if (last == timer) return;
  sift_down(timers, i, last);
  sift_up(timers, last->place - 1, last);
}

struct dps_timer *dps_timers_first(const struct dps_timers *timers) {
  return timers->n ? timers->heap[0] : NULL;
}
