/* The closed list of reasons, in words; see sign_fault.h. */
#include "sign_fault.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
  const char *word, *meaning;
} reasons[DPS_SIGN_REASONS] = {
    [DPS_SIGN_OK] = {"ok", "the signature verifies and fulfils the policy"},
    [DPS_SIGN_MISSING] = {"missing", "the message carries no such signature"},
    [DPS_SIGN_WRONG_TAG] = {"tag", "no signature carries the tag that is asked for"},
    [DPS_SIGN_MALFORMED] = {"malformed", "a signature field is not what RFC 9421 says it is"},
    [DPS_SIGN_PARAMETER_MISSING] = {"parameter-missing", "the signature lacks a parameter"},
    [DPS_SIGN_COMPONENT_UNCOVERED] = {"component-missing",
                                      "the signature does not cover a component "
                                      "that must be covered"},
    [DPS_SIGN_COMPONENT_ABSENT] = {"component-absent", "a covered component is not in the message"},
    [DPS_SIGN_COMPONENT_INVALID] = {"component-invalid", "a covered component cannot be signed"},
    [DPS_SIGN_UNKNOWN_KEY] = {"unknown-key", "there is no key of this keyid here"},
    [DPS_SIGN_ALG_MISMATCH] = {"alg", "the alg parameter is not the algorithm of the key"},
    [DPS_SIGN_NOT_YET_VALID] = {"not-yet-valid",
                                "the signature was created in the future: one of the "
                                "clocks is off"},
    [DPS_SIGN_EXPIRED] = {"expired", "the signature is too old: it waited too long, or one of the "
                                     "clocks is off"},
    [DPS_SIGN_BAD_SIGNATURE] = {"bad-signature",
                                "the signature was made over something else, or with "
                                "another key"},
    [DPS_SIGN_DIGEST_MISMATCH] = {"digest-mismatch",
                                  "the body is not the one that Content-Digest was "
                                  "made of"},
    [DPS_SIGN_DIGEST_UNSUPPORTED] = {"digest-unsupported", "Content-Digest has neither sha-256 nor "
                                                           "sha-512"},
    [DPS_SIGN_REPLAY] = {"replay", "a message with this nonce was accepted before"},
    [DPS_SIGN_KEY_MALFORMED] = {"key-malformed", "no key can be read from these bytes"},
    [DPS_SIGN_KEY_EMPTY] = {"key-empty", "the key is empty"},
    [DPS_SIGN_KEY_ENCRYPTED] = {"key-encrypted", "the key is encrypted and there is no passphrase"},
    [DPS_SIGN_KEY_PASSPHRASE] = {"key-passphrase", "the passphrase does not open the key"},
    [DPS_SIGN_KEY_UNFIT] = {"key-unfit", "the key cannot be used for this"},
    [DPS_SIGN_INVALID] = {"invalid", "what was asked for cannot be signed or verified"},
    [DPS_SIGN_LIMIT] = {"limit", "there is more than is allowed"},
    [DPS_SIGN_NO_MEMORY] = {"no-memory", "there is not enough memory"},
    [DPS_SIGN_INTERNAL] = {"internal", "libcrypto refused the operation"},
};

const char *dps_sign_word(enum dps_sign_reason reason) {
  return reasons[reason].word;
}

const char *dps_sign_meaning(enum dps_sign_reason reason) {
  return reasons[reason].meaning;
}

bool dps_sign_refuse(struct dps_sign_fault *fault, enum dps_sign_reason reason, const char *format,
                     ...) {
  if (!fault) return false;
  va_list values;
  va_start(values, format);
  fault->reason = reason;
  vsnprintf(fault->detail, sizeof fault->detail, format, values);
  va_end(values);
  return false;
}
