/* The behaviours of badserver: functions that write one answer, and the table of their names at the
 * end. Knows no socket and keeps no state between requests but what badserver.c counts. */
#include "badserver.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void add_json_char(struct bytes *b, unsigned char ch) {
  if (ch < 0x20)
    addf(b, "\\u%04x", ch);
  else
    addf(b, ch == '"' || ch == '\\' ? "\\%c" : "%c", ch);
}

/* A JSON string. Bytes above 127 pass as they are. */
void add_json(struct bytes *b, const char *s, size_t n) {
  puts_to(b, "\"");
  for (size_t i = 0; i < n; i++)
    add_json_char(b, (unsigned char)s[i]);
  puts_to(b, "\"");
}

static void head(struct conn *c, int status, const char *type, size_t length) {
  addf(&c->out, "HTTP/1.1 %d\x20\r\nx-request-id: bad-%d\r\n", status, requests);
  if (status != 204) addf(&c->out, "Content-Length: %zu\r\n", length);
  if (type) addf(&c->out, "Content-Type: %s\r\n", type);
  if (c->b->headers) addf(&c->out, "%s\r\n", c->b->headers);
  puts_to(&c->out, "\r\n");
}

/* A HEAD request gets the same head and no body. */
static void reply(struct conn *c, int status, const char *type, const struct bytes *body) {
  head(c, status, type, body->len);
  if (strcmp(c->method, "HEAD") != 0) add(&c->out, body->data, body->len);
}

static const char *type_of(const struct behaviour *b) {
  return b->type ? b->type : "application/json";
}

static void answer_text(struct conn *c) {
  const char *text = c->b->text ? c->b->text : "";
  struct bytes body = {0};
  puts_to(&body, text);
  reply(c, c->b->status, *text ? type_of(c->b) : NULL, &body);
  clear(&body);
}

static void answer_raw(struct conn *c) {
  puts_to(&c->out, c->b->text);
}

static void answer_nothing(struct conn *c) {
  (void)c;
}

/* 200 of the 1000 bytes that the head promises. */
static void answer_cut(struct conn *c) {
  head(c, 200, type_of(c->b), 1000);
  addf(&c->out, "{\"id\":\"%0193d", 0);
}

static void answer_flood(struct conn *c) {
  puts_to(&c->out, c->b->flood->head);
  c->units = c->b->flood->units;
}

#define STAMP "2022-06-10T00:30:00.000"

struct kind {
  const char *path, *type_query, *prefix, *fields;
};

static const struct kind kinds[] = {
    {"/placements", "", "dps:offer-placement:",
     "\"schemas\":[\"https://ns.adobe.com/experience/offer-management/"
     "offer-placement;version=0.5\"],"
     "\"channel\":\"https://ns.adobe.com/xdm/channel-types/web\",\"componentType\":\"imagelink\","
     "\"itemCount\":1,\"allowDuplicatePlacements\":false"},
    {"/offers", "&offer-type=FALLBACK", "dps:fallback-offer:",
     "\"schemas\":[\"https://ns.adobe.com/experience/offer-management/"
     "fallback-offer;version=0.8\"],"
     "\"status\":\"approved\",\"representations\":[{\"channel\":"
     "\"https://ns.adobe.com/xdm/channel-types/web\",\"placement\":\"offerPlacement1234\","
     "\"components\":[{\"type\":\"imagelink\",\"format\":\"image/png\","
     "\"deliveryURL\":\"https://mysite.com/a.png\"}]}]"},
};

static const struct kind *kind_of(const struct conn *c) {
  return strstr(c->rest, kinds[0].path) ? &kinds[0] : &kinds[1];
}

/* The target as seen from the base URL, "/offers/ID?..."; the whole rest when it names no
 * collection. */
static const char *from_base(const struct conn *c) {
  const char *at = strstr(c->rest, kind_of(c)->path);
  return at ? at : c->rest;
}

static bool has_id(const struct conn *c) {
  const char *at = strstr(c->rest, kind_of(c)->path);
  return at && at[strlen(kind_of(c)->path)] == '/';
}

/* The id as a JSON string, %XX decoded. */
static void add_id(struct bytes *b, const struct conn *c) {
  const char *at = from_base(c) + strlen(kind_of(c)->path) + 1;
  puts_to(b, "\"");
  for (; *at && *at != '?'; at++) {
    char hex[3] = {0};
    bool coded = at[0] == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
    if (coded) memcpy(hex, at + 1, 2);
    add_json_char(b, coded ? (unsigned char)strtoul(hex, NULL, 16) : (unsigned char)*at);
    if (coded) at += 2;
  }
  puts_to(b, "\"");
}

