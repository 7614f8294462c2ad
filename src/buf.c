/* Growable bytes with a ceiling; see buf.h. Knows nothing of what the bytes mean. */
#include "buf.h"

#include <stdlib.h>
#include <string.h>

void dps_buf_init(struct dps_buf *b, size_t max) {
  *b = (struct dps_buf){.max = max};
}

void dps_buf_init_secret(struct dps_buf *b, size_t max) {
  *b = (struct dps_buf){.max = max, .secret = true};
}

static void give_back(struct dps_buf *b) {
  if (b->secret && b->data) explicit_bzero(b->data, b->cap + 1);
  free(b->data);
}

void dps_buf_clear(struct dps_buf *b) {
  give_back(b);
  *b = (struct dps_buf){.max = b->max, .secret = b->secret};
}

void dps_buf_reset(struct dps_buf *b) {
  b->len = 0;
  b->state = DPS_BUF_OK;
  if (b->data) b->data[0] = '\0';
}

static bool fail(struct dps_buf *b, enum dps_buf_state why) {
  dps_buf_clear(b);
  b->state = why;
  return false;
}

/* realloc may move, and leaves what was there. */
static char *moved(struct dps_buf *b, size_t size) {
  if (!b->secret) return realloc(b->data, size);
  char *data = malloc(size);
  if (!data) return NULL;
  if (b->data) memcpy(data, b->data, b->len + 1);
  give_back(b);
  return data;
}

/* Doubles up to the ceiling; one byte more than cap is always allocated, for the NUL. */
static bool grow(struct dps_buf *b, size_t need) {
  size_t cap = b->cap ? b->cap : b->max < 512 ? b->max : 512;
  while (cap < need)
    cap = cap > b->max / 2 ? b->max : cap * 2;
  char *data = moved(b, cap + 1);
  if (!data) return false;
  b->data = data;
  b->cap = cap;
  return true;
}

char *dps_buf_reserve(struct dps_buf *b, size_t n) {
  if (b->state != DPS_BUF_OK) return NULL;
  if (n > b->max - b->len) return fail(b, DPS_BUF_FULL), NULL;
  if ((!b->data || b->len + n > b->cap) && !grow(b, b->len + n))
    return fail(b, DPS_BUF_NOMEM), NULL;
  return b->data + b->len;
}

bool dps_buf_append(struct dps_buf *b, const void *bytes, size_t n) {
  char *to = dps_buf_reserve(b, n);
  if (!to) return false;
  if (n) memcpy(to, bytes, n);
  b->len += n;
  b->data[b->len] = '\0';
  return true;
}

bool dps_buf_puts(struct dps_buf *b, const char *s) {
  return dps_buf_append(b, s, strlen(s));
}

bool dps_buf_putc(struct dps_buf *b, char c) {
  return dps_buf_append(b, &c, 1);
}

const char *dps_buf_str(const struct dps_buf *b) {
  return b->data ? b->data : "";
}
