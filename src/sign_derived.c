/* Values of derived components (RFC 9421, section 2.2). A URI is taken apart as it was sent;
 * nothing in it is decoded but @query-param. */
#include <string.h>

#include "jsontext.h"
#include "sign_component.h"

struct uri {
  struct dps_text whole; /* without fragment */
  struct dps_text scheme, authority, path, query;
  bool has_query;
};

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c) {
  return is_letter(c) || (c >= '0' && c <= '9');
}

static struct dps_text between(const char *from, const char *to) {
  return (struct dps_text){from, (size_t)(to - from)};
}

/* Where c is, or the end. */
static const char *find(struct dps_text text, char c) {
  const char *at = memchr(text.at, c, text.len);
  return at ? at : text.at + text.len;
}

/* Visible ASCII: nothing else can stand in a URI or in a request line. */
static bool is_visible(struct dps_text text) {
  return text.len > 0 && dps_is_printable(text) && !memchr(text.at, ' ', text.len);
}

static bool take_scheme(struct uri *uri) {
  struct dps_text text = uri->whole;
  size_t n = 0;
  while (n < text.len && (is_alnum(text.at[n]) || strchr("+-.", text.at[n])))
    n++;
  if (n == 0 || !is_letter(text.at[0]) || text.len - n < 3 || memcmp(text.at + n, "://", 3))
    return false;
  uri->scheme = between(text.at, text.at + n);
  return true;
}

/* RFC 3986, section 3. Who is named before an @ in the authority is not sent in a Host field. */
static bool split(struct uri *uri, struct dps_text text) {
  if (!is_visible(text)) return false;
  *uri = (struct uri){.whole = between(text.at, find(text, '#'))};
  if (!take_scheme(uri)) return false;
  const char *end = uri->whole.at + uri->whole.len, *p = uri->scheme.at + uri->scheme.len + 3;
  const char *mark = find(between(p, end), '?'), *slash = find(between(p, mark), '/');
  const char *user = memrchr(p, '@', (size_t)(slash - p));
  uri->authority = between(user ? user + 1 : p, slash);
  uri->path = between(slash, mark);
  uri->has_query = mark < end;
  uri->query = between(mark, end);
  return uri->authority.len > 0;
}

/* --- @authority, @scheme --- */

static bool append_lower(struct dps_buf *out, struct dps_text text) {
  char *to = dps_buf_reserve(out, text.len);
  if (!to) return false;
  for (size_t i = 0; i < text.len; i++)
    to[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] | 0x20) : text.at[i];
  out->len += text.len;
  out->data[out->len] = '\0';
  return true;
}

static bool append(struct dps_buf *out, struct dps_text text) {
  return dps_put_text(out, text);
}

static bool ends_with(struct dps_text text, const char *end) {
  size_t n = strlen(end);
  return text.len >= n && !memcmp(text.at + text.len - n, end, n);
}

static bool is_scheme(const struct uri *uri, const char *name) {
  return uri->scheme.len == strlen(name) && !strncasecmp(uri->scheme.at, name, uri->scheme.len);
}

/* Section 2.2.3: lower case, without the port that the scheme has anyhow, or an empty one. */
static bool append_authority(struct dps_buf *out, const struct uri *uri) {
  struct dps_text host = uri->authority;
  const char *port = is_scheme(uri, "https") ? ":443" : is_scheme(uri, "http") ? ":80" : ":";
  if (ends_with(host, port))
    host.len -= strlen(port);
  else if (ends_with(host, ":"))
    host.len--;
  return append_lower(out, host);
}

static bool append_path(struct dps_buf *out, const struct uri *uri) {
  return uri->path.len ? append(out, uri->path) : dps_buf_putc(out, '/');
}

/* --- @query-param (section 2.2.8) --- */

static int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes as application/x-www-form-urlencoded (URL standard, section 5.1), in no more room. */
static size_t form_decode(char *to, struct dps_text text) {
  char *out = to;
  for (const char *p = text.at, *end = p + text.len; p < end; p++) {
    bool escape = *p == '%' && end - p > 2 && hex(p[1]) >= 0 && hex(p[2]) >= 0;
    *out++ = (char)(escape ? hex(p[1]) << 4 | hex(p[2]) : *p == '+' ? ' ' : *p);
    if (escape) p += 2;
  }
  return (size_t)(out - to);
}

