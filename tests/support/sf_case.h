/* Cases of structured fields: a text, and what it is when written again. */
#ifndef SF_CASE_H
#define SF_CASE_H

#include <stdlib.h>
#include <string.h>

#include "sf.h"

#define LIST DPS_SF_LIST
#define DICT DPS_SF_DICTIONARY
#define ITEM DPS_SF_ITEM

/* text: as received; canonical: as written again, NULL where it is refused, "=" where it is the
 * same. */
struct sf_case {
  enum dps_sf_kind kind;
  const char *text, *canonical;
};

static inline void check_cases(const struct sf_case *cases, size_t count) {
  struct dps_sf sf;
  struct dps_buf out;
  dps_sf_init(&sf);
  dps_buf_init(&out, 100000);
  for (size_t i = 0; i < count; i++) {
    const struct sf_case *c = &cases[i];
    const char *want = c->canonical && !strcmp(c->canonical, "=") ? c->text : c->canonical;
    struct dps_sf_fault fault = {0};
    size_t len = strlen(c->text);
    char *exact = malloc(len ? len : 1); /* no NUL: a sanitizer sees any step past the end */
    memcpy(exact, c->text, len);
    bool ok = dps_sf_parse(&sf, c->kind, exact, len, &fault);
    free(exact);
    if (ok != (want != NULL)) print_error("%s: %s\n", c->text, ok ? "taken" : fault.message);
    assert_int_equal(ok, want != NULL);
    assert_true(ok || (fault.message && fault.at <= len));
    if (!ok) continue;
    dps_buf_reset(&out);
    assert_true(dps_sf_write(&out, &sf));
    assert_string_equal(dps_buf_str(&out), want);
  }
  dps_buf_clear(&out);
  dps_sf_clear(&sf);
}

#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof *(cases))

#endif
