/* Bare values of structured fields by the rules of RFC 9651: what is taken, what it becomes when
 * written again, and what is refused. The cases are those that httpwg/structured-field-tests
 * covers, and some of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sf_case.h"

static void test_numbers(void **state) {
  static const struct sf_case cases[] = {
      {ITEM, "42", "="},
      {ITEM, "0", "="},
      {ITEM, "-0", "0"},
      {ITEM, "--0", NULL},
      {ITEM, "-42", "="},
      {ITEM, "042", "42"},
      {ITEM, "-042", "-42"},
      {ITEM, "00", "0"},
      {ITEM, "2,3", NULL},
      {ITEM, "-a23", NULL},
      {ITEM, "4-2", NULL},
      {ITEM, "-", NULL},
      {ITEM, "- 42", NULL},
      {ITEM, "123456789012345", "="},
      {ITEM, "-123456789012345", "="},
      {ITEM, "999999999999999", "="},
      {ITEM, "1234567890123456", NULL},
      {ITEM, "-1234567890123456", NULL},
      {ITEM, "0000000000000001", NULL},
      {ITEM, "1.23", "="},
      {ITEM, "-1.23", "="},
      {ITEM, "1.0", "="},
      {ITEM, "1.00", "1.0"},
      {ITEM, "0.001", "="},
      {ITEM, "-0.5", "="},
      {ITEM, "1.5.4", NULL},
      {ITEM, "1..4", NULL},
      {ITEM, "1.", NULL},
      {ITEM, ".5", NULL},
      {ITEM, "-.5", NULL},
      {ITEM, "1.1234", NULL},
      {ITEM, "123456789012.1", "="},
      {ITEM, "123456789012.123", "="},
      {ITEM, "1234567890123.1", NULL},
      {ITEM, "100000000000.010", "100000000000.01"},
      {ITEM, "1e5", NULL},
      {ITEM, "+1", NULL},
      {ITEM, "1x", NULL},
  };
  (void)state;
  CHECK(cases);
}

static void test_strings(void **state) {
  static const struct sf_case cases[] = {
      {ITEM, "\"foo bar\"", "="},
      {ITEM, "\"\"", "="},
      {ITEM, "\"foo \\\"bar\\\" \\\\ baz\"", "="},
      {ITEM, "\"foo \\,\"", NULL},
      {ITEM, "\"foo \\", NULL},
      {ITEM, "\"foo \\\"", NULL},
      {ITEM, "\"foo", NULL},
      {ITEM, "\"", NULL},
      {ITEM, "'foo'", NULL},
      {ITEM, "f\xc3\xbc", NULL},
      {ITEM, "\"f\xc3\xbc\"", NULL},
      {ITEM, "\" \t \"", NULL},
      {ITEM, "\"a\nb\"", NULL},
      {ITEM, "\"a\rb\"", NULL},
      {ITEM, "\"\x7f\"", NULL},
      {ITEM, "\"a\"b", NULL},
      {ITEM, "\"~ !\"", "="},
  };
  (void)state;
  CHECK(cases);
}

static void test_every_control_and_high_byte_is_refused_in_a_string(void **state) {
  struct dps_sf sf;
  struct dps_sf_fault fault;
  (void)state;
  dps_sf_init(&sf);
  for (int c = 0; c < 256; c++) {
    const char text[] = {'"', 'a', (char)c, 'b', '"'};
    bool fine = c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
    assert_int_equal(dps_sf_parse(&sf, ITEM, text, sizeof text, &fault), fine);
  }
  dps_sf_clear(&sf);
}

static void test_tokens_and_keys_take_just_the_characters_of_the_grammar(void **state) {
  static const char tchar[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz:/";
  static const char key[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.*";
  struct dps_sf sf;
  struct dps_sf_fault fault;
  (void)state;
  dps_sf_init(&sf);
  for (int c = 0; c < 256; c++) {
    const char token[] = {'a', (char)c, 'b'}, name[] = {'a', (char)c, 'b', '=', '1'};
    if (c == '=' || c == ';' || c == ',') continue; /* these end a key and begin something else */
    assert_int_equal(dps_sf_parse(&sf, ITEM, token, 3, &fault), c && strchr(tchar, c));
    assert_int_equal(dps_sf_parse(&sf, DICT, name, 5, &fault), c && strchr(key, c));
    const char first[] = {(char)c, 'b', '=', '1'};
    bool starts = (c >= 'a' && c <= 'z') || c == '*';
    if (c != ' ') assert_int_equal(dps_sf_parse(&sf, DICT, first, 4, &fault), starts);
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
    if (c != ' ' && (c < '0' || c > '9') && c != '-')
      assert_int_equal(dps_sf_parse(&sf, ITEM, first, 2, &fault), letter);
  }
  dps_sf_clear(&sf);
}

