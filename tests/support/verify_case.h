/* A world for tests of verification: one request, a secret and a public key, and fields that are
 * signed as their Signature-Input says, whatever that is, so that only the policy or the grammar
 * can refuse. */
#ifndef VERIFY_CASE_H
#define VERIFY_CASE_H

#include "signed.h"

enum { NOW = 1700000000, NONCES = 8 };

struct verify_world {
  struct dps_sign_key *secret, *ed25519;
  struct dps_verification *verification;
  struct dps_verify_policy policy;
  struct signed_message request;
  struct dps_sign_fault fault;
  char nonces[NONCES][64];
  size_t nonce_count;
};

static inline struct dps_sign_key *world_key(void *context,
                                             const struct dps_verify_params *params) {
  struct verify_world *w = context;
  struct dps_sign_key *const keys[] = {w->secret, w->ed25519};
  for (size_t i = 0; i < 2; i++)
    if (params->keyid.len == strlen(dps_sign_key_id(keys[i])) &&
        !memcmp(params->keyid.at, dps_sign_key_id(keys[i]), params->keyid.len))
      return keys[i];
  return NULL;
}

static inline enum dps_nonce world_nonce(void *context, const struct dps_verify_params *params) {
  struct verify_world *w = context;
  for (size_t i = 0; i < w->nonce_count; i++)
    if (strlen(w->nonces[i]) == params->nonce.len &&
        !memcmp(w->nonces[i], params->nonce.at, params->nonce.len))
      return DPS_NONCE_SEEN;
  if (w->nonce_count == NONCES) return DPS_NONCE_FAILED;
  memcpy(w->nonces[w->nonce_count++], params->nonce.at, params->nonce.len);
  return DPS_NONCE_NEW;
}

static inline void world_open(struct verify_world *w) {
  memset(w, 0, sizeof *w);
  w->secret = signed_key("test-shared-secret", false, DPS_ALG_NONE);
  w->ed25519 = signed_key("test-key-ed25519", false, DPS_ALG_NONE);
  w->verification = dps_verification_new();
  w->policy = (struct dps_verify_policy){
      .now = NOW, .window = 300, .future = 30, .key = world_key, .context = w};
  signed_text(&w->request,
              "POST /a?b=c HTTP/1.1\nHost: example.com\nContent-Type: text/plain\n"
              "Content-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:\n\nhello");
}

static inline void world_close(struct verify_world *w) {
  signed_free(&w->request);
  dps_verification_free(w->verification);
  dps_sign_key_free(w->secret);
  dps_sign_key_free(w->ed25519);
}

/* Verifies the request with these two fields; either may be NULL. */
static inline bool world_verify(struct verify_world *w, const char *input, const char *signature) {
  struct dps_sign_message message = w->request.message;
  struct dps_sign_field fields[SIGNED_FIELDS + 2];
  memcpy(fields, message.fields, message.field_count * sizeof *fields);
  message.fields = fields;
  if (input)
    fields[message.field_count++] =
        (struct dps_sign_field){DPS_TEXT("Signature-Input"), {input, strlen(input)}};
  if (signature)
    fields[message.field_count++] =
        (struct dps_sign_field){DPS_TEXT("Signature"), {signature, strlen(signature)}};
  return dps_verify(w->verification, &w->policy, &message, &w->fault);
}

/* Writes `label=:...:` over the base that the verification finds for this input: verifies once with
 * any signature and takes the base it shows. False: it found none. */
static inline bool world_sign_as(struct verify_world *w, struct dps_sign_key *key,
                                 const char *input, const char *label, char *signature) {
  unsigned char bytes[DPS_SIGNATURE_LONGEST];
  size_t n;
  struct dps_buf out;
  struct dps_verify_policy policy = w->policy;
  snprintf(signature, 2048, "%s=:AAAA:", label);
  w->policy.label = label;
  w->policy.tag = NULL;
  world_verify(w, input, signature);
  w->policy = policy;
  const struct dps_verified *seen = dps_verification_at(w->verification, 0);
  if (!seen || !seen->base.len) return false;
  if (!dps_sign_bytes(key, seen->base.at, seen->base.len, bytes, &n, &w->fault)) return false;
  dps_buf_init(&out, 2000);
  dps_sf_write_bytes(&out, bytes, n);
  snprintf(signature, 2048, "%s=%s", label, dps_buf_str(&out));
  dps_buf_clear(&out);
  return true;
}

/* Signs by the shared secret and verifies. */
static inline bool world_check(struct verify_world *w, const char *input) {
  char signature[2048];
  world_sign_as(w, w->secret, input, "s", signature);
  return world_verify(w, input, signature);
}

#endif
