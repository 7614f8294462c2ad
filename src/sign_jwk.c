/* JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037) as keys: reading. The text is first held
 * to be strict JSON (jsontext.h), then walked through (jsonwalk.h). */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "jsontext.h"
#include "jsonwalk.h"
#include "sf.h"
#include "sign_key_impl.h"

enum {
  MEMBERS = 64, /* of a JWK */
  NUMBER = 1100 /* bytes of one of its numbers: RSA of 8192 bits */
};

struct member {
  struct dps_text name, value; /* name without its quotes; value as written */
};

struct jwk {
  char *text; /* a copy of our own, wiped */
  size_t len;
  struct member members[MEMBERS];
  size_t count;
  struct dps_sign_fault *fault;
};

static bool refuse(struct jwk *jwk, const char *what, const char *name) {
  return dps_sign_refuse(jwk->fault, DPS_SIGN_KEY_MALFORMED, "the JWK %s%s%s", what,
                         name ? " " : "", name ? name : "");
}

/* --- the members of the object, in text that is known to be JSON --- */

static struct member *find(struct jwk *jwk, const char *name) {
  for (size_t i = 0; i < jwk->count; i++)
    if (jwk->members[i].name.len == strlen(name) &&
        !memcmp(jwk->members[i].name.at, name, jwk->members[i].name.len))
      return &jwk->members[i];
  return NULL;
}

static struct dps_text between(const char *from, const char *to) {
  return (struct dps_text){from, (size_t)(to - from)};
}

static bool split(struct jwk *jwk) {
  const char *object = dps_json_root(jwk->text);
  if (*object != '{') return refuse(jwk, "is no object", NULL);
  for (const char *p = dps_json_first_name(object); p; p = dps_json_next_name(p)) {
    if (jwk->count == MEMBERS) return refuse(jwk, "has too many members", NULL);
    const char *value = dps_json_value(p);
    jwk->members[jwk->count++] = (struct member){between(p + 1, dps_json_after(p) - 1),
                                                 between(value, dps_json_after(value))};
  }
  for (size_t i = 0; i < jwk->count; i++) {
    const struct dps_text name = jwk->members[i].name;
    for (size_t j = 0; j < i; j++)
      if (jwk->members[j].name.len == name.len &&
          !memcmp(jwk->members[j].name.at, name.at, name.len))
        return refuse(jwk, "has a member twice", NULL);
  }
  return true;
}

static bool scan(struct jwk *jwk) {
  struct dps_buf rewritten;
  struct dps_json_fault fault;
  dps_buf_init(&rewritten, 2 * jwk->len);
  /* All the room at once: growing would leave copies behind. */
  if (!dps_buf_reserve(&rewritten, 2 * jwk->len))
    return dps_sign_refuse(jwk->fault, DPS_SIGN_NO_MEMORY, "no memory for the key");
  bool ok = dps_json_scan(jwk->text, jwk->len, &rewritten, &fault);
  if (rewritten.data) OPENSSL_cleanse(rewritten.data, rewritten.cap);
  dps_buf_clear(&rewritten);
  return ok || refuse(jwk, "is not JSON:", fault.message);
}

/* --- values --- */

/* The text of a string member without escapes; "" when there is none. */
static bool string_of(struct jwk *jwk, const char *name, char *to, size_t room) {
  const struct member *m = find(jwk, name);
  to[0] = '\0';
  if (!m) return true;
  if (m->value.at[0] != '"' || m->value.len - 2 >= room || memchr(m->value.at, '\\', m->value.len))
    return refuse(jwk, "has no plain text for", name);
  memcpy(to, m->value.at + 1, m->value.len - 2);
  to[m->value.len - 2] = '\0';
  return true;
}

/* The bytes of a base64url member, which must be there. */
static bool bytes_of(struct jwk *jwk, const char *name, unsigned char *to, size_t room, size_t *n) {
  const struct member *m = find(jwk, name);
  if (!m) return refuse(jwk, "has no member", name);
  if (m->value.at[0] != '"' || DPS_BASE64_BYTES(m->value.len - 2) > room ||
      !dps_base64_decode(to, n, m->value.at + 1, m->value.len - 2, DPS_BASE64_URL))
    return refuse(jwk, "has no base64url in", name);
  return true;
}

static bool exact_bytes_of(struct jwk *jwk, const char *name, unsigned char *to, size_t want) {
  unsigned char bytes[NUMBER];
  size_t n = 0;
  bool ok = bytes_of(jwk, name, bytes, sizeof bytes, &n) &&
            (n == want || refuse(jwk, "has a wrong length in", name));
  if (ok) memcpy(to, bytes, want);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return ok;
}

/* --- types of keys --- */

