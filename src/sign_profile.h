/* What a client signs of its requests, and in which form: the profile of a key. Lines in, lines
 * out; the time and the nonce come from here, so that each sending has its own. */
#ifndef DPS_SIGN_PROFILE_H
#define DPS_SIGN_PROFILE_H

#include "sign.h"

enum dps_sign_form_of {
  DPS_SIGNED_RFC9421, /* Signature-Input, Signature, Content-Digest */
  DPS_SIGNED_KONG,    /* sign_draft.h */
  DPS_SIGNED_APISIX
};

struct dps_profile_spec {
  enum dps_sign_form_of form;
  bool reads;                /* GET and HEAD too */
  struct dps_sign_spec sign; /* of the gateways' forms the components alone count: field names */
};

struct dps_profile;

/* The component list of FAPI 2.0 message signing (section 5.6), and of what Adobe's service reads,
 * with its length: for a spec. */
const struct dps_sign_component *dps_fapi2_components(size_t *n);
/* What both gateways cover. */
const struct dps_sign_component *dps_gateway_components(size_t *n);

/* Prepares. The key is borrowed and must outlive it; the spec is copied. NULL: fault says why. */
struct dps_profile *dps_profile_new(const struct dps_profile_spec *, struct dps_sign_key *,
                                    struct dps_sign_fault *);
void dps_profile_free(struct dps_profile *);

/* Appends the lines that sign a request, LF behind each: none for a read that is not to be signed.
 * A Date is among them where it is covered and the request has none. now: seconds since 1970.
 * False: fault says why. */
bool dps_profile_lines(struct dps_profile *, const struct dps_sign_message *, int64_t now,
                       const char *nonce, struct dps_buf *lines, struct dps_sign_fault *);

/* The same for a read too, and with what was signed, in the profile's own memory until its next
 * use; empty for the gateways' forms. */
bool dps_profile_make(struct dps_profile *, const struct dps_sign_message *, int64_t now,
                      const char *nonce, struct dps_buf *lines, struct dps_signature *,
                      struct dps_sign_fault *);

/* The same as dps_profile_lines now, with a nonce from libcrypto's generator: the sign of a struct
 * dps_http_signer, whose context is the profile. False: lines holds words for people. */
bool dps_profile_sign_now(void *profile, const struct dps_sign_message *, struct dps_buf *lines);

enum { DPS_NONCE_TEXT = 25 }; /* room for a nonce: 16 random bytes as base64, and a NUL */

bool dps_sign_nonce(char to[DPS_NONCE_TEXT]);

#endif
