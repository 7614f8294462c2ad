/* Public-key algorithms of RFC 9421, section 3.3, by libcrypto's EVP: what key fits which, and the
 * bytes of their signatures. PEM and DER are read here too. */
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "sign_key_impl.h"

enum { RSA_LEAST_BITS = 2048, RSA_MOST_BITS = 8 * DPS_SIGNATURE_LONGEST };

/* --- reading (RFC 7468 for PEM) --- */

struct asked {
  const struct dps_sign_key_source *source;
  bool wanted; /* the key is encrypted */
};

/* https://www.openssl.org/docs/man3.0/man3/pem_password_cb.html; without one of ours libcrypto
 * would ask on the terminal. */
static int on_passphrase(char *to, int room, int writing, void *context) {
  struct asked *asked = context;
  (void)writing;
  asked->wanted = true;
  if (!asked->source->passphrase || asked->source->passphrase_len > (size_t)room) return -1;
  memcpy(to, asked->source->passphrase, asked->source->passphrase_len);
  return (int)asked->source->passphrase_len;
}

/* https://www.openssl.org/docs/man3.0/man3/OSSL_DECODER_CTX_new_for_pkey.html */
static EVP_PKEY *decode(struct asked *asked, const char *form, int selection) {
  EVP_PKEY *pkey = NULL;
  const unsigned char *bytes = (const unsigned char *)asked->source->bytes;
  size_t len = asked->source->len;
  OSSL_DECODER_CTX *decoder =
      OSSL_DECODER_CTX_new_for_pkey(&pkey, form, NULL, NULL, selection, NULL, NULL);
  if (decoder && OSSL_DECODER_CTX_set_pem_password_cb(decoder, on_passphrase, asked))
    OSSL_DECODER_from_data(decoder, &bytes, &len);
  OSSL_DECODER_CTX_free(decoder);
  return pkey;
}

/* `at`: where its block begins. */
static EVP_PKEY *key_of_certificate(const struct dps_sign_key_source *source, const char *at) {
  struct asked asked = {source, false};
  BIO *bytes = BIO_new_mem_buf(at, (int)(source->bytes + source->len - at));
  X509 *certificate = bytes ? PEM_read_bio_X509(bytes, NULL, on_passphrase, &asked) : NULL;
  EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;
  X509_free(certificate);
  BIO_free(bytes);
  return pkey;
}

static bool refuse_reading(const struct asked *asked, struct dps_sign_fault *fault) {
  if (!asked->wanted)
    return dps_sign_refuse(fault, DPS_SIGN_KEY_MALFORMED,
                           "no key of a known type can be read from these bytes");
  if (!asked->source->passphrase)
    return dps_sign_refuse(fault, DPS_SIGN_KEY_ENCRYPTED,
                           "the key is encrypted, and there is no passphrase for it");
  return dps_sign_refuse(fault, DPS_SIGN_KEY_PASSPHRASE, "the passphrase does not open the key");
}

static bool read_form(struct dps_key_read *read, const struct dps_sign_key_source *source,
                      const char *form, struct dps_sign_fault *fault) {
  struct asked asked = {source, false};
  read->pkey = decode(&asked, form, EVP_PKEY_KEYPAIR);
  read->is_private = read->pkey != NULL;
  if (!read->pkey && !asked.wanted) read->pkey = decode(&asked, form, EVP_PKEY_PUBLIC_KEY);
  return read->pkey || refuse_reading(&asked, fault);
}

/* Where the block of a label that ends in `kind` begins; NULL when there is none. */
static const char *find_block(const struct dps_sign_key_source *source, const char *kind) {
  static const char begin[] = "-----BEGIN ";
  const char *p = source->bytes, *end = p + source->len;
  while ((p = memmem(p, (size_t)(end - p), begin, sizeof begin - 1)) != NULL) {
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    if (!lf) lf = end;
    if (memmem(p, (size_t)(lf - p), kind, strlen(kind))) return p;
    p = lf;
  }
  return NULL;
}

/* A file may hold more than its key: `openssl ecparam` writes the curve before it. */
bool dps_key_read_pem(struct dps_key_read *read, const struct dps_sign_key_source *source,
                      struct dps_sign_fault *fault) {
  struct dps_sign_key_source block = *source;
  const char *key = find_block(source, "KEY-----");
  const char *certificate = key ? NULL : find_block(source, " CERTIFICATE-----");
  if (certificate) read->pkey = key_of_certificate(source, certificate);
  if (read->pkey) return true;
  if (key) {
    block.bytes = key;
    block.len -= (size_t)(key - source->bytes);
  }
  return read_form(read, &block, "PEM", fault);
}

