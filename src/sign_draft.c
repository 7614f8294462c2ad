/* The gateways' forms; see sign_draft.h. What each one signs is read off its plugin: Kong joins the
 * lines, APISIX ends each and begins with the keyid; they differ in the request target, too. */
#include "sign_draft.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base64.h"
#include "digest.h"

enum { MAX_TEXT = 64 * 1024, MAX_DIGEST = 64, MAX_BASE64 = 64 };

/* A message with the fields that are made for it; "" where it has one of its own. */
struct draft {
  enum dps_draft_form form;
  const struct dps_sign_message *message;
  char date[DPS_DATE_TEXT], digest[MAX_DIGEST];
};

static struct dps_text text(const char *from) {
  return (struct dps_text){from, strlen(from)};
}

static bool is(struct dps_text a, const char *b) {
  return a.len == strlen(b) && strncasecmp(a.at, b, a.len) == 0;
}

static bool put(struct dps_buf *to, struct dps_text from) {
  return dps_buf_append(to, from.at, from.len);
}

/* --- the fields of its own --- */

bool dps_sign_date(char to[DPS_DATE_TEXT], int64_t now) {
  static const char days[] = "SunMonTueWedThuFriSat";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  time_t seconds = (time_t)now;
  struct tm t;
  if (!gmtime_r(&seconds, &t) || t.tm_year < 0 || t.tm_year > 8099) return false;
  snprintf(to, DPS_DATE_TEXT, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * t.tm_wday,
           t.tm_mday, months + 3 * t.tm_mon, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
  return true;
}

/* "SHA-256=...", the form before RFC 9530 (RFC 3230). Empty without a body. */
static bool print_digest(char *to, struct dps_text body) {
  unsigned char hash[DPS_SHA256_BYTES];
  char encoded[DPS_BASE64_LENGTH(DPS_SHA256_BYTES) + 1];
  to[0] = '\0';
  if (body.len == 0) return true;
  if (!dps_digest(DPS_DIGEST_SHA256, body.at, body.len, hash)) return false;
  encoded[dps_base64_encode(encoded, hash, sizeof hash, DPS_BASE64_PADDED)] = '\0';
  snprintf(to, MAX_DIGEST, "SHA-256=%s", encoded);
  return true;
}

static struct dps_text field_of(const struct dps_sign_message *m, struct dps_text name) {
  for (size_t i = 0; i < m->field_count; i++) {
    const struct dps_sign_field *field = &m->fields[i];
    if (field->name.len == name.len && strncasecmp(field->name.at, name.at, name.len) == 0)
      return field->value;
  }
  return (struct dps_text){NULL, 0};
}

/* What the message has already is signed as it is: two of a field would be refused. */
static bool make_fields(struct draft *d, int64_t now) {
  bool has_date = field_of(d->message, text("date")).at != NULL;
  bool has_digest = field_of(d->message, text("digest")).at != NULL;
  return (has_date || dps_sign_date(d->date, now)) &&
         (has_digest || print_digest(d->digest, d->message->body));
}

/* --- the text that is signed --- */

static struct dps_text find(const struct draft *d, struct dps_text name) {
  struct dps_text given = field_of(d->message, name);
  if (given.at) return given;
  if (is(name, "date")) return text(d->date);
  if (is(name, "digest")) return text(d->digest);
  return given;
}

/* Path and query as they are sent. */
static struct dps_text target(const struct dps_sign_message *m) {
  if (m->request_target.len) return m->request_target;
  const char *end = m->target_uri.at + m->target_uri.len;
  const char *authority = memmem(m->target_uri.at, m->target_uri.len, "://", 3);
  const char *path = authority ? authority + 3 : end;
  while (path < end && *path != '/')
    path++;
  return path < end ? (struct dps_text){path, (size_t)(end - path)} : text("/");
}

static bool put_target(struct dps_buf *to, const struct draft *d) {
  struct dps_text method = d->message->method;
  if (d->form == DPS_DRAFT_APISIX)
    return put(to, method) && dps_buf_putc(to, ' ') && put(to, target(d->message));
  bool ok = dps_buf_puts(to, "@request-target: ");
  for (size_t i = 0; ok && i < method.len; i++)
    ok = dps_buf_putc(to, (char)tolower((unsigned char)method.at[i]));
  return ok && dps_buf_putc(to, ' ') && put(to, target(d->message));
}

static bool left_out(const struct draft *d, struct dps_text name) {
  return is(name, "digest") && find(d, name).len == 0;
}

static bool put_line(struct dps_buf *to, const struct draft *d, struct dps_text name,
                     struct dps_sign_fault *fault) {
  if (is(name, "@request-target")) return put_target(to, d);
  struct dps_text value = find(d, name);
  if (!value.at) {
    return dps_sign_refuse(fault, DPS_SIGN_COMPONENT_ABSENT, "the request has no field \"%.*s\"",
                           (int)name.len, name.at);
  }
  return put(to, name) && dps_buf_puts(to, ": ") && put(to, value);
}

static bool put_text(struct dps_buf *to, const struct draft *d, const char *keyid,
                     const struct dps_text *names, size_t n, struct dps_sign_fault *fault) {
  bool apisix = d->form == DPS_DRAFT_APISIX;
  bool ok = !apisix || (dps_buf_puts(to, keyid) && dps_buf_putc(to, '\n'));
  for (size_t i = 0, written = 0; ok && i < n; i++) {
    if (left_out(d, names[i])) continue;
    ok = !written++ || apisix || dps_buf_putc(to, '\n');
    ok = ok && put_line(to, d, names[i], fault);
    ok = ok && (!apisix || dps_buf_putc(to, '\n'));
  }
  return ok;
}

/* --- the line --- */

static bool put_names(struct dps_buf *to, const struct draft *d, const struct dps_text *names,
                      size_t n) {
  bool ok = true;
  for (size_t i = 0, written = 0; ok && i < n; i++) {
    if (left_out(d, names[i])) continue;
    ok = (!written++ || dps_buf_putc(to, ' ')) && put(to, names[i]);
  }
  return ok;
}

static bool put_lines(struct dps_buf *to, const struct draft *d, const char *keyid,
                      const struct dps_text *names, size_t n, const char *signature) {
  static const struct {
    const char *start, *algorithm, *headers, *signature;
  } forms[] = {
      {"Proxy-Authorization: hmac username=\"", "\", algorithm=\"hmac-sha256\"", ", headers=\"",
       "\", signature=\""},
      {"Authorization: Signature keyId=\"", "\",algorithm=\"hmac-sha256\"", ",headers=\"",
       "\",signature=\""},
  };
  bool ok = true;
  if (d->date[0])
    ok = dps_buf_puts(to, "Date: ") && dps_buf_puts(to, d->date) && dps_buf_putc(to, '\n');
  if (d->digest[0])
    ok =
        ok && dps_buf_puts(to, "Digest: ") && dps_buf_puts(to, d->digest) && dps_buf_putc(to, '\n');
  ok = ok && dps_buf_puts(to, forms[d->form].start) && dps_buf_puts(to, keyid) &&
       dps_buf_puts(to, forms[d->form].algorithm) && dps_buf_puts(to, forms[d->form].headers);
  ok = ok && put_names(to, d, names, n) && dps_buf_puts(to, forms[d->form].signature);
  return ok && dps_buf_puts(to, signature) && dps_buf_puts(to, "\"\n");
}

static bool sign_text(struct dps_sign_key *key, const struct dps_buf *from, char *encoded,
                      struct dps_sign_fault *fault) {
  unsigned char mac[DPS_SIGNATURE_LONGEST];
  size_t n = 0;
  if (!dps_sign_bytes(key, dps_buf_str(from), from->len, mac, &n, fault)) return false;
  encoded[dps_base64_encode(encoded, mac, n, DPS_BASE64_PADDED)] = '\0';
  return true;
}

/* The keyid stands in quotes that have no escapes there. */
static bool check_key(const struct dps_sign_key *key, struct dps_sign_fault *fault) {
  const char *keyid = dps_sign_key_id(key);
  if (dps_sign_key_alg(key) != DPS_ALG_HMAC_SHA256)
    return dps_sign_refuse(fault, DPS_SIGN_KEY_UNFIT,
                           "a gateway's hmac-auth needs a shared secret");
  if (!keyid[0] || keyid[strcspn(keyid, "\"\\\r\n")])
    return dps_sign_refuse(fault, DPS_SIGN_INVALID,
                           "a gateway's hmac-auth needs a user name "
                           "without quotes, as keyid");
  return true;
}

bool dps_draft_sign(struct dps_buf *lines, enum dps_draft_form form, struct dps_sign_key *key,
                    const struct dps_text *names, size_t n, const struct dps_sign_message *message,
                    int64_t now, struct dps_sign_fault *fault) {
  struct draft d = {.form = form, .message = message};
  char signature[MAX_BASE64];
  struct dps_buf signed_text;
  if (!check_key(key, fault)) return false;
  dps_buf_init_secret(&signed_text, MAX_TEXT); /* it may cover Authorization */
  *fault = (struct dps_sign_fault){0};
  bool ok = make_fields(&d, now) &&
            put_text(&signed_text, &d, dps_sign_key_id(key), names, n, fault) &&
            sign_text(key, &signed_text, signature, fault) &&
            put_lines(lines, &d, dps_sign_key_id(key), names, n, signature);
  dps_buf_clear(&signed_text);
  if (!ok && fault->reason == DPS_SIGN_OK)
    dps_sign_refuse(fault, DPS_SIGN_LIMIT, "it is too long to be signed, or memory ran out");
  return ok;
}
