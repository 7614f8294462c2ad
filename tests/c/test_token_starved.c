/* Memory that runs out in plain C: secrets, tokens and their files with a malloc that fails from
 * the Nth call on, or once, for every N. Whatever was asked for then fails, and says so; nothing
 * leaks, nothing is left half made. malloc is this file's own, by the linker (--wrap,
 * tests/CMakeLists.txt).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "credentials.h"
#include "jsonpick.h"
#include "secret_named.h"
#include "token.h"
#include "token_answer.h"
#include "token_cache.h"
#include "token_fetch.h"

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

static long calls, first, last = -1; /* the first that fails and the last; none: last < 0 */

static bool fails(void) {
  long call = ++calls;
  return last >= 0 && call >= first && call <= last;
}

void *__wrap_malloc(size_t n) {
  return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size) {
  return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t n) {
  return fails() ? NULL : __real_realloc(block, n);
}

/* Runs it with every Nth allocation failing, alone and with all that follow, until it needs no
 * more. It says whether it did what it should; without a failure it must. */
static void starve(bool (*run)(void)) {
  static const long lengths[] = {0, 1L << 40};
  assert_true(run());
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    long n = 1, failed = 0;
    for (bool felt = true; felt; n++) {
      calls = 0, first = n, last = n + lengths[i];
      bool done = run();
      felt = calls >= n;
      last = -1;
      failed += !done;
      if (!felt) assert_true(done);
    }
    print_message("%ld allocations, %ld runs failed\n", n - 2, failed);
    assert_true(failed > 0);
  }
  assert_true(run());
}

/* --- what is run --- */

static char folder[] = "/tmp/dps-starved-XXXXXX";
static char path[64];

static void write_file(const char *text) {
  FILE *file = fopen(path, "w");
  if (!file) abort();
  fputs(text, file);
  fclose(file);
  chmod(path, 0600);
}

static bool secrets_by_name(void) {
  static const char *const list[] = {"DPS_ACCESS_TOKEN=a", "X=y", "DPS_SECRET_A=b", NULL};
  struct dps_secrets secrets = {0};
  bool ok = dps_secrets_take(&secrets, list) && dps_secrets_put(&secrets, "DPS_CLIENT_SECRET", "c");
  if (ok) assert_string_equal(dps_secrets_find(&secrets, "DPS_SECRET_A")->bytes, "b");
  dps_secrets_clear(&secrets);
  return ok;
}

static bool secret_of_a_file(void) {
  char why[DPS_SECRET_WHY] = "";
  struct dps_secret secret = {0};
  bool ok = dps_secret_from_file(&secret, path, why);
  assert_true(ok == (secret.bytes != NULL) && ok == !why[0]);
  dps_secret_clear(&secret);
  return ok;
}

static bool secret_of_a_command(void) {
  char why[DPS_SECRET_WHY] = "";
  char *argv[] = {"echo", "abc", NULL};
  struct dps_secret secret = {0};
  bool ok =
      dps_secret_from_command(&secret, &(struct dps_secret_command){argv, 9000, NULL, NULL}, why);
  assert_true(ok == (secret.bytes != NULL) && ok == !why[0]);
  dps_secret_clear(&secret);
  return ok;
}

static bool token_answer(void) {
  static const char body[] = "{\"access_token\":\"abc\",\"expires_in\":10}";
  static const struct dps_secret secret = {"x", 1};
  struct dps_token_answer answer;
  struct dps_token *token = dps_token_new();
  dps_token_answer_read(&answer, 200, body, strlen(body), &secret);
  bool ok = token && answer.fault == DPS_TOKEN_OK && dps_token_set(token, &answer.token, 10, 5);
  if (token) assert_true(ok == (dps_token_serial(token) == 1));
  dps_token_answer_clear(&answer);
  dps_token_unref(token);
  return ok;
}

