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
  static const char letters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
  size_t n = secret->bytes ? strspn(secret->bytes, letters) : 0;
  return n > 0 && n + strspn(secret->bytes + n, "=") == secret->len;
}
