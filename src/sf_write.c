/* Serialising of structured fields by the algorithms of RFC 9651, section 4.1; see sf.h. */
#include <string.h>

#include "base64.h"
#include "jsontext.h"
#include "sf.h"

static bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_key(struct dps_text key) {
  if (key.len == 0 || (!is_lower(key.at[0]) && key.at[0] != '*')) return false;
  for (size_t i = 1; i < key.len; i++)
    if (!is_lower(key.at[i]) && !is_digit(key.at[i]) && (!key.at[i] || !strchr("_-.*", key.at[i])))
      return false;
  return true;
}

static bool is_letter(char c) {
  return is_lower((char)(c | 0x20));
}

static bool is_token(struct dps_text token) {
  if (token.len == 0 || (!is_letter(token.at[0]) && token.at[0] != '*')) return false;
  for (size_t i = 1; i < token.len; i++) {
    char c = token.at[i];
    if (!is_letter(c) && !is_digit(c) && (!c || !strchr("!#$%&'*+-.^_`|~:/", c))) return false;
  }
  return true;
}

bool dps_sf_write_key(struct dps_buf *out, struct dps_text key) {
  return is_key(key) && dps_buf_append(out, key.at, key.len);
}

bool dps_sf_write_string(struct dps_buf *out, struct dps_text text) {
  char *to = dps_buf_reserve(out, 2 * text.len + 2);
  if (!to) return false;
  *to++ = '"';
  for (size_t i = 0; i < text.len; i++) {
    char c = text.at[i];
    if (c < 0x20 || c > 0x7e) {
      out->data[out->len] = '\0'; /* where the text that stays ends */
      return false;
    }
    if (c == '"' || c == '\\') *to++ = '\\';
    *to++ = c;
  }
  *to++ = '"';
  *to = '\0';
  out->len = (size_t)(to - out->data);
  return true;
}

/* At least `least` digits. */
static bool write_digits(struct dps_buf *out, uint64_t n, int least) {
  char digits[20], *p = digits + sizeof digits;
  for (; n > 0 || least > 0; n /= 10, least--)
    *--p = (char)('0' + n % 10);
  return dps_buf_append(out, p, (size_t)(digits + sizeof digits - p));
}

/* Fifteen digits: an integer's, and those of a decimal in thousandths. */
static bool in_range(int64_t n) {
  return n >= -999999999999999 && n <= 999999999999999;
}

bool dps_sf_write_integer(struct dps_buf *out, int64_t n) {
  if (!in_range(n) || (n < 0 && !dps_buf_putc(out, '-'))) return false;
  return write_digits(out, (uint64_t)(n < 0 ? -n : n), 1);
}

static bool write_decimal(struct dps_buf *out, int64_t thousandths) {
  if (!in_range(thousandths) || (thousandths < 0 && !dps_buf_putc(out, '-'))) return false;
  uint64_t n = (uint64_t)(thousandths < 0 ? -thousandths : thousandths), fraction = n % 1000;
  int places = 3;
  for (; places > 1 && fraction % 10 == 0; places--)
    fraction /= 10;
  return write_digits(out, n / 1000, 1) && dps_buf_putc(out, '.') &&
         write_digits(out, fraction, places);
}

bool dps_sf_write_bytes(struct dps_buf *out, const void *bytes, size_t n) {
  char *to = dps_buf_reserve(out, DPS_BASE64_LENGTH(n) + 2);
  if (!to) return false;
  *to++ = ':';
  to += dps_base64_encode(to, bytes, n, DPS_BASE64_PADDED);
  *to++ = ':';
  *to = '\0';
  out->len = (size_t)(to - out->data);
  return true;
}