static void add_row_id(struct bytes *b, const struct conn *c, int row) {
  addf(b, "\"%s%016x\"", kind_of(c)->prefix, (unsigned)row);
}

static void add_entity(struct bytes *b, const struct conn *c, int row) {
  addf(b, "{\"created\":\"%s+00:00\",\"modified\":\"%s+00:00\",\"etag\":1,", STAMP, STAMP);
  puts_to(b, "\"createdBy\":\"bad\",\"lastModifiedBy\":\"bad\",\"id\":");
  row ? add_row_id(b, c, row) : add_id(b, c);
  addf(b, ",\"name\":\"Row %d\",%s}", row, kind_of(c)->fields);
}

static void add_receipt(struct bytes *b, const struct conn *c) {
  bool created = !has_id(c);
  addf(b, "{\"etag\":%d,\"id\":", created ? 1 : 2);
  created ? add_row_id(b, c, requests) : add_id(b, c);
  addf(b, ",\"sandboxId\":\"bad\",\"createdDate\":\"%sZ\",\"lastModifiedDate\":\"%sZ\",", STAMP,
       STAMP);
  puts_to(b, "\"createdBy\":\"bad\",\"lastModifiedBy\":\"bad\","
             "\"createdByClientId\":\"bad\",\"lastModifiedByClientId\":\"bad\"}");
}

static void add_link(struct bytes *b, const char *name, const char *href) {
  addf(b, "\"%s\":{\"href\":", name);
  add_json(b, href, strlen(href));
  puts_to(b, ",\"type\":\"application/json\"}");
}

/* Two rows from `first`; next is NULL on the last page. */
static void add_list(struct bytes *b, const struct conn *c, int first, int total,
                     const char *next) {
  puts_to(b, "{\"results\":[");
  add_entity(b, c, first);
  puts_to(b, ",");
  add_entity(b, c, first + 1);
  addf(b, "],\"count\":2,\"total\":%d,\"_links\":{", total);
  add_link(b, "self", from_base(c));
  if (next) puts_to(b, ",");
  if (next) add_link(b, "next", next);
  puts_to(b, "}}");
}

static int ok_body(const struct conn *c, struct bytes *body) {
  bool reads = strcmp(c->method, "GET") == 0 || strcmp(c->method, "HEAD") == 0;
  if (strcmp(c->method, "DELETE") == 0) return 200;
  if (!reads)
    add_receipt(body, c);
  else if (has_id(c))
    add_entity(body, c, 0);
  else
    add_list(body, c, 1, 2, NULL);
  return strcmp(c->method, "POST") == 0 ? 201 : 200;
}

static void answer_ok(struct conn *c) {
  struct bytes body = {0};
  int status = ok_body(c, &body);
  reply(c, status, body.len ? type_of(c->b) : NULL, &body);
  clear(&body);
}

/* The first request of a connection well; the second is read, and then the connection ends. */
static void answer_once(struct conn *c) {
  if (c->answered) return;
  c->after = KEEP;
  answer_ok(c);
}

/* A first page whose next link is the behaviour's text, or the page itself. */
static void answer_astray(struct conn *c) {
  struct bytes body = {0};
  add_list(&body, c, 1, 4, c->b->text ? c->b->text : from_base(c));
  reply(c, 200, type_of(c->b), &body);
  clear(&body);
}

/* Three pages of two rows; row 2 stands on both sides of the first border, so six rows are five
 * objects. */
static void answer_pages(struct conn *c) {
  static const int first[] = {1, 2, 4};
  const char *start = strstr(c->rest, "start=");
  long page = start ? strtol(start + 6, NULL, 10) % 3 : 0;
  struct bytes body = {0}, next = {0};
  const struct kind *kind = kind_of(c);
  addf(&next, "%s?orderby=-modified&limit=2&start=%ld%s", kind->path, page + 1, kind->type_query);
  add_list(&body, c, first[page < 0 ? 0 : page], 6, page == 2 ? NULL : next.data);
  reply(c, 200, type_of(c->b), &body);
  clear(&next);
  clear(&body);
}

static const char *next_line(const char *at, const char *end) {
  const char *newline = memchr(at, '\n', (size_t)(end - at));
  return newline ? newline + 1 : end;
}

/* One header line as a JSON member, its name in lower case. */
static void add_header(struct bytes *b, const char *line, const char *end, bool first) {
  const char *colon = memchr(line, ':', (size_t)(end - line));
  if (!colon) return;
  puts_to(b, first ? "\"" : ",\"");
  for (const char *at = line; at < colon; at++)
    add_json_char(b, (unsigned char)tolower((unsigned char)*at));
  puts_to(b, "\":");
  const char *value = colon + 1;
  while (value < end && isspace((unsigned char)*value))
    value++;
  while (end > value && isspace((unsigned char)end[-1]))
    end--;
  add_json(b, value, (size_t)(end - value));
}

