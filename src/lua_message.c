/* Tables to messages; see lua_message.h. Fields are read raw: a metamethod could hand out a string
 * that nothing keeps. */
#include "lua_message.h"

#include <lauxlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_FIELDS = 1024 };

static int get(lua_State *L, int i, const char *name) {
  lua_pushstring(L, name);
  return lua_rawget(L, i);
}

/* A string of the table, which keeps it; empty when it is absent. */
static struct dps_text text_of(lua_State *L, int i, const char *name) {
  struct dps_text text = {"", 0};
  int type = get(L, i, name);
  if (type == LUA_TSTRING)
    text.at = lua_tolstring(L, -1, &text.len);
  else if (type != LUA_TNIL)
    luaL_error(L, "message: %s must be a string, not a %s", name, luaL_typename(L, -1));
  lua_pop(L, 1);
  return text;
}

/* --- header lines --- */

static struct dps_text trimmed(const char *from, const char *to) {
  while (from < to && (*from == ' ' || *from == '\t'))
    from++;
  while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
    to--;
  return (struct dps_text){from, (size_t)(to - from)};
}

/* False for what is no header line. */
static bool split_line(const char *line, const char *end, struct dps_sign_field *field) {
  const char *colon = memchr(line, ':', (size_t)(end - line));
  if (!colon || colon == line) return false;
  *field = (struct dps_sign_field){{line, (size_t)(colon - line)}, trimmed(colon + 1, end)};
  return true;
}

/* Lines of one string, each ended by LF or CRLF; a status line before them is passed over. */
static size_t split_lines(struct dps_text lines, struct dps_sign_field *fields) {
  size_t n = 0;
  const char *at = lines.at, *stop = lines.at + lines.len;
  while (at < stop) {
    const char *end = memchr(at, '\n', (size_t)(stop - at));
    const char *next = end ? end + 1 : stop;
    if (!end) end = stop;
    if (end > at && end[-1] == '\r') end--;
    bool status = at == lines.at && lines.len > 5 && memcmp(at, "HTTP/", 5) == 0;
    if (!status && split_line(at, end, &fields[n])) n++;
    at = next;
  }
  return n;
}

static size_t count_lines(struct dps_text lines) {
  size_t n = 1;
  for (size_t i = 0; i < lines.len; i++)
    n += lines.at[i] == '\n';
  return n;
}

/* [..., { name, value }] -> [...] */
static void read_pair(lua_State *L, const char *list, lua_Integer i, struct dps_sign_field *field) {
  lua_rawgeti(L, -1, 1);
  lua_rawgeti(L, -2, 2);
  if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "message: %s[%d] must be { name, value }, both strings", list, (int)i);
  field->name.at = lua_tolstring(L, -2, &field->name.len);
  field->value.at = lua_tolstring(L, -1, &field->value.len);
  field->value = trimmed(field->value.at, field->value.at + field->value.len);
  lua_pop(L, 2);
}

/* [..., "Name: value" | { name, value }] -> [...] */
static void read_entry(lua_State *L, const char *list, lua_Integer i,
                       struct dps_sign_field *field) {
  size_t len;
  if (lua_type(L, -1) == LUA_TSTRING) {
    const char *line = lua_tolstring(L, -1, &len);
    if (!split_line(line, line + len, field))
      luaL_error(L, "message: %s[%d] must be a line such as \"Name: value\"", list, (int)i);
  } else if (lua_istable(L, -1)) {
    read_pair(L, list, i, field);
  } else {
    luaL_error(L, "message: %s[%d] must be a string or { name, value }", list, (int)i);
  }
  lua_pop(L, 1);
}

static struct dps_sign_field *new_fields(lua_State *L, size_t n) {
  if (n > MAX_FIELDS) luaL_error(L, "message: more than %d header lines", MAX_FIELDS);
  return lua_newuserdatauv(L, (n ? n : 1) * sizeof(struct dps_sign_field), 0);
}