static bool read_okp(struct jwk *jwk, struct dps_key_read *read) {
  unsigned char x[32], d[32], derived[32];
  size_t n = sizeof derived;
  char curve[16];
  if (!string_of(jwk, "crv", curve, sizeof curve) || !exact_bytes_of(jwk, "x", x, sizeof x))
    return false;
  if (strcmp(curve, "Ed25519"))
    return dps_sign_refuse(jwk->fault, DPS_SIGN_KEY_UNFIT,
                           "a JWK of the curve %s; of this type Ed25519 is taken", curve);
  read->is_private = find(jwk, "d") != NULL;
  if (!read->is_private) {
    read->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, sizeof x);
    return read->pkey || refuse(jwk, "holds no public key", NULL);
  }
  if (exact_bytes_of(jwk, "d", d, sizeof d))
    read->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, d, sizeof d);
  OPENSSL_cleanse(d, sizeof d);
  /* A public half of somebody else's choice would give the private one away. */
  return read->pkey && EVP_PKEY_get_raw_public_key(read->pkey, derived, &n) == 1 &&
                 !memcmp(derived, x, sizeof x)
             ? true
             : refuse(jwk, "has an x that does not belong to its d", NULL);
}

static bool push_number(struct jwk *jwk, OSSL_PARAM_BLD *params, const char *name,
                        const char *param, BIGNUM **number) {
  unsigned char bytes[NUMBER];
  size_t n = 0;
  bool ok = bytes_of(jwk, name, bytes, sizeof bytes, &n);
  if (ok) {
    BN_clear_free(*number);
    *number = BN_bin2bn(bytes, (int)n, NULL);
    ok = *number && OSSL_PARAM_BLD_push_BN(params, param, *number);
  }
  OPENSSL_cleanse(bytes, sizeof bytes);
  return ok;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *params, bool is_private) {
  EVP_PKEY *pkey = NULL;
  OSSL_PARAM *list = OSSL_PARAM_BLD_to_param(params);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  if (list && context && EVP_PKEY_fromdata_init(context) == 1)
    EVP_PKEY_fromdata(context, &pkey, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, list);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(list);
  return pkey;
}

enum { NUMBERS = 8 };

struct numbers {
  OSSL_PARAM_BLD *params;
  BIGNUM *kept[NUMBERS]; /* a builder borrows them until it is done */
};

static bool numbers_init(struct numbers *numbers) {
  *numbers = (struct numbers){.params = OSSL_PARAM_BLD_new()};
  return numbers->params != NULL;
}

static void numbers_clear(struct numbers *numbers) {
  OSSL_PARAM_BLD_free(numbers->params);
  for (size_t i = 0; i < NUMBERS; i++)
    BN_clear_free(numbers->kept[i]);
}

/* A pair that does not belong together signs what nobody can verify. */
static bool check_pair(struct jwk *jwk, EVP_PKEY *pkey, bool is_private) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
  bool ok = context && (is_private ? EVP_PKEY_pairwise_check : EVP_PKEY_public_check)(context) == 1;
  EVP_PKEY_CTX_free(context);
  return ok || refuse(jwk, "holds numbers that are no key", NULL);
}

static bool read_point(struct jwk *jwk, unsigned char *point, size_t size) {
  point[0] = 4; /* uncompressed */
  return exact_bytes_of(jwk, "x", point + 1, size) &&
         exact_bytes_of(jwk, "y", point + 1 + size, size);
}

static bool read_ec(struct jwk *jwk, struct dps_key_read *read) {
  unsigned char point[1 + 2 * 48];
  struct numbers numbers;
  char curve[16];
  if (!string_of(jwk, "crv", curve, sizeof curve)) return false;
  size_t size = !strcmp(curve, "P-256") ? 32 : !strcmp(curve, "P-384") ? 48 : 0;
  if (!size)
    return dps_sign_refuse(jwk->fault, DPS_SIGN_KEY_UNFIT,
                           "a JWK of the curve %s; P-256 and P-384 are taken", curve);
  if (!read_point(jwk, point, size)) return false;
  read->is_private = find(jwk, "d") != NULL;
  bool ok = numbers_init(&numbers) &&
            OSSL_PARAM_BLD_push_utf8_string(numbers.params, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) &&
            OSSL_PARAM_BLD_push_octet_string(numbers.params, OSSL_PKEY_PARAM_PUB_KEY, point,
                                             1 + 2 * size) &&
            (!read->is_private ||
             push_number(jwk, numbers.params, "d", OSSL_PKEY_PARAM_PRIV_KEY, &numbers.kept[0]));
  read->pkey = ok ? from_params("EC", numbers.params, read->is_private) : NULL;
  numbers_clear(&numbers);
  if (!read->pkey) return ok ? refuse(jwk, "holds no point of its curve", NULL) : false;
  return check_pair(jwk, read->pkey, read->is_private);
}

