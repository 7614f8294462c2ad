/* Regular expressions over PCRE2; see regex.h for the contract.
 * https://www.pcre.org/current/doc/html/pcre2api.html */
#include "regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_NESTING = 50, MAX_HEAP_KIB = 1024 };

struct dps_regex {
  pcre2_code *code;
  pcre2_match_data *data;
  pcre2_match_context *limits;
  int64_t spent_ns;
};

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint32_t options_of(int flags) {
  uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
  if (!(flags & DPS_REGEX_CASE)) options |= PCRE2_CASELESS;
  if (!(flags & DPS_REGEX_PART)) options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
  return options;
}

static void describe(int code, size_t at, char *error, size_t error_len) {
  PCRE2_UCHAR words[160];
  pcre2_get_error_message(code, words, sizeof words);
  snprintf(error, error_len, "%s (at character %zu)", (char *)words, at + 1);
}

static pcre2_code *compile(const char *pattern, size_t len, int flags, char *error,
                           size_t error_len) {
  int why;
  size_t at;
  pcre2_compile_context *context = pcre2_compile_context_create(NULL);
  if (!context) return snprintf(error, error_len, "out of memory"), NULL;
  pcre2_set_parens_nest_limit(context, MAX_NESTING);
  pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, len, options_of(flags), &why, &at, context);
  if (!code) describe(why, at, error, error_len);
  pcre2_compile_context_free(context);
  return code;
}

static bool add_limits(struct dps_regex *r) {
  r->data = pcre2_match_data_create(1, NULL); /* only whether it matches is asked */
  r->limits = pcre2_match_context_create(NULL);
  if (!r->data || !r->limits) return false;
  pcre2_set_match_limit(r->limits, DPS_REGEX_MAX_STEPS);
  pcre2_set_heap_limit(r->limits, MAX_HEAP_KIB);
  return true;
}

struct dps_regex *dps_regex_new(const char *pattern, size_t len, int flags, char *error,
                                size_t error_len) {
  if (len > DPS_REGEX_MAX_PATTERN)
    return snprintf(error, error_len, "longer than %d bytes", DPS_REGEX_MAX_PATTERN), NULL;
  struct dps_regex *r = calloc(1, sizeof *r);
  if (r) r->code = compile(pattern, len, flags, error, error_len);
  if (r && r->code && add_limits(r)) return r;
  if (!r || r->code) snprintf(error, error_len, "out of memory");
  dps_regex_free(r);
  return NULL;
}

void dps_regex_free(struct dps_regex *r) {
  if (!r) return;
  pcre2_match_context_free(r->limits);
  pcre2_match_data_free(r->data);
  pcre2_code_free(r->code);
  free(r);
}

static bool is_bad_utf8(int rc) {
  return rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21;
}

int dps_regex_match(struct dps_regex *r, const char *subject, size_t len) {
  if (r->spent_ns > (int64_t)DPS_REGEX_MAX_MS * 1000000) return -1;
  int64_t began = now_ns();
  int rc = pcre2_match(r->code, (PCRE2_SPTR)subject, len, 0, 0, r->data, r->limits);
  r->spent_ns += now_ns() - began;
  if (rc == PCRE2_ERROR_NOMATCH || is_bad_utf8(rc)) return 0;
  return rc >= 0 ? 1 : -1;
}
