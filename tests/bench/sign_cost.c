/* sign_cost [ROUNDS [KEYS]]: what dps_sign costs beside libcrypto alone, by algorithm.
 *
 * Both hash the same body by SHA-256 and sign the same signature base, with contexts that are set
 * up once; dps_sign also writes the base, the digest and both header fields. They run in turn,
 * ROUNDS times (15 if not said), and a ratio is the median over the rounds. KEYS is the folder of
 * the RFC's test keys. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sign.h"

enum { MOST_ROUNDS = 1000, KEY_LONGEST = 8192 };

#define ROUND_US 20000.0

static const char *folder = "tests/vectors/rfc9421/keys";

static const struct {
  enum dps_sign_alg alg;
  const char *file; /* NULL: a new P-384 key */
} kinds[] = {
    {DPS_ALG_HMAC_SHA256, "test-shared-secret.secret"},
    {DPS_ALG_ED25519, "test-key-ed25519.private.pem"},
    {DPS_ALG_ECDSA_P256_SHA256, "test-key-ecc-p256.private.pem"},
    {DPS_ALG_ECDSA_P384_SHA384, NULL},
    {DPS_ALG_RSA_PSS_SHA512, "test-key-rsa-pss.private.pem"},
    {DPS_ALG_RSA_V1_5_SHA256, "test-key-rsa.private.pem"},
};

/* A create as dps sends it: 700 bytes of offer, a token of 1000 bytes. */
static char body[700], token[1000 + sizeof "Bearer "];

#define TEXT(array) ((struct dps_text){array, sizeof(array) - 1})

static const struct dps_sign_field fields[] = {
    {DPS_TEXT("Authorization"), TEXT(token)},
    {DPS_TEXT("x-api-key"), DPS_TEXT("0123456789abcdef0123456789abcdef")},
    {DPS_TEXT("x-gw-ims-org-id"), DPS_TEXT("0123456789ABCDEF01234567@AdobeOrg")},
    {DPS_TEXT("x-sandbox-name"), DPS_TEXT("prod")},
    {DPS_TEXT("x-request-id"), DPS_TEXT("01234567-89ab-cdef-0123-456789abcdef")},
    {DPS_TEXT("Content-Type"), DPS_TEXT("application/json")},
    {DPS_TEXT("Accept"), DPS_TEXT("application/json")},
};

static const struct dps_sign_message message = {
    .method = DPS_TEXT("POST"),
    .target_uri = DPS_TEXT("https://platform.adobe.io/data/core/dps/offers?offer-type=fallback"),
    .fields = fields,
    .field_count = sizeof fields / sizeof *fields,
    .body = {body, sizeof body},
};

static const struct dps_sign_component components[] = {
    {"@method", false},       {"@target-uri", false},   {"authorization", false},
    {"content-type", true},   {"content-digest", true}, {"x-gw-ims-org-id", true},
    {"x-sandbox-name", true}, {"x-api-key", true},      {"idempotency-key", true},
    {"x-request-id", true},
};

static const enum dps_sign_param params[] = {DPS_PARAM_CREATED, DPS_PARAM_EXPIRES, DPS_PARAM_NONCE,
                                             DPS_PARAM_KEYID, DPS_PARAM_TAG};

static const struct dps_sign_spec spec = {
    .components = components,
    .component_count = sizeof components / sizeof *components,
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .lifetime = 300,
    .tag = "fapi-2-request",
    .digest = DPS_DIGEST_SHA256,
};

static void die(const char *what) {
  fprintf(stderr, "sign_cost: %s\n", what);
  exit(1);
}

static double cpu_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- libcrypto alone --- */

struct raw {
  EVP_MD *sha256;
  EVP_MD_CTX *digest, *ready, *work; /* ready: set up for signing, copied into work */
  EVP_MAC_CTX *mac;
  char base[4096];
  size_t base_len;
};