bool dps_key_read_der(struct dps_key_read *read, const struct dps_sign_key_source *source,
                      struct dps_sign_fault *fault) {
  return read_form(read, source, "DER", fault);
}

/* --- which algorithm --- */

static const struct traits {
  const char *type; /* of the EVP_PKEY */
  const char *curve, *other_curve_name;
  enum dps_sign_alg alg;
  const char *digest;
  size_t half; /* bytes of r and of s */
} traits[] = {
    {"ED25519", NULL, NULL, DPS_ALG_ED25519, NULL, 0},
    {"EC", "prime256v1", "P-256", DPS_ALG_ECDSA_P256_SHA256, "SHA256", 32},
    {"EC", "secp384r1", "P-384", DPS_ALG_ECDSA_P384_SHA384, "SHA384", 48},
    {"RSA", NULL, NULL, DPS_ALG_RSA_PSS_SHA512, "SHA512", 0},
    {"RSA", NULL, NULL, DPS_ALG_RSA_V1_5_SHA256, "SHA256", 0},
    {"RSA-PSS", NULL, NULL, DPS_ALG_RSA_PSS_SHA512, "SHA512", 0},
};

static bool fits(const struct traits *t, EVP_PKEY *pkey) {
  char curve[32] = "";
  size_t n;
  if (!EVP_PKEY_is_a(pkey, t->type)) return false;
  if (!t->curve) return true;
  return EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve,
                                        &n) == 1 &&
         (!strcmp(curve, t->curve) || !strcmp(curve, t->other_curve_name));
}

static const struct traits *traits_of(EVP_PKEY *pkey, enum dps_sign_alg wanted) {
  for (size_t i = 0; i < sizeof traits / sizeof *traits; i++)
    if ((!wanted || wanted == traits[i].alg) && fits(&traits[i], pkey)) return &traits[i];
  return NULL;
}

static const char *type_name(EVP_PKEY *pkey) {
  const char *name = EVP_PKEY_get0_type_name(pkey);
  return name ? name : "unknown";
}

static bool refuse_type(EVP_PKEY *pkey, enum dps_sign_alg wanted, struct dps_sign_fault *fault) {
  char curve[32] = "";
  size_t n;
  if (EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve, &n) !=
      1)
    curve[0] = '\0';
  return dps_sign_refuse(fault, DPS_SIGN_KEY_UNFIT, "a key of type %s%s%s cannot be used for %s",
                         type_name(pkey), curve[0] ? " " : "", curve,
                         wanted ? dps_sign_alg_name(wanted) : "any algorithm of RFC 9421");
}

static bool check_size(EVP_PKEY *pkey, const struct traits *t, struct dps_sign_fault *fault) {
  int bits = EVP_PKEY_get_bits(pkey);
  if (t->type[0] != 'R' || (bits >= RSA_LEAST_BITS && bits <= RSA_MOST_BITS)) return true;
  return dps_sign_refuse(fault, DPS_SIGN_KEY_UNFIT, "an RSA key of %d bits; %d to %d are taken",
                         bits, RSA_LEAST_BITS, RSA_MOST_BITS);
}

/* --- contexts: set up once, copied for each signature --- */

/* RFC 9421, 3.3.1: MGF1 with SHA-512, salt of 64 bytes. */
static bool set_padding(EVP_PKEY_CTX *context, enum dps_sign_alg alg) {
  if (alg == DPS_ALG_RSA_V1_5_SHA256)
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
  if (alg != DPS_ALG_RSA_PSS_SHA512) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, "SHA512", NULL) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 64) > 0;
}

typedef int init_function(EVP_MD_CTX *, EVP_PKEY_CTX **, const char *, OSSL_LIB_CTX *, const char *,
                          EVP_PKEY *, const OSSL_PARAM[]);

static EVP_MD_CTX *new_context(init_function *init, EVP_PKEY *pkey, const struct traits *t) {
  EVP_PKEY_CTX *of_key = NULL;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context && init(context, &of_key, t->digest, NULL, NULL, pkey, NULL) == 1 &&
      set_padding(of_key, t->alg))
    return context;
  EVP_MD_CTX_free(context);
  return NULL;
}

static size_t signature_size(EVP_PKEY *pkey, const struct traits *t) {
  return t->half ? 2 * t->half : (size_t)EVP_PKEY_get_size(pkey);
}

