/* Verification of HTTP message signatures (RFC 9421, section 3.2) against a policy.
 *
 * A signature that verifies says only that some components are as they were; which ones must be
 * covered, by whom and how lately is the policy's to demand. Pure but for its callbacks. */
#ifndef DPS_SIGN_VERIFY_H
#define DPS_SIGN_VERIFY_H

#include "sign.h"

enum { DPS_VERIFY_SIGNATURES = 8 }; /* looked at in one message; more is LIMIT */

/* What a signature says of itself. Texts live in the verification. */
struct dps_verify_params {
  struct dps_text label;
  unsigned present; /* 1u << DPS_PARAM_CREATED and so on */
  int64_t created, expires;
  struct dps_text nonce, keyid, alg, tag;
};

enum dps_verify_when {
  DPS_VERIFY_ALWAYS,
  DPS_VERIFY_WITH_BODY, /* when the message has a body of at least one byte */
  DPS_VERIFY_IF_PRESENT /* when the message has such a component */
};

struct dps_verify_component {
  const char *text; /* as in struct dps_sign_component */
  enum dps_verify_when when;
};

enum dps_nonce { DPS_NONCE_NEW, DPS_NONCE_SEEN, DPS_NONCE_FAILED };

struct dps_verify_policy {
  int64_t now;       /* seconds since 1970 */
  int64_t window;    /* created at most this many seconds ago; 0: not looked at */
  int64_t future;    /* created at most this many seconds ahead */
  const char *label; /* NULL: every label */
  const char *tag;   /* NULL: every tag */
  const struct dps_verify_component *components; /* must be covered */
  size_t component_count;
  unsigned params; /* must be there: 1u << DPS_PARAM_CREATED and so on */
  /* A response's signature must cover its request (section 2.4), which the message must have: the
     method; the URL, whole or by @authority and @request-target or @path and @query; and, where the
     request has one of both, Signature or Content-Digest. */
  bool tied;
  /* The key of a signature, which stays the caller's; NULL: there is none (UNKNOWN_KEY). */
  struct dps_sign_key *(*key)(void *context, const struct dps_verify_params *);
  /* Remembers a nonce; asked once every signature that counts has verified, of those that have one
     (demand it in params, or a message without one can be replayed). NULL: replays pass. */
  enum dps_nonce (*nonce)(void *context, const struct dps_verify_params *);
  void *context;
};

/* One signature that was looked at. */
struct dps_verified {
  struct dps_verify_params params;
  enum dps_sign_alg alg;      /* the key's; NONE when it was not got so far */
  struct dps_text components; /* the inner list with its parameters, serialised */
  struct dps_text base; /* what the message gives; empty when it gives none. Mask it to show */
  struct dps_sign_fault fault; /* OK, or why this one does not pass */
};

struct dps_verification;

struct dps_verification *dps_verification_new(void); /* NULL: no memory */
void dps_verification_free(struct dps_verification *);

/* Verifies a message. What counts is the signature of the policy's label, or every one with its
 * tag, or every one; of those there must be at least one, and all must pass. False: fault is the
 * first reason why not. */
bool dps_verify(struct dps_verification *, const struct dps_verify_policy *,
                const struct dps_sign_message *, struct dps_sign_fault *);

/* What the last dps_verify looked at, in the field's order; NULL from the count on. */
const struct dps_verified *dps_verification_at(const struct dps_verification *, size_t i);

#endif
