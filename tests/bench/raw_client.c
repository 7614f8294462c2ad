/* raw_client URL COUNT IN_FLIGHT: what dps is measured against, libcurl's multi interface and no
 * more.
 *
 * It posts one prebuilt offer COUNT times, IN_FLIGHT at once, with the headers that dps sends (from
 * the same DPS_ variables) and easy handles that are set up once, and prints one line of JSON. It
 * parses no answer: only a status that is not 2xx ends it. */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MAX_IN_FLIGHT = 1024 };

static const char body[] =
    "{\"name\":\"Summer campaign fallback 000001\",\"description\":\"Shown to everybody who "
    "qualifies for no personalized offer of the summer campaign; one of many in a bench\","
    "\"status\":\"approved\",\"rank\":{\"priority\":1},\"selectionConstraint\":{"
    "\"startDate\":\"2022-06-10T00:30:00.000+00:00\",\"endDate\":\"2022-06-30T00:30:00.000+00:00\","
    "\"profileConstraintType\":\"none\"},\"representations\":[{"
    "\"channel\":\"https://ns.adobe.com/xdm/channel-types/web\","
    "\"placement\":\"offerPlacement1234\",\"components\":[{\"type\":\"imagelink\","
    "\"format\":\"image/png\",\"language\":[\"en-us\"],"
    "\"deliveryURL\":\"https://images.example.com/campaigns/summer/fallback-000001.png\","
    "\"linkURL\":\"https://www.example.com/campaigns/summer?offer=000001\"}]}]}";

/* The lines that dps sends, and where a value comes from the environment. scripts/bench shows the
 * bytes of a request for both, so that neither is measured with less to send. */
static const struct {
  const char *start, *variable;
} header_lines[] = {
    {"Authorization: Bearer ", "DPS_ACCESS_TOKEN"},
    {"x-api-key: ", "DPS_API_KEY"},
    {"x-gw-ims-org-id: ", "DPS_IMS_ORG"},
    {"x-sandbox-name: ", "DPS_SANDBOX"},
    {"Content-Type: application/json", NULL},
    {"Accept: application/json", NULL},
    {"Expect:", NULL},
};

static void die(const char *what) {
  fprintf(stderr, "raw_client: %s\n", what);
  exit(1);
}

static struct curl_slist *build_headers(void) {
  struct curl_slist *list = NULL;
  for (size_t i = 0; i < sizeof header_lines / sizeof *header_lines; i++) {
    const char *variable = header_lines[i].variable, *value = variable ? getenv(variable) : "";
    char line[4096];
    if (!value) die(variable);
    snprintf(line, sizeof line, "%s%s", header_lines[i].start, value);
    list = curl_slist_append(list, line);
  }
  return list;
}

static size_t on_bytes(char *data, size_t size, size_t n, void *total) {
  (void)data;
  *(size_t *)total += size * n;
  return size * n;
}

static CURL *new_handle(const char *url, struct curl_slist *headers, size_t *received) {
  CURL *easy = curl_easy_init();
  if (!easy) die("no memory");
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)(sizeof body - 1));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, received);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  return easy;
}

static void check(CURL *easy, CURLcode code) {
  long status = 0;
  if (code != CURLE_OK) die(curl_easy_strerror(code));
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299) die("a status that is not 2xx");
}

/* Takes what has ended and starts the same handle again while there is work. */
static long reap(CURLM *multi, long *started, long count) {
  long ended = 0;
  int left;
  for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));) {
    CURL *easy = m->easy_handle;
    check(easy, m->data.result);
    curl_multi_remove_handle(multi, easy);
    ended++;
    if (*started < count) curl_multi_add_handle(multi, easy), ++*started;
  }
  return ended;
}

static void drive(CURLM *multi, CURL **handles, long in_flight, long count) {
  long started = 0, ended = 0;
  int running;
  for (; started < in_flight && started < count; started++)
    curl_multi_add_handle(multi, handles[started]);
  while (ended < count) {
    curl_multi_perform(multi, &running);
    long n = reap(multi, &started, count);
    ended += n;
    if (!n) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void tell(long count, double seconds, double cpu_seconds) {
  printf("{\"offers\":%ld,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"us_cpu_per_offer\":%.3f,"
         "\"per_second\":%.0f}\n",
         count, seconds, cpu_seconds, cpu_seconds * 1e6 / (double)count, (double)count / seconds);
}

static long number(const char *text, long most) {
  char *end = NULL;
  long n = strtol(text, &end, 10);
  if (*end || n < 1 || n > most) die("COUNT and IN_FLIGHT are whole numbers from 1");
  return n;
}

int main(int argc, char **argv) {
  if (argc != 4) die("usage: raw_client URL COUNT IN_FLIGHT");
  long count = number(argv[2], 1000000000), in_flight = number(argv[3], MAX_IN_FLIGHT);
  CURL *handles[MAX_IN_FLIGHT];
  size_t received = 0;
  curl_global_init(CURL_GLOBAL_ALL);
  CURLM *multi = curl_multi_init();
  struct curl_slist *headers = build_headers();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, in_flight);
  for (long i = 0; i < in_flight; i++)
    handles[i] = new_handle(argv[1], headers, &received);
  double began = now(), used = cpu();
  drive(multi, handles, in_flight, count);
  tell(count, now() - began, cpu() - used);
  for (long i = 0; i < in_flight; i++)
    curl_easy_cleanup(handles[i]);
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  curl_global_cleanup();
  return 0;
}
