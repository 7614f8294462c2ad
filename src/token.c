/* The current bearer token; see token.h. */
#include "token.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char prefix[] = "Authorization: Bearer ";
enum { PREFIX = sizeof prefix - 1 };

struct dps_token {
  unsigned refs;
  unsigned long serial;
  bool evicted;
  int64_t ageing, end; /* dps_token_now() times; -1: not known */
  struct dps_secret line;
};

int64_t dps_token_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct dps_token *dps_token_new(void) {
  struct dps_token *token = calloc(1, sizeof *token);
  if (token) token->refs = 1;
  return token;
}

struct dps_token *dps_token_ref(struct dps_token *token) {
  token->refs++;
  return token;
}

void dps_token_unref(struct dps_token *token) {
  if (!token || --token->refs) return;
  dps_secret_clear(&token->line);
  free(token);
}

static bool set_line(struct dps_secret *line, const struct dps_secret *secret) {
  char *text = malloc(PREFIX + secret->len);
  if (!text) return false;
  memcpy(text, prefix, PREFIX);
  memcpy(text + PREFIX, secret->bytes, secret->len);
  bool ok = dps_secret_set_bytes(line, text, PREFIX + secret->len);
  explicit_bzero(text, PREFIX + secret->len);
  free(text);
  return ok;
}

bool dps_token_set(struct dps_token *token, const struct dps_secret *secret, int64_t lifetime_ms,
                   int64_t margin_ms) {
  if (secret->len > DPS_SECRET_MAX || !set_line(&token->line, secret)) return false;
  int64_t end = dps_token_now() + lifetime_ms;
  token->serial++;
  token->evicted = false;
  token->end = lifetime_ms < 0 ? -1 : end;
  token->ageing = lifetime_ms < 0 ? -1 : end - margin_ms;
  return true;
}

unsigned long dps_token_serial(const struct dps_token *token) {
  return token->serial;
}

enum dps_token_state dps_token_state(const struct dps_token *token) {
  if (!token->serial) return DPS_TOKEN_NONE;
  if (token->evicted) return DPS_TOKEN_STALE;
  if (token->end < 0 || dps_token_now() < token->ageing) return DPS_TOKEN_FRESH;
  return dps_token_now() < token->end ? DPS_TOKEN_AGEING : DPS_TOKEN_STALE;
}

void dps_token_evict(struct dps_token *token, unsigned long serial) {
  if (serial == token->serial) token->evicted = true;
}

const struct dps_secret *dps_token_line(const struct dps_token *token) {
  return token->serial ? &token->line : NULL;
}

bool dps_token_equals(const struct dps_token *token, const struct dps_secret *secret) {
  return token->serial && token->line.len == PREFIX + secret->len &&
         memcmp(token->line.bytes + PREFIX, secret->bytes, secret->len) == 0;
}
