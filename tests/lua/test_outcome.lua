-- Every libcurl code and HTTP status has its kind, and no write that may have arrived is repeated.

local lu = require "luaunit"
local err = require "dps.err"
local outcome = require "dps.outcome"
local support = require "support"

local T = {}

local LAST = 99 -- of libcurl 7.88
local HEADERS = { "/usr/include/x86_64-linux-gnu/curl/curl.h", "/usr/include/curl/curl.h" }
local METHODS = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" }
local WRITES = { "POST", "PUT", "PATCH", "DELETE" }
local SENT = { "no", "maybe", "yes" }

local function each_curl(check)
  for code = -3, LAST do
    for _, sent in ipairs(SENT) do
      for _, method in ipairs(METHODS) do
        if code ~= 0 then check(code, sent, method, outcome.of_curl(code, sent, method)) end
      end
    end
  end
end

local function is_kind(kind)
  return pcall(err.new, { kind = kind, message = "" })
end

local function curl(code, sent, method)
  local kind, retryable = outcome.of_curl(code, sent, method)
  return { kind, retryable }
end

local function status(number, method)
  local kind, retryable = outcome.of_status(number, method)
  return { kind, retryable }
end

local function header_text()
  for _, path in ipairs(HEADERS) do
    local file = io.open(path)
    if file then
      local text = file:read "a"
      file:close()
      return text
    end
  end
end

-- Codes -------------------------------------------------------------------------------------------

function T.test_every_code_has_a_kind_of_the_closed_set_and_a_name()
  each_curl(function(code, _, _, kind, retryable, name)
    local what = "code " .. code
    lu.assertTrue(is_kind(kind), what)
    lu.assertIsBoolean(retryable, what)
    lu.assertStrMatches(name, "[A-Z][A-Z0-9_]+", nil, nil, what)
    lu.assertNotStrContains(name, "CODE_")
  end)
end

function T.test_no_failure_without_an_answer_is_called_invalid_or_conflict()
  each_curl(function(code, _, _, kind)
    lu.assertNotEquals(kind, "invalid", code)
    lu.assertNotEquals(kind, "conflict", code)
  end)
end

function T.test_names_are_those_of_curl_h()
  local text = header_text()
  lu.skipIf(not text, "curl.h is not installed")
  local list = text:match "CURLE_OK = 0,(.-)CURL_LAST"
  list = list:gsub("/%*.-%*/", "")
  local code = 0
  for name in list:gmatch "CURLE_([%u%d_]+)" do
    code = code + 1
    if code <= LAST then
      lu.assertEquals({ code, (select(3, outcome.of_curl(code, "no", "GET"))) }, { code, name })
    end
  end
  lu.assertTrue(code >= LAST, "fewer codes than expected: " .. code)
end

function T.test_names_are_unique()
  local seen = {}
  for code = -3, LAST do
    local name = code ~= 0 and select(3, outcome.of_curl(code, "no", "GET"))
    if name then
      lu.assertNil(seen[name], name)
      seen[name] = code
    end
  end
end

function T.test_a_code_of_a_newer_libcurl_is_a_transport_failure_and_not_repeated()
  local kind, retryable, name = outcome.of_curl(123, "no", "GET")
  lu.assertEquals({ kind, retryable, name }, { "transport", false, "CODE_123" })
  lu.assertEquals(curl(123, "maybe", "POST"), { "unknown", false })
end

function T.test_connection_failures_before_sending_may_be_repeated_for_every_method()
  for _, code in ipairs { 5, 6, 7, 35, 55, 56 } do
    for _, method in ipairs(METHODS) do
      lu.assertEquals(curl(code, "no", method), { "transport", true })
    end
  end
  for _, method in ipairs(METHODS) do
    lu.assertEquals(curl(28, "no", method), { "timeout", true })
  end
end

function T.test_a_write_that_may_have_arrived_is_unknown_and_never_repeated()
  for _, method in ipairs(WRITES) do
    for _, code in ipairs { 7, 16, 18, 28, 35, 52, 55, 56, 65, 92, outcome.REPEAT_REFUSED } do
      lu.assertEquals(curl(code, "maybe", method), { "unknown", false }, code .. method)
      lu.assertEquals(curl(code, "yes", method), { "unknown", false }, code .. method)
    end
  end
end

function T.test_no_write_that_may_have_arrived_is_ever_repeated()
  each_curl(function(code, sent, method, _, retryable)
    local read = method == "GET" or method == "HEAD"
    if sent ~= "no" and not read then lu.assertFalse(retryable, code) end
  end)
