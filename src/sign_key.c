/* Keys: from bytes to something that signs and verifies by one algorithm; see sign_key.h. */
#include "sign_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "sign_key_impl.h"

static const struct {
  const char *name, *jose;
} algorithms[DPS_ALGS] = {
    [DPS_ALG_NONE] = {"", ""},
    [DPS_ALG_ED25519] = {"ed25519", "EdDSA"},
    [DPS_ALG_HMAC_SHA256] = {"hmac-sha256", "HS256"},
    [DPS_ALG_ECDSA_P256_SHA256] = {"ecdsa-p256-sha256", "ES256"},
    [DPS_ALG_ECDSA_P384_SHA384] = {"ecdsa-p384-sha384", "ES384"},
    [DPS_ALG_RSA_PSS_SHA512] = {"rsa-pss-sha512", "PS512"},
    [DPS_ALG_RSA_V1_5_SHA256] = {"rsa-v1_5-sha256", "RS256"},
};

enum dps_sign_alg dps_sign_alg(const char *name, size_t len) {
  for (enum dps_sign_alg alg = DPS_ALG_NONE + 1; alg < DPS_ALGS; alg++)
    if (strlen(algorithms[alg].name) == len && !memcmp(algorithms[alg].name, name, len)) return alg;
  return DPS_ALG_NONE;
}

const char *dps_sign_alg_name(enum dps_sign_alg alg) {
  return algorithms[alg].name;
}

const char *dps_jose_name(enum dps_sign_alg alg) {
  return algorithms[alg].jose;
}

enum dps_sign_alg dps_jose_alg(const char *name) {
  for (enum dps_sign_alg alg = DPS_ALG_NONE + 1; alg < DPS_ALGS; alg++)
    if (!strcmp(algorithms[alg].jose, name)) return alg;
  return DPS_ALG_NONE;
}

bool dps_is_keyid(const char *text, size_t len) {
  if (len == 0 || len > DPS_KEYID_LONGEST) return false;
  for (size_t i = 0; i < len; i++)
    if (text[i] < 0x20 || text[i] > 0x7e) return false;
  return true;
}

static void clear_read(struct dps_key_read *read) {
  EVP_PKEY_free(read->pkey);
  if (read->secret) OPENSSL_cleanse(read->secret, read->secret_len);
  free(read->secret);
  *read = (struct dps_key_read){0};
}

/* --- which form --- */

/* Behind a byte order mark and blanks. */
static bool starts_with(const struct dps_sign_key_source *source, const char *text) {
  static const char space[] = " \t\r\n", mark[] = "\xef\xbb\xbf";
  size_t at = 0, len = strlen(text);
  if (source->len >= 3 && !memcmp(source->bytes, mark, 3)) at = 3;
  while (at < source->len && source->bytes[at] && strchr(space, source->bytes[at]))
    at++;
  return source->len - at >= len && memcmp(source->bytes + at, text, len) == 0;
}

static bool read_secret(struct dps_key_read *read, const struct dps_sign_key_source *source,
                        struct dps_sign_fault *fault) {
  read->secret = malloc(source->len);
  if (!read->secret) return dps_sign_refuse(fault, DPS_SIGN_NO_MEMORY, "no memory for the key");
  read->secret_len = source->len;
  memcpy(read->secret, source->bytes, source->len);
  return true;
}

/* One DER value and nothing behind it: a certificate, say, which is no secret. */
static bool is_whole_der(const struct dps_sign_key_source *source) {
  const unsigned char *p = (const unsigned char *)source->bytes;
  size_t len = source->len;
  if (len < 2 || p[0] != 0x30) return false;
  if (p[1] < 0x80) return len == 2U + p[1];
  return (p[1] == 0x81 && len > 2 && len == 3U + p[2]) ||
         (p[1] == 0x82 && len > 3 && len == 4U + (256U * p[2] + p[3]));
}

static bool read_der_or_secret(struct dps_key_read *read, const struct dps_sign_key_source *source,
                               struct dps_sign_fault *fault) {
  struct dps_sign_fault here = {0};
  if (dps_key_read_der(read, source, &here)) return true;
  bool for_pkey = source->alg && source->alg != DPS_ALG_HMAC_SHA256;
  if (here.reason != DPS_SIGN_KEY_MALFORMED || for_pkey || (!source->alg && is_whole_der(source)))
    return dps_sign_refuse(fault, here.reason, "%s", here.detail);
  return read_secret(read, source, fault);
}

static bool has_pem(const struct dps_sign_key_source *source) {
  static const char begin[] = "-----BEGIN ";
  return memmem(source->bytes, source->len, begin, sizeof begin - 1) != NULL;
}

/* Public keys in forms that are not read here, by how their text begins. */
static const struct {
  const char *start, *what, *remedy;
} public_texts[] = {
    {"ssh-", "an OpenSSH public key", "ssh-keygen -e -m PKCS8 -f FILE"},
    {"ecdsa-sha2-", "an OpenSSH public key", "ssh-keygen -e -m PKCS8 -f FILE"},
    {"sk-", "an OpenSSH public key", "ssh-keygen -e -m PKCS8 -f FILE"},
    {"---- BEGIN SSH2 ", "an SSH2 public key", "ssh-keygen -i -f FILE"},
    {"Certificate:", "a certificate printed for people", "openssl x509 without -noout"},
    {"Public-Key:", "a public key printed for people", "openssl pkey without -noout"},
};

