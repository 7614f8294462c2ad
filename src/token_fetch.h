/* Gets access tokens from a token endpoint: OAuth 2.0 client credentials (RFC 6749, section 4.4),
 * as Adobe's IMS has them at /ims/token/v3.
 *
 * One request is in flight at a time, however many wait for it, and it belongs to the loop, not to
 * whoever asked: so it goes on while a task that asked is stopped, or while a call blocks. What
 * came of it stays until the next one. Plain C; who asks, how often and in what words is told
 * elsewhere.
 */
#ifndef DPS_TOKEN_FETCH_H
#define DPS_TOKEN_FETCH_H

#include "http.h"
#include "secret_source.h"
#include "token.h"
#include "token_answer.h"

struct dps_token_fetch;

struct dps_token_settings {
  const char *url, *client_id;
  const char *scopes; /* comma between them; NULL: none are asked for */
  const char *cache;  /* path of a file that processes share (token_cache.h), or NULL */
  const struct dps_secret *client_secret; /* copied, like all of this */
  struct dps_http_settings http;          /* slots are ours */
  void (*ended)(void *context);           /* a request ended, or the shared file had a token */
  void *context;
};

enum dps_token_source { DPS_TOKEN_OF_ENDPOINT, DPS_TOKEN_OF_CACHE };

struct dps_token_outcome {
  unsigned long number; /* 1, 2, 3 ... of what was tried; 0: nothing yet */
  bool ok;              /* the token was set */
  enum dps_token_source source;
  int code;    /* as in struct dps_http_request; CURLE_OK when there was an answer */
  long status; /* 0: no answer */
  enum dps_token_fault fault;
  char words[256]; /* libcurl's, where code is not CURLE_OK */
  char error[64], description[512];
  char retry_after[64], date[64];     /* header values; "" */
  char cache_warning[DPS_SECRET_WHY]; /* something was wrong with the shared file; "" */
  long lifetime_s;
};

/* NULL: out of memory. The token is the caller's; it gets a reference. */
struct dps_token_fetch *dps_token_fetch_new(struct dps_loop *, const struct dps_token_settings *,
                                            struct dps_token *);
/* Cancels what is in flight; ended is not called. */
void dps_token_fetch_free(struct dps_token_fetch *);
/* Another client secret from now on, as after a rotation. False: out of memory. */
bool dps_token_fetch_use(struct dps_token_fetch *, const struct dps_secret *client_secret);
/* Begins a request, or leaves the one in flight to itself. False: it could not begin; the outcome
 * says why and ended is not called. */
bool dps_token_fetch_start(struct dps_token_fetch *);
bool dps_token_fetch_runs(const struct dps_token_fetch *);
const struct dps_token_outcome *dps_token_fetch_outcome(const struct dps_token_fetch *);

#endif
