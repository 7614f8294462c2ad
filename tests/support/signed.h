/* Captured HTTP messages for tests of signatures: read from a file or a text, as an engine would
 * hand them over. Lines end with LF or CRLF; a field line that begins with white space goes on with
 * the one before, and is kept as it is. */
#ifndef SIGNED_H
#define SIGNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sign_verify.h"

enum { SIGNED_FIELDS = 64, SIGNED_LONGEST = 65536 };

struct signed_message {
  char *bytes;
  size_t len;
  char uri[2048];
  struct dps_sign_field fields[SIGNED_FIELDS];
  struct dps_sign_message message;
};

/* The bytes of a file, with a NUL behind them. */
static inline char *signed_file(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  char *bytes = calloc(1, SIGNED_LONGEST + 1);
  if (!f || !bytes) fprintf(stderr, "cannot read %s\n", path), abort();
  *len = fread(bytes, 1, SIGNED_LONGEST, f);
  fclose(f);
  return bytes;
}

static inline struct dps_text signed_between(const char *from, const char *to) {
  return (struct dps_text){from, (size_t)(to - from)};
}

/* The end of the line, and where the next one begins. A folded line is one. */
static inline const char *signed_line(const char *p, const char *end, const char **next) {
  const char *lf = p;
  do {
    lf = memchr(lf, '\n', (size_t)(end - lf));
    lf = lf ? lf + 1 : end;
  } while (lf > p + 2 && lf < end && (*lf == ' ' || *lf == '\t'));
  *next = lf;
  if (lf > p && lf[-1] == '\n') lf--;
  return lf > p && lf[-1] == '\r' ? lf - 1 : lf;
}

static inline void signed_start_line(struct signed_message *m, struct dps_text line) {
  char method[32] = "", target[1024] = "";
  int status = 0;
  const char *host = "";
  if (sscanf(line.at, "HTTP/1.1 %d", &m->message.status) == 1) return;
  if (sscanf(line.at, "%31s %1023s", method, target) != 2) abort();
  (void)status;
  m->message.method = (struct dps_text){line.at, strlen(method)};
  size_t host_len = 0;
  for (size_t i = 0; i < m->message.field_count; i++)
    if (m->fields[i].name.len == 4 && !strncasecmp(m->fields[i].name.at, "host", 4))
      host = m->fields[i].value.at, host_len = m->fields[i].value.len;
  int n = snprintf(m->uri, sizeof m->uri, "https://%.*s%s", (int)host_len, host, target);
  m->message.target_uri = (struct dps_text){m->uri, (size_t)n};
}

/* Takes over bytes. */
static inline void signed_parse(struct signed_message *m, char *bytes, size_t len) {
  const char *next, *end = bytes + len, *first = signed_line(bytes, end, &next);
  *m = (struct signed_message){.bytes = bytes, .len = len};
  m->message.fields = m->fields;
  for (const char *p = next; p < end; p = next) {
    const char *stop = signed_line(p, end, &next), *colon = memchr(p, ':', (size_t)(stop - p));
    if (stop == p) break;
    if (!colon || m->message.field_count == SIGNED_FIELDS) abort();
    struct dps_sign_field *field = &m->fields[m->message.field_count++];
    field->name = signed_between(p, colon);
    for (colon++; colon < stop && *colon == ' ';)
      colon++;
    field->value = signed_between(colon, stop);
  }
  m->message.body = signed_between(next, end);
  signed_start_line(m, signed_between(bytes, first));
}

static inline void signed_read(struct signed_message *m, const char *path) {
  size_t len;
  char *bytes = signed_file(path, &len);
  signed_parse(m, bytes, len);
}

static inline void signed_text(struct signed_message *m, const char *text) {
  signed_parse(m, strdup(text), strlen(text));
}

static inline void signed_free(struct signed_message *m) {
  free(m->bytes);
}

/* Takes the fields Signature and Signature-Input out. */
static inline void signed_strip(struct signed_message *m) {
  size_t n = 0;
  for (size_t i = 0; i < m->message.field_count; i++) {
    struct dps_text name = m->fields[i].name;
    bool is_signature = (name.len == 9 && !strncasecmp(name.at, "signature", 9)) ||
                        (name.len == 15 && !strncasecmp(name.at, "signature-input", 15));
    if (!is_signature) m->fields[n++] = m->fields[i];
  }
  m->message.field_count = n;
}

/* The value of a field; NULL when there is none. */
static inline const struct dps_text *signed_field(const struct signed_message *m,
                                                  const char *name) {
  for (size_t i = 0; i < m->message.field_count; i++)
    if (m->fields[i].name.len == strlen(name) &&
        !strncasecmp(m->fields[i].name.at, name, strlen(name)))
      return &m->fields[i].value;
  return NULL;
}

/* A key of the RFC: its private half where it has one, unless public is wanted. NULL with a fault.
 */
static inline struct dps_sign_key *signed_key(const char *keyid, bool public,
                                              enum dps_sign_alg alg) {
  char path[256];
  size_t len;
  bool secret = !strcmp(keyid, "test-shared-secret");
  const char *half = secret ? ".secret" : public ? ".public.pem" : ".private.pem";
  snprintf(path, sizeof path, "tests/vectors/rfc9421/keys/%s%s", keyid, half);
  if (!strcmp(keyid, "p384"))
    snprintf(path, sizeof path, "tests/vectors/keys/p384.%s", public ? "pub.pem" : "pem");
  char *bytes = signed_file(path, &len);
  struct dps_sign_fault fault = {0};
  const struct dps_sign_key_source source = {
      .bytes = bytes, .len = len, .alg = alg, .keyid = keyid};
  struct dps_sign_key *key = dps_sign_key_new(&source, &fault);
  if (!key) fprintf(stderr, "%s: %s\n", path, fault.detail);
  free(bytes);
  return key;
}

#endif
