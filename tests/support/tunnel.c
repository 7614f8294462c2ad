/* tunnel: an HTTP proxy that knows CONNECT to 127.0.0.1 and nothing else, for tests. Only libc.
 *
 * It prints http://127.0.0.1:PORT, then each request line that it reads, and carries one connection
 * after the other until it is killed, at most 50 s. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int die(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(unsigned port) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_anywhere(void) {
  struct sockaddr_in at = loopback(0);
  socklen_t len = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (struct sockaddr *)&at, len) || listen(fd, 64) ||
      getsockname(fd, (struct sockaddr *)&at, &len))
    die("tunnel");
  printf("http://127.0.0.1:%u\n", ntohs(at.sin_port));
  return fd;
}

/* Reads a head and connects to the port that it names; -1 when it names none. */
static int open_tunnel(int client) {
  char head[8192];
  size_t len = 0;
  unsigned port;
  do {
    ssize_t n = recv(client, head + len, sizeof head - 1 - len, 0);
    if (n <= 0) return -1;
    head[len += (size_t)n] = '\0';
  } while (!strstr(head, "\r\n\r\n"));
  printf("%.*s\n", (int)strcspn(head, "\r"), head);
  if (sscanf(head, "CONNECT 127.0.0.1:%u ", &port) != 1) return -1;
  struct sockaddr_in at = loopback(port);
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(server, (struct sockaddr *)&at, sizeof at) != 0) die("tunnel: connect");
  return server;
}

static bool carry(int from, int to) {
  char bytes[16384];
  ssize_t n = recv(from, bytes, sizeof bytes, 0);
  return n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

/* Until either side ends. */
static void carry_all(int a, int b) {
  struct pollfd set[] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
  while (poll(set, 2, -1) > 0)
    if ((set[0].revents && !carry(a, b)) || (set[1].revents && !carry(b, a))) return;
}

int main(void) {
  static const char ready[] = "HTTP/1.1 200 Connection established\r\n\r\n";
  setvbuf(stdout, NULL, _IOLBF, 0);
  alarm(50);
  int listener = listen_anywhere();
  for (;;) {
    int client = accept(listener, NULL, NULL);
    int server = open_tunnel(client);
    if (server >= 0 && send(client, ready, sizeof ready - 1, MSG_NOSIGNAL) > 0)
      carry_all(client, server);
    if (server >= 0) close(server);
    close(client);
  }
}
