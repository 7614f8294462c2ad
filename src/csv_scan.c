/* One line is looked for, then its separators: whole searches by memchr, since fields are short and
 * quotes are rare. */
#include "csv_scan.h"

#include <stdbool.h>
#include <string.h>

/* A bare field ends at the separator or with the line. */
static const char *bare(const char *at, const char *end, char separator,
                        struct dps_csv_field *field) {
  const char *stop = memchr(at, separator, (size_t)(end - at));
  if (!stop) stop = end;
  *field = (struct dps_csv_field){at, (size_t)(stop - at)};
  return stop;
}

/* A quoted one ends at its quote, which must stand before the separator or the line's end. NULL
 * where it does not. */
static const char *quoted(const char *at, const char *end, char separator,
                          struct dps_csv_field *field) {
  const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));
  if (!close || (close + 1 < end && close[1] != separator)) return NULL;
  *field = (struct dps_csv_field){at + 1, (size_t)(close - at - 1)};
  return close + 1;
}

static bool holds(const struct dps_csv_field *field, char c) {
  return memchr(field->start, c, field->len) != NULL;
}

/* The end of one field; NULL where it needs a second look. */
static const char *one(const char *at, const char *end, char separator, bool quotes,
                       struct dps_csv_field *field) {
  if (!quotes) return bare(at, end, separator, field);
  if (at < end && *at == '"') return quoted(at, end, separator, field);
  const char *stop = bare(at, end, separator, field);
  return holds(field, '"') ? NULL : stop;
}

static bool split(const char *at, const char *end, char separator, struct dps_csv_field *fields,
                  size_t count) {
  bool quotes = memchr(at, '"', (size_t)(end - at)) != NULL;
  for (size_t i = 0; i < count; i++) {
    at = one(at, end, separator, quotes, &fields[i]);
    if (!at || (at == end) != (i + 1 == count)) return false;
    at++;
  }
  return true;
}

size_t dps_csv_scan(const char *text, size_t len, char separator, struct dps_csv_field *fields,
                    size_t count) {
  const char *newline = memchr(text, '\n', len);
  if (!newline) return 0;
  const char *end = newline;
  const char *cr = memchr(text, '\r', (size_t)(end - text));
  if (cr && cr + 1 == newline) end = cr;
  if ((cr && cr != end) || end == text) return 0;
  return split(text, end, separator, fields, count) ? (size_t)(newline - text) + 1 : 0;
}