static bool write_display(struct dps_buf *out, struct dps_text text) {
  static const char digits[] = "0123456789abcdef";
  const char *p = text.at, *end = p + text.len;
  if (!dps_buf_puts(out, "%\"")) return false;
  for (size_t n; p < end; p += n) {
    if (!(n = dps_json_utf8(p, end))) return false;
    for (size_t i = 0; i < n; i++) {
      unsigned char c = (unsigned char)p[i];
      const char escaped[] = {'%', digits[c >> 4], digits[c & 15]};
      bool plain = c >= 0x20 && c <= 0x7e && c != '%' && c != '"';
      if (!(plain ? dps_buf_putc(out, p[i]) : dps_buf_append(out, escaped, 3))) return false;
    }
  }
  return dps_buf_putc(out, '"');
}

bool dps_sf_write_value(struct dps_buf *out, const struct dps_sf_value *value) {
  switch (value->type) {
  case DPS_SF_INTEGER:
    return dps_sf_write_integer(out, value->number);
  case DPS_SF_DECIMAL:
    return write_decimal(out, value->number);
  case DPS_SF_STRING:
    return dps_sf_write_string(out, value->text);
  case DPS_SF_TOKEN:
    return is_token(value->text) && dps_buf_append(out, value->text.at, value->text.len);
  case DPS_SF_BYTES:
    return dps_sf_write_bytes(out, value->text.at, value->text.len);
  case DPS_SF_BOOLEAN:
    return dps_buf_puts(out, value->number ? "?1" : "?0");
  case DPS_SF_DATE:
    return dps_buf_putc(out, '@') && dps_sf_write_integer(out, value->number);
  case DPS_SF_DISPLAY:
    return write_display(out, value->text);
  }
  return false;
}

static bool is_true(const struct dps_sf_value *value) {
  return value->type == DPS_SF_BOOLEAN && value->number;
}

bool dps_sf_write_params(struct dps_buf *out, const struct dps_sf *sf, struct dps_sf_run run) {
  for (size_t i = run.first; i < run.first + run.count; i++) {
    const struct dps_sf_param *param = &sf->params[i];
    if (!dps_buf_putc(out, ';') || !dps_sf_write_key(out, param->key)) return false;
    if (is_true(&param->value)) continue;
    if (!dps_buf_putc(out, '=') || !dps_sf_write_value(out, &param->value)) return false;
  }
  return true;
}

static bool write_item(struct dps_buf *out, const struct dps_sf *sf,
                       const struct dps_sf_item *item) {
  return dps_sf_write_value(out, &item->value) && dps_sf_write_params(out, sf, item->params);
}

bool dps_sf_write_member(struct dps_buf *out, const struct dps_sf *sf,
                         const struct dps_sf_member *member) {
  size_t first = member->items.first, end = first + member->items.count;
  if (!member->is_list) return write_item(out, sf, &sf->items[first]);
  if (!dps_buf_putc(out, '(')) return false;
  for (size_t i = first; i < end; i++)
    if ((i > first && !dps_buf_putc(out, ' ')) || !write_item(out, sf, &sf->items[i])) return false;
  return dps_buf_putc(out, ')') && dps_sf_write_params(out, sf, member->params);
}

/* A dictionary's member that is true is its key and its parameters (4.1.2). */
static bool write_keyed(struct dps_buf *out, const struct dps_sf *sf,
                        const struct dps_sf_member *member) {
  const struct dps_sf_item *item = member->is_list ? NULL : &sf->items[member->items.first];
  if (!dps_sf_write_key(out, member->key)) return false;
  if (item && is_true(&item->value)) return dps_sf_write_params(out, sf, item->params);
  return dps_buf_putc(out, '=') && dps_sf_write_member(out, sf, member);
}

bool dps_sf_write(struct dps_buf *out, const struct dps_sf *sf) {
  for (size_t i = 0; i < sf->member_count; i++) {
    const struct dps_sf_member *member = &sf->members[i];
    if (i > 0 && !dps_buf_puts(out, ", ")) return false;
    bool keyed = sf->kind == DPS_SF_DICTIONARY;
    if (!(keyed ? write_keyed : dps_sf_write_member)(out, sf, member)) return false;
  }
  return true;
}
