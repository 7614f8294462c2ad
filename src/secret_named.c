/* Secrets by name; see secret_named.h. */
#include "secret_named.h"

#include <stdlib.h>
#include <string.h>

/* A setting that holds a secret has a row here, and is nowhere else read from the environment. */
static const char *const names[] = {
    DPS_SECRET_ACCESS_TOKEN,
    DPS_SECRET_CLIENT_SECRET,
    DPS_SECRET_SIGN_PASSPHRASE,
};

struct dps_named_secret {
  struct dps_named_secret *next;
  struct dps_secret secret;
  char name[];
};

/* A name ends with the text, or with the "=" of a variable. */
static size_t length(const char *name) {
  return strcspn(name, "=");
}

static bool same(const char *a, const char *b) {
  return length(a) == length(b) && memcmp(a, b, length(a)) == 0;
}

bool dps_secret_is_name(const char *name) {
  size_t prefix = strlen(DPS_SECRET_PREFIX);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (same(name, names[i])) return true;
  return strncmp(name, DPS_SECRET_PREFIX, prefix) == 0 && length(name) > prefix;
}

static struct dps_named_secret *find(const struct dps_secrets *secrets, const char *name) {
  struct dps_named_secret *at = secrets->first;
  while (at && !same(at->name, name))
    at = at->next;
  return at;
}

static struct dps_named_secret *add(struct dps_secrets *secrets, const char *name) {
  size_t len = length(name);
  struct dps_named_secret *one = malloc(sizeof *one + len + 1);
  if (!one) return NULL;
  *one = (struct dps_named_secret){.next = secrets->first};
  memcpy(one->name, name, len);
  one->name[len] = '\0';
  return secrets->first = one;
}

bool dps_secrets_put(struct dps_secrets *secrets, const char *name, const char *text) {
  struct dps_named_secret *one = find(secrets, name);
  if (!one) one = add(secrets, name);
  return one && dps_secret_set(&one->secret, text);
}

static bool put_variable(struct dps_secrets *secrets, const char *variable) {
  const char *value = strchr(variable, '=');
  if (!value || !dps_secret_is_name(variable) || find(secrets, variable)) return true;
  return dps_secrets_put(secrets, variable, value + 1);
}

bool dps_secrets_take(struct dps_secrets *secrets, const char *const *list) {
  bool ok = true;
  for (; ok && list && *list; list++)
    ok = put_variable(secrets, *list);
  return ok;
}

const struct dps_secret *dps_secrets_find(const struct dps_secrets *secrets, const char *name) {
  const struct dps_named_secret *one = find(secrets, name);
  return one && one->secret.len ? &one->secret : NULL;
}

void dps_secrets_clear(struct dps_secrets *secrets) {
  struct dps_named_secret *one;
  while ((one = secrets->first)) {
    secrets->first = one->next;
    dps_secret_clear(&one->secret);
    free(one);
  }
}
