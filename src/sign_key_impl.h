/* The inside of a key, shared by the sign_*key*.c files and by nobody else. */
#ifndef DPS_SIGN_KEY_IMPL_H
#define DPS_SIGN_KEY_IMPL_H

#include <openssl/evp.h>

#include "digest.h"
#include "sign_key.h"

struct dps_sign_key {
  enum dps_sign_alg alg;
  bool can_sign;
  size_t size; /* bytes of a signature */
  char id[DPS_KEYID_LONGEST + 1];
  EVP_PKEY *pkey;                         /* NULL: a shared secret */
  EVP_MD_CTX *to_sign, *to_verify, *work; /* prepared once, then copied into work */
  EVP_MAC_CTX *mac;                       /* keyed; NULL: a public-key algorithm */
  unsigned char thumbprint[DPS_SHA256_BYTES];
};

/* What a source holds, found by reading it. Exactly one of pkey and secret is set. */
struct dps_key_read {
  EVP_PKEY *pkey;
  bool is_private;
  unsigned char *secret; /* wiped and freed by sign_key.c */
  size_t secret_len;
  enum dps_sign_alg alg;          /* the JWK's; NONE when it names none */
  char id[DPS_KEYID_LONGEST + 1]; /* the JWK's kid; "" when it has none */
};

/* Each reads one form. False: fault says why. */
bool dps_key_read_pem(struct dps_key_read *, const struct dps_sign_key_source *,
                      struct dps_sign_fault *);
bool dps_key_read_der(struct dps_key_read *, const struct dps_sign_key_source *,
                      struct dps_sign_fault *);
bool dps_key_read_jwk(struct dps_key_read *, const struct dps_sign_key_source *,
                      struct dps_sign_fault *);

/* Finds or checks the algorithm of key->pkey and prepares its contexts. */
bool dps_pkey_prepare(struct dps_sign_key *, enum dps_sign_alg wanted, struct dps_sign_fault *);
bool dps_pkey_sign(struct dps_sign_key *, const void *text, size_t len, unsigned char *out,
                   size_t *n, struct dps_sign_fault *);
bool dps_pkey_verify(struct dps_sign_key *, const void *text, size_t len, const unsigned char *sig,
                     size_t n, struct dps_sign_fault *);

/* Appends the members that RFC 7638 hashes, in its order, with braces; of a secret when pkey is
 * NULL. */
bool dps_jwk_required(struct dps_buf *, EVP_PKEY *pkey, const unsigned char *secret, size_t len);

/* The JOSE name of an algorithm (RFC 7518, RFC 8037), and back; NONE for any other. */
const char *dps_jose_name(enum dps_sign_alg);
enum dps_sign_alg dps_jose_alg(const char *name);

bool dps_is_keyid(const char *text, size_t len);

#endif
