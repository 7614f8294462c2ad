/* Signing of HTTP messages: RFC 9421, with the Content-Digest of RFC 9530. Pure: the message, the
 * key, the time and the nonce are arguments; the values of header fields are the result.
 *
 * A signer is a key together with what is covered and said, prepared once; signing a message with
 * it allocates nothing once its buffers have grown. It is used by one thread at a time. */
#ifndef DPS_SIGN_H
#define DPS_SIGN_H

#include "digest.h"
#include "sign_base.h"
#include "sign_key.h"

/* Signature parameters (RFC 9421, section 2.3). */
enum dps_sign_param {
  DPS_PARAM_CREATED,
  DPS_PARAM_EXPIRES,
  DPS_PARAM_NONCE,
  DPS_PARAM_KEYID,
  DPS_PARAM_ALG,
  DPS_PARAM_TAG,
  DPS_PARAMS
};

/* By name ("created"); DPS_PARAMS for any other. */
enum dps_sign_param dps_sign_param(const char *name, size_t len);
const char *dps_sign_param_name(enum dps_sign_param);

/* A covered component in the RFC's own writing: "\"@method\"", "\"content-digest\";req",
 * "\"@query-param\";name=\"Pet\"". A name without quotes and parameters may stand bare. */
struct dps_sign_component {
  const char *text;
  bool if_present; /* left out when the message does not have it; else that is COMPONENT_ABSENT */
};

struct dps_sign_spec {
  const char *label; /* NULL: "dps" */
  const struct dps_sign_component *components;
  size_t component_count; /* may be 0 */
  const enum dps_sign_param *params;
  size_t param_count;         /* in this order, each at most once */
  int64_t lifetime;           /* seconds; expires = created + lifetime */
  const char *tag;            /* for DPS_PARAM_TAG */
  enum dps_digest_alg digest; /* not NONE: dps_sign makes the Content-Digest of a message with a
                                 body and without that field */
};

struct dps_signer;

/* Prepares. The key is borrowed and must outlive the signer; the spec is copied. NULL: fault says
 * why (a public key, a component that cannot be, the keyid of a key that has none). */
struct dps_signer *dps_signer_new(const struct dps_sign_spec *, struct dps_sign_key *,
                                  struct dps_sign_fault *);
void dps_signer_free(struct dps_signer *);

/* Values of fields, in the signer's own memory until its next use. */
struct dps_signature {
  struct dps_text signature_input; /* `dps=("@method" ...);created=...` */
  struct dps_text signature;       /* `dps=:...:` */
  struct dps_text content_digest;  /* to be sent with them; empty when none was made */
  struct dps_text base; /* what was signed; holds what it covers, so mask it to show it */
};

/* Signs a message. created: seconds since 1970. nonce: for DPS_PARAM_NONCE, printable ASCII; else
 * NULL. False: fault says why, and nothing may be sent. */
bool dps_sign(struct dps_signer *, const struct dps_sign_message *, int64_t created,
              const char *nonce, struct dps_signature *, struct dps_sign_fault *);

#endif
