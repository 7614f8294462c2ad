/* The secrets that a run is given by name: settings such as DPS_ACCESS_TOKEN, and whatever else
 * stands in variables that begin with DPS_SECRET_, for scripts. They are taken once, when an engine
 * opens; afterwards a host may take them out of its environment, and children never get them. */
#ifndef DPS_SECRET_NAMED_H
#define DPS_SECRET_NAMED_H

#include "secret.h"

#define DPS_SECRET_ACCESS_TOKEN "DPS_ACCESS_TOKEN"
#define DPS_SECRET_CLIENT_SECRET "DPS_CLIENT_SECRET"
#define DPS_SECRET_SIGN_PASSPHRASE "DPS_SIGN_PASSPHRASE"
#define DPS_SECRET_PREFIX "DPS_SECRET_"

struct dps_named_secret;

/* Zeroed is empty. */
struct dps_secrets {
  struct dps_named_secret *first;
};

/* Whether a variable of this name holds a secret. */
bool dps_secret_is_name(const char *name);

/* Keeps what a list such as the environment ("NAME=value", NULL at its end) has under such names;
 * what is kept already stays, also where it was kept as empty. False: out of memory. */
bool dps_secrets_take(struct dps_secrets *, const char *const *list);
/* Sets one, over what was there. An empty text is kept as "there is none". False: out of memory. */
bool dps_secrets_put(struct dps_secrets *, const char *name, const char *text);
/* NULL: not set. Valid until the next change of the list. */
const struct dps_secret *dps_secrets_find(const struct dps_secrets *, const char *name);
/* Wipes them all. */
void dps_secrets_clear(struct dps_secrets *);

#endif
