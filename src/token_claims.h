/* What an access token says of itself, where it is a JWT as Adobe's are. Nothing is verified: it is
 * for telling people why a token is refused, never for trusting one. */
#ifndef DPS_TOKEN_CLAIMS_H
#define DPS_TOKEN_CLAIMS_H

#include "secret.h"

/* When it ends, in seconds since the epoch: "exp" (RFC 7519, section 4.1.4), or created_at and
 * expires_in in milliseconds, as IMS has them. False where it does not say. */
bool dps_token_says_end(const struct dps_secret *token, double *end);

#endif