static void add_headers(struct bytes *b, const char *at, const char *end) {
  const char *first = at = next_line(at, end);
  for (const char *next; at < end - 2; at = next) {
    next = next_line(at, end);
    add_header(b, at, next, at == first);
  }
}

static void answer_echo(struct conn *c) {
  struct bytes body = {0};
  addf(&body, "{\"method\":\"%s\",\"target\":", c->method);
  add_json(&body, c->target, strlen(c->target));
  puts_to(&body, ",\"headers\":{");
  add_headers(&body, c->in.data, c->in.data + c->head_len);
  puts_to(&body, "},\"body\":");
  add_json(&body, c->in.data + c->head_len, c->body_len);
  puts_to(&body, "}");
  reply(c, 200, type_of(c->b), &body);
  clear(&body);
}

static void answer_log(struct conn *c) {
  struct bytes body = {0};
  puts_to(&body, "[");
  if (request_log.len) add(&body, request_log.data, request_log.len);
  puts_to(&body, "]\n");
  reply(c, 200, type_of(c->b), &body);
  clear(&body);
}

/* How many requests for the behaviour named next have arrived. */
static void answer_count(struct conn *c) {
  const char *name = *c->rest == '/' ? c->rest + 1 : "";
  struct bytes body = {0};
  addf(&body, "%d\n", request_counts[find_behaviour(name, strlen(name)) - behaviours]);
  reply(c, 200, "text/plain", &body);
  clear(&body);
}

/* What the path asks for: /STATUS/HEX/STATUS/HEX ..., one pair for each request in order, the last
 * for all that follow. HEX is the body; "-" is an empty one. */
static void answer_said(struct conn *c) {
  const char *at = c->rest;
  int turn = request_counts[c->b - behaviours];
  for (const char *next; turn > 1; turn--) {
    next = *at ? strchr(at + 1, '/') : NULL;
    next = next ? strchr(next + 1, '/') : NULL;
    if (!next || !isdigit((unsigned char)next[1])) break;
    at = next;
  }
  int status = (int)strtol(at + 1, NULL, 10);
  const char *hex = strchr(at + 1, '/');
  struct bytes body = {0};
  for (hex = hex ? hex + 1 : ""; isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1]);
       hex += 2) {
    char digits[3] = {hex[0], hex[1], 0}, byte = (char)strtol(digits, NULL, 16);
    add(&body, &byte, 1);
  }
  reply(c, status, type_of(c->b), &body);
  clear(&body);
}

static int hex_digit(char c) {
  const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
  return at ? (int)(at - digits) : -1;
}

/* The whole answer, in hexadecimal: as the header x-answer has it, else the target up to the next
 * "/". */
static void answer_verbatim(struct conn *c) {
  const char *said = header(c, "x-answer"), *at = said ? said : c->rest + (*c->rest == '/');
  for (int high, low; (high = hex_digit(at[0])) >= 0 && (low = hex_digit(at[1])) >= 0; at += 2) {
    char byte = (char)(high << 4 | low);
    add(&c->out, &byte, 1);
  }
}

static void answer_names(struct conn *c) {
  struct bytes body = {0};
  for (const struct behaviour *b = behaviours; b->name; b++)
    addf(&body, "%s\n", b->name);
  reply(c, 404, "text/plain", &body);
  clear(&body);
}

/* --- the table --- */

#define HTML "text/html; charset=utf-8"
#define PAGE(title)                                                                                \
  "<html><head><title>" title "</title></head><body><h1>" title "</h1></body></html>"
#define GATEWAY(code, message) "{\"error_code\":\"" code "\",\"message\":\"" message "\"}"
#define PROBLEM(status, title, detail)                                                             \
  "{\"type\":\"https://ns.adobe.com/aep/errors/DPS-0001-" #status "\",\"title\":\"" title          \
  "\",\"status\":" #status ",\"detail\":\"" detail                                                 \
  "\",\"report\":{\"tenantInfo\":{\"sandboxName\""                                                 \
  ":\"dev\",\"sandboxId\":\"bad\",\"imsOrgId\":\"ORG@AdobeOrg\"},\"additionalContext\":{}}}"
#define FAILS(n, media, lines, body)                                                               \
  {                                                                                                \
    .name = "s" #n, .answer = answer_text, .status = n, .type = media, .headers = lines,           \
    .text = body                                                                                   \
  }
#define GATE(n, code, message) FAILS(n, NULL, NULL, GATEWAY(code, message))
#define PROB(n, lines, title, detail)                                                              \
  FAILS(n, "application/problem+json", lines, PROBLEM(n, title, detail))

