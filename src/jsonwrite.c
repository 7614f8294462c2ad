/* Strings and numbers as JSON text, appended to a buffer, and the look at bytes that writing and
 * scanning share; see jsontext.h. Nothing here depends on the locale of the process, and nothing
 * knows of Lua. */
#include "jsontext.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Some byte of w is zero (then, and only then, its high bit is set; bytes above a zero one may be
 * set wrongly). */
static uint64_t zero_bytes(uint64_t w) {
  return (w - EACH(1)) & ~w & EACH(0x80);
}

static bool all_plain(const char *s) {
  uint64_t w;
  memcpy(&w, s, sizeof w);
  uint64_t below_space = (w - EACH(0x20)) & ~w;
  return !(((below_space | w) & EACH(0x80)) | zero_bytes(w ^ EACH('"')) |
           zero_bytes(w ^ EACH('\\')) | zero_bytes(w ^ EACH(0x7F)));
}

static bool is_plain(char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

const char *dps_json_plain(const char *s, const char *end) {
  const char *start = s;
  while (end - s >= 8 && all_plain(s))
    s += 8;
  /* What is left of a longer string: eight bytes again, some of them seen before. */
  if (end - s < 8 && end - start >= 8 && all_plain(end - 8)) return end;
  while (s < end && is_plain(*s))
    s++;
  return s;
}

/* RFC 3629 section 4: by lead byte, how many bytes follow and the range of the first of them. */
static const struct utf8_form {
  unsigned char first, last, follow, low, high;
} utf8_forms[] = {
    {0x00, 0x7F, 0, 0, 0},       {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF},
    {0xE1, 0xEC, 2, 0x80, 0xBF}, {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF}, {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

static size_t match_form(const struct utf8_form *form, const unsigned char *p, size_t len) {
  if (form->follow == 0) return 1;
  if (len <= form->follow || p[1] < form->low || p[1] > form->high) return 0;
  for (size_t i = 2; i <= form->follow; i++)
    if ((p[i] & 0xC0) != 0x80) return 0;
  return form->follow + (size_t)1;
}

size_t dps_json_utf8(const char *s, const char *end) {
  const unsigned char *p = (const unsigned char *)s;
  for (size_t i = 0; i < sizeof utf8_forms / sizeof *utf8_forms; i++)
    if (*p >= utf8_forms[i].first && *p <= utf8_forms[i].last)
      return match_form(&utf8_forms[i], p, (size_t)(end - s));
  return 0;
}

/* --- numbers --- */

/* The digits of n before end; returns where they begin. */
static char *digits_before(char *end, uint64_t n) {
  do
    *--end = (char)('0' + n % 10);
  while (n /= 10);
  return end;
}

bool dps_json_put_integer(struct dps_buf *b, int64_t n) {
  char text[24], *end = text + sizeof text;
  char *p = digits_before(end, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
  if (n < 0) *--p = '-';
  return dps_buf_append(b, p, (size_t)(end - p));
}

/* Prices and ratios, without printf: x = m / 10^k for the smallest k. Both are exact as doubles and
 * a division is correctly rounded, so the decimal m * 10^-k reads back as x; with at most 15 digits
 * no shorter one does. */
static bool put_short_decimal(struct dps_buf *b, double x) {
  char text[24], *end = text + sizeof text;
  double scale = 1;
  for (int k = 1; k <= 6; k++) {
    scale *= 10;
    double m = nearbyint(fabs(x) * scale);
    if (m >= 1e15) return false;
    if (m / scale != fabs(x)) continue;
    char *point = end - k, *p = digits_before(end, (uint64_t)m);
    while (p >= point)
      *--p = '0';
    memmove(p - 1, p, (size_t)(point - p));
    point[-1] = '.';
    p--;
    if (x < 0) *--p = '-';
    return dps_buf_append(b, p, (size_t)(end - p));
  }
  return false;
}

/* printf writes the locale's decimal point, of one byte or more: whatever is there becomes a point.
 */
static size_t make_point(char *text) {
  static const char number[] = "0123456789+-e";
  size_t n = strspn(text, number), rest = n + strcspn(text + n, number);
  if (rest == n) return n;
  text[n++] = '.';
  size_t tail = strlen(text + rest);
  memmove(text + n, text + rest, tail);
  return n + tail;
}

bool dps_json_put_float(struct dps_buf *b, double x) {
  if (fabs(x) < DPS_JSON_EXACT && x == trunc(x)) return dps_json_put_integer(b, (int64_t)x);
  if (put_short_decimal(b, x)) return true;
  char text[48];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, x);
    if (strtod(text, NULL) == x) break;
  }
  return dps_buf_append(b, text, make_point(text));
}

/* --- strings --- */

static bool put_escape(struct dps_buf *b, unsigned char c) {
  static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
  const char *found = c ? strchr(from, c) : NULL;
  if (found) return dps_buf_append(b, (char[]){'\\', to[found - from]}, 2);
  return dps_buf_append(b, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

/* The rest of a string from its first byte that is not plain; spans between escapes are copied
 * whole. */
static bool put_rest(struct dps_buf *b, const char *s, const char *end, const char **bad) {
  const char *from = s;
  while ((s = dps_json_plain(s, end)) < end) {
    unsigned char c = (unsigned char)*s;
    size_t n = c < 0x80 ? 0 : dps_json_utf8(s, end);
    if (c >= 0x80 && n == 0) return *bad = s, false;
    s += n;
    if (n) continue;
    if (!dps_buf_append(b, from, (size_t)(s - from)) || !put_escape(b, c)) return false;
    from = ++s;
  }
  return dps_buf_append(b, from, (size_t)(end - from));
}

bool dps_json_put_string(struct dps_buf *b, const char *s, size_t len, size_t *bad) {
  const char *end = s + len, *plain = dps_json_plain(s, end), *wrong = end;
  size_t n = (size_t)(plain - s);
  char *to = dps_json_room(b, n + 2);
  *bad = len;
  if (!to) return false;
  *to++ = '"';
  memcpy(to, s, n);
  to[n] = '"';
  to[n + 1] = '\0';
  b->len += n + 2;
  if (plain == end) return true;
  b->len--; /* it goes on: the closing quote comes later */
  bool ok = put_rest(b, plain, end, &wrong) && dps_json_put_char(b, '"');
  *bad = (size_t)(wrong - s);
  return ok;
}
