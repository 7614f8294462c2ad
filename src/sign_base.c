/* The lines of a signature base (RFC 9421, section 2.5), and how people may see them. */
#include "sign_base.h"

#include <string.h>

#include "sign_component.h"

static enum dps_value value_of(struct dps_buf *out, const struct dps_component *c,
                               const struct dps_base_source *source, struct dps_sign_fault *fault) {
  return c->kind == DPS_COMPONENT_FIELD ? dps_field_value(out, c, source, fault)
                                        : dps_derived_value(out, c, source->message, fault);
}

/* Section 2.4: with ;req a response takes the component of its request. */
static enum dps_value value_of_request(struct dps_buf *out, const struct dps_component *c,
                                       const struct dps_sign_message *message,
                                       struct dps_sign_fault *fault) {
  const struct dps_base_source source = {message->request, NULL};
  if (message->status == 0)
    return dps_refuse_value(fault, c, ";req is for responses"), DPS_VALUE_BAD;
  return source.message ? value_of(out, c, &source, fault) : DPS_VALUE_ABSENT;
}

enum dps_value dps_base_line(struct dps_buf *out, const struct dps_component *c,
                             const struct dps_base_source *source, struct dps_sign_fault *fault) {
  size_t start = out->len;
  enum dps_value got = DPS_VALUE_BAD;
  if (dps_put_text(out, c->line)) {
    got = c->flags & DPS_COMPONENT_REQ ? value_of_request(out, c, source->message, fault)
                                       : value_of(out, c, source, fault);
    if (got == DPS_VALUE_OK && dps_put(out, "\n", 1)) return DPS_VALUE_OK;
  }
  if (out->state != DPS_BUF_OK) return dps_refuse_buffer(fault, out), DPS_VALUE_BAD;
  out->len = start;
  out->data[start] = '\0';
  return got;
}

/* --- for people --- */

static bool is_masked(struct dps_text line) {
  static const char *const fields[] = {"\"authorization\"", "\"proxy-authorization\"", "\"cookie\"",
                                       "\"set-cookie\"", "\"x-api-key\""};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (line.len > strlen(fields[i]) && !memcmp(line.at, fields[i], strlen(fields[i]))) return true;
  return false;
}

/* Where a line's value begins: behind the colon that no quotes hold. */
static size_t value_at(struct dps_text line) {
  bool quoted = false;
  for (size_t i = 0; i < line.len; i++) {
    if (line.at[i] == '\\' && quoted)
      i++;
    else if (line.at[i] == '"')
      quoted = !quoted;
    else if (line.at[i] == ':' && !quoted)
      return i + 2 < line.len ? i + 2 : line.len;
  }
  return line.len;
}

static bool append_masked(struct dps_buf *out, struct dps_text line) {
  if (!is_masked(line)) return dps_buf_append(out, line.at, line.len);
  return dps_buf_append(out, line.at, value_at(line)) && dps_buf_puts(out, "***");
}

bool dps_sign_base_masked(struct dps_buf *out, struct dps_text base) {
  const char *p = base.at, *end = base.at + base.len;
  while (p < end) {
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    if (!append_masked(out, (struct dps_text){p, (size_t)((lf ? lf : end) - p)})) return false;
    if (lf && !dps_buf_putc(out, '\n')) return false;
    p = lf ? lf + 1 : end;
  }
  return true;
}
