/* Signatures in the forms of two API gateways' plugins, from a draft that expired in 2019
 * (draft-cavage-http-signatures): a compatibility, not a standard. Pure, like sign.h.
 *
 * Kong (hmac-auth) takes it in Proxy-Authorization, beside a bearer; APISIX (hmac-auth from 3.11
 * on) in Authorization alone, so that there the gateway must add the bearer itself. Both sign the
 * date, and a Digest of the body, which they check when told to. */
#ifndef DPS_SIGN_DRAFT_H
#define DPS_SIGN_DRAFT_H

#include "sign_base.h"
#include "sign_key.h"

enum { DPS_DATE_TEXT = 40 }; /* room for a date and a NUL */

/* The time as an IMF-fixdate (RFC 9110, section 5.6.7), whatever the locale. False: it has none. */
bool dps_sign_date(char to[DPS_DATE_TEXT], int64_t now);

enum dps_draft_form { DPS_DRAFT_KONG, DPS_DRAFT_APISIX };

/* Appends the lines of a request to `lines`, LF behind each: Date, Digest where there is a body,
 * and the signature over names, which are "@request-target" and fields, lower case, of the message
 * or of those lines. A field that is not there fails; "digest" may be missing where there is no
 * body. The key is a shared secret, its keyid the user's name. False: fault says why. */
bool dps_draft_sign(struct dps_buf *lines, enum dps_draft_form, struct dps_sign_key *,
                    const struct dps_text *names, size_t n, const struct dps_sign_message *,
                    int64_t now, struct dps_sign_fault *);

#endif
