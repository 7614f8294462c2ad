/* Picks values out of a JSON text in plain C: for texts with secrets in them, which must not become
 * Lua strings. The text has passed dps_json_scan (jsontext.h) before; on anything else the results
 * are undefined. A value is a pointer to its first character. */
#ifndef DPS_JSONPICK_H
#define DPS_JSONPICK_H

#include <stdbool.h>
#include <stddef.h>

#include "secret.h"

/* True when the text is one JSON value. Nothing of it stays in memory that is not wiped. */
bool dps_json_is_valid(const char *text, size_t len);
/* The value that a valid text is. */
const char *dps_json_root(const char *text);

/* The member's value: the last one of that name, as other readers have it. NULL where there is
 * none, and where object is NULL or no object. The name is plain ASCII. */
const char *dps_json_member(const char *object, const char *name);
/* The member of a member ...; names end with a NULL. */
const char *dps_json_path(const char *object, const char *const names[]);
/* The first member's name (a string value), and the one after it; NULL at the end. */
const char *dps_json_first_name(const char *object);
const char *dps_json_next_name(const char *name);
/* The first item of an array and the one after an item; NULL at the end, and where it is none. */
const char *dps_json_first(const char *array);
const char *dps_json_next(const char *item);

/* A string's text, decoded. False where it is none, and when memory ran out. */
bool dps_json_text(const char *value, struct dps_secret *);
/* A number, or a string of digits as some services write one. False for anything else. */
bool dps_json_number(const char *value, double *);

#endif
