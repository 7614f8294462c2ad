-- Connections that fail, before and after something was sent: no write is ever sent twice, what is
-- not known is called unknown, no status is invented, nothing waits for ever, no memory is lost.

local lu = require "luaunit"
local native = require "dps.native"
local badserver = require "badserver"
local support = require "support"

local T = {}

local READS = { get = true, list = true }
local LOOK = "look for it by name before it is sent again"
local SANITIZED = (os.getenv "DPS_PRELOAD" or "") ~= ""

local function took(f, ...)
  local started = native.monotonic()
  f(...)
  return native.monotonic() - started
end

-- wanted: for reads; a write is unknown instead, and never to be repeated.
local function check_all(results, wanted, behaviour)
  for _, verb in ipairs(badserver.VERBS) do
    local ok, result = table.unpack(results[verb])
    lu.assertFalse(ok, behaviour .. ", " .. verb)
    local e = badserver.failure(error, result, 0)
    local fields = { attempts = 1 }
    for name, value in pairs(wanted) do
      fields[name] = value
    end
    if not READS[verb] then
      fields.kind, fields.retryable, fields.hint = "unknown", false, LOOK
    end
    badserver.check(e, fields, behaviour .. ", " .. verb)
  end
end

local function breaks(behaviour, wanted, timeout)
  return badserver.with(function(server)
    local results
    local seconds = took(function()
      results = badserver.all_verbs(server:operations(behaviour, { timeout = timeout or 5 }))
    end)
    check_all(results, wanted, behaviour)
    lu.assertTrue(seconds < 3, behaviour .. " took " .. seconds)
    lu.assertTrue(badserver.call("delete", server:operations "ok"), "the next call is well")
  end)
end

local LOST = { kind = "transport", sent = "maybe", status = false, request_id = false,
  retryable = true }
local CUT = { kind = "transport", sent = "yes", status = 200, request_id = true, retryable = true }
local LATE = { kind = "timeout", sent = "maybe", status = false, request_id = false,
  retryable = true, says = "timed out" }
local GARBAGE = { kind = "decode", sent = "maybe", status = false, request_id = false,
  retryable = false }

T.test_a_close_without_an_answer_leaves_a_write_unknown = breaks("refused_after_accept", LOST)
T.test_a_reset_without_an_answer_leaves_a_write_unknown = breaks("reset_before", LOST)
T.test_a_reset_in_the_answer_leaves_a_write_unknown = breaks("reset_mid_body", CUT)
T.test_a_close_in_the_answer_leaves_a_write_unknown = breaks("close_mid_body", CUT)
T.test_a_server_that_never_answers_is_a_timeout_and_a_write_unknown = breaks("never", LATE, 0.3)
T.test_a_server_that_drips_ends_by_the_timeout_of_the_whole_call = breaks("drip", LATE, 0.3)
T.test_an_answer_that_is_not_http_is_a_decode_failure_and_a_write_unknown =
  breaks("garbage", GARBAGE)

T.test_calls_do_not_wait_for_the_first_answer_of_another = badserver.with(function(server)
  local ops = server:operations "slow1000"
  local seconds = took(function()
    for verb, result in pairs(badserver.all_verbs(ops)) do
      lu.assertTrue(result[1], verb .. ": " .. tostring(result[2]))
    end
  end)
  lu.assertTrue(seconds > 0.9 and seconds < 1.9, "five at once took " .. seconds)
end)

-- --- nothing is sent twice ---

local function sent_to(server, behaviour, method)
  local n, connections = 0, {}
  for _, row in ipairs(server:log()) do
    if row.behaviour == behaviour and row.method == method then
      n = n + 1
      connections[n] = row.connection
    end
  end
  return n, connections
end

local function once(behaviour)
  return badserver.with(function(server)
    local ops = server:operations(behaviour)
    lu.assertStrMatches(badserver.call("create", ops).id, "dps:.+")
    local e = badserver.fails({ kind = "unknown", sent = "maybe", retryable = false, attempts = 1,
      status = false, hint = LOOK }, badserver.call, "create", ops)
    lu.assertStrContains(e.message, "closed after the request had been sent")
    local n, connections = sent_to(server, behaviour, "POST")
    lu.assertEquals(n, 2, "two creates, two requests")
    lu.assertEquals(connections[1], connections[2], "on one connection, or nothing is proved")
  end)
end

T.test_a_create_on_a_connection_that_closes_is_sent_exactly_once = once "once_then_close"
T.test_a_create_on_a_connection_that_is_reset_is_sent_exactly_once = once "once_then_reset"