static bool refuse_public_text(const struct dps_sign_key_source *source,
                               struct dps_sign_fault *fault) {
  for (size_t i = 0; i < sizeof public_texts / sizeof *public_texts; i++)
    if (starts_with(source, public_texts[i].start))
      return dps_sign_refuse(fault, DPS_SIGN_KEY_MALFORMED,
                             "this looks like %s, which is not read here: make PEM of it (%s); if "
                             "it is a shared secret, say so by the algorithm hmac-sha256",
                             public_texts[i].what, public_texts[i].remedy);
  return true;
}

/* A file of a public key must never become a secret that everybody knows (RFC 9421, section
 * 7.3.6), whatever stands before the key: a byte order mark, attributes, a description. */
static bool read_any(struct dps_key_read *read, const struct dps_sign_key_source *source,
                     struct dps_sign_fault *fault) {
  struct dps_sign_fault here = {0};
  bool is_json = starts_with(source, "{");
  if (!is_json && has_pem(source)) return dps_key_read_pem(read, source, fault);
  if (source->alg != DPS_ALG_HMAC_SHA256 && !refuse_public_text(source, fault)) return false;
  if (!is_json) return read_der_or_secret(read, source, fault);
  if (dps_key_read_jwk(read, source, &here)) return true;
  clear_read(read);
  if (source->alg == DPS_ALG_HMAC_SHA256 && here.reason == DPS_SIGN_KEY_MALFORMED)
    return read_secret(read, source, fault);
  return dps_sign_refuse(fault, here.reason, "%s", here.detail);
}

static bool read_source(struct dps_key_read *read, const struct dps_sign_key_source *source,
                        struct dps_sign_fault *fault) {
  static bool (*const readers[])(struct dps_key_read *, const struct dps_sign_key_source *,
                                 struct dps_sign_fault *) = {
      [DPS_FORM_ANY] = read_any,         [DPS_FORM_PEM] = dps_key_read_pem,
      [DPS_FORM_DER] = dps_key_read_der, [DPS_FORM_JWK] = dps_key_read_jwk,
      [DPS_FORM_SECRET] = read_secret,
  };
  if (source->len == 0) return dps_sign_refuse(fault, DPS_SIGN_KEY_EMPTY, "the key is empty");
  if (source->len > DPS_SIGN_KEY_LONGEST)
    return dps_sign_refuse(fault, DPS_SIGN_LIMIT, "a key of more than %d bytes",
                           DPS_SIGN_KEY_LONGEST);
  if (source->keyid && !dps_is_keyid(source->keyid, strlen(source->keyid)))
    return dps_sign_refuse(fault, DPS_SIGN_INVALID,
                           "a keyid is 1 to %d characters of printable ASCII", DPS_KEYID_LONGEST);
  return readers[source->form](read, source, fault);
}

/* --- shared secrets --- */

static bool prepare_mac(struct dps_sign_key *key, const struct dps_key_read *read,
                        enum dps_sign_alg wanted, struct dps_sign_fault *fault) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  if (wanted != DPS_ALG_NONE && wanted != DPS_ALG_HMAC_SHA256)
    return dps_sign_refuse(fault, DPS_SIGN_KEY_UNFIT, "a shared secret cannot be used for %s",
                           dps_sign_alg_name(wanted));
  if (read->secret_len == 0) return dps_sign_refuse(fault, DPS_SIGN_KEY_EMPTY, "the key is empty");
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  key->mac = mac ? EVP_MAC_CTX_new(mac) : NULL;
  EVP_MAC_free(mac);
  if (!key->mac || !EVP_MAC_init(key->mac, read->secret, read->secret_len, params))
    return dps_sign_refuse(fault, DPS_SIGN_INTERNAL, "libcrypto has no HMAC with SHA-256 here");
  key->alg = DPS_ALG_HMAC_SHA256;
  key->can_sign = true;
  key->size = DPS_SHA256_BYTES;
  return true;
}

static bool mac_sign(struct dps_sign_key *key, const void *text, size_t len, unsigned char *out,
                     size_t *n, struct dps_sign_fault *fault) {
  return (EVP_MAC_init(key->mac, NULL, 0, NULL) && EVP_MAC_update(key->mac, text, len) &&
          EVP_MAC_final(key->mac, out, n, DPS_SIGNATURE_LONGEST)) ||
         dps_sign_refuse(fault, DPS_SIGN_INTERNAL, "libcrypto could not compute the HMAC");
}

static bool mac_verify(struct dps_sign_key *key, const void *text, size_t len,
                       const unsigned char *signature, size_t n, struct dps_sign_fault *fault) {
  unsigned char wanted[DPS_SIGNATURE_LONGEST];
  size_t size;
  if (!mac_sign(key, text, len, wanted, &size, fault)) return false;
  bool same = n == size && CRYPTO_memcmp(wanted, signature, n) == 0;
  OPENSSL_cleanse(wanted, sizeof wanted);
  return same || dps_sign_refuse(fault, DPS_SIGN_BAD_SIGNATURE, "the HMAC is not this one");
}

