/* Bytes that must not be seen: copied in, used, wiped. Never a Lua string, never in a message.
 * Where they come from is secret_source.h; which settings hold some is secret_named.h. */
#ifndef DPS_SECRET_H
#define DPS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

enum { DPS_SECRET_MAX = 64 * 1024 }; /* bytes of one secret, wherever it comes from */

struct dps_secret {
  char *bytes; /* NUL-terminated; NULL when unset */
  size_t len;  /* bytes may hold NULs of their own: a shared key is any bytes */
};

/* Replaces the secret by a copy without trailing line ends. False: out of memory. */
bool dps_secret_set(struct dps_secret *, const char *text);
/* The same for bytes as they are. They may be the secret's own. */
bool dps_secret_set_bytes(struct dps_secret *, const void *bytes, size_t len);
/* Drops trailing line ends: what an editor or a command adds to a text. */
void dps_secret_trim(struct dps_secret *);
void dps_secret_clear(struct dps_secret *);

/* True for what may stand after "Bearer " (RFC 6750, section 2.1: b64token). */
bool dps_secret_is_token(const struct dps_secret *);
/* True when no byte is a control character: what may stand in a header line or a form. */
bool dps_secret_is_text(const struct dps_secret *);

/* Puts stars wherever n bytes of text show the secret; what is shorter than 8 bytes stands in many
 * a text, and is left. */
void dps_secret_hide(const char *secret, size_t len, char *text, size_t n);

#endif
