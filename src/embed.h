/* The Lua sources that the build turns into C arrays (scripts/embed.cmake). */
#ifndef DPS_EMBED_H
#define DPS_EMBED_H

#include <stddef.h>

struct dps_source {
  const char *module; /* "dps.csv"; NULL ends the table */
  const char *file;   /* "dps/csv.lua": what tracebacks show */
  const char *text;   /* NUL after the last byte */
  size_t len;
};

extern const struct dps_source dps_sources[];

#endif
