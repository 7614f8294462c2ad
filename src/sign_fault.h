/* Why something was not signed or not accepted: one reason out of a closed list, and a sentence.
 *
 * The word of a reason is for machines and stays the same; the detail is for people. Neither ever
 * holds a key, a passphrase or a field's value. */
#ifndef DPS_SIGN_FAULT_H
#define DPS_SIGN_FAULT_H

#include <stdbool.h>

enum dps_sign_reason {
  DPS_SIGN_OK, /* "ok" */
  /* what a verifier finds */
  DPS_SIGN_MISSING,             /* "missing": no signature, or none of the wanted label */
  DPS_SIGN_WRONG_TAG,           /* "tag": no signature with the wanted tag */
  DPS_SIGN_MALFORMED,           /* "malformed": Signature-Input, Signature or a covered field */
  DPS_SIGN_PARAMETER_MISSING,   /* "parameter-missing": demanded by the policy */
  DPS_SIGN_COMPONENT_UNCOVERED, /* "component-missing": demanded by the policy and not covered */
  DPS_SIGN_COMPONENT_ABSENT,    /* "component-absent": covered, and the message does not have it */
  DPS_SIGN_COMPONENT_INVALID,   /* "component-invalid": twice, unknown, or a value that cannot be */
  DPS_SIGN_UNKNOWN_KEY,         /* "unknown-key": no key of that keyid */
  DPS_SIGN_ALG_MISMATCH,        /* "alg": the alg parameter is not the key's algorithm */
  DPS_SIGN_NOT_YET_VALID,       /* "not-yet-valid": created lies in the future */
  DPS_SIGN_EXPIRED,             /* "expired": past expires, or older than the window */
  DPS_SIGN_BAD_SIGNATURE,       /* "bad-signature": the bytes do not verify */
  DPS_SIGN_DIGEST_MISMATCH,     /* "digest-mismatch": Content-Digest is not the body's */
  DPS_SIGN_DIGEST_UNSUPPORTED,  /* "digest-unsupported": it has no algorithm known here */
  DPS_SIGN_REPLAY,              /* "replay": this nonce was seen before */
  /* what is wrong with a key */
  DPS_SIGN_KEY_MALFORMED,  /* "key-malformed": no key can be read from the bytes */
  DPS_SIGN_KEY_EMPTY,      /* "key-empty": nothing in it */
  DPS_SIGN_KEY_ENCRYPTED,  /* "key-encrypted": it wants a passphrase and none was given */
  DPS_SIGN_KEY_PASSPHRASE, /* "key-passphrase": the passphrase does not open it */
  DPS_SIGN_KEY_UNFIT,      /* "key-unfit": wrong type, curve, size or algorithm; public only */
  /* what is wrong with a call */
  DPS_SIGN_INVALID,   /* "invalid": label, parameter, time, nonce, tag given by the caller */
  DPS_SIGN_LIMIT,     /* "limit": above a ceiling */
  DPS_SIGN_NO_MEMORY, /* "no-memory" */
  DPS_SIGN_INTERNAL,  /* "internal": libcrypto refused, or a callback failed */
  DPS_SIGN_REASONS
};

struct dps_sign_fault {
  enum dps_sign_reason reason;
  char detail[240]; /* one sentence without a full stop; "" when OK */
};

/* The word of the list above. */
const char *dps_sign_word(enum dps_sign_reason);
/* One general sentence: what the reason means. */
const char *dps_sign_meaning(enum dps_sign_reason);

/* Fills in reason and detail (printf's format; cut when longer). fault may be NULL. Always false,
 * so that a function that failed can return it. */
__attribute__((format(printf, 3, 4))) _Bool
dps_sign_refuse(struct dps_sign_fault *fault, enum dps_sign_reason, const char *format, ...);

#endif
