/* Where secrets come from: a file of their owner's, or what a command prints. Plain C, and it
 * waits: both are done before a run sends anything.
 *
 * Where a source is refused, the secret stays as it was and `why` receives one line for people:
 * what was wrong with which source, and what to do. It never holds a byte that was read. Bytes come
 * as they are; dps_secret_trim takes the line end off a text. */
#ifndef DPS_SECRET_SOURCE_H
#define DPS_SECRET_SOURCE_H

#include <stdatomic.h>

#include "secret.h"

enum { DPS_SECRET_WHY = 512 }; /* room for why; longer words are cut */

/* A regular file that nobody but its owner can read or write (the links on the way to it do not
 * count), with 1 to DPS_SECRET_MAX bytes. */
bool dps_secret_from_file(struct dps_secret *, const char *path, char why[DPS_SECRET_WHY]);

struct dps_secret_command {
  char *const *argv;      /* NULL at its end; argv[0] is looked up in PATH. No shell sees it */
  int timeout_ms;         /* > 0; the command and all that it started end with it */
  const atomic_int *stop; /* NULL, or: ends the wait when it is no longer 0 */
  /* NULL, or called once when it takes longer than a second: somebody may want to know why. */
  void (*slow)(const struct dps_secret_command *);
};

/* What the command prints on its standard output, 1 to DPS_SECRET_MAX bytes, when it ends with exit
 * code 0. It has no standard input and a process group of its own, so it can't ask on the terminal;
 * its standard error is ours. */
bool dps_secret_from_command(struct dps_secret *, const struct dps_secret_command *,
                             char why[DPS_SECRET_WHY]);

#endif