static void test_tokens(void **state) {
  static const struct sf_case cases[] = {
      {ITEM, "a_b-c.d3:f%00/*", "="},
      {ITEM, "fooBar", "="},
      {ITEM, "FooBar", "="},
      {ITEM, "*", "="},
      {ITEM, "*foo", "="},
      {LIST, "a_b-c3/*", "="},
      {ITEM, "a(b", NULL},
      {ITEM, "a b", NULL},
      {ITEM, "a\xc3\xa9", NULL},
  };
  (void)state;
  CHECK(cases);
}

static void test_byte_sequences(void **state) {
  static const struct sf_case cases[] = {
      {ITEM, ":aGVsbG8=:", "="},
      {ITEM, "::", "="},
      {ITEM, ":aGVsbG8:", ":aGVsbG8=:"}, /* missing padding is taken (4.2.7) */
      {ITEM, ":iZ==:", ":iQ==:"},        /* and so are bits left over */
      {ITEM, ":/+Ah:", "="},
      {ITEM, ":_-Ah:", NULL},
      {ITEM, ":aGVsbG8=", NULL},
      {ITEM, ":", NULL},
      {ITEM, ":aGVsb G8=:", NULL},
      {ITEM, ":aGVsbG!8=:", NULL},
      {ITEM, ":aGVsbG8=!:", NULL},
      {ITEM, ":=aGVsbG8=:", NULL},
      {ITEM, ":a=GVsbG8=:", NULL},
      {ITEM, ":aGVsbG8==:", NULL},
      {ITEM, ":a:", NULL},
      {ITEM, ":=:", NULL},
      {ITEM, ":\xc3\xbc\xc3\xbc:", NULL},
      {ITEM, ":aGVs\nbG8=:", NULL},
      {ITEM, ":aGVsbG8=:x", NULL},
  };
  (void)state;
  CHECK(cases);
}

static void test_booleans(void **state) {
  static const struct sf_case cases[] = {
      {ITEM, "?1", "="},   {ITEM, "?0", "="},   {ITEM, "?Q", NULL},
      {ITEM, "? 1", NULL}, {ITEM, "?-0", NULL}, {ITEM, "?0.1", NULL},
      {ITEM, "?T", NULL},  {ITEM, "?", NULL},   {ITEM, "?10", NULL},
  };
  (void)state;
  CHECK(cases);
}

static void test_dates(void **state) {
  static const struct sf_case cases[] = {
      {ITEM, "@0", "="},
      {ITEM, "@1659578233", "="},
      {ITEM, "@-1659578233", "="},
      {ITEM, "@253402214400", "="},
      {ITEM, "@-0", "@0"},
      {ITEM, "@253402214400.5", NULL},
      {ITEM, "@1234567890123456", NULL},
      {ITEM, "@", NULL},
      {ITEM, "@a", NULL},
      {ITEM, "@ 1", NULL},
  };
  (void)state;
  CHECK(cases);
}

static void test_display_strings(void **state) {
  static const struct sf_case cases[] = {
      {ITEM, "%\"foo bar\"", "="},
      {ITEM, "%\"\"", "="},
      {ITEM, "%\" !%22#$%25&'()*+,-./0123456789:;<=>?@AZ[\\]^_`az{|}~\"", "="},
      {ITEM, "%\"f%c3%bc%c3%bc\"", "="},
      {ITEM, "%\"%66oo\"", "%\"foo\""},
      {ITEM, "%\"BOM: %ef%bb%bf\"", "="},
      {ITEM, "%\"%f0%9f%92%a9\"", "="},
      {ITEM, "%\"%00\"", "="},
      {ITEM, "%\"f%C3%BC\"", NULL},
      {ITEM, "%\"\t\"", NULL},
      {ITEM, "%\"\n\"", NULL},
      {ITEM, "%\"\xc3\xbc\"", NULL},
      {ITEM, "%'foo'", NULL},
      {ITEM, "%foo", NULL},
      {ITEM, "%foo\"", NULL},
      {ITEM, "%\"foo", NULL},
      {ITEM, "%\"foo %a", NULL},
      {ITEM, "%\"foo %a\"", NULL},
      {ITEM, "%\"foo %", NULL},
      {ITEM, "%\"foo %0g\"", NULL},
      {ITEM, "%\"%c3%28\"", NULL},
      {ITEM, "%\"%a0%a1\"", NULL},
      {ITEM, "%\"%e2%28%a1\"", NULL},
      {ITEM, "%\"%f0%28%8c%28\"", NULL},
      {ITEM, "%\"%ed%a0%80\"", NULL},
      {ITEM, "%\"%c0%80\"", NULL},
      {ITEM, "%", NULL},
  };
  (void)state;
  CHECK(cases);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_every_control_and_high_byte_is_refused_in_a_string),
      cmocka_unit_test(test_tokens_and_keys_take_just_the_characters_of_the_grammar),
      cmocka_unit_test(test_tokens),
      cmocka_unit_test(test_byte_sequences),
      cmocka_unit_test(test_booleans),
      cmocka_unit_test(test_dates),
      cmocka_unit_test(test_display_strings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
