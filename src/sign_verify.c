/* Verification (RFC 9421, section 3.2): which signatures of a message count, and whether each of
 * them fulfils the policy. Everything is looked at before any nonce is remembered. */
#include "sign_verify.h"

#include <stdlib.h>
#include <string.h>

#include "sign_policy.h"

struct dps_verification *dps_verification_new(void) {
  struct dps_verification *v = calloc(1, sizeof *v);
  if (!v) return NULL;
  dps_buf_init(&v->input_text, DPS_SF_LONGEST);
  dps_buf_init(&v->signature_text, DPS_SF_LONGEST);
  dps_buf_init(&v->wanted_text, DPS_SF_LONGEST);
  dps_buf_init_secret(&v->scratch, DPS_SIGN_BASE_LONGEST); /* lines of a base, as below */
  dps_components_init(&v->wanted);
  for (size_t i = 0; i < DPS_VERIFY_SIGNATURES; i++) {
    dps_components_init(&v->entries[i].components);
    dps_buf_init(&v->entries[i].list, 2 * DPS_SF_LONGEST);
    dps_buf_init_secret(&v->entries[i].base, DPS_SIGN_BASE_LONGEST); /* bearer tokens */
  }
  return v;
}

void dps_verification_free(struct dps_verification *v) {
  if (!v) return;
  for (size_t i = 0; i < DPS_VERIFY_SIGNATURES; i++) {
    struct dps_verification_entry *e = &v->entries[i];
    dps_components_clear(&e->components);
    dps_buf_clear(&e->list);
    dps_buf_clear(&e->base);
  }
  dps_components_clear(&v->wanted);
  dps_sf_clear(&v->inputs);
  dps_sf_clear(&v->signatures);
  dps_sf_clear(&v->wanted_sf);
  dps_buf_clear(&v->input_text);
  dps_buf_clear(&v->signature_text);
  dps_buf_clear(&v->wanted_text);
  dps_buf_clear(&v->scratch);
  free(v);
}

const struct dps_verified *dps_verification_at(const struct dps_verification *v, size_t i) {
  return i < v->count ? &v->entries[i].seen : NULL;
}

static struct dps_text text_in(const struct dps_buf *b) {
  return (struct dps_text){dps_buf_str(b), b->len};
}

/* --- the two fields --- */

/* Section 4: both may stand in the trailers instead. */
static bool read_field(struct dps_sf *sf, struct dps_buf *text, const char *shown_name,
                       struct dps_text name, const struct dps_sign_message *message,
                       struct dps_sign_fault *fault) {
  struct dps_sf_fault wrong;
  dps_buf_reset(text);
  enum dps_value found = dps_field_combined(text, name, message->fields, message->field_count);
  if (found == DPS_VALUE_ABSENT)
    found = dps_field_combined(text, name, message->trailers, message->trailer_count);
  if (found == DPS_VALUE_ABSENT)
    return dps_sign_refuse(fault, DPS_SIGN_MISSING, "the message has no %s field", shown_name);
  if (text->state != DPS_BUF_OK) return dps_refuse_buffer(fault, text);
  if (found == DPS_VALUE_BAD)
    return dps_sign_refuse(fault, DPS_SIGN_MALFORMED,
                           "%s has a line end or what is not printable ASCII", shown_name);
  if (dps_sf_parse(sf, DPS_SF_DICTIONARY, dps_buf_str(text), text->len, &wrong)) return true;
  return dps_sign_refuse(fault, DPS_SIGN_MALFORMED, "%s, character %zu: %s", shown_name,
                         wrong.at + 1, wrong.message);
}

static bool read_fields(const struct dps_verify_run *run, struct dps_sign_fault *fault) {
  struct dps_verification *v = run->v;
  return read_field(&v->inputs, &v->input_text, "Signature-Input", DPS_TEXT("signature-input"),
                    run->message, fault) &&
         read_field(&v->signatures, &v->signature_text, "Signature", DPS_TEXT("signature"),
                    run->message, fault);
}

/* --- which signatures count --- */

static bool has_tag(const struct dps_sf *sf, const struct dps_sf_member *member, const char *tag) {
  const struct dps_sf_param *param = dps_sf_param(sf, member->params, "tag");
  return param && param->value.type == DPS_SF_STRING && dps_text_is(param->value.text, tag);
}

static bool is_wanted(const struct dps_verify_run *run, const struct dps_sf_member *member) {
  const struct dps_verify_policy *policy = run->policy;
  if (policy->label && !dps_text_is(member->key, policy->label)) return false;
  return !policy->tag || has_tag(&run->v->inputs, member, policy->tag);
}

static bool refuse_none(const struct dps_verify_run *run, struct dps_sign_fault *fault) {
  const struct dps_verify_policy *policy = run->policy;
  const char *label = policy->label;
  if (label && !dps_sf_member(&run->v->inputs, label, strlen(label)))
    return dps_sign_refuse(fault, DPS_SIGN_MISSING, "no signature is labelled \"%.80s\"", label);
  if (policy->tag && run->v->inputs.member_count)
    return dps_sign_refuse(fault, DPS_SIGN_WRONG_TAG, "no signature has the tag \"%.80s\"",
                           policy->tag);
  return dps_sign_refuse(fault, DPS_SIGN_MISSING, "Signature-Input is empty");
}

