/* What a policy demands of a signature: parameters, time, components, and that the content is what
 * its digest says. */
#include "sign_policy.h"

#include <string.h>

/* --- the policy --- */

bool dps_policy_params(const struct dps_verify_run *run, const struct dps_verify_params *p,
                       struct dps_sign_fault *fault) {
  unsigned wanted = run->policy->params;
  if (run->policy->window > 0) wanted |= 1U << DPS_PARAM_CREATED; /* or it has no age */
  for (enum dps_sign_param param = 0; param < DPS_PARAMS; param++)
    if (wanted & ~p->present & 1U << param)
      return dps_sign_refuse(fault, DPS_SIGN_PARAMETER_MISSING, "the parameter %s is missing",
                             dps_sign_param_name(param));
  return true;
}

bool dps_policy_time(const struct dps_verify_run *run, const struct dps_verify_params *p,
                     struct dps_sign_fault *fault) {
  const struct dps_verify_policy *policy = run->policy;
  long long now = policy->now, age = policy->now - p->created;
  bool has_created = p->present & 1U << DPS_PARAM_CREATED;
  if (has_created && -age > policy->future)
    return dps_sign_refuse(fault, DPS_SIGN_NOT_YET_VALID,
                           "created lies %lld seconds ahead of the clock here; %lld are allowed",
                           -age, (long long)policy->future);
  if (p->present & 1U << DPS_PARAM_EXPIRES && p->expires < now)
    return dps_sign_refuse(fault, DPS_SIGN_EXPIRED, "it expired %lld seconds ago",
                           now - (long long)p->expires);
  if (has_created && policy->window > 0 && age > policy->window)
    return dps_sign_refuse(fault, DPS_SIGN_EXPIRED,
                           "it was created %lld seconds ago; %lld are allowed", age,
                           (long long)policy->window);
  return true;
}

static bool applies(const struct dps_verify_run *run, const struct dps_component *c,
                    enum dps_verify_when when) {
  struct dps_base_source source = {run->message, NULL};
  if (when == DPS_VERIFY_ALWAYS) return true;
  if (when == DPS_VERIFY_WITH_BODY) return run->message->body.len > 0;
  dps_buf_reset(&run->v->scratch);
  return dps_base_line(&run->v->scratch, c, &source, NULL) != DPS_VALUE_ABSENT;
}

bool dps_policy_covered(const struct dps_verify_run *run, const struct dps_verification_entry *e,
                        struct dps_sign_fault *fault) {
  for (size_t i = 0; i < run->v->wanted.count; i++) {
    const struct dps_component *c = &run->v->wanted.at[i];
    if (dps_components_find(&e->components, c)) continue;
    if (applies(run, c, run->policy->components[i].when))
      return dps_sign_refuse(fault, DPS_SIGN_COMPONENT_UNCOVERED, "%.*s is not covered",
                             dps_shown(c->identifier), c->identifier.at);
  }
  return true;
}

/* --- the request that is answered (section 2.4) --- */

static bool covers_derived(const struct dps_verification_entry *e, enum dps_component_kind kind) {
  for (size_t i = 0; i < e->components.count; i++)
    if (e->components.at[i].flags & DPS_COMPONENT_REQ && e->components.at[i].kind == kind)
      return true;
  return false;
}

/* Whole, or one member of it. */
static bool covers_field(const struct dps_verification_entry *e, const char *name) {
  for (size_t i = 0; i < e->components.count; i++)
    if (e->components.at[i].flags & DPS_COMPONENT_REQ &&
        dps_text_is(e->components.at[i].name, name))
      return true;
  return false;
}

static bool covers_url(const struct dps_verification_entry *e,
                       const struct dps_sign_message *request) {
  const struct dps_text target =
      request->request_target.len ? request->request_target : request->target_uri;
  if (covers_derived(e, DPS_COMPONENT_TARGET_URI)) return true;
  if (!covers_derived(e, DPS_COMPONENT_AUTHORITY)) return false;
  if (covers_derived(e, DPS_COMPONENT_REQUEST_TARGET)) return true;
  return covers_derived(e, DPS_COMPONENT_PATH) &&
         (covers_derived(e, DPS_COMPONENT_QUERY) || !memchr(target.at, '?', target.len));
}

static bool has_field(const struct dps_sign_message *message, struct dps_text name) {
  for (size_t i = 0; i < message->field_count; i++)
    if (dps_field_is(&message->fields[i], name)) return true;
  return false;
}

/* What tells a request from others with its method and URL, where it has that. A Signature-Input
 * says nothing of the body, so that alone will not do. */
