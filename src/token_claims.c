/* A token's own words about itself; see token_claims.h. */
#include "token_claims.h"

#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "jsonpick.h"

static bool read_end(const char *claims, double *end) {
  double created, lifetime;
  if (dps_json_number(dps_json_member(claims, "exp"), end)) return true;
  bool ok = dps_json_number(dps_json_member(claims, "created_at"), &created) &&
            dps_json_number(dps_json_member(claims, "expires_in"), &lifetime);
  if (ok) *end = (created + lifetime) / 1000;
  return ok;
}

/* The second of a JWT's three parts (RFC 7515, section 7.1). */
static const char *payload(const char *token, size_t *len) {
  const char *from = strchr(token, '.');
  const char *to = from ? strchr(from + 1, '.') : NULL;
  if (!to) return NULL;
  *len = (size_t)(to - from - 1);
  return from + 1;
}

bool dps_token_says_end(const struct dps_secret *token, double *end) {
  size_t len = 0, n = 0;
  const char *part = token->bytes ? payload(token->bytes, &len) : NULL;
  char *text = part ? malloc(DPS_BASE64_BYTES(len) + 1) : NULL;
  if (!text) return false;
  bool ok = dps_base64_decode(text, &n, part, len, DPS_BASE64_URL);
  if (ok) text[n] = '\0';
  ok = ok && n > 0 && dps_json_is_valid(text, n) && read_end(dps_json_root(text), end);
  explicit_bzero(text, DPS_BASE64_BYTES(len) + 1);
  free(text);
  return ok;
}
