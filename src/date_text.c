/* Years are counted from March, so that the leap day is the last day of one; an era is 400 years,
 * 146097 days (lua/dps/date/civil.lua counts in the same way). */
#include "date_text.h"

#include <stdbool.h>

static const int64_t day_ms = 86400000;
static const int64_t first_wall = INT64_C(-62167219200000); /* 0000-01-01 */
static const int64_t last_wall = INT64_C(253433923199999);  /* the last one of the year 10000 */
static const int64_t furthest = INT64_C(100) * 3600000;

struct day {
  int year, month, day;
};

static int64_t days_of(struct day d) {
  int year = d.month <= 2 ? d.year - 1 : d.year;
  int era = (year >= 0 ? year : year - 399) / 400;
  int of_era = year - era * 400;
  int of_year = (153 * ((d.month + 9) % 12) + 2) / 5 + d.day - 1;
  return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* No day here lies before the era that the count begins with, except in the year 0. */
static struct day day_of(int64_t days) {
  int shifted = (int)days + 719468;
  int era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  int of_era = shifted - era * 146097;
  int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int of_year = of_era - (365 * year + year / 4 - year / 100);
  int month = (5 * of_year + 2) / 153;
  return (struct day){year + era * 400 + (month >= 10), (month + 2) % 12 + 1,
                      of_year - (153 * month + 2) / 5 + 1};
}

static int month_days(int year, int month) {
  static const int usual[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : usual[month - 1];
}

static bool exists(struct day d) {
  return d.year >= 1 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
         d.day <= month_days(d.year, d.month);
}

/* Whether text has the form: 0 stands for a digit, a space also for T. */
static bool has_form(const char *text, const char *form) {
  for (; *form; text++, form++) {
    if (*form == '0' ? *text < '0' || *text > '9'
                     : *text != *form && (*form != ' ' || *text != 'T'))
      return false;
  }
  return true;
}

static int two(const char *digits) {
  return (digits[0] - '0') * 10 + digits[1] - '0';
}

size_t dps_date_wall(const char *text, size_t len, int64_t *wall) {
  if (len < 16 || !has_form(text, "0000-00-00 00:00")) return 0;
  if (len > 16 && (len < 19 || !has_form(text + 16, ":00"))) return 0;
  struct day d = {two(text) * 100 + two(text + 2), two(text + 5), two(text + 8)};
  int hour = two(text + 11), minute = two(text + 14), second = len > 16 ? two(text + 17) : 0;
  if (!exists(d) || hour > 23 || minute > 59 || second > 59) return 0;
  *wall = days_of(d) * day_ms + ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
  return len > 16 ? 19 : 16;
}

/* Returns what follows; leading zeros fill the width. */
static char *digits(char *to, int number, int width) {
  for (int i = width; i-- > 0; number /= 10)
    to[i] = (char)('0' + number % 10);
  return to + width;
}

static char *after(char *to, char mark, int number, int width) {
  *to = mark;
  return digits(to + 1, number, width);
}

static char *put_offset(char *to, int64_t offset) {
  int seconds = (int)((offset < 0 ? -offset : offset) / 1000);
  to = after(to, offset < 0 ? '-' : '+', seconds / 3600, 2);
  to = after(to, ':', seconds / 60 % 60, 2);
  return seconds % 60 ? after(to, ':', seconds % 60, 2) : to;
}

static char *put_clock(char *to, int ms) {
  to = after(to, 'T', ms / 3600000, 2);
  to = after(to, ':', ms / 60000 % 60, 2);
  to = after(to, ':', ms / 1000 % 60, 2);
  return after(to, '.', ms % 1000, 3);
}

size_t dps_date_iso(int64_t wall, int64_t offset, char out[DPS_DATE_ISO]) {
  if (wall < first_wall || wall > last_wall || offset <= -furthest || offset >= furthest) return 0;
  int64_t days = (wall >= 0 ? wall : wall - day_ms + 1) / day_ms;
  struct day d = day_of(days);
  char *to = digits(out, d.year, d.year > 9999 ? 5 : 4);
  to = after(to, '-', d.month, 2);
  to = after(to, '-', d.day, 2);
  to = put_clock(to, (int)(wall - days * day_ms));
  return (size_t)(put_offset(to, offset) - out);
}
