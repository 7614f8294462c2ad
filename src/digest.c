/* Digests by libcrypto's EVP, and Content-Digest around them; see digest.h. */
#include "digest.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "sf.h"

static const struct {
  const char *name, *fetch;
  size_t bytes;
} algorithms[] = {
    [DPS_DIGEST_NONE] = {"", "", 0},
    [DPS_DIGEST_SHA256] = {"sha-256", "SHA256", DPS_SHA256_BYTES},
    [DPS_DIGEST_SHA512] = {"sha-512", "SHA512", DPS_SHA512_BYTES},
};

struct dps_hasher {
  enum dps_digest_alg alg;
  EVP_MD *md;
  EVP_MD_CTX *context;
};

enum dps_digest_alg dps_digest_by_name(const char *name, size_t len) {
  for (enum dps_digest_alg alg = DPS_DIGEST_SHA256; alg <= DPS_DIGEST_SHA512; alg++)
    if (strlen(algorithms[alg].name) == len && !memcmp(algorithms[alg].name, name, len)) return alg;
  return DPS_DIGEST_NONE;
}

const char *dps_digest_name(enum dps_digest_alg alg) {
  return algorithms[alg].name;
}

bool dps_digest(enum dps_digest_alg alg, const void *bytes, size_t n, unsigned char *out) {
  const EVP_MD *md = alg == DPS_DIGEST_SHA512 ? EVP_sha512() : EVP_sha256();
  return alg != DPS_DIGEST_NONE && EVP_Digest(n ? bytes : "", n, out, NULL, md, NULL) == 1;
}

struct dps_hasher *dps_hasher_new(enum dps_digest_alg alg) {
  struct dps_hasher *hasher = calloc(1, sizeof *hasher);
  if (!hasher) return NULL;
  hasher->alg = alg;
  hasher->md = EVP_MD_fetch(NULL, algorithms[alg].fetch, NULL);
  hasher->context = EVP_MD_CTX_new();
  if (hasher->md && hasher->context) return hasher;
  dps_hasher_free(hasher);
  return NULL;
}

void dps_hasher_free(struct dps_hasher *hasher) {
  if (!hasher) return;
  EVP_MD_CTX_free(hasher->context);
  EVP_MD_free(hasher->md);
  free(hasher);
}

bool dps_hasher_field(struct dps_hasher *hasher, struct dps_buf *out, const void *body,
                      size_t len) {
  unsigned char hash[DPS_SHA512_BYTES];
  return EVP_DigestInit_ex2(hasher->context, hasher->md, NULL) == 1 &&
         EVP_DigestUpdate(hasher->context, body, len) == 1 &&
         EVP_DigestFinal_ex(hasher->context, hash, NULL) == 1 &&
         dps_buf_puts(out, algorithms[hasher->alg].name) && dps_buf_putc(out, '=') &&
         dps_sf_write_bytes(out, hash, algorithms[hasher->alg].bytes);
}

static enum dps_digest_result check_one(enum dps_digest_alg alg, struct dps_text given,
                                        const void *body, size_t len) {
  unsigned char hash[DPS_SHA512_BYTES];
  if (given.len != algorithms[alg].bytes) return DPS_DIGEST_MALFORMED;
  if (!dps_digest(alg, body, len, hash)) return DPS_DIGEST_FAILED;
  return memcmp(given.at, hash, given.len) == 0 ? DPS_DIGEST_MATCH : DPS_DIGEST_MISMATCH;
}

/* RFC 9530, section 2: algorithms that nobody knows here are passed over. */
static enum dps_digest_result check_all(const struct dps_sf *sf, const void *body, size_t len) {
  enum dps_digest_result result = DPS_DIGEST_UNKNOWN;
  for (size_t i = 0; i < sf->member_count; i++) {
    const struct dps_sf_member *member = &sf->members[i];
    const struct dps_sf_value *value = dps_sf_value(sf, member);
    if (!value || member->repeated || value->type != DPS_SF_BYTES) return DPS_DIGEST_MALFORMED;
    enum dps_digest_alg alg = dps_digest_by_name(member->key.at, member->key.len);
    if (alg == DPS_DIGEST_NONE) continue;
    enum dps_digest_result one = check_one(alg, value->text, body, len);
    if (one > result || result == DPS_DIGEST_UNKNOWN) result = one;
    if (one == DPS_DIGEST_MALFORMED) break;
  }
  return result;
}

enum dps_digest_result dps_digest_check(const char *field, size_t field_len, const void *body,
                                        size_t len) {
  struct dps_sf sf;
  struct dps_sf_fault fault;
  dps_sf_init(&sf);
  enum dps_digest_result result = DPS_DIGEST_MALFORMED;
  if (dps_sf_parse(&sf, DPS_SF_DICTIONARY, field, field_len, &fault))
    result = check_all(&sf, body, len);
  dps_sf_clear(&sf);
  return result;
}
