/* Items, lists and dictionaries of structured fields (RFC 9651) with their parameters: taken,
 * written again, refused; and the ceilings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sf_case.h"

static void test_items(void **state) {
  static const struct sf_case cases[] = {
      {ITEM, "", NULL},
      {ITEM, " ", NULL},
      {ITEM, "  1", "1"},
      {ITEM, "1  ", "1"},
      {ITEM, "\t1", NULL},
      {ITEM, "1\t", NULL},
      {ITEM, "1 2", NULL},
      {ITEM, "1,", NULL},
      {ITEM, "(1)", NULL},
      {ITEM, "1;a", "="},
      {ITEM, "1; a;b=?0", "1;a;b=?0"},
      {ITEM, "1;a=?1", "1;a"},
      {ITEM, "5;foo=bar", "="},
      {ITEM, "1 ;a", NULL},
      {ITEM, "2; foourl=\"https://foo.example.com/\"", "2;foourl=\"https://foo.example.com/\""},
  };
  (void)state;
  CHECK(cases);
}

static void test_lists(void **state) {
  static const struct sf_case cases[] = {
      {LIST, "1, 42", "="},
      {LIST, "", "="},
      {LIST, " ", ""},
      {LIST, "42", "="},
      {LIST, "1,42", "1, 42"},
      {LIST, "1 , 42", "1, 42"},
      {LIST, "1\t,\t42", "1, 42"},
      {LIST, "  1,42  ", "1, 42"},
      {LIST, "1, 42,", NULL},
      {LIST, "1,,42", NULL},
      {LIST, ",1", NULL},
      {LIST, "1 42", NULL},
      {LIST, "1\t", "1"},
      {LIST, "\t1", NULL},
      {LIST, "(1 2), (42 43)", "="},
      {LIST, "(42)", "="},
      {LIST, "()", "="},
      {LIST, "(  )", "()"},
      {LIST, "(1),(),(42)", "(1), (), (42)"},
      {LIST, "(  1  42  )", "(1 42)"},
      {LIST, "(1\t 42)", NULL},
      {LIST, "(1\t)", NULL},
      {LIST, "(1 42", NULL},
      {LIST, "(1", NULL},
      {LIST, "(", NULL},
      {LIST, "(1,2)", NULL},
      {LIST, "(\"a\"\"b\")", NULL},
      {LIST, "((1))", NULL},
      {LIST, "1)", NULL},
      {LIST, "(abc_123);a=1;b=2, cdef_456", "="},
      {LIST, "(abc_123;a=1;b=2;cdef_456)", "="},
      {LIST, "(abc_123;a=1 x;b);cdef_456", "="},
      {LIST, "(\"foo\"; a=1;b=2);lvl=5, (\"bar\" \"baz\");lvl=1",
       "(\"foo\";a=1;b=2);lvl=5, (\"bar\" \"baz\");lvl=1"},
      {LIST, "abc_123;a=1;b=2; cdef_456, ghi;q=9;r=\"+w\"",
       "abc_123;a=1;b=2;cdef_456, ghi;q=9;r=\"+w\""},
      {LIST, "text/html  ,  text/plain;  q=0.5;  charset=utf-8",
       "text/html, text/plain;q=0.5;charset=utf-8"},
      {LIST, "text/html, text/plain;q =0.5", NULL},
      {LIST, "text/html, text/plain;q= 0.5", NULL},
      {LIST, "text/html, text/plain ;q=0.5", NULL},
      {LIST, "text/html;", NULL},
      {LIST, "text/html;;a", NULL},
      {LIST, "a;b;\tc", NULL},
      {LIST, "a;B", NULL},
      {LIST, "a;=1", NULL},
      {LIST, "a;b=", NULL},
      {LIST, "a;b=(1)", NULL},
      {LIST, "a;b=1;c;b=2", "a;b=2;c"}, /* the last value, in the first one's place */
  };
  (void)state;
  CHECK(cases);
}

