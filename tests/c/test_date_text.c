/* The quick half of dates: what it takes, that it counts as the calendar does, and that everything
 * else is left to the careful half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "date_text.h"

/* Reads a copy of just this size, so that a sanitizer sees any step past its end. */
static size_t wall_of(const char *text, int64_t *wall) {
  size_t len = strlen(text);
  char *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  memcpy(copy, text, len);
  size_t read = dps_date_wall(copy, len, wall);
  free(copy);
  return read;
}

static void test_a_wall_clock_is_read(void **state) {
  (void)state;
  int64_t wall = 0;
  assert_int_equal(wall_of("1970-01-01 00:00", &wall), 16);
  assert_int_equal(wall, 0);
  assert_int_equal(wall_of("2026-12-01T09:30:15", &wall), 19);
  assert_int_equal(wall, INT64_C(1796117415000)); /* date -ud 2026-12-01T09:30:15 +%s */
  assert_int_equal(wall_of("2024-02-29 23:59:59.5+01:00", &wall), 19);
  assert_int_equal(wall, INT64_C(1709251199000));
  assert_int_equal(wall_of("0001-01-01T00:00", &wall), 16);
  assert_int_equal(wall, INT64_C(-62135596800000));
}

static void test_what_needs_a_second_look_is_left(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "2026-12-01",
      "2026-12-01 09:0",
      "2026-12-01 09:00:0",
      "2026-12-01 09:00+01:00",
      "2026-12-01 09:00 ",
      "2026-12-01  9:00",
      "2026-12-01t09:00",
      "2026-12-01 24:00",
      "2026-12-01 09:60",
      "2026-12-01 09:00:60",
      "2026-13-01 09:00",
      "2026-00-01 09:00",
      "2026-12-00 09:00",
      "2026-02-29 09:00",
      "1900-02-29 09:00",
      "2026-04-31 09:00",
      "0000-01-01 09:00",
      "2026/12/01 09:00",
      "-026-12-01 09:00",
      "2026-12-01 09.00",
      "20261201T09:00:0",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    int64_t wall;
    assert_int_equal(wall_of(texts[i], &wall), 0);
  }
}

/* Each third day of all years, at another time of day each. */
static void test_days_are_those_of_the_c_library(void **state) {
  (void)state;
  for (int64_t wall = INT64_C(-62135596800000); wall < INT64_C(253402300800000);
       wall += 3 * 86400000 + 3661007) {
    int64_t floored = (wall - (wall % 1000 + 1000) % 1000) / 1000, again;
    time_t seconds = (time_t)floored;
    struct tm tm;
    char expected[64], out[DPS_DATE_ISO];
    assert_non_null(gmtime_r(&seconds, &tm));
    snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.%03d+00:00",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
             (int)(wall - floored * 1000));
    size_t len = dps_date_iso(wall, 0, out);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(out, expected, len);
    assert_int_equal(dps_date_wall(out, len, &again), 19);
    assert_int_equal(again, floored * 1000);
  }
}

static void assert_text(int64_t wall, int64_t offset, const char *expected) {
  char out[DPS_DATE_ISO];
  assert_int_equal(dps_date_iso(wall, offset, out), strlen(expected));
  assert_memory_equal(out, expected, strlen(expected));
}

static void test_the_offset_is_written_to_the_second(void **state) {
  (void)state;
  assert_text(0, 3600000, "1970-01-01T00:00:00.000+01:00");
  assert_text(-1, -12600000, "1969-12-31T23:59:59.999-03:30");
  assert_text(1, 561000, "1970-01-01T00:00:00.001+00:09:21");
  assert_text(1, -561000, "1970-01-01T00:00:00.001-00:09:21");
}

static void test_the_ends_of_what_can_be_written(void **state) {
  (void)state;
  char out[DPS_DATE_ISO];
  assert_text(INT64_C(-62167219200000), 0, "0000-01-01T00:00:00.000+00:00");
  assert_text(INT64_C(253433923199999), 359999999, "10000-12-31T23:59:59.999+99:59:59");
  assert_int_equal(dps_date_iso(INT64_C(-62167219200001), 0, out), 0);
  assert_int_equal(dps_date_iso(INT64_C(253433923200000), 0, out), 0);
  assert_int_equal(dps_date_iso(INT64_MIN, 0, out), 0);
  assert_int_equal(dps_date_iso(INT64_MAX, 0, out), 0);
  assert_int_equal(dps_date_iso(0, 360000000, out), 0);
  assert_int_equal(dps_date_iso(0, INT64_MIN, out), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_wall_clock_is_read),
      cmocka_unit_test(test_what_needs_a_second_look_is_left),
      cmocka_unit_test(test_days_are_those_of_the_c_library),
      cmocka_unit_test(test_the_offset_is_written_to_the_second),
      cmocka_unit_test(test_the_ends_of_what_can_be_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