static bool select_entries(const struct dps_verify_run *run, struct dps_sign_fault *fault) {
  struct dps_verification *v = run->v;
  for (size_t i = 0; i < v->inputs.member_count; i++) {
    const struct dps_sf_member *member = &v->inputs.members[i];
    if (!is_wanted(run, member)) continue;
    if (v->count == DPS_VERIFY_SIGNATURES)
      return dps_sign_refuse(fault, DPS_SIGN_LIMIT, "more than %d signatures to verify",
                             DPS_VERIFY_SIGNATURES);
    struct dps_verification_entry *e = &v->entries[v->count++];
    e->member = member;
    e->seen = (struct dps_verified){.params.label = member->key};
    dps_buf_reset(&e->list);
    dps_buf_reset(&e->base);
  }
  return v->count > 0 || refuse_none(run, fault);
}

/* --- what a signature says of itself (section 2.3) --- */

static bool take_number(int64_t *to, const struct dps_sf_value *value) {
  *to = value->number;
  return value->type == DPS_SF_INTEGER;
}

static bool take_text(struct dps_text *to, const struct dps_sf_value *value) {
  *to = value->text;
  return value->type == DPS_SF_STRING;
}

static bool take_param(struct dps_verify_params *p, enum dps_sign_param param,
                       const struct dps_sf_value *value) {
  p->present |= 1U << param;
  switch (param) {
  case DPS_PARAM_CREATED:
    return take_number(&p->created, value);
  case DPS_PARAM_EXPIRES:
    return take_number(&p->expires, value);
  case DPS_PARAM_NONCE:
    return take_text(&p->nonce, value);
  case DPS_PARAM_KEYID:
    return take_text(&p->keyid, value);
  case DPS_PARAM_ALG:
    return take_text(&p->alg, value);
  case DPS_PARAM_TAG:
    return take_text(&p->tag, value);
  default:
    return true;
  }
}

/* Parameters that nobody knows here are signed like the rest and say nothing. */
static bool read_params(const struct dps_verify_run *run, struct dps_verification_entry *e,
                        struct dps_sign_fault *fault) {
  const struct dps_sf *sf = &run->v->inputs;
  if (e->member->repeated)
    return dps_sign_refuse(fault, DPS_SIGN_MALFORMED, "the label \"%.*s\" stands twice",
                           dps_shown(e->member->key), e->member->key.at);
  for (size_t i = 0; e->member->is_list && i < e->member->params.count; i++) {
    const struct dps_sf_param *given = &sf->params[e->member->params.first + i];
    enum dps_sign_param param = dps_sign_param(given->key.at, given->key.len);
    if (given->repeated)
      return dps_sign_refuse(fault, DPS_SIGN_MALFORMED, "the parameter %.*s stands twice",
                             dps_shown(given->key), given->key.at);
    if (param < DPS_PARAMS && !take_param(&e->seen.params, param, &given->value))
      return dps_sign_refuse(fault, DPS_SIGN_MALFORMED, "the parameter %s is not %s",
                             dps_sign_param_name(param),
                             param <= DPS_PARAM_EXPIRES ? "a whole number" : "a string");
  }
  return true;
}

/* --- the base --- */

static bool write_base(const struct dps_verify_run *run, struct dps_verification_entry *e,
                       struct dps_sign_fault *fault) {
  static const char name[] = "\"@signature-params\": ";
  struct dps_base_source source = {run->message, NULL};
  for (size_t i = 0; i < e->components.count; i++) {
    const struct dps_component *c = &e->components.at[i];
    enum dps_value got = dps_base_line(&e->base, c, &source, fault);
    if (got == DPS_VALUE_BAD) return false;
    if (got == DPS_VALUE_ABSENT) return dps_refuse_absent(fault, c);
  }
  return (dps_buf_append(&e->base, name, sizeof name - 1) &&
          dps_buf_append(&e->base, dps_buf_str(&e->list), e->list.len)) ||
         dps_refuse_buffer(fault, &e->base);
}

static bool read_entry(const struct dps_verify_run *run, struct dps_verification_entry *e,
                       struct dps_sign_fault *fault) {
  if (!read_params(run, e, fault) ||
      !dps_components_read(&e->components, &run->v->inputs, e->member, fault))
    return false;
  if (!dps_sf_write_member(&e->list, &run->v->inputs, e->member))
    return dps_refuse_buffer(fault, &e->list);
  e->seen.components = text_in(&e->list);
  return true;
}

/* --- key and signature --- */

static bool check_alg(const struct dps_verify_params *p, enum dps_sign_alg alg,
                      struct dps_sign_fault *fault) {
  if (!(p->present & 1U << DPS_PARAM_ALG) || dps_sign_alg(p->alg.at, p->alg.len) == alg)
    return true;
  return dps_sign_refuse(fault, DPS_SIGN_ALG_MISMATCH, "alg is \"%.*s\", and the key is for %s",
                         dps_shown(p->alg), p->alg.at, dps_sign_alg_name(alg));
}