static void test_dictionaries(void **state) {
  static const struct sf_case cases[] = {
      {DICT, "en=\"Applepie\", da=:w4ZibGV0w6ZydGUK:", "="},
      {DICT, "", "="},
      {DICT, "a=1", "="},
      {DICT, "a=(1 2)", "="},
      {DICT, "a=(1)", "="},
      {DICT, "a=()", "="},
      {DICT, "a=1,b=2", "a=1, b=2"},
      {DICT, "a=1 ,  b=2", "a=1, b=2"},
      {DICT, "a=1\t,\tb=2", "a=1, b=2"},
      {DICT, "     a=1 ,  b=2", "a=1, b=2"},
      {DICT, "a=1, b, c=3", "="},
      {DICT, "a, b", "="},
      {DICT, "a, b;foo=9, c=3", "="},
      {DICT, "a=?0, b, c; foo=bar", "a=?0, b, c;foo=bar"},
      {DICT, "a=?1", "a"},
      {DICT, "a=?1;x", "a;x"},
      {DICT, "a=1, b=?1;foo=9, c=3", "a=1, b;foo=9, c=3"},
      {DICT, "a=1, b=2,", NULL},
      {DICT, "a=1,,b=2", NULL},
      {DICT, ",a=1", NULL},
      {DICT, "a=1,b=2,a=3", "a=3, b=2"},
      {DICT, "a=1,b=2,a=(3)", "a=(3), b=2"},
      {DICT, "a=1,1b=2,a=1", NULL},
      {DICT, "a=1,B=2,a=1", NULL},
      {DICT, "a=1,b!=2,a=1", NULL},
      {DICT, "a =1, b=2", NULL},
      {DICT, "a= 1", NULL},
      {DICT, "a=", NULL},
      {DICT, "=1", NULL},
      {DICT, "a=1 b=2", NULL},
      {DICT, "a=1;b", "="},
      {DICT, "*a=1, a*=2, a.b-c_d=3", "="},
      {DICT, "rating=1.5, feelings=(joy sadness)", "="},
      {DICT, "a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid", "="},
      {DICT, "a=(1 2); q=1.0", "a=(1 2);q=1.0"},
      {DICT, "a=b;  c=1  ,  d=e; f=2; g=3", "a=b;c=1, d=e;f=2;g=3"},
      {DICT, "a=3;c;d=5", "="},
      {DICT, "a=3;c=5;d", "="},
  };
  (void)state;
  CHECK(cases);
}

static void test_what_came_twice_says_so(void **state) {
  struct dps_sf sf;
  struct dps_sf_fault fault;
  (void)state;
  dps_sf_init(&sf);
  assert_true(dps_sf_parse(&sf, DICT, "a=1;x;y;x, b=2, a=3", 19, &fault));
  assert_int_equal(sf.member_count, 2);
  assert_true(dps_sf_member(&sf, "a", 1)->repeated);
  assert_false(dps_sf_member(&sf, "b", 1)->repeated);
  assert_null(dps_sf_member(&sf, "c", 1));
  assert_true(dps_sf_parse(&sf, LIST, "a;x;y;x=2, a", 12, &fault));
  assert_int_equal(sf.member_count, 2);
  struct dps_sf_run params = sf.items[0].params;
  assert_int_equal(params.count, 2);
  assert_true(dps_sf_param(&sf, params, "x")->repeated);
  assert_int_equal(dps_sf_param(&sf, params, "x")->value.number, 2);
  assert_false(dps_sf_param(&sf, params, "y")->repeated);
  dps_sf_clear(&sf);
}

static void test_values_are_decoded(void **state) {
  static const char text[] = "s=\"a\\\"b\", d=-1.25, b=:AAH/:, n=-7, t=tok/en, w=@5, u=%\"%c3%bc\"";
  struct dps_sf sf;
  struct dps_sf_fault fault;
  (void)state;
  dps_sf_init(&sf);
  assert_true(dps_sf_parse(&sf, DICT, text, sizeof text - 1, &fault));
#define VALUE(key) (sf.items[dps_sf_member(&sf, key, 1)->items.first].value)
  assert_int_equal(VALUE("s").type, DPS_SF_STRING);
  assert_int_equal(VALUE("s").text.len, 3);
  assert_memory_equal(VALUE("s").text.at, "a\"b", 3);
  assert_int_equal(VALUE("d").type, DPS_SF_DECIMAL);
  assert_int_equal(VALUE("d").number, -1250);
  assert_int_equal(VALUE("b").type, DPS_SF_BYTES);
  assert_int_equal(VALUE("b").text.len, 3);
  assert_memory_equal(VALUE("b").text.at, "\0\1\xff", 3);
  assert_int_equal(VALUE("n").type, DPS_SF_INTEGER);
  assert_int_equal(VALUE("n").number, -7);
  assert_int_equal(VALUE("t").type, DPS_SF_TOKEN);
  assert_int_equal(VALUE("w").type, DPS_SF_DATE);
  assert_int_equal(VALUE("u").type, DPS_SF_DISPLAY);
  assert_memory_equal(VALUE("u").text.at, "\xc3\xbc", 2);
  dps_sf_clear(&sf);
}

