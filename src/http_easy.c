/* What an easy handle is told once, for all its transfers: trust, proxies, timeouts, ceilings. The
 * choices are measured; each says why. It knows no slots and no requests. */
#include "http_easy.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { IDLE_CONNECTION_S = 30 };

/* A hashed directory of roots is read by need; the bundle file is parsed whole. Never both:
 * libcurl 7.88 then parses the bundle anew for every connection. */
const char *dps_http_hashed_roots(void) {
  const char *dir = curl_version_info(CURLVERSION_NOW)->capath;
  DIR *entries = dir ? opendir(dir) : NULL;
  if (!entries) return NULL;
  bool hashed = false;
  for (struct dirent *e; !hashed && (e = readdir(entries));) {
    size_t n = strlen(e->d_name);
    hashed = n == 10 && strcmp(e->d_name + 8, ".0") == 0;
  }
  closedir(entries);
  return hashed ? dir : NULL;
}

static void trust(CURL *easy, const struct dps_http_settings *s, const char *ca_dir) {
  if (s->ca_file || ca_dir) curl_easy_setopt(easy, CURLOPT_CAINFO, s->ca_file);
  curl_easy_setopt(easy, CURLOPT_CAPATH, s->ca_file ? NULL : ca_dir);
  if (s->client_cert) curl_easy_setopt(easy, CURLOPT_SSLCERT, s->client_cert);
  if (s->client_key) curl_easy_setopt(easy, CURLOPT_SSLKEY, s->client_key);
  curl_easy_setopt(easy, CURLOPT_KEYPASSWD, ""); /* or OpenSSL asks for one on the terminal */
}

/* libcurl makes the Authorization line of each sending. */
static void sign_by_libcurl(CURL *easy, const struct dps_http_settings *s) {
  curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, s->sigv4);
  curl_easy_setopt(easy, CURLOPT_USERNAME, s->sigv4_id);
  curl_easy_setopt(easy, CURLOPT_PASSWORD, s->sigv4_secret);
}

/* libcurl looks up six variables for every transfer unless told that there is no proxy. */
static bool proxy_in_environment(void) {
  static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                      "ALL_PROXY"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value && *value) return true;
  }
  return false;
}

void dps_http_configure(CURL *easy, const struct dps_http_settings *s, const char *ca_dir) {
  const struct {
    CURLoption option;
    long value;
  } numbers[] = {
      {CURLOPT_NOSIGNAL, 1},
      {CURLOPT_FOLLOWLOCATION, 0}, /* nobody else gets the token, or a signed body */
      {CURLOPT_SSL_VERIFYPEER, 1},
      {CURLOPT_SSL_VERIFYHOST, 2},
      {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS},
      {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
      {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE}, /* a proxy gets none of our lines */
      {CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S}, /* no write goes out on a dying one */
      {CURLOPT_CONNECTTIMEOUT_MS, s->connect_timeout_ms},
      {CURLOPT_TIMEOUT_MS, s->timeout_ms},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    curl_easy_setopt(easy, numbers[i].option, numbers[i].value);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)s->max_body);
  if (s->direct || !proxy_in_environment()) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  trust(easy, s, ca_dir);
  if (s->sigv4) sign_by_libcurl(easy, s);
}
