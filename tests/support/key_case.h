/* Cases of keys: where they come from, what they become, or why not. */
#ifndef KEY_CASE_H
#define KEY_CASE_H

#include "signed.h"

#define KEYS "tests/vectors/keys/"
#define RFC "tests/vectors/rfc9421/keys/"

static inline struct dps_sign_key *key_of(const char *bytes, size_t len, const char *passphrase,
                                          enum dps_sign_alg alg, struct dps_sign_fault *fault) {
  char *exact = malloc(len ? len : 1); /* without a NUL */
  memcpy(exact, bytes, len);
  const struct dps_sign_key_source source = {.bytes = exact,
                                             .len = len,
                                             .passphrase = passphrase,
                                             .passphrase_len = passphrase ? strlen(passphrase) : 0,
                                             .alg = alg};
  *fault = (struct dps_sign_fault){0};
  struct dps_sign_key *key = dps_sign_key_new(&source, fault);
  free(exact);
  return key;
}

static inline struct dps_sign_key *key_in(const char *path, const char *passphrase,
                                          enum dps_sign_alg alg, struct dps_sign_fault *fault) {
  size_t len;
  char *bytes = signed_file(path, &len);
  struct dps_sign_key *key = key_of(bytes, len, passphrase, alg, fault);
  free(bytes);
  return key;
}

struct key_case {
  const char *what, *passphrase;
  enum dps_sign_alg wanted, alg; /* alg: what it becomes */
  bool can_sign;
  enum dps_sign_reason reason;
};

static inline void check_case(const struct key_case *c, struct dps_sign_key *key,
                              const struct dps_sign_fault *fault) {
  if ((key != NULL) != (c->reason == DPS_SIGN_OK) || fault->reason != c->reason)
    print_error("%s: %s: %s\n", c->what, dps_sign_word(fault->reason), fault->detail);
  assert_int_equal(fault->reason, c->reason);
  assert_int_equal(key != NULL, c->reason == DPS_SIGN_OK);
  if (!key) return;
  assert_int_equal(dps_sign_key_alg(key), c->alg);
  assert_int_equal(dps_sign_key_can_sign(key), c->can_sign);
}

static inline void check_text(const struct key_case *c) {
  struct dps_sign_fault fault;
  struct dps_sign_key *key = key_of(c->what, strlen(c->what), c->passphrase, c->wanted, &fault);
  check_case(c, key, &fault);
  dps_sign_key_free(key);
}

static inline void check_file(const struct key_case *c) {
  struct dps_sign_fault fault;
  struct dps_sign_key *key = key_in(c->what, c->passphrase, c->wanted, &fault);
  check_case(c, key, &fault);
  dps_sign_key_free(key);
}

#endif
