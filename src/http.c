/* One HTTP transfer in plain C; see http.h. Easy handles are slots: set up once, reused, as many as
 * may be in flight; the queue before them is ours, because libcurl slows down with more handles
 * than connections. */
#include "http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_easy.h"

enum { MAX_HEADER_BYTES = 64 * 1024 };

struct dps_http_slot {
  struct dps_transfer transfer; /* first: the loop hands it back */
  struct dps_http *client;
  struct dps_http_request *request; /* NULL while free */
  struct dps_http_slot *next_free;
  CURLU *url;     /* parsed once: creates all have the same URL */
  char *url_text; /* what url was parsed from */
  bool sending;   /* of this request something may have left; libcurl's numbers are of this one */
  char error[CURL_ERROR_SIZE];
};

struct dps_http {
  struct dps_loop *loop;
  struct dps_http_settings settings; /* its strings are ours */
  struct curl_slist *shared;
  const char *ca_dir; /* hashed directory of roots, or NULL */
  struct dps_http_slot **slots;
  size_t nslots;
  struct dps_http_slot *free;
  struct dps_http_request *queue, **queue_end;
};

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

static bool may_repeat(const char *method) {
  return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static long bytes_sent(CURL *easy) {
  long n = 0;
  curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &n);
  return n;
}

/* Runs before each sending. libcurl sends again by itself when a reused connection dies without an
 * answer; a write whose bytes have left already may have been carried out, so it is not sent a
 * second time. https://curl.se/libcurl/c/CURLOPT_PREREQFUNCTION.html */
static int on_send(void *userp, char *remote, char *local, int remote_port, int local_port) {
  struct dps_http_slot *slot = userp;
  (void)remote, (void)local, (void)remote_port, (void)local_port;
  slot->sending = true;
  if (may_repeat(slot->request->method) || bytes_sent(slot->transfer.easy) == 0) {
    return CURL_PREREQFUNC_OK;
  }
  slot->request->code = DPS_HTTP_REPEAT_REFUSED;
  return CURL_PREREQFUNC_ABORT;
}

/* Options that point back at the slot; the rest is http_easy.c. */
static void configure(struct dps_http_slot *slot) {
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
      {CURLOPT_SOCKOPTDATA, slot->client->loop},
      {CURLOPT_CLOSESOCKETDATA, slot->client->loop},
  };
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++)
    curl_easy_setopt(easy, pointers[i].option, pointers[i].value);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, dps_loop_own_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, dps_loop_close_socket);
  dps_http_configure(easy, &slot->client->settings, slot->client->ca_dir);
}

/* --- slots --- */

static void start_queued(struct dps_http *client);

static void release(struct dps_http_slot *slot) {
  slot->request->slot = NULL;
  slot->request->client = NULL;
  slot->request = NULL;
  slot->next_free = slot->client->free;
  slot->client->free = slot;
}

static enum dps_sent what_left(CURL *easy, long status) {
  if (status) return DPS_SENT_YES;
  return bytes_sent(easy) ? DPS_SENT_MAYBE : DPS_SENT_NO;
}

static void fill(struct dps_http_request *request, CURL *easy, int code) {
  if (request->slot->sending) {
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &request->status);
    request->sent = what_left(easy, request->status);
  }
  if (request->code == 0) request->code = code;
  if (request->code == CURLE_FILESIZE_EXCEEDED) request->code = DPS_HTTP_TOO_LARGE;
  if (request->code == CURLE_OK) return;
  dps_buf_reset(&request->answer);
  dps_buf_puts(&request->answer, request->slot->error);
}

/* The slot is free, and the queue moves on, before anybody reads the answer. */
static void on_ended(struct dps_transfer *transfer, CURLcode code) {
  struct dps_http_slot *slot = (struct dps_http_slot *)transfer;
  struct dps_http *client = slot->client;
  struct dps_http_request *request = slot->request;
  fill(request, transfer->easy, (int)code);
  release(slot);
  start_queued(client);
  request->done(request);
}

