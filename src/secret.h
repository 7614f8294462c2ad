/* Bytes that must not be seen: copied in, used, wiped. Never a Lua string, never in a message. */
#ifndef DPS_SECRET_H
#define DPS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct dps_secret {
  char *bytes; /* NUL-terminated; NULL when unset */
  size_t len;
};

/* Replaces the secret by a copy without trailing line ends. False: out of memory. */
bool dps_secret_set(struct dps_secret *, const char *text);
void dps_secret_clear(struct dps_secret *);

/* True for what may stand after "Bearer " (RFC 6750, section 2.1: b64token). */
bool dps_secret_is_token(const struct dps_secret *);

#endif
