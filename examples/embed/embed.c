/* Shows the smallest useful host of libdps: runs Lua code, embed 'print(dps.version)', and reports.
 * Build it with: cc embed.c $(pkg-config --cflags --libs dps) */
#include <stdio.h>
#include <string.h>

#include "dps.h"

int main(int argc, char *argv[]) {
  if (argc != 2) {
    fputs("usage: embed 'LUA CODE'\n", stderr);
    return DPS_USAGE;
  }
  dps *engine = dps_open(NULL); /* the token is taken from DPS_ACCESS_TOKEN */
  if (!engine) {
    fputs("embed: not enough memory\n", stderr);
    return DPS_FAILED;
  }
  if (dps_eval(engine, argv[1], strlen(argv[1]), "argument") == DPS_DONE) dps_run(engine);
  int code = dps_exit_code(engine);
  if (code != DPS_DONE) fprintf(stderr, "embed: %s\n", dps_error(engine));
  dps_close(&engine);
  return code;
}
