/* Dates as nearly all of them are written: a day, a wall clock, and the text of a moment. Knows no
 * zone, no offset in what it reads, and no errors; what it does not take is for the careful half
 * (lua/dps/date/parse.lua), which would come to the same. */
#ifndef DPS_DATE_TEXT_H
#define DPS_DATE_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { DPS_DATE_ISO = 40 }; /* room for any text of dps_date_iso */

/* Reads the wall clock that `text` begins with, YYYY-MM-DD, T or a space, HH:MM and perhaps :SS, on
 * a day that exists in the years 0001 to 9999, as milliseconds since 1970-01-01 on that clock.
 * Returns how many bytes it has, 16 or 19; 0 for anything else, and where HH:MM is followed by
 * something that is not :SS. */
size_t dps_date_wall(const char *text, size_t len, int64_t *wall);

/* Writes a wall clock of the years 0000 to 10000 and the offset that it has, both in milliseconds,
 * the latter within a hundred hours: "2026-12-01T09:00:00.000+01:00", with the seconds of an offset
 * that has any. Returns how many bytes; 0 for a wall clock or an offset outside of these. */
size_t dps_date_iso(int64_t wall, int64_t offset, char out[DPS_DATE_ISO]);

#endif