static void raw_open_mac(struct raw *raw, const char *secret, size_t len) {
  char name[] = "SHA256";
  const OSSL_PARAM mac_params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                   OSSL_PARAM_construct_end()};
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  raw->mac = EVP_MAC_CTX_new(mac);
  EVP_MAC_free(mac);
  if (!EVP_MAC_init(raw->mac, (const unsigned char *)secret, len, mac_params)) die("no HMAC");
}

static void raw_open_key(struct raw *raw, EVP_PKEY *pkey, enum dps_sign_alg alg) {
  static const char *const digests[DPS_ALGS] = {[DPS_ALG_ECDSA_P256_SHA256] = "SHA256",
                                                [DPS_ALG_ECDSA_P384_SHA384] = "SHA384",
                                                [DPS_ALG_RSA_PSS_SHA512] = "SHA512",
                                                [DPS_ALG_RSA_V1_5_SHA256] = "SHA256"};
  EVP_PKEY_CTX *of_key;
  raw->ready = EVP_MD_CTX_new();
  raw->work = EVP_MD_CTX_new();
  if (!EVP_DigestSignInit_ex(raw->ready, &of_key, digests[alg], NULL, NULL, pkey, NULL))
    die("no such signature");
  if (alg == DPS_ALG_RSA_PSS_SHA512 &&
      (EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) <= 0 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, 64) <= 0))
    die("no PSS");
}

static bool raw_sign(struct raw *raw) {
  unsigned char hash[32], out[DPS_SIGNATURE_LONGEST];
  size_t n = sizeof out;
  bool ok = EVP_DigestInit_ex2(raw->digest, raw->sha256, NULL) &&
            EVP_DigestUpdate(raw->digest, body, sizeof body) &&
            EVP_DigestFinal_ex(raw->digest, hash, NULL);
  if (raw->mac)
    return ok && EVP_MAC_init(raw->mac, NULL, 0, NULL) &&
           EVP_MAC_update(raw->mac, (const unsigned char *)raw->base, raw->base_len) &&
           EVP_MAC_final(raw->mac, out, &n, sizeof out);
  return ok && EVP_MD_CTX_copy_ex(raw->work, raw->ready) &&
         EVP_DigestSign(raw->work, out, &n, (const unsigned char *)raw->base, raw->base_len) == 1;
}

static void raw_close(struct raw *raw) {
  EVP_MD_free(raw->sha256);
  EVP_MD_CTX_free(raw->digest);
  EVP_MD_CTX_free(raw->ready);
  EVP_MD_CTX_free(raw->work);
  EVP_MAC_CTX_free(raw->mac);
}

/* --- both --- */

struct pair {
  struct raw raw;
  struct dps_sign_key *key;
  struct dps_signer *signer;
  int64_t now;
};

static size_t read_file(const char *name, char *to) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "rb");
  if (!f) perror(path), exit(1);
  size_t n = fread(to, 1, KEY_LONGEST, f);
  fclose(f);
  return n;
}

static size_t new_p384(char *to) {
  EVP_PKEY *pkey = EVP_EC_gen("P-384");
  unsigned char *der = NULL;
  int n = pkey ? i2d_PrivateKey(pkey, &der) : 0;
  if (n <= 0 || n > KEY_LONGEST) die("no P-384");
  memcpy(to, der, (size_t)n);
  OPENSSL_free(der);
  EVP_PKEY_free(pkey);
  return (size_t)n;
}

static EVP_PKEY *raw_key(const char *bytes, size_t len) {
  BIO *bio = BIO_new_mem_buf(bytes, (int)len);
  EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
  const unsigned char *der = (const unsigned char *)bytes;
  BIO_free(bio);
  if (!pkey) pkey = d2i_AutoPrivateKey(NULL, &der, (long)len);
  if (!pkey) die("no such key");
  return pkey;
}

static bool dps_once(struct pair *p, struct dps_signature *got) {
  struct dps_sign_fault fault;
  if (dps_sign(p->signer, &message, p->now++, "AAECAwQFBgcICQoLDA0ODw==", got, &fault)) return true;
  fprintf(stderr, "sign_cost: %s\n", fault.detail);
  return false;
}

