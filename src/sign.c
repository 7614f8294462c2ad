/* Signing (RFC 9421, section 3.1): the base of a message, signed, and the two fields that say so.
 * What is the same for every message is written once, when the signer is made. */
#include "sign.h"

#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "sign_component.h"

#define DIGEST_NAME DPS_TEXT("content-digest")
#define YEAR_5138 INT64_C(100000000000)

enum { FIXED_LONGEST = 4 * DPS_KEYID_LONGEST + 4096, NONCE_LONGEST = 1024 };

struct dps_signer {
  struct dps_sign_key *key;
  struct dps_hasher *hasher; /* NULL: no digests are made */
  struct dps_sf sf;          /* holds the names of the components */
  struct dps_components components;
  bool if_present[DPS_SIGN_COMPONENTS];
  bool is_present[DPS_SIGN_COMPONENTS]; /* in the message at hand */
  enum dps_sign_param params[DPS_PARAMS];
  size_t param_count;
  int64_t lifetime;
  struct dps_buf label;             /* with its "=" */
  struct dps_buf list;              /* the inner list with every component */
  struct dps_buf fixed[DPS_PARAMS]; /* `;keyid="..."`; of those that vary: `;created=` */
  struct dps_buf base, input, signature, digest;
};

static const char *const param_names[DPS_PARAMS] = {
    [DPS_PARAM_CREATED] = "created", [DPS_PARAM_EXPIRES] = "expires", [DPS_PARAM_NONCE] = "nonce",
    [DPS_PARAM_KEYID] = "keyid",     [DPS_PARAM_ALG] = "alg",         [DPS_PARAM_TAG] = "tag",
};

enum dps_sign_param dps_sign_param(const char *name, size_t len) {
  for (enum dps_sign_param p = 0; p < DPS_PARAMS; p++)
    if (strlen(param_names[p]) == len && !memcmp(param_names[p], name, len)) return p;
  return DPS_PARAMS;
}

const char *dps_sign_param_name(enum dps_sign_param param) {
  return param_names[param];
}

/* --- preparing --- */

static struct dps_text text_of(const char *s) {
  return (struct dps_text){s, strlen(s)};
}

static bool write_label(struct dps_signer *s, const char *label, struct dps_sign_fault *fault) {
  if (dps_sf_write_key(&s->label, text_of(label)) && dps_buf_putc(&s->label, '=')) return true;
  return dps_sign_refuse(fault, DPS_SIGN_INVALID,
                         "the label \"%.40s\" is not lower-case letters, digits, _, -, . and *",
                         label);
}

static bool write_list(struct dps_buf *list, const struct dps_sign_spec *spec,
                       struct dps_sign_fault *fault) {
  bool ok = dps_buf_putc(list, '(');
  for (size_t i = 0; ok && i < spec->component_count; i++) {
    if (i > 0 && !dps_buf_putc(list, ' ')) break;
    if (!dps_component_quote(list, spec->components[i].text, fault)) return false;
  }
  return (ok && dps_buf_putc(list, ')')) || dps_refuse_buffer(fault, list);
}

static bool read_components(struct dps_signer *s, const struct dps_sign_spec *spec,
                            struct dps_sign_fault *fault) {
  struct dps_sf_fault wrong;
  if (spec->component_count > DPS_SIGN_COMPONENTS)
    return dps_sign_refuse(fault, DPS_SIGN_LIMIT, "more than %d components", DPS_SIGN_COMPONENTS);
  if (!write_list(&s->list, spec, fault)) return false;
  if (!dps_sf_parse(&s->sf, DPS_SF_LIST, s->list.data, s->list.len, &wrong))
    return dps_sign_refuse(fault, DPS_SIGN_COMPONENT_INVALID, "components: %s", wrong.message);
  if (!dps_components_read(&s->components, &s->sf, s->sf.members, fault)) return false;
  for (size_t i = 0; i < spec->component_count; i++)
    s->if_present[i] = spec->components[i].if_present;
  dps_buf_reset(&s->list); /* as written by people; from now on as serialised */
  return dps_sf_write_member(&s->list, &s->sf, s->sf.members) || dps_refuse_buffer(fault, &s->list);
}

static const char *fixed_value(const struct dps_signer *s, const struct dps_sign_spec *spec,
                               enum dps_sign_param param) {
  switch (param) {
  case DPS_PARAM_KEYID:
    return dps_sign_key_id(s->key);
  case DPS_PARAM_ALG:
    return dps_sign_alg_name(dps_sign_key_alg(s->key));
  case DPS_PARAM_TAG:
    return spec->tag ? spec->tag : "";
  default:
    return NULL;
  }
}

