/* The bearer token that a client's requests carry. It is replaced while requests wait: each takes
 * what stands here when it is put onto a handle, and remembers its serial. So a refusal is held
 * against the token that was sent, never against one that came in meanwhile. Plain C; how a token
 * is got is token_fetch.h's. */
#ifndef DPS_TOKEN_H
#define DPS_TOKEN_H

#include <stdint.h>

#include "secret.h"

enum dps_token_state {
  DPS_TOKEN_NONE,   /* never had one */
  DPS_TOKEN_FRESH,  /* to be used */
  DPS_TOKEN_AGEING, /* valid for a little while; time to get the next one */
  DPS_TOKEN_STALE   /* expired, or refused by the service */
};

struct dps_token;

/* Shared: made with one reference, freed and wiped with the last. NULL: out of memory. */
struct dps_token *dps_token_new(void);
struct dps_token *dps_token_ref(struct dps_token *);
void dps_token_unref(struct dps_token *); /* NULL is fine */

/* Replaces the token by a copy. lifetime_ms: from now on, -1 where it is not known. margin_ms: how
 * long before its end it is ageing. False: out of memory, or longer than a header line may be. */
bool dps_token_set(struct dps_token *, const struct dps_secret *, int64_t lifetime_ms,
                   int64_t margin_ms);
/* 1, 2, 3 ... of the tokens that this has held; 0: none yet. */
unsigned long dps_token_serial(const struct dps_token *);
enum dps_token_state dps_token_state(const struct dps_token *);
/* The service refused the token with that serial. Nothing happens where another one has come. */
void dps_token_evict(struct dps_token *, unsigned long serial);

/* The header line "Authorization: Bearer ..."; NULL while there is none. A stale one stays until it
 * is replaced: the service has the last word. Valid until the next set. */
const struct dps_secret *dps_token_line(const struct dps_token *);
/* True when the secret is the token itself. */
bool dps_token_equals(const struct dps_token *, const struct dps_secret *);

/* Milliseconds of the clock that also counts while the machine sleeps. */
int64_t dps_token_now(void);

#endif