static void slot_free(struct dps_http_slot *slot) {
  if (!slot) return;
  if (slot->transfer.easy) curl_easy_cleanup(slot->transfer.easy);
  curl_url_cleanup(slot->url);
  free(slot->url_text);
  free(slot);
}

static struct dps_http_slot *slot_new(struct dps_http *client) {
  struct dps_http_slot *slot = calloc(1, sizeof *slot);
  if (!slot) return NULL;
  slot->client = client;
  slot->url = curl_url();
  slot->transfer = (struct dps_transfer){.easy = curl_easy_init(), .ended = on_ended};
  if (slot->url && slot->transfer.easy) {
    configure(slot);
    client->slots[client->nslots++] = slot;
    return slot;
  }
  slot_free(slot);
  return NULL;
}

/* NULL when all are taken, or when memory ran out with none made. */
static struct dps_http_slot *take_slot(struct dps_http *client) {
  struct dps_http_slot *slot = client->free;
  if (slot) {
    client->free = slot->next_free;
    return slot;
  }
  return client->nslots < client->settings.slots ? slot_new(client) : NULL;
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
  curl_url_set(slot->url, CURLUPART_URL, NULL, 0); /* or it would complete a relative one */
  if (curl_url_set(slot->url, CURLUPART_URL, url, 0) != CURLUE_OK) return CURLE_URL_MALFORMAT;
  share_handshake(slot->transfer.easy, url);
  slot->url_text = strdup(url);
  if (!slot->url_text) return CURLE_OUT_OF_MEMORY;
  return curl_easy_setopt(slot->transfer.easy, CURLOPT_CURLU, slot->url);
}

static void set_method(CURL *easy, const struct dps_http_request *request) {
  bool post = strcmp(request->method, "POST") == 0;
  bool known = post || may_repeat(request->method);
  if (request->body || post) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
  } else if (strcmp(request->method, "HEAD") == 0) {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
  bool as_named = known && (post || !request->body);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, as_named ? NULL : request->method);
}

/* The request's own lines run into the client's shared ones. */
static struct curl_slist *join_headers(struct dps_http_request *request) {
  struct curl_slist *last = request->headers;
  if (!last) return request->client->shared;
  while (last->next && last->next != request->client->shared)
    last = last->next;
  last->next = request->client->shared;
  return request->headers;
}

static CURLcode prepare(struct dps_http_slot *slot, struct dps_http_request *request) {
  CURL *easy = slot->transfer.easy;
  CURLcode rc = set_url(slot, request->url);
  if (rc != CURLE_OK) return rc;
  slot->error[0] = '\0';
  set_method(easy, request);
  return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, join_headers(request));
}

static CURLcode start(struct dps_http_slot *slot, struct dps_http_request *request) {
  slot->request = request;
  slot->sending = false;
  request->slot = slot;
  CURLcode rc = prepare(slot, request);
  if (rc != CURLE_OK) return rc;
  if (dps_loop_add_transfer(slot->client->loop, &slot->transfer) != CURLM_OK)
    return CURLE_FAILED_INIT;
  return CURLE_OK;
}

static struct dps_http_request *unqueue(struct dps_http *client) {
  struct dps_http_request *request = client->queue;
  client->queue = request->next;
  if (!client->queue) client->queue_end = &client->queue;
  request->next = NULL;
  return request;
}

/* What cannot even start ends here, as a transfer that failed before anything was sent. */
static void start_queued(struct dps_http *client) {
  struct dps_http_slot *slot;
  while (client->queue && (slot = take_slot(client))) {
    struct dps_http_request *request = unqueue(client);
    CURLcode rc = start(slot, request);
    if (rc == CURLE_OK) continue;
    request->code = (int)rc;
    release(slot);
    request->done(request);
  }
}

/* --- requests --- */

void dps_http_request_init(struct dps_http_request *request, const struct dps_http *client) {
  *request = (struct dps_http_request){0};
  dps_buf_init(&request->answer, client->settings.max_body);
  dps_buf_init(&request->answer_headers, MAX_HEADER_BYTES);
}

void dps_http_request_clear(struct dps_http_request *request) {
  dps_http_cancel(request);
  dps_buf_clear(&request->answer);
  dps_buf_clear(&request->answer_headers);
}

