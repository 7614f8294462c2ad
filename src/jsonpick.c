/* Values out of a JSON text; see jsonpick.h. */
#include "jsonpick.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jsontext.h"

bool dps_json_is_valid(const char *text, size_t len) {
  struct dps_json_fault fault;
  struct dps_buf out;
  dps_buf_init_secret(&out, 2 * len + 16);
  bool ok = dps_buf_reserve(&out, 2 * len + 16) && dps_json_scan(text, len, &out, &fault);
  dps_buf_clear(&out);
  return ok;
}

/* --- strings --- */

static unsigned hex(const char *at) {
  char digits[5] = {at[0], at[1], at[2], at[3], 0};
  return (unsigned)strtoul(digits, NULL, 16);
}

static char *put_utf8(char *to, uint32_t c) {
  static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
  int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (int i = n - 1; i > 0; i--, c >>= 6)
    to[i] = (char)(0x80 | (c & 0x3F));
  to[0] = (char)(n == 1 ? c : marks[n] | c);
  return to + n;
}

/* At a backslash. The scan lets surrogates through in pairs only. */
static const char *unescape(const char *at, char **to) {
  static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
  const char *name = strchr(names, at[1]);
  if (at[1] != 'u') return *(*to)++ = name ? bytes[name - names] : at[1], at + 2;
  uint32_t c = hex(at + 2);
  at += 6;
  if (c >= 0xD800 && c < 0xDC00) {
    c = 0x10000 + ((c - 0xD800) << 10) + (hex(at + 2) - 0xDC00);
    at += 6;
  }
  *to = put_utf8(*to, c);
  return at;
}

/* The string at `at`, decoded into room for all its bytes. Never longer than it is written. */
static char *decode(const char *at, char *to) {
  for (at++; *at != '"';) {
    if (*at == '\\')
      at = unescape(at, &to);
    else
      *to++ = *at++;
  }
  return to;
}

bool dps_json_text(const char *value, struct dps_secret *secret) {
  if (!value || *value != '"') return false;
  size_t room = (size_t)(dps_json_after(value) - value);
  char *text = malloc(room);
  if (!text) return false;
  size_t len = (size_t)(decode(value, text) - text);
  bool ok = dps_secret_set_bytes(secret, text, len);
  explicit_bzero(text, room);
  free(text);
  return ok;
}

/* --- members --- */

/* Escapes in a name are decoded too. */
static bool is_named(const char *at, const char *name) {
  char text[128];
  if (dps_json_after(at) - at > (ptrdiff_t)sizeof text) return false;
  size_t len = (size_t)(decode(at, text) - text);
  return len == strlen(name) && memcmp(text, name, len) == 0;
}

const char *dps_json_member(const char *object, const char *name) {
  const char *found = NULL;
  for (const char *at = dps_json_first_name(object); at; at = dps_json_next_name(at))
    if (is_named(at, name)) found = dps_json_value(at);
  return found;
}

const char *dps_json_path(const char *object, const char *const names[]) {
  for (; *names; names++)
    object = dps_json_member(object, *names);
  return object;
}

/* --- numbers --- */

bool dps_json_number(const char *value, double *number) {
  if (!value) return false;
  bool text = *value == '"';
  const char *from = value + text;
  if (!strchr("-0123456789", *from) || (text && *from == '-')) return false;
  size_t digits = strspn(from, "0123456789");
  if (text && (digits == 0 || from[digits] != '"')) return false;
  *number = strtod(from, NULL);
  return true;
}
