/* Fuzz target of verification and signing (src/sign_verify.h, src/sign.h). Any bytes go in as a
 * captured message. Nothing passes but what has every signature right; and what a signature says it
 * covers can be signed anew and then passes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sign_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELDS = 32 };

struct input {
  struct dps_sign_field fields[FIELDS + 2];
  struct dps_sign_message message, request;
  struct dps_buf uri;
};

static struct dps_sign_key *keys[2];

static void must(bool holds) {
  if (!holds) abort();
}

static struct dps_sign_key *new_key(const char *bytes, size_t len, const char *keyid) {
  const struct dps_sign_key_source source = {.bytes = bytes, .len = len, .keyid = keyid};
  struct dps_sign_key *key = dps_sign_key_new(&source, NULL);
  must(key != NULL);
  return key;
}

/* The test keys of RFC 9421, so that its vectors verify. */
static void make_keys(void) {
  static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                            "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
                            "-----END PRIVATE KEY-----\n";
  static const char jwk[] =
      "{\"kty\":\"oct\",\"k\":\"uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByz"
      "NJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ\"}";
  if (keys[0]) return;
  keys[0] = new_key(jwk, sizeof jwk - 1, "test-shared-secret");
  keys[1] = new_key(pem, sizeof pem - 1, "test-key-ed25519");
}

static bool is_text(struct dps_text text, const char *s) {
  return text.len == strlen(s) && !memcmp(text.at, s, text.len);
}

static struct dps_sign_key *on_key(void *context, const struct dps_verify_params *params) {
  (void)context;
  for (size_t i = 0; i < 2; i++)
    if (is_text(params->keyid, dps_sign_key_id(keys[i]))) return keys[i];
  return NULL;
}

static enum dps_nonce on_nonce(void *context, const struct dps_verify_params *params) {
  (void)context;
  return is_text(params->nonce, "seen") ? DPS_NONCE_SEEN : DPS_NONCE_NEW;
}

/* --- a message of any bytes --- */

static struct dps_text until(const char **p, const char *end, char c) {
  const char *at = memchr(*p, c, (size_t)(end - *p));
  struct dps_text text = {*p, (size_t)((at ? at : end) - *p)};
  *p = at ? at + 1 : end;
  return text;
}

static void read_start(struct input *in, struct dps_text line, struct dps_text host) {
  const char *p = line.at, *end = p + line.len;
  struct dps_text first = until(&p, end, ' '), second = until(&p, end, ' ');
  bool response = first.len > 4 && !memcmp(first.at, "HTTP", 4);
  in->request = (struct dps_sign_message){.method = DPS_TEXT("GET"),
                                          .target_uri = DPS_TEXT("https://example.com/?a=b")};
  if (response) {
    for (size_t i = 0; i < second.len && i < 3; i++)
      in->message.status = in->message.status * 10 + (second.at[i] & 15);
    in->message.request = &in->request;
    return;
  }
  in->message.method = first;
  if (!dps_sign_target_uri(&in->uri, DPS_TEXT("https"), host, second, NULL)) return;
  in->message.target_uri = (struct dps_text){in->uri.data, in->uri.len};
}

static void read_message(struct input *in, const char *p, size_t len) {
  const char *end = p + len;
  struct dps_text start = until(&p, end, '\n'), host = {"", 0};
  *in = (struct input){.message.fields = in->fields};
  dps_buf_init(&in->uri, 10000);
  while (p < end && *p != '\n' && in->message.field_count < FIELDS) {
    struct dps_text line = until(&p, end, '\n');
    const char *at = line.at;
    struct dps_sign_field *field = &in->fields[in->message.field_count++];
    field->name = until(&at, line.at + line.len, ':');
    field->value = (struct dps_text){at, (size_t)(line.at + line.len - at)};
    if (is_text(field->name, "Host")) host = field->value;
  }
  while (host.len && host.at[0] == ' ')
    host.at++, host.len--;
  if (p < end) p++;
  in->message.body = (struct dps_text){p, (size_t)(end - p)};
  read_start(in, start, host);
}

/* --- verify --- */

