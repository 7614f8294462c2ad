/* The Authorization line of one handle: a copy of the token's, so that the token may be replaced
 * while the transfer runs; for http_slot.c. */
#ifndef DPS_HTTP_BEARER_H
#define DPS_HTTP_BEARER_H

#include <curl/curl.h>

#include "buf.h"
#include "token.h"

/* Zeroed is empty. */
struct dps_http_bearer {
  struct dps_secret line;
  const struct dps_token *token; /* whose it is, and which of its tokens */
  unsigned long serial;
  struct curl_slist node;
};

/* Puts the token's line, as it is now, before the lines; token may be NULL, or hold none yet. *head
 * receives the first line. False: out of memory. */
bool dps_http_bearer_load(struct dps_http_bearer *, const struct dps_token *,
                          struct curl_slist *lines, struct curl_slist **head);
/* Puts stars wherever the text shows the token. */
void dps_http_bearer_hide(const struct dps_http_bearer *, struct dps_buf *text);
void dps_http_bearer_clear(struct dps_http_bearer *);

#endif