for _, verb in ipairs { "update", "delete" } do
  T["test_a_lost_" .. verb .. "_is_sent_exactly_once"] = badserver.with(function(server)
    local ops = server:operations "once_then_close"
    badserver.call(verb, ops)
    badserver.fails({ kind = "unknown", sent = "maybe", retryable = false },
      badserver.call, verb, ops)
    lu.assertEquals(#server:log(), 2)
  end)
end

T.test_a_read_on_a_connection_that_closes_is_read_again = badserver.with(function(server)
  local ops = server:operations "once_then_close"
  for _ = 1, 3 do
    lu.assertEquals(badserver.call("get", ops).id, "dps:fallback-offer:1")
  end
end)

-- --- never connected ---

local UNSENT = { kind = "transport", sent = "no", status = false, retryable = true,
  request_id = false }

local function never_sent(base_url, wanted, settings)
  local ops = badserver.operations(base_url, settings)
  for _, verb in ipairs(badserver.VERBS) do
    badserver.fails(wanted, badserver.call, verb, ops)
  end
end

T.test_a_refused_connection_is_a_transport_failure_with_nothing_sent = badserver.with(
  function(server)
    local url = server:base "ok"
    server.pipe:close()
    server.pipe = { close = function() end }
    UNSENT.says = "COULDNT_CONNECT"
    never_sent(url, UNSENT)
  end)

T.test_tls_to_a_plain_port_is_a_transport_failure_with_nothing_sent = function()
  local plain = native.serve { host = "127.0.0.1", port = 0, library = {} }
  never_sent(plain:url():gsub("^http:", "https:"), { kind = "transport", sent = "no",
    status = false, says = "SSL_CONNECT_ERROR" })
  plain:close()
end

T.test_a_tls_handshake_that_is_never_answered_ends_with_nothing_sent = badserver.with(
  function(server)
    local ops = badserver.operations(server.url:gsub("^http:", "https:"), { connect_timeout = 0.3 })
    badserver.fails({ kind = "timeout", sent = "no", status = false, retryable = true },
      badserver.call, "create", ops)
  end)

-- --- names: in a child, because what goes wrong there can stop the loop of a process ---

-- A label of 64 bytes can't be looked up (RFC 1035, section 2.3.4), so no name server is asked.
local NO_HOST = ("a"):rep(64) .. ".invalid"

local LOOKUPS = [[
local err, dps = require "dps.err", require "dps"
for i = 1, 3 do
  local ok, e = pcall(dps.create_fallback, dps.raw { name = "x" })
  local says = tostring(e):find "[Rr]esolve" ~= nil
  print(ok, err.is(e) and e.kind, e.sent, e.status, e.retryable, says)
end
]]

local function lookups(script, host)
  local path = support.write(support.tmpdir() .. "/lookups.lua", script)
  return support.run_dps({ "run", path }, { timeout = 5, env = {
    DPS_BASE_URL = "https://" .. host, DPS_SANDBOX = "dev", DPS_IMS_ORG = "o",
    DPS_API_KEY = "k", DPS_ACCESS_TOKEN = badserver.TOKEN, DPS_TIMEOUT = "2",
  } })
end

T.test_a_host_without_address_is_a_transport_failure_with_nothing_sent_again_and_again = function()
  local result = lookups(LOOKUPS, NO_HOST)
  lu.assertEquals(result.stderr, "")
  lu.assertEquals(result.stdout, ("false\ttransport\tno\tnil\ttrue\ttrue\n"):rep(3))
  lu.assertEquals(result.code, 0)
end

-- This machine's own name is found in /etc/hosts or by the resolver itself.
local CONNECTS = [[
local dps = require "dps"
for i = 1, 3 do
  local ok, e = pcall(dps.get_fallback, "x")
  print(ok, e.kind, e.sent, e.status, tostring(e):match "COULDNT_[A-Z]+" or tostring(e))
end
]]

T.test_connecting_goes_on_after_a_name_was_looked_up = function()
  local file = assert(io.open "/proc/sys/kernel/hostname")
  local host = file:read "l"
  file:close()
  local result = lookups(CONNECTS, host .. ":1")
  lu.skipIf(result.stdout:find "RESOLVE", "this machine's own name has no address")
  lu.assertEquals(result.code, 0, "124: it waits for ever")
  lu.assertEquals(result.stdout, ("false\ttransport\tno\tnil\tCOULDNT_CONNECT\n"):rep(3))
end

-- --- answers without end ---

local MIB = 1024 * 1024

-- The most memory that this process ever had, in bytes.
local function peak()
  return tonumber(support.read("/proc/self/status"):match "VmHWM:%s*(%d+) kB") * 1024
end

local function too_large(behaviour, ceiling)
  return badserver.with(function(server)
    local ops, before = server:operations(behaviour), peak()
    for _, verb in ipairs(badserver.VERBS) do
      local seconds = took(badserver.fails, { kind = "limit", sent = "yes", status = 200,
        retryable = false, says = "larger than 32 MiB",
        hint = READS[verb] and "ask for less" or "look for the object by name" },
        badserver.call, verb, ops)
      lu.assertTrue(seconds < 3, verb .. " took " .. seconds)
    end
    local grown = peak() - before
    lu.assertTrue(SANITIZED or grown < ceiling * MIB, ("%d MiB more"):format(grown // MIB))
    lu.assertTrue(badserver.call("delete", server:operations "ok"), "the next call is well")
  end)
end

T.test_an_endless_answer_is_cut_at_its_ceiling = too_large("huge", 80)
T.test_an_answer_that_says_it_is_too_large_is_not_read = too_large("huge_length", 4)
T.test_headers_without_end_are_cut_at_their_ceiling = too_large("huge_headers", 4)

support.run(T)
