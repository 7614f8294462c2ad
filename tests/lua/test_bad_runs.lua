-- Whole runs of dps against a server that misbehaves: exit codes, what is said on stderr, and that
-- the token is in none of it, with --verbose and --json too.

local lu = require "luaunit"
local native = require "dps.native"
local json = require "dps.json"
local badserver = require "badserver"
local support = require "support"

local T = {}

local OFFER = [[
local dps, err = require "dps", require "dps.err"
local offer = { name = "One", status = "draft", representations = { {
  channel = "https://ns.adobe.com/xdm/channel-types/web", placement = "p", components = {
    { type = "imagelink", format = "image/png", deliveryURL = "https://a.example/i.png" } } } } }
]]

-- Shows an error in every way that a script can, then leaves one uncaught at line 11.
local FAILS = OFFER .. [[
print("token", os.getenv "DPS_ACCESS_TOKEN")
local ok, e = pcall(dps.create_fallback, offer)
print(ok, err.is(e) and e.kind, tostring(e))
if err.is(e) then
  print(err.block(e), e.body, e.message, e.request_id)
end
print(#dps.get_fallback("x").id)
]]

local LISTS = OFFER .. [[
local n = 0
for _ in dps.list_fallbacks() do n = n + 1 end
print(n)
]]

local CREATES = OFFER .. "print(dps.create_fallback(offer).id)\n"

local function run(base_url, script, options, env)
  local path = support.write(support.tmpdir() .. "/script.lua", script)
  local all = {
    DPS_BASE_URL = base_url, DPS_SANDBOX = "dev", DPS_IMS_ORG = "O@AdobeOrg", DPS_API_KEY = "k",
    DPS_ACCESS_TOKEN = badserver.TOKEN, DPS_TIMEOUT = "0.2",
  }
  for name, value in pairs(env or {}) do
    all[name] = value
  end
  local args = { "run" }
  table.move(options or {}, 1, #(options or {}), 2, args)
  args[#args + 1] = path
  local result = support.run_dps(args, { env = all, timeout = 10 })
  badserver.assert_no_token(result.stdout, result.stderr)
  return result
end

-- What answers at all has time for it, however busy the machine; what does not is given up soon.
local SILENT = { never = true, drip = true, slow1000 = true }

local function patience(name)
  return { DPS_TIMEOUT = SILENT[name] and "0.2" or "8" }
end

-- By behaviour where a run does not end with 1.
local WELL = { ok = true, slow100 = true, wrong_type = true, once_then_close = true,
  once_then_reset = true }
local LIMIT = { huge = true, huge_length = true, huge_headers = true }

T.test_no_run_ends_otherwise_than_documented_or_shows_the_token = badserver.with(function(server)
  for _, name in ipairs(server:names()) do
    local result = run(server:base(name), FAILS, { "--verbose" }, patience(name))
    lu.assertEquals(result.code, WELL[name] and 0 or LIMIT[name] and 6 or 1, name)
    lu.assertStrContains(result.stdout, "token\tnil\n")
    lu.assertStrContains(result.stderr, "POST /offers?offer-type=fallback: ")
    lu.assertStrContains(result.stderr, "GET /offers/x?offer-type=fallback: ")
    if not WELL[name] then
      lu.assertStrContains(result.stderr, "script.lua:11: get_fallback failed for fallback offer")
      lu.assertStrContains(result.stderr, "\nwhat to do: ")
      lu.assertNotStrContains(result.stderr, "stack traceback")
    end
  end
end)

T.test_a_failure_is_one_json_line_with_json = badserver.with(function(server)
  local names = { "s401", "s500", "reset_mid_body", "not_json", "bad_utf8", "huge_length" }
  for _, name in ipairs(names) do
    local result = run(server:base(name), FAILS, { "--json" }, patience(name))
    local value = json.decode(result.stderr)
    lu.assertEquals(value.exit, result.code)
    lu.assertStrMatches(value.error.where, ".*/script%.lua:11")
    lu.assertIsString(value.error.kind)
    lu.assertIsString(value.error.hint)
  end
end)

T.test_a_server_that_drips_is_given_up_after_dps_timeout = badserver.with(function(server)
  local started = native.monotonic()
  local result = run(server:base "drip", CREATES, {}, { DPS_TIMEOUT = "1" })
  local seconds = native.monotonic() - started
  lu.assertEquals(result.code, 1)
  lu.assertStrContains(result.stderr, "unknown: Operation timed out")
  lu.assertStrContains(result.stderr, "the service may have got the request")
  lu.assertTrue(seconds > 0.9 and seconds < 3, "it took " .. seconds)
end)

T.test_numbers_that_do_not_add_up_are_a_warning_unless_quiet = badserver.with(function(server)
  local loud = run(server:base "pages", LISTS)
  lu.assertEquals({ loud.code, loud.stdout }, { 0, "5\n" })
  lu.assertStrMatches(loud.stderr, "warning: list_fallbacks: the service counts 6 rows, 5 came.*\n")
  local quiet = run(server:base "pages", LISTS, { "--quiet" })
  lu.assertEquals({ quiet.code, quiet.stdout, quiet.stderr }, { 0, "5\n", "" })
end)

-- --- nothing is sent at all ---

local function refused(server, options, env, says)
  local result = run(env.DPS_BASE_URL or server:base "ok", CREATES, options, env)
  local what = says .. ": " .. result.stderr
  lu.assertEquals(result.code, 2, what)
  lu.assertEquals(result.stdout, "", what)
  lu.assertStrContains(result.stderr, says)
  lu.assertNotStrContains(result.stderr, "\r")
  lu.assertEquals(server:log(), json.array {}, what)
end

T.test_a_setting_that_would_begin_another_header_is_refused_and_nothing_sent = badserver.with(
  function(server)
    for _, tail in ipairs { "\r\nX-Evil: y", "\nX-Evil: y", "\rX", "\127", "\xC3\xBC" } do
      refused(server, {}, { DPS_SANDBOX = "a" .. tail }, "DPS_SANDBOX")
      refused(server, {}, { DPS_IMS_ORG = "a" .. tail }, "DPS_IMS_ORG")
      refused(server, {}, { DPS_API_KEY = "a" .. tail }, "DPS_API_KEY")
      refused(server, { "--sandbox", "a" .. tail }, {}, "--sandbox")
      refused(server, {}, { DPS_ACCESS_TOKEN = badserver.TOKEN .. tail }, "DPS_ACCESS_TOKEN")
    end
  end)

T.test_a_run_without_its_target_is_refused_and_nothing_sent = badserver.with(function(server)
  for _, name in ipairs { "DPS_SANDBOX", "DPS_IMS_ORG", "DPS_API_KEY", "DPS_ACCESS_TOKEN" } do
    refused(server, {}, { [name] = false }, "not set; set " .. name)
    refused(server, {}, { [name] = "" }, "not set; set " .. name)
  end
end)

T.test_a_base_url_that_would_show_the_token_is_refused = badserver.with(function(server)
  local port = server.url:match ":(%d+)$"
  for url, says in pairs {
    ["http://192.0.2.1:" .. port] = "plain http",
    ["http://platform.adobe.io/data/core/dps"] = "plain http",
    ["http://localhost.example:" .. port] = "plain http",
    ["http://127.0.0.1.nip.example:" .. port] = "plain http",
    ["http://127.0.0.1:" .. port .. "@192.0.2.1/"] = "user",
    ["ftp://127.0.0.1/"] = "must begin with",
    ["http://127.0.0.1:" .. port .. "/ok\r\nX: y"] = "a line break",
  } do
    refused(server, {}, { DPS_BASE_URL = url }, says)
  end
end)

T.test_an_interrupt_names_the_writes_that_were_sent_and_not_answered = badserver.with(
  function(server)
    local result = run(server:base "never", OFFER .. [[
      for _, name in ipairs { "Summer", "Two\nlines" } do
        offer.name = name
        dps.spawn(dps.create_fallback, { name = name, status = "draft",
          representations = offer.representations })
      end
      dps.spawn(dps.get_fallback, "x")
      local pid = io.open("/proc/self/stat"):read "n"
      os.execute("(sleep 0.2; kill -INT " .. pid .. ") &")
      dps.sleep(9)]], {}, { DPS_TIMEOUT = "9" })
    lu.assertEquals(result.code, 130)
    lu.assertStrContains(result.stderr, "dps: stopped while 2 writes were unanswered: look whether")
    lu.assertStrContains(result.stderr, "\n  create_fallback Summer\n")
    lu.assertStrContains(result.stderr, "\n  create_fallback Two?lines\n")
  end)

support.run(T)