static void open_raw(struct raw *raw, const char *bytes, size_t len, enum dps_sign_alg alg) {
  raw->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  raw->digest = EVP_MD_CTX_new();
  if (alg == DPS_ALG_HMAC_SHA256) {
    raw_open_mac(raw, bytes, len);
    return;
  }
  EVP_PKEY *pkey = raw_key(bytes, len);
  raw_open_key(raw, pkey, alg);
  EVP_PKEY_free(pkey);
}

static void open_pair(struct pair *p, size_t kind) {
  char bytes[KEY_LONGEST];
  struct dps_sign_fault fault = {0};
  struct dps_signature got;
  size_t len = kinds[kind].file ? read_file(kinds[kind].file, bytes) : new_p384(bytes);
  const struct dps_sign_key_source source = {
      .bytes = bytes, .len = len, .alg = kinds[kind].alg, .keyid = "a-key-of-the-bench"};
  *p = (struct pair){.key = dps_sign_key_new(&source, &fault), .now = 1700000000};
  p->signer = p->key ? dps_signer_new(&spec, p->key, &fault) : NULL;
  if (!p->signer) die(fault.detail);
  open_raw(&p->raw, bytes, len, kinds[kind].alg);
  if (!dps_once(p, &got) || got.base.len > sizeof p->raw.base) die("no base");
  memcpy(p->raw.base, got.base.at, got.base.len);
  p->raw.base_len = got.base.len;
}

static void close_pair(struct pair *p) {
  raw_close(&p->raw);
  dps_signer_free(p->signer);
  dps_sign_key_free(p->key);
}

static double run_raw(struct pair *p, long count) {
  double began = cpu_us();
  for (long i = 0; i < count; i++)
    if (!raw_sign(&p->raw)) die("libcrypto does not sign");
  return (cpu_us() - began) / (double)count;
}

static double run_dps(struct pair *p, long count) {
  struct dps_signature got;
  double began = cpu_us();
  for (long i = 0; i < count; i++)
    if (!dps_once(p, &got)) exit(1);
  return (cpu_us() - began) / (double)count;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *of, size_t n) {
  qsort(of, n, sizeof *of, by_size);
  return n % 2 ? of[n / 2] : (of[n / 2 - 1] + of[n / 2]) / 2;
}

static void measure(size_t kind, size_t rounds) {
  static double raw[MOST_ROUNDS], dps[MOST_ROUNDS], ratio[MOST_ROUNDS];
  struct pair p;
  open_pair(&p, kind);
  double once = run_raw(&p, 20);
  long count = once > 0 && ROUND_US / once > 20 ? (long)(ROUND_US / once) : 20;
  for (size_t i = 0; i < rounds; i++) {
    raw[i] = run_raw(&p, count);
    dps[i] = run_dps(&p, count);
    ratio[i] = dps[i] / raw[i];
  }
  double middle = median(ratio, rounds);
  printf("  %-18s %10.2f %10.2f %10.2f   (%.2f..%.2f)\n", dps_sign_alg_name(kinds[kind].alg),
         median(raw, rounds), median(dps, rounds), middle, ratio[0], ratio[rounds - 1]);
  close_pair(&p);
}

int main(int argc, char **argv) {
  char *end = NULL;
  long rounds = argc > 1 ? strtol(argv[1], &end, 10) : 15;
  if (argc > 3 || (end && *end) || rounds < 1 || rounds > MOST_ROUNDS)
    die("usage: sign_cost [ROUNDS [KEYS]]");
  if (argc > 2) folder = argv[2];
  memset(body, 'b', sizeof body);
  memset(token, 't', sizeof token - 1);
  memcpy(token, "Bearer ", 7);
  printf("  %-18s %10s %10s %10s\n", "", "raw, us", "dps, us", "dps/raw");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    measure(i, (size_t)rounds);
  return 0;
}
