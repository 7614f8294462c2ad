/* Growable bytes with a ceiling.
 *
 * A buffer never holds more than the maximum given at init. The first append that would pass it, or
 * that finds no memory, frees the content and makes every later append fail too, so a caller checks
 * once at the end if it likes. The bytes are always followed by a NUL that len does not count. */
#ifndef DPS_BUF_H
#define DPS_BUF_H

#include <stdbool.h>
#include <stddef.h>

enum dps_buf_state { DPS_BUF_OK, DPS_BUF_FULL, DPS_BUF_NOMEM };

struct dps_buf {
  char *data; /* NULL while empty and never grown */
  size_t len;
  size_t cap;
  size_t max;
  enum dps_buf_state state;
  bool secret; /* wiped before any memory of it is given back */
};

/* Makes an empty buffer that may hold at most max bytes. Acquires nothing. */
void dps_buf_init(struct dps_buf *b, size_t max);

/* The same for bytes that must not stay in memory: they are wiped when the buffer moves as it
 * grows, when it fails and when it is cleared. */
void dps_buf_init_secret(struct dps_buf *b, size_t max);

/* Frees the bytes; the buffer is empty and usable again, with the same ceiling and secrecy. */
void dps_buf_clear(struct dps_buf *b);

/* Empties the buffer and keeps its memory for reuse. */
void dps_buf_reset(struct dps_buf *b);

/* Appends n bytes. False when the ceiling or the memory is reached (see state). */
bool dps_buf_append(struct dps_buf *b, const void *bytes, size_t n);
bool dps_buf_puts(struct dps_buf *b, const char *s);
bool dps_buf_putc(struct dps_buf *b, char c);

/* Makes room for n more bytes and returns where they go, or NULL. The caller writes and adds to len
 * itself. */
char *dps_buf_reserve(struct dps_buf *b, size_t n);

/* The bytes as a C string; "" when empty. */
const char *dps_buf_str(const struct dps_buf *b);

#endif
