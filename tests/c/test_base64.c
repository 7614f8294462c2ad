/* The promises of base64.h: RFC 4648's own vectors, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base64.h"

static void test_vectors_of_rfc_4648_section_10_hold_both_ways(void **state) {
  static const char *const cases[][2] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[16] = "", bytes[16];
    size_t n = strlen(cases[i][0]), got;
    assert_int_equal(dps_base64_encode(text, cases[i][0], n, DPS_BASE64_PADDED),
                     DPS_BASE64_LENGTH(n));
    assert_string_equal(text, cases[i][1]);
    assert_true(dps_base64_decode(bytes, &got, text, strlen(text), DPS_BASE64_PADDED));
    assert_int_equal(got, n);
    assert_memory_equal(bytes, cases[i][0], n);
  }
}

static void test_the_alphabets_differ_in_two_letters_and_in_padding(void **state) {
  char text[8] = "";
  (void)state;
  assert_int_equal(dps_base64_encode(text, "\xfb\xff\xfe\xff", 4, DPS_BASE64_URL), 6);
  assert_memory_equal(text, "-__-_w", 6);
  assert_int_equal(dps_base64_encode(text, "\xfb\xff\xfe\xff", 4, DPS_BASE64_FIELD), 8);
  assert_memory_equal(text, "+//+/w==", 8);
}

static void test_every_byte_survives_at_every_length(void **state) {
  unsigned char bytes[256], back[DPS_BASE64_BYTES(344)];
  char text[DPS_BASE64_LENGTH(256)];
  (void)state;
  for (size_t i = 0; i < 256; i++)
    bytes[i] = (unsigned char)(i * 7 + 3);
  for (size_t n = 0; n <= 256; n++)
    for (int form = DPS_BASE64_PADDED; form <= DPS_BASE64_URL; form++) {
      size_t got, len = dps_base64_encode(text, bytes, n, (enum dps_base64)form);
      assert_true(dps_base64_decode(back, &got, text, len, (enum dps_base64)form));
      assert_int_equal(got, n);
      assert_memory_equal(back, bytes, n);
    }
}

static void test_what_each_form_refuses(void **state) {
  static const struct {
    const char *text;
    bool padded, field, url;
  } cases[] = {
      {"Zg==", true, true, false},         {"Zg", false, true, true},
      {"Zm8", false, true, true},          {"Zg=", false, false, false},
      {"Zh==", false, true, false},        {"Zh", false, true, false},
      {"Z", false, false, false},          {"=", false, false, false},
      {"====", false, false, false},       {"Z===", false, false, false},
      {"Zg==Zg==", false, false, false},   {"Z=g=", false, false, false},
      {"Zm9v=", false, false, false},      {"Zm9v====", false, false, false},
      {"Zm 9", false, false, false},       {"Zm9v\n", false, false, false},
      {"+/+/", true, true, false},         {"-_-_", false, false, true},
      {"\xc3\xa9zz", false, false, false}, {"Zm9v", true, true, true},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[16];
    size_t n, len = strlen(cases[i].text);
    assert_int_equal(dps_base64_decode(out, &n, cases[i].text, len, DPS_BASE64_PADDED),
                     cases[i].padded);
    assert_int_equal(dps_base64_decode(out, &n, cases[i].text, len, DPS_BASE64_FIELD),
                     cases[i].field);
    assert_int_equal(dps_base64_decode(out, &n, cases[i].text, len, DPS_BASE64_URL), cases[i].url);
  }
}

static void test_decoding_in_place_is_allowed(void **state) {
  char text[] = "Zm9vYmFy";
  size_t n;
  (void)state;
  assert_true(dps_base64_decode(text, &n, text, 8, DPS_BASE64_PADDED));
  assert_memory_equal(text, "foobar", 6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vectors_of_rfc_4648_section_10_hold_both_ways),
      cmocka_unit_test(test_the_alphabets_differ_in_two_letters_and_in_padding),
      cmocka_unit_test(test_every_byte_survives_at_every_length),
      cmocka_unit_test(test_what_each_form_refuses),
      cmocka_unit_test(test_decoding_in_place_is_allowed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
