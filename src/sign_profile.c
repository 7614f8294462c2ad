/* From a profile to header lines; see sign_profile.h. */
#include "sign_profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <openssl/rand.h>

#include "base64.h"
#include "sign_draft.h"

enum { MAX_FIELDS = 128 };

struct dps_profile {
  struct dps_profile_spec spec;
  struct dps_sign_key *key;
  struct dps_signer *signer; /* of RFC 9421's form */
  bool has_nonce;            /* one of its parameters */
  bool has_date;             /* one of its components: made where a request lacks it */
  struct dps_text *names;    /* of the gateways' forms; one block with what they point to */
};

/* --- what the profiles cover --- */

/* The first three, and the digest where there is a body, are FAPI's. The rest ties a body to the
 * organisation and the sandbox that it is for. */
const struct dps_sign_component *dps_fapi2_components(size_t *n) {
  static const struct dps_sign_component components[] = {
      {"@method", false},       {"@target-uri", false},   {"authorization", false},
      {"content-type", true},   {"content-digest", true}, {"x-gw-ims-org-id", true},
      {"x-sandbox-name", true}, {"x-api-key", true},      {"idempotency-key", true},
      {"x-request-id", true},
  };
  *n = sizeof components / sizeof *components;
  return components;
}

const struct dps_sign_component *dps_gateway_components(size_t *n) {
  static const struct dps_sign_component components[] = {
      {"@request-target", false}, {"host", false}, {"date", false}, {"digest", true}};
  *n = sizeof components / sizeof *components;
  return components;
}

/* --- life --- */

static bool is_plain_name(const char *name) {
  return *name && !name[strspn(name, "@-_abcdefghijklmnopqrstuvwxyz0123456789")] &&
         (*name != '@' || strcmp(name, "@request-target") == 0);
}

/* The names and their characters, in one block. */
static bool copy_names(struct dps_profile *p, const struct dps_sign_spec *spec,
                       struct dps_sign_fault *fault) {
  size_t n = spec->component_count, size = n * sizeof *p->names;
  for (size_t i = 0; i < n; i++) {
    const char *name = spec->components[i].text;
    if (!is_plain_name(name))
      return dps_sign_refuse(fault, DPS_SIGN_COMPONENT_INVALID,
                             "\"%.80s\" is neither @request-target nor a field name", name);
    size += strlen(name);
  }
  p->names = malloc(size ? size : 1);
  if (!p->names) return dps_sign_refuse(fault, DPS_SIGN_NO_MEMORY, "not enough memory");
  char *at = (char *)(p->names + n);
  for (size_t i = 0; i < n; i++) {
    size_t len = strlen(spec->components[i].text);
    p->names[i] = (struct dps_text){memcpy(at, spec->components[i].text, len), len};
    at += len;
  }
  return true;
}

static bool fit_for_gateway(struct dps_profile *p, const struct dps_sign_spec *spec,
                            struct dps_sign_fault *fault) {
  if (dps_sign_key_alg(p->key) != DPS_ALG_HMAC_SHA256)
    return dps_sign_refuse(fault, DPS_SIGN_KEY_UNFIT,
                           "a gateway's hmac-auth needs a shared secret, and this is a key for %s",
                           dps_sign_alg_name(dps_sign_key_alg(p->key)));
  return copy_names(p, spec, fault);
}

static bool covers_date(const struct dps_sign_spec *spec) {
  for (size_t i = 0; i < spec->component_count; i++) {
    const char *text = spec->components[i].text;
    if (strcmp(text, "date") == 0 || strcmp(text, "\"date\"") == 0) return true;
  }
  return false;
}

struct dps_profile *dps_profile_new(const struct dps_profile_spec *spec, struct dps_sign_key *key,
                                    struct dps_sign_fault *fault) {
  struct dps_profile *p = calloc(1, sizeof *p);
  if (!p) return dps_sign_refuse(fault, DPS_SIGN_NO_MEMORY, "not enough memory"), NULL;
  p->spec = *spec;
  p->key = key;
  p->has_date = covers_date(&spec->sign);
  for (size_t i = 0; i < spec->sign.param_count; i++)
    p->has_nonce |= spec->sign.params[i] == DPS_PARAM_NONCE;
  if (spec->form == DPS_SIGNED_RFC9421) p->signer = dps_signer_new(&spec->sign, key, fault);
  if (p->signer || (spec->form != DPS_SIGNED_RFC9421 && fit_for_gateway(p, &spec->sign, fault)))
    return p;
  dps_profile_free(p);
  return NULL;
}

