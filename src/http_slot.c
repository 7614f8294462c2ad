/* One transfer on one easy handle; see http_slot.h. Callbacks only append bytes and mark. Here is
 * decided what may have left, and so that no write leaves twice. */
#include "http_slot.h"

#include <stdlib.h>
#include <string.h>

#include "http_easy.h"
#include "http_sigv4.h"

/* --- callbacks: they only append bytes --- */

/* https://curl.se/libcurl/c/CURLOPT_WRITEFUNCTION.html */
static size_t on_body(char *bytes, size_t size, size_t n, void *userp) {
  struct dps_http_slot *slot = userp;
  struct dps_http_request *request = slot->request;
  if (dps_buf_append(&request->answer, bytes, size * n)) return size * n;
  if (request->answer.state == DPS_BUF_FULL) request->code = DPS_HTTP_TOO_LARGE;
  return 0;
}

/* https://curl.se/libcurl/c/CURLOPT_HEADERFUNCTION.html: a new status line begins a new answer (100
 * Continue). */
static size_t on_header(char *bytes, size_t size, size_t n, void *userp) {
  struct dps_http_slot *slot = userp;
  struct dps_buf *lines = &slot->request->answer_headers;
  if (n > 5 && memcmp(bytes, "HTTP/", 5) == 0) dps_buf_reset(lines);
  if (dps_buf_append(lines, bytes, size * n)) return size * n;
  if (lines->state == DPS_BUF_FULL) slot->request->code = DPS_HTTP_TOO_LARGE;
  return 0;
}

static long bytes_sent(CURL *easy) {
  long n = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &n);
  return n;
}

/* Of the request itself; a proxy's CONNECT counts for libcurl, not for us. */
static bool has_left(const struct dps_http_slot *slot) {
  return slot->sending && bytes_sent(slot->transfer.easy) > slot->before;
}

/* libcurl writes the head after this, so the lines are final here and not before. */
static bool sign(struct dps_http_slot *slot) {
  CURL *easy = slot->transfer.easy;
  if (dps_http_signing_sign(&slot->signing, easy, slot->url, slot->request)) return true;
  slot->request->code = DPS_HTTP_UNSIGNED;
  return false;
}

/* Runs before each sending. libcurl sends again by itself when a reused connection dies without an
 * answer; a write whose bytes have left already may have been carried out, so it is not sent a
 * second time. https://curl.se/libcurl/c/CURLOPT_PREREQFUNCTION.html */
static int on_send(void *userp, char *remote, char *local, int remote_port, int local_port) {
  struct dps_http_slot *slot = userp;
  (void)remote, (void)local, (void)remote_port, (void)local_port;
  if (!slot->sending) slot->before = bytes_sent(slot->transfer.easy);
  slot->sending = true;
  if (dps_http_is_read(slot->request->method) || !has_left(slot))
    return sign(slot) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  slot->request->code = DPS_HTTP_REPEAT_REFUSED;
  return CURL_PREREQFUNC_ABORT;
}

/* --- life --- */

/* Options that point back at the slot; the rest is http_easy.c. */
static void configure(struct dps_http_slot *slot, struct dps_loop *loop) {
  CURL *easy = slot->transfer.easy;
  const struct {
    CURLoption option;
    void *value;
  } pointers[] = {
      {CURLOPT_PRIVATE, slot},
      {CURLOPT_WRITEDATA, slot},
      {CURLOPT_HEADERDATA, slot},
      {CURLOPT_PREREQDATA, slot},
      {CURLOPT_ERRORBUFFER, slot->error},
      {CURLOPT_SOCKOPTDATA, loop},
      {CURLOPT_CLOSESOCKETDATA, loop},
  };
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++)
    curl_easy_setopt(easy, pointers[i].option, pointers[i].value);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, dps_loop_own_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, dps_loop_close_socket);
}

void dps_http_slot_free(struct dps_http_slot *slot) {
  if (!slot) return;
  if (slot->transfer.easy) curl_easy_cleanup(slot->transfer.easy);
  dps_http_signing_clear(&slot->signing);
  dps_http_bearer_clear(&slot->bearer);
  curl_url_cleanup(slot->url);
  free(slot->url_text);
  free(slot);
}

struct dps_http_slot *dps_http_slot_new(struct dps_loop *loop,
                                        const struct dps_http_settings *settings,
                                        const char *ca_dir) {
  struct dps_http_slot *slot = calloc(1, sizeof *slot);
  if (!slot) return NULL;
  dps_http_signing_init(&slot->signing);
  slot->sigv4 = settings->sigv4 != NULL;
  slot->keeps_sent = settings->keeps_sent;
  slot->url = curl_url();
  slot->transfer.easy = curl_easy_init();
  if (slot->url && slot->transfer.easy) {
    configure(slot, loop);
    dps_http_configure(slot->transfer.easy, settings, ca_dir);
    return slot;
  }
  dps_http_slot_free(slot);
  return NULL;
}

