-- Error objects: their kinds, their place in the script, and their words for people.
local lu = require "luaunit"
local err = require "dps.err"
local support = require "support"

local T = {}

local KINDS = {
  "invalid", "auth", "conflict", "http", "transport", "timeout", "decode", "cancelled", "limit",
  "refused", "unknown",
}

local function caught(fields)
  local done, value = pcall(err.raise, fields)
  lu.assertFalse(done)
  return value
end

function T.test_every_kind_makes_an_error_with_a_line_a_block_and_a_hint()
  for _, kind in ipairs(KINDS) do
    local e = err.new { kind = kind, message = "what happened" }
    lu.assertTrue(err.is(e))
    lu.assertTrue(err.is(e, kind))
    lu.assertEquals(tostring(e), kind .. ": what happened")
    lu.assertStrMatches(err.block(e), kind .. ": what happened\nwhat to do: %w.+")
  end
end

function T.test_an_unknown_kind_or_field_is_a_bug()
  lu.assertErrorMsgContains("unknown error kind oops", err.new, { kind = "oops" })
  lu.assertErrorMsgContains("unknown error kind nil", err.new, {})
  lu.assertErrorMsgContains("unknown error field token", err.new, { kind = "http", token = "x" })
end

function T.test_only_error_objects_are_errors_of_this_kind()
  for _, value in ipairs { "invalid", 5, true, {}, setmetatable({ kind = "http" }, {}) } do
    lu.assertFalse(err.is(value))
  end
  lu.assertFalse(err.is(nil))
  lu.assertFalse(err.is(setmetatable({}, { __metatable = "locked" })))
  lu.assertFalse(err.is(err.new { kind = "http" }, "auth"))
end

function T.test_raise_finds_the_line_of_the_script()
  local line = debug.getinfo(1, "l").currentline + 2
  local _, e = pcall(function()
    err.raise { kind = "refused", message = "no" }
  end)
  lu.assertStrMatches(e.where, ".*test_err%.lua:" .. line)
  lu.assertEquals(tostring(e), e.where .. ": refused: no")
end

function T.test_raise_looks_at_the_running_coroutine_only()
  local task = coroutine.create(load('local err = ... err.raise { kind = "refused" }', "@task.lua"))
  local _, e = coroutine.resume(task, err)
  lu.assertEquals(e.where, "task.lua:1")
end

function T.test_library_frames_are_passed_over()
  local folder = debug.getinfo(err.new, "S").source:gsub("err%.lua$", "")
  local inner = load("local err = ... err.raise { kind = 'http' }", folder .. "client.lua")
  local outer = load("local inner, err = ...\n\ninner(err)\nlocal x = 1", "@campaign.lua")
  local _, e = pcall(outer, inner, err)
  lu.assertEquals(e.where, "campaign.lua:3")
end

function T.test_a_task_without_script_frames_has_no_place()
  local folder = debug.getinfo(err.new, "S").source:gsub("err%.lua$", "")
  local chunk = load("local err = ... err.raise { kind = 'http' }", folder .. "x.lua")
  local task = coroutine.create(chunk)
  local _, e = coroutine.resume(task, err)
  lu.assertNil(e.where)
  lu.assertEquals(tostring(e), "http: http")
end

function T.test_scripts_from_standard_input_and_strings_have_a_place()
  local code = "local err = ... err.raise { kind = 'http' }"
  local _, from_input = pcall(load(code, "=stdin"), err)
  lu.assertEquals(from_input.where, "stdin:1")
  local _, from_string = pcall(load(code, code), err)
  lu.assertStrContains(from_string.where, '[string "')
end

function T.test_a_given_place_is_kept()
  lu.assertEquals(caught({ kind = "http", where = "a.lua:1" }).where, "a.lua:1")
end

function T.test_tostring_is_one_line_with_operation_and_name()
  local e = err.new {
    kind = "invalid", where = "campaign.lua:12", operation = "create_fallback",
    name = "Summer\nsale", message = "first\r\n  second\27[31m\tthird\xC2\x9B",
  }
  lu.assertEquals(tostring(e), 'campaign.lua:12: create_fallback "Summer sale" failed: '
    .. "invalid: first second\\x1b[31m third\\x9b")
end