static bool write_fixed(struct dps_signer *s, const struct dps_sign_spec *spec,
                        enum dps_sign_param param, struct dps_sign_fault *fault) {
  struct dps_buf *out = &s->fixed[param];
  const char *value = fixed_value(s, spec, param);
  if (value && !value[0])
    return dps_sign_refuse(fault, DPS_SIGN_INVALID, "the parameter %s has no value",
                           param_names[param]);
  bool ok = dps_buf_putc(out, ';') && dps_buf_puts(out, param_names[param]) &&
            dps_buf_putc(out, '=') && (!value || dps_sf_write_string(out, text_of(value)));
  return ok ||
         dps_sign_refuse(fault, DPS_SIGN_INVALID,
                         "the parameter %s is too long or not printable ASCII", param_names[param]);
}

static bool write_params(struct dps_signer *s, const struct dps_sign_spec *spec,
                         struct dps_sign_fault *fault) {
  unsigned seen = 0;
  for (size_t i = 0; i < spec->param_count; i++) {
    enum dps_sign_param param = spec->params[i];
    if (param >= DPS_PARAMS || seen & 1U << param)
      return dps_sign_refuse(fault, DPS_SIGN_INVALID, "parameter %zu is unknown or stands twice",
                             i + 1);
    seen |= 1U << param;
    s->params[s->param_count++] = param;
    if (!write_fixed(s, spec, param, fault)) return false;
  }
  s->lifetime = spec->lifetime;
  return !(seen & 1U << DPS_PARAM_EXPIRES) || spec->lifetime > 0 ||
         dps_sign_refuse(fault, DPS_SIGN_INVALID, "expires wants a lifetime above 0 seconds");
}

static bool prepare(struct dps_signer *s, const struct dps_sign_spec *spec,
                    struct dps_sign_fault *fault) {
  if (!dps_sign_key_can_sign(s->key))
    return dps_sign_refuse(fault, DPS_SIGN_KEY_UNFIT, "a public key cannot sign");
  if (spec->digest && !(s->hasher = dps_hasher_new(spec->digest)))
    return dps_sign_refuse(fault, DPS_SIGN_INTERNAL, "libcrypto has no %s here",
                           dps_digest_name(spec->digest));
  return write_label(s, spec->label ? spec->label : "dps", fault) &&
         read_components(s, spec, fault) && write_params(s, spec, fault);
}

struct dps_signer *dps_signer_new(const struct dps_sign_spec *spec, struct dps_sign_key *key,
                                  struct dps_sign_fault *fault) {
  struct dps_signer *s = calloc(1, sizeof *s);
  if (!s) return dps_sign_refuse(fault, DPS_SIGN_NO_MEMORY, "no memory for a signer"), NULL;
  s->key = key;
  dps_sf_init(&s->sf);
  dps_components_init(&s->components);
  dps_buf_init(&s->label, FIXED_LONGEST);
  for (size_t i = 0; i < DPS_PARAMS; i++)
    dps_buf_init(&s->fixed[i], FIXED_LONGEST);
  dps_buf_init(&s->list, DPS_SF_LONGEST);
  dps_buf_init_secret(&s->base, DPS_SIGN_BASE_LONGEST); /* may cover bearer tokens */
  dps_buf_init(&s->input, DPS_SIGN_BASE_LONGEST);
  dps_buf_init(&s->signature, FIXED_LONGEST + DPS_BASE64_LENGTH(DPS_SIGNATURE_LONGEST));
  dps_buf_init(&s->digest, FIXED_LONGEST);
  if (prepare(s, spec, fault)) return s;
  dps_signer_free(s);
  return NULL;
}

void dps_signer_free(struct dps_signer *s) {
  if (!s) return;
  struct dps_buf *const bufs[] = {&s->label, &s->list,      &s->base,
                                  &s->input, &s->signature, &s->digest};
  for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
    dps_buf_clear(bufs[i]);
  for (size_t i = 0; i < DPS_PARAMS; i++)
    dps_buf_clear(&s->fixed[i]);
  dps_components_clear(&s->components);
  dps_sf_clear(&s->sf);
  dps_hasher_free(s->hasher);
  free(s);
}

/* --- signing --- */

/* False when a component is not there that must be, or cannot be signed. */
static bool write_lines(struct dps_signer *s, const struct dps_base_source *source, bool *whole,
                        struct dps_sign_fault *fault) {
  *whole = true;
  for (size_t i = 0; i < s->components.count; i++) {
    const struct dps_component *c = &s->components.at[i];
    enum dps_value got = dps_base_line(&s->base, c, source, fault);
    if (got == DPS_VALUE_BAD) return false;
    s->is_present[i] = got == DPS_VALUE_OK;
    if (s->is_present[i]) continue;
    *whole = false;
    if (!s->if_present[i]) return dps_refuse_absent(fault, c);
  }
  return true;
}

static bool write_present(struct dps_signer *s, struct dps_buf *out) {
  bool first = true;
  if (!dps_buf_putc(out, '(')) return false;
  for (size_t i = 0; i < s->components.count; i++) {
    struct dps_text text = s->components.at[i].identifier;
    if (!s->is_present[i]) continue;
    if (!first && !dps_put(out, " ", 1)) return false;
    if (!dps_put_text(out, text)) return false;
    first = false;
  }
  return dps_buf_putc(out, ')');
}