static const struct flood huge = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    "10000\r\n", "\r\n", "0\r\n\r\n", 1600};
static const struct flood huge_length = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n", "",
    "", "", 1600};
static const struct flood huge_headers = {"HTTP/1.1 200 OK\r\n", "X-Filler: ", "\r\n",
                                          "Content-Length: 0\r\n\r\n", 256};

const struct behaviour behaviours[] = {
    {.name = "ok", .answer = answer_ok},
    GATE(400, "400003", "Missing header"),
    GATE(401, "401013", "Oauth token is not valid"),
    GATE(403, "403025", "Profile is not valid"),
    PROB(404, NULL, "Not Found", "No such object"),
    PROB(409, NULL, "Conflict", "Entity update has conflict with another operation"),
    PROB(412, NULL, "Precondition Failed", "The etag does not match"),
    PROB(422, NULL, "Unprocessable Entity", "status: not one of the permitted values"),
    FAILS(429, "application/problem+json", "Retry-After: 2",
          "{\"title\":\"RequestRateTooLarge\",\"status\":429}"),
    FAILS(500, HTML, NULL, PAGE("500 Internal Server Error")),
    FAILS(502, HTML, NULL, PAGE("502 Bad Gateway")),
    PROB(503, "Retry-After: 1", "Service Unavailable", "Please try again later"),
    PROB(504, NULL, "Gateway Timeout", "The upstream did not answer"),
    FAILS(301, HTML, "Location: http://127.0.0.2:1/elsewhere", PAGE("Moved Permanently")),
    {.name = "refused_after_accept", .answer = answer_nothing, .after = CLOSE, .early = true},
    {.name = "reset_before", .answer = answer_nothing, .after = RESET},
    {.name = "reset_mid_body", .answer = answer_cut, .after = RESET},
    {.name = "close_mid_body", .answer = answer_cut, .after = CLOSE},
    {.name = "never", .answer = answer_nothing, .after = HOLD},
    {.name = "drip", .answer = answer_ok, .pace_ms = 1000},
    {.name = "slow100", .answer = answer_ok, .delay_ms = 100},
    {.name = "slow1000", .answer = answer_ok, .delay_ms = 1000},
    {.name = "truncated_json",
     .answer = answer_text,
     .status = 200,
     .text = "{\"etag\":1,\"id\":\"dps:fa"},
    {.name = "not_json",
     .answer = answer_text,
     .status = 200,
     .type = HTML,
     .text = PAGE("Sign in")},
    {.name = "wrong_type", .answer = answer_ok, .type = "text/plain"},
    {.name = "bad_utf8",
     .answer = answer_text,
     .status = 200,
     .text = "{\"etag\":1,\"id\":\"dps:fallback-offer:1\",\"createdBy\":\"J\xf8rgen \xc3\x28\"}"},
    {.name = "huge", .answer = answer_flood, .flood = &huge},
    {.name = "huge_length", .answer = answer_flood, .flood = &huge_length},
    {.name = "huge_headers", .answer = answer_flood, .flood = &huge_headers},
    {.name = "garbage",
     .answer = answer_raw,
     .text = "\x16\x03\x01\x02no HTTP\n\n",
     .after = CLOSE},
    {.name = "empty_200", .answer = answer_text, .status = 200},
    {.name = "no_content", .answer = answer_text, .status = 204},
    {.name = "loop", .answer = answer_astray},
    {.name = "evil_next", .answer = answer_astray, .text = "http://127.0.0.2:1/offers?start=1"},
    {.name = "evil_next_at", .answer = answer_astray, .text = "@127.0.0.2:1/offers?start=1"},
    {.name = "pages", .answer = answer_pages},
    {.name = "once_then_close", .answer = answer_once, .after = CLOSE},
    {.name = "once_then_reset", .answer = answer_once, .after = RESET},
    {.name = "echo", .answer = answer_echo},
    {.name = "_log", .answer = answer_log},
    {.name = "_count", .answer = answer_count},
    {.name = "_say", .answer = answer_said},
    {.name = "_say_slowly", .answer = answer_said, .delay_ms = 300},
    {.name = "_say_later", .answer = answer_said, .headers = "Retry-After: 1"},
    {.name = "_say_much_later", .answer = answer_said, .headers = "Retry-After: 3600"},
    {.name = "_verbatim", .answer = answer_verbatim},
    {.answer = answer_names}, /* the end: a name that is not in the table */
};

const struct behaviour *find_behaviour(const char *name, size_t n) {
  const struct behaviour *b = behaviours;
  while (b->name && (strlen(b->name) != n || memcmp(b->name, name, n) != 0))
    b++;
  return b;
}
