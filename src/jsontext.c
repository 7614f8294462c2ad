/* The strict scan of JSON text (RFC 8259) that goes before cjson's decoding; see jsontext.h. It
 * builds no values: it says yes or where not, and rewrites the few items that cjson would damage.
 */
#include "jsontext.h"

#include <string.h>

struct scan {
  const char *text, *p, *end;
  const char *copied; /* the text up to here is in out, once anything is */
  struct dps_buf *out;
  const char *message;
  int depth;
  char close[DPS_JSON_DEPTH]; /* what ends each container that is open */
};

/* FAULT: message is set. VALUE: the next thing must be a value. DONE: a value is complete. */
enum step { FAULT, VALUE, DONE };

static enum step fault(struct scan *s, const char *message) {
  s->message = message;
  return FAULT;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static void skip_space(struct scan *s) {
  while (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t')
    s->p++;
}

static void skip_digits(struct scan *s) {
  while (is_digit(*s->p))
    s->p++;
}

/* Puts a marked string where the text has its item from start to p. */
static enum step rewrite(struct scan *s, const char *start, const char *item, size_t len) {
  bool ok = dps_buf_append(s->out, s->copied, (size_t)(start - s->copied)) &&
            dps_buf_puts(s->out, "\"" DPS_JSON_MARK) && dps_buf_append(s->out, item, len) &&
            dps_buf_putc(s->out, '"');
  s->copied = s->p;
  return ok ? DONE : fault(s, "not enough memory");
}

/* --- strings --- */

/* -1 when it is not four hexadecimal digits. */
static long hex4(const char *p) {
  long value = 0;
  for (int i = 0; i < 4; i++) {
    char c = (char)(p[i] | 0x20);
    bool letter = c >= 'a' && c <= 'f';
    if (!letter && !is_digit(p[i])) return -1;
    value = value * 16 + (letter ? c - 'a' + 10 : p[i] - '0');
  }
  return value;
}

/* At the u of \uXXXX; surrogates must come in pairs, high before low. */
static enum step scan_unicode(struct scan *s) {
  long unit = hex4(s->p + 1);
  if (unit < 0) return fault(s, "\\u needs four hexadecimal digits");
  if ((unit & 0xF800) != 0xD800) return s->p += 5, DONE;
  bool high = unit < 0xDC00 && s->p[5] == '\\' && s->p[6] == 'u';
  if (!high || (hex4(s->p + 7) & ~0x3FF) != 0xDC00) return fault(s, "half of a surrogate pair");
  s->p += 11;
  return DONE;
}

static enum step scan_escape(struct scan *s) {
  char c = *++s->p;
  if (c == 'u') return scan_unicode(s);
  if (c == '\0' || !strchr("\"\\/bfnrt", c)) return fault(s, "unknown escape in a string");
  s->p++;
  return DONE;
}

/* Whatever cannot be skipped as plain text inside a string, its end excepted. */
static enum step scan_special(struct scan *s) {
  unsigned char c = (unsigned char)*s->p;
  if (c == '\\') return scan_escape(s);
  if (s->p == s->end) return fault(s, "a string has no end");
  if (c < 0x20) return fault(s, "a raw control character in a string");
  size_t n = c == 0x7F ? 1 : dps_json_utf8(s->p, s->end);
  if (n == 0) return fault(s, "invalid UTF-8");
  s->p += n;
  return DONE;
}

static enum step scan_string(struct scan *s) {
  s->p++;
  for (;;) {
    s->p = dps_json_plain(s->p, s->end);
    if (*s->p == '"') return s->p++, DONE;
    if (scan_special(s) == FAULT) return FAULT;
  }
}

/* --- numbers and words --- */

static enum step scan_fraction(struct scan *s) {
  if (*s->p == '.') {
    s->p++;
    if (!is_digit(*s->p)) return fault(s, "a digit must follow the decimal point");
    skip_digits(s);
  }
  if ((*s->p | 0x20) == 'e') {
    s->p++;
    if (*s->p == '+' || *s->p == '-') s->p++;
    if (!is_digit(*s->p)) return fault(s, "a digit must follow the exponent sign");
    skip_digits(s);
  }
  return DONE;
}

static enum step scan_number(struct scan *s) {
  const char *start = s->p;
  if (*s->p == '-') s->p++;
  const char *digits = s->p;
  if (!is_digit(*s->p)) return fault(s, "a digit must follow the minus sign");
  skip_digits(s);
  if (*digits == '0' && s->p - digits > 1) return s->p = start, fault(s, "a leading zero");
  const char *integer = s->p;
  if (scan_fraction(s) == FAULT) return FAULT;
  if (s->p > integer || integer - digits <= DPS_JSON_EXACT_DIGITS) return DONE;
  return rewrite(s, start, start, (size_t)(s->p - start));
}

static enum step scan_word(struct scan *s) {
  static const char *const words[] = {"true", "false", "null"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t n = strlen(words[i]);
    if (strncmp(s->p, words[i], n) == 0) return s->p += n, DONE;
  }
  return fault(s, "expected a value");
}

/* --- containers --- */

static enum step scan_key(struct scan *s) {
  if (*s->p != '"') return fault(s, "expected a key in double quotes");
  if (scan_string(s) == FAULT) return FAULT;
  skip_space(s);
  if (*s->p != ':') return fault(s, "expected a colon after the key");
  s->p++;
  return VALUE;
}

/* Up to the first value inside; an empty container is complete at once. */
static enum step enter(struct scan *s, char close) {
  if (s->depth == DPS_JSON_DEPTH) return fault(s, "nested deeper than 128 levels");
  const char *start = s->p++;
  skip_space(s);
  if (*s->p == close) {
    static const char empty = DPS_JSON_EMPTY_ARRAY;
    s->p++;
    return close == ']' ? rewrite(s, start, &empty, 1) : DONE;
  }
  s->close[s->depth++] = close;
  return close == ']' ? VALUE : scan_key(s);
}

static enum step scan_value(struct scan *s) {
  skip_space(s);
  switch (*s->p) {
  case '"':
    return scan_string(s);
  case '{':
    return enter(s, '}');
  case '[':
    return enter(s, ']');
  default:
    return *s->p == '-' || is_digit(*s->p) ? scan_number(s) : scan_word(s);
  }
}

/* A value is complete: ends the containers that end here and goes on to the next value, if any. */
static enum step after_value(struct scan *s) {
  for (;;) {
    skip_space(s);
    if (s->depth == 0) return s->p == s->end ? DONE : fault(s, "more text after the value");
    char close = s->close[s->depth - 1];
    if (*s->p == ',') {
      s->p++;
      skip_space(s);
      return close == ']' ? VALUE : scan_key(s);
    }
    if (*s->p != close)
      return fault(s, close == ']' ? "expected a comma or ]" : "expected a comma or }");
    s->p++;
    s->depth--;
  }
}

static bool scan_all(struct scan *s) {
  if (strncmp(s->p, "\xEF\xBB\xBF", 3) == 0) return fault(s, "starts with a byte order mark");
  enum step step = VALUE;
  while (step == VALUE) {
    step = scan_value(s);
    if (step == DONE) step = after_value(s);
  }
  return step == DONE;
}

bool dps_json_scan(const char *text, size_t len, struct dps_buf *out, struct dps_json_fault *f) {
  struct scan s;
  s.text = s.p = s.copied = text;
  s.end = text + len;
  s.out = out;
  s.depth = 0;
  if (scan_all(&s)) {
    if (s.copied == text) return true;
    if (dps_buf_append(out, s.copied, (size_t)(s.end - s.copied))) return true;
    s.message = "not enough memory";
  }
  *f = (struct dps_json_fault){.message = s.message, .at = (size_t)(s.p - text)};
  return false;
}
