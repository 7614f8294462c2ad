/* A secret out of a file; see secret_source.h. The file is judged by its descriptor, so what is
 * checked is what is read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secret_source.h"

static bool refuse(char *why, const char *path, const char *words) {
  snprintf(why, DPS_SECRET_WHY, "%s: %s", path, words);
  return false;
}

static bool refuse_errno(char *why, const char *path) {
  char words[128];
  return refuse(why, path, strerror_r(errno, words, sizeof words));
}

static bool refuse_mode(char *why, const char *path, mode_t mode) {
  const char *who = mode & S_IROTH ? "everybody can read it" : "others than its owner can reach it";
  snprintf(why, DPS_SECRET_WHY, "%s: %s (mode %04o); run chmod 600 on it", path, who,
           (unsigned)mode & 07777);
  return false;
}

static bool check(int fd, const char *path, char *why) {
  struct stat st;
  if (fstat(fd, &st) != 0) return refuse_errno(why, path);
  if (S_ISDIR(st.st_mode)) return refuse(why, path, "it is a directory; name a file in it");
  if (!S_ISREG(st.st_mode))
    return refuse(why, path,
                  "it is no regular file; what a command prints has a setting of its own");
  if (st.st_mode & (S_IRWXG | S_IRWXO)) return refuse_mode(why, path, st.st_mode);
  if (st.st_size == 0) return refuse(why, path, "it is empty");
  if (st.st_size > DPS_SECRET_MAX) return refuse(why, path, "it is larger than 64 KiB");
  return true;
}

/* The size, or -1. One byte more than may be there is asked for. */
static ssize_t read_all(int fd, char *bytes, size_t room) {
  size_t have = 0;
  ssize_t n = 1;
  while (n != 0 && have < room) {
    n = read(fd, bytes + have, room - have);
    if (n < 0 && errno != EINTR) return -1;
    if (n > 0) have += (size_t)n;
  }
  return (ssize_t)have;
}

static bool read_secret(struct dps_secret *secret, int fd, const char *path, char *why) {
  char bytes[DPS_SECRET_MAX + 1];
  ssize_t n = read_all(fd, bytes, sizeof bytes);
  bool ok = n > 0 && n <= DPS_SECRET_MAX;
  if (n < 0)
    refuse_errno(why, path);
  else if (!ok)
    refuse(why, path, n ? "it is larger than 64 KiB" : "it is empty");
  else if (!(ok = dps_secret_set_bytes(secret, bytes, (size_t)n)))
    refuse(why, path, "memory ran out");
  explicit_bzero(bytes, n >= 0 ? (size_t)n : sizeof bytes);
  return ok;
}

/* O_NONBLOCK: a pipe without a writer is refused, not waited for. */
bool dps_secret_from_file(struct dps_secret *secret, const char *path, char why[DPS_SECRET_WHY]) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return refuse_errno(why, path);
  bool ok = check(fd, path, why) && read_secret(secret, fd, path, why);
  close(fd);
  return ok;
}
