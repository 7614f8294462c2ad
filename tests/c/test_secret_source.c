/* Where secrets may come from, and what is refused: files by their mode, kind and size; commands by
 * their end, their output and their time. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "secret_source.h"

static char folder[] = "/tmp/dps-secret-XXXXXX";
static char path[64], why[DPS_SECRET_WHY];
static struct dps_secret secret;

static int make_folder(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/secret", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(path);
  return rmdir(folder);
}

static int clear(void **state) {
  (void)state;
  unlink(path);
  dps_secret_clear(&secret);
  return 0;
}

static void write_file(const void *bytes, size_t len, mode_t mode) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, len, file), len);
  fclose(file);
  assert_int_equal(chmod(path, mode), 0);
}

static void refused(bool ok, const char *words) {
  assert_false(ok);
  if (!strstr(why, words)) fail_msg("\"%s\" is not in: %s", words, why);
  assert_null(strchr(why, '\n'));
  assert_null(strstr(why, "hidden-bytes"));
}

/* --- files --- */

static void test_a_file_of_its_owner_is_read_as_it_is(void **state) {
  static const char bytes[] = "a\0b\n\n";
  (void)state;
  write_file(bytes, 5, 0600);
  assert_true(dps_secret_from_file(&secret, path, why));
  assert_int_equal(secret.len, 5);
  assert_memory_equal(secret.bytes, bytes, 6);
  dps_secret_trim(&secret);
  assert_int_equal(secret.len, 3);
  write_file("x", 1, 0400);
  assert_true(dps_secret_from_file(&secret, path, why));
  assert_string_equal(secret.bytes, "x");
}

