/* Stands in for libFuzzer where there is none: runs a fuzz target over every file given (folders:
 * the files in them), then over a bounded number of mutations made from them with a fixed seed. The
 * same run every time; a crash is the failure, and FUZZ_RUNS and FUZZ_SEED in the environment make
 * it look further. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LONGEST = 4096, MAX_SEEDS = 512, RUNS = 20000 };

struct input {
  size_t len;
  uint8_t bytes[LONGEST];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct input seeds[MAX_SEEDS];
static size_t seed_count;
static uint64_t state;

/* xorshift64: https://www.jstatsoft.org/article/view/v008i14 */
static size_t below(size_t n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (size_t)(state % n);
}

/* Runs bytes from a block of just their size, so that a sanitizer sees any read past the end. */
static void try(const uint8_t *bytes, size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  if (!copy) abort();
  memcpy(copy, bytes, len);
  LLVMFuzzerTestOneInput(copy, len);
  free(copy);
}

static void add_file(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f || seed_count == MAX_SEEDS) {
    fprintf(stderr, "cannot take %s\n", path);
    exit(2);
  }
  struct input *in = &seeds[seed_count++];
  in->len = fread(in->bytes, 1, sizeof in->bytes, f);
  fclose(f);
}

static void add(const char *path) {
  struct stat st;
  if (stat(path, &st)) return; /* a target without a corpus starts from nothing */
  if (!S_ISDIR(st.st_mode)) {
    add_file(path);
    return;
  }
  struct dirent **entries;
  int n = scandir(path, &entries, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    char name[LONGEST];
    int len = snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
    if (entries[i]->d_name[0] != '.' && len < (int)sizeof name) add_file(name);
    free(entries[i]);
  }
  if (n >= 0) free(entries);
}

/* --- mutations: each changes the input in place and keeps it within LONGEST --- */
static void flip(struct input *in) {
  if (in->len) in->bytes[below(in->len)] ^= (uint8_t)(1U << below(8));
}

static void overwrite(struct input *in) {
  static const uint8_t telling[] = {0x00, 0xff, 0x7f, 0x80, '"',  '\\', '{',
                                    '[',  ',',  '%',  '\r', '\n', '-',  '9'};
  if (in->len) in->bytes[below(in->len)] = telling[below(sizeof telling)];
}

static void cut(struct input *in) {
  in->len = below(in->len + 1);
}

static void grow(struct input *in) {
  size_t n = 1 + below(8), at = below(in->len + 1);
  if (in->len + n > LONGEST) return;
  memmove(in->bytes + at + n, in->bytes + at, in->len - at);
  for (size_t i = 0; i < n; i++)
    in->bytes[at + i] = (uint8_t)below(256);
  in->len += n;
}

static void drop(struct input *in) {
  if (in->len < 2) return;
  size_t at = below(in->len), n = 1 + below(in->len - at);
  memmove(in->bytes + at, in->bytes + at + n, in->len - at - n);
  in->len -= n;
}

/* The head of this input with the tail of another one. */
static void cross(struct input *in) {
  const struct input *other = &seeds[below(seed_count)];
  size_t keep = below(in->len + 1), from = below(other->len + 1), n = other->len - from;
  if (n > LONGEST - keep) n = LONGEST - keep;
  memcpy(in->bytes + keep, other->bytes + from, n);
  in->len = keep + n;
}

static void (*const mutations[])(struct input *) = {flip, overwrite, cut, grow, drop, cross};

static void mutate_and_try(void) {
  static struct input in;
  in = seeds[below(seed_count)];
  for (size_t n = 1 + below(4); n; n--)
    mutations[below(sizeof mutations / sizeof *mutations)](&in);
  try(in.bytes, in.len);
}

static unsigned long number(const char *name, unsigned long otherwise) {
  const char *text = getenv(name);
  return text ? strtoul(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    add(argv[i]);
  size_t files = seed_count;
  if (!seed_count) seed_count = 1; /* the empty input */
  for (size_t i = 0; i < seed_count; i++)
    try(seeds[i].bytes, seeds[i].len);
  unsigned long runs = number("FUZZ_RUNS", RUNS);
  state = number("FUZZ_SEED", 1) * 2 + 1;
  for (unsigned long i = 0; i < runs; i++)
    mutate_and_try();
  printf("%zu files, %lu mutations\n", files, runs);
  return 0;
}
