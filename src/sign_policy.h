/* The inside of a verification, and what a policy demands of a signature. Shared by sign_verify.c
 * and sign_policy.c, and by nobody else. */
#ifndef DPS_SIGN_POLICY_H
#define DPS_SIGN_POLICY_H

#include "sign_component.h"
#include "sign_verify.h"

struct dps_verification_entry {
  struct dps_verified seen;
  struct dps_components components;
  struct dps_buf list, base;
  const struct dps_sf_member *member; /* of Signature-Input */
};

struct dps_verification {
  struct dps_buf input_text, signature_text, wanted_text, scratch;
  struct dps_sf inputs, signatures, wanted_sf;
  struct dps_components wanted; /* of the policy, in its order */
  struct dps_verification_entry entries[DPS_VERIFY_SIGNATURES];
  size_t count;
};

/* What the steps of one verification share. */
struct dps_verify_run {
  struct dps_verification *v;
  const struct dps_verify_policy *policy;
  const struct dps_sign_message *message;
};

/* Parses the policy's components. */
bool dps_policy_read(const struct dps_verify_run *, struct dps_sign_fault *);

/* Each looks at one demand. */
bool dps_policy_params(const struct dps_verify_run *, const struct dps_verify_params *,
                       struct dps_sign_fault *);
bool dps_policy_time(const struct dps_verify_run *, const struct dps_verify_params *,
                     struct dps_sign_fault *);
bool dps_policy_covered(const struct dps_verify_run *, const struct dps_verification_entry *,
                        struct dps_sign_fault *);
bool dps_policy_tied(const struct dps_verify_run *, const struct dps_verification_entry *,
                     struct dps_sign_fault *);
bool dps_policy_digests(const struct dps_verify_run *, const struct dps_verification_entry *,
                        struct dps_sign_fault *);

#endif
