/* Digests of a message's content: Content-Digest (RFC 9530) and the plain sha-256 behind it. */
#ifndef DPS_DIGEST_H
#define DPS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum dps_digest_alg { DPS_DIGEST_NONE, DPS_DIGEST_SHA256, DPS_DIGEST_SHA512 };

enum { DPS_SHA256_BYTES = 32, DPS_SHA512_BYTES = 64 };

enum dps_digest_result {
  DPS_DIGEST_MATCH,     /* at least one algorithm known here, and all those known agree */
  DPS_DIGEST_MISMATCH,  /* one of them does not */
  DPS_DIGEST_UNKNOWN,   /* no algorithm known here */
  DPS_DIGEST_MALFORMED, /* not a dictionary of byte sequences of the algorithm's length */
  DPS_DIGEST_FAILED     /* no memory, or libcrypto refused */
};

/* "sha-256", "sha-512" (names are lower case, RFC 9530 section 6); NONE for any other name. */
enum dps_digest_alg dps_digest_by_name(const char *name, size_t len);
const char *dps_digest_name(enum dps_digest_alg);

/* Hashes n bytes into out, which has room for the algorithm's length. False: libcrypto refused. */
bool dps_digest(enum dps_digest_alg, const void *bytes, size_t n, unsigned char *out);

/* Makes fields: one algorithm, looked up once. NULL: no memory, or libcrypto has no such algorithm.
 */
struct dps_hasher;
struct dps_hasher *dps_hasher_new(enum dps_digest_alg);
void dps_hasher_free(struct dps_hasher *);
/* Appends the field's value, as `sha-256=:...:`. */
bool dps_hasher_field(struct dps_hasher *, struct dps_buf *, const void *body, size_t len);

/* Holds a Content-Digest value (its lines joined by ", ") against the body. */
enum dps_digest_result dps_digest_check(const char *field, size_t field_len, const void *body,
                                        size_t len);

#endif
