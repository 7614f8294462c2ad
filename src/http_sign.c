/* What a signer gets to see of a request, and where its lines go; see http_sign.h. A signature is
 * over what leaves, so here stands what libcurl makes of the lines that it is given:
 * https://curl.se/libcurl/c/CURLOPT_HTTPHEADER.html */
#include "http_sign.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_FIELDS = 64, MAX_ADDED = 64 * 1024, MAX_HOST = 512 };

struct fields {
  struct dps_sign_field at[MAX_FIELDS];
  size_t n;
};

void dps_http_signing_init(struct dps_http_signing *s) {
  *s = (struct dps_http_signing){0};
  dps_buf_init(&s->url, MAX_ADDED);
  dps_buf_init(&s->authority, MAX_HOST);
  dps_buf_init_secret(&s->added, MAX_ADDED);
}

void dps_http_signing_clear(struct dps_http_signing *s) {
  dps_buf_clear(&s->url);
  dps_buf_clear(&s->authority);
  dps_buf_clear(&s->added);
}

void dps_http_signing_moved(struct dps_http_signing *s) {
  dps_buf_reset(&s->url);
}

CURLcode dps_http_signing_load(struct dps_http_signing *s, CURL *easy,
                               const struct dps_http_signer *signer, struct curl_slist *lines) {
  s->signer = signer;
  s->lines = lines;
  return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
}

/* --- what leaves --- */

static bool add(struct fields *fields, const char *name, size_t name_len, const char *value) {
  if (fields->n == MAX_FIELDS) return false;
  value += strspn(value, " \t");
  size_t len = strlen(value);
  while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
    len--;
  fields->at[fields->n++] = (struct dps_sign_field){{name, name_len}, {value, len}};
  return true;
}

/* "Name: value" is sent, "Name;" as an empty field, and "Name:" takes back what libcurl would send
 * by itself. */
static bool add_line(struct fields *fields, const char *line) {
  size_t n = strcspn(line, ":;");
  const char *value = line + n + (line[n] != '\0');
  bool empty = value[strspn(value, " \t")] == '\0';
  bool sent = (line[n] == ':' && !empty) || (line[n] == ';' && empty);
  return !sent || add(fields, line, n, value);
}

static bool is_named(const struct curl_slist *lines, const char *name) {
  size_t n = strlen(name);
  for (; lines; lines = lines->next)
    if (strncasecmp(lines->data, name, n) == 0 && strchr(":;", lines->data[n])) return true;
  return false;
}

/* Appends a part of the URL as libcurl sends it, behind a mark; nothing where it has none. */
static bool print_part(CURLU *url, CURLUPart part, unsigned flags, const char *mark,
                       struct dps_buf *to) {
  char *found = NULL;
  CURLUcode rc = curl_url_get(url, part, &found, flags);
  bool none = rc == CURLUE_NO_PORT || rc == CURLUE_NO_QUERY;
  bool ok = none || (rc == CURLUE_OK && dps_buf_puts(to, mark) && dps_buf_puts(to, found));
  curl_free(found);
  return ok;
}

/* https://curl.se/libcurl/c/curl_url_get.html */
static bool print_url(struct dps_http_signing *s, CURLU *url) {
  if (s->url.len) return true;
  dps_buf_reset(&s->authority);
  bool ok = print_part(url, CURLUPART_HOST, 0, "", &s->authority);
  ok = ok && print_part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, ":", &s->authority);
  ok = ok && print_part(url, CURLUPART_SCHEME, 0, "", &s->url) && dps_buf_puts(&s->url, "://") &&
       dps_buf_puts(&s->url, dps_buf_str(&s->authority));
  ok = ok && print_part(url, CURLUPART_PATH, CURLU_URLENCODE, "", &s->url);
  ok = ok && print_part(url, CURLUPART_QUERY, 0, "?", &s->url);
  if (!ok) dps_buf_reset(&s->url);
  return ok;
}

/* --- what is added --- */

static bool fail(struct dps_http_signing *s, const char *words) {
  dps_buf_reset(&s->added);
  dps_buf_puts(&s->added, words);
  return false;
}

/* Makes nodes of the signer's lines, before the others. */
static bool chain(struct dps_http_signing *s, CURL *easy) {
  size_t n = 0;
  char *line = s->added.data;
  for (char *end; s->added.len && (end = strchr(line, '\n')); line = end + 1) {
    if (n == DPS_HTTP_ADDED) return fail(s, "the signer adds too many header lines");
    *end = '\0';
    s->nodes[n++] = (struct curl_slist){line, s->lines};
    if (n > 1) s->nodes[n - 2].next = &s->nodes[n - 1];
  }
  return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, n ? s->nodes : s->lines) == CURLE_OK;
}

static struct dps_text text(const char *from) {
  return (struct dps_text){from, strlen(from)};
}

static bool call(struct dps_http_signing *s, const struct dps_http_request *request,
                 const struct fields *fields) {
  const struct dps_sign_message message = {
      .method = text(request->method),
      .target_uri = {s->url.data, s->url.len},
      .fields = fields->at,
      .field_count = fields->n,
      .body = {request->body ? request->body : "", request->body_len},
  };
  dps_buf_reset(&s->added);
  return s->signer->sign(s->signer->context, &message, &s->added);
}

static bool collect(const struct dps_http_signing *s, const struct dps_http_request *request,
                    const char *length, struct fields *fields) {
  bool ok = is_named(s->lines, "Host") || add(fields, "Host", 4, dps_buf_str(&s->authority));
  if (request->body || strcmp(request->method, "POST") == 0)
    ok = ok && add(fields, "Content-Length", 14, length);
  for (const struct curl_slist *node = s->lines; node; node = node->next)
    ok = ok && add_line(fields, node->data);
  return ok;
}

bool dps_http_signing_sign(struct dps_http_signing *s, CURL *easy, CURLU *url,
                           const struct dps_http_request *request) {
  if (!s->signer) return true;
  struct fields fields = {.n = 0};
  char length[24];
  snprintf(length, sizeof length, "%zu", request->body_len);
  if (!print_url(s, url)) return fail(s, "the URL is too long to be signed");
  if (!collect(s, request, length, &fields)) return fail(s, "it has too many header lines");
  return call(s, request, &fields) && chain(s, easy);
}

void dps_http_signing_show(struct dps_http_signing *s, CURLU *url,
                           struct dps_http_request *request) {
  if (print_url(s, url)) dps_buf_puts(&request->sent_url, dps_buf_str(&s->url));
  if (!s->signer) return;
  for (size_t at = 0; at < s->added.len; at += strlen(s->added.data + at) + 1) {
    dps_buf_puts(&request->sent_lines, s->added.data + at);
    dps_buf_putc(&request->sent_lines, '\n');
  }
}
