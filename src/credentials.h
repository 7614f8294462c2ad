/* The JSON file that Adobe's Developer Console hands out for a credential, read in C because it
 * holds the client secret. Three forms are known: of one credential (CLIENT_ID, CLIENT_SECRETS,
 * ORG_ID, SCOPES; in small letters too), of a whole project
 * (project.workspace.details.credentials), and the environment for Postman (values). */
#ifndef DPS_CREDENTIALS_H
#define DPS_CREDENTIALS_H

#include "secret_source.h"

struct dps_credentials {
  struct dps_secret client_secret; /* the first one of several; unset when there is none */
  char client_id[256];
  char org[128];     /* "...@AdobeOrg"; "" when the file does not say */
  char scopes[2048]; /* comma between them; "" when the file does not say */
};

/* Reads such a file (rules: dps_secret_from_file). False: why says what is wrong with it; nothing
 * is filled in then. A file of the service-account (JWT) flow, which Adobe has ended, is refused
 * with the name of what replaces it. */
bool dps_credentials_read(struct dps_credentials *, const char *path, char why[DPS_SECRET_WHY]);
void dps_credentials_clear(struct dps_credentials *);

#endif
