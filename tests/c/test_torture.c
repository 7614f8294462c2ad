/* Memory that runs out: from the Nth allocation of Lua on every one fails, or some do, for N = 1,
 * 2, 3 ... until the script needs no more. Each run must end, without a crash or a leak, and the
 * engine must close. json.decode is left out: lua-cjson leaks its buffer when memory ends inside of
 * it. DPS_TORTURE=full tries every N; otherwise the steps grow, and the time is bounded. */
#include <stdbool.h>
#include <time.h>

#include "embed_host.h"

enum { BOUND_S = 8 };

static const char *const scripts[] = {
    /* tasks, sleeps, joins, cancels, variables to close */
    "local function guard(f) return setmetatable({}, {__close = f or function() end}) end\n"
    "local tasks = {}\n"
    "for i = 1, 5 do\n"
    "  tasks[i] = dps.spawn(function(...)\n"
    "    local a <close> = guard(function() dps.sleep(0) dps.spawn(dps.sleep, 0) end)\n"
    "    dps.sleep(i / 10000)\n"
    "    if i == 3 then error('task ' .. i) end\n"
    "    return i, ...\n"
    "  end, i, {}, 'argument')\n"
    "end\n"
    "tasks[5]:cancel()\n"
    "for i = 1, 5 do pcall(tasks[i].wait, tasks[i]) end\n"
    "table.sort({3, 2, 1}, function(a, b) dps.sleep(0) return a < b end)\n"
    "local co = coroutine.wrap(function() local b <close> = guard() coroutine.yield(1) end)\n"
    "co() pcall(co) pcall(co)\n"
    "local slow = dps.spawn(function() dps.sleep(0.0005) end)\n"
    "local fails = dps.spawn(function() dps.sleep(0) error 'seen' end)\n"
    "local waits = dps.spawn(function() return pcall(fails.wait, fails) end)\n"
    "for i = 1, 3 do pcall(table.sort, {2, 1}, function() slow:wait() end) end\n"
    "pcall(waits.wait, waits)\n"
    "dps.spawn(error, {})\n"
    "setmetatable({}, {__gc = function() pcall(dps.sleep, 0) end})\n"
    "collectgarbage()\n",
    /* JSON */
    "local json = dps.json\n"
    "local value = {name = 'x', list = dps.array {1, 2.5, 'three'}, deep = {{{{}}}}}\n"
    "for i = 1, 3 do value['key' .. i] = string.rep('text', i * 40) end\n"
    "for _, options in ipairs {{}, {sorted = true}, {indent = true, sorted = true}} do\n"
    "  local text = assert(json.encode(value, options))\n"
    "end\n"
    "assert(json.encode({1, x = 1}) == nil)\n",
    /* requests that nobody answers */
    "local http = require('dps.native').http {in_flight = 2, headers = {'X-Shared: 1'}}\n"
    "local tasks = {}\n"
    "for i = 1, 4 do\n"
    "  tasks[i] = dps.spawn(function()\n"
    "    return http:request('POST', 'http://127.0.0.1:1/' .. i, 'body', {'X-Own: ' .. i})\n"
    "  end)\n"
    "end\n"
    "tasks[4]:cancel()\n"
    "for i = 1, 4 do pcall(tasks[i].wait, tasks[i]) end\n"
    "pcall(http.request, http, 'GET', 'no url')\n",
    /* operations, from the facade down, and an error that nobody catches */
    "pcall(dps.create_fallback, {name = 'x', status = 'wrong', nonsense = 1})\n"
    "local ok, e = pcall(dps.get_fallback, 'dps:fallback-offer:1')\n"
    "pcall(function() for offer in dps.list_fallbacks {limit = 2} do break end end)\n"
    "note(tostring(e), e.kind)\n"
    "dps.get_fallback 'dps:fallback-offer:2'\n",
    /* secrets, and tokens that nobody gives */
    "local native = require 'dps.native'\n"
    "local secret = native.secret.public 'abcdefgh'\n"
    "note(tostring(secret), native.secret.is_token(secret), native.secret.env 'PATH')\n"
    "note(native.secret.file '/nowhere', native.secret.command({'echo', 'x'}, 5))\n"
    "note(pcall(dps.secret.from_file, '/nowhere'))\n"
    "note(native.token.credentials '/nowhere')\n"
    "local given = native.token.new()\n"
    "note(given:state(), given:set(secret), given:set(secret), given:state())\n"
    "local token = native.token.new {url = 'http://127.0.0.1:1/t', client_id = 'c', scopes = 's',\n"
    "  client_secret = secret, timeout = 1, direct = true}\n"
    "local tasks = {}\n"
    "for i = 1, 3 do tasks[i] = dps.spawn(token.fetch, token, 0) end\n"
    "tasks[3]:cancel()\n"
    "table.sort({2, 1}, function(a, b) token:fetch(0) return a < b end)\n"
    "for i = 1, 3 do pcall(tasks[i].wait, tasks[i]) end\n"
    "note(token:outcome().number, token:state(), token:serial())\n"
    "local http = native.http {token = token, in_flight = 1, timeout = 1, direct = true}\n"
    "http:request('GET', 'http://127.0.0.1:1/')\n",
    /* keys, signers, messages that are signed and verified */
    "local native = require 'dps.native'\n"
    "local key = assert(native.key {secret = native.secret.public 'abcdefgh', keyid = 'k'})\n"
    "note(tostring(key), key:alg(), key:thumbprint(), key:public_jwk(), native.key {text = 'x'})\n"
    "local signer = assert(native.signer {key = key, params = {'created', 'nonce', 'keyid'},\n"
    "  components = {'@method', '@target-uri', 'x-a', 'x-b?'}, digest = 'sha-256'})\n"
    "assert(not native.signer {key = key, components = {'@nothing'}})\n"
    "local message = {method = 'POST', scheme = 'https', request_target = '/a?b=1', body = "
    "'body',\n"
    "  headers = {'Host: a.example', {'X-A', '1'}}}\n"
    "local made = assert(native.sign_message(signer, message))\n"
    "note(native.mask_base(made.base))\n"
    "for _, line in ipairs(made.headers) do message.headers[#message.headers + 1] = line end\n"
    "local policy = {keys = {key}, components = {'@method', 'x-c?'}, params = {'nonce'}}\n"
    "assert(native.verify_message(message, policy))\n"
    "message.headers = table.concat(made.headers, '\\n')\n"
    "assert(not native.verify_message(message, policy))\n"
    "local http = native.http {signer = signer, in_flight = 1, timeout = 1, direct = true}\n"
    "http:request('POST', 'http://127.0.0.1:1/', 'body', {'X-A: 1'})\n",
};