/* --- one request onto a handle --- */

/* The first requests share one handshake where HTTP/2 may come of it. Over plain HTTP it never
 * does, and they would all wait for the first answer. */
static void share_handshake(CURL *easy, const char *url) {
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, (long)(strncmp(url, "https:", 6) == 0));
}

static CURLcode set_url(struct dps_http_slot *slot, const char *url) {
  if (slot->url_text && strcmp(slot->url_text, url) == 0) return CURLE_OK;
  free(slot->url_text);
  slot->url_text = NULL;
  dps_http_signing_moved(&slot->signing);
  curl_url_set(slot->url, CURLUPART_URL, NULL, 0); /* or it would complete a relative one */
  if (curl_url_set(slot->url, CURLUPART_URL, url, 0) != CURLUE_OK) return CURLE_URL_MALFORMAT;
  if (slot->sigv4) {
    CURLcode rc = dps_sigv4_aim(slot->transfer.easy, slot->url);
    if (rc != CURLE_OK) return rc;
  }
  share_handshake(slot->transfer.easy, url);
  slot->url_text = strdup(url);
  if (!slot->url_text) return CURLE_OUT_OF_MEMORY;
  return curl_easy_setopt(slot->transfer.easy, CURLOPT_CURLU, slot->url);
}

/* The body of the request before goes first: SigV4 hashes whatever is there. */
static void set_no_body(CURL *easy, bool head) {
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
  curl_easy_setopt(easy, head ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1L);
}

static void set_method(CURL *easy, const struct dps_http_request *request) {
  bool post = strcmp(request->method, "POST") == 0;
  bool known = post || dps_http_is_read(request->method);
  if (request->body || post) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
  } else {
    set_no_body(easy, strcmp(request->method, "HEAD") == 0);
  }
  bool as_named = known && (post || !request->body);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, as_named ? NULL : request->method);
}

/* The request's own lines run into the shared ones, for as long as it is on the handle. */
static struct curl_slist *tie_headers(struct dps_http_slot *slot, struct curl_slist *shared) {
  struct curl_slist *own = slot->request->headers;
  if (!own) return shared;
  for (slot->tied = own; slot->tied->next;)
    slot->tied = slot->tied->next;
  slot->tied->next = shared;
  return own;
}

static void unlink_taken_back(struct curl_slist **at) {
  while (*at) {
    if (dps_sigv4_takes_back((*at)->data))
      *at = (*at)->next;
    else
      at = &(*at)->next;
  }
}

CURLcode dps_http_slot_load(struct dps_http_slot *slot, struct dps_http_request *request,
                            struct curl_slist *shared, const struct dps_token *token,
                            const struct dps_http_signer *signer) {
  CURL *easy = slot->transfer.easy;
  request->slot = slot;
  slot->request = request;
  slot->sending = false;
  slot->error[0] = '\0';
  CURLcode rc = set_url(slot, request->url);
  if (rc != CURLE_OK) return rc;
  set_method(easy, request);
  if (!dps_http_bearer_load(&slot->bearer, token, shared, &shared)) return CURLE_OUT_OF_MEMORY;
  request->token_serial = slot->bearer.serial;
  if (slot->sigv4) unlink_taken_back(&request->headers);
  return dps_http_signing_load(&slot->signing, easy, signer, tie_headers(slot, shared));
}

/* --- its end --- */

/* An interim status (1xx) is no answer: the connection may die after it. */
static long final_status(CURL *easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status < 200 ? 0 : status;
}

static enum dps_sent what_left(const struct dps_http_slot *slot, long status) {
  if (status) return DPS_SENT_YES;
  return has_left(slot) ? DPS_SENT_MAYBE : DPS_SENT_NO;
}

static void show(struct dps_http_slot *slot, struct dps_http_request *request) {
  if (slot->keeps_sent) dps_http_signing_show(&slot->signing, slot->url, request);
}

static void fill(struct dps_http_slot *slot, struct dps_http_request *request, int code) {
  if (slot->sending) request->status = final_status(slot->transfer.easy);
  request->sent = what_left(slot, request->status);
  if (request->code == 0) request->code = code;
  if (request->code == CURLE_FILESIZE_EXCEEDED) request->code = DPS_HTTP_TOO_LARGE;
  if (request->code == CURLE_OK) return show(slot, request);
  bool is_unsigned = request->code == DPS_HTTP_UNSIGNED;
  dps_buf_reset(&request->answer);
  dps_buf_puts(&request->answer, is_unsigned ? dps_buf_str(&slot->signing.added) : slot->error);
}

void dps_http_slot_end(struct dps_http_slot *slot, int code) {
  fill(slot, slot->request, code);
  dps_http_bearer_hide(&slot->bearer, &slot->request->answer);
  dps_http_bearer_hide(&slot->bearer, &slot->request->answer_headers);
  if (slot->tied) slot->tied->next = NULL;
  slot->tied = NULL;
  slot->request->slot = NULL;
  slot->request = NULL;
}
