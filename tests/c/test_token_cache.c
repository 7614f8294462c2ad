/* The file of tokens that processes share: what is given out, what is kept, what is left alone. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "token_cache.h"

static char folder[] = "/tmp/dps-cache-XXXXXX";
static char path[64], why[DPS_SECRET_WHY];
static struct dps_token_cache *cache;
static struct dps_secret token;
static long lifetime;

static int make_folder(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/tokens", folder);
  return 0;
}

static int remove_folder(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -r %s", folder);
  FILE *pipe = popen(command, "r");
  return pipe ? pclose(pipe) : -1;
}

static struct dps_token_cache *of(const char *client, const char *scopes) {
  struct dps_token_cache *made = dps_token_cache_new(path, "https://ims/token", client, scopes);
  assert_non_null(made);
  return made;
}

static int open_cache(void **state) {
  (void)state;
  unlink(path);
  why[0] = '\0';
  cache = of("client", "openid");
  return 0;
}

static int close_cache(void **state) {
  (void)state;
  dps_token_cache_free(cache);
  dps_secret_clear(&token);
  return 0;
}

static void put(struct dps_token_cache *to, const char *text, long seconds) {
  struct dps_secret secret = {0};
  assert_true(dps_secret_set(&secret, text));
  if (!dps_token_cache_put(to, &secret, seconds, why)) fail_msg("%s", why);
  dps_secret_clear(&secret);
}

static void write_file(const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  chmod(path, 0600);
}

static const char *read_file(void) {
  static char text[DPS_SECRET_MAX + 1];
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

static long get(struct dps_token_cache *from) {
  return dps_token_cache_get(from, &token, &lifetime, why);
}

static void test_a_token_comes_back_with_what_is_left_of_it(void **state) {
  struct stat st;
  (void)state;
  assert_int_equal(get(cache), 0);
  assert_string_equal(why, "");
  put(cache, "eyJ.one", 3600);
  long left = get(cache);
  assert_true(left >= 3598 && left <= 3600);
  assert_int_equal(lifetime, 3600);
  assert_string_equal(token.bytes, "eyJ.one");
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_each_client_endpoint_and_set_of_scopes_has_its_own(void **state) {
  struct dps_token_cache *other = of("client", "openid,AdobeID"), *third = of("other", "openid");
  (void)state;
  put(cache, "one", 3600);
  put(other, "two", 3600);
  assert_int_equal(get(third), 0);
  assert_true(get(cache) > 0);
  assert_string_equal(token.bytes, "one");
  assert_true(get(other) > 0);
  assert_string_equal(token.bytes, "two");
  put(cache, "three", 3600);
  assert_true(get(other) > 0 && get(cache) > 0);
  assert_string_equal(token.bytes, "three");
  dps_token_cache_free(other);
  dps_token_cache_free(third);
}

/* The own entry of a cache is found by what a put writes: everything else in it is replaced. */
static void rewrite(long obtained, long expires, const char *text) {
  char key[80], file[256];
  put(cache, "x", 3600);
  assert_int_equal(sscanf(read_file(), "{\"dps_tokens\":{\"%64[0-9a-f]", key), 1);
  snprintf(file, sizeof file,
           "{\"dps_tokens\":{\"%s\":{\"access_token\":\"%s\",\"obtained\":%ld,\"expires\":%ld}}}",
           key, text, obtained, expires);
  write_file(file);
}

static void test_nothing_that_has_expired_or_cannot_be_is_given_out(void **state) {
  long now = (long)time(NULL);
  (void)state;
  rewrite(now - 10, now + 10, "good");
  assert_int_equal(get(cache), 10);
  rewrite(now - 3600, now, "good");
  assert_int_equal(get(cache), 0);
  rewrite(now + 3600, now + 7200, "good"); /* the clock was put back */
  assert_int_equal(get(cache), 0);
  rewrite(now, now + 90000, "good"); /* longer than any token lives */
  assert_int_equal(get(cache), 0);
  rewrite(now, now + 60, "bad\\r\\nX: 1");
  assert_int_equal(get(cache), 0);
  rewrite(now, now + 60, "");
  assert_int_equal(get(cache), 0);
}

