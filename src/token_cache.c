/* The shared file of access tokens; see token_cache.h. */
#include "token_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "digest.h"
#include "jsonpick.h"

enum { LONGEST_S = 86400, CLOCK_SLACK_S = 60, ENTRY_ROOM = 160 };

struct dps_token_cache {
  char *path, *lock_path, *temporary;
  int lock; /* -1: not held */
  char key[2 * DPS_SHA256_BYTES + 1];
};

/* An entry of the file. */
struct entry {
  struct dps_secret token;
  long obtained, expires; /* seconds since the epoch */
};

static bool refuse(char *why, const char *path, const char *words) {
  snprintf(why, DPS_SECRET_WHY, "the token cache %s: %s", path, words);
  return false;
}

static bool refuse_errno(char *why, const char *path) {
  char words[128];
  return refuse(why, path, strerror_r(errno, words, sizeof words));
}

/* --- reading --- */

static bool read_long(const char *value, long *number) {
  double n;
  bool ok = dps_json_number(value, &n) && n >= 0 && n < 1e15;
  if (ok) *number = (long)n;
  return ok;
}

/* A clock that was put back, or somebody's hand, makes an entry that can't be: it is not used. */
static bool read_entry(const char *value, struct entry *entry, long now) {
  bool ok = dps_json_text(dps_json_member(value, "access_token"), &entry->token) &&
            read_long(dps_json_member(value, "obtained"), &entry->obtained) &&
            read_long(dps_json_member(value, "expires"), &entry->expires);
  return ok && dps_secret_is_token(&entry->token) && entry->obtained <= now + CLOCK_SLACK_S &&
         entry->expires > now && entry->expires - entry->obtained <= LONGEST_S;
}

/* The file's "tokens" object, in text; NULL when there is no file, or with why when it is none of
 * ours. */
static const char *read_file(const char *path, struct dps_secret *text, char *why) {
  static const char not_ours[] = "it is no file of tokens, and is left alone: remove it, or name "
                                 "another one";
  if (access(path, F_OK) != 0 && errno == ENOENT) return NULL;
  char reason[DPS_SECRET_WHY];
  if (!dps_secret_from_file(text, path, reason)) {
    snprintf(why, DPS_SECRET_WHY, "the token cache %.*s", DPS_SECRET_WHY - 32, reason);
    return NULL;
  }
  bool json = dps_json_is_valid(text->bytes, text->len);
  const char *root = json ? dps_json_root(text->bytes) : NULL;
  const char *tokens = dps_json_member(root, "dps_tokens");
  if (!tokens || *tokens != '{') return refuse(why, path, not_ours), NULL;
  return tokens;
}

long dps_token_cache_get(struct dps_token_cache *cache, struct dps_secret *secret, long *lifetime_s,
                         char why[DPS_SECRET_WHY]) {
  struct dps_secret text = {0};
  struct entry entry = {0};
  long now = (long)time(NULL), left = 0;
  const char *tokens = read_file(cache->path, &text, why);
  if (tokens && read_entry(dps_json_member(tokens, cache->key), &entry, now) &&
      dps_secret_set_bytes(secret, entry.token.bytes, entry.token.len)) {
    left = entry.expires - now;
    *lifetime_s = entry.expires - entry.obtained;
  }
  dps_secret_clear(&entry.token);
  dps_secret_clear(&text);
  return left;
}

/* --- writing --- */

static bool put_entry(struct dps_buf *out, const char *key, const struct entry *entry) {
  char numbers[ENTRY_ROOM];
  snprintf(numbers, sizeof numbers, "\",\"obtained\":%ld,\"expires\":%ld}", entry->obtained,
           entry->expires);
  return dps_buf_puts(out, out->data[out->len - 1] == '{' ? "\"" : ",\"") &&
         dps_buf_puts(out, key) && dps_buf_puts(out, "\":{\"access_token\":\"") &&
         dps_buf_append(out, entry->token.bytes, entry->token.len) && dps_buf_puts(out, numbers);
}

static bool is_key(const struct dps_secret *key) {
  return key->len == 2 * DPS_SHA256_BYTES && strspn(key->bytes, "0123456789abcdef") == key->len;
}

/* The others' entries that are still good and find room. */
static bool put_others(struct dps_buf *out, const char *tokens, const char *own, long now) {
  bool ok = true;
  for (const char *at = dps_json_first_name(tokens); ok && at; at = dps_json_next_name(at)) {
    struct dps_secret key = {0};
    struct entry entry = {0};
    bool keeps = dps_json_text(at, &key) && is_key(&key) && strcmp(key.bytes, own) != 0 &&
                 read_entry(dps_json_member(tokens, key.bytes), &entry, now) &&
                 out->len + entry.token.len + 2 * ENTRY_ROOM < out->max;
    if (keeps) ok = put_entry(out, key.bytes, &entry);
    dps_secret_clear(&entry.token);
    dps_secret_clear(&key);
  }
  return ok;
}

