/* Component identifiers: which there are, which parameters they take, when two are the same; see
 * sign_component.h. */
#include "sign_component.h"

#include <string.h>

#include "sign.h"

enum { TEXT_LONGEST = 2 * DPS_SF_LONGEST + 8 * DPS_SIGN_COMPONENTS };

/* RFC 9421, section 2.2; the registry "HTTP Signature Derived Component Names". */
static const struct {
  const char *name;
  enum dps_component_kind kind;
} derived[] = {
    {"@method", DPS_COMPONENT_METHOD},
    {"@target-uri", DPS_COMPONENT_TARGET_URI},
    {"@authority", DPS_COMPONENT_AUTHORITY},
    {"@scheme", DPS_COMPONENT_SCHEME},
    {"@request-target", DPS_COMPONENT_REQUEST_TARGET},
    {"@path", DPS_COMPONENT_PATH},
    {"@query", DPS_COMPONENT_QUERY},
    {"@query-param", DPS_COMPONENT_QUERY_PARAM},
    {"@status", DPS_COMPONENT_STATUS},
    {"@signature-params", DPS_COMPONENT_SIGNATURE_PARAMS},
};

/* RFC 9421, section 6.5: the registry "HTTP Signature Component Parameters". */
static const struct {
  const char *key;
  unsigned flag;
  enum dps_sf_type type;
} parameters[] = {
    {"sf", DPS_COMPONENT_SF, DPS_SF_BOOLEAN},   {"bs", DPS_COMPONENT_BS, DPS_SF_BOOLEAN},
    {"req", DPS_COMPONENT_REQ, DPS_SF_BOOLEAN}, {"tr", DPS_COMPONENT_TR, DPS_SF_BOOLEAN},
    {"key", DPS_COMPONENT_KEY, DPS_SF_STRING},  {"name", DPS_COMPONENT_NAME, DPS_SF_STRING},
};

enum { SHOWN = 80 }; /* characters of an identifier in a message */

int dps_shown(struct dps_text text) {
  return (int)(text.len < SHOWN ? text.len : SHOWN);
}

bool dps_text_is(struct dps_text text, const char *s) {
  return text.len == strlen(s) && memcmp(text.at, s, text.len) == 0;
}

bool dps_refuse_value(struct dps_sign_fault *fault, const struct dps_component *c,
                      const char *why) {
  return dps_sign_refuse(fault, DPS_SIGN_COMPONENT_INVALID, "%.*s: %s", dps_shown(c->identifier),
                         c->identifier.at, why);
}

bool dps_refuse_absent(struct dps_sign_fault *fault, const struct dps_component *c) {
  bool is_param = dps_sign_param(c->name.at, c->name.len) != DPS_PARAMS;
  return dps_sign_refuse(fault, DPS_SIGN_COMPONENT_ABSENT, "%.*s is not in the message%s",
                         dps_shown(c->identifier), c->identifier.at,
                         is_param ? "; it is a parameter of signatures, no component" : "");
}

bool dps_refuse_buffer(struct dps_sign_fault *fault, const struct dps_buf *b) {
  if (b->state == DPS_BUF_NOMEM)
    return dps_sign_refuse(fault, DPS_SIGN_NO_MEMORY, "no memory for what is signed");
  return dps_sign_refuse(fault, DPS_SIGN_LIMIT, "what is signed has more than %zu bytes", b->max);
}

void dps_components_init(struct dps_components *list) {
  list->count = 0;
  dps_buf_init(&list->text, TEXT_LONGEST);
}

void dps_components_clear(struct dps_components *list) {
  list->count = 0;
  dps_buf_clear(&list->text);
}

static bool same_text(struct dps_text a, struct dps_text b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Section 2: the order of parameters does not make another component. */
static bool same_component(const struct dps_component *a, const struct dps_component *b) {
  return a->flags == b->flags && same_text(a->name, b->name) && same_text(a->argument, b->argument);
}

const struct dps_component *dps_components_find(const struct dps_components *list,
                                                const struct dps_component *c) {
  for (size_t i = 0; i < list->count; i++)
    if (same_component(&list->at[i], c)) return &list->at[i];
  return NULL;
}

/* --- reading one --- */

static bool is_field_name(struct dps_text name) {
  for (size_t i = 0; i < name.len; i++) {
    char c = name.at[i];
    bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!alnum && (!c || !strchr("!#$%&'*+-.^_`|~", c))) return false;
  }
  return name.len > 0;
}

static bool find_kind(struct dps_component *c) {
  c->kind = DPS_COMPONENT_FIELD;
  if (c->name.len == 0 || c->name.at[0] != '@') return is_field_name(c->name);
  for (size_t i = 0; i < sizeof derived / sizeof *derived; i++)
    if (strlen(derived[i].name) == c->name.len &&
        !memcmp(derived[i].name, c->name.at, c->name.len)) {
      c->kind = derived[i].kind;
      return true;
    }
  return false;
}

static const char *read_parameter(struct dps_component *c, const struct dps_sf_param *param) {
  for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
    if (strlen(parameters[i].key) != param->key.len ||
        memcmp(parameters[i].key, param->key.at, param->key.len))
      continue;
    if (param->value.type != parameters[i].type)
      return parameters[i].type == DPS_SF_STRING ? "this parameter takes a string"
                                                 : "this parameter takes no value";
    if (param->value.type == DPS_SF_BOOLEAN && !param->value.number)
      return "this parameter is never false";
    if (param->repeated) return "a parameter stands twice";
    c->flags |= parameters[i].flag;
    if (param->value.type == DPS_SF_STRING) c->argument = param->value.text;
    return NULL;
  }
  return "unknown parameter";
}

