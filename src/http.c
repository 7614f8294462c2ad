/* Clients: who gets a slot, who waits, and when each hears of its end; see http.h. The queue before
 * the slots is ours, because libcurl slows down with more handles than connections. What happens on
 * a handle is http_slot.c. */
#include "http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_easy.h"
#include "http_sigv4.h"
#include "http_slot.h"

enum { MAX_HEADER_BYTES = 64 * 1024 };

/* Requests, first come first served. Zeroed is empty. */
struct list {
  struct dps_http_request *first, **end;
};

struct dps_http {
  struct dps_loop *loop;
  struct dps_http_settings settings; /* its strings are ours */
  struct curl_slist *shared;
  struct dps_http_signer signer; /* sign is NULL: none */
  struct dps_token *token;       /* NULL: none */
  const char *ca_dir;            /* hashed directory of roots, or NULL */
  struct dps_http_slot **slots;
  size_t nslots;
  struct dps_http_slot *free;
  struct list queue; /* no slot yet */
  struct list ended; /* done is still to be called */
};

/* --- lists --- */

static void push(struct list *list, struct dps_http_request *request) {
  request->next = NULL;
  if (!list->first) list->end = &list->first;
  *list->end = request;
  list->end = &request->next;
}

static struct dps_http_request *pop(struct list *list) {
  struct dps_http_request *request = list->first;
  if (request) list->first = request->next;
  return request;
}

static void take_out(struct list *list, const struct dps_http_request *request) {
  struct dps_http_request **at = &list->first;
  while (*at && *at != request)
    at = &(*at)->next;
  if (!*at) return;
  *at = request->next;
  if (!*at) list->end = at;
}

/* --- slots --- */

static void on_ended(struct dps_transfer *transfer, CURLcode code);

static struct dps_http_slot *new_slot(struct dps_http *client) {
  struct dps_http_slot *slot = dps_http_slot_new(client->loop, &client->settings, client->ca_dir);
  if (!slot) return NULL;
  slot->client = client;
  slot->transfer.ended = on_ended;
  return client->slots[client->nslots++] = slot;
}

/* NULL when all are taken, or when memory ran out with none made. */
static struct dps_http_slot *take_slot(struct dps_http *client) {
  struct dps_http_slot *slot = client->free;
  if (!slot) return client->nslots < client->settings.slots ? new_slot(client) : NULL;
  client->free = slot->next_free;
  return slot;
}

static void release(struct dps_http_slot *slot, int code) {
  dps_http_slot_end(slot, code);
  slot->next_free = slot->client->free;
  slot->client->free = slot;
}

/* False: it ended before it began, and the slot is free again. */
static bool start(struct dps_http_slot *slot, struct dps_http_request *request) {
  struct dps_http *client = slot->client;
  const struct dps_http_signer *signer = client->signer.sign ? &client->signer : NULL;
  CURLcode rc = dps_http_slot_load(slot, request, client->shared, client->token, signer);
  if (rc == CURLE_OK && dps_loop_add_transfer(client->loop, &slot->transfer) != CURLM_OK)
    rc = CURLE_FAILED_INIT;
  if (rc != CURLE_OK) release(slot, (int)rc);
  return rc == CURLE_OK;
}

static void start_queued(struct dps_http *client) {
  struct dps_http_slot *slot;
  while (client->queue.first && (slot = take_slot(client))) {
    struct dps_http_request *request = pop(&client->queue);
    if (!start(slot, request)) push(&client->ended, request);
  }
}

/* The queue moves on before anybody reads an answer. Then one at a time, because done may cancel
 * the others. */
static void go_on(struct dps_http *client) {
  start_queued(client);
  for (struct dps_http_request *request; (request = pop(&client->ended));) {
    request->client = NULL;
    request->done(request);
  }
}

static void on_ended(struct dps_transfer *transfer, CURLcode code) {
  struct dps_http_slot *slot = (struct dps_http_slot *)transfer;
  struct dps_http *client = slot->client;
  push(&client->ended, slot->request);
  release(slot, (int)code);
  go_on(client);
}