/* --- an allocator that fails from the Nth time on --- */

/* Lua collects and tries again after a failure: two in a row are one that it feels. */
enum { ONCE = 2, SOME = 9, FOR_EVER = 1 << 30 };

struct ration {
  lua_Alloc alloc;
  void *ud;
  long first, failures, used; /* so many failures after the first allocations */
};

/* Lua relies on shrinking and freeing. */
static void *rationed(void *ud, void *block, size_t old, size_t new) {
  struct ration *ration = ud;
  bool grows = new > 0 && (!block || new > old);
  if (grows && ration->used++ >= ration->first && ration->failures-- > 0) return NULL;
  return ration->alloc(ration->ud, block, old, new);
}

/* True when the script had to do without an allocation. */
static bool starve(const char *script, long n, long failures) {
  struct ration ration = {.first = n, .failures = failures};
  dps *engine = open_host();
  lua_State *L = dps_lua(engine);
  ration.alloc = lua_getallocf(L, &ration.ud);
  lua_setallocf(L, rationed, &ration);
  if (eval(engine, script) == 0) dps_run(engine);
  bool failed = ration.used > n;
  assert_true((dps_exit_code(engine) == 0) == (dps_error(engine)[0] == '\0'));
  dps_close(&engine);
  return failed;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Each script and kind has its share of the time. */
static void starve_so(const char *script, long failures) {
  const char *mode = getenv("DPS_TORTURE");
  bool full = mode && strcmp(mode, "full") == 0;
  double end = seconds() + (double)BOUND_S / 18;
  long n = 1, runs = 1;
  while (starve(script, n, failures) && (full || seconds() < end)) {
    n += full ? 1 : 1 + n / 50;
    runs++;
  }
  print_message("%ld runs, the last with %ld allocations\n", runs, n);
}

static void starve_all(const char *script) {
  static const long kinds[] = {FOR_EVER, ONCE, SOME};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    starve_so(script, kinds[i]);
}

static void test_scripts_of_tasks_end_when_memory_does(void **state) {
  (void)state;
  starve_all(scripts[0]);
}

static void test_json_ends_when_memory_does(void **state) {
  (void)state;
  starve_all(scripts[1]);
}

static void test_requests_end_when_memory_does(void **state) {
  (void)state;
  starve_all(scripts[2]);
}

static void test_operations_end_when_memory_does(void **state) {
  (void)state;
  setenv("DPS_BASE_URL", "http://127.0.0.1:1", 1);
  setenv("DPS_SANDBOX", "dev", 1);
  setenv("DPS_IMS_ORG", "org@AdobeOrg", 1);
  setenv("DPS_API_KEY", "key", 1);
  setenv("DPS_ACCESS_TOKEN", "token", 1);
  starve_all(scripts[3]);
}

static void test_secrets_and_tokens_end_when_memory_does(void **state) {
  (void)state;
  starve_all(scripts[4]);
}

static void test_signing_ends_when_memory_does(void **state) {
  (void)state;
  starve_all(scripts[5]);
}

static void test_scripts_do_what_they_should_when_memory_is_enough(void **state) {
  static const int codes[] = {DPS_FAILED, DPS_DONE, DPS_DONE, DPS_FAILED, DPS_DONE, DPS_DONE};
  (void)state;
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    dps *engine = open_host();
    assert_int_equal(run(engine, scripts[i]), codes[i]);
    dps_close(&engine);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scripts_of_tasks_end_when_memory_does),
      cmocka_unit_test(test_json_ends_when_memory_does),
      cmocka_unit_test(test_requests_end_when_memory_does),
      cmocka_unit_test(test_operations_end_when_memory_does),
      cmocka_unit_test(test_secrets_and_tokens_end_when_memory_does),
      cmocka_unit_test(test_signing_ends_when_memory_does),
      cmocka_unit_test(test_scripts_do_what_they_should_when_memory_is_enough),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
