/* Key material is gone from the process once a key is freed: every writable byte of memory is
 * searched for it. The test itself holds it only inverted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base64.h"
#include "sign_key.h"

/* https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html; inverted, for it must not find
 * itself. */
struct needle {
  unsigned char inverted[64];
  size_t len;
};

static struct needle hide(const void *bytes, size_t len) {
  struct needle needle = {.len = len};
  for (size_t i = 0; i < len; i++)
    needle.inverted[i] = (unsigned char)~((const unsigned char *)bytes)[i];
  return needle;
}

static bool matches(const unsigned char *p, const struct needle *needle) {
  for (size_t i = 0; i < needle->len; i++)
    if ((p[i] ^ needle->inverted[i]) != 0xff) return false;
  return true;
}

/* Reads by way of the kernel: some of what is mapped cannot be read. */
static size_t count_in(FILE *memory, unsigned long from, unsigned long to,
                       const struct needle *needle) {
  static unsigned char block[65536 + 64];
  size_t found = 0;
  for (unsigned long at = from; at < to; at += 65536) {
    size_t want = to - at < sizeof block ? to - at : sizeof block;
    if (fseek(memory, (long)at, SEEK_SET)) break;
    size_t n = fread(block, 1, want, memory);
    for (size_t i = 0; i + needle->len <= n && i < 65536; i++)
      found += matches(block + i, needle);
  }
  explicit_bzero(block, sizeof block);
  return found;
}

static size_t count_everywhere(const struct needle *needle) {
  FILE *maps = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/mem", "rb");
  char line[512], access[8];
  unsigned long from, to;
  size_t found = 0;
  assert_true(maps && memory);
  setvbuf(memory, NULL, _IONBF, 0);
  while (fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3 && access[1] == 'w' &&
        to - from < 1UL << 28)
      found += count_in(memory, from, to, needle);
  fclose(memory);
  fclose(maps);
  return found;
}

static void use_and_free(struct dps_sign_key *key) {
  unsigned char signature[DPS_SIGNATURE_LONGEST];
  struct dps_buf text;
  size_t n;
  assert_non_null(key);
  dps_buf_init(&text, 1000);
  assert_true(dps_sign_key_thumbprint(key, &text));
  assert_true(dps_sign_bytes(key, "text", 4, signature, &n, NULL));
  assert_true(dps_verify_bytes(key, "text", 4, signature, n, NULL));
  dps_buf_clear(&text);
  dps_sign_key_free(key);
}

/* A key of these bytes, which are wiped; true where it can be read. */
static bool run(char *bytes, size_t len) {
  struct dps_sign_fault fault;
  const struct dps_sign_key_source source = {.bytes = bytes, .len = len};
  struct dps_sign_key *key = dps_sign_key_new(&source, &fault);
  explicit_bzero(bytes, len);
  bool ok = key != NULL;
  if (ok) use_and_free(key);
  return ok;
}

static void fill(char *secret, size_t len, char first) {
  for (size_t i = 0; i < len; i++)
    secret[i] = (char)(first + (char)(i * 7 % 26));
}

static void test_a_shared_secret_is_wiped(void **state) {
  char secret[48];
  (void)state;
  fill(secret, sizeof secret, 'a');
  struct needle needle = hide(secret, 24);
  assert_true(count_everywhere(&needle) > 0); /* the search finds what is there */
  assert_true(run(secret, sizeof secret));
  assert_int_equal(count_everywhere(&needle), 0);
}

static void test_a_jwk_is_wiped_also_where_it_is_refused(void **state) {
  static const char *const tails[] = {"\"}", "\",\"key_ops\":[],\"n\":123456789012345678}", "=\"}",
                                      "\",}"};
  char text[256];
  (void)state;
  for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
    memcpy(text, "{\"kty\":\"oct\",\"k\":\"", 18);
    fill(text + 18, 48, 'A');
    memcpy(text + 66, tails[i], strlen(tails[i]));
    unsigned char decoded[DPS_BASE64_BYTES(48)];
    size_t n;
    assert_true(dps_base64_decode(decoded, &n, text + 18, 48, DPS_BASE64_URL));
    struct needle written = hide(text + 18, 40), bytes = hide(decoded, n);
    assert_true(count_everywhere(&bytes) > 0);
    explicit_bzero(decoded, sizeof decoded);
    assert_int_equal(run(text, 66 + strlen(tails[i])), i < 2);
    assert_int_equal(count_everywhere(&written), 0);
    assert_int_equal(count_everywhere(&bytes), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_shared_secret_is_wiped),
      cmocka_unit_test(test_a_jwk_is_wiped_also_where_it_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
