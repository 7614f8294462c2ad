/* Bytes that must not be seen; see secret.h. */
#include "secret.h"

#include <stdlib.h>
#include <string.h>

enum { SHORTEST_HIDDEN = 8 };

static bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

bool dps_secret_set_bytes(struct dps_secret *secret, const void *bytes, size_t len) {
  char *copy = malloc(len + 1);
  if (!copy) return false;
  memcpy(copy, bytes, len);
  copy[len] = '\0';
  dps_secret_clear(secret);
  *secret = (struct dps_secret){copy, len};
  return true;
}

bool dps_secret_set(struct dps_secret *secret, const char *text) {
  size_t len = strlen(text);
  while (len && is_line_end(text[len - 1]))
    len--;
  return dps_secret_set_bytes(secret, text, len);
}

void dps_secret_trim(struct dps_secret *secret) {
  while (secret->len && is_line_end(secret->bytes[secret->len - 1]))
    secret->bytes[--secret->len] = '\0';
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

bool dps_secret_is_text(const struct dps_secret *secret) {
  for (size_t i = 0; i < secret->len; i++) {
    unsigned char c = (unsigned char)secret->bytes[i];
    if (c < ' ' || c == 0x7f) return false;
  }
  return secret->len > 0;
}

void dps_secret_hide(const char *secret, size_t len, char *text, size_t n) {
  if (len < SHORTEST_HIDDEN || !text) return;
  char *at = text;
  while ((at = memmem(at, n - (size_t)(at - text), secret, len)))
    memset(at, '*', len);
}
