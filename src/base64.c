/* Base64 both ways by two tables; see base64.h. */
#include "base64.h"

#include <stdint.h>

static const char alphabets[][65] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

size_t dps_base64_encode(char *to, const void *bytes, size_t n, enum dps_base64 form) {
  const char *letter = alphabets[form == DPS_BASE64_URL], *start = to;
  const unsigned char *p = bytes;
  for (; n >= 3; n -= 3, p += 3) {
    unsigned bits = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
    *to++ = letter[bits >> 18];
    *to++ = letter[bits >> 12 & 63];
    *to++ = letter[bits >> 6 & 63];
    *to++ = letter[bits & 63];
  }
  if (n) {
    unsigned second = n > 1 ? p[1] : 0;
    *to++ = letter[p[0] >> 2];
    *to++ = letter[(p[0] & 3) << 4 | second >> 4];
    if (n > 1) *to++ = letter[(second & 15) << 2];
    for (; form != DPS_BASE64_URL && n < 3; n++)
      *to++ = '=';
  }
  return (size_t)(to - start);
}

/* The six bits of a character; above 63 for what is none. */
static unsigned bits_of(char c, enum dps_base64 form) {
  if (c >= 'A' && c <= 'Z') return (unsigned)(c - 'A');
  if (c >= 'a' && c <= 'z') return (unsigned)(c - 'a') + 26;
  if (c >= '0' && c <= '9') return (unsigned)(c - '0') + 52;
  if (c == alphabets[form == DPS_BASE64_URL][62]) return 62;
  return c == alphabets[form == DPS_BASE64_URL][63] ? 63 : 64;
}

/* The length without padding; false when there is more or less of it than the form has. */
static bool strip(const char *text, size_t *len, enum dps_base64 form) {
  size_t n = *len, pads = 0;
  while (form != DPS_BASE64_URL && pads < 2 && n > 0 && text[n - 1] == '=')
    n--, pads++;
  *len = n;
  if (n % 4 == 1) return false;
  if (pads == 0) return form != DPS_BASE64_PADDED || n % 4 == 0;
  return (n + pads) % 4 == 0;
}

bool dps_base64_decode(void *to, size_t *n, const char *text, size_t len, enum dps_base64 form) {
  unsigned char *out = to;
  uint32_t held = 0;
  unsigned count = 0;
  *n = 0;
  if (!strip(text, &len, form)) return false;
  for (size_t i = 0; i < len; i++) {
    unsigned bits = bits_of(text[i], form);
    if (bits > 63) return false;
    held = held << 6 | bits;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out[(*n)++] = (unsigned char)(held >> count);
  }
  return form == DPS_BASE64_FIELD || (held & ((1U << count) - 1)) == 0;
}
