/* From value to value through a JSON text. The text has passed dps_json_scan (jsontext.h) before
 * and ends with a NUL; on anything else the results are undefined. A value is a pointer to its
 * first character, a name is one to its opening quote; nothing is decoded. */
#ifndef DPS_JSONWALK_H
#define DPS_JSONWALK_H

/* The value that a text is. */
const char *dps_json_root(const char *text);
/* Behind a value's last character. */
const char *dps_json_after(const char *value);

/* The first item of an array and the one after an item; NULL at the end, and where it is none. */
const char *dps_json_first(const char *array);
const char *dps_json_next(const char *item);

/* The first member's name and the one after it; NULL at the end, and where object is none. */
const char *dps_json_first_name(const char *object);
const char *dps_json_next_name(const char *name);
/* The value of the member with this name. */
const char *dps_json_value(const char *name);

#endif
