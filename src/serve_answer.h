/* For serve.c alone: gives the answer of a request that has been handled to libmicrohttpd. */
#ifndef DPS_SERVE_ANSWER_H
#define DPS_SERVE_ANSWER_H

#include <microhttpd.h>

#include "serve.h"

/* From within libmicrohttpd's access handler, once for a request. MHD_NO: the connection is to be
 * closed. An answer that is not whole leaves as an empty 500. */
enum MHD_Result dps_serve_answer(struct dps_serve_request *);

#endif
