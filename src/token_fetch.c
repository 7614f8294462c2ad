/* Tokens from an endpoint; see token_fetch.h. */
#include "token_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "token_cache.h"

enum { MAX_FORM = 4 * DPS_SECRET_MAX, MAX_ANSWER = 256 * 1024, LONGEST_MARGIN_S = 300 };
enum { LOOK_MS = 50, PATIENCE_MS = 20000 }; /* while another process gets a token for all */

struct dps_token_fetch {
  struct dps_http_request request; /* first */
  struct dps_timer timer;
  struct dps_loop *loop;
  struct dps_http *http;
  struct dps_token *token;
  struct dps_token_cache *cache; /* NULL: none */
  char *url, *client_id, *scopes;
  struct dps_secret secret;
  struct dps_buf form;
  void (*ended)(void *);
  void *context;
  bool runs;
  int64_t began, patience; /* dps_token_now() times */
  struct dps_token_outcome outcome;
};

static struct dps_token_fetch *of_timer(struct dps_timer *timer) {
  return (struct dps_token_fetch *)((char *)timer - offsetof(struct dps_token_fetch, timer));
}

/* --- the form: application/x-www-form-urlencoded (WHATWG URL, 5.2) --- */

static bool put_encoded(struct dps_buf *form, const char *text, size_t len) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._";
  static const char hex[] = "0123456789ABCDEF";
  bool ok = true;
  for (size_t i = 0; ok && i < len; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c && strchr(plain, c))
      ok = dps_buf_putc(form, (char)c);
    else
      ok = dps_buf_putc(form, '%') && dps_buf_putc(form, hex[c >> 4]) &&
           dps_buf_putc(form, hex[c & 15]);
  }
  return ok;
}

static bool put_field(struct dps_buf *form, const char *name, const char *text, size_t len) {
  return dps_buf_puts(form, name) && put_encoded(form, text, len);
}

static bool fill_form(struct dps_token_fetch *f) {
  struct dps_buf *form = &f->form;
  const char *scopes = f->scopes ? f->scopes : "";
  dps_buf_clear(form);
  bool ok = dps_buf_puts(form, "grant_type=client_credentials") &&
            put_field(form, "&client_id=", f->client_id, strlen(f->client_id)) &&
            put_field(form, "&client_secret=", f->secret.bytes, f->secret.len);
  return ok && (!*scopes || put_field(form, "&scope=", scopes, strlen(scopes)));
}

/* --- outcomes --- */

static void copy_header(const struct dps_http_request *request, const char *name, char *to,
                        size_t room) {
  size_t len = 0;
  const char *value = dps_http_header(request, name, &len);
  if (value) snprintf(to, room, "%.*s", (int)(len < room ? len : room - 1), value);
}

static int64_t margin_ms(long lifetime_s) {
  int64_t fifth = (int64_t)lifetime_s * 1000 / 5;
  return fifth < LONGEST_MARGIN_S * 1000 ? fifth : LONGEST_MARGIN_S * 1000;
}

/* A lifetime counts from when it was asked for. */
static bool set_token(struct dps_token_fetch *f, const struct dps_secret *token, long lifetime_s,
                      int64_t age_ms) {
  return dps_token_set(f->token, token, (int64_t)lifetime_s * 1000 - age_ms, margin_ms(lifetime_s));
}

static void warn(struct dps_token_fetch *f, const char *words) {
  snprintf(f->outcome.cache_warning, sizeof f->outcome.cache_warning, "%s", words);
}

static void keep(struct dps_token_fetch *f, const struct dps_token_answer *answer) {
  char why[DPS_SECRET_WHY] = "";
  if (f->cache && !dps_token_cache_put(f->cache, &answer->token, answer->lifetime_s, why))
    warn(f, why);
}

