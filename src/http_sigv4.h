/* AWS Signature Version 4 by libcurl, made right: libcurl 7.88 signs the path and the query as they
 * stand in the URL, where AWS signs their canonical form. So the handle's URL gets that form, and
 * what is sent stays as it was. https://curl.se/libcurl/c/CURLOPT_AWS_SIGV4.html */
#ifndef DPS_HTTP_SIGV4_H
#define DPS_HTTP_SIGV4_H

#include <curl/curl.h>

#include "buf.h"

/* The canonical form of a path (each segment percent-encoded once more, as for every service but
 * S3) and of a query (its parameters in order, each with "="; at most 256).
 * False: too much of it, or no memory. */
bool dps_sigv4_path(struct dps_buf *to, const char *path);
bool dps_sigv4_query(struct dps_buf *to, const char *query);

/* Whether a line only takes back one that libcurl would send ("Expect:"). libcurl 7.88 signs it as
 * sent, so it may not be there. */
bool dps_sigv4_takes_back(const char *line);

/* Sends what url says now, and makes url what libcurl signs. */
CURLcode dps_sigv4_aim(CURL *easy, CURLU *url);

#endif
