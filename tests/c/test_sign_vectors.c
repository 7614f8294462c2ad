/* The published vectors of RFC 9421 (tests/vectors/rfc9421) and those of a request that dps sends
 * (tests/vectors/dps): every base byte for byte, every signature verified, every deterministic one
 * made again byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "signed.h"

struct vector {
  const char *name, *label, *keyid;
  enum dps_sign_alg alg;
  enum dps_sign_reason reason;
  const char *request; /* that a response answers */
};

#define RFC "tests/vectors/rfc9421/"
#define DPS "tests/vectors/dps/"

static const struct vector vectors[] = {
    {RFC "b.2.1", "sig-b21", "test-key-rsa-pss", DPS_ALG_RSA_PSS_SHA512, 0, NULL},
    {RFC "b.2.2", "sig-b22", "test-key-rsa-pss", DPS_ALG_RSA_PSS_SHA512, 0, NULL},
    {RFC "b.2.3", "sig-b23", "test-key-rsa-pss", DPS_ALG_RSA_PSS_SHA512, 0, NULL},
    {RFC "b.2.4", "sig-b24", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0, NULL},
    {RFC "b.2.5", "sig-b25", "test-shared-secret", DPS_ALG_HMAC_SHA256, 0, NULL},
    {RFC "b.2.6", "sig-b26", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.3", "ttrp", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0, NULL},
    {RFC "b.4", "transform", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.4-added", "transform", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.4-combined", "transform", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.4-reordered", "transform", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {RFC "b.4-changed", "transform", "test-key-ed25519", DPS_ALG_ED25519, DPS_SIGN_BAD_SIGNATURE,
     NULL},
    {RFC "b.4-swapped", "transform", "test-key-ed25519", DPS_ALG_ED25519, DPS_SIGN_BAD_SIGNATURE,
     NULL},
    {RFC "4.3", "sig1", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0, NULL},
    {RFC "4.3-proxied", "proxy_sig", "test-key-rsa", DPS_ALG_RSA_V1_5_SHA256, 0, NULL},
    {RFC "2.4", "reqres", "test-key-ecc-p256", DPS_ALG_ECDSA_P256_SHA256, 0, RFC "2.4-request"},
    {DPS "fapi2-ed25519", "dps", "test-key-ed25519", DPS_ALG_ED25519, 0, NULL},
    {DPS "fapi2-hmac-sha256", "dps", "test-shared-secret", DPS_ALG_HMAC_SHA256, 0, NULL},
};

enum { VECTORS = sizeof vectors / sizeof *vectors };

static bool is_deterministic(enum dps_sign_alg alg) {
  return alg == DPS_ALG_ED25519 || alg == DPS_ALG_HMAC_SHA256 || alg == DPS_ALG_RSA_V1_5_SHA256;
}

struct read_vector {
  struct signed_message of, request;
  char *base; /* NULL: the vector's signature does not verify */
  size_t base_len;
};

static void read_vector(struct read_vector *r, const struct vector *v) {
  char path[256];
  snprintf(path, sizeof path, "%s.http", v->name);
  signed_read(&r->of, path);
  if (v->request) {
    snprintf(path, sizeof path, "%s.http", v->request);
    signed_read(&r->request, path);
    r->of.message.request = &r->request.message;
  }
  snprintf(path, sizeof path, "%s.base", v->name);
  r->base = v->reason ? NULL : signed_file(path, &r->base_len);
}

static void free_vector(struct read_vector *r, const struct vector *v) {
  signed_free(&r->of);
  if (v->request) signed_free(&r->request);
  free(r->base);
}

/* --- verifying --- */

static struct dps_sign_key *on_key(void *context, const struct dps_verify_params *params) {
  struct dps_sign_key *key = context;
  bool is_it = params->keyid.len == strlen(dps_sign_key_id(key)) &&
               !memcmp(params->keyid.at, dps_sign_key_id(key), params->keyid.len);
  return is_it ? key : NULL;
}

static void check_seen(const struct vector *v, const struct read_vector *r,
                       const struct dps_verified *seen) {
  assert_non_null(seen);
  assert_int_equal(seen->alg, v->alg);
  assert_int_equal(seen->params.label.len, strlen(v->label));
  assert_memory_equal(seen->params.label.at, v->label, strlen(v->label));
  if (!r->base) return;
  assert_int_equal(seen->base.len, r->base_len);
  assert_memory_equal(seen->base.at, r->base, r->base_len);
}

static void verify_vector(const struct vector *v, bool public) {
  struct read_vector r;
  struct dps_sign_fault fault;
  read_vector(&r, v);
  struct dps_sign_key *key = signed_key(v->keyid, public, v->alg);
  struct dps_verification *verification = dps_verification_new();
  const struct dps_verify_policy policy = {
      .now = 1618884475, .future = 200000000, .label = v->label, .key = on_key, .context = key};
  assert_non_null(key);
  bool ok = dps_verify(verification, &policy, &r.of.message, &fault);
  if (fault.reason != v->reason) print_error("%s: %s\n", v->name, fault.detail);
  assert_int_equal(fault.reason, v->reason);
  assert_int_equal(ok, v->reason == DPS_SIGN_OK);
  check_seen(v, &r, dps_verification_at(verification, 0));
  assert_null(dps_verification_at(verification, 1));
  dps_verification_free(verification);
  dps_sign_key_free(key);
  free_vector(&r, v);
}

static void
test_every_vector_verifies_with_the_public_key_and_its_base_is_the_published_one(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++)
    verify_vector(&vectors[i], true);
}

