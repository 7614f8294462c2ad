/* A slot: an easy handle that is set up once, and the one transfer at a time that it carries. For
 * http.c alone, which keeps slots and decides who gets one. */
#ifndef DPS_HTTP_SLOT_H
#define DPS_HTTP_SLOT_H

#include "http_bearer.h"
#include "http_sign.h"

struct dps_http_slot {
  struct dps_transfer transfer; /* first: the loop hands it back; its ended is http.c's to set */
  struct dps_http *client;      /* http.c's, as is next_free */
  struct dps_http_slot *next_free;
  struct dps_http_request *request; /* NULL while free */
  struct curl_slist *tied;          /* last line of the request's own, before the shared ones */
  CURLU *url;                       /* parsed once: creates all have the same URL */
  char *url_text;                   /* what url was parsed from */
  bool sigv4;                       /* libcurl signs: the URL is what it signs */
  bool keeps_sent;                  /* the request is shown as it was sent */
  bool sending;                     /* libcurl's numbers are of this transfer: its sending began */
  long before; /* bytes that had left when it began: what opened a tunnel through a proxy */
  struct dps_http_bearer bearer;
  struct dps_http_signing signing;
  char error[CURL_ERROR_SIZE];
};

/* ca_dir: what dps_http_hashed_roots found. NULL when memory ran out. */
struct dps_http_slot *dps_http_slot_new(struct dps_loop *, const struct dps_http_settings *,
                                        const char *ca_dir);
void dps_http_slot_free(struct dps_http_slot *);

/* Puts a request onto the handle: its own header lines, the token's, the shared ones; token and
 * signer may be NULL. Whatever it gives, dps_http_slot_end must follow. */
CURLcode dps_http_slot_load(struct dps_http_slot *, struct dps_http_request *,
                            struct curl_slist *shared, const struct dps_token *,
                            const struct dps_http_signer *);
/* Fills in what the transfer came to (a code that the request has already is kept), and lets go of
 * the request. */
void dps_http_slot_end(struct dps_http_slot *, int code);

#endif
