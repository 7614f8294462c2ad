/* The Authorization line of one handle; see http_bearer.h. */
#include "http_bearer.h"

#include <string.h>

static bool copy_line(struct dps_http_bearer *b, const struct dps_token *token) {
  const struct dps_secret *line = dps_token_line(token);
  unsigned long serial = dps_token_serial(token);
  if (b->token == token && b->serial == serial) return true;
  if (!dps_secret_set_bytes(&b->line, line->bytes, line->len)) return false;
  b->token = token;
  b->serial = serial;
  return true;
}

bool dps_http_bearer_load(struct dps_http_bearer *b, const struct dps_token *token,
                          struct curl_slist *lines, struct curl_slist **head) {
  *head = lines;
  if (!token || !dps_token_line(token)) return dps_http_bearer_clear(b), true;
  if (!copy_line(b, token)) return false;
  b->node = (struct curl_slist){b->line.bytes, lines};
  *head = &b->node;
  return true;
}

void dps_http_bearer_hide(const struct dps_http_bearer *b, struct dps_buf *text) {
  const char *token = b->line.bytes ? strrchr(b->line.bytes, ' ') + 1 : "";
  dps_secret_hide(token, strlen(token), text->data, text->len);
}

void dps_http_bearer_clear(struct dps_http_bearer *b) {
  dps_secret_clear(&b->line);
  b->token = NULL;
  b->serial = 0;
}
