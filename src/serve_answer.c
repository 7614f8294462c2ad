/* An answer going out: what libmicrohttpd needs of it, and the ways in which it can be lost; see
 * serve.h. */
#include "serve_answer.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool whole(const struct dps_serve_request *r) {
  return r->status >= 200 && r->status <= 599 && r->answer.state == DPS_BUF_OK &&
         r->answer_headers.state == DPS_BUF_OK;
}

static struct MHD_Response *empty_response(void) {
  return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
}

/* The body's memory goes to libmicrohttpd, which frees it. */
static struct MHD_Response *body_response(struct dps_buf *body) {
  if (!body->len) return empty_response();
  struct MHD_Response *response =
      MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);
  if (response) dps_buf_init(body, body->max);
  return response;
}

/* What libmicrohttpd reads of an answer that breaks off. */
struct half {
  char *data; /* ours */
  size_t len;
};

static ssize_t read_half(void *ud, uint64_t at, char *to, size_t room) {
  const struct half *half = ud;
  if (at >= half->len) return MHD_CONTENT_READER_END_WITH_ERROR;
  size_t left = half->len - (size_t)at, n = left < room ? left : room;
  memcpy(to, half->data + at, n);
  return (ssize_t)n;
}

static void free_half(void *ud) {
  struct half *half = ud;
  free(half->data);
  free(half);
}

/* Promises the whole body, at least one byte, and ends the connection after half of it. */
static struct MHD_Response *half_response(struct dps_buf *body) {
  enum { BLOCK = 4096 };
  uint64_t promised = body->len ? body->len : 1;
  struct half *half = malloc(sizeof *half);
  if (!half) return NULL;
  *half = (struct half){body->data, body->len / 2};
  dps_buf_init(body, body->max);
  struct MHD_Response *response =
      MHD_create_response_from_callback(promised, BLOCK, read_half, half, free_half);
  if (!response) free_half(half);
  return response;
}

static struct MHD_Response *response_of(struct dps_serve_request *r) {
  return r->ending == DPS_SERVE_CUT ? half_response(&r->answer) : body_response(&r->answer);
}

/* A socket that forgets its peer sends RST when it is closed; SO_LINGER would be undone by the
 * shutdown that libmicrohttpd begins with. */
static enum MHD_Result reset(struct MHD_Connection *connection) {
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (info) connect(info->connect_fd, &nobody, sizeof nobody);
  return MHD_NO;
}

static bool add_headers(struct MHD_Response *response, const struct dps_buf *list) {
  const char *name, *value;
  for (size_t at = 0; dps_serve_next_header(list, &at, &name, &value);)
    if (MHD_add_response_header(response, name, value) != MHD_YES) return false;
  return true;
}

enum MHD_Result dps_serve_answer(struct dps_serve_request *r) {
  if (r->ending == DPS_SERVE_RESET) return reset(r->connection);
  bool good = whole(r);
  struct MHD_Response *response = good ? response_of(r) : empty_response();
  if (response && good && !add_headers(response, &r->answer_headers)) {
    MHD_destroy_response(response);
    response = empty_response();
    good = false;
  }
  if (!response) return MHD_NO;
  enum MHD_Result rc =
      MHD_queue_response(r->connection, good ? (unsigned)r->status : 500, response);
  MHD_destroy_response(response);
  return rc;
}
