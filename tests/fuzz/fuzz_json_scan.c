/* Fuzz target of the JSON text scan and of the writing of strings and numbers (src/jsontext.h). Any
 * bytes go in; what comes out must hold together: what is written can be scanned, and what is
 * rewritten is JSON with nothing special. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jsontext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

/* A block of just this size, with the NUL that the scan asks for: a sanitizer sees any step past
 * it. */
static char *copy_of(const void *data, size_t len) {
  char *text = malloc(len + 1);
  must(text != NULL);
  if (len) memcpy(text, data, len);
  text[len] = '\0';
  return text;
}

static bool scan(const char *text, size_t len, struct dps_buf *out) {
  struct dps_json_fault fault = {NULL, len + 1};
  char *copy = copy_of(text, len);
  dps_buf_init(out, 2 * len);
  bool ok = dps_json_scan(copy, len, out, &fault);
  must(ok || (fault.message && fault.at <= len));
  free(copy);
  return ok;
}

static void check_rewritten(struct dps_buf *out) {
  struct dps_buf again;
  for (size_t i = 0; i < out->len; i++)
    if (out->data[i] == DPS_JSON_MARK[0]) out->data[i] = 'x';
  must(scan(out->data, out->len, &again) && again.len == 0);
  dps_buf_clear(&again);
}

static void check_scan(const char *text, size_t len) {
  struct dps_buf out;
  if (scan(text, len, &out)) {
    must(!memchr(text, DPS_JSON_MARK[0], len));
    if (out.len > 0) check_rewritten(&out);
  }
  dps_buf_clear(&out);
}

static void check_string(const char *text, size_t len) {
  struct dps_buf out, again;
  size_t bad;
  dps_buf_init(&out, 6 * len + 2);
  if (dps_json_put_string(&out, text, len, &bad)) {
    must(bad == len && scan(out.data, out.len, &again) && again.len == 0);
    dps_buf_clear(&again);
  } else {
    must(bad < len && out.state == DPS_BUF_OK && dps_json_utf8(text + bad, text + len) == 0);
  }
  dps_buf_clear(&out);
}

static void check_number(const char *text, size_t len) {
  struct dps_buf out, again;
  double x;
  if (len < sizeof x) return;
  memcpy(&x, text, sizeof x);
  if (!isfinite(x)) return;
  dps_buf_init(&out, 64);
  must(dps_json_put_float(&out, x) && scan(out.data, out.len, &again));
  must(strtod(dps_buf_str(&out), NULL) == x);
  dps_buf_clear(&again);
  dps_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = copy_of(data, size);
  check_scan(text, size);
  check_string(text, size);
  check_number(text, size);
  free(text);
  return 0;
}
