/* Parsing of structured fields by the algorithms of RFC 9651, section 4.2; see sf.h. The names of
 * the functions are those of its subsections. */
#include "sf.h"

#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "jsontext.h"

struct parser {
  const char *start, *p, *end;
  struct dps_sf *sf;
  const char *message;
  const char *at; /* of the fault */
};

/* Letters in classes: what may begin and go on in a key and in a token. */
enum { KEY_START = 1, KEY_MORE = 2, TOKEN_START = 4, TOKEN_MORE = 8 };

static unsigned char classes_of(char c) {
  if (c >= 'a' && c <= 'z') return KEY_START | KEY_MORE | TOKEN_START | TOKEN_MORE;
  if (c >= 'A' && c <= 'Z') return TOKEN_START | TOKEN_MORE;
  if (c >= '0' && c <= '9') return KEY_MORE | TOKEN_MORE;
  if (c == '*') return KEY_START | KEY_MORE | TOKEN_START | TOKEN_MORE;
  if (c == '_' || c == '-' || c == '.') return KEY_MORE | TOKEN_MORE;
  return c && strchr("!#$%&'+^`|~:/", c) ? TOKEN_MORE : 0;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool fail(struct parser *s, const char *message) {
  if (!s->message) s->message = message, s->at = s->p;
  return false;
}

static bool at(const struct parser *s, char c) {
  return s->p < s->end && *s->p == c;
}

static bool take(struct parser *s, char c) {
  if (!at(s, c)) return false;
  s->p++;
  return true;
}

static void skip_sp(struct parser *s) {
  while (at(s, ' '))
    s->p++;
}

static void skip_ows(struct parser *s) {
  while (at(s, ' ') || at(s, '\t'))
    s->p++;
}

/* The next entry of a growing array, zeroed; NULL at the ceiling or without memory. */
static void *push(struct parser *s, void *array, size_t *count, size_t *room, size_t size) {
  void **base = array;
  if (*count == *room) {
    size_t want = *room ? *room * 2 : 16;
    if (*room >= DPS_SF_MOST) return fail(s, "too many members, items or parameters"), NULL;
    void *grown = realloc(*base, want * size);
    if (!grown) return fail(s, "not enough memory"), NULL;
    *base = grown;
    *room = want;
  }
  void *entry = (char *)*base + size * (*count)++;
  return memset(entry, 0, size);
}

/* The pool has room for the whole input, and nothing decodes to more than it was. */
static struct dps_text keep(struct parser *s, const char *from, size_t len) {
  struct dps_text text = {s->sf->pool + s->sf->pool_len, len};
  memcpy(s->sf->pool + s->sf->pool_len, from, len);
  s->sf->pool_len += len;
  return text;
}

/* --- bare items (4.2.3.1) --- */

static bool parse_number(struct parser *s, struct dps_sf_value *value) {
  bool minus = take(s, '-');
  const char *digits = s->p;
  int64_t number = 0;
  for (; s->p < s->end && is_digit(*s->p); s->p++) {
    if (s->p - digits == 15) return fail(s, "an integer has at most 15 digits");
    number = number * 10 + (*s->p - '0');
  }
  if (s->p == digits) return fail(s, "a digit is missing");
  value->type = DPS_SF_INTEGER;
  if (at(s, '.')) {
    if (s->p - digits > 12) return fail(s, "a decimal has at most 12 digits before its point");
    const char *fraction = ++s->p;
    for (; s->p < s->end && is_digit(*s->p); s->p++) {
      if (s->p - fraction == 3) return fail(s, "a decimal has at most 3 digits behind its point");
      number = number * 10 + (*s->p - '0');
    }
    if (s->p == fraction) return fail(s, "a digit is missing behind the point");
    for (size_t n = (size_t)(s->p - fraction); n < 3; n++)
      number *= 10;
    value->type = DPS_SF_DECIMAL;
  }
  value->number = minus ? -number : number;
  return true;
}

static bool parse_string(struct parser *s, struct dps_sf_value *value) {
  char *out = s->sf->pool + s->sf->pool_len, *from = out;
  s->p++;
  for (;; s->p++) {
    if (s->p == s->end) return fail(s, "a string has no closing quote");
    if (*s->p == '"') break;
    if (*s->p == '\\' && (++s->p == s->end || (*s->p != '"' && *s->p != '\\')))
      return fail(s, "only a quote or a backslash can be escaped");
    if (*s->p < 0x20 || *s->p > 0x7e) return fail(s, "a string is printable ASCII");
    *out++ = *s->p;
  }
  s->p++;
  value->type = DPS_SF_STRING;
  value->text = (struct dps_text){from, (size_t)(out - from)};
  s->sf->pool_len += value->text.len;
  return true;
}

static bool parse_token(struct parser *s, struct dps_sf_value *value) {
  const char *from = s->p;
  while (s->p < s->end && classes_of(*s->p) & TOKEN_MORE)
    s->p++;
  value->type = DPS_SF_TOKEN;
  value->text = keep(s, from, (size_t)(s->p - from));
  return true;
}

static bool parse_bytes(struct parser *s, struct dps_sf_value *value) {
  const char *from = ++s->p, *close = memchr(from, ':', (size_t)(s->end - from));
  size_t n;
  if (!close) return fail(s, "a byte sequence has no closing colon");
  char *out = s->sf->pool + s->sf->pool_len;
  if (!dps_base64_decode(out, &n, from, (size_t)(close - from), DPS_BASE64_FIELD))
    return fail(s, "a byte sequence is not base64");
  s->p = close + 1;
  s->sf->pool_len += n;
  value->type = DPS_SF_BYTES;
  value->text = (struct dps_text){out, n};
  return true;
}

static bool parse_boolean(struct parser *s, struct dps_sf_value *value) {
  s->p++;
  value->type = DPS_SF_BOOLEAN;
  value->number = at(s, '1');
  return take(s, '1') || take(s, '0') || fail(s, "a boolean is ?0 or ?1");
}

static bool parse_date(struct parser *s, struct dps_sf_value *value) {
  s->p++;
  if (!parse_number(s, value)) return false;
  if (value->type != DPS_SF_INTEGER) return fail(s, "a date is a whole number");
  value->type = DPS_SF_DATE;
  return true;
}

/* -1 for what is no lower-case hexadecimal digit. */
static int hex(char c) {
  if (is_digit(c)) return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_escape(struct parser *s, char *out) {
  if (s->end - s->p < 3) return fail(s, "a percent sign has two digits behind it");
  int high = hex(s->p[1]), low = hex(s->p[2]);
  if (high < 0 || low < 0) return fail(s, "percent-encoding is lower-case hexadecimal");
  *out = (char)(high << 4 | low);
  s->p += 2;
  return true;
}

static bool is_utf8(const char *p, size_t len) {
  const char *end = p + len;
  for (size_t n; p < end; p += n)
    if (!(n = dps_json_utf8(p, end))) return false;
  return true;
}

static bool parse_display(struct parser *s, struct dps_sf_value *value) {
  char *out = s->sf->pool + s->sf->pool_len, *from = out;
  s->p++;
  if (!take(s, '"')) return fail(s, "a display string begins with %\"");
  for (;; s->p++, out++) {
    if (s->p == s->end) return fail(s, "a display string has no closing quote");
    if (*s->p < 0x20 || *s->p > 0x7e) return fail(s, "a display string is written in ASCII");
    if (*s->p == '"') break;
    *out = *s->p;
    if (*s->p == '%' && !take_escape(s, out)) return false;
  }
  s->p++;
  value->type = DPS_SF_DISPLAY;
  value->text = (struct dps_text){from, (size_t)(out - from)};
  s->sf->pool_len += value->text.len;
  return is_utf8(from, value->text.len) || fail(s, "a display string is not UTF-8");
}

static bool parse_bare_item(struct parser *s, struct dps_sf_value *value) {
  if (s->p == s->end) return fail(s, "a value is missing");
  switch (*s->p) {
  case '"':
    return parse_string(s, value);
  case ':':
    return parse_bytes(s, value);
  case '?':
    return parse_boolean(s, value);
  case '@':
    return parse_date(s, value);
  case '%':
    return parse_display(s, value);
  }
  if (*s->p == '-' || is_digit(*s->p)) return parse_number(s, value);
  if (classes_of(*s->p) & TOKEN_START) return parse_token(s, value);
  return fail(s, "no value begins with this character");
}

/* --- keys and parameters (4.2.3.2, 4.2.3.3) --- */

static bool parse_key(struct parser *s, struct dps_text *key) {
  const char *from = s->p;
  if (s->p == s->end || !(classes_of(*s->p) & KEY_START))
    return fail(s, "a key begins with a lower-case letter or *");
  while (s->p < s->end && classes_of(*s->p) & KEY_MORE)
    s->p++;
  *key = keep(s, from, (size_t)(s->p - from));
  return true;
}

static bool same(struct dps_text a, const char *b, size_t len) {
  return a.len == len && memcmp(a.at, b, len) == 0;
}

static struct dps_sf_param *param_of(struct dps_sf *sf, struct dps_sf_run run, const char *key,
                                     size_t len) {
  for (size_t i = run.first; i < run.first + run.count; i++)
    if (same(sf->params[i].key, key, len)) return &sf->params[i];
  return NULL;
}

static struct dps_sf_param *add_param(struct parser *s, struct dps_sf_run *run,
                                      struct dps_text key) {
  struct dps_sf *sf = s->sf;
  struct dps_sf_param *param = param_of(sf, *run, key.at, key.len);
  if (param) {
    param->repeated = true;
    return param;
  }
  param = push(s, &sf->params, &sf->param_count, &sf->param_room, sizeof *param);
  if (!param) return NULL;
  param->key = key;
  run->count++;
  return param;
}

static bool parse_parameters(struct parser *s, struct dps_sf_run *run) {
  *run = (struct dps_sf_run){s->sf->param_count, 0};
  while (take(s, ';')) {
    struct dps_text key;
    struct dps_sf_value value = {.type = DPS_SF_BOOLEAN, .number = 1};
    skip_sp(s);
    if (!parse_key(s, &key) || (take(s, '=') && !parse_bare_item(s, &value))) return false;
    struct dps_sf_param *param = add_param(s, run, key);
    if (!param) return false;
    param->value = value;
  }
  return true;
}

/* --- items, inner lists, members (4.2.1 to 4.2.3) --- */

static bool parse_item(struct parser *s, struct dps_sf_run *items) {
  struct dps_sf *sf = s->sf;
  struct dps_sf_item item = {0};
  if (!parse_bare_item(s, &item.value) || !parse_parameters(s, &item.params)) return false;
  struct dps_sf_item *entry = push(s, &sf->items, &sf->item_count, &sf->item_room, sizeof *entry);
  if (!entry) return false;
  *entry = item;
  items->count++;
  return true;
}

static bool parse_inner_list(struct parser *s, struct dps_sf_member *member) {
  member->is_list = true;
  for (s->p++;;) {
    skip_sp(s);
    if (take(s, ')')) return parse_parameters(s, &member->params);
    if (s->p == s->end) return fail(s, "an inner list has no closing parenthesis");
    if (!parse_item(s, &member->items)) return false;
    if (!at(s, ' ') && !at(s, ')')) return fail(s, "a space or ) is missing in an inner list");
  }
}

static bool parse_value(struct parser *s, struct dps_sf_member *member) {
  member->items = (struct dps_sf_run){s->sf->item_count, 0};
  return at(s, '(') ? parse_inner_list(s, member) : parse_item(s, &member->items);
}

/* A dictionary's member without "=" is true, with parameters. */
static bool parse_true(struct parser *s, struct dps_sf_member *member) {
  struct dps_sf *sf = s->sf;
  struct dps_sf_item item = {.value = {.type = DPS_SF_BOOLEAN, .number = 1}};
  member->items = (struct dps_sf_run){sf->item_count, 1};
  if (!parse_parameters(s, &item.params)) return false;
  struct dps_sf_item *entry = push(s, &sf->items, &sf->item_count, &sf->item_room, sizeof *entry);
  if (entry) *entry = item;
  return entry != NULL;
}

static bool add_member(struct parser *s, const struct dps_sf_member *member) {
  struct dps_sf *sf = s->sf;
  struct dps_sf_member *entry = NULL;
  if (sf->kind == DPS_SF_DICTIONARY)
    entry = (struct dps_sf_member *)dps_sf_member(sf, member->key.at, member->key.len);
  bool repeated = entry != NULL;
  if (!entry) entry = push(s, &sf->members, &sf->member_count, &sf->member_room, sizeof *entry);
  if (!entry) return false;
  *entry = *member;
  entry->repeated = repeated;
  return true;
}

static bool parse_member(struct parser *s) {
  struct dps_sf_member member = {0};
  bool ok;
  if (s->sf->kind == DPS_SF_DICTIONARY)
    ok = parse_key(s, &member.key) &&
         (take(s, '=') ? parse_value(s, &member) : parse_true(s, &member));
  else if (s->sf->kind == DPS_SF_ITEM)
    member.items.first = s->sf->item_count, ok = parse_item(s, &member.items);
  else
    ok = parse_value(s, &member);
  return ok && add_member(s, &member);
}

static bool parse_members(struct parser *s) {
  while (s->p < s->end) {
    if (!parse_member(s)) return false;
    skip_ows(s);
    if (s->p == s->end) return true;
    if (!take(s, ',')) return fail(s, "a comma is missing");
    skip_ows(s);
    if (s->p == s->end) return fail(s, "there is nothing after the last comma");
  }
  return true;
}

static bool parse_all(struct parser *s) {
  skip_sp(s);
  while (s->end > s->p && s->end[-1] == ' ')
    s->end--;
  if (s->sf->kind != DPS_SF_ITEM) return parse_members(s);
  return parse_member(s) && (s->p == s->end || fail(s, "there is something behind the item"));
}

static void empty(struct dps_sf *sf) {
  sf->member_count = sf->item_count = sf->param_count = sf->pool_len = 0;
}

static bool grow_pool(struct dps_sf *sf, size_t len) {
  if (len <= sf->pool_room && sf->pool) return true;
  char *pool = realloc(sf->pool, len + DPS_BASE64_BYTES(0));
  if (!pool) return false;
  sf->pool = pool;
  sf->pool_room = len;
  return true;
}

bool dps_sf_parse(struct dps_sf *sf, enum dps_sf_kind kind, const char *text, size_t len,
                  struct dps_sf_fault *fault) {
  struct parser s = {text, text, text + len, sf, NULL, text};
  empty(sf);
  sf->kind = kind;
  bool ok = len <= DPS_SF_LONGEST || fail(&s, "the field is too long");
  ok = ok && (grow_pool(sf, len) || fail(&s, "not enough memory")) && parse_all(&s);
  if (ok) return true;
  empty(sf);
  *fault = (struct dps_sf_fault){s.message, (size_t)(s.at - s.start)};
  return false;
}

void dps_sf_init(struct dps_sf *sf) {
  *sf = (struct dps_sf){0};
}

void dps_sf_clear(struct dps_sf *sf) {
  free(sf->members);
  free(sf->items);
  free(sf->params);
  free(sf->pool);
  dps_sf_init(sf);
}

const struct dps_sf_member *dps_sf_member(const struct dps_sf *sf, const char *key, size_t len) {
  for (size_t i = 0; i < sf->member_count; i++)
    if (same(sf->members[i].key, key, len)) return &sf->members[i];
  return NULL;
}

const struct dps_sf_value *dps_sf_value(const struct dps_sf *sf,
                                        const struct dps_sf_member *member) {
  return member->is_list ? NULL : &sf->items[member->items.first].value;
}

const struct dps_sf_param *dps_sf_param(const struct dps_sf *sf, struct dps_sf_run run,
                                        const char *key) {
  return param_of((struct dps_sf *)sf, run, key, strlen(key));
}