static void take_answer(struct dps_token_fetch *f) {
  struct dps_token_outcome *o = &f->outcome;
  struct dps_token_answer answer;
  const struct dps_buf *body = &f->request.answer;
  dps_token_answer_read(&answer, o->status, dps_buf_str(body), body->len, &f->secret);
  o->fault = answer.fault;
  o->lifetime_s = answer.lifetime_s;
  memcpy(o->error, answer.error, sizeof o->error);
  memcpy(o->description, answer.description, sizeof o->description);
  if (o->fault == DPS_TOKEN_OK &&
      !set_token(f, &answer.token, answer.lifetime_s, dps_token_now() - f->began))
    o->fault = DPS_TOKEN_NO_MEMORY;
  o->ok = o->fault == DPS_TOKEN_OK;
  if (o->ok) keep(f, &answer);
  dps_token_answer_clear(&answer);
}

static void finish(struct dps_token_fetch *f) {
  f->outcome.number++;
  f->runs = false;
  if (f->cache) dps_token_cache_unlock(f->cache);
}

/* Numbers go on; everything else is of the request that begins. */
static void begin(struct dps_token_fetch *f) {
  f->outcome = (struct dps_token_outcome){.number = f->outcome.number};
  f->runs = true;
  f->began = dps_token_now();
}

/* --- the request --- */

static void on_done(struct dps_http_request *request) {
  struct dps_token_fetch *f = (struct dps_token_fetch *)request;
  struct dps_token_outcome *o = &f->outcome;
  o->code = request->code;
  o->status = request->status;
  copy_header(request, "Retry-After", o->retry_after, sizeof o->retry_after);
  copy_header(request, "Date", o->date, sizeof o->date);
  if (request->code == CURLE_OK) take_answer(f);
  if (request->code > 0)
    snprintf(o->words, sizeof o->words, "%s",
             request->answer.len ? dps_buf_str(&request->answer)
                                 : curl_easy_strerror((CURLcode)request->code));
  dps_buf_clear(&request->answer);
  dps_buf_clear(&f->form);
  finish(f);
  f->ended(f->context);
}

static bool fail_start(struct dps_token_fetch *f, int code) {
  f->outcome.code = code;
  snprintf(f->outcome.words, sizeof f->outcome.words, "%s", curl_easy_strerror((CURLcode)code));
  dps_buf_clear(&f->form);
  finish(f);
  return false;
}

static bool send_request(struct dps_token_fetch *f) {
  struct dps_http_request *r = &f->request;
  f->began = dps_token_now();
  dps_http_request_clear(r);
  dps_http_request_init(r, f->http);
  dps_buf_init_secret(&r->answer, MAX_ANSWER);
  if (!fill_form(f)) return fail_start(f, CURLE_OUT_OF_MEMORY);
  r->method = "POST";
  r->url = f->url;
  r->body = dps_buf_str(&f->form);
  r->body_len = f->form.len;
  r->done = on_done;
  return dps_http_submit(f->http, r) || fail_start(f, r->code > 0 ? r->code : CURLE_FAILED_INIT);
}

/* --- the shared file --- */

/* True when the file has a token that is new to us. */
static bool take_cached(struct dps_token_fetch *f) {
  char why[DPS_SECRET_WHY] = "";
  struct dps_secret token = {0};
  long lifetime_s = 0, left_s = dps_token_cache_get(f->cache, &token, &lifetime_s, why);
  bool other = left_s > 0 && !dps_token_equals(f->token, &token);
  bool young = left_s * 1000 > margin_ms(lifetime_s);
  if (why[0]) warn(f, why);
  bool ok = other && young && set_token(f, &token, lifetime_s, (lifetime_s - left_s) * 1000L);
  dps_secret_clear(&token);
  if (!ok) return false;
  f->outcome.ok = true;
  f->outcome.source = DPS_TOKEN_OF_CACHE;
  f->outcome.lifetime_s = left_s;
  return true;
}