void dps_profile_free(struct dps_profile *p) {
  if (!p) return;
  dps_signer_free(p->signer);
  free(p->names);
  free(p);
}

/* --- lines --- */

static bool is_read(struct dps_text method) {
  return (method.len == 3 && memcmp(method.at, "GET", 3) == 0) ||
         (method.len == 4 && memcmp(method.at, "HEAD", 4) == 0);
}

static bool put_line(struct dps_buf *to, const char *name, struct dps_text value) {
  return value.len == 0 || (dps_buf_puts(to, name) && dps_buf_append(to, value.at, value.len) &&
                            dps_buf_putc(to, '\n'));
}

/* Whether a Date is to be made: the copy, whose fields are given, then has it, too. */
static bool add_date(const struct dps_profile *p, struct dps_sign_message *copy, int64_t now,
                     struct dps_sign_field fields[MAX_FIELDS], char text[DPS_DATE_TEXT]) {
  size_t n = copy->field_count;
  if (!p->has_date || copy->status || n >= MAX_FIELDS) return false;
  for (size_t i = 0; i < n; i++) {
    fields[i] = copy->fields[i];
    if (fields[i].name.len == 4 && strncasecmp(fields[i].name.at, "date", 4) == 0) return false;
  }
  if (!dps_sign_date(text, now)) return false;
  fields[n] = (struct dps_sign_field){DPS_TEXT("Date"), {text, strlen(text)}};
  copy->fields = fields;
  copy->field_count = n + 1;
  return true;
}

static bool put_rfc9421(struct dps_profile *p, const struct dps_sign_message *message, int64_t now,
                        const char *nonce, struct dps_buf *to, struct dps_signature *made,
                        struct dps_sign_fault *fault) {
  struct dps_sign_message copy = *message;
  struct dps_sign_field fields[MAX_FIELDS];
  char date[DPS_DATE_TEXT] = "";
  if (add_date(p, &copy, now, fields, date) &&
      !put_line(to, "Date: ", (struct dps_text){date, strlen(date)}))
    return dps_sign_refuse(fault, DPS_SIGN_NO_MEMORY, "not enough memory");
  if (!dps_sign(p->signer, &copy, now, p->has_nonce ? nonce : NULL, made, fault)) return false;
  if (put_line(to, "Content-Digest: ", made->content_digest) &&
      put_line(to, "Signature-Input: ", made->signature_input) &&
      put_line(to, "Signature: ", made->signature))
    return true;
  return dps_sign_refuse(fault, DPS_SIGN_LIMIT, "the signature is too long, or memory ran out");
}

bool dps_profile_make(struct dps_profile *p, const struct dps_sign_message *message, int64_t now,
                      const char *nonce, struct dps_buf *to, struct dps_signature *made,
                      struct dps_sign_fault *fault) {
  *made = (struct dps_signature){0};
  if (p->spec.form == DPS_SIGNED_RFC9421)
    return put_rfc9421(p, message, now, nonce, to, made, fault);
  return dps_draft_sign(to, p->spec.form == DPS_SIGNED_KONG ? DPS_DRAFT_KONG : DPS_DRAFT_APISIX,
                        p->key, p->names, p->spec.sign.component_count, message, now, fault);
}

bool dps_profile_lines(struct dps_profile *p, const struct dps_sign_message *message, int64_t now,
                       const char *nonce, struct dps_buf *to, struct dps_sign_fault *fault) {
  struct dps_signature made;
  if (!p->spec.reads && is_read(message->method)) return true;
  return dps_profile_make(p, message, now, nonce, to, &made, fault);
}

bool dps_sign_nonce(char to[DPS_NONCE_TEXT]) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  to[dps_base64_encode(to, bytes, sizeof bytes, DPS_BASE64_PADDED)] = '\0';
  return true;
}

bool dps_profile_sign_now(void *profile, const struct dps_sign_message *message,
                          struct dps_buf *to) {
  struct dps_profile *p = profile;
  struct dps_sign_fault fault = {0};
  char nonce[DPS_NONCE_TEXT] = "";
  bool ok = dps_sign_nonce(nonce) ||
            dps_sign_refuse(&fault, DPS_SIGN_INTERNAL, "libcrypto has no random numbers");
  if (ok && dps_profile_lines(p, message, (int64_t)time(NULL), nonce, to, &fault)) return true;
  dps_buf_clear(to);
  dps_buf_puts(to, fault.detail);
  return false;
}