static bool credential_file(void) {
  char why[DPS_SECRET_WHY] = "";
  struct dps_credentials found;
  bool ok = dps_credentials_read(&found, path, why);
  assert_true(ok == !why[0]);
  dps_credentials_clear(&found);
  return ok;
}

static bool cache_file(void) {
  char why[DPS_SECRET_WHY] = "";
  struct dps_secret secret = {0}, back = {0};
  long lifetime = 0;
  struct dps_token_cache *cache = dps_token_cache_new(path, "u", "c", "s");
  bool ok = cache && dps_secret_set(&secret, "abc") &&
            dps_token_cache_lock(cache, why) == DPS_CACHE_LOCKED &&
            dps_token_cache_put(cache, &secret, 100, why) &&
            dps_token_cache_get(cache, &back, &lifetime, why) > 0;
  if (ok) assert_string_equal(back.bytes, "abc");
  dps_secret_clear(&secret);
  dps_secret_clear(&back);
  dps_token_cache_free(cache);
  return ok;
}

static int ended;

static void on_ended(void *context) {
  (void)context;
  ended++;
}

/* To a port where nobody is: it must end in any case, once. */
static bool fetch_token(void) {
  static const struct dps_secret secret = {"secret", 6};
  const struct dps_token_settings settings = {
      .url = "http://127.0.0.1:1/t",
      .client_id = "c",
      .scopes = "s",
      .cache = path,
      .client_secret = &secret,
      .http = {.connect_timeout_ms = 1000, .timeout_ms = 1000, .direct = true},
      .ended = on_ended};
  struct dps_loop *loop = dps_loop_new();
  struct dps_token *token = dps_token_new();
  struct dps_token_fetch *fetch =
      loop && token ? dps_token_fetch_new(loop, &settings, token) : NULL;
  bool begun = fetch && dps_token_fetch_start(fetch);
  ended = 0;
  for (int i = 0; begun && i < 1000 && dps_token_fetch_runs(fetch); i++)
    dps_loop_turn(loop, 10);
  if (begun) assert_int_equal(ended, 1);
  if (fetch) assert_int_equal(dps_token_fetch_outcome(fetch)->number, 1);
  bool refused = begun && dps_token_fetch_outcome(fetch)->code == CURLE_COULDNT_CONNECT;
  dps_token_fetch_free(fetch);
  dps_token_unref(token);
  if (loop) dps_loop_free(loop);
  return refused;
}

/* --- tests --- */

static int make_folder(void **state) {
  (void)state;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/file", folder);
  return 0;
}

static int remove_folder(void **state) {
  char lock[80];
  (void)state;
  snprintf(lock, sizeof lock, "%s.lock", path);
  unlink(path);
  unlink(lock);
  return rmdir(folder);
}

static void test_secrets_by_name(void **state) {
  (void)state;
  starve(secrets_by_name);
}

static void test_secrets_of_files_and_commands(void **state) {
  (void)state;
  write_file("abc\n");
  starve(secret_of_a_file);
  starve(secret_of_a_command);
}

static void test_answers_and_tokens(void **state) {
  (void)state;
  starve(token_answer);
}

static void test_credential_files(void **state) {
  (void)state;
  write_file("{\"CLIENT_ID\":\"c\",\"CLIENT_SECRETS\":[\"s\"],\"SCOPES\":[\"a\",\"b\"]}");
  starve(credential_file);
}

static void test_the_shared_file(void **state) {
  (void)state;
  unlink(path);
  starve(cache_file);
}

static void test_requests_for_tokens(void **state) {
  (void)state;
  unlink(path);
  starve(fetch_token);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_secrets_by_name),
      cmocka_unit_test(test_secrets_of_files_and_commands),
      cmocka_unit_test(test_answers_and_tokens),
      cmocka_unit_test(test_credential_files),
      cmocka_unit_test(test_the_shared_file),
      cmocka_unit_test(test_requests_for_tokens),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