/* Sections 2.1 and 2.2: what goes together. NULL when it does. */
static const char *check_flags(const struct dps_component *c) {
  if (c->kind == DPS_COMPONENT_SIGNATURE_PARAMS) return "is never covered, it is the last line";
  if (c->kind == DPS_COMPONENT_FIELD) {
    if (c->flags & DPS_COMPONENT_NAME) return "only @query-param takes ;name";
    if (c->flags & DPS_COMPONENT_BS && c->flags & (DPS_COMPONENT_SF | DPS_COMPONENT_KEY))
      return ";bs goes with neither ;sf nor ;key";
    return NULL;
  }
  bool named = (c->flags & DPS_COMPONENT_NAME) != 0;
  if (named != (c->kind == DPS_COMPONENT_QUERY_PARAM))
    return named ? "only @query-param takes ;name" : "wants ;name";
  if (c->flags & ~(unsigned)(DPS_COMPONENT_REQ | DPS_COMPONENT_NAME))
    return ";sf, ;bs, ;key and ;tr are for fields";
  return c->kind == DPS_COMPONENT_STATUS && c->flags ? "a request has no status" : NULL;
}

static const char *read_one(struct dps_component *c, const struct dps_sf *sf,
                            const struct dps_sf_item *item) {
  *c = (struct dps_component){.name = item->value.text};
  if (!find_kind(c))
    return c->name.len && c->name.at[0] == '@' ? "unknown derived component"
                                               : "is no field name in lower case";
  for (size_t i = 0; i < item->params.count; i++) {
    const char *wrong = read_parameter(c, &sf->params[item->params.first + i]);
    if (wrong) return wrong;
  }
  return check_flags(c);
}

/* --- reading a list --- */

static bool write_identifier(struct dps_components *list, const struct dps_sf *sf,
                             const struct dps_sf_item *item) {
  struct dps_component *c = &list->at[list->count];
  size_t start = list->text.len;
  if (!dps_sf_write_string(&list->text, item->value.text) ||
      !dps_sf_write_params(&list->text, sf, item->params))
    return false;
  c->identifier.len = list->text.len - start;
  if (!dps_buf_append(&list->text, ": ", 2)) return false;
  c->line.len = list->text.len - start;
  return true;
}

/* Texts are placed once their memory moves no more. */
static void place_texts(struct dps_components *list) {
  const char *at = dps_buf_str(&list->text);
  for (size_t i = 0; i < list->count; i++) {
    list->at[i].identifier.at = list->at[i].line.at = at;
    at += list->at[i].line.len;
  }
}

static bool refuse_item(struct dps_sign_fault *fault, const struct dps_sf_item *item,
                        const char *why) {
  return dps_sign_refuse(fault, DPS_SIGN_COMPONENT_INVALID, "component \"%.*s\": %s",
                         dps_shown(item->value.text), item->value.text.at, why);
}

static bool add(struct dps_components *list, const struct dps_sf *sf,
                const struct dps_sf_item *item, struct dps_sign_fault *fault) {
  struct dps_component c;
  if (item->value.type != DPS_SF_STRING)
    return dps_sign_refuse(fault, DPS_SIGN_MALFORMED, "covered component %zu is not a string",
                           list->count + 1);
  const char *wrong = read_one(&c, sf, item);
  if (wrong) return refuse_item(fault, item, wrong);
  if (dps_components_find(list, &c)) return refuse_item(fault, item, "is covered twice");
  if (list->count == DPS_SIGN_COMPONENTS)
    return dps_sign_refuse(fault, DPS_SIGN_LIMIT, "more than %d covered components",
                           DPS_SIGN_COMPONENTS);
  list->at[list->count] = c;
  if (!write_identifier(list, sf, item)) return dps_refuse_buffer(fault, &list->text);
  list->count++;
  return true;
}

bool dps_components_read(struct dps_components *list, const struct dps_sf *sf,
                         const struct dps_sf_member *member, struct dps_sign_fault *fault) {
  list->count = 0;
  dps_buf_reset(&list->text);
  if (!member->is_list)
    return dps_sign_refuse(fault, DPS_SIGN_MALFORMED, "covered components are an inner list");
  for (size_t i = 0; i < member->items.count; i++)
    if (!add(list, sf, &sf->items[member->items.first + i], fault)) return false;
  place_texts(list);
  return true;
}

/* --- as people type it --- */

static bool is_one_item(struct dps_text text) {
  struct dps_sf sf;
  struct dps_sf_fault fault;
  dps_sf_init(&sf);
  bool ok = dps_sf_parse(&sf, DPS_SF_ITEM, text.at, text.len, &fault) &&
            sf.items[0].value.type == DPS_SF_STRING;
  dps_sf_clear(&sf);
  return ok;
}

bool dps_component_quote(struct dps_buf *out, const char *text, struct dps_sign_fault *fault) {
  size_t start = out->len, name = text[0] == '"' ? 0 : strcspn(text, ";");
  bool ok = name ? dps_buf_putc(out, '"') && dps_buf_append(out, text, name) &&
                       dps_buf_putc(out, '"') && dps_buf_puts(out, text + name)
                 : dps_buf_puts(out, text);
  if (!ok) return dps_refuse_buffer(fault, out);
  if (is_one_item((struct dps_text){out->data + start, out->len - start})) return true;
  return dps_sign_refuse(fault, DPS_SIGN_COMPONENT_INVALID,
                         "\"%.*s\" is no component identifier of RFC 9421", SHOWN, text);
}
