/* What a token endpoint answered: RFC 6749, sections 5.1 and 5.2, as Adobe's IMS has it. Parsed in
 * C, because an answer that is well holds a token. */
#ifndef DPS_TOKEN_ANSWER_H
#define DPS_TOKEN_ANSWER_H

#include <stddef.h>

#include "secret.h"

enum dps_token_fault {
  DPS_TOKEN_OK,
  DPS_TOKEN_REFUSED,   /* another status than 2xx; error and description say why, if it did */
  DPS_TOKEN_NOT_JSON,  /* such as a proxy's page */
  DPS_TOKEN_MISSING,   /* no access_token in it */
  DPS_TOKEN_UNUSABLE,  /* a token that can't stand in a header */
  DPS_TOKEN_NO_BEARER, /* token_type is another one */
  DPS_TOKEN_EXPIRED,   /* expires_in is 0, negative or no number */
  DPS_TOKEN_NO_MEMORY
};

enum { DPS_TOKEN_LONGEST_S = 86400, DPS_TOKEN_UNSAID_S = 300 };

struct dps_token_answer {
  enum dps_token_fault fault;
  struct dps_secret token; /* set when all is well */
  /* From expires_in, in seconds; never more than a day. What is more than 30 days is taken as
   * milliseconds, which another endpoint of IMS uses. Not said at all: five minutes. */
  long lifetime_s;
  char error[64];        /* such as "invalid_client"; "" */
  char description[512]; /* cut where it is longer */
};

/* secret: what was sent, hidden wherever the answer repeats it. */
void dps_token_answer_read(struct dps_token_answer *, long status, const char *body, size_t len,
                           const struct dps_secret *secret);
void dps_token_answer_clear(struct dps_token_answer *);

#endif
