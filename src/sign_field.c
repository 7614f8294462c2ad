/* Values of field components (RFC 9421, section 2.1), with sf, bs, key and tr. */
#include <stdint.h>
#include <string.h>

#include "sign_component.h"

enum { TOO_MUCH = DPS_SIGN_BASE_LONGEST };

/* Fields that an RFC defines as structured: only those have a strict serialisation. */
static const struct dps_sign_field_type known_types[] = {
    {"accept-ch", DPS_SF_LIST},
    {"accept-signature", DPS_SF_DICTIONARY},
    {"cache-status", DPS_SF_LIST},
    {"cdn-cache-control", DPS_SF_DICTIONARY},
    {"client-cert", DPS_SF_ITEM},
    {"client-cert-chain", DPS_SF_LIST},
    {"content-digest", DPS_SF_DICTIONARY},
    {"cross-origin-embedder-policy", DPS_SF_ITEM},
    {"cross-origin-opener-policy", DPS_SF_ITEM},
    {"deprecation", DPS_SF_ITEM},
    {"idempotency-key", DPS_SF_ITEM},
    {"origin-agent-cluster", DPS_SF_ITEM},
    {"priority", DPS_SF_DICTIONARY},
    {"proxy-status", DPS_SF_LIST},
    {"repr-digest", DPS_SF_DICTIONARY},
    {"signature", DPS_SF_DICTIONARY},
    {"signature-input", DPS_SF_DICTIONARY},
    {"want-content-digest", DPS_SF_DICTIONARY},
    {"want-repr-digest", DPS_SF_DICTIONARY},
};

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool dps_name_is(const char *given, struct dps_text name) {
  size_t i = name.len;
  if (memcmp(given, name.at, i) == 0) return true;
  while (i > 0 && lower(given[i - 1]) == name.at[i - 1]) /* from the end: many begin alike */
    i--;
  return i == 0;
}

