/* A key from where people keep it: a file of their own, a secret, or the text of a public one. */
#ifndef DPS_SIGN_LOAD_H
#define DPS_SIGN_LOAD_H

#include "secret_source.h"
#include "sign_key.h"

struct dps_key_origin {
  const char *path;                    /* one of these three, the others NULL */
  const char *text;                    /* of a public key: seen by anybody */
  const struct dps_secret *secret;     /* a shared secret, or any form of key */
  const struct dps_secret *passphrase; /* NULL: none */
  bool may_be_public;                  /* the file may be one that others can read */
  struct dps_sign_key_source source;   /* form, alg, keyid; the rest is filled in */
};

struct dps_key_refusal {
  const char *reason; /* of sign_fault.h's words, or "key-file" */
  char why[DPS_SECRET_WHY];
};

/* Reads a key; what was read is wiped. NULL: refusal is filled in. A key that can sign is taken
 * from a file only where nobody else can read it, and never from a text. */
struct dps_sign_key *dps_key_load(const struct dps_key_origin *, struct dps_key_refusal *);

#endif
