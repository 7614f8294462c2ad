-- Answers of a client with DPS_VERIFY_KEY: one counts only when the service signed it, lately, over
-- its status and its body, and as the answer to this very request.

local lu = require "luaunit"
local native = require "dps.native"
local answers = require "dps.signing.answer"
local err = require "dps.err"
local json = require "dps.json"
local badserver = require "badserver"
local support = require "support"

local T = {}

local KEYS = "tests/vectors/rfc9421/keys/"
local folder = support.tmpdir()

local function file_of(name, text, mode)
  local path = support.write(folder .. "/" .. name, text)
  os.execute(("chmod %s '%s'"):format(mode, path))
  return path
end

local ED25519 = file_of("ed25519.pem", support.read(KEYS .. "test-key-ed25519.private.pem"), "600")
local PUBLIC = file_of("public.pem", support.read(KEYS .. "test-key-ed25519.public.pem"), "644")
local JOB = file_of("job.pem", support.read(KEYS .. "test-key-ecc-p256.private.pem"), "600")

local VERIFY = { verify_key = PUBLIC }
local TIED = { "@status", "content-digest?", "@method;req", "@target-uri;req" }
local BODY = '{"id":"dps:x","etag":1}'

-- A service that says what it is told -------------------------------------------------------------

local function hex(text)
  return (text:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

-- The lines of an answer to a request, which is native.sign_message's.
local function signed(status, body, request, made)
  made = made or {}
  local key = assert(native.key { file = ED25519, keyid = "service" })
  local signer = assert(native.signer { key = key, params = { "created", "keyid" },
    digest = "sha-256", components = made.components or TIED })
  local message = { status = status, body = body, headers = {}, request = request }
  local lines = assert(native.sign_message(signer, message, math.floor(made.created
    or native.now()))).headers
  return { "HTTP/1.1 " .. status .. " x", table.unpack(lines) }
end

-- A call that is given this answer.
local function call(ops, method, lines, body)
  local head = table.concat(lines, "\r\n") .. "\r\nContent-Length: " .. #body .. "\r\n\r\n"
  return ops.request { method = method, path = "/offers", query = { a = "2 3" },
    headers = { ["x-answer"] = hex(head .. body) }, body = method == "POST" and { n = 1 } or nil }
end

local function operations(server, settings)
  return server:operations("_verbatim", settings or VERIFY)
end

-- Of a call, as the service sees it.
local function request(server, method, target)
  return { method = method, target_uri = server.url .. (target or "/_verbatim/offers?a=2%203"),
    headers = {} }
end

T.test_answer_that_is_signed_for_this_request_is_taken = badserver.with(function(server)
  for _, settings in ipairs { VERIFY, { verify_key = PUBLIC, verify_keyid = "service" } } do
    for _, method in ipairs { "GET", "POST" } do
      local lines = signed(200, BODY, request(server, method))
      lu.assertEquals(call(operations(server, settings), method, lines, BODY).id, "dps:x")
    end
  end
  local lines = signed(404, "{}", request(server, "GET"))
  local e = badserver.failure(call, operations(server), "GET", lines, "{}")
  lu.assertEquals({ e.kind, e.status }, { "http", 404 })
end)

T.test_url_may_be_covered_in_parts_as_behind_a_gateway = badserver.with(function(server)
  local lines = signed(200, BODY, request(server, "GET"), { components = { "@status",
    "content-digest", "@method;req", "@authority;req", "@path;req", "@query;req" } })
  lu.assertEquals(call(operations(server), "GET", lines, BODY).id, "dps:x")
end)

T.test_answer_to_a_head_may_have_the_digest_of_what_a_get_would_get = badserver.with(
  function(server)
    local ops = operations(server)
    local lines = signed(200, "what is not sent", request(server, "HEAD"))
    lu.assertEquals(select(2, call(ops, "HEAD", lines, "")), 200)
    lines = signed(200, "what is not sent", request(server, "GET"))
    lu.assertStrContains(badserver.failure(call, ops, "GET", lines, "").message,
      "(digest-mismatch)")
  end)

-- --- what does not count ---

local function refused(server, method, lines, reason, settings)
  local e = badserver.failure(call, operations(server, settings), method, lines, BODY)
  lu.assertEquals({ e.kind, e.sent, e.retryable },
    { method == "GET" and "auth" or "unknown", "yes", false }, reason)
  lu.assertStrContains(e.message, "the answer is not validly signed: ")
  lu.assertStrContains(e.message, "(" .. reason .. ")")
  return e
end

T.test_answer_that_is_not_validly_signed_counts_for_nothing = badserver.with(function(server)
  local now = native.now()
  local cases = {
    { "missing", function() return { "HTTP/1.1 200 x" } end },
    { "digest-mismatch", function(to) return signed(200, "{}", to) end },
    { "bad-signature", function(to)
      return { "HTTP/1.1 201 x", table.unpack(signed(200, BODY, to), 2) }
    end },
    { "expired", function(to) return signed(200, BODY, to, { created = now - 400 }) end },
    { "not-yet-valid", function(to) return signed(200, BODY, to, { created = now + 400 }) end },
    { "component-missing", function(to)
      return signed(200, BODY, to, { components = { "content-digest", TIED[3], TIED[4] } })
    end },
    { "component-missing", function(to)
      return signed(200, BODY, to, { components = { "@status", TIED[3], TIED[4] } })
    end },
    { "unknown-key", function(to) return signed(200, BODY, to) end,
      { verify_key = PUBLIC, verify_keyid = "other" } },
  }
  for _, case in ipairs(cases) do
    for _, method in ipairs { "GET", "POST" } do
      refused(server, method, case[2](request(server, method)), case[1], case[3])
    end
  end
end)

T.test_answer_that_names_no_request_may_be_anyones = badserver.with(function(server)
  for _, case in ipairs {
    { "@status", "content-digest" },
    { "@status", "content-digest", "@method;req" },
    { "@status", "content-digest", "@target-uri;req" },
    { "@status", "content-digest", "@method;req", "@path;req" },
  } do
    local lines = signed(200, BODY, request(server, "GET"), { components = case })
    local e = refused(server, "GET", lines, "component-missing")
    lu.assertStrContains(e.message, ";req is not covered, so it may be the answer to another"
      .. " request")
    lu.assertStrContains(err.hint(e), "sign what it answers")
  end
end)

T.test_answer_to_another_method_or_url_is_refused = badserver.with(function(server)
  for _, other in ipairs {
    request(server, "DELETE"), request(server, "GET", "/_verbatim/offers?a=2"),
    request(server, "GET", "/_verbatim/offers/x"), { method = "GET", headers = {},
      target_uri = "http://prod.example.com/_verbatim/offers?a=2%203" },
  } do
    local e = refused(server, "GET", signed(200, BODY, other), "bad-signature")
    lu.assertStrContains(err.hint(e), "an answer to another request")
  end
end)

-- A service of our own ----------------------------------------------------------------------------

-- Operations on a local library that signs, and all that their client held up for verification.
local function recorded(settings)
  local library = assert(native.serve { library = {
    edge = json.encode { answer_key = "service=" .. ED25519 } } })
  local given = { verify_key = PUBLIC }
  for name, value in pairs(settings or {}) do given[name] = value end
  local ops = badserver.operations(library:url() .. "/data/core/dps", given)
  local seen = {}
  ops.client:connect()
  local verifier = ops.client.verifier
  ops.client.verifier = function(...)
    seen[#seen + 1] = table.pack(...)
    return verifier(...)
  end
  return ops, seen, library
end

local function create(ops, name)
  return ops.create_tag { name = name }
end

-- What comes of the answer of one exchange, given to the request of another.
local function swapped(asked, answered)
  local verifier = answers.verifier(VERIFY)
  return verifier(asked[1], table.unpack(answered, 2, answered.n))
end

local function assert_not_exchanged(seen)
  lu.assertEquals(#seen, 2)
  for i, asked in ipairs(seen) do
    lu.assertNil((swapped(asked, asked)))
    local reason, detail = swapped(asked, seen[3 - i])
    lu.assertEquals(reason, "bad-signature")
    lu.assertStrContains(detail, "signature")
  end
end

function T.test_answers_to_two_signed_writes_to_one_url_are_not_exchanged()
  local ops, seen = recorded { sign_key = JOB }
  create(ops, "A")
  create(ops, "B")
  assert_not_exchanged(seen)
end

function T.test_nor_are_those_to_the_same_write_done_twice()
  local ops, seen = recorded { sign_key = JOB }
  for _ = 1, 2 do
    local made = ops.request { method = "POST", path = "/tags", body = { name = "A" } }
    lu.assertNotNil(made.id)
  end
  assert_not_exchanged(seen)
end

function T.test_nor_are_those_to_two_signed_reads_of_one_url()
  local ops, seen = recorded { sign_key = JOB, sign_scope = "all" }
  for _ = 1, 2 do ops.request { method = "GET", path = "/tags" } end
  assert_not_exchanged(seen)
end

function T.test_nor_are_those_to_unsigned_reads_of_two_urls()
  local ops, seen = recorded()
  ops.request { method = "GET", path = "/tags", query = { limit = 1 } }
  ops.request { method = "GET", path = "/tags", query = { limit = 2 } }
  assert_not_exchanged(seen)
end

-- A digest of the script's own is covered, too.
function T.test_nor_are_those_to_unsigned_writes_with_a_digest()
  local ops, seen = recorded()
  for _, digest in ipairs { "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:",
    "sha-512=:J8hFVCq7pfKAFGGCcSh0kYVuPxrF14OYoRLTBjGAGSGT0B4eHKQXk4Uk7pmeGqWDEVtzaL1jXtZnhsC4"
    .. "mJhP7Q==:" } do
    pcall(ops.request, { method = "POST", path = "/tags", body = "{}",
      headers = { ["Content-Digest"] = digest } })
  end
  lu.assertEquals(#seen, 2)
  lu.assertEquals((swapped(seen[1], seen[2])), "bad-signature")
end

function T.test_every_operation_takes_the_answers_of_a_library_that_signs()
  local ops = recorded { sign_key = JOB, sign_scope = "all" }
  local made = create(ops, "A \u{e9}")
  ops.update_tag(made.id, { { op = "replace", path = "/name", value = "B" } })
  lu.assertEquals(ops.get_tag(made.id).name, "B")
  for found in ops.list_tags { property = { { "name", "==", "B" } } } do
    lu.assertEquals(found.name, "B")
  end
  ops.delete_tag(made.id)
  lu.assertEquals(badserver.failure(ops.get_tag, made.id).status, 404)
end

-- An answer under 401 -----------------------------------------------------------------------------

-- An auth that has a new token each time.
local function renewing(ops)
  ops.client:connect()
  local calls = { count = 0 }
  ops.client.auth = {
    ready = function() end, accepted = function() end, hint = function() end,
    refused = function()
      calls.count = calls.count + 1
      return true
    end,
  }
  return calls
end

T.test_unsigned_401_costs_the_token_and_only_a_read_is_sent_again = badserver.with(
  function(server)
    local lines = { "HTTP/1.1 401 x" }
    for _, case in ipairs { { "GET", "auth", 2 }, { "POST", "unknown", 1 } } do
      local ops = operations(server)
      local calls = renewing(ops)
      local e = badserver.failure(call, ops, case[1], lines, "{}")
      lu.assertEquals({ e.kind, e.attempts, calls.count }, { case[2], case[3], 1 })
      lu.assertStrContains(e.message, "(missing)")
    end
    local ops = operations(server)
    renewing(ops)
    lines = signed(401, "{}", request(server, "POST"))
    lu.assertEquals(badserver.failure(call, ops, "POST", lines, "{}").attempts, 2)
  end)

support.run(T)
