/* The walk; see jsonwalk.h. The scan has found the text to be JSON, so nothing is checked twice. */
#include "jsonwalk.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *blank(const char *at) {
  return at + strspn(at, " \t\r\n");
}

const char *dps_json_root(const char *text) {
  return blank(text);
}

static const char *after_string(const char *at) {
  for (at++; *at != '"'; at++)
    if (*at == '\\') at++;
  return at + 1;
}

/* Brackets inside of it are counted, so nothing recurses. */
const char *dps_json_after(const char *at) {
  size_t depth = 0;
  do {
    if (*at == '"') {
      at = after_string(at);
      continue;
    }
    if (*at == '{' || *at == '[') depth++;
    if (*at == '}' || *at == ']') depth--;
    bool scalar = !strchr("{}[],: \t\r\n", *at);
    at += scalar ? strcspn(at, ",:]} \t\r\n") : 1;
  } while (depth);
  return at;
}

/* From the end of a value to the next one, or NULL at the end of what both are in. */
static const char *to_next(const char *at) {
  at = blank(at);
  return *at == ',' ? blank(at + 1) : NULL;
}

const char *dps_json_first(const char *array) {
  if (!array || *array != '[') return NULL;
  array = blank(array + 1);
  return *array == ']' ? NULL : array;
}

const char *dps_json_next(const char *item) {
  return to_next(dps_json_after(item));
}

const char *dps_json_first_name(const char *object) {
  if (!object || *object != '{') return NULL;
  object = blank(object + 1);
  return *object == '}' ? NULL : object;
}

const char *dps_json_next_name(const char *name) {
  return to_next(dps_json_after(dps_json_value(name)));
}

const char *dps_json_value(const char *name) {
  return blank(blank(after_string(name)) + 1);
}