static void test_every_vector_verifies_with_the_private_key_too(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++)
    verify_vector(&vectors[i], false);
}

/* --- signing: the vector's Signature-Input says what; the spec is made of it --- */

struct spec_of {
  struct dps_sf sf;
  struct dps_buf texts[DPS_SIGN_COMPONENTS];
  struct dps_sign_component components[DPS_SIGN_COMPONENTS];
  enum dps_sign_param params[DPS_PARAMS];
  char tag[64], nonce[64];
  int64_t created, expires;
  struct dps_sign_spec spec;
};

static void take_param(struct spec_of *s, const struct dps_sf_param *param) {
  enum dps_sign_param which = dps_sign_param(param->key.at, param->key.len);
  const struct dps_sf_value *value = &param->value;
  assert_true(which < DPS_PARAMS);
  s->params[s->spec.param_count++] = which;
  if (which == DPS_PARAM_CREATED) s->created = value->number;
  if (which == DPS_PARAM_EXPIRES) s->expires = value->number;
  if (which == DPS_PARAM_TAG) memcpy(s->tag, value->text.at, value->text.len);
  if (which == DPS_PARAM_NONCE) memcpy(s->nonce, value->text.at, value->text.len);
}

static void read_spec(struct spec_of *s, const struct vector *v, const struct signed_message *m) {
  const struct dps_text *field = signed_field(m, "signature-input");
  struct dps_sf_fault fault;
  *s = (struct spec_of){.spec.label = v->label,
                        .spec.components = s->components,
                        .spec.params = s->params,
                        .spec.tag = s->tag};
  assert_true(dps_sf_parse(&s->sf, DPS_SF_DICTIONARY, field->at, field->len, &fault));
  const struct dps_sf_member *member = dps_sf_member(&s->sf, v->label, strlen(v->label));
  assert_non_null(member);
  for (size_t i = 0; i < member->items.count; i++) {
    const struct dps_sf_item *item = &s->sf.items[member->items.first + i];
    struct dps_buf *text = &s->texts[i];
    dps_buf_init(text, 1000);
    assert_true(dps_sf_write_string(text, item->value.text));
    assert_true(dps_sf_write_params(text, &s->sf, item->params));
    s->components[s->spec.component_count++].text = dps_buf_str(text);
  }
  for (size_t i = 0; i < member->params.count; i++)
    take_param(s, &s->sf.params[member->params.first + i]);
  s->spec.lifetime = s->expires - s->created;
}

static void free_spec(struct spec_of *s) {
  for (size_t i = 0; i < s->spec.component_count; i++)
    dps_buf_clear(&s->texts[i]);
  dps_sf_clear(&s->sf);
}

