-- Answers that say no, and answers that cannot be used: for every verb the right kind, the status,
-- the request id and advice; never a crash, and never the token.

local lu = require "luaunit"
local badserver = require "badserver"
local support = require "support"

local T = {}

local NONE = {}
local READS = { get = true, list = true }
local IDEMPOTENT = { get = true, list = true, delete = true }
local CHANGE = { get = true, list = true, update = true }
local ALL = { create = true, get = true, list = true, update = true, delete = true }

-- By behaviour: status, kind, part of the message, verbs that may be repeated, part of the advice;
-- for some verbs another one.
local UNWRITTEN = { get = "nothing was written", list = "nothing was written" }
local STATUSES = {
  s301 = { 301, "http", "Moved Permanently", NONE, "http://127.0.0.2:1/elsewhere" },
  s400 = { 400, "http", "Missing header (400003)", NONE },
  s401 = { 401, "auth", "Oauth token is not valid (401013)", NONE, "DPS_ACCESS_TOKEN" },
  s403 = { 403, "auth", "Profile is not valid (403025)", NONE, "DPS_SANDBOX" },
  s404 = { 404, "http", "No such object", NONE, "check the id",
    { list = "DPS_BASE_URL", create = "DPS_BASE_URL" } },
  s409 = { 409, "conflict", "conflict with another operation", CHANGE, "read it again" },
  s412 = { 412, "conflict", "The etag does not match", NONE, "read it again" },
  s422 = { 422, "http", "status: not one of the permitted values", NONE, "values" },
  s429 = { 429, "http", "RequestRateTooLarge", ALL, "fewer in flight" },
  s500 = { 500, "http", "500 Internal Server Error", IDEMPOTENT, "look whether the object exists",
    UNWRITTEN },
  s502 = { 502, "http", "502 Bad Gateway", IDEMPOTENT },
  s503 = { 503, "http", "Please try again later", IDEMPOTENT, "before a create is sent again",
    UNWRITTEN },
  s504 = { 504, "http", "The upstream did not answer", IDEMPOTENT },
}

local function check_all(server, behaviour, wanted_for)
  local results = badserver.all_verbs(server:operations(behaviour))
  for _, verb in ipairs(badserver.VERBS) do
    local ok, result = table.unpack(results[verb])
    local e = badserver.failure(function()
      lu.assertFalse(ok, behaviour .. ", " .. verb)
      error(result, 0)
    end)
    badserver.check(e, wanted_for(verb), behaviour .. ", " .. verb)
  end
end

local function row_kind(behaviour)
  return STATUSES[behaviour][2]
end

local function refuses(behaviour)
  return badserver.with(function(server)
    local status, kind, says, repeatable, hint, others =
      table.unpack(STATUSES[behaviour])
    check_all(server, behaviour, function(verb)
      return {
        status = status, kind = kind, says = says, retryable = repeatable[verb] or false,
        sent = "yes", attempts = 1, request_id = true,
        hint = others and others[verb] or hint,
      }
    end)
    local looks = row_kind(behaviour) == "conflict" and 1 or 0 -- the update's, for what has changed
    lu.assertEquals(server:count(behaviour), #badserver.VERBS + looks, "each is sent once")
  end)
end

for behaviour, row in pairs(STATUSES) do
  T["test_status_" .. row[1] .. "_is_told_with_its_kind_words_and_request_id"] = refuses(behaviour)
end

T.test_the_answer_to_a_refusal_is_kept_as_it_came = badserver.with(function(server)
  local e = badserver.failure(server:operations("s500").get_fallback, "x")
  lu.assertStrContains(e.body, "<h1>500 Internal Server Error</h1>")
end)

T.test_an_html_page_is_worded_without_its_tags_and_its_title_only_once = badserver.with(
  function(server)
    local e = badserver.failure(server:operations("s502").get_fallback, "x")
    lu.assertEquals(e.message, "502 Bad Gateway")
  end)

-- --- 2xx, but not what the service documents ---

local LOOK = "look for the object by name before it is sent again"

local function undecodable(behaviour, says)
  return badserver.with(function(server)
    check_all(server, behaviour, function(verb)
      return {
        status = 200, kind = "decode", says = says, retryable = false, sent = "yes",
        request_id = true, hint = READS[verb] and "DPS_BASE_URL" or LOOK,
      }
    end)
  end)
end

T.test_json_that_ends_early_is_a_decode_failure =
  undecodable("truncated_json", "a string has no end")
T.test_a_sign_in_page_is_a_decode_failure_that_names_its_type =
  undecodable("not_json", "(text/html; charset=utf-8)")
T.test_invalid_utf8_is_a_decode_failure = undecodable("bad_utf8", "invalid UTF-8")

T.test_the_body_that_could_not_be_decoded_is_kept_so_that_no_id_is_lost = badserver.with(
  function(server)
    local e = badserver.failure(badserver.call, "create", server:operations "bad_utf8")
    lu.assertStrContains(e.body, '"id":"dps:fallback-offer:1"')
  end)

T.test_json_under_another_content_type_is_taken = badserver.with(function(server)
  local results = badserver.all_verbs(server:operations "wrong_type")
  for _, verb in ipairs(badserver.VERBS) do
    lu.assertTrue(results[verb][1], verb .. ": " .. tostring(results[verb][2]))
  end
  lu.assertStrMatches(results.create[2].id, "dps:fallback%-offer:%x+")
  lu.assertEquals(results.create[2].etag, 1)
  lu.assertEquals(#results.list[2], 2)
end)

local function empty_answer(behaviour, status)
  return badserver.with(function(server)
    local ops = server:operations(behaviour)
    for _, verb in ipairs { "create", "get", "list" } do
      badserver.fails({ kind = "decode", status = status, sent = "yes", retryable = false,
        request_id = true, hint = verb == "create" and LOOK or "DPS_BASE_URL" },
        badserver.call, verb, ops)
    end
    lu.assertTrue(badserver.call("delete", ops))
    lu.assertEquals(badserver.call("update", ops), { id = "dps:fallback-offer:1" })
  end)
end

T.test_an_empty_200_is_enough_for_a_delete_and_an_update_only = empty_answer("empty_200", 200)
T.test_a_204_is_enough_for_a_delete_and_an_update_only = empty_answer("no_content", 204)

T.test_json_that_is_no_receipt_no_entity_and_no_list_is_a_decode_failure = badserver.with(
  function(server)
    local ops = server:operations "echo"
    for _, verb in ipairs { "create", "get", "list", "update" } do
      badserver.fails({ kind = "decode", status = 200, sent = "yes", retryable = false,
        request_id = true, says = verb == "list" and "has no results" or "has no id" },
        badserver.call, verb, ops)
    end
  end)

-- --- all of them ---

-- What the other files look at (test_bad_network, test_bad_lists, test_wire).
local ELSEWHERE = [[ok slow100 slow1000 refused_after_accept reset_before reset_mid_body
  close_mid_body never drip huge huge_length huge_headers garbage loop evil_next evil_next_at pages
  once_then_close once_then_reset]]
local HERE = "truncated_json not_json bad_utf8 wrong_type empty_200 no_content echo"

T.test_no_behaviour_of_the_server_is_left_untested = badserver.with(function(server)
  local known = {}
  for name in (ELSEWHERE .. " " .. HERE):gmatch "%S+" do
    known[name] = true
  end
  local names = server:names()
  lu.assertTrue(#names > 30, "the server names its behaviours")
  for _, name in ipairs(names) do
    lu.assertTrue(known[name] or STATUSES[name] ~= nil, name)
  end
end)

support.run(T)
