/* The settings of an easy handle that stay for all its transfers; for http.c and http_slot.c. */
#ifndef DPS_HTTP_EASY_H
#define DPS_HTTP_EASY_H

#include "http.h"

/* The system's hashed directory of roots, or NULL when it has none. */
const char *dps_http_hashed_roots(void);

/* ca_dir: what dps_http_hashed_roots found. */
void dps_http_configure(CURL *easy, const struct dps_http_settings *, const char *ca_dir);

#endif