static bool verify(struct dps_verification *v, const struct dps_sign_message *message,
                   const char *label) {
  static const struct dps_verify_component wanted[] = {{"@path", DPS_VERIFY_IF_PRESENT},
                                                       {"content-digest", DPS_VERIFY_IF_PRESENT}};
  const struct dps_verify_policy policy = {.now = 1618884473,
                                           .future = 1000000000,
                                           .label = label,
                                           .components = wanted,
                                           .component_count = label ? 0 : 2,
                                           .key = on_key,
                                           .nonce = on_nonce};
  struct dps_sign_fault fault;
  bool ok = dps_verify(v, &policy, message, &fault), all = dps_verification_at(v, 0) != NULL;
  must(ok == (fault.reason == DPS_SIGN_OK) && (ok || fault.detail[0]));
  for (size_t i = 0; dps_verification_at(v, i); i++) {
    const struct dps_verified *seen = dps_verification_at(v, i);
    all = all && seen->fault.reason == DPS_SIGN_OK;
    must(seen->fault.reason != DPS_SIGN_OK || (seen->base.len > 0 && seen->alg) || !ok);
    must(!memchr(fault.detail, '\n', strlen(fault.detail)));
  }
  must(!ok || all);
  return ok;
}

/* --- sign what it says is covered, and verify that --- */

static size_t read_components(const struct dps_sf *sf, struct dps_buf *texts,
                              struct dps_sign_component *components) {
  const struct dps_sf_member *list = sf->members;
  for (size_t i = 0; i < list->items.count && i < DPS_SIGN_COMPONENTS; i++) {
    const struct dps_sf_item *item = &sf->items[list->items.first + i];
    dps_buf_init(&texts[i], 3 * DPS_SF_LONGEST);
    must(dps_sf_write_value(&texts[i], &item->value));
    must(dps_sf_write_params(&texts[i], sf, item->params));
    components[i].text = dps_buf_str(&texts[i]);
  }
  return list->items.count;
}

static void sign_and_verify(struct input *in, const struct dps_sign_spec *spec) {
  struct dps_sign_fault fault;
  struct dps_signature got;
  struct dps_signer *signer = dps_signer_new(spec, keys[0], &fault);
  struct dps_verification *v = dps_verification_new();
  must(v && signer);
  must(dps_sign(signer, &in->message, 1618884473, NULL, &got, &fault));
  in->message.field_count += 2;
  in->fields[in->message.field_count - 2] =
      (struct dps_sign_field){DPS_TEXT("signature-input"), got.signature_input};
  in->fields[in->message.field_count - 1] =
      (struct dps_sign_field){DPS_TEXT("signature"), got.signature};
  verify(v, &in->message, "fuzz"); /* the fields of others may be bad, so it need not pass */
  const struct dps_verified *seen = dps_verification_at(v, 0);
  if (seen && seen->fault.reason == DPS_SIGN_OK) {
    must(seen->base.len == got.base.len && !memcmp(seen->base.at, got.base.at, got.base.len));
    must(seen->alg == DPS_ALG_HMAC_SHA256);
  }
  must(!seen || seen->fault.reason != DPS_SIGN_BAD_SIGNATURE || spec->component_count > 0);
  dps_verification_free(v);
  dps_signer_free(signer);
}

static void sign_covered(struct input *in, struct dps_text list) {
  static const enum dps_sign_param params[] = {DPS_PARAM_CREATED, DPS_PARAM_KEYID};
  struct dps_sf sf;
  struct dps_sf_fault fault;
  struct dps_buf texts[DPS_SIGN_COMPONENTS];
  struct dps_sign_component components[DPS_SIGN_COMPONENTS] = {{NULL, false}};
  dps_sf_init(&sf);
  must(dps_sf_parse(&sf, DPS_SF_LIST, list.at, list.len, &fault));
  size_t count = read_components(&sf, texts, components);
  const struct dps_sign_spec spec = {.label = "fuzz",
                                     .components = components,
                                     .component_count = count,
                                     .params = params,
                                     .param_count = 2};
  sign_and_verify(in, &spec);
  for (size_t i = 0; i < count; i++)
    dps_buf_clear(&texts[i]);
  dps_sf_clear(&sf);
}

static void mask(struct dps_text base) {
  struct dps_buf out;
  dps_buf_init(&out, base.len * 4 + 100);
  must(dps_sign_base_masked(&out, base));
  dps_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in;
  struct dps_verification *v = dps_verification_new();
  char *text = malloc(size ? size : 1); /* a block of just this size */
  must(v && text);
  if (size) memcpy(text, data, size);
  make_keys();
  read_message(&in, text, size);
  verify(v, &in.message, NULL);
  const struct dps_verified *seen = dps_verification_at(v, 0);
  if (seen && seen->base.len) {
    mask(seen->base);
    sign_covered(&in, seen->components);
  }
  mask((struct dps_text){text, size});
  dps_verification_free(v);
  dps_buf_clear(&in.uri);
  free(text);
  return 0;
}