static bool is_space(char c) {
  if ((unsigned char)c > ' ') return false;
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct dps_text trim(struct dps_text text) {
  while (text.len && is_space(text.at[0]))
    text.at++, text.len--;
  while (text.len && is_space(text.at[text.len - 1]))
    text.len--;
  return text;
}

/* --- one field line --- */

/* Sixteen bytes at once, on machines that can (a GCC extension that clang has too). */
typedef unsigned char block __attribute__((vector_size(16)));
typedef signed char marks __attribute__((vector_size(16)));

/* -1 where a byte is printable ASCII: those are the least of all once 0x20 is moved to -128. */
static marks printable(const char *p) {
  block b;
  memcpy(&b, p, sizeof b);
  return (marks)(b + 0x60) < 0x7f - 0x20 - 128;
}

static bool is_plain_short(const char *p, size_t n) {
  for (; n; n--, p++)
    if (*p < 0x20 || *p > 0x7e) return false;
  return true;
}

/* True when all is printable ASCII; a tab is not. A token of a thousand bytes is signed with every
 * request, hence not byte by byte; the last block may overlap the one before. */
static bool is_plain(const char *p, size_t n) {
  uint64_t halves[2];
  if (n < sizeof(block)) return is_plain_short(p, n);
  const char *last = p + n - sizeof(block);
  marks all = printable(last);
  for (; p < last; p += sizeof(block))
    all &= printable(p);
  memcpy(halves, &all, sizeof halves);
  return (halves[0] & halves[1]) == UINT64_MAX;
}

bool dps_is_printable(struct dps_text text) {
  return is_plain(text.at, text.len);
}

/* Section 2.1, step 3: a line folding and the white space around it become one space. The number of
 * bytes, SIZE_MAX for what cannot be in a field. */
static size_t unfold(char *to, const char *p, const char *end, bool any_byte) {
  char *out = to;
  while (p < end) {
    if (p[0] == '\r' && end - p > 2 && p[1] == '\n' && (p[2] == ' ' || p[2] == '\t')) {
      while (out > to && (out[-1] == ' ' || out[-1] == '\t'))
        out--;
      *out++ = ' ';
      for (p += 2; p < end && (*p == ' ' || *p == '\t');)
        p++;
      continue;
    }
    bool printable = (*p >= 0x20 && *p <= 0x7e) || *p == '\t';
    if (!printable && (!any_byte || *p == '\r' || *p == '\n' || *p == '\0')) return SIZE_MAX;
    *out++ = *p++;
  }
  return (size_t)(out - to);
}

/* Appends a line's value; false when it holds what cannot be signed or the buffer failed. */
static bool append_line(struct dps_buf *out, struct dps_text value, bool any_byte) {
  value = trim(value);
  if (is_plain(value.at, value.len)) return dps_put_text(out, value);
  char *to = dps_buf_reserve(out, value.len);
  size_t n = to ? unfold(to, value.at, value.at + value.len, any_byte) : SIZE_MAX;
  if (n == SIZE_MAX) return false;
  out->len += n;
  out->data[out->len] = '\0';
  return true;
}

/* --- all lines of a field --- */

/* Section 2.1.3: each line by itself as a byte sequence. */
static bool append_bytes(struct dps_buf *out, struct dps_text value) {
  struct dps_buf line;
  dps_buf_init(&line, TOO_MUCH);
  bool ok = append_line(&line, value, true) && dps_sf_write_bytes(out, line.data, line.len);
  dps_buf_clear(&line);
  return ok;
}

static enum dps_value append_field(struct dps_buf *out, const struct dps_sign_field *field,
                                   unsigned flags, bool first) {
  if (!first && !dps_buf_append(out, ", ", 2)) return DPS_VALUE_BAD;
  bool ok = flags & DPS_COMPONENT_BS ? append_bytes(out, field->value)
                                     : append_line(out, field->value, false);
  return ok ? DPS_VALUE_OK : DPS_VALUE_BAD;
}

static enum dps_value combine(struct dps_buf *out, struct dps_text name, unsigned flags,
                              const struct dps_sign_field *fields, size_t count) {
  enum dps_value found = DPS_VALUE_ABSENT;
  for (size_t i = 0; i < count; i++) {
    if (!dps_field_is(&fields[i], name)) continue;
    found = append_field(out, &fields[i], flags, found == DPS_VALUE_ABSENT);
    if (found == DPS_VALUE_BAD) break;
  }
  return found;
}

enum dps_value dps_field_combined(struct dps_buf *out, struct dps_text name,
                                  const struct dps_sign_field *fields, size_t count) {
  return combine(out, name, 0, fields, count);
}

/* --- structured fields (sections 2.1.1 and 2.1.2) --- */

static const struct dps_sign_field_type *type_in(const struct dps_sign_field_type *types,
                                                 size_t count, struct dps_text name) {
  for (size_t i = 0; i < count; i++)
    if (strlen(types[i].name) == name.len && !memcmp(types[i].name, name.at, name.len))
      return &types[i];
  return NULL;
}

static const struct dps_sign_field_type *type_of(const struct dps_sign_message *message,
                                                 struct dps_text name) {
  const struct dps_sign_field_type *type = type_in(message->types, message->type_count, name);
  return type ? type : type_in(known_types, sizeof known_types / sizeof *known_types, name);
}

static enum dps_value bad(struct dps_sign_fault *fault, const struct dps_component *c,
                          const char *why) {
  dps_refuse_value(fault, c, why);
  return DPS_VALUE_BAD;
}

static enum dps_value write_structured(struct dps_buf *out, const struct dps_component *c,
                                       const struct dps_sf *sf, struct dps_sign_fault *fault) {
  const struct dps_sf_member *member = NULL;
  bool by_key = c->flags & DPS_COMPONENT_KEY;
  if (by_key) member = dps_sf_member(sf, c->argument.at, c->argument.len);
  if (by_key && !member) return DPS_VALUE_ABSENT;
  if (by_key ? dps_sf_write_member(out, sf, member) : dps_sf_write(out, sf)) return DPS_VALUE_OK;
  dps_refuse_buffer(fault, out);
  return DPS_VALUE_BAD;
}

static enum dps_value structured(struct dps_buf *out, const struct dps_component *c,
                                 const struct dps_sign_message *message,
                                 const struct dps_buf *combined, struct dps_sign_fault *fault) {
  struct dps_sf sf;
  struct dps_sf_fault wrong;
  enum dps_sf_kind kind = DPS_SF_DICTIONARY;
  if (!(c->flags & DPS_COMPONENT_KEY)) {
    const struct dps_sign_field_type *type = type_of(message, c->name);
    if (!type) return bad(fault, c, "this field is not known to be structured, so ;sf has no form");
    kind = type->kind;
  }
  dps_sf_init(&sf);
  enum dps_value result = dps_sf_parse(&sf, kind, dps_buf_str(combined), combined->len, &wrong)
                              ? write_structured(out, c, &sf, fault)
                              : bad(fault, c, wrong.message);
  dps_sf_clear(&sf);
  return result;
}

/* --- a component --- */

static enum dps_value with_extra(struct dps_buf *out, const struct dps_component *c,
                                 const struct dps_base_source *source) {
  const struct dps_sign_message *message = source->message;
  bool trailer = c->flags & DPS_COMPONENT_TR;
  enum dps_value found =
      trailer ? combine(out, c->name, c->flags, message->trailers, message->trailer_count)
              : combine(out, c->name, c->flags, message->fields, message->field_count);
  bool extra = found == DPS_VALUE_ABSENT && !trailer && source->extra;
  return extra ? combine(out, c->name, c->flags, source->extra, 1) : found;
}

static enum dps_value check_combined(enum dps_value found, const struct dps_buf *b,
                                     const struct dps_component *c, struct dps_sign_fault *fault) {
  if (found != DPS_VALUE_BAD) return found;
  if (b->state == DPS_BUF_OK)
    return bad(fault, c, "its value has a line end or what is not printable ASCII");
  dps_refuse_buffer(fault, b);
  return DPS_VALUE_BAD;
}

enum dps_value dps_field_value(struct dps_buf *out, const struct dps_component *c,
                               const struct dps_base_source *source, struct dps_sign_fault *fault) {
  struct dps_buf combined;
  if (!(c->flags & (DPS_COMPONENT_SF | DPS_COMPONENT_KEY)))
    return check_combined(with_extra(out, c, source), out, c, fault);
  dps_buf_init(&combined, TOO_MUCH);
  enum dps_value found = check_combined(with_extra(&combined, c, source), &combined, c, fault);
  if (found == DPS_VALUE_OK) found = structured(out, c, source->message, &combined, fault);
  dps_buf_clear(&combined);
  return found;
}
