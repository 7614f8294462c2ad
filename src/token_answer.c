/* The answer of a token endpoint; see token_answer.h. */
#include "token_answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "jsonpick.h"

#define LONGEST_SECONDS (30.0 * 86400)

/* --- an answer that is well --- */

static enum dps_token_fault read_token(struct dps_token_answer *answer, const char *root) {
  const char *value = dps_json_member(root, "access_token");
  if (!value || *value != '"') return DPS_TOKEN_MISSING;
  if (!dps_json_text(value, &answer->token)) return DPS_TOKEN_NO_MEMORY;
  if (!answer->token.len) return DPS_TOKEN_MISSING;
  bool usable = dps_secret_is_token(&answer->token) && answer->token.len <= DPS_SECRET_MAX / 2;
  return usable ? DPS_TOKEN_OK : DPS_TOKEN_UNUSABLE;
}

/* Where it does not say, it is one: other servers leave it out. */
static enum dps_token_fault check_type(const char *root) {
  const char *value = dps_json_member(root, "token_type");
  bool bearer = !value || strncasecmp(value, "\"bearer\"", 8) == 0;
  return bearer ? DPS_TOKEN_OK : DPS_TOKEN_NO_BEARER;
}

static enum dps_token_fault read_lifetime(struct dps_token_answer *answer, const char *root) {
  const char *value = dps_json_member(root, "expires_in");
  double seconds = DPS_TOKEN_UNSAID_S;
  if (value && *value != 'n' && !dps_json_number(value, &seconds)) return DPS_TOKEN_EXPIRED;
  if (seconds > LONGEST_SECONDS) seconds /= 1000;
  if (!(seconds >= 1)) return DPS_TOKEN_EXPIRED;
  answer->lifetime_s = seconds < DPS_TOKEN_LONGEST_S ? (long)seconds : DPS_TOKEN_LONGEST_S;
  return DPS_TOKEN_OK;
}

static enum dps_token_fault read_all(struct dps_token_answer *answer, const char *root) {
  enum dps_token_fault fault = read_token(answer, root);
  if (fault == DPS_TOKEN_OK) fault = check_type(root);
  if (fault == DPS_TOKEN_OK) fault = read_lifetime(answer, root);
  return fault;
}

/* --- a refusal --- */

/* One line, printable, without the secret: a service may repeat what it was sent. */
static void copy_words(const char *value, char *to, size_t room, const struct dps_secret *secret) {
  struct dps_secret text = {0};
  if (!dps_json_text(value, &text)) return;
  char *at = text.bytes;
  while (secret->len &&
         (at = memmem(at, text.len - (size_t)(at - text.bytes), secret->bytes, secret->len)))
    memset(at, '*', secret->len);
  for (size_t i = 0; i < text.len; i++)
    if ((unsigned char)text.bytes[i] < ' ' || text.bytes[i] == 0x7f) text.bytes[i] = ' ';
  snprintf(to, room, "%s", text.bytes);
  dps_secret_clear(&text);
}

static void read_refusal(struct dps_token_answer *answer, const char *root,
                         const struct dps_secret *secret) {
  const char *error = dps_json_member(root, "error");
  const char *words = dps_json_member(root, "error_description");
  if (!error) error = dps_json_member(root, "error_code");
  if (!words) words = dps_json_member(root, "message");
  copy_words(error, answer->error, sizeof answer->error, secret);
  copy_words(words, answer->description, sizeof answer->description, secret);
}

/* --- both --- */

void dps_token_answer_read(struct dps_token_answer *answer, long status, const char *body,
                           size_t len, const struct dps_secret *secret) {
  bool json = len > 0 && dps_json_is_valid(body, len);
  const char *root = json ? dps_json_root(body) : NULL;
  bool well = status >= 200 && status <= 299;
  *answer = (struct dps_token_answer){.fault = DPS_TOKEN_REFUSED};
  if (!well && root) read_refusal(answer, root, secret);
  if (well) answer->fault = root ? read_all(answer, root) : DPS_TOKEN_NOT_JSON;
  if (answer->fault != DPS_TOKEN_OK) dps_secret_clear(&answer->token);
}

void dps_token_answer_clear(struct dps_token_answer *answer) {
  dps_secret_clear(&answer->token);
}
