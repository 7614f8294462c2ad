/* Where keys come from; see sign_load.h. */
#include "sign_load.h"

#include <stdio.h>
#include <string.h>

static bool refuse(struct dps_key_refusal *refusal, const char *reason, const char *why) {
  refusal->reason = reason;
  snprintf(refusal->why, sizeof refusal->why, "%s", why);
  return false;
}

/* A file that all may read. What is wrong with one that can't be read so, is said elsewhere. */
static bool read_public(struct dps_secret *to, const char *path, char why[DPS_SECRET_WHY]) {
  struct dps_buf bytes;
  FILE *file = fopen(path, "rbe");
  dps_buf_init_secret(&bytes, DPS_SIGN_KEY_LONGEST + 1);
  char *room = file ? dps_buf_reserve(&bytes, DPS_SIGN_KEY_LONGEST + 1) : NULL;
  if (room) bytes.len = fread(room, 1, DPS_SIGN_KEY_LONGEST + 1, file);
  bool ok = room && !ferror(file) && bytes.len > 0 && bytes.len <= DPS_SIGN_KEY_LONGEST &&
            dps_secret_set_bytes(to, bytes.data, bytes.len);
  if (file) fclose(file);
  dps_buf_clear(&bytes);
  return ok || dps_secret_from_file(to, path, why);
}

static struct dps_sign_key *make(const struct dps_key_origin *from, const struct dps_secret *bytes,
                                 struct dps_key_refusal *refusal) {
  struct dps_sign_key_source source = from->source;
  struct dps_sign_fault fault = {0};
  source.bytes = bytes ? bytes->bytes : from->text;
  source.len = bytes ? bytes->len : strlen(from->text);
  if (from->passphrase) {
    source.passphrase = from->passphrase->bytes;
    source.passphrase_len = from->passphrase->len;
  }
  struct dps_sign_key *key = dps_sign_key_new(&source, &fault);
  if (!key) refuse(refusal, dps_sign_word(fault.reason), fault.detail);
  return key;
}

static bool is_guarded(const struct dps_key_origin *from, struct dps_key_refusal *refusal) {
  struct dps_secret again = {0};
  if (from->text)
    return refuse(refusal, dps_sign_word(DPS_SIGN_KEY_UNFIT),
                  "it can sign, and so may not stand in a script: give a file or a secret");
  if (!from->path || !from->may_be_public) return true;
  bool ok = dps_secret_from_file(&again, from->path, refusal->why);
  dps_secret_clear(&again);
  return ok;
}

struct dps_sign_key *dps_key_load(const struct dps_key_origin *from,
                                  struct dps_key_refusal *refusal) {
  struct dps_secret read = {0};
  struct dps_sign_key *key = NULL;
  bool (*reader)(struct dps_secret *, const char *, char *) =
      from->may_be_public ? read_public : dps_secret_from_file;
  *refusal = (struct dps_key_refusal){.reason = "key-file"};
  if (!from->path || reader(&read, from->path, refusal->why))
    key = make(from, from->path ? &read : from->secret, refusal);
  dps_secret_clear(&read);
  if (!key || !dps_sign_key_can_sign(key) || is_guarded(from, refusal)) return key;
  dps_sign_key_free(key);
  return NULL;
}