bool dps_pkey_prepare(struct dps_sign_key *key, enum dps_sign_alg wanted,
                      struct dps_sign_fault *fault) {
  const struct traits *t = traits_of(key->pkey, wanted);
  if (!t) return refuse_type(key->pkey, wanted, fault);
  if (!check_size(key->pkey, t, fault)) return false;
  key->alg = t->alg;
  key->size = signature_size(key->pkey, t);
  key->work = EVP_MD_CTX_new();
  key->to_verify = new_context(EVP_DigestVerifyInit_ex, key->pkey, t);
  if (key->can_sign) key->to_sign = new_context(EVP_DigestSignInit_ex, key->pkey, t);
  if (key->work && key->to_verify && (key->to_sign || !key->can_sign)) return true;
  return dps_sign_refuse(fault, DPS_SIGN_KEY_UNFIT, "libcrypto refuses this key for %s",
                         dps_sign_alg_name(t->alg));
}

/* --- ECDSA: DER inside libcrypto, r and s in the field (RFC 9421, section 3.3.4) --- */

enum { DER_LONGEST = 128 }; /* 104 of P-384 at most */

static bool is_ecdsa(const struct dps_sign_key *key) {
  return key->alg == DPS_ALG_ECDSA_P256_SHA256 || key->alg == DPS_ALG_ECDSA_P384_SHA384;
}

static bool der_to_halves(const unsigned char *der, size_t len, unsigned char *out, size_t size) {
  ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
  int half = (int)(size / 2);
  bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half) == half &&
            BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half) == half;
  ECDSA_SIG_free(sig);
  return ok;
}

/* 0 when it cannot be done. */
static size_t halves_to_der(const unsigned char *halves, size_t size, unsigned char *der) {
  int half = (int)(size / 2), len = 0;
  BIGNUM *r = BN_bin2bn(halves, half, NULL), *s = BN_bin2bn(halves + half, half, NULL);
  ECDSA_SIG *sig = ECDSA_SIG_new();
  if (r && s && sig && ECDSA_SIG_set0(sig, r, s)) {
    r = s = NULL; /* the signature's now */
    len = i2d_ECDSA_SIG(sig, &der);
  }
  BN_free(r);
  BN_free(s);
  ECDSA_SIG_free(sig);
  return len > 0 ? (size_t)len : 0;
}

/* --- signing and verifying --- */

static bool sign_raw(struct dps_sign_key *key, const void *text, size_t len, unsigned char *out,
                     size_t *n) {
  return EVP_MD_CTX_copy_ex(key->work, key->to_sign) == 1 &&
         EVP_DigestSign(key->work, out, n, text, len) == 1;
}

bool dps_pkey_sign(struct dps_sign_key *key, const void *text, size_t len, unsigned char *out,
                   size_t *n, struct dps_sign_fault *fault) {
  unsigned char der[DER_LONGEST];
  size_t der_len = sizeof der;
  bool ok;
  *n = key->size;
  if (is_ecdsa(key))
    ok = sign_raw(key, text, len, der, &der_len) && der_to_halves(der, der_len, out, key->size);
  else
    ok = sign_raw(key, text, len, out, n);
  if (ok) return true;
  ERR_clear_error();
  return dps_sign_refuse(fault, DPS_SIGN_INTERNAL, "libcrypto could not sign by %s",
                         dps_sign_alg_name(key->alg));
}

static bool verify_raw(struct dps_sign_key *key, const void *text, size_t len,
                       const unsigned char *signature, size_t n) {
  return EVP_MD_CTX_copy_ex(key->work, key->to_verify) == 1 &&
         EVP_DigestVerify(key->work, signature, n, text, len) == 1;
}

static bool refuse_length(const struct dps_sign_key *key, const unsigned char *signature, size_t n,
                          struct dps_sign_fault *fault) {
  bool der = is_ecdsa(key) && n > 2 && signature[0] == 0x30 && signature[1] == n - 2;
  return dps_sign_refuse(fault, DPS_SIGN_BAD_SIGNATURE,
                         "a signature of %zu bytes; one by %s with this key has %zu%s", n,
                         dps_sign_alg_name(key->alg), key->size,
                         der ? " (this one is DER; RFC 9421 has r and s alone)" : "");
}

bool dps_pkey_verify(struct dps_sign_key *key, const void *text, size_t len,
                     const unsigned char *signature, size_t n, struct dps_sign_fault *fault) {
  unsigned char der[DER_LONGEST];
  if (n != key->size) return refuse_length(key, signature, n, fault);
  if (is_ecdsa(key)) {
    n = halves_to_der(signature, n, der);
    signature = der;
  }
  if (n && verify_raw(key, text, len, signature, n)) return true;
  ERR_clear_error();
  return dps_sign_refuse(fault, DPS_SIGN_BAD_SIGNATURE,
                         "the signature was not made by this key over this signature base");
}