static bool is_utf8(const char *p, const char *end) {
  for (size_t n; p < end; p += n)
    if (!(n = dps_json_utf8(p, end))) return false;
  return true;
}

/* "Percent-encode after encoding" with the set of the same standard, a space being %20. */
static bool percent_encode(struct dps_buf *out, const char *p, size_t n) {
  static const char digits[] = "0123456789ABCDEF";
  char *to = dps_buf_reserve(out, 3 * n);
  if (!to) return false;
  for (; n; n--, p++) {
    unsigned char c = (unsigned char)*p;
    bool plain = is_alnum(*p) || (c && strchr("*-._", c));
    if (!plain) *to++ = '%', *to++ = digits[c >> 4];
    *to++ = plain ? *p : digits[c & 15];
  }
  *to = '\0';
  out->len = (size_t)(to - out->data);
  return true;
}

/* Appends a part of a query, decoded and encoded again. BAD also for what is not UTF-8. */
static enum dps_value recode(struct dps_buf *out, struct dps_text text) {
  struct dps_buf plain;
  dps_buf_init(&plain, DPS_SIGN_BASE_LONGEST);
  char *to = dps_buf_reserve(&plain, text.len);
  size_t n = to ? form_decode(to, text) : 0;
  bool ok = to && is_utf8(to, to + n) && percent_encode(out, to, n);
  dps_buf_clear(&plain);
  return ok ? DPS_VALUE_OK : DPS_VALUE_BAD;
}

static bool names(struct dps_text name, struct dps_text wanted) {
  struct dps_buf encoded;
  dps_buf_init(&encoded, DPS_SIGN_BASE_LONGEST);
  bool same = recode(&encoded, name) == DPS_VALUE_OK && encoded.len == wanted.len &&
              !memcmp(dps_buf_str(&encoded), wanted.at, wanted.len);
  dps_buf_clear(&encoded);
  return same;
}

/* How often the parameter is there; value is the last. */
static size_t find_params(const struct uri *uri, struct dps_text wanted, struct dps_text *value) {
  size_t count = 0;
  const char *end = uri->query.at + uri->query.len;
  for (const char *p = uri->query.at + uri->has_query; p < end;) {
    struct dps_text pair = between(p, find(between(p, end), '&'));
    const char *equals = find(pair, '=');
    p = pair.at + pair.len + 1;
    if (pair.len == 0 || !names(between(pair.at, equals), wanted)) continue;
    const char *behind = pair.at + pair.len;
    *value = between(equals < behind ? equals + 1 : behind, behind);
    count++;
  }
  return count;
}

static enum dps_value query_param(struct dps_buf *out, const struct dps_component *c,
                                  const struct uri *uri, struct dps_sign_fault *fault) {
  struct dps_text value;
  size_t count = find_params(uri, c->argument, &value);
  if (count == 0) return DPS_VALUE_ABSENT;
  if (count > 1)
    return dps_refuse_value(fault, c, "stands in the query more than once; cover @query"),
           DPS_VALUE_BAD;
  if (recode(out, value) == DPS_VALUE_OK) return DPS_VALUE_OK;
  if (out->state != DPS_BUF_OK) return dps_refuse_buffer(fault, out), DPS_VALUE_BAD;
  return dps_refuse_value(fault, c, "is not UTF-8"), DPS_VALUE_BAD;
}

/* --- all of them --- */

static bool append_uri_part(struct dps_buf *out, enum dps_component_kind kind,
                            const struct uri *uri, const struct dps_sign_message *message) {
  switch (kind) {
  case DPS_COMPONENT_TARGET_URI:
    return append(out, uri->whole);
  case DPS_COMPONENT_AUTHORITY:
    return append_authority(out, uri);
  case DPS_COMPONENT_SCHEME:
    return append_lower(out, uri->scheme);
  case DPS_COMPONENT_PATH:
    return append_path(out, uri);
  case DPS_COMPONENT_QUERY:
    return uri->has_query ? append(out, uri->query) : dps_buf_putc(out, '?');
  default: /* DPS_COMPONENT_REQUEST_TARGET */
    if (message->request_target.len) return append(out, message->request_target);
    return append_path(out, uri) && append(out, uri->query);
  }
}

