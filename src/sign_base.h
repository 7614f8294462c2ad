/* The signature base (RFC 9421, section 2.5): what of a message is signed, line by line.
 *
 * Holds no key and does no cryptography. */
#ifndef DPS_SIGN_BASE_H
#define DPS_SIGN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "sf.h"
#include "sign_fault.h"

enum {
  DPS_SIGN_COMPONENTS = 64, /* covered by one signature */
  DPS_SIGN_BASE_LONGEST = 262144
};

/* One field line, as sent or received: a field of several lines has several of these. */
struct dps_sign_field {
  struct dps_text name, value;
};

/* The structured type of a field, for `;sf` (section 2.1.1). */
struct dps_sign_field_type {
  const char *name; /* lower case */
  enum dps_sf_kind kind;
};

/* A message. Everything is borrowed; names are matched without regard to case. */
struct dps_sign_message {
  struct dps_text method;         /* a request's, as sent */
  struct dps_text target_uri;     /* a request's: absolute, as sent: "https://host/path?query" */
  struct dps_text request_target; /* for @request-target; empty: path and query of the URI */
  int status;                     /* a response's, 100 to 999; 0 in a request */
  const struct dps_sign_field *fields;
  size_t field_count;
  const struct dps_sign_field *trailers;
  size_t trailer_count;
  struct dps_text body;                    /* at NULL: not known, so no digest is checked */
  const struct dps_sign_message *request;  /* a response's, for `;req`; else NULL */
  const struct dps_sign_field_type *types; /* beside those that the RFCs define */
  size_t type_count;
};

/* Writes to out the absolute URI of a request as a server sees it: its scheme, its Host field and
 * its request target, which may be absolute already or be "*". False: INVALID. */
bool dps_sign_target_uri(struct dps_buf *out, struct dps_text scheme, struct dps_text host,
                         struct dps_text request_target, struct dps_sign_fault *);

/* Appends a base as people may see it: the values of authorization, proxy-authorization, cookie,
 * set-cookie and x-api-key lines are "***". */
bool dps_sign_base_masked(struct dps_buf *out, struct dps_text base);

#endif