static const struct {
  const char *name, *param;
  bool is_private;
} rsa_members[NUMBERS] = {
    {"n", OSSL_PKEY_PARAM_RSA_N, false},         {"e", OSSL_PKEY_PARAM_RSA_E, false},
    {"d", OSSL_PKEY_PARAM_RSA_D, true},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1, true},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2, true},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true},
};

/* RFC 7518, 6.3.2: what helps to compute may be missing, all of it. */
static bool is_wanted(struct jwk *jwk, size_t i, bool is_private) {
  if (!rsa_members[i].is_private) return true;
  return is_private && (!strcmp(rsa_members[i].name, "d") || find(jwk, "p"));
}

static bool read_rsa(struct jwk *jwk, struct dps_key_read *read) {
  struct numbers numbers;
  read->is_private = find(jwk, "d") != NULL;
  if (find(jwk, "oth")) return refuse(jwk, "has more than two primes", NULL);
  bool ok = numbers_init(&numbers);
  for (size_t i = 0; ok && i < NUMBERS; i++)
    if (is_wanted(jwk, i, read->is_private))
      ok = push_number(jwk, numbers.params, rsa_members[i].name, rsa_members[i].param,
                       &numbers.kept[i]);
  read->pkey = ok ? from_params("RSA", numbers.params, read->is_private) : NULL;
  numbers_clear(&numbers);
  if (!read->pkey) return ok ? refuse(jwk, "holds numbers that are no key", NULL) : false;
  return check_pair(jwk, read->pkey, read->is_private && find(jwk, "p"));
}

static bool read_oct(struct jwk *jwk, struct dps_key_read *read) {
  const struct member *m = find(jwk, "k");
  size_t room = m ? DPS_BASE64_BYTES(m->value.len) : 1;
  read->secret = calloc(1, room);
  if (!read->secret)
    return dps_sign_refuse(jwk->fault, DPS_SIGN_NO_MEMORY, "no memory for the key");
  read->secret_len = room; /* all of it is wiped, should this fail */
  size_t n = 0;
  if (!bytes_of(jwk, "k", read->secret, room, &n)) return false;
  read->secret_len = n;
  return n > 0 || dps_sign_refuse(jwk->fault, DPS_SIGN_KEY_EMPTY, "the key is empty");
}

/* --- what it is for --- */

static bool read_alg(struct jwk *jwk, struct dps_key_read *read) {
  char name[32], use[16];
  if (!string_of(jwk, "alg", name, sizeof name) || !string_of(jwk, "use", use, sizeof use))
    return false;
  if (use[0] && strcmp(use, "sig"))
    return dps_sign_refuse(jwk->fault, DPS_SIGN_KEY_UNFIT, "the JWK's use is %s, not sig", use);
  read->alg = dps_jose_alg(name);
  if (!name[0] || read->alg) return true;
  read->alg = !strcmp(name, "Ed25519") ? DPS_ALG_ED25519 : dps_sign_alg(name, strlen(name));
  return read->alg || dps_sign_refuse(jwk->fault, DPS_SIGN_KEY_UNFIT,
                                      "the JWK's alg %s is no algorithm of RFC 9421", name);
}

static bool read_kid(struct jwk *jwk, struct dps_key_read *read) {
  if (!string_of(jwk, "kid", read->id, sizeof read->id)) return false;
  return !read->id[0] || dps_is_keyid(read->id, strlen(read->id)) ||
         refuse(jwk, "has no printable ASCII in", "kid");
}

static bool read_type(struct jwk *jwk, struct dps_key_read *read) {
  static const struct {
    const char *type;
    bool (*read)(struct jwk *, struct dps_key_read *);
  } types[] = {{"OKP", read_okp}, {"EC", read_ec}, {"RSA", read_rsa}, {"oct", read_oct}};
  char type[16];
  if (!string_of(jwk, "kty", type, sizeof type)) return false;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!strcmp(type, types[i].type)) return types[i].read(jwk, read);
  return dps_sign_refuse(jwk->fault, DPS_SIGN_KEY_UNFIT,
                         "a JWK of the type \"%s\"; OKP, EC, RSA and oct are taken", type);
}

bool dps_key_read_jwk(struct dps_key_read *read, const struct dps_sign_key_source *source,
                      struct dps_sign_fault *fault) {
  struct jwk jwk = {.text = malloc(source->len + 1), .len = source->len, .fault = fault};
  if (!jwk.text) return dps_sign_refuse(fault, DPS_SIGN_NO_MEMORY, "no memory for the key");
  memcpy(jwk.text, source->bytes, source->len);
  jwk.text[source->len] = '\0';
  bool ok = scan(&jwk) && split(&jwk) && read_alg(&jwk, read) && read_kid(&jwk, read) &&
            read_type(&jwk, read);
  OPENSSL_cleanse(jwk.text, jwk.len);
  free(jwk.text);
  return ok;
}
