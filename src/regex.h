/* Regular expressions over PCRE2 (the dialect of Perl, and all but wholly of Java), for patterns
 * that strangers write. Plain C.
 *
 * Nothing a pattern says can hold the program up: its length, its nesting, the steps and the memory
 * of one match, and the time of all matches of one expression together have ceilings. */
#ifndef DPS_REGEX_H
#define DPS_REGEX_H

#include <stddef.h>

enum {
  DPS_REGEX_CASE = 1, /* upper and lower case differ */
  DPS_REGEX_PART = 2, /* it is enough that a part of the subject matches, not the whole */
};

enum {
  DPS_REGEX_MAX_PATTERN = 1024, /* bytes */
  DPS_REGEX_MAX_STEPS = 100000, /* of one match; PCRE2's match limit */
  DPS_REGEX_MAX_MS = 1000,      /* of all matches of one expression */
};

struct dps_regex;

/* NULL with a sentence in error: what is wrong with the pattern, and where. */
struct dps_regex *dps_regex_new(const char *pattern, size_t len, int flags, char *error,
                                size_t error_len);
void dps_regex_free(struct dps_regex *);

/* 1: it matches; 0: it does not; -1: a ceiling was reached, and nothing is known. Nothing
 * matches a subject that is no UTF-8. */
int dps_regex_match(struct dps_regex *, const char *subject, size_t len);

#endif
