/* A small HTTP/1.1 server on the loop: complete requests in, whole answers out. Plain C, no Lua, no
 * meaning of a path.
 *
 * libmicrohttpd reads and writes; no thread of its own. Every request that became complete in one
 * turn goes to the handler as one batch, so the handler can do one commit for all of them, and
 * their answers leave after it returns. It binds to the address it is given and to no other. */
#ifndef DPS_SERVE_H
#define DPS_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "loop.h"

struct dps_serve;
struct MHD_Connection;

enum {
  DPS_SERVE_MAX_BODY = 4 << 20, /* bytes of a request's body, unless the settings say otherwise */
  DPS_SERVE_MAX_HEADER = 64 << 10, /* bytes of memory of a connection for its headers, likewise */
  DPS_SERVE_MAX_ANSWER = 64 << 20, /* bytes of an answer's body */
};

/* What becomes of an answer. */
enum dps_serve_ending {
  DPS_SERVE_WHOLE,
  DPS_SERVE_RESET, /* nothing of it leaves: the client sees a connection reset */
  DPS_SERVE_CUT,   /* half of the body, then the connection ends */
};

/* One request, and its answer to be filled. It lives until its answer has left or its client has
 * gone; the handler may use it only while it runs. */
struct dps_serve_request {
  const char *method; /* as sent: "GET", "BREW" */
  const char *target; /* as sent, never decoded: "/offers?name=a%20b", "*", "http://host/offers" */
  struct dps_buf headers; /* header list, names as sent; walk it with dps_serve_next_header */
  struct dps_buf body;
  bool too_large; /* the body passed the ceiling: read to its end, thrown away, body is empty */

  int status;                    /* 200..599; anything else is sent as 500 */
  struct dps_buf answer_headers; /* header list; fill it with dps_serve_put_header */
  struct dps_buf answer;         /* the body */
  enum dps_serve_ending ending;
  int64_t delay_ms; /* so much later it leaves; 0: at once */

  struct dps_serve_request *next;    /* in the batch; NULL ends it */
  struct MHD_Connection *connection; /* the server's own, as is what follows */
  bool answered;
  int64_t due;
};

struct dps_serve_settings {
  const char *host;  /* numeric address, needed during dps_serve_new only; NULL: 127.0.0.1 */
  uint16_t port;     /* 0: a free one */
  size_t max_body;   /* 0: DPS_SERVE_MAX_BODY */
  size_t max_header; /* 0: DPS_SERVE_MAX_HEADER; what passes it is refused and never handled */
  /* Answers every request of the batch before it returns. It may turn the loop (requests then
   * wait), but must not free the server. */
  void (*handle)(void *ud, struct dps_serve_request *first);
  void *ud;
};

/* Binds, listens and joins the loop. NULL with a sentence in error: the address is no address, the
 * port is taken. */
struct dps_serve *dps_serve_new(struct dps_loop *, const struct dps_serve_settings *, char *error,
                                size_t error_len);
/* Closes every connection, answered or not. Not from within handle. NULL is fine. */
void dps_serve_free(struct dps_serve *);
/* The port it listens on. */
uint16_t dps_serve_port(const struct dps_serve *);

/* A header list is "name NUL value NUL" again and again. Start with *at = 0; false at the end. */
bool dps_serve_next_header(const struct dps_buf *list, size_t *at, const char **name,
                           const char **value);
/* False, and nothing added, for a name that is no token, a value that is empty or has a control
 * character, or a full list. The server writes Content-Length, Transfer-Encoding and Date itself:
 * they are refused too. */
bool dps_serve_put_header(struct dps_buf *list, const char *name, const char *value);

#endif
