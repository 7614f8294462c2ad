/* Fuzz target of structured fields (src/sf.h). The first byte chooses list, dictionary or item. Any
 * bytes go in; what is taken is written again in a form that is taken as the same value and written
 * the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) abort();
}

/* Parses from a block of just this size: a sanitizer sees any step past it. */
static bool parse(struct dps_sf *sf, enum dps_sf_kind kind, const void *data, size_t len) {
  struct dps_sf_fault fault = {NULL, len + 1};
  char *text = malloc(len ? len : 1);
  must(text != NULL);
  if (len) memcpy(text, data, len);
  bool ok = dps_sf_parse(sf, kind, text, len, &fault);
  free(text); /* nothing of a value may lie in the text */
  must(ok || (fault.message && fault.at <= len));
  must(ok || sf->member_count == 0);
  return ok;
}

static void check_runs(const struct dps_sf *sf) {
  for (size_t i = 0; i < sf->member_count; i++) {
    const struct dps_sf_member *m = &sf->members[i];
    must(m->items.first + m->items.count <= sf->item_count);
    must(m->is_list || m->items.count == 1);
    must(m->params.first + m->params.count <= sf->param_count);
    if (sf->kind == DPS_SF_DICTIONARY) must(dps_sf_member(sf, m->key.at, m->key.len) == m);
  }
}

static void check(enum dps_sf_kind kind, const uint8_t *data, size_t len) {
  struct dps_sf sf, again;
  struct dps_buf first, second;
  dps_sf_init(&sf);
  dps_sf_init(&again);
  dps_buf_init(&first, 4 * len + 16);
  dps_buf_init(&second, 4 * len + 16);
  if (parse(&sf, kind, data, len)) {
    check_runs(&sf);
    must(dps_sf_write(&first, &sf));
    must(parse(&again, kind, dps_buf_str(&first), first.len));
    must(dps_sf_write(&second, &again));
    must(first.len == second.len && !strcmp(dps_buf_str(&first), dps_buf_str(&second)));
    must(again.member_count == sf.member_count);
  }
  dps_buf_clear(&first);
  dps_buf_clear(&second);
  dps_sf_clear(&sf);
  dps_sf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const enum dps_sf_kind kinds[] = {DPS_SF_LIST, DPS_SF_DICTIONARY, DPS_SF_ITEM};
  if (size > 0) check(kinds[data[0] % 3], data + 1, size - 1);
  return 0;
}
