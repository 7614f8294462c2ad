/* The header lines of one request on one handle, and the signer's beside them; for http_slot.c. */
#ifndef DPS_HTTP_SIGN_H
#define DPS_HTTP_SIGN_H

#include "http.h"

struct dps_http_signing {
  const struct dps_http_signer *signer; /* NULL: none */
  struct dps_buf url, authority;        /* as libcurl sends them; empty until they are needed */
  struct curl_slist *lines;             /* the request's own, then the client's */
  struct curl_slist nodes[DPS_HTTP_ADDED];
  struct dps_buf added; /* the signer's lines; its words where it failed */
};

void dps_http_signing_init(struct dps_http_signing *);
void dps_http_signing_clear(struct dps_http_signing *);

/* Puts the lines onto the handle. What is passed must stay until the transfer ends. */
CURLcode dps_http_signing_load(struct dps_http_signing *, CURL *easy,
                               const struct dps_http_signer *, struct curl_slist *lines);
/* The handle's URL is another one now. */
void dps_http_signing_moved(struct dps_http_signing *);

/* Signs what is about to be sent to url and puts the signer's lines before the others, in the place
 * of those of an earlier sending. False: it could not be signed, added says why. */
bool dps_http_signing_sign(struct dps_http_signing *, CURL *easy, CURLU *url,
                           const struct dps_http_request *);

/* Fills in the request's sent_url and sent_lines once it was sent to url. */
void dps_http_signing_show(struct dps_http_signing *, CURLU *url, struct dps_http_request *);

#endif