static struct dps_sign_key *find_key(const struct dps_verify_run *run,
                                     struct dps_verification_entry *e,
                                     struct dps_sign_fault *fault) {
  const struct dps_verify_params *p = &e->seen.params;
  struct dps_sign_key *key = run->policy->key(run->policy->context, p);
  if (key)
    e->seen.alg = dps_sign_key_alg(key);
  else if (p->present & 1U << DPS_PARAM_KEYID)
    dps_sign_refuse(fault, DPS_SIGN_UNKNOWN_KEY, "there is no key of the keyid \"%.*s\"",
                    dps_shown(p->keyid), p->keyid.at);
  else
    dps_sign_refuse(fault, DPS_SIGN_UNKNOWN_KEY, "the signature names no key");
  return key;
}

static const struct dps_sf_value *find_signature(const struct dps_verify_run *run,
                                                 const struct dps_verification_entry *e,
                                                 struct dps_sign_fault *fault) {
  const struct dps_text label = e->member->key;
  const struct dps_sf *sf = &run->v->signatures;
  const struct dps_sf_member *member = dps_sf_member(sf, label.at, label.len);
  const struct dps_sf_value *value = member ? dps_sf_value(sf, member) : NULL;
  if (!member)
    dps_sign_refuse(fault, DPS_SIGN_MISSING, "Signature has nothing labelled \"%.*s\"",
                    dps_shown(label), label.at);
  else if (!value || member->repeated || value->type != DPS_SF_BYTES)
    dps_sign_refuse(fault, DPS_SIGN_MALFORMED, "Signature has no single byte sequence for \"%.*s\"",
                    dps_shown(label), label.at);
  else
    return value;
  return NULL;
}

/* --- one signature --- */

/* The base is made first: it explains also what fails before it is needed. */
static bool check(const struct dps_verify_run *run, struct dps_verification_entry *e,
                  struct dps_sign_fault *fault) {
  struct dps_sign_fault no_base = {0};
  if (!read_entry(run, e, fault)) return false;
  bool has_base = write_base(run, e, &no_base);
  if (has_base) e->seen.base = text_in(&e->base);
  const struct dps_verify_params *p = &e->seen.params;
  const struct dps_sf_value *signature = find_signature(run, e, fault);
  if (!signature || !dps_policy_params(run, p, fault)) return false;
  struct dps_sign_key *key = find_key(run, e, fault);
  if (!key || !check_alg(p, e->seen.alg, fault) || !dps_policy_time(run, p, fault) ||
      !dps_policy_covered(run, e, fault) || !dps_policy_tied(run, e, fault))
    return false;
  if (!has_base) return dps_sign_refuse(fault, no_base.reason, "%s", no_base.detail);
  return dps_verify_bytes(key, e->base.data, e->base.len, (const void *)signature->text.at,
                          signature->text.len, fault) &&
         dps_policy_digests(run, e, fault);
}

static bool check_nonce(const struct dps_verify_run *run, struct dps_verification_entry *e,
                        struct dps_sign_fault *fault) {
  if (!run->policy->nonce || !(e->seen.params.present & 1U << DPS_PARAM_NONCE)) return true;
  switch (run->policy->nonce(run->policy->context, &e->seen.params)) {
  case DPS_NONCE_NEW:
    return true;
  case DPS_NONCE_SEEN:
    return dps_sign_refuse(fault, DPS_SIGN_REPLAY, "the nonce was used before");
  default:
    return dps_sign_refuse(fault, DPS_SIGN_INTERNAL, "the nonce could not be remembered");
  }
}

static bool check_each(const struct dps_verify_run *run,
                       bool (*one)(const struct dps_verify_run *, struct dps_verification_entry *,
                                   struct dps_sign_fault *),
                       struct dps_sign_fault *fault) {
  bool ok = true;
  for (size_t i = 0; i < run->v->count; i++) {
    struct dps_verification_entry *e = &run->v->entries[i];
    if (one(run, e, &e->seen.fault)) continue;
    if (ok) *fault = e->seen.fault;
    ok = false;
  }
  return ok;
}

/* --- all of it --- */

bool dps_verify(struct dps_verification *v, const struct dps_verify_policy *policy,
                const struct dps_sign_message *message, struct dps_sign_fault *fault) {
  struct dps_verify_run run = {v, policy, message};
  struct dps_sign_fault ignored;
  if (!fault) fault = &ignored;
  *fault = (struct dps_sign_fault){0};
  v->count = 0;
  if (!dps_policy_read(&run, fault)) {
    fault->reason = DPS_SIGN_INVALID; /* the caller's, not the message's */
    return false;
  }
  return read_fields(&run, fault) && select_entries(&run, fault) &&
         check_each(&run, check, fault) && check_each(&run, check_nonce, fault);
}
