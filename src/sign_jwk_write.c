/* JSON Web Keys: writing of the members that RFC 7638 hashes, and of the public half of a key. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

#include "base64.h"
#include "jsontext.h"
#include "sign_key_impl.h"

/* `"name":"base64url of bytes"` */
static bool put_bytes(struct dps_buf *out, const char *name, const unsigned char *bytes, size_t n) {
  if (!dps_buf_putc(out, '"') || !dps_buf_puts(out, name) || !dps_buf_puts(out, "\":\""))
    return false;
  char *to = dps_buf_reserve(out, DPS_BASE64_LENGTH(n) + 1);
  if (!to) return false;
  size_t len = dps_base64_encode(to, bytes, n, DPS_BASE64_URL);
  to[len] = '"';
  to[len + 1] = '\0';
  out->len += len + 1;
  return true;
}

/* size 0: as long as the number is. */
static bool put_number(struct dps_buf *out, const char *name, EVP_PKEY *pkey, const char *param,
                       size_t size) {
  unsigned char bytes[DPS_SIGNATURE_LONGEST];
  BIGNUM *number = NULL;
  bool ok = EVP_PKEY_get_bn_param(pkey, param, &number) == 1;
  if (ok && !size) size = (size_t)BN_num_bytes(number);
  ok = ok && size <= sizeof bytes && BN_bn2binpad(number, bytes, (int)size) == (int)size &&
       put_bytes(out, name, bytes, size);
  BN_free(number);
  return ok;
}

static bool put_ed25519(struct dps_buf *out, EVP_PKEY *pkey) {
  unsigned char x[32];
  size_t n = sizeof x;
  return EVP_PKEY_get_raw_public_key(pkey, x, &n) == 1 &&
         dps_buf_puts(out, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",") && put_bytes(out, "x", x, n);
}

static bool put_ec(struct dps_buf *out, EVP_PKEY *pkey) {
  bool small = EVP_PKEY_get_bits(pkey) == 256;
  size_t size = small ? 32 : 48;
  return dps_buf_puts(out, small ? "{\"crv\":\"P-256\",\"kty\":\"EC\","
                                 : "{\"crv\":\"P-384\",\"kty\":\"EC\",") &&
         put_number(out, "x", pkey, OSSL_PKEY_PARAM_EC_PUB_X, size) && dps_buf_putc(out, ',') &&
         put_number(out, "y", pkey, OSSL_PKEY_PARAM_EC_PUB_Y, size);
}

static bool put_rsa(struct dps_buf *out, EVP_PKEY *pkey) {
  return dps_buf_putc(out, '{') && put_number(out, "e", pkey, OSSL_PKEY_PARAM_RSA_E, 0) &&
         dps_buf_puts(out, ",\"kty\":\"RSA\",") &&
         put_number(out, "n", pkey, OSSL_PKEY_PARAM_RSA_N, 0);
}

static bool put_required(struct dps_buf *out, EVP_PKEY *pkey) {
  if (EVP_PKEY_is_a(pkey, "ED25519")) return put_ed25519(out, pkey);
  return EVP_PKEY_is_a(pkey, "EC") ? put_ec(out, pkey) : put_rsa(out, pkey);
}

bool dps_jwk_required(struct dps_buf *out, EVP_PKEY *pkey, const unsigned char *secret,
                      size_t len) {
  if (pkey) return put_required(out, pkey) && dps_buf_putc(out, '}');
  return dps_buf_putc(out, '{') && put_bytes(out, "k", secret, len) &&
         dps_buf_puts(out, ",\"kty\":\"oct\"}");
}

bool dps_sign_key_public_jwk(const struct dps_sign_key *key, struct dps_buf *out) {
  size_t bad;
  return key->pkey && put_required(out, key->pkey) && dps_buf_puts(out, ",\"kid\":") &&
         dps_json_put_string(out, key->id, strlen(key->id), &bad) &&
         dps_buf_puts(out, ",\"alg\":\"") && dps_buf_puts(out, dps_jose_name(key->alg)) &&
         dps_buf_puts(out, "\",\"use\":\"sig\"}");
}