/* Pushes one value. */
static const struct dps_sign_field *read_fields(lua_State *L, int i, const char *name,
                                                size_t *count) {
  struct dps_sign_field *fields = NULL;
  int type = get(L, i, name);
  *count = 0;
  if (type == LUA_TSTRING) {
    struct dps_text lines = text_of(L, i, name);
    fields = new_fields(L, count_lines(lines));
    *count = split_lines(lines, fields);
  } else if (type == LUA_TTABLE) {
    size_t n = (size_t)lua_rawlen(L, -1);
    fields = new_fields(L, n);
    for (lua_Integer k = 1; k <= (lua_Integer)n; k++) {
      lua_rawgeti(L, -2, k);
      read_entry(L, name, k, &fields[k - 1]);
    }
    *count = n;
  } else if (type == LUA_TNIL) {
    return NULL;
  } else {
    luaL_error(L, "message: %s must be a string or a list of lines", name);
  }
  lua_remove(L, -2);
  return fields;
}

/* --- the message --- */

static void read_body(lua_State *L, int i, struct dps_sign_message *m) {
  bool unknown = get(L, i, "body") == LUA_TBOOLEAN && !lua_toboolean(L, -1);
  lua_pop(L, 1);
  m->body = unknown ? (struct dps_text){NULL, 0} : text_of(L, i, "body");
}

/* Of the one Host line; two of them name no host. */
static struct dps_text host_of(const struct dps_sign_message *m) {
  const struct dps_sign_field *found = NULL;
  for (size_t i = 0; i < m->field_count; i++) {
    const struct dps_sign_field *field = &m->fields[i];
    if (field->name.len != 4 || strncasecmp(field->name.at, "host", 4) != 0) continue;
    if (found) return (struct dps_text){"", 0};
    found = field;
  }
  return found ? found->value : (struct dps_text){"", 0};
}

/* A server knows its scheme, and the rest of the URI from the message; of one without a proper Host
 * line there is no URI. Pushes one value. */
static void make_uri(lua_State *L, int i, struct dps_sign_message *m) {
  struct dps_text scheme = text_of(L, i, "scheme");
  if (m->target_uri.len || !m->request_target.len || !scheme.len) return lua_pushnil(L);
  size_t size = scheme.len + host_of(m).len + m->request_target.len + 16;
  char *kept = lua_newuserdatauv(L, size, 0);
  struct dps_buf uri;
  dps_buf_init(&uri, size);
  if (dps_sign_target_uri(&uri, scheme, host_of(m), m->request_target, NULL)) {
    memcpy(kept, dps_buf_str(&uri), uri.len);
    m->target_uri = (struct dps_text){kept, uri.len};
  }
  dps_buf_clear(&uri);
}

static int status_of(lua_State *L, int i) {
  int type = get(L, i, "status");
  lua_Integer status = type == LUA_TNIL ? 0 : luaL_checkinteger(L, -1);
  lua_pop(L, 1);
  if (status != 0 && (status < 100 || status > 999))
    luaL_error(L, "message: status must be a number from 100 to 999");
  return (int)status;
}

static void read_message(lua_State *L, int i, struct dps_sign_message *m) {
  *m = (struct dps_sign_message){
      .method = text_of(L, i, "method"),
      .target_uri = text_of(L, i, "target_uri"),
      .request_target = text_of(L, i, "request_target"),
      .status = status_of(L, i),
  };
  read_body(L, i, m);
  m->fields = read_fields(L, i, "headers", &m->field_count);
  m->trailers = read_fields(L, i, "trailers", &m->trailer_count);
  make_uri(L, i, m);
}

void dps_check_message(lua_State *L, int i, struct dps_sign_message *m) {
  i = lua_absindex(L, i);
  luaL_checktype(L, i, LUA_TTABLE);
  luaL_checkstack(L, DPS_MESSAGE_SLOTS + 8, NULL);
  read_message(L, i, m);
  if (get(L, i, "request") == LUA_TNIL) return;
  luaL_argexpected(L, lua_istable(L, -1), i, "a message whose request is a message too");
  struct dps_sign_message *request = lua_newuserdatauv(L, sizeof *request, 0);
  read_message(L, lua_absindex(L, -2), request);
  m->request = request;
}