/* --- requests --- */

bool dps_http_is_read(const char *method) {
  return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

void dps_http_request_init(struct dps_http_request *request, const struct dps_http *client) {
  *request = (struct dps_http_request){0};
  dps_buf_init(&request->answer, client->settings.max_body);
  dps_buf_init(&request->answer_headers, MAX_HEADER_BYTES);
  dps_buf_init(&request->sent_url, MAX_HEADER_BYTES);
  dps_buf_init(&request->sent_lines, MAX_HEADER_BYTES);
}

void dps_http_request_clear(struct dps_http_request *request) {
  dps_http_cancel(request);
  dps_buf_clear(&request->answer);
  dps_buf_clear(&request->answer_headers);
  dps_buf_clear(&request->sent_url);
  dps_buf_clear(&request->sent_lines);
}

bool dps_http_submit(struct dps_http *client, struct dps_http_request *request) {
  request->client = client;
  struct dps_http_slot *slot = client->queue.first ? NULL : take_slot(client);
  if (slot && start(slot, request)) return true;
  if (!slot && client->nslots > 0) return push(&client->queue, request), true;
  if (!slot) request->code = CURLE_OUT_OF_MEMORY;
  request->client = NULL;
  return false;
}

void dps_http_cancel(struct dps_http_request *request) {
  struct dps_http *client = request->client;
  struct dps_http_slot *slot = request->slot;
  if (!client) return;
  request->client = NULL;
  request->code = DPS_HTTP_CANCELLED;
  if (!slot) {
    take_out(&client->queue, request);
    take_out(&client->ended, request);
    return;
  }
  dps_loop_remove_transfer(client->loop, &slot->transfer);
  release(slot, DPS_HTTP_CANCELLED);
  go_on(client);
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
  if (client->settings.sigv4 && dps_sigv4_takes_back(line)) return true;
  struct curl_slist *list = curl_slist_append(client->shared, line);
  if (list) client->shared = list;
  return list != NULL;
}

void dps_http_use_token(struct dps_http *client, struct dps_token *token) {
  dps_token_ref(token);
  dps_token_unref(client->token);
  client->token = token;
}

void dps_http_set_signer(struct dps_http *client, struct dps_http_signer signer) {
  client->signer = signer;
}

static bool copy(const char **to, const char *from) {
  *to = from ? strdup(from) : NULL;
  return *to || !from;
}

static bool own_strings(struct dps_http_settings *s, const struct dps_http_settings *from) {
  bool ok = copy(&s->ca_file, from->ca_file);
  ok &= copy(&s->client_cert, from->client_cert);
  ok &= copy(&s->client_key, from->client_key);
  ok &= copy(&s->sigv4, from->sigv4);
  ok &= copy(&s->sigv4_id, from->sigv4_id);
  ok &= copy(&s->sigv4_secret, from->sigv4_secret);
  return ok;
}

static void free_strings(struct dps_http_settings *s) {
  const char *const strings[] = {s->ca_file, s->client_cert, s->client_key,
                                 s->sigv4,   s->sigv4_id,    s->sigv4_secret};
  if (s->sigv4_secret) explicit_bzero((char *)s->sigv4_secret, strlen(s->sigv4_secret));
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
    free((char *)strings[i]);
}

struct dps_http *dps_http_new(struct dps_loop *loop, const struct dps_http_settings *settings) {
  struct dps_http *client = calloc(1, sizeof *client);
  if (!client) return NULL;
  client->loop = loop;
  client->settings = *settings;
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
  while (client->queue.first)
    dps_http_cancel(client->queue.first);
  for (size_t i = 0; i < client->nslots; i++) {
    if (client->slots[i]->request) dps_http_cancel(client->slots[i]->request);
  }
  for (size_t i = 0; i < client->nslots; i++)
    dps_http_slot_free(client->slots[i]);
  free(client->slots);
  wipe_headers(client->shared);
  dps_token_unref(client->token);
  free_strings(&client->settings);
  free(client);
}