/* --- keys --- */

static bool hash_required(struct dps_sign_key *key, const struct dps_key_read *read) {
  struct dps_buf text;
  dps_buf_init(&text, DPS_BASE64_LENGTH(DPS_SIGN_KEY_LONGEST) + 64);
  /* All the room at once: growing would leave copies behind. */
  bool ok = dps_buf_reserve(&text, DPS_BASE64_LENGTH(read->secret_len) + 64) &&
            dps_jwk_required(&text, read->pkey, read->secret, read->secret_len) &&
            dps_digest(DPS_DIGEST_SHA256, text.data, text.len, key->thumbprint);
  if (text.data) OPENSSL_cleanse(text.data, text.cap);
  dps_buf_clear(&text);
  return ok;
}

static void choose_id(struct dps_sign_key *key, const char *given,
                      const struct dps_key_read *read) {
  if (!given && read->id[0]) given = read->id;
  if (given)
    memcpy(key->id, given, strlen(given));
  else if (key->pkey)
    dps_base64_encode(key->id, key->thumbprint, sizeof key->thumbprint, DPS_BASE64_URL);
}

static bool same_alg(enum dps_sign_alg wanted, const struct dps_key_read *read,
                     struct dps_sign_fault *fault) {
  if (!wanted || !read->alg || wanted == read->alg) return true;
  return dps_sign_refuse(fault, DPS_SIGN_KEY_UNFIT, "the JWK is for %s, not for %s",
                         dps_sign_alg_name(read->alg), dps_sign_alg_name(wanted));
}

static bool build(struct dps_sign_key *key, struct dps_key_read *read,
                  const struct dps_sign_key_source *source, struct dps_sign_fault *fault) {
  enum dps_sign_alg wanted = source->alg ? source->alg : read->alg;
  if (!same_alg(source->alg, read, fault)) return false;
  key->pkey = read->pkey;
  if (key->pkey) EVP_PKEY_up_ref(key->pkey);
  key->can_sign = read->is_private;
  if (!(key->pkey ? dps_pkey_prepare(key, wanted, fault) : prepare_mac(key, read, wanted, fault)))
    return false;
  if (!hash_required(key, read))
    return dps_sign_refuse(fault, DPS_SIGN_INTERNAL, "the key has no thumbprint");
  choose_id(key, source->keyid, read);
  return true;
}

struct dps_sign_key *dps_sign_key_new(const struct dps_sign_key_source *source,
                                      struct dps_sign_fault *fault) {
  struct dps_key_read read = {0};
  struct dps_sign_key *key = calloc(1, sizeof *key);
  bool ok = key || dps_sign_refuse(fault, DPS_SIGN_NO_MEMORY, "no memory for the key");
  ok = ok && read_source(&read, source, fault) && build(key, &read, source, fault);
  clear_read(&read);
  ERR_clear_error(); /* nobody else's queue is filled with what was tried here */
  if (ok) return key;
  dps_sign_key_free(key);
  return NULL;
}

void dps_sign_key_free(struct dps_sign_key *key) {
  if (!key) return;
  EVP_MD_CTX_free(key->to_sign);
  EVP_MD_CTX_free(key->to_verify);
  EVP_MD_CTX_free(key->work);
  EVP_MAC_CTX_free(key->mac);
  EVP_PKEY_free(key->pkey);
  OPENSSL_cleanse(key, sizeof *key);
  free(key);
}

enum dps_sign_alg dps_sign_key_alg(const struct dps_sign_key *key) {
  return key->alg;
}

const char *dps_sign_key_id(const struct dps_sign_key *key) {
  return key->id;
}

bool dps_sign_key_can_sign(const struct dps_sign_key *key) {
  return key->can_sign;
}

size_t dps_sign_key_size(const struct dps_sign_key *key) {
  return key->size;
}

bool dps_sign_key_thumbprint(const struct dps_sign_key *key, struct dps_buf *out) {
  char text[DPS_BASE64_LENGTH(DPS_SHA256_BYTES)];
  size_t n = dps_base64_encode(text, key->thumbprint, sizeof key->thumbprint, DPS_BASE64_URL);
  return dps_buf_append(out, text, n);
}

bool dps_sign_bytes(struct dps_sign_key *key, const void *text, size_t len, unsigned char *out,
                    size_t *n, struct dps_sign_fault *fault) {
  if (!key->can_sign) return dps_sign_refuse(fault, DPS_SIGN_KEY_UNFIT, "a public key cannot sign");
  return (key->mac ? mac_sign : dps_pkey_sign)(key, text, len, out, n, fault);
}

bool dps_verify_bytes(struct dps_sign_key *key, const void *text, size_t len,
                      const unsigned char *signature, size_t n, struct dps_sign_fault *fault) {
  return (key->mac ? mac_verify : dps_pkey_verify)(key, text, len, signature, n, fault);
}
