/* Access tokens in a file that processes share, so that a hundred jobs ask for one token.
 *
 * The file is its owner's alone (mode 0600), is replaced whole and never written in place, and
 * holds one entry for each token endpoint, client and set of scopes. A token is given out while it
 * is valid, never after. What is no such file is left as it is and told of: somebody may have named
 * the wrong one. Beside it lies an empty file with ".lock" behind its name, which stays. */
#ifndef DPS_TOKEN_CACHE_H
#define DPS_TOKEN_CACHE_H

#include "secret_source.h"

struct dps_token_cache;

enum dps_cache_lock { DPS_CACHE_LOCKED, DPS_CACHE_BUSY, DPS_CACHE_FAILED };

/* NULL: out of memory. Looks at no file yet. */
struct dps_token_cache *dps_token_cache_new(const char *path, const char *url,
                                            const char *client_id, const char *scopes);
void dps_token_cache_free(struct dps_token_cache *); /* unlocks; NULL is fine */

/* The seconds that the token in the file is still good for, and its whole lifetime; 0 when there is
 * none. Where the file can't be used, why says so; else it stays as it was. */
long dps_token_cache_get(struct dps_token_cache *, struct dps_secret *, long *lifetime_s,
                         char why[DPS_SECRET_WHY]);
/* Puts a token into the file; the other entries stay while they are good. */
bool dps_token_cache_put(struct dps_token_cache *, const struct dps_secret *, long lifetime_s,
                         char why[DPS_SECRET_WHY]);

/* Among processes, whoever has the lock asks for the token; never waits. Locked already is fine. */
enum dps_cache_lock dps_token_cache_lock(struct dps_token_cache *, char why[DPS_SECRET_WHY]);
void dps_token_cache_unlock(struct dps_token_cache *);

#endif