static const char *lacks_identity(const struct dps_verification_entry *e,
                                  const struct dps_sign_message *request) {
  bool is_signed = has_field(request, DPS_TEXT("signature"));
  if (!is_signed && !has_field(request, DPS_TEXT("content-digest"))) return NULL;
  if (covers_field(e, "signature") || covers_field(e, "content-digest")) return NULL;
  return is_signed ? "\"signature\";req" : "\"content-digest\";req";
}

bool dps_policy_tied(const struct dps_verify_run *run, const struct dps_verification_entry *e,
                     struct dps_sign_fault *fault) {
  const struct dps_sign_message *request = run->message->request;
  if (!run->policy->tied) return true;
  if (!request)
    return dps_sign_refuse(fault, DPS_SIGN_INVALID, "the request of this answer is not known");
  const char *lacking = !covers_derived(e, DPS_COMPONENT_METHOD) ? "\"@method\";req"
                        : !covers_url(e, request)                ? "\"@target-uri\";req"
                                                                 : lacks_identity(e, request);
  return !lacking ||
         dps_sign_refuse(fault, DPS_SIGN_COMPONENT_UNCOVERED,
                         "%s is not covered, so it may be the answer to another request", lacking);
}

/* --- content --- */

static bool refuse_digest(enum dps_digest_result result, const char *whose,
                          struct dps_sign_fault *fault) {
  static const struct {
    enum dps_sign_reason reason;
    const char *says;
  } faults[] = {
      [DPS_DIGEST_MISMATCH] = {DPS_SIGN_DIGEST_MISMATCH, "is not of this body"},
      [DPS_DIGEST_UNKNOWN] = {DPS_SIGN_DIGEST_UNSUPPORTED, "has neither sha-256 nor sha-512"},
      [DPS_DIGEST_MALFORMED] = {DPS_SIGN_MALFORMED, "is malformed"},
      [DPS_DIGEST_FAILED] = {DPS_SIGN_INTERNAL, "could not be computed here"},
  };
  return result == DPS_DIGEST_MATCH ||
         dps_sign_refuse(fault, faults[result].reason, "Content-Digest of the %s %s", whose,
                         faults[result].says);
}

static bool check_fields(const struct dps_verify_run *run, struct dps_text body,
                         const struct dps_sign_field *fields, size_t count, const char *whose,
                         struct dps_sign_fault *fault) {
  struct dps_buf *text = &run->v->scratch;
  dps_buf_reset(text);
  enum dps_value found = dps_field_combined(text, DPS_TEXT("content-digest"), fields, count);
  if (found == DPS_VALUE_ABSENT) return true;
  if (text->state != DPS_BUF_OK) return dps_refuse_buffer(fault, text);
  enum dps_digest_result result =
      found == DPS_VALUE_BAD ? DPS_DIGEST_MALFORMED
                             : dps_digest_check(dps_buf_str(text), text->len, body.at, body.len);
  return refuse_digest(result, whose, fault);
}

/* RFC 9530, section 2: of the body as it came. Header and trailers each by themselves, as either
 * may be what is signed. A body that the caller does not know is no fault. */
static bool check_digest(const struct dps_verify_run *run, const struct dps_sign_message *message,
                         const char *whose, struct dps_sign_fault *fault) {
  if (!message->body.at) return true;
  return check_fields(run, message->body, message->fields, message->field_count, whose, fault) &&
         check_fields(run, message->body, message->trailers, message->trailer_count, whose, fault);
}

bool dps_policy_digests(const struct dps_verify_run *run, const struct dps_verification_entry *e,
                        struct dps_sign_fault *fault) {
  if (!check_digest(run, run->message, "message", fault)) return false;
  return !run->message->request || !covers_field(e, "content-digest") ||
         check_digest(run, run->message->request, "request", fault);
}

bool dps_policy_read(const struct dps_verify_run *run, struct dps_sign_fault *fault) {
  struct dps_verification *v = run->v;
  struct dps_sf_fault wrong;
  dps_buf_reset(&v->wanted_text);
  bool ok = dps_buf_putc(&v->wanted_text, '(');
  for (size_t i = 0; ok && i < run->policy->component_count; i++) {
    if (!dps_component_quote(&v->wanted_text, run->policy->components[i].text, fault)) return false;
    ok = dps_buf_putc(&v->wanted_text, ' ');
  }
  if (!ok || !dps_buf_putc(&v->wanted_text, ')')) return dps_refuse_buffer(fault, &v->wanted_text);
  if (!dps_sf_parse(&v->wanted_sf, DPS_SF_LIST, v->wanted_text.data, v->wanted_text.len, &wrong))
    return dps_sign_refuse(fault, DPS_SIGN_INVALID, "the policy's components: %s", wrong.message);
  return dps_components_read(&v->wanted, &v->wanted_sf, v->wanted_sf.members, fault);
}