/* True when there is nothing to wait for: this process may ask, or has to. */
static bool may_ask(struct dps_token_fetch *f) {
  char why[DPS_SECRET_WHY] = "";
  enum dps_cache_lock lock = dps_token_cache_lock(f->cache, why);
  if (lock == DPS_CACHE_FAILED) warn(f, why);
  return lock != DPS_CACHE_BUSY || dps_token_now() >= f->patience;
}

/* 1: a token was there, 0: asked or waits, -1: could not even start. */
static int look(struct dps_token_fetch *f) {
  if (take_cached(f)) return finish(f), 1;
  if (may_ask(f)) {
    if (take_cached(f)) return finish(f), 1; /* it came before we had the lock */
    return send_request(f) ? 0 : -1;
  }
  if (dps_timer_start(f->loop, &f->timer, LOOK_MS)) return 0;
  return fail_start(f, CURLE_OUT_OF_MEMORY), -1;
}

static void on_time(struct dps_timer *timer) {
  struct dps_token_fetch *f = of_timer(timer);
  if (look(f) != 0) f->ended(f->context);
}

/* --- life --- */

bool dps_token_fetch_start(struct dps_token_fetch *f) {
  if (f->runs) return true;
  begin(f);
  if (!f->cache) return send_request(f);
  f->patience = dps_token_now() + PATIENCE_MS;
  /* Found at once or not: it ends in a later turn, as every request does. */
  return dps_timer_start(f->loop, &f->timer, 0) || fail_start(f, CURLE_OUT_OF_MEMORY);
}

bool dps_token_fetch_runs(const struct dps_token_fetch *f) {
  return f->runs;
}

const struct dps_token_outcome *dps_token_fetch_outcome(const struct dps_token_fetch *f) {
  return &f->outcome;
}

bool dps_token_fetch_use(struct dps_token_fetch *f, const struct dps_secret *client_secret) {
  return dps_secret_set_bytes(&f->secret, client_secret->bytes, client_secret->len);
}

static bool copy(char **to, const char *from) {
  *to = from ? strdup(from) : NULL;
  return *to || !from;
}

static bool open_all(struct dps_token_fetch *f, const struct dps_token_settings *s) {
  struct dps_http_settings http = s->http;
  http.slots = 1;
  http.max_body = MAX_ANSWER;
  f->http = dps_http_new(f->loop, &http);
  bool ok = f->http && dps_http_share_header(f->http, "Accept: application/json") &&
            dps_http_share_header(f->http, "Expect:") &&
            dps_http_share_header(f->http, "Content-Type: application/x-www-form-urlencoded");
  ok = ok && copy(&f->url, s->url) && copy(&f->client_id, s->client_id) &&
       copy(&f->scopes, s->scopes) && dps_token_fetch_use(f, s->client_secret);
  if (!ok || !s->cache) return ok;
  f->cache = dps_token_cache_new(s->cache, s->url, s->client_id, s->scopes ? s->scopes : "");
  return f->cache != NULL;
}

struct dps_token_fetch *dps_token_fetch_new(struct dps_loop *loop,
                                            const struct dps_token_settings *s,
                                            struct dps_token *token) {
  struct dps_token_fetch *f = calloc(1, sizeof *f);
  if (!f) return NULL;
  f->loop = loop;
  f->token = dps_token_ref(token);
  f->timer.fire = on_time;
  f->ended = s->ended;
  f->context = s->context;
  dps_buf_init_secret(&f->form, MAX_FORM);
  if (open_all(f, s)) return f;
  dps_token_fetch_free(f);
  return NULL;
}

void dps_token_fetch_free(struct dps_token_fetch *f) {
  if (!f) return;
  dps_timer_stop(f->loop, &f->timer);
  dps_http_cancel(&f->request);
  dps_buf_clear(&f->request.answer);
  dps_http_request_clear(&f->request);
  dps_http_free(f->http);
  dps_token_cache_free(f->cache);
  dps_token_unref(f->token);
  dps_secret_clear(&f->secret);
  dps_buf_clear(&f->form);
  free(f->url);
  free(f->client_id);
  free(f->scopes);
  free(f);
}
