/* The Developer Console's credential file; see credentials.h. */
#include "credentials.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "jsonpick.h"

/* The object that the credential's members are in, and where its organisation stands. */
struct found {
  const char *credential, *org;
  bool ended; /* the only credential is one of the JWT flow */
};

static bool refuse(char *why, const char *path, const char *words) {
  snprintf(why, DPS_SECRET_WHY, "%s: %s", path, words);
  return false;
}

static const char ended[] =
    "this credential is of the service account (JWT) flow, which Adobe has ended: in the Developer "
    "Console add an OAuth Server-to-Server credential to the project, and use its JSON file";
static const char unknown[] =
    "there is no CLIENT_ID in it: use the JSON file that the Developer Console hands out for an "
    "OAuth Server-to-Server credential";

/* --- the forms --- */

/* Of the names that a member has in one form or another, the first that is there. */
static const char *any_of(const char *object, const char *const names[]) {
  const char *value = NULL;
  for (; !value && *names; names++)
    value = dps_json_member(object, *names);
  return value;
}

static bool is_jwt(const char *object) {
  static const char *const signs[] = {"PRIVATE_KEY", "PRIVATE_Key", "METASCOPES",
                                      "meta_scopes", "private_key", "PUBLIC_KEYS_WITH_EXPIRY",
                                      "metaScopes",  "jwt",         "privateKey",
                                      "JWT_TOKEN",   NULL};
  return any_of(object, signs) != NULL;
}

static bool is_text(const char *value, const char *text) {
  size_t len = strlen(text);
  return value && *value == '"' && strncmp(value + 1, text, len) == 0 && value[len + 1] == '"';
}

/* The first OAuth credential of a project; JWT ones are remembered. */
static struct found in_project(const char *project) {
  static const char *const path[] = {"workspace", "details", "credentials", NULL};
  static const char *const org[] = {"org", "ims_org_id", NULL};
  struct found found = {.org = dps_json_path(project, org)};
  const char *one = dps_json_first(dps_json_path(project, path));
  for (; one && !found.credential; one = dps_json_next(one)) {
    found.credential = dps_json_member(one, "oauth_server_to_server");
    const char *type = dps_json_member(one, "integration_type");
    found.ended |= !found.credential && (is_jwt(one) || is_text(type, "service"));
  }
  return found;
}

static struct found find(const char *root) {
  static const char *const orgs[] = {"ORG_ID", "IMS_ORG_ID", "ims_org_id",
                                     "org_id", "IMS_ORG",    NULL};
  const char *project = dps_json_member(root, "project");
  if (project) return in_project(project);
  const char *inner = dps_json_member(root, "oauth_server_to_server");
  if (!inner) inner = root;
  const char *org = any_of(root, orgs);
  return (struct found){inner, org ? org : any_of(inner, orgs), is_jwt(root)};
}

/* --- its members --- */

static const char *first_of(const char *value) {
  return value && *value == '[' ? dps_json_first(value) : value;
}

/* False: it does not fit, or memory ran out. Where there is no such text, nothing happens. */
static bool copy_text(const char *value, char *to, size_t room) {
  struct dps_secret text = {0};
  if (!value || *value != '"') return true;
  bool ok = dps_json_text(value, &text) && text.len < room && strlen(text.bytes) == text.len;
  if (ok) memcpy(to, text.bytes, text.len + 1);
  dps_secret_clear(&text);
  return ok;
}

static bool add_scope(const char *value, char *to, size_t room) {
  size_t len = strlen(to);
  if (len && len + 1 < room) memcpy(to + len++, ",", 2);
  return copy_text(value, to + len, room - len);
}

static bool copy_scopes(const char *value, char *to, size_t room) {
  if (!value || *value != '[') return copy_text(value, to, room);
  bool ok = true;
  for (const char *at = dps_json_first(value); ok && at; at = dps_json_next(at))
    ok = add_scope(at, to, room);
  return ok;
}

static bool fill(struct dps_credentials *c, const struct found *found) {
  static const char *const ids[] = {"CLIENT_ID", "client_id", "API_KEY", NULL};
  static const char *const secrets[] = {"CLIENT_SECRETS", "client_secrets", "CLIENT_SECRET",
                                        "client_secret", NULL};
  static const char *const scopes[] = {"SCOPES", "scopes", "SCOPE", "scope", NULL};
  const char *secret = first_of(any_of(found->credential, secrets));
  bool ok = copy_text(any_of(found->credential, ids), c->client_id, sizeof c->client_id) &&
            copy_text(found->org, c->org, sizeof c->org) &&
            copy_scopes(any_of(found->credential, scopes), c->scopes, sizeof c->scopes);
  return ok && (!secret || *secret != '"' || dps_json_text(secret, &c->client_secret));
}

/* --- Postman: values, each with key and value --- */

struct postman {
  const char *key;
  char *to;
  size_t room;
};

static bool fill_one(struct dps_credentials *c, const char *one) {
  const struct postman texts[] = {{"CLIENT_ID", c->client_id, sizeof c->client_id},
                                  {"API_KEY", c->client_id, sizeof c->client_id},
                                  {"IMS_ORG", c->org, sizeof c->org},
                                  {"ORG_ID", c->org, sizeof c->org},
                                  {"SCOPES", c->scopes, sizeof c->scopes}};
  const char *key = dps_json_member(one, "key"), *value = dps_json_member(one, "value");
  if (is_text(key, "CLIENT_SECRET") || is_text(key, "CLIENT_SECRETS"))
    return !value || *value != '"' || dps_json_text(value, &c->client_secret);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (is_text(key, texts[i].key)) return copy_text(value, texts[i].to, texts[i].room);
  return true;
}

static bool fill_postman(struct dps_credentials *c, const char *values) {
  bool ok = true;
  for (const char *one = dps_json_first(values); ok && one; one = dps_json_next(one))
    ok = fill_one(c, one);
  return ok;
}

/* --- the file --- */

static bool parse(struct dps_credentials *c, const struct dps_secret *text, const char *path,
                  char *why) {
  if (!dps_json_is_valid(text->bytes, text->len)) return refuse(why, path, "it is no JSON");
  const char *root = dps_json_root(text->bytes);
  if (*root != '{') return refuse(why, path, "it is no JSON object");
  const char *values = dps_json_member(root, "values");
  struct found found = values ? (struct found){0} : find(root);
  bool ok = values ? fill_postman(c, values) : fill(c, &found);
  if (!ok) return refuse(why, path, "a value in it is longer than such a value can be");
  if (found.ended && (!found.credential || is_jwt(found.credential)))
    return refuse(why, path, ended);
  return c->client_id[0] || refuse(why, path, unknown);
}

bool dps_credentials_read(struct dps_credentials *c, const char *path, char why[DPS_SECRET_WHY]) {
  struct dps_secret text = {0};
  *c = (struct dps_credentials){0};
  bool ok = dps_secret_from_file(&text, path, why) && parse(c, &text, path, why);
  if (!ok) dps_credentials_clear(c);
  dps_secret_clear(&text);
  return ok;
}

void dps_credentials_clear(struct dps_credentials *c) {
  dps_secret_clear(&c->client_secret);
  *c = (struct dps_credentials){0};
}