function T.test_a_huge_message_is_cut_between_characters()
  local e = err.new { kind = "http", message = "x" .. ("\u{20AC}"):rep(1000000) }
  local line = tostring(e)
  lu.assertTrue(#line < 2100)
  lu.assertTrue(utf8.len(line) ~= nil, "cut inside of a character")
end

local function problems(count)
  local list = {}
  for i = 1, count do
    list[i] = { path = "labels[" .. i .. "]", message = "is wrong" }
  end
  return list
end

function T.test_without_a_message_the_problems_are_the_message()
  lu.assertEquals(err.new({ kind = "invalid", problems = problems(1) }).message,
    "labels[1]: is wrong")
  lu.assertEquals(err.new({ kind = "invalid", problems = problems(5) }).message,
    "labels[1]: is wrong; labels[2]: is wrong; labels[3]: is wrong; and 2 more")
  lu.assertEquals(
    err.new({ kind = "invalid", problems = { { path = "", message = "no table" } } }).message,
    "no table")
end

function T.test_the_block_says_where_what_and_what_to_do()
  local e = err.new {
    kind = "invalid", where = "campaign.lua:12", operation = "create_fallback",
    resource = "fallback offer", name = "Summer sale", problems = problems(4),
  }
  lu.assertEquals(err.block(e), [[
campaign.lua:12: create_fallback failed for fallback offer "Summer sale"
  labels[1]: is wrong
  labels[2]: is wrong
  labels[3]: is wrong
  labels[4]: is wrong
what to do: correct the table at this line and run the script again; nothing was sent]])
end

function T.test_the_block_has_the_answer_of_the_service()
  local block = err.block(err.new {
    kind = "auth", status = 403, request_id = "r-1", attempts = 3, operation = "get_fallback",
    message = "Profile is not valid",
  })
  lu.assertStrContains(block, "\n  auth: Profile is not valid\n")
  lu.assertStrContains(block, "\n  HTTP status 403, request id r-1, 3 attempts\n")
  lu.assertStrContains(block, "DPS_SANDBOX")
end

function T.test_the_block_says_whether_it_was_sent()
  for sent, text in pairs { no = "did not get", maybe = "may have got", yes = "service got" } do
    local e = err.new { kind = "transport", message = "reset", sent = sent }
    lu.assertStrContains(err.block(e), text)
  end
end

function T.test_problems_that_the_message_tells_are_not_told_twice()
  local fields = { kind = "http", status = 422, operation = "create_fallback",
    message = "name: is missing (DPS-422)",
    problems = { { path = "name", message = "is missing" } } }
  local e = err.new(fields)
  lu.assertEquals(select(2, err.block(e):gsub("name: is missing", "")), 1, err.block(e))
  lu.assertEquals(select(2, tostring(e):gsub("name: is missing", "")), 1, tostring(e))
  fields.message = "Unprocessable"
  lu.assertStrContains(err.block(err.new(fields)), "http: Unprocessable")
  lu.assertStrContains(tostring(err.new(fields)), "Unprocessable; name: is missing")
end

function T.test_hints_go_by_own_hint_then_status_then_kind()
  lu.assertEquals(err.hint(err.new { kind = "http", status = 404, hint = "mine" }), "mine")
  lu.assertStrContains(err.hint(err.new { kind = "http", status = 404 }), "id")
  lu.assertStrContains(err.hint(err.new { kind = "http", status = 418 }), "request id")
  lu.assertStrContains(err.hint(err.new { kind = "unknown", status = 503 }), "look for it by name")
end

function T.test_any_other_value_has_a_block_too()
  lu.assertEquals(err.block "plain", "plain")
  lu.assertEquals(err.block(nil), "nil")
end

function T.test_echoed_secrets_are_hidden()
  local token = "eyJhbGciOi.JSUzI1NiJ9-abc_~+/=="
  local e = err.new {
    kind = "http", message = "got Authorization: Bearer " .. token,
    body = ('{"access_token":"%s","client_secret" : "p8e-%s","a":"BEARER  %s"}')
      :format(token, token, token),
    hint = "go to https://example.com/?access_token=" .. token,
  }
  lu.assertNil(e.hint:find("JSUz", 1, true))
  lu.assertNil(e.message:find("JSUz", 1, true))
  lu.assertNil(e.body:find("JSUz", 1, true))
  lu.assertStrContains(e.body, '"access_token":"[hidden]"')
end

function T.test_talk_of_bearer_tokens_is_not_hidden()
  local e = err.new { kind = "auth", message = "the bearer token is missing" }
  lu.assertEquals(e.message, "the bearer token is missing")
end

function T.test_the_fields_given_are_kept_and_the_input_stays_free()
  local fields = { kind = "http", message = "m", status = 500, retryable = true, sent = "yes" }
  local e = err.new(fields)
  lu.assertNil(getmetatable(fields))
  lu.assertEquals({ e.status, e.retryable, e.sent }, { 500, true, "yes" })
end

support.run(T)