static bool write_all(int fd, const char *bytes, size_t len) {
  while (len) {
    ssize_t n = write(fd, bytes, len);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) bytes += n, len -= (size_t)n;
  }
  return true;
}

/* mkostemp makes it with mode 0600. */
static bool replace(struct dps_token_cache *cache, const struct dps_buf *text, char *why) {
  snprintf(cache->temporary, strlen(cache->path) + sizeof ".XXXXXX", "%s.XXXXXX", cache->path);
  int fd = mkostemp(cache->temporary, O_CLOEXEC);
  if (fd < 0) return refuse_errno(why, cache->path);
  bool ok = write_all(fd, text->data, text->len);
  ok = close(fd) == 0 && ok && rename(cache->temporary, cache->path) == 0;
  if (ok) return true;
  refuse_errno(why, cache->path);
  unlink(cache->temporary);
  return false;
}

static bool compose(struct dps_buf *out, const char *key, const struct entry *own,
                    const char *tokens, long now) {
  return dps_buf_reserve(out, out->max) && dps_buf_puts(out, "{\"dps_tokens\":{") &&
         put_entry(out, key, own) && put_others(out, tokens, key, now) && dps_buf_puts(out, "}}\n");
}

bool dps_token_cache_put(struct dps_token_cache *cache, const struct dps_secret *token,
                         long lifetime_s, char why[DPS_SECRET_WHY]) {
  struct dps_secret text = {0};
  struct dps_buf out;
  long now = (long)time(NULL);
  const struct entry own = {*token, now, now + lifetime_s};
  why[0] = '\0';
  const char *tokens = read_file(cache->path, &text, why);
  dps_buf_init_secret(&out, DPS_SECRET_MAX);
  bool ok = !why[0];
  if (ok && !compose(&out, cache->key, &own, tokens, now))
    ok = refuse(why, cache->path, "the token is too long for it, or memory ran out");
  ok = ok && replace(cache, &out, why);
  dps_buf_clear(&out);
  dps_secret_clear(&text);
  return ok;
}

/* --- the lock --- */

enum dps_cache_lock dps_token_cache_lock(struct dps_token_cache *cache, char why[DPS_SECRET_WHY]) {
  if (cache->lock >= 0) return DPS_CACHE_LOCKED;
  int fd = open(cache->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return refuse_errno(why, cache->lock_path), DPS_CACHE_FAILED;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return cache->lock = fd, DPS_CACHE_LOCKED;
  bool busy = errno == EWOULDBLOCK;
  if (!busy) refuse_errno(why, cache->lock_path);
  close(fd);
  return busy ? DPS_CACHE_BUSY : DPS_CACHE_FAILED;
}

void dps_token_cache_unlock(struct dps_token_cache *cache) {
  if (cache->lock >= 0) close(cache->lock);
  cache->lock = -1;
}

/* --- life --- */

static bool make_key(struct dps_token_cache *cache, const char *const parts[3]) {
  unsigned char hash[DPS_SHA256_BYTES];
  struct dps_buf text;
  dps_buf_init(&text, 64 * 1024);
  bool ok = true;
  for (int i = 0; ok && i < 3; i++)
    ok = dps_buf_puts(&text, parts[i]) && dps_buf_putc(&text, '\n');
  ok = ok && dps_digest(DPS_DIGEST_SHA256, text.data, text.len, hash);
  for (size_t i = 0; ok && i < sizeof hash; i++)
    snprintf(cache->key + 2 * i, 3, "%02x", hash[i]);
  dps_buf_clear(&text);
  return ok;
}

static char *joined(const char *path, const char *end) {
  char *text = NULL;
  return asprintf(&text, "%s%s", path, end) < 0 ? NULL : text;
}

struct dps_token_cache *dps_token_cache_new(const char *path, const char *url,
                                            const char *client_id, const char *scopes) {
  struct dps_token_cache *cache = calloc(1, sizeof *cache);
  if (!cache) return NULL;
  cache->lock = -1;
  cache->path = joined(path, "");
  cache->lock_path = joined(path, ".lock");
  cache->temporary = joined(path, ".XXXXXX");
  bool ok = cache->path && cache->lock_path && cache->temporary;
  if (ok && make_key(cache, (const char *const[]){url, client_id, scopes})) return cache;
  dps_token_cache_free(cache);
  return NULL;
}

void dps_token_cache_free(struct dps_token_cache *cache) {
  if (!cache) return;
  dps_token_cache_unlock(cache);
  free(cache->path);
  free(cache->lock_path);
  free(cache->temporary);
  free(cache);
}