end

function T.test_only_writes_that_may_have_arrived_are_unknown()
  each_curl(function(code, sent, method, kind)
    local read = method == "GET" or method == "HEAD"
    if read or sent == "no" and code ~= outcome.REPEAT_REFUSED then
      lu.assertNotEquals(kind, "unknown", code)
    end
  end)
end

function T.test_a_read_without_an_answer_may_be_repeated()
  for _, method in ipairs { "GET", "HEAD" } do
    for _, sent in ipairs(SENT) do
      lu.assertEquals(curl(56, sent, method), { "transport", true })
      lu.assertEquals(curl(28, sent, method), { "timeout", true })
    end
  end
end

function T.test_a_refused_repeat_means_that_the_request_had_left()
  lu.assertEquals(curl(outcome.REPEAT_REFUSED, "no", "POST"), { "unknown", false })
  lu.assertEquals(curl(outcome.REPEAT_REFUSED, "maybe", "GET"), { "transport", true })
end

function T.test_cancelled_and_too_large_keep_their_kind_for_every_method()
  for _, method in ipairs(METHODS) do
    for _, sent in ipairs(SENT) do
      lu.assertEquals(curl(outcome.CANCELLED, sent, method), { "cancelled", false })
      lu.assertEquals(curl(outcome.TOO_LARGE, sent, method), { "limit", false })
    end
  end
end

function T.test_a_server_that_cannot_be_verified_is_not_tried_again()
  for _, code in ipairs { 60, 83, 90, 91 } do
    lu.assertEquals(curl(code, "no", "GET"), { "transport", false })
    lu.assertEquals(curl(code, "no", "POST"), { "transport", false })
  end
end

function T.test_what_is_wrong_on_this_machine_is_refused()
  for _, code in ipairs { 1, 3, 4, 53, 54, 58, 59, 66, 77, 82, 98 } do
    lu.assertEquals(curl(code, "no", "POST"), { "refused", false })
  end
end

function T.test_no_memory_is_a_limit_and_a_bad_encoding_a_decode_failure()
  lu.assertEquals(curl(27, "no", "GET"), { "limit", false })
  lu.assertEquals(curl(61, "yes", "GET"), { "decode", false })
end

-- Statuses ----------------------------------------------------------------------------------------

function T.test_every_2xx_is_no_failure()
  for number = 200, 299 do
    for _, method in ipairs(METHODS) do
      lu.assertEquals(select("#", outcome.of_status(number, method)), 1)
      lu.assertNil((outcome.of_status(number, method)))
    end
  end
end

function T.test_every_other_status_is_auth_conflict_or_http()
  local special = { [401] = "auth", [403] = "auth", [409] = "conflict", [412] = "conflict" }
  for number = 0, 999 do
    if number < 200 or number > 299 then
      for _, method in ipairs(METHODS) do
        local kind, retryable = outcome.of_status(number, method)
        lu.assertEquals(kind, special[number] or "http", number)
        lu.assertIsBoolean(retryable, number)
      end
    end
  end
end

function T.test_a_throttled_request_may_be_repeated_for_every_method()
  for _, method in ipairs(METHODS) do lu.assertEquals(status(429, method), { "http", true }) end
end

function T.test_a_server_failure_may_be_repeated_only_where_twice_is_as_good_as_once()
  for _, number in ipairs { 408, 500, 502, 503, 504 } do
    for method, expected in pairs { GET = true, HEAD = true, PUT = true, DELETE = true,
      POST = false, PATCH = false } do
      lu.assertEquals(status(number, method), { "http", expected }, number .. method)
    end
  end
end

function T.test_a_post_is_repeated_after_no_status_but_429()
  for number = 100, 599 do
    local _, retryable = outcome.of_status(number, "POST")
    lu.assertEquals(retryable or false, number == 429, number)
  end
end

function T.test_a_lost_race_may_be_repeated_but_not_a_create_a_delete_or_a_failed_precondition()
  lu.assertEquals(status(409, "PATCH"), { "conflict", true })
  lu.assertEquals(status(409, "DELETE"), { "conflict", false })
  lu.assertEquals(status(409, "POST"), { "conflict", false })
  lu.assertEquals(status(412, "PATCH"), { "conflict", false })
end

function T.test_redirects_and_client_mistakes_are_not_repeated()
  local numbers = { 100, 101, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 415, 422, 501 }
  for _, number in ipairs(numbers) do
    lu.assertFalse((select(2, outcome.of_status(number, "GET"))), number)
  end
end

support.run(T)
