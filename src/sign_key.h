/* A key for HTTP message signatures (RFC 9421, section 3.3): bytes, type and the one algorithm that
 * it is for. The algorithm belongs to the key; no message ever chooses it.
 *
 * A key is used by one thread at a time. */
#ifndef DPS_SIGN_KEY_H
#define DPS_SIGN_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "sign_fault.h"

enum dps_sign_alg {
  DPS_ALG_NONE,
  DPS_ALG_ED25519,           /* "ed25519" */
  DPS_ALG_HMAC_SHA256,       /* "hmac-sha256" */
  DPS_ALG_ECDSA_P256_SHA256, /* "ecdsa-p256-sha256" */
  DPS_ALG_ECDSA_P384_SHA384, /* "ecdsa-p384-sha384" */
  DPS_ALG_RSA_PSS_SHA512,    /* "rsa-pss-sha512" */
  DPS_ALG_RSA_V1_5_SHA256,   /* "rsa-v1_5-sha256" */
  DPS_ALGS
};

enum {
  DPS_SIGN_KEY_LONGEST = 65536, /* bytes that a key is read from */
  DPS_SIGNATURE_LONGEST = 1024, /* bytes of a signature: RSA of 8192 bits */
  DPS_KEYID_LONGEST = 256
};

enum dps_sign_form {
  DPS_FORM_ANY, /* found out: PEM by a BEGIN line, JWK by its brace, DER where it is one whole */
  DPS_FORM_PEM, /* PKCS#8, also encrypted; the older RSA and EC forms; public keys */
  DPS_FORM_DER,
  DPS_FORM_JWK,   /* RFC 7517: OKP, EC, RSA, oct */
  DPS_FORM_SECRET /* the bytes are the shared secret, all of them as they are */
};

/* Where a key comes from; all borrowed for the call. */
struct dps_sign_key_source {
  const char *bytes;
  size_t len;
  const char *passphrase; /* NULL: none. It is never asked for */
  size_t passphrase_len;
  enum dps_sign_form form;
  enum dps_sign_alg alg; /* NONE: the type's own; for RSA that is rsa-pss-sha512 */
  const char *keyid;     /* NULL: the JWK's kid, else the RFC 7638 thumbprint */
};

struct dps_sign_key;

/* "ed25519" and so on; NONE for what the registry does not have. */
enum dps_sign_alg dps_sign_alg(const char *name, size_t len);
const char *dps_sign_alg_name(enum dps_sign_alg);

/* Reads a key. NULL: fault says why. With form ANY and no alg, bytes that are neither PEM, JWK nor
 * DER are a shared secret, unless they begin as OpenSSH's public keys do; with a public-key
 * algorithm they are refused; a file with PEM in it is never taken for a secret. The thumbprint of
 * a secret is no keyid (it would give guesses away): a secret without one has "". */
struct dps_sign_key *dps_sign_key_new(const struct dps_sign_key_source *, struct dps_sign_fault *);
/* Wipes and frees; NULL is fine. Of a secret or a JWK nothing is left in memory then; of PEM and
 * DER only what libcrypto's own decoders leave behind. */
void dps_sign_key_free(struct dps_sign_key *);

enum dps_sign_alg dps_sign_key_alg(const struct dps_sign_key *);
const char *dps_sign_key_id(const struct dps_sign_key *);
/* False for a public key. */
bool dps_sign_key_can_sign(const struct dps_sign_key *);
/* Bytes of a signature by this key. */
size_t dps_sign_key_size(const struct dps_sign_key *);

/* Appends the RFC 7638 thumbprint (sha-256, base64url), of a secret too. */
bool dps_sign_key_thumbprint(const struct dps_sign_key *, struct dps_buf *);
/* Appends the public half as a JWK; false for a secret. */
bool dps_sign_key_public_jwk(const struct dps_sign_key *, struct dps_buf *);

/* Signs text into out, which has room for DPS_SIGNATURE_LONGEST; *n is the length. ECDSA comes as r
 * and s, each padded to the curve's length (RFC 9421, section 3.3.4). */
bool dps_sign_bytes(struct dps_sign_key *, const void *text, size_t len, unsigned char *out,
                    size_t *n, struct dps_sign_fault *);
/* False: BAD_SIGNATURE, also for one of the wrong length. A MAC is compared in constant time. */
bool dps_verify_bytes(struct dps_sign_key *, const void *text, size_t len,
                      const unsigned char *signature, size_t n, struct dps_sign_fault *);

#endif