static void test_a_fault_says_where(void **state) {
  struct dps_sf sf;
  struct dps_sf_fault fault;
  (void)state;
  dps_sf_init(&sf);
  assert_false(dps_sf_parse(&sf, DICT, "a=1, b=\"x", 9, &fault));
  assert_int_equal(fault.at, 9);
  assert_false(dps_sf_parse(&sf, DICT, "a=1, B=2", 8, &fault));
  assert_int_equal(fault.at, 5);
  assert_int_equal(sf.member_count, 0);
  dps_sf_clear(&sf);
}

static void test_the_ceilings_hold(void **state) {
  static char text[DPS_SF_LONGEST + 2];
  struct dps_sf sf;
  struct dps_sf_fault fault;
  (void)state;
  dps_sf_init(&sf);
  for (size_t n = 1; n <= DPS_SF_MOST + 1; n++) {
    memcpy(text + 2 * (n - 1), "1,", 2);
    if (n < DPS_SF_MOST - 1) continue;
    assert_int_equal(dps_sf_parse(&sf, LIST, text, 2 * n - 1, &fault), n <= DPS_SF_MOST);
  }
  memset(text, 'a', sizeof text);
  assert_true(dps_sf_parse(&sf, ITEM, text, DPS_SF_LONGEST, &fault));
  assert_false(dps_sf_parse(&sf, ITEM, text, DPS_SF_LONGEST + 1, &fault));
  dps_sf_clear(&sf);
}

static void test_what_has_no_serialised_form_is_refused(void **state) {
  static const struct dps_sf_value bad[] = {
      {DPS_SF_INTEGER, 1000000000000000, {NULL, 0}},
      {DPS_SF_INTEGER, -1000000000000000, {NULL, 0}},
      {DPS_SF_INTEGER, INT64_MIN, {NULL, 0}},
      {DPS_SF_INTEGER, INT64_MAX, {NULL, 0}},
      {DPS_SF_DECIMAL, 1000000000000000, {NULL, 0}},
      {DPS_SF_DECIMAL, INT64_MIN, {NULL, 0}},
      {DPS_SF_DATE, INT64_MIN, {NULL, 0}},
      {DPS_SF_STRING, 0, {"a\nb", 3}},
      {DPS_SF_STRING, 0, {"\x7f", 1}},
      {DPS_SF_STRING, 0, {"\xc3\xa9", 2}},
      {DPS_SF_STRING, 0, {"a\0b", 3}},
      {DPS_SF_TOKEN, 0, {"", 0}},
      {DPS_SF_TOKEN, 0, {"1a", 2}},
      {DPS_SF_TOKEN, 0, {"a b", 3}},
      {DPS_SF_TOKEN, 0, {"a\0", 2}},
      {DPS_SF_DISPLAY, 0, {"\xc3", 1}},
  };
  static const struct dps_text keys[] = {{"", 0},    {"A", 1},  {"1a", 2},  {"_a", 2},
                                         {"a b", 3}, {"aB", 2}, {"a\0", 2}, {"a=", 2}};
  struct dps_buf out;
  (void)state;
  dps_buf_init(&out, 100);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(dps_sf_write_value(&out, &bad[i]));
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    assert_false(dps_sf_write_key(&out, keys[i]));
  dps_buf_reset(&out);
  assert_true(dps_sf_write_integer(&out, 999999999999999) &&
              dps_sf_write_integer(&out, -999999999999999));
  assert_string_equal(dps_buf_str(&out), "999999999999999-999999999999999");
  dps_buf_clear(&out);
}

static void test_every_prefix_of_a_good_field_is_handled(void **state) {
  static const char text[] =
      "sig1=(\"@method\" \"@query-param\";name=\"x\" \"a\";bs;req);created=1618884473;"
      "keyid=\"k\\\"ey\";w=1.5;d=@4;u=%\"%c3%a9\", sig2=:AAAA:, t=?0, x;y";
  struct dps_sf sf;
  struct dps_sf_fault fault;
  (void)state;
  dps_sf_init(&sf);
  for (size_t n = 0; n < sizeof text; n++) {
    char *exact = malloc(n ? n : 1);
    memcpy(exact, text, n);
    dps_sf_parse(&sf, DICT, exact, n, &fault);
    dps_sf_parse(&sf, LIST, exact, n, &fault);
    free(exact);
  }
  dps_sf_clear(&sf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_items),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_dictionaries),
      cmocka_unit_test(test_what_came_twice_says_so),
      cmocka_unit_test(test_values_are_decoded),
      cmocka_unit_test(test_a_fault_says_where),
      cmocka_unit_test(test_the_ceilings_hold),
      cmocka_unit_test(test_what_has_no_serialised_form_is_refused),
      cmocka_unit_test(test_every_prefix_of_a_good_field_is_handled),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