bool dps_http_submit(struct dps_http *client, struct dps_http_request *request) {
  request->client = client;
  struct dps_http_slot *slot = client->queue ? NULL : take_slot(client);
  if (slot) {
    CURLcode rc = start(slot, request);
    if (rc == CURLE_OK) return true;
    request->code = (int)rc;
    release(slot);
    return false;
  }
  if (client->nslots == 0) {
    request->client = NULL;
    request->code = CURLE_OUT_OF_MEMORY;
    return false;
  }
  *client->queue_end = request;
  client->queue_end = &request->next;
  return true;
}

static void leave_queue(struct dps_http *client, struct dps_http_request *request) {
  struct dps_http_request **at = &client->queue;
  while (*at && *at != request)
    at = &(*at)->next;
  if (*at) *at = request->next;
  if (!*at) client->queue_end = at;
  request->next = NULL;
  request->client = NULL;
}

void dps_http_cancel(struct dps_http_request *request) {
  struct dps_http *client = request->client;
  if (!client) return;
  request->code = DPS_HTTP_CANCELLED;
  if (!request->slot) {
    leave_queue(client, request);
    return;
  }
  struct dps_http_slot *slot = request->slot;
  dps_loop_remove_transfer(client->loop, &slot->transfer);
  fill(request, slot->transfer.easy, DPS_HTTP_CANCELLED);
  release(slot);
  start_queued(client);
}

/* --- headers of the answer --- */

static const char *trimmed(const char *from, const char *to, size_t *len) {
  while (from < to && isspace((unsigned char)*from))
    from++;
  while (to > from && isspace((unsigned char)to[-1]))
    to--;
  *len = (size_t)(to - from);
  return from;
}

const char *dps_http_header(const struct dps_http_request *request, const char *name, size_t *len) {
  const char *line = dps_buf_str(&request->answer_headers);
  size_t n = strlen(name);
  for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
    if (strncasecmp(line, name, n) == 0 && line[n] == ':') return trimmed(line + n + 1, end, len);
  }
  return NULL;
}

/* --- clients --- */

static void wipe_headers(struct curl_slist *list) {
  for (struct curl_slist *node = list; node; node = node->next)
    explicit_bzero(node->data, strlen(node->data));
  curl_slist_free_all(list);
}

bool dps_http_share_header(struct dps_http *client, const char *line) {
  struct curl_slist *list = curl_slist_append(client->shared, line);
  if (list) client->shared = list;
  return list != NULL;
}

static bool copy(const char **to, const char *from) {
  *to = from ? strdup(from) : NULL;
  return *to || !from;
}

static bool own_strings(struct dps_http_settings *s, const struct dps_http_settings *from) {
  bool ok = copy(&s->ca_file, from->ca_file);
  ok &= copy(&s->client_cert, from->client_cert);
  ok &= copy(&s->client_key, from->client_key);
  return ok;
}

struct dps_http *dps_http_new(struct dps_loop *loop, const struct dps_http_settings *settings) {
  struct dps_http *client = calloc(1, sizeof *client);
  if (!client) return NULL;
  client->loop = loop;
  client->settings = *settings;
  client->queue_end = &client->queue;
  client->slots = calloc(settings->slots, sizeof *client->slots);
  client->ca_dir = settings->ca_file ? NULL : dps_http_hashed_roots();
  if (own_strings(&client->settings, settings) && client->slots) {
    dps_loop_keep_connections(loop, (long)settings->slots);
    return client;
  }
  dps_http_free(client);
  return NULL;
}

void dps_http_free(struct dps_http *client) {
  if (!client) return;
  while (client->queue)
    dps_http_cancel(client->queue);
  for (size_t i = 0; i < client->nslots; i++) {
    if (client->slots[i]->request) dps_http_cancel(client->slots[i]->request);
  }
  for (size_t i = 0; i < client->nslots; i++)
    slot_free(client->slots[i]);
  free(client->slots);
  wipe_headers(client->shared);
  free((char *)client->settings.ca_file);
  free((char *)client->settings.client_cert);
  free((char *)client->settings.client_key);
  free(client);
}
