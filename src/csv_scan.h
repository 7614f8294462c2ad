/* The quick half of reading CSV: one row that stands on one line, with nothing in it that needs a
 * second look. Knows no errors; what it does not take is for the careful half
 * (lua/dps/csv/reader.lua), which would come to the same. */
#ifndef DPS_CSV_SCAN_H
#define DPS_CSV_SCAN_H

#include <stddef.h>

struct dps_csv_field {
  const char *start; /* within the text; behind the quote of a quoted field */
  size_t len;
};

/* Reads the row that `text` begins with into exactly `count` fields. Returns how many bytes it has,
 * its line end (LF or CRLF) among them; 0 where the row has another number of fields, is empty, has
 * no end within `len`, or has a CR elsewhere, a quote within a bare field, or a quoted field that
 * holds a quote or a line end. */
size_t dps_csv_scan(const char *text, size_t len, char separator, struct dps_csv_field *fields,
                    size_t count);

#endif