static void test_entries_of_others_that_expired_are_dropped(void **state) {
  long now = (long)time(NULL);
  struct dps_token_cache *other = of("other", "");
  (void)state;
  rewrite(now - 100, now - 1, "stale-one");
  put(other, "two", 3600);
  assert_null(strstr(read_file(), "stale-one"));
  dps_token_cache_free(other);
}

static void test_a_file_that_is_none_of_ours_is_left_alone(void **state) {
  static const char *const files[] = {"my diary", "{\"tokens\":{}}", "[1]", "{\"dps_tokens\":1}",
                                      "{\"dps_tokens\":{"};
  struct dps_secret secret = {0};
  (void)state;
  assert_true(dps_secret_set(&secret, "one"));
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    write_file(files[i]);
    why[0] = '\0';
    assert_int_equal(get(cache), 0);
    assert_non_null(strstr(why, "it is no file of tokens, and is left alone"));
    assert_false(dps_token_cache_put(cache, &secret, 60, why));
    assert_string_equal(read_file(), files[i]);
  }
  dps_secret_clear(&secret);
}

static void test_a_file_that_others_can_read_is_not_used(void **state) {
  (void)state;
  put(cache, "one", 3600);
  chmod(path, 0644);
  assert_int_equal(get(cache), 0);
  assert_non_null(strstr(why, "everybody can read it"));
}

static void test_where_no_file_can_be_there_is_a_reason(void **state) {
  struct dps_token_cache *nowhere = dps_token_cache_new("/nowhere/tokens", "u", "c", "");
  struct dps_secret secret = {0};
  (void)state;
  assert_true(dps_secret_set(&secret, "one"));
  assert_false(dps_token_cache_put(nowhere, &secret, 60, why));
  assert_non_null(strstr(why, "/nowhere/tokens: No such file or directory"));
  assert_int_equal(dps_token_cache_lock(nowhere, why), DPS_CACHE_FAILED);
  dps_token_cache_free(nowhere);
  dps_secret_clear(&secret);
}

static void test_one_holds_the_lock_until_it_lets_go(void **state) {
  struct dps_token_cache *other = of("other", "");
  (void)state;
  assert_int_equal(dps_token_cache_lock(cache, why), DPS_CACHE_LOCKED);
  assert_int_equal(dps_token_cache_lock(cache, why), DPS_CACHE_LOCKED);
  assert_int_equal(dps_token_cache_lock(other, why), DPS_CACHE_BUSY);
  dps_token_cache_unlock(cache);
  assert_int_equal(dps_token_cache_lock(other, why), DPS_CACHE_LOCKED);
  dps_token_cache_free(other);
  assert_int_equal(dps_token_cache_lock(cache, why), DPS_CACHE_LOCKED);
  assert_string_equal(why, "");
}

static void test_many_processes_never_see_half_a_file(void **state) {
  enum { WRITERS = 4, ROUNDS = 100 };
  (void)state;
  put(cache, "one", 3600);
  for (int i = 0; i < WRITERS; i++) {
    if (fork() != 0) continue;
    struct dps_secret secret = {0};
    dps_secret_set(&secret, "one");
    for (int j = 0; j < ROUNDS; j++)
      if (!dps_token_cache_put(cache, &secret, 3600, why)) _exit(1);
    _exit(0);
  }
  for (int i = 0; i < ROUNDS; i++)
    assert_true(get(cache) > 0);
  for (int i = 0, status; i < WRITERS; i++)
    assert_true(wait(&status) > 0 && status == 0);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_cache, close_cache)
  const struct CMUnitTest tests[] = {
      CASE(test_a_token_comes_back_with_what_is_left_of_it),
      CASE(test_each_client_endpoint_and_set_of_scopes_has_its_own),
      CASE(test_nothing_that_has_expired_or_cannot_be_is_given_out),
      CASE(test_entries_of_others_that_expired_are_dropped),
      CASE(test_a_file_that_is_none_of_ours_is_left_alone),
      CASE(test_a_file_that_others_can_read_is_not_used),
      CASE(test_where_no_file_can_be_there_is_a_reason),
      CASE(test_one_holds_the_lock_until_it_lets_go),
      CASE(test_many_processes_never_see_half_a_file),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
