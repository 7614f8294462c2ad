/* Base64 (RFC 4648): the padded standard alphabet of header fields, the bare base64url of JWKs. */
#ifndef DPS_BASE64_H
#define DPS_BASE64_H

#include <stdbool.h>
#include <stddef.h>

enum dps_base64 {
  DPS_BASE64_PADDED, /* section 4: + and /, "=" to a multiple of four */
  DPS_BASE64_FIELD,  /* the same alphabet; "=" may be missing at the end (RFC 9651, 4.2.7) */
  DPS_BASE64_URL     /* section 5: - and _, never "=" (RFC 7515, section 2) */
};

/* Characters that n bytes take in the padded form; bytes that n characters take at most. */
#define DPS_BASE64_LENGTH(n) (((n) + 2) / 3 * 4)
#define DPS_BASE64_BYTES(n) ((n) / 4 * 3 + 3)

/* Writes the text to `to`, which has room for DPS_BASE64_LENGTH(n), without a NUL. Gives its
 * length. */
size_t dps_base64_encode(char *to, const void *bytes, size_t n, enum dps_base64);

/* Writes the bytes to `to`, which has room for DPS_BASE64_BYTES(len) and may be `text` itself.
 * False for any character that does not belong: white space, the other alphabet, padding in the
 * middle. Bits left over in the last character must be zero, but for FIELD. */
bool dps_base64_decode(void *to, size_t *n, const char *text, size_t len, enum dps_base64);

#endif
