/* Canonical forms; see http_sigv4.h. The rules are AWS's, "Create a signed AWS API request". */
#include "http_sigv4.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TARGET = 64 * 1024, MAX_PARAMETERS = 256 };

static const char BEHIND_NAME = '\1'; /* sorts before whatever a name can hold, as "=" does not */
static bool is_unreserved(char c) {
  return isalnum((unsigned char)c) || (c && strchr("-._~", c));
}

static bool put_encoded(struct dps_buf *to, char c) {
  static const char digits[] = "0123456789ABCDEF";
  unsigned char byte = (unsigned char)c;
  if (is_unreserved(c)) return dps_buf_putc(to, c);
  return dps_buf_putc(to, '%') && dps_buf_putc(to, digits[byte >> 4]) &&
         dps_buf_putc(to, digits[byte & 15]);
}

bool dps_sigv4_path(struct dps_buf *to, const char *path) {
  bool ok = true;
  for (; ok && *path; path++)
    ok = *path == '/' ? dps_buf_putc(to, '/') : put_encoded(to, *path);
  return ok;
}

static int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)tolower((unsigned char)c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decoded, then encoded the one way. */
static bool put_normalised(struct dps_buf *to, const char *text, size_t len) {
  bool ok = true;
  for (size_t i = 0; ok && i < len; i++) {
    bool coded = text[i] == '%' && i + 2 < len && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0;
    int byte = coded ? hex(text[i + 1]) << 4 | hex(text[i + 2]) : text[i];
    ok = put_encoded(to, (char)byte);
    if (coded) i += 2;
  }
  return ok;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Splits at "&", each parameter in its canonical form and ended by NUL. More than MAX_PARAMETERS:
 * too many. */
static size_t split(struct dps_buf *text, size_t starts[MAX_PARAMETERS], const char *query) {
  size_t n = 0;
  for (size_t len; *query; query += len + (query[len] == '&')) {
    size_t name = strcspn(query, "=&");
    len = strcspn(query, "&");
    if (len == 0) continue;
    if (n == MAX_PARAMETERS) return n + 1;
    size_t value = name < len ? name + 1 : len;
    starts[n++] = text->len;
    put_normalised(text, query, name);
    dps_buf_putc(text, BEHIND_NAME);
    put_normalised(text, query + value, len - value);
    dps_buf_putc(text, '\0');
  }
  return n;
}

static bool put_parameter(struct dps_buf *to, const char *parameter) {
  const char *mark = strchr(parameter, BEHIND_NAME);
  return dps_buf_append(to, parameter, (size_t)(mark - parameter)) && dps_buf_putc(to, '=') &&
         dps_buf_puts(to, mark + 1);
}

bool dps_sigv4_query(struct dps_buf *to, const char *query) {
  struct dps_buf text;
  size_t starts[MAX_PARAMETERS];
  char *sorted[MAX_PARAMETERS];
  dps_buf_init(&text, MAX_TARGET);
  size_t n = split(&text, starts, query);
  bool ok = n <= MAX_PARAMETERS && text.state == DPS_BUF_OK;
  for (size_t i = 0; ok && i < n; i++)
    sorted[i] = text.data + starts[i];
  if (ok) qsort(sorted, n, sizeof *sorted, by_name);
  for (size_t i = 0; ok && i < n; i++)
    ok = (i == 0 || dps_buf_putc(to, '&')) && put_parameter(to, sorted[i]);
  dps_buf_clear(&text);
  return ok;
}

/* --- the handle --- */

bool dps_sigv4_takes_back(const char *line) {
  const char *colon = strchr(line, ':');
  return colon && !colon[1 + strspn(colon + 1, " \t")];
}

/* The whole URL, because curl_url_set changes the case of a part's percent-encoding. */
static CURLcode set_canonical(CURLU *url, const char *path, const char *query) {
  struct dps_buf canonical;
  char *origin = NULL;
  dps_buf_init(&canonical, MAX_TARGET);
  bool ok = curl_url_set(url, CURLUPART_PATH, NULL, 0) == CURLUE_OK &&
            curl_url_set(url, CURLUPART_QUERY, NULL, 0) == CURLUE_OK &&
            curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
            curl_url_get(url, CURLUPART_URL, &origin, 0) == CURLUE_OK;
  ok = ok && dps_buf_append(&canonical, origin, strlen(origin) - 1) &&
       dps_sigv4_path(&canonical, path);
  if (query) ok = ok && dps_buf_putc(&canonical, '?') && dps_sigv4_query(&canonical, query);
  ok = ok && curl_url_set(url, CURLUPART_URL, dps_buf_str(&canonical), 0) == CURLUE_OK;
  curl_free(origin);
  dps_buf_clear(&canonical);
  return ok ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static CURLcode set_target(CURL *easy, const char *path, const char *query) {
  struct dps_buf target;
  dps_buf_init(&target, MAX_TARGET);
  bool ok = dps_buf_puts(&target, path);
  if (query) ok = ok && dps_buf_putc(&target, '?') && dps_buf_puts(&target, query);
  CURLcode rc = CURLE_OUT_OF_MEMORY;
  if (ok) rc = curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, dps_buf_str(&target));
  dps_buf_clear(&target);
  return rc;
}

CURLcode dps_sigv4_aim(CURL *easy, CURLU *url) {
  char *path = NULL, *query = NULL;
  CURLcode rc = CURLE_OUT_OF_MEMORY;
  curl_url_get(url, CURLUPART_QUERY, &query, 0);
  if (curl_url_get(url, CURLUPART_PATH, &path, CURLU_URLENCODE) == CURLUE_OK) {
    rc = set_target(easy, path, query);
    if (rc == CURLE_OK) rc = set_canonical(url, path, query);
  }
  curl_free(path);
  curl_free(query);
  return rc;
}