static bool write_param(struct dps_signer *s, enum dps_sign_param param, int64_t created,
                        const char *nonce) {
  struct dps_buf *out = &s->input;
  if (!dps_put(out, s->fixed[param].data, s->fixed[param].len)) return false;
  switch (param) {
  case DPS_PARAM_CREATED:
    return dps_sf_write_integer(out, created);
  case DPS_PARAM_EXPIRES:
    return dps_sf_write_integer(out, created + s->lifetime);
  case DPS_PARAM_NONCE:
    return dps_sf_write_string(out, text_of(nonce));
  default:
    return true;
  }
}

/* Signature-Input, whose value behind the label is also the last line of the base (section 2.5,
 * step 3). */
static bool write_input(struct dps_signer *s, bool whole, int64_t created, const char *nonce,
                        struct dps_sign_fault *fault) {
  static const char name[] = "\"@signature-params\": ";
  struct dps_buf *in = &s->input;
  bool ok = dps_put(in, s->label.data, s->label.len) &&
            (whole ? dps_put(in, s->list.data, s->list.len) : write_present(s, in));
  for (size_t i = 0; ok && i < s->param_count; i++)
    ok = write_param(s, s->params[i], created, nonce);
  if (!ok) return dps_refuse_buffer(fault, in);
  return (dps_put(&s->base, name, sizeof name - 1) &&
          dps_put(&s->base, in->data + s->label.len, in->len - s->label.len)) ||
         dps_refuse_buffer(fault, &s->base);
}

static bool write_signature(struct dps_signer *s, struct dps_sign_fault *fault) {
  unsigned char bytes[DPS_SIGNATURE_LONGEST];
  size_t n;
  if (!dps_sign_bytes(s->key, s->base.data, s->base.len, bytes, &n, fault)) return false;
  return (dps_put(&s->signature, s->label.data, s->label.len) &&
          dps_sf_write_bytes(&s->signature, bytes, n)) ||
         dps_refuse_buffer(fault, &s->signature);
}

static bool has_digest(const struct dps_sign_message *message) {
  for (size_t i = 0; i < message->field_count; i++)
    if (dps_field_is(&message->fields[i], DIGEST_NAME)) return true;
  return false;
}

static bool write_digest(struct dps_signer *s, const struct dps_sign_message *message,
                         struct dps_sign_field *extra, struct dps_sign_fault *fault) {
  *extra = (struct dps_sign_field){DIGEST_NAME, {NULL, 0}};
  if (!s->hasher || message->body.len == 0 || has_digest(message)) return true;
  if (!dps_hasher_field(s->hasher, &s->digest, message->body.at, message->body.len))
    return dps_sign_refuse(fault, DPS_SIGN_INTERNAL, "libcrypto could not hash the body");
  extra->value = (struct dps_text){s->digest.data, s->digest.len};
  return true;
}

static bool check_moment(const struct dps_signer *s, int64_t created, const char *nonce,
                         struct dps_sign_fault *fault) {
  bool wants_nonce = s->fixed[DPS_PARAM_NONCE].len > 0;
  if (created < 0 || created > YEAR_5138 || s->lifetime > YEAR_5138)
    return dps_sign_refuse(fault, DPS_SIGN_INVALID, "the time is no time in seconds since 1970");
  if (!wants_nonce) return true;
  struct dps_text text = text_of(nonce ? nonce : "");
  if (text.len > 0 && text.len <= NONCE_LONGEST && dps_is_printable(text)) return true;
  return dps_sign_refuse(fault, DPS_SIGN_INVALID,
                         "a nonce is 1 to %d characters of printable ASCII", NONCE_LONGEST);
}

static void reset(struct dps_signer *s) {
  dps_buf_reset(&s->base);
  dps_buf_reset(&s->input);
  dps_buf_reset(&s->signature);
  dps_buf_reset(&s->digest);
}

static struct dps_text text_in(const struct dps_buf *b) {
  return (struct dps_text){dps_buf_str(b), b->len};
}

bool dps_sign(struct dps_signer *s, const struct dps_sign_message *message, int64_t created,
              const char *nonce, struct dps_signature *out, struct dps_sign_fault *fault) {
  struct dps_sign_field extra;
  bool whole;
  reset(s);
  if (!check_moment(s, created, nonce, fault) || !write_digest(s, message, &extra, fault))
    return false;
  struct dps_base_source source = {message, extra.value.at ? &extra : NULL};
  if (!write_lines(s, &source, &whole, fault) || !write_input(s, whole, created, nonce, fault) ||
      !write_signature(s, fault))
    return false;
  *out = (struct dps_signature){text_in(&s->input), text_in(&s->signature), text_in(&s->digest),
                                text_in(&s->base)};
  return true;
}