static void test_a_file_that_others_can_reach_is_refused_with_its_mode(void **state) {
  static const struct {
    mode_t mode;
    const char *words;
  } cases[] = {{0644, "everybody can read it (mode 0644); run chmod 600"},
               {0640, "others than its owner can reach it (mode 0640)"},
               {0604, "everybody can read it"},
               {0620, "(mode 0620)"},
               {0602, "(mode 0602)"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    write_file("hidden-bytes", 12, cases[i].mode);
    refused(dps_secret_from_file(&secret, path, why), cases[i].words);
    assert_non_null(strstr(why, path));
  }
  assert_null(secret.bytes);
}

static void test_what_is_no_file_with_a_secret_is_refused(void **state) {
  static char large[1 << 20];
  (void)state;
  refused(dps_secret_from_file(&secret, path, why), "No such file or directory");
  refused(dps_secret_from_file(&secret, folder, why), "it is a directory");
  refused(dps_secret_from_file(&secret, "/dev/zero", why), "it is no regular file");
  write_file("", 0, 0600);
  refused(dps_secret_from_file(&secret, path, why), "it is empty");
  write_file(large, sizeof large, 0600);
  refused(dps_secret_from_file(&secret, path, why), "it is larger than 64 KiB");
  write_file(large, DPS_SECRET_MAX + 1, 0600);
  refused(dps_secret_from_file(&secret, path, why), "it is larger than 64 KiB");
  write_file(large, DPS_SECRET_MAX, 0600);
  assert_true(dps_secret_from_file(&secret, path, why));
  assert_int_equal(secret.len, DPS_SECRET_MAX);
}

static void test_a_pipe_without_a_writer_is_refused_and_not_waited_for(void **state) {
  (void)state;
  assert_int_equal(mkfifo(path, 0600), 0);
  refused(dps_secret_from_file(&secret, path, why), "it is no regular file");
}

static void test_a_refusal_leaves_the_secret_as_it_was(void **state) {
  (void)state;
  assert_true(dps_secret_set(&secret, "before"));
  refused(dps_secret_from_file(&secret, folder, why), "directory");
  assert_string_equal(secret.bytes, "before");
}

/* --- commands --- */

static int slow;

static void count_slow(const struct dps_secret_command *command) {
  assert_string_equal(command->argv[0], "sh");
  slow++;
}

static bool shell(const char *script, int timeout_ms, const atomic_int *stop) {
  char *argv[] = {"sh", "-c", (char *)script, NULL};
  return dps_secret_from_command(
      &secret, &(struct dps_secret_command){argv, timeout_ms, stop, count_slow}, why);
}

static void test_the_output_of_a_command_is_taken_as_it_is(void **state) {
  (void)state;
  assert_true(shell("printf 'a\\000b\\n'", 5000, NULL));
  assert_int_equal(secret.len, 4);
  assert_memory_equal(secret.bytes, "a\0b\n", 5);
}

static void test_no_shell_looks_at_the_arguments(void **state) {
  char *argv[] = {"printf", "%s", "$HOME; `id` *", NULL};
  (void)state;
  assert_true(
      dps_secret_from_command(&secret, &(struct dps_secret_command){argv, 5000, NULL, NULL}, why));
  assert_string_equal(secret.bytes, "$HOME; `id` *");
}

static void test_a_command_that_gives_nothing_is_refused_with_its_end(void **state) {
  static char *none[] = {"/nowhere/hidden", "hidden-bytes", NULL};
  const struct dps_secret_command missing = {none, 5000, NULL, NULL};
  (void)state;
  refused(dps_secret_from_command(&secret, &missing, why),
          "/nowhere/hidden can't be started: No such");
  refused(shell("printf hidden-bytes; exit 3", 5000, NULL), "sh ended with exit code 3");
  refused(shell("printf hidden-bytes; kill -9 $$", 5000, NULL), "was ended by signal 9");
  refused(shell("true", 5000, NULL), "printed nothing");
  refused(shell("head -c 65537 /dev/zero", 5000, NULL), "printed more than 64 KiB");
  refused(shell("cat /dev/zero", 5000, NULL), "printed more than 64 KiB");
  assert_null(secret.bytes);
}

/* Nobody may be there to bury an orphan: a zombie has ended too. */
static bool is_alive(const char *file) {
  char pid[32] = "", stat[64], line[128] = "";
  FILE *from = fopen(file, "r");
  assert_non_null(from);
  assert_non_null(fgets(pid, sizeof pid, from));
  fclose(from);
  snprintf(stat, sizeof stat, "/proc/%ld/stat", strtol(pid, NULL, 10));
  from = fopen(stat, "r");
  if (!from) return false;
  bool ended = !fgets(line, sizeof line, from) || strstr(line, ") Z");
  fclose(from);
  return !ended;
}

static void test_a_command_that_hangs_is_ended_with_all_that_it_started(void **state) {
  char script[256];
  (void)state;
  snprintf(script, sizeof script, "sleep 50 & echo $! >%s; printf hidden-bytes; wait", path);
  refused(shell(script, 200, NULL), "was stopped after 1 s without an end");
  for (int i = 0; i < 100 && is_alive(path); i++)
    usleep(10000);
  assert_false(is_alive(path));
}

static void test_a_command_that_closes_its_output_and_goes_on_is_ended(void **state) {
  (void)state;
  refused(shell("printf x; exec >&-; sleep 50", 200, NULL), "without an end");
}

static void test_a_command_that_takes_its_time_is_told_of_once(void **state) {
  (void)state;
  slow = 0;
  assert_true(shell("sleep 1.3; printf a", 20000, NULL));
  assert_int_equal(slow, 1);
}

static void test_a_stop_ends_the_wait(void **state) {
  const atomic_int stop = 1;
  (void)state;
  refused(shell("sleep 50", 50000, &stop), "was stopped with the run");
}

static void test_a_command_has_no_input_and_none_of_our_descriptors(void **state) {
  int mine = open("/dev/null", O_RDONLY);
  (void)state;
  assert_true(mine >= 3);
  assert_true(shell("cat; ls /proc/self/fd | tr '\\n' ' '", 5000, NULL));
  assert_string_equal(secret.bytes, "0 1 2 3 "); /* 3: ls itself reads the folder */
  close(mine);
}

static void test_a_command_dies_of_a_closed_pipe_though_we_ignore_that(void **state) {
  (void)state;
  signal(SIGPIPE, SIG_IGN);
  assert_true(shell("yes | head -c 1", 5000, NULL));
  signal(SIGPIPE, SIG_DFL);
}

int main(void) {
#define CASE(f) cmocka_unit_test_teardown(f, clear)
  const struct CMUnitTest tests[] = {
      CASE(test_a_file_of_its_owner_is_read_as_it_is),
      CASE(test_a_file_that_others_can_reach_is_refused_with_its_mode),
      CASE(test_what_is_no_file_with_a_secret_is_refused),
      CASE(test_a_pipe_without_a_writer_is_refused_and_not_waited_for),
      CASE(test_a_refusal_leaves_the_secret_as_it_was),
      CASE(test_the_output_of_a_command_is_taken_as_it_is),
      CASE(test_no_shell_looks_at_the_arguments),
      CASE(test_a_command_that_gives_nothing_is_refused_with_its_end),
      CASE(test_a_command_that_hangs_is_ended_with_all_that_it_started),
      CASE(test_a_command_that_closes_its_output_and_goes_on_is_ended),
      CASE(test_a_command_that_takes_its_time_is_told_of_once),
      CASE(test_a_stop_ends_the_wait),
      CASE(test_a_command_has_no_input_and_none_of_our_descriptors),
      CASE(test_a_command_dies_of_a_closed_pipe_though_we_ignore_that),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
