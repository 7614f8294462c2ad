/* What badserver's two files share: a connection, a behaviour, growable bytes. See badserver.c for
 * what it is; nothing else includes this. */
#ifndef BADSERVER_H
#define BADSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNIT = 1 << 16, MAX_BEHAVIOURS = 64 };

/* What becomes of a connection once the answer is out. */
enum after { KEEP, CLOSE, RESET, HOLD };

struct bytes {
  char *data; /* NUL-terminated once not NULL */
  size_t len, cap;
};

struct conn {
  int fd; /* -1: free */
  int number, answered;
  struct bytes in, out;
  size_t sent, head_len, body_len; /* head_len 0: the head is not complete yet */
  bool busy, flushed;
  enum after after;
  int64_t due; /* nothing is sent before */
  int units;   /* of a flood, still to come */
  const struct behaviour *b;
  char method[16], target[4096];
  const char *rest; /* target behind the behaviour's name */
};

/* An answer too large to hold: head, units of UNIT filler bytes between open and close, tail. */
struct flood {
  const char *head, *open, *close, *tail;
  int units;
};

struct behaviour {
  const char *name;              /* NULL in the last row, which answers for unknown names */
  void (*answer)(struct conn *); /* writes to conn->out */
  int status;
  const char *type, *headers, *text; /* NULL: JSON, none, none */
  enum after after;
  bool early; /* acts on the head alone and leaves the body unread */
  int delay_ms, pace_ms;
  const struct flood *flood;
};

extern const struct behaviour behaviours[];
extern struct bytes request_log; /* JSON objects, comma between */
extern int requests, request_counts[MAX_BEHAVIOURS];

/* The value of a request's header, up to its line's end; NULL when it has none. */
const char *header(const struct conn *, const char *name);
const struct behaviour *find_behaviour(const char *name, size_t n);

/* Appending ends the program when memory or the ceiling is reached. */
void add(struct bytes *, const char *from, size_t n);
void puts_to(struct bytes *, const char *);
__attribute__((format(printf, 2, 3))) void addf(struct bytes *, const char *format, ...);
void add_json(struct bytes *, const char *, size_t n);
void add_json_char(struct bytes *, unsigned char);
void clear(struct bytes *);

#endif
