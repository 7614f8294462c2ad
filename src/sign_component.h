/* Component identifiers (RFC 9421, section 2): read from an inner list, checked, compared; and the
 * values that a message gives them. Shared by sign_*.c and by nobody else. */
#ifndef DPS_SIGN_COMPONENT_H
#define DPS_SIGN_COMPONENT_H

#include <string.h>

#include "sign_base.h"

enum dps_component_kind {
  DPS_COMPONENT_FIELD,
  DPS_COMPONENT_METHOD,
  DPS_COMPONENT_TARGET_URI,
  DPS_COMPONENT_AUTHORITY,
  DPS_COMPONENT_SCHEME,
  DPS_COMPONENT_REQUEST_TARGET,
  DPS_COMPONENT_PATH,
  DPS_COMPONENT_QUERY,
  DPS_COMPONENT_QUERY_PARAM,
  DPS_COMPONENT_STATUS,
  DPS_COMPONENT_SIGNATURE_PARAMS /* never in a list */
};

/* Parameters of an identifier, as bits. */
enum {
  DPS_COMPONENT_SF = 1,
  DPS_COMPONENT_BS = 2,
  DPS_COMPONENT_REQ = 4,
  DPS_COMPONENT_TR = 8,
  DPS_COMPONENT_KEY = 16,
  DPS_COMPONENT_NAME = 32
};

struct dps_component {
  enum dps_component_kind kind;
  unsigned flags;
  struct dps_text name;       /* lower case */
  struct dps_text argument;   /* of ;key or ;name */
  struct dps_text identifier; /* serialised: `"content-digest";req` */
  struct dps_text line;       /* the same with colon and space */
};

/* A list of them with the memory of their texts. Reused by reading into it again. */
struct dps_components {
  struct dps_component at[DPS_SIGN_COMPONENTS];
  size_t count;
  struct dps_buf text;
};

void dps_components_init(struct dps_components *);
void dps_components_clear(struct dps_components *);

/* Reads an inner list. Names point into sf. False: MALFORMED, COMPONENT_INVALID or LIMIT. */
bool dps_components_read(struct dps_components *, const struct dps_sf *,
                         const struct dps_sf_member *, struct dps_sign_fault *);

/* The same component, whatever the order of its parameters; NULL: there is none. */
const struct dps_component *dps_components_find(const struct dps_components *,
                                                const struct dps_component *);

/* Appends a component as people type it (`content-digest;req`, `"@query-param";name="x"`) to a
 * list's text, with its name in quotes. False: it is not one component. */
bool dps_component_quote(struct dps_buf *, const char *text, struct dps_sign_fault *);

/* --- values --- */

/* A message with one more field, which may be NULL. */
struct dps_base_source {
  const struct dps_sign_message *message;
  const struct dps_sign_field *extra;
};

/* ABSENT leaves the fault alone, so that it costs nothing where it is no failure. */
enum dps_value { DPS_VALUE_OK, DPS_VALUE_ABSENT, DPS_VALUE_BAD };

/* Each appends a component's value. */
enum dps_value dps_field_value(struct dps_buf *, const struct dps_component *,
                               const struct dps_base_source *, struct dps_sign_fault *);
enum dps_value dps_derived_value(struct dps_buf *, const struct dps_component *,
                                 const struct dps_sign_message *, struct dps_sign_fault *);

/* Appends the line of a component with its LF. ABSENT and BAD take back what they appended. */
enum dps_value dps_base_line(struct dps_buf *, const struct dps_component *,
                             const struct dps_base_source *, struct dps_sign_fault *);

/* Appends all field lines of a name (lower case) joined by ", ", as they come. */
enum dps_value dps_field_combined(struct dps_buf *, struct dps_text name,
                                  const struct dps_sign_field *, size_t count);

/* dps_buf_append without a call where there is room already: lines are short, and many. */
static inline bool dps_put(struct dps_buf *b, const char *at, size_t n) {
  if (!b->data || n > b->cap - b->len) return dps_buf_append(b, at, n);
  memcpy(b->data + b->len, at, n);
  b->len += n;
  b->data[b->len] = '\0';
  return true;
}

static inline bool dps_put_text(struct dps_buf *b, struct dps_text text) {
  return dps_put(b, text.at, text.len);
}

/* Does a field line carry this name (lower case)? Most differ in length. */
bool dps_name_is(const char *given, struct dps_text name);
static inline bool dps_field_is(const struct dps_sign_field *field, struct dps_text name) {
  return field->name.len == name.len && dps_name_is(field->name.at, name);
}
/* Nothing but 0x20 to 0x7e. */
bool dps_is_printable(struct dps_text);

/* For "%.*s" in a message: a text is cut there. */
int dps_shown(struct dps_text);
bool dps_text_is(struct dps_text, const char *);

bool dps_refuse_absent(struct dps_sign_fault *, const struct dps_component *);
bool dps_refuse_value(struct dps_sign_fault *, const struct dps_component *, const char *why);
bool dps_refuse_buffer(struct dps_sign_fault *, const struct dps_buf *);

#endif