/* `label=...` of a field that may hold others too. */
static void assert_member(const struct dps_text *field, struct dps_text got) {
  assert_non_null(memmem(field->at, field->len, got.at, got.len));
}

static void check_signature(const struct vector *v, const struct read_vector *r,
                            struct dps_sign_key *key, const struct dps_signature *got) {
  struct dps_sf sf;
  struct dps_sf_fault wrong;
  struct dps_sign_fault fault;
  assert_int_equal(got->base.len, r->base_len);
  assert_memory_equal(got->base.at, r->base, r->base_len);
  assert_member(signed_field(&r->of, "signature-input"), got->signature_input);
  if (is_deterministic(v->alg)) assert_member(signed_field(&r->of, "signature"), got->signature);
  dps_sf_init(&sf);
  assert_true(dps_sf_parse(&sf, DPS_SF_DICTIONARY, got->signature.at, got->signature.len, &wrong));
  struct dps_text bytes = sf.items[sf.members[0].items.first].value.text;
  assert_int_equal(bytes.len, dps_sign_key_size(key));
  assert_true(
      dps_verify_bytes(key, r->base, r->base_len, (const void *)bytes.at, bytes.len, &fault));
  dps_sf_clear(&sf);
}

static void sign_vector(const struct vector *v) {
  struct read_vector r;
  struct spec_of s;
  struct dps_sign_fault fault = {0};
  struct dps_signature got;
  read_vector(&r, v);
  read_spec(&s, v, &r.of);
  struct dps_sign_key *key = signed_key(v->keyid, false, v->alg);
  struct dps_signer *signer = dps_signer_new(&s.spec, key, &fault);
  if (!signer) print_error("%s: %s\n", v->name, fault.detail);
  assert_non_null(signer);
  for (int again = 0; again < 3; again++) {
    bool ok = dps_sign(signer, &r.of.message, s.created, s.nonce, &got, &fault);
    if (!ok) print_error("%s: %s\n", v->name, fault.detail);
    assert_true(ok);
    check_signature(v, &r, key, &got);
  }
  dps_signer_free(signer);
  dps_sign_key_free(key);
  free_spec(&s);
  free_vector(&r, v);
}

static void test_every_vector_is_signed_again_with_the_same_base_and_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++)
    if (!vectors[i].reason) sign_vector(&vectors[i]);
}

/* --- what is changed is seen --- */

static void test_one_other_bit_in_body_base_or_signature_is_refused(void **state) {
  struct signed_message m;
  struct dps_sign_fault fault;
  struct dps_verification *verification = dps_verification_new();
  struct dps_sign_key *key = signed_key("test-key-ed25519", true, DPS_ALG_NONE);
  const struct dps_verify_policy policy = {
      .now = 1735689600, .tag = "fapi-2-request", .key = on_key, .context = key};
  (void)state;
  signed_read(&m, DPS "fapi2-ed25519.http");
  assert_true(dps_verify(verification, &policy, &m.message, &fault));
  char *body = (char *)m.message.body.at;
  body[3] ^= 1;
  assert_false(dps_verify(verification, &policy, &m.message, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_DIGEST_MISMATCH);
  body[3] ^= 1;
  char *sandbox = (char *)signed_field(&m, "x-sandbox-name")->at;
  sandbox[0] ^= 1;
  assert_false(dps_verify(verification, &policy, &m.message, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_BAD_SIGNATURE);
  sandbox[0] ^= 1;
  char *signature = (char *)signed_field(&m, "signature")->at;
  signature[20] = signature[20] == 'A' ? 'B' : 'A';
  assert_false(dps_verify(verification, &policy, &m.message, &fault));
  assert_int_equal(fault.reason, DPS_SIGN_BAD_SIGNATURE);
  dps_verification_free(verification);
  dps_sign_key_free(key);
  signed_free(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(
          test_every_vector_verifies_with_the_public_key_and_its_base_is_the_published_one),
      cmocka_unit_test(test_every_vector_verifies_with_the_private_key_too),
      cmocka_unit_test(test_every_vector_is_signed_again_with_the_same_base_and_bytes),
      cmocka_unit_test(test_one_other_bit_in_body_base_or_signature_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
