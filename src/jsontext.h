/* JSON text in plain C: one strict scan of what is to be decoded, and the writing of strings and
 * numbers. No Lua.
 *
 * lua-cjson 2.1.0 decodes; the scan goes before it, because cjson accepts what is no JSON (`1.`,
 * `-.5`, raw control characters, invalid UTF-8, anything after a NUL), makes `[]` and `{}` the same
 * table, and rounds long integers. */
#ifndef DPS_JSONTEXT_H
#define DPS_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum { DPS_JSON_DEPTH = 128 };            /* arrays and objects inside one another, both ways */
enum { DPS_JSON_EXACT_DIGITS = 15 };      /* every integer of so many digits is exact as a double */
#define DPS_JSON_EXACT 9007199254740992.0 /* 2^53; so is every integer below it */

/* What stands in the rewritten text for an empty array is the string MARK "[", and for an integer
 * of more than 15 digits the string MARK digits. No string value of the text can begin with MARK:
 * the scan lets only valid UTF-8 through, in which the byte 0xFF never occurs; every escape that it
 * lets through (surrogates in pairs) stands for a code point, whose UTF-8 has no 0xFF either. */
#define DPS_JSON_MARK "\xFF"
#define DPS_JSON_EMPTY_ARRAY '['

struct dps_json_fault {
  const char *message; /* static text */
  size_t at;           /* bytes before the fault */
};

/* Checks that text is one JSON value as RFC 8259 has it, at most 128 levels deep. text[len] must be
 * a NUL, as behind every Lua string. Where nothing needs another form, out stays empty; else it
 * receives the rewritten text, at most twice as long. False: fault is filled in. */
bool dps_json_scan(const char *text, size_t len, struct dps_buf *out, struct dps_json_fault *fault);

/* The first byte from s on that is not printable ASCII, or is a quote or a backslash; end when
 * there is none. */
const char *dps_json_plain(const char *s, const char *end);

/* Length of the UTF-8 sequence (RFC 3629) at s < end; 0 when it is none. */
size_t dps_json_utf8(const char *s, const char *end);

/* dps_buf_reserve, n > 0, without a call where there is room already: tokens are small. */
static inline char *dps_json_room(struct dps_buf *b, size_t n) {
  return n <= b->cap - b->len ? b->data + b->len : dps_buf_reserve(b, n);
}

/* dps_buf_putc in the same way. */
static inline bool dps_json_put_char(struct dps_buf *b, char c) {
  char *to = dps_json_room(b, 1);
  if (!to) return false;
  to[0] = c;
  to[1] = '\0';
  b->len++;
  return true;
}

/* Each appends one JSON token; false when the buffer failed. */
bool dps_json_put_integer(struct dps_buf *, int64_t);
/* Finite numbers only. The shortest digits that read back as the same double; no fraction where
 * there is none. */
bool dps_json_put_float(struct dps_buf *, double);
/* Also false, with *bad < len and the buffer still well, at the first byte that is not UTF-8. */
bool dps_json_put_string(struct dps_buf *, const char *s, size_t len, size_t *bad);

#endif
