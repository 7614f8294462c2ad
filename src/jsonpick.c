/* Values out of a JSON text; see jsonpick.h. It walks over what the scan has found to be JSON, so
 * it checks nothing twice. */
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

/* --- a walk --- */

static const char *blank(const char *at) {
  return at + strspn(at, " \t\r\n");
}

const char *dps_json_root(const char *text) {
  return blank(text);
}

static const char *after_string(const char *at) {
  for (at++; *at != '"'; at++)
    if (*at == '\\') at++;
  return at + 1;
}

/* Behind a value: brackets inside of it are counted, so nothing recurses. */
static const char *after_value(const char *at) {
  size_t depth = 0;
  do {
    if (*at == '"') {
      at = after_string(at);
      continue;
    }
    if (*at == '{' || *at == '[') depth++;
    if (*at == '}' || *at == ']') depth--;
    bool scalar = !strchr("{}[],: \t\r\n", *at);
    at += scalar ? strcspn(at, ",:]} \t\r\n") : 1;
  } while (depth);
  return at;
}

/* From the end of a value to the next one, or NULL at the end of what both are in. */
static const char *to_next(const char *at) {
  at = blank(at);
  return *at == ',' ? blank(at + 1) : NULL;
}

const char *dps_json_first(const char *array) {
  if (!array || *array != '[') return NULL;
  array = blank(array + 1);
  return *array == ']' ? NULL : array;
}

const char *dps_json_next(const char *item) {
  return to_next(after_value(item));
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
  size_t room = (size_t)(after_string(value) - value);
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
  if (after_string(at) - at > (ptrdiff_t)sizeof text) return false;
  size_t len = (size_t)(decode(at, text) - text);
  return len == strlen(name) && memcmp(text, name, len) == 0;
}

static const char *value_of(const char *name) {
  return blank(blank(after_string(name)) + 1);
}

const char *dps_json_first_name(const char *object) {
  if (!object || *object != '{') return NULL;
  object = blank(object + 1);
  return *object == '}' ? NULL : object;
}

const char *dps_json_next_name(const char *name) {
  return to_next(after_value(value_of(name)));
}

const char *dps_json_member(const char *object, const char *name) {
  const char *found = NULL;
  for (const char *at = dps_json_first_name(object); at; at = dps_json_next_name(at))
    if (is_named(at, name)) found = value_of(at);
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
