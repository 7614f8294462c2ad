/* Vectors of signed messages: NAME.http is the message, NAME.base its signature base. Each is
 * verified, and signed again as its Signature-Input says. */
#ifndef VECTOR_CASE_H
#define VECTOR_CASE_H

#include "signed.h"

struct vector {
  const char *name, *label, *keyid;
  enum dps_sign_alg alg;
  enum dps_sign_reason reason;
  const char *request; /* that a response answers */
};

static inline bool is_deterministic(enum dps_sign_alg alg) {
  return alg == DPS_ALG_ED25519 || alg == DPS_ALG_HMAC_SHA256 || alg == DPS_ALG_RSA_V1_5_SHA256;
}

struct read_vector {
  struct signed_message of, request;
  char *base; /* NULL: the vector's signature does not verify */
  size_t base_len;
};

static inline void read_vector(struct read_vector *r, const struct vector *v) {
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

static inline void free_vector(struct read_vector *r, const struct vector *v) {
  signed_free(&r->of);
  if (v->request) signed_free(&r->request);
  free(r->base);
}

/* --- verifying --- */

static inline struct dps_sign_key *vector_key(void *context,
                                              const struct dps_verify_params *params) {
  struct dps_sign_key *key = context;
  bool is_it = params->keyid.len == strlen(dps_sign_key_id(key)) &&
               !memcmp(params->keyid.at, dps_sign_key_id(key), params->keyid.len);
  return is_it ? key : NULL;
}

static inline void check_seen(const struct vector *v, const struct read_vector *r,
                              const struct dps_verified *seen) {
  assert_non_null(seen);
  assert_int_equal(seen->alg, v->alg);
  assert_int_equal(seen->params.label.len, strlen(v->label));
  assert_memory_equal(seen->params.label.at, v->label, strlen(v->label));
  if (!r->base) return;
  assert_int_equal(seen->base.len, r->base_len);
  assert_memory_equal(seen->base.at, r->base, r->base_len);
}

static inline void verify_vector(const struct vector *v, bool public) {
  struct read_vector r;
  struct dps_sign_fault fault;
  read_vector(&r, v);
  struct dps_sign_key *key = signed_key(v->keyid, public, v->alg);
  struct dps_verification *verification = dps_verification_new();
  const struct dps_verify_policy policy = {
      .now = 1618884475, .future = 200000000, .label = v->label, .key = vector_key, .context = key};
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

static inline void take_param(struct spec_of *s, const struct dps_sf_param *param) {
  enum dps_sign_param which = dps_sign_param(param->key.at, param->key.len);
  const struct dps_sf_value *value = &param->value;
  assert_true(which < DPS_PARAMS);
  s->params[s->spec.param_count++] = which;
  if (which == DPS_PARAM_CREATED) s->created = value->number;
  if (which == DPS_PARAM_EXPIRES) s->expires = value->number;
  if (which == DPS_PARAM_TAG) memcpy(s->tag, value->text.at, value->text.len);
  if (which == DPS_PARAM_NONCE) memcpy(s->nonce, value->text.at, value->text.len);
}

static inline void read_spec(struct spec_of *s, const struct vector *v,
                             const struct signed_message *m) {
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

static inline void free_spec(struct spec_of *s) {
  for (size_t i = 0; i < s->spec.component_count; i++)
    dps_buf_clear(&s->texts[i]);
  dps_sf_clear(&s->sf);
}

/* `label=...` of a field that may hold others too. */
static inline void assert_member(const struct dps_text *field, struct dps_text got) {
  assert_non_null(memmem(field->at, field->len, got.at, got.len));
}

static inline void check_signature(const struct vector *v, const struct read_vector *r,
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

static inline void sign_vector(const struct vector *v) {
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

#endif
