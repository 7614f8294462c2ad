-- Tokens that a credential gets, against an endpoint that answers what a test says: how often it is
-- asked, what is retried, what each failure says, and what becomes of a token that is refused.

local lu = require "luaunit"
local badserver = require "badserver"
local config = require "dps.config"
local err = require "dps.err"
local json = require "dps.json"
local native = require "dps.native"
local support = require "support"
local task = require "dps.task"

local T = {}

local SECRET = "p8e-s3cr3t-0123456789"
local GOOD = '{"access_token":"eyJtoken.one","token_type":"bearer","expires_in":86399}'

local function hex(text)
  return (text:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- The URL of an endpoint that gives these answers, { status, body } each, one after the other.
local function endpoint(server, answers, name)
  local parts = {}
  for i, answer in ipairs(answers) do
    local body = type(answer[2]) == "table" and json.encode(answer[2]) or answer[2] or ""
    parts[i] = ("/%d/%s"):format(answer[1], body == "" and "-" or hex(body))
  end
  return server:base(name or "_say") .. table.concat(parts)
end

local function write_secret(text)
  local path = support.write(support.tmpdir() .. "/secret", text or SECRET .. "\n")
  os.execute("chmod 600 " .. path)
  return path
end

-- Operations of a client with this credential.
local function operations(base_url, settings)
  local flags = {
    base_url = base_url, sandbox = "dev", ims_org = "O@AdobeOrg", client_id = "cid", timeout = 5,
    client_secret_file = write_secret(),
  }
  for name, value in pairs(settings or {}) do
    flags[name] = value or nil
  end
  local loaded = config.load { flags = flags, env = function() end }
  local run = { flags = {}, dry_run = false, verbose = false, quiet = true, json = false }
  local client = require("dps.client").new(loaded, run)
  local ops = require("dps.operation").all(function() return client end)
  ops.client = client
  function ops.request(given)
    return require("dps.request").send(function() return client end, given)
  end
  return ops
end

local function echo(ops)
  return ops.request { method = "GET", path = "/x" }
end

local function failure(ops)
  local ok, e = pcall(echo, ops)
  lu.assertFalse(ok, "must fail")
  lu.assertTrue(err.is(e), tostring(e))
  lu.assertNotStrContains(err.block(e) .. json.encode(e, {}), SECRET)
  lu.assertStrContains(e.where, "test_auth.lua:")
  return e
end

-- The request -------------------------------------------------------------------------------------

T.test_the_request_is_a_form_of_that_size_and_the_key_is_the_client_id = badserver.with(
  function(server)
    local form = "grant_type=client_credentials&client_id=a%26b%2B%3D&client_secret=" .. SECRET
      .. "&scope=openid%2CAdobeID"
    local settings = {
      token_url = server:base "echo", scopes = "openid AdobeID", client_id = "a&b+=",
    }
    lu.assertStrContains(failure(operations(server:base "ok", settings)).message, "no access_token")
    local log = server:log()
    lu.assertEquals({ log[1].method, log[1].body_bytes, #log }, { "POST", #form, 1 })
    settings.token_url = endpoint(server, { { 200, GOOD } })
    local seen = echo(operations(server:base "echo", settings))
    lu.assertEquals(seen.headers["x-api-key"], "a&b+=")
    lu.assertEquals(seen.headers.authorization, "Bearer " .. ("*"):rep(#"eyJtoken.one"))
  end)

T.test_many_that_wait_ask_once = badserver.with(function(server)
  local ops = operations(server:base "ok", {
    token_url = endpoint(server, { { 200, GOOD } }, "_say_slowly"),
  })
  local tasks = {}
  for i = 1, 50 do
    tasks[i] = task.spawn(ops.get_fallback, "dps:fallback-offer:1")
  end
  for _, one in ipairs(tasks) do
    one:wait()
  end
  lu.assertEquals(server:count "_say_slowly", 1)
  lu.assertEquals(server:count "ok", 50)
end)

-- A blocking call must not need what a script task owns.
T.test_a_call_that_blocks_gets_the_token_that_another_task_waits_for = badserver.with(
  function(server)
    local ops = operations(server:base "ok", {
      token_url = endpoint(server, { { 200, GOOD } }, "_say_slowly"),
    })
    local other = task.spawn(ops.get_fallback, "dps:fallback-offer:1")
    native.sleep(0.02)
    local got
    table.sort({ 2, 1 }, function(a, b)
      got = got or ops.get_fallback "dps:fallback-offer:2"
      return a < b
    end)
    lu.assertNotNil(got.id)
    other:wait()
    lu.assertEquals(server:count "_say_slowly", 1)
  end)

T.test_whoever_is_stopped_while_it_waits_takes_nothing_from_the_others = badserver.with(
  function(server)
    local ops = operations(server:base "ok", {
      token_url = endpoint(server, { { 200, GOOD } }, "_say_slowly"),
    })
    local first = task.spawn(ops.get_fallback, "dps:fallback-offer:1")
    local second = task.spawn(ops.get_fallback, "dps:fallback-offer:2")
    native.sleep(0.02)
    first:cancel()
    lu.assertNotNil(second:wait().id)
    lu.assertFalse((pcall(first.wait, first)))
    lu.assertEquals(server:count "_say_slowly", 1)
  end)

T.test_a_secret_goes_into_a_header_and_comes_back_as_stars = badserver.with(function(server)
  local ops = operations(server:base "echo", { token_url = endpoint(server, { { 200, GOOD } }) })
  local function send(secret, name)
    return ops.request { method = "GET", path = "/x", headers = { [name or "X-Gateway"] = secret } }
  end
  lu.assertEquals(send(native.secret.public(SECRET)).headers["x-gateway"], ("*"):rep(#SECRET))
  lu.assertEquals(send(native.secret.public "short").headers["x-gateway"], "short")
  for secret, name in pairs { ["a\r\nX-Evil: 1"] = "X", ["a\0b"] = "X", [SECRET] = "X\r\nB" } do
    local ok, e = pcall(send, native.secret.public(secret), name)
    lu.assertTrue(not ok and err.is(e, "invalid"), tostring(e))
  end
  lu.assertEquals(server:count "echo", 2)
end)

-- Renewal -----------------------------------------------------------------------------------------

local function short(name, seconds)
  return { 200, { access_token = name, token_type = "bearer", expires_in = seconds } }
end

T.test_a_token_is_renewed_before_it_ends = badserver.with(function(server)
  local ops = operations(server:base "ok", {
    token_url = endpoint(server, { short("one", 1), short("two", 86399) }),
  })
  echo(ops)
  echo(ops)
  lu.assertEquals(server:count "_say", 1)
  native.sleep(0.85)
  echo(ops)
  lu.assertEquals(server:count "_say", 2)
end)

T.test_early_renewal_that_fails_is_no_reason_to_stop = badserver.with(function(server)
  local ops = operations(server:base "ok", {
    token_url = endpoint(server, { short("one", 2), { 401, '{"error":"invalid_client"}' } }),
  })
  echo(ops)
  native.sleep(1.65)
  echo(ops)
  echo(ops)
  lu.assertEquals(server:count "_say", 2, "not asked again at once")
  native.sleep(0.4)
  lu.assertStrContains(failure(ops).message, "invalid_client")
end)

T.test_a_401_is_answered_by_one_new_token_and_one_more_try = badserver.with(function(server)
  local ops = operations(endpoint(server, { { 401 }, { 200, "{}" } }, "_say_slowly"), {
    token_url = endpoint(server, { short("one", 100), short("two", 100), short("three", 100) }),
  })
  lu.assertEquals(echo(ops), {})
  lu.assertEquals(server:count "_say", 2)
  lu.assertEquals(server:count "_say_slowly", 2)
end)

T.test_a_write_is_sent_again_after_a_401_too = badserver.with(function(server)
  local ops = operations(endpoint(server, { { 401 }, { 200, '{"id":"a"}' } }, "_say_slowly"), {
    token_url = endpoint(server, { short("one", 100), short("two", 100) }),
  })
  lu.assertEquals(ops.request { method = "POST", path = "/x", body = { a = 1 } }, { id = "a" })
  lu.assertEquals({ server:count "_say_slowly", server:count "_say" }, { 2, 2 })
end)

T.test_many_401s_at_once_get_one_new_token = badserver.with(function(server)
  local answers = {}
  for i = 1, 20 do answers[i] = { 401 } end
  answers[21] = { 200, "{}" }
  local ops = operations(endpoint(server, answers, "_say_slowly"), {
    token_url = endpoint(server, { short("one", 100), short("two", 100), short("three", 100) }),
  })
  local tasks = {}
  for i = 1, 20 do
    tasks[i] = task.spawn(echo, ops)
  end
  for _, one in ipairs(tasks) do
    lu.assertEquals(one:wait(), {})
  end
  lu.assertEquals(server:count "_say", 2)
end)

T.test_a_401_that_stays_ends_and_asks_for_no_more_tokens = badserver.with(function(server)
  local ops = operations(server:base "s401", {
    token_url = endpoint(server, { short("one", 100), short("two", 100), short("three", 100) }),
  })
  for _ = 1, 3 do
    local e = failure(ops)
    lu.assertEquals({ e.kind, e.status }, { "auth", 401 })
    lu.assertStrContains(err.hint(e), "DPS_IMS_ORG")
  end
  lu.assertEquals(server:count "_say", 2)
  lu.assertEquals(server:count "s401", 4)
end)

T.test_a_403_asks_for_no_token_at_all = badserver.with(function(server)
  local ops = operations(server:base "s403", {
    token_url = endpoint(server, { short("one", 100), short("two", 100) }),
  })
  local e = failure(ops)
  lu.assertEquals({ e.kind, e.status, e.attempts }, { "auth", 403, 1 })
  lu.assertStrContains(err.hint(e), "role")
  failure(ops)
  lu.assertEquals(server:count "_say", 1)
  lu.assertEquals(server:count "s403", 2)
end)

-- Failures ----------------------------------------------------------------------------------------

local function fails(answers, wanted, name)
  return badserver.with(function(server)
    local ops = operations(server:base "ok", { token_url = endpoint(server, answers, name) })
    local e = failure(ops)
    badserver.check(e, wanted, "")
    lu.assertEquals(e.sent, "no")
    lu.assertEquals(server:count(name or "_say"), wanted.attempts or 1)
    lu.assertEquals(server:count "ok", 0)
    -- A refusal that stays is remembered for a while.
    failure(ops)
    lu.assertEquals(server:count(name or "_say"), wanted.attempts or 1)
  end)
end

local function refusal(status, error, description)
  return { { status, { error = error, error_description = description } } }
end

T.test_a_wrong_secret_says_so = fails(
  refusal(401, "invalid_client", "invalid client_secret parameter"),
  { kind = "auth", status = 401, says = "invalid_client: invalid client_secret parameter",
    hint = "the client secret is wrong or was rotated" })
T.test_an_unknown_client_says_so = fails(
  refusal(400, "invalid_client", "invalid client_id parameter"),
  { kind = "auth", status = 400, hint = "the client id is unknown" })
T.test_a_missing_scope_says_so = fails(
  refusal(400, "invalid_scope", "The scopes are not a subset of those of the client."),
  { kind = "auth", status = 400, hint = "DPS_SCOPES" })
T.test_a_credential_of_another_flow_says_so = fails(
  refusal(400, "unauthorized_client", "x"),
  { kind = "auth", hint = "OAuth Server-to-Server" })
T.test_a_credential_without_rights_says_so = fails(
  refusal(403, "access_denied", "x"),
  { kind = "auth", status = 403, hint = "product profile" })
T.test_a_page_instead_of_an_answer_says_where_to_look = fails(
  { { 200, "<html>Sign in</html>" } },
  { kind = "decode", status = 200, says = "its answer is no JSON", hint = "DPS_TOKEN_URL" })
T.test_a_404_says_where_to_look = fails(
  { { 404, "<html></html>" } }, { kind = "auth", status = 404, hint = "DPS_TOKEN_URL" })
T.test_a_redirect_is_not_followed = fails(
  { { 302, "" } }, { kind = "http", status = 302, hint = "DPS_TOKEN_URL" })
T.test_an_answer_without_a_token_is_a_fault = fails(
  { { 200, "{}" } }, { kind = "decode", says = "there is no access_token" })
T.test_a_token_with_a_line_break_never_reaches_a_header = fails(
  { { 200, '{"access_token":"a\\r\\nX-Evil: 1","expires_in":60}' } },
  { kind = "decode", says = "can't stand in a header" })
T.test_a_token_of_another_type_is_refused = fails(
  { { 200, '{"access_token":"a","token_type":"mac","expires_in":60}' } },
  { kind = "decode", says = "another type than bearer" })
T.test_a_token_that_expired_already_is_refused = fails(
  { { 200, '{"access_token":"a","expires_in":0}' } },
  { kind = "decode", says = "has expired already" })
T.test_a_long_wait_that_is_asked_for_is_no_wait = fails(
  refusal(429, "slow_down", "x"),
  { kind = "http", status = 429, hint = "DPS_TOKEN_CACHE" }, "_say_much_later")

T.test_what_passes_by_itself_is_tried_again = badserver.with(function(server)
  local ops = operations(server:base "ok", {
    token_url = endpoint(server, { { 500, "<html></html>" }, { 200, GOOD } }),
  })
  echo(ops)
  lu.assertEquals(server:count "_say", 2)
end)

T.test_retry_after_is_waited_for = badserver.with(function(server)
  local ops = operations(server:base "ok", {
    token_url = endpoint(server, { { 429, "{}" }, { 200, GOOD } }, "_say_later"),
  })
  local before = native.monotonic()
  echo(ops)
  lu.assertTrue(native.monotonic() - before >= 1)
  lu.assertEquals(server:count "_say_later", 2)
end)

T.test_an_endpoint_that_cannot_be_reached_is_named = function()
  local ops = operations("http://127.0.0.1:1", { token_url = "http://127.0.0.1:1/t", timeout = 1 })
  local e = failure(ops)
  badserver.check(e, { kind = "transport", says = "127.0.0.1:1 can't be reached", sent = "no",
    hint = "DPS_TOKEN_URL" }, "")
end

T.test_an_endpoint_that_never_answers_times_out = badserver.with(function(server)
  local ops = operations(server:base "ok", { token_url = server:base "never", timeout = 0.05 })
  badserver.check(failure(ops), { kind = "timeout", attempts = 4 }, "")
end)

T.test_an_answer_above_its_ceiling_is_cut_off = badserver.with(function(server)
  local ops = operations(server:base "ok", { token_url = server:base "huge" })
  badserver.check(failure(ops), { kind = "limit", hint = "DPS_TOKEN_URL" }, "")
end)

-- Settings ----------------------------------------------------------------------------------------

local function refused(settings, words, hint)
  local ok, e = pcall(echo, operations("http://127.0.0.1:1", settings))
  lu.assertFalse(ok)
  lu.assertTrue(err.is(e, "refused"), tostring(e))
  lu.assertStrContains(err.block(e), words)
  lu.assertStrContains(err.block(e), hint or "")
  lu.assertNotStrContains(err.block(e), SECRET)
end

function T.test_a_client_without_a_secret_is_refused()
  refused({ client_secret_file = false }, "there is no client secret for the client cid",
    "DPS_CLIENT_SECRET")
end

function T.test_a_secret_that_is_none_is_refused()
  refused({ client_secret_file = write_secret "\n" }, "flag --client-secret-file: ")
  refused({ client_secret_file = "/nowhere" }, "/nowhere: No such file")
  refused({ client_secret_file = write_secret(SECRET .. "\nmore") }, "has a line break")
  refused({ client_secret_file = false, client_secret_command = { "false" } },
    "the command false ended with exit code 1")
end

function T.test_a_credential_file_of_another_kind_is_refused()
  refused({ client_id = false, client_secret_file = false, credentials = write_secret "{" },
    "it is no JSON", "mend that file")
  refused({ client_id = false, client_secret_file = false,
    credentials = write_secret '{"API_KEY":"c","PRIVATE_KEY":"k"}' }, "OAuth Server-to-Server")
end

T.test_a_credential_file_says_all_but_the_sandbox = badserver.with(function(server)
  local file = write_secret(json.encode {
    CLIENT_ID = "of-file", CLIENT_SECRETS = { SECRET }, ORG_ID = "F@AdobeOrg",
    SCOPES = { "openid" },
  })
  local seen = echo(operations(server:base "echo", {
    token_url = endpoint(server, { { 200, GOOD } }), credentials = file, client_id = false,
    client_secret_file = false, ims_org = false,
  }))
  lu.assertEquals(seen.headers["x-api-key"], "of-file")
  lu.assertEquals(seen.headers["x-gw-ims-org-id"], "F@AdobeOrg")
end)

T.test_a_token_file_is_read_again_after_a_401 = badserver.with(function(server)
  local path = write_secret "first-token-0123\n"
  local ops = operations(endpoint(server, { { 200, "{}" }, { 401 }, { 200, "{}" }, { 401 } }), {
    access_token_file = path, client_id = false, client_secret_file = false, api_key = "k",
  })
  echo(ops)
  support.write(path, "second-token-0123\n")
  echo(ops)
  lu.assertEquals(server:count "_say", 3)
  local e = failure(ops)
  lu.assertEquals({ e.status, e.attempts }, { 401, 1 })
  lu.assertStrContains(err.hint(e), "flag --access-token-file")
  failure(ops)
  lu.assertEquals(server:count "_say", 5, "the same token is not sent twice")
end)

T.test_a_token_that_says_when_it_ended_is_taken_at_its_word = badserver.with(function(server)
  local expired = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDB9.c2ln" -- {"exp":1700000000}
  local e = failure(operations(server:base "s401", {
    access_token_file = write_secret(expired), client_id = false, client_secret_file = false,
    api_key = "k",
  }))
  lu.assertStrMatches(err.hint(e), "the access token %(flag %-%-access%-token%-file%) expired"
    .. " %d+ days ago: get a new one;.*")
end)

T.test_a_token_file_that_holds_no_token_is_refused = function()
  for _, text in ipairs { "to ken", "a\r\nb", "Bearer abc" } do
    refused({ access_token_file = write_secret(text), client_id = false, api_key = "k" },
      "can't be used: a token has letters", 'without "Bearer"')
  end
end

-- The shared file ---------------------------------------------------------------------------------

T.test_clients_that_share_a_file_ask_once = badserver.with(function(server)
  local cache = support.tmpdir() .. "/tokens"
  local settings = { token_url = endpoint(server, { { 200, GOOD } }, "_say_slowly"),
    token_cache = cache }
  local tasks = {}
  for i = 1, 5 do
    tasks[i] = task.spawn(echo, operations(server:base "ok", settings))
  end
  for _, one in ipairs(tasks) do
    one:wait()
  end
  lu.assertEquals(server:count "_say_slowly", 1)
  settings.scopes = "other"
  echo(operations(server:base "ok", settings))
  lu.assertEquals(server:count "_say_slowly", 2)
end)

T.test_a_token_of_the_file_that_is_refused_is_replaced_there = badserver.with(function(server)
  local cache = support.tmpdir() .. "/tokens"
  local token_url = endpoint(server, { short("one", 100), short("two", 100) })
  echo(operations(server:base "ok", { token_url = token_url, token_cache = cache }))
  echo(operations(endpoint(server, { { 401 }, { 200, "{}" } }, "_say_slowly"),
    { token_url = token_url, token_cache = cache }))
  lu.assertEquals(server:count "_say", 2)
  lu.assertStrContains(support.read(cache), '"two"')
  lu.assertNotStrContains(support.read(cache), '"one"')
end)

T.test_a_file_that_is_none_of_ours_does_no_harm_and_takes_none = badserver.with(function(server)
  local cache = write_secret "my diary"
  local ops = operations(server:base "ok", {
    token_url = endpoint(server, { { 200, GOOD } }), token_cache = cache,
  })
  echo(ops)
  lu.assertEquals(support.read(cache), "my diary")
  lu.assertStrContains(ops.client.auth.token:outcome().warning, "is left alone")
end)

support.run(T)
