/* Bytes that must not be seen; see secret.h. */
#include "secret.h"

#include <stdlib.h>
#include <string.h>

bool dps_secret_set(struct dps_secret *secret, const char *text) {
  size_t len = strlen(text);
  while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
    len--;
  char *bytes = malloc(len + 1);
  if (!bytes) return false;
  memcpy(bytes, text, len);
  bytes[len] = '\0';
  dps_secret_clear(secret);
  *secret = (struct dps_secret){bytes, len};
  return true;
}

void dps_secret_clear(struct dps_secret *secret) {
  if (secret->bytes) explicit_bzero(secret->bytes, secret->len);
  free(secret->bytes);
  *secret = (struct dps_secret){0};
}

bool dps_secret_is_token(const struct dps_secret *secret) {
  for (size_t i = 0; i < secret->len; i++) {
    if (secret->bytes[i] < 0x21 || secret->bytes[i] > 0x7e) return false;
  }
  return secret->len > 0;
}
