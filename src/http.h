/* One HTTP transfer in plain C: an easy handle from a pool of slots, bytes in, bytes out. No Lua.
 *
 * A client (struct dps_http) has as many slots as may be in flight, each an easy handle set up once
 * and reused. What finds no free slot waits in the client's own queue, first come first served. A
 * slot is free when its transfer ends, not when somebody reads the answer. Nothing is ever sent
 * twice: libcurl's silent repeat on a dead connection is refused for every method but GET and HEAD.
 * Where a client has a signer, each sending is signed anew, such a repeat too. */
#ifndef DPS_HTTP_H
#define DPS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <curl/curl.h>

#include "buf.h"
#include "loop.h"
#include "sign_base.h"
#include "token.h"

struct dps_http;

struct dps_http_settings {
  const char *ca_file;      /* PEM file that replaces the system's roots, or NULL */
  const char *client_cert;  /* PEM file, or NULL */
  const char *client_key;   /* PEM file, or NULL: the key is in client_cert */
  long connect_timeout_ms;  /* > 0 */
  long timeout_ms;          /* > 0; the whole transfer from its start */
  size_t max_body;          /* ceiling of an answer's body, bytes */
  bool direct;              /* by no proxy, whatever the environment says */
  size_t slots;             /* transfers in flight at once, 1..1024 */
  const char *sigv4;        /* "aws:amz:REGION:SERVICE": libcurl signs so, or NULL */
  const char *sigv4_id;     /* with it: access key id, and */
  const char *sigv4_secret; /* secret access key; our copy is wiped at free */
  bool keeps_sent;          /* an answered request gets sent_url and sent_lines */
};

/* What may have reached the server when there is no answer. */
enum dps_sent { DPS_SENT_NO, DPS_SENT_MAYBE, DPS_SENT_YES };

/* Our own outcomes, beside libcurl's codes (which are all positive). */
enum {
  DPS_HTTP_CANCELLED = -1,
  DPS_HTTP_TOO_LARGE = -2,
  DPS_HTTP_REPEAT_REFUSED = -3,
  DPS_HTTP_UNSIGNED = -4 /* the signer could not sign it; the answer holds its words */
};

/* Called before each sending, on an open connection, with the request as it is about to leave: the
 * URL as libcurl has it (normalised, without fragment), the very bytes of the body, and all header
 * lines that will go with it, Host and Content-Length too. sign appends the lines to add ("Name:
 * value" and LF each; at most DPS_HTTP_ADDED) or nothing, or puts words for people there and
 * returns false. It may not block, nor touch the client. */
struct dps_http_signer {
  bool (*sign)(void *context, const struct dps_sign_message *, struct dps_buf *added);
  void *context;
};

enum { DPS_HTTP_ADDED = 8 };

/* One request and its answer. The caller owns it and all it points to until done is called or it is
 * cancelled. */
struct dps_http_request {
  const char *method; /* token in upper case */
  const char *url;
  const char *body; /* NULL: none */
  size_t body_len;
  struct curl_slist *headers; /* its own lines, or NULL; the client's shared ones follow them */
  void (*done)(struct dps_http_request *); /* may do all but free the client */

  int code;    /* CURLE_OK, a CURLcode, or one of ours above */
  long status; /* HTTP status, 200 or more; 0 when no answer came */
  enum dps_sent sent;
  unsigned long token_serial;    /* of the token that it carried; 0: none */
  struct dps_buf answer;         /* the body; libcurl's words, if any, where code is not CURLE_OK */
  struct dps_buf answer_headers; /* raw lines of the final answer */
  struct dps_buf sent_url;   /* with keeps_sent: as the signer would see it; and the lines that */
  struct dps_buf sent_lines; /* one has added to the last sending, each with its LF */

  struct dps_http *client; /* not NULL while queued or in flight */
  struct dps_http_slot *slot;
  struct dps_http_request *next;
};

/* NULL when memory ran out. */
struct dps_http *dps_http_new(struct dps_loop *, const struct dps_http_settings *);
/* Adds a header line ("Name: value") to all requests: copied, and wiped at free. False: out of
 * memory. */
bool dps_http_share_header(struct dps_http *, const char *line);
/* All requests carry this token from now on, as it is when each gets its slot. The client holds a
 * reference. Where an answer shows the token that its request carried, stars stand in its place. */
void dps_http_use_token(struct dps_http *, struct dps_token *);
/* Signs all requests from now on; what context points to must outlive the client. */
void dps_http_set_signer(struct dps_http *, struct dps_http_signer);
/* Cancels what still runs. */
void dps_http_free(struct dps_http *);

/* GET and HEAD; everything else is a write. */
bool dps_http_is_read(const char *method);

/* Fills the ceilings; everything else is the caller's to set. */
void dps_http_request_init(struct dps_http_request *, const struct dps_http *);
/* Frees the answer. Cancels first where the request still runs. */
void dps_http_request_clear(struct dps_http_request *);
/* Starts or queues. Never calls done itself: that comes from a later turn. False: it could not even
 * start, code says why. */
bool dps_http_submit(struct dps_http *, struct dps_http_request *);
/* Takes the request back; its code becomes DPS_HTTP_CANCELLED, sent says what may have left. Its
 * done is not called; that of a queued request is, when this frees the slot and it cannot start. */
void dps_http_cancel(struct dps_http_request *);

/* Value of the answer's header, case-insensitive, trimmed; NULL when absent. *len receives its
 * length. */
const char *dps_http_header(const struct dps_http_request *, const char *name, size_t *len);

#endif