static enum dps_value uri_value(struct dps_buf *out, const struct dps_component *c,
                                const struct dps_sign_message *message,
                                struct dps_sign_fault *fault) {
  struct uri uri;
  if (message->target_uri.len == 0) return DPS_VALUE_ABSENT;
  if (!split(&uri, message->target_uri))
    return dps_refuse_value(fault, c, "the target URI is not absolute, or has what no URI has"),
           DPS_VALUE_BAD;
  if (message->request_target.len && !is_visible(message->request_target))
    return dps_refuse_value(fault, c, "the request target has what no URI has"), DPS_VALUE_BAD;
  if (c->kind == DPS_COMPONENT_QUERY_PARAM) return query_param(out, c, &uri, fault);
  if (append_uri_part(out, c->kind, &uri, message)) return DPS_VALUE_OK;
  return dps_refuse_buffer(fault, out), DPS_VALUE_BAD;
}

static enum dps_value method(struct dps_buf *out, const struct dps_component *c,
                             const struct dps_sign_message *message, struct dps_sign_fault *fault) {
  if (message->method.len == 0) return DPS_VALUE_ABSENT;
  if (!is_visible(message->method))
    return dps_refuse_value(fault, c, "the method has what no method has"), DPS_VALUE_BAD;
  return append(out, message->method) ? DPS_VALUE_OK
                                      : (dps_refuse_buffer(fault, out), DPS_VALUE_BAD);
}

/* Section 2.2.9: the three digits. */
static enum dps_value status(struct dps_buf *out, const struct dps_component *c,
                             const struct dps_sign_message *message, struct dps_sign_fault *fault) {
  if (message->status < 100 || message->status > 999)
    return dps_refuse_value(fault, c, "a status has three digits"), DPS_VALUE_BAD;
  return dps_sf_write_integer(out, message->status)
             ? DPS_VALUE_OK
             : (dps_refuse_buffer(fault, out), DPS_VALUE_BAD);
}

enum dps_value dps_derived_value(struct dps_buf *out, const struct dps_component *c,
                                 const struct dps_sign_message *message,
                                 struct dps_sign_fault *fault) {
  bool is_status = c->kind == DPS_COMPONENT_STATUS;
  if (is_status != (message->status != 0))
    return dps_refuse_value(fault, c,
                            is_status ? "a request has no status"
                                      : "a response has this only of its request (;req)"),
           DPS_VALUE_BAD;
  if (is_status) return status(out, c, message, fault);
  return c->kind == DPS_COMPONENT_METHOD ? method(out, c, message, fault)
                                         : uri_value(out, c, message, fault);
}

/* --- a server's view --- */

static bool has_any(struct dps_text text, const char *any) {
  for (; *any; any++)
    if (memchr(text.at, *any, text.len)) return true;
  return false;
}

static bool is_absolute(struct dps_text target) {
  struct uri uri;
  return target.len && target.at[0] != '/' && split(&uri, target);
}

/* RFC 9110, section 7.1. */
bool dps_sign_target_uri(struct dps_buf *out, struct dps_text scheme, struct dps_text host,
                         struct dps_text target, struct dps_sign_fault *fault) {
  struct uri uri;
  size_t start = out->len;
  bool star = target.len == 1 && target.at[0] == '*';
  if (is_absolute(target)) return append(out, target) || dps_refuse_buffer(fault, out);
  if (!is_visible(host) || has_any(host, "/?#@\\"))
    return dps_sign_refuse(fault, DPS_SIGN_INVALID, "the Host field is missing or no host");
  if (!star && (!target.len || target.at[0] != '/'))
    return dps_sign_refuse(fault, DPS_SIGN_INVALID, "the request target is no path");
  if (!append(out, scheme) || !dps_buf_puts(out, "://") || !append(out, host) ||
      !(star || append(out, target)))
    return dps_refuse_buffer(fault, out);
  return split(&uri, (struct dps_text){out->data + start, out->len - start}) ||
         dps_sign_refuse(fault, DPS_SIGN_INVALID, "the request target has what no URI has");
}
