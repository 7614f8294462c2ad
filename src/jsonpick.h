/* Picks values out of a JSON text in plain C: for texts with secrets in them, which must not become
 * Lua strings. What is where is found by the walk (jsonwalk.h), whose rules are these functions'
 * too. */
#ifndef DPS_JSONPICK_H
#define DPS_JSONPICK_H

#include <stdbool.h>
#include <stddef.h>

#include "jsonwalk.h"
#include "secret.h"

/* True when the text is one JSON value. Nothing of it stays in memory that is not wiped. */
bool dps_json_is_valid(const char *text, size_t len);

/* The member's value: the last one of that name, as other readers have it. NULL where there is
 * none, and where object is NULL or no object. The name is plain ASCII. */
const char *dps_json_member(const char *object, const char *name);
/* The member of a member ...; names end with a NULL. */
const char *dps_json_path(const char *object, const char *const names[]);

/* A string's text, decoded. False where it is none, and when memory ran out. */
bool dps_json_text(const char *value, struct dps_secret *);
/* A number, or a string of digits as some services write one. False for anything else. */
bool dps_json_number(const char *value, double *);

#endif
