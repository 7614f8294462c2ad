/* Structured field values (RFC 9651, which replaces RFC 8941): parsed and serialised.
 *
 * One parse fills one struct dps_sf: members in order, each an item or an inner list of items, all
 * with parameters. Strings, tokens and byte sequences are decoded into memory of the structure's
 * own, so the input may go away. The structure is reused by parsing into it again. */
#ifndef DPS_SF_H
#define DPS_SF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum {
  DPS_SF_LONGEST = 65536, /* bytes of a field value */
  DPS_SF_MOST = 1024      /* members, items and parameters, each kind for itself */
};

/* Bytes that somebody else owns; not ended by a NUL. */
struct dps_text {
  const char *at;
  size_t len;
};

#define DPS_TEXT(literal) ((struct dps_text){"" literal, sizeof(literal) - 1})

enum dps_sf_type {
  DPS_SF_INTEGER, /* number */
  DPS_SF_DECIMAL, /* number, in thousandths */
  DPS_SF_STRING,  /* text, unescaped */
  DPS_SF_TOKEN,   /* text */
  DPS_SF_BYTES,   /* text, decoded */
  DPS_SF_BOOLEAN, /* number, 0 or 1 */
  DPS_SF_DATE,    /* number, seconds since 1970 */
  DPS_SF_DISPLAY  /* text, UTF-8, decoded */
};

struct dps_sf_value {
  enum dps_sf_type type;
  int64_t number;
  struct dps_text text;
};

struct dps_sf_param {
  struct dps_text key;
  struct dps_sf_value value;
  bool repeated; /* the key came more than once; as the RFC has it, the last value stands */
};

/* A run of entries of one of the structure's arrays. */
struct dps_sf_run {
  size_t first, count;
};

struct dps_sf_item {
  struct dps_sf_value value;
  struct dps_sf_run params;
};

struct dps_sf_member {
  struct dps_text key; /* of a dictionary's member; else empty */
  bool repeated;       /* as in dps_sf_param */
  bool is_list;        /* an inner list: items and params; else the one item is items.first */
  struct dps_sf_run items, params; /* params: an inner list's own */
};

enum dps_sf_kind { DPS_SF_LIST, DPS_SF_DICTIONARY, DPS_SF_ITEM };

struct dps_sf {
  enum dps_sf_kind kind;
  struct dps_sf_member *members;
  size_t member_count, member_room;
  struct dps_sf_item *items;
  size_t item_count, item_room;
  struct dps_sf_param *params;
  size_t param_count, param_room;
  char *pool; /* decoded texts */
  size_t pool_len, pool_room;
};

struct dps_sf_fault {
  const char *message; /* static text */
  size_t at;           /* bytes before the fault */
};

/* Makes an empty structure that owns nothing yet. */
void dps_sf_init(struct dps_sf *);
/* Frees what it owns; usable again. */
void dps_sf_clear(struct dps_sf *);

/* Parses text, several field lines being already joined by commas (RFC 9651, section 4.2), as a
 * list, a dictionary or an item, an item being a list of one member. False: fault is filled in and
 * the structure is empty. */
bool dps_sf_parse(struct dps_sf *, enum dps_sf_kind, const char *text, size_t len,
                  struct dps_sf_fault *fault);

/* The member of a dictionary; NULL when there is none of that key. */
const struct dps_sf_member *dps_sf_member(const struct dps_sf *, const char *key, size_t len);
/* The one value of a member; NULL where the member is an inner list. */
const struct dps_sf_value *dps_sf_value(const struct dps_sf *, const struct dps_sf_member *);
/* The parameter of a run; NULL when there is none of that key. */
const struct dps_sf_param *dps_sf_param(const struct dps_sf *, struct dps_sf_run, const char *key);

/* --- serialising (RFC 9651, section 4.1): the one canonical form of a value ---
 * Each appends. False when the value has no serialised form (a string that is not printable ASCII,
 * an integer of more than 15 digits, a bad key or token) or the buffer failed; what was appended by
 * then stays. */

bool dps_sf_write(struct dps_buf *, const struct dps_sf *);
/* A member without its key: an item, or an inner list, with parameters. */
bool dps_sf_write_member(struct dps_buf *, const struct dps_sf *, const struct dps_sf_member *);
bool dps_sf_write_params(struct dps_buf *, const struct dps_sf *, struct dps_sf_run);
bool dps_sf_write_value(struct dps_buf *, const struct dps_sf_value *);
bool dps_sf_write_key(struct dps_buf *, struct dps_text key);
bool dps_sf_write_string(struct dps_buf *, struct dps_text);
bool dps_sf_write_integer(struct dps_buf *, int64_t);
bool dps_sf_write_bytes(struct dps_buf *, const void *bytes, size_t n);

#endif
