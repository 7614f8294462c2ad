-- Checking by description: every problem at once, in words, for whatever a script may pass.
local fixture = require "schema_fixture"
local lu = require "luaunit"
local schema = require "dps.schema"
local support = require "support"
local values = require "dps.schema.value"

local CREATE, STORED, FIELDS = fixture.CREATE, fixture.STORED, fixture.FIELDS
local fresh, json, with = fixture.fresh, fixture.json, fixture.with

local T = {}

local function lines(problems)
  local list = {}
  for i, problem in ipairs(problems) do
    list[i] = problem.path .. " | " .. problem.message
  end
  return list
end

local function check(value, mode)
  return lines((schema.check(FIELDS, value, mode or CREATE)))
end

local function only(changes, path, message)
  lu.assertEquals(check(with(changes)), { path .. " | " .. message })
end

function T.test_a_good_value_has_no_problem_in_any_mode()
  for _, verb in ipairs { "create", "stored" } do
    for _, flag in ipairs { true, false } do
      local mode = { verb = verb, refuse_unknown = flag, entities = flag }
      lu.assertEquals(schema.check(FIELDS, fresh(), mode), {})
    end
  end
end

function T.test_an_unknown_verb_is_a_bug()
  lu.assertErrorMsgContains("unknown verb", schema.check, FIELDS, fresh(), { verb = "oops" })
end

function T.test_all_problems_come_at_once_in_the_order_of_the_description()
  lu.assertEquals(check { zebra = 1, nmae = "x", status = "aproved", count = 1.5,
    span = { stop = "31.02.2026" }, parts = {} }, {
    "name | name is missing; it is required",
    'status | status "aproved" is unknown (did you mean "approved"? allowed: draft, approved)',
    "count | count must be a whole number from 1 to 30, got 1.5",
    "span.start | start is missing; it is required",
    'span.stop | stop "31.02.2026" is in the order day.month.year; write year-month-day, as in '
      .. "2026-12-31T09:00:00+01:00 (it also has the day 31; February 2026 has 28 days)",
    "parts | parts is empty; it needs at least 1 item",
    'nmae | unknown field "nmae" (did you mean "name"?)',
    'zebra | unknown field "zebra" (known: name, note, code, status, count, on, link, spot, tags, '
      .. "span, parts, extra, words)",
  })
end

function T.test_values_that_are_no_table_of_fields_are_one_problem()
  for _, value in ipairs { "x", 5, true, print, { 1, 2 }, coroutine.create(print) } do
    local problems = schema.check(FIELDS, value, CREATE)
    lu.assertEquals(#problems, 1)
    lu.assertEquals(problems[1].path, "")
  end
  lu.assertStrContains(check(nil)[1], "got nothing (nil)")
end

function T.test_integers_are_whole_and_within_their_range()
  local must = "count must be a whole number from 1 to 30, got "
  only({ count = 1.5 }, "count", must .. "1.5")
  only({ count = -1 }, "count", must .. "-1")
  only({ count = 31 }, "count", must .. "31")
  only({ count = "1" }, "count", must .. 'the string "1"; write 1 without quotes')
  only({ count = "many" }, "count", must .. 'the string "many"')
  only({ count = 0 / 0 }, "count", must .. "NaN (not a number; often 0/0)")
  only({ count = 1 / 0 }, "count", must .. "infinity (often a division by 0)")
  only({ count = 1e300 }, "count", must .. "1e+300")
  only({ count = 31.0 }, "count", must .. "31")
  only({ count = 0.0 }, "count", must .. "0")
  lu.assertEquals(check(with { count = 30.0 }), {})
end

function T.test_strings_and_booleans_are_not_guessed_from_other_types()
  only({ note = 5 }, "note", "note must be a string, got 5; put it in quotes")
  only({ note = { "a" } }, "note", "note must be a string, got a list")
  only({ on = "true" }, "on",
    'on must be true or false, got the string "true"; write true without quotes')
  only({ on = 1 }, "on", "on must be true or false, got 1")
  only({ note = json.null }, "note", "note must be a string, got null; leave the field out instead")
end

function T.test_names_are_neither_blank_nor_padded_on_create()
  only({ name = "" }, "name", "name is blank; give it some text")
  only({ name = " \t\n" }, "name", "name is blank; give it some text")
  only({ name = "Sale " }, "name", 'name "Sale " begins or ends with a space; remove it')
  lu.assertEquals(check(with { name = " Sale" }, STORED), {})
  lu.assertEquals(#check(with { name = "  " }, STORED), 1)
end

function T.test_a_name_has_no_space_at_either_end()
  for _, name in ipairs { " Sale", "Sale\t", "\nSale", " S " } do
    lu.assertStrContains(check(with { name = name })[1] or "", "begins or ends with a space")
  end
  lu.assertEquals(check(with { name = "Summer sale" }), {})
end

function T.test_patterns_are_explained_in_words()
  only({ code = "a1" }, "code", 'code "a1" is no code; write A1')
  lu.assertEquals(check(with { code = "B22" }), {})
end

function T.test_create_allows_less_than_what_can_be_stored()
  only({ status = "archived" }, "status",
    'status "archived" can\'t be given on create; allowed: draft, approved (later)')
  lu.assertEquals(check(with { status = "archived" }, STORED), {})
  lu.assertEquals(check(with { status = "x" }, STORED),
    { 'status | status "x" is unknown (allowed: draft, approved, archived)' })
end

function T.test_addresses_are_absolute_and_http()
  for _, url in ipairs {
    "https://mysite.com", "http://a/", "HTTPS://A.example:8080/x?y=z#f", "https://u:p@h.example/",
    "https://[::1]:8080/x", "https://a.example?x", "https://a.example/%20/\u{FC}",
    "https://a.example/{{profile.id}}",
  } do
    lu.assertEquals(check(with { link = url }), {})
  end
  for url, why in pairs {
    ["www.a.example/x"] = "is not a whole address", ["a.example:8080/x"] = "is not a whole address",
    ["//a.example"] = "is not a whole address", [""] = "is not a whole address",
    ["ftp://a.example"] = "begins with ftp:", ["mailto:a@b.example"] = "begins with mailto:",
    ["https:/a.example"] = "no proper host", ["https://"] = "no proper host",
    ["https:///x"] = "no proper host", ["https://:80/"] = "no proper host",
    ["https://a.example:8x/"] = "no proper host", ["https://a.example/a b"] = "has a space",
    ["https://a.example/\1"] = "control character", ["https://a.example/\0"] = "control character",
  } do
    lu.assertStrContains(check(with { link = url })[1] or "", why)
  end
end

function T.test_references_are_ids_or_entities()
  lu.assertEquals(check(with { spot = { id = "dps:offer-placement:2", name = "x" } }), {})
  lu.assertEquals(#check(with { spot = { id = "x" } }, STORED), 1)
  only({ spot = { name = "x" } }, "spot",
    "spot must be the id of a placement, got a table without an id; create it or look it up first")
  only({ spot = { id = "" } }, "spot", 'spot "" is not an id: an id can\'t be empty')
  only({ spot = "a/b" }, "spot",
    'spot "a/b" is not an id: an id can\'t contain / ? # spaces or control characters')
  only({ tags = { "a", 5 } }, "tags[2]", "tags[2] must be the id of a tag, got 5")
end

function T.test_dates_are_strings_with_an_offset_or_date_objects()
  local zone = "has no offset; write Z or +01:00 at the end"
  only({ span = { start = "2026-12-01T09:00:00" } }, "span.start",
    'start "2026-12-01T09:00:00" ' .. zone)
  only({ span = { start = 5 } }, "span.start",
    'start must be a date such as "2026-12-31T09:00:00+01:00", got 5')
  local object = setmetatable({}, { __dps_date = function() return "2026-12-01T09:00:00Z" end })
  lu.assertEquals(check(with { span = { start = object } }), {})
  local bad = setmetatable({}, { __dps_date = function() return "2026-12-01" end })
  lu.assertStrContains(check(with { span = { start = bad } })[1], '"2026-12-01" has no time')
end

function T.test_broken_date_objects_are_no_dates()
  for _, give in ipairs { error, 5, function() return 5 end } do
    local object = setmetatable({}, { __dps_date = give })
    lu.assertNil(values.is_date(object))
    lu.assertStrContains(check(with { span = { start = object } })[1], "got an empty table")
  end
end

function T.test_rules_across_fields_count_and_come_last()
  lu.assertEquals(check(with { span = { start = "2026-01-01T00:00:00Z", x = 1,
    stop = "2026-01-01T00:30:00+01:00" } }), {
    'span.x | unknown field "x" (known: start, stop, rank)',
    "span.stop | stop is before start",
  })
end

function T.test_an_unknown_field_names_its_neighbour_or_its_place()
  only({ span = { start = "2026-01-01T00:00:00Z", rank = { prioritiy = 1 } } },
    "span.rank.prioritiy", 'unknown field "prioritiy" (did you mean "priority"?)')
  only({ priority = 1 }, "priority",
    'unknown field "priority" here (it belongs at span.rank.priority)')
  only({ kind = 1 }, "kind", 'unknown field "kind" here (it belongs at parts[...].kind)')
  only({ prioritiy = 1 }, "prioritiy",
    'unknown field "prioritiy" (did you mean "priority"? it belongs at span.rank.priority)')
  only({ etag = 1 }, "etag", '"etag" is given by the service; leave it out')
end

function T.test_stored_objects_may_have_unknown_fields()
  lu.assertEquals(check(with { zebra = 1 }, STORED), {})
end

function T.test_keys_that_are_no_names_are_problems()
  only({ [5] = "x" }, "[5]",
    "a value without a name stands at 5; fields are written name = value")
  only({ [true] = "x" }, "[true]", "a field's name must be a string, got true")
  lu.assertEquals(#check(with { [5] = "x", [{}] = 1, [print] = 2 }, STORED), 3)
  only({ ["a b.c"] = "x" }, '["a b.c"]', 'unknown field "a b.c" (known: name, note, code, status, '
    .. "count, on, link, spot, tags, span, parts, extra, words)")
end

function T.test_lists_have_no_gaps_and_no_names()
  only({ tags = { "a", nil, "c" } }, "tags", "tags has a gap: item 2 is nil but item 3 is not")
  only({ tags = { "a", x = "b" } }, "tags.x",
    'tags mixes a list with the named field "x"; use one or the other')
  only({ tags = "a" }, "tags", 'tags must be a list, got the string "a"; put it in { }')
  only({ tags = { x = "a" } }, "tags",
    "tags must be a list, got a table with named fields; write tags = { ... }")
  only({ parts = { kind = "k" } }, "parts",
    "parts must be a list, got a table with named fields; write parts = { { ... } }")
  only({ tags = { "a", "b", "c", "d" } }, "tags", "tags has 4 items; at most 3 are allowed")
  only({ span = { 5 } }, "span",
    "span must be a table with named fields (start, stop, rank), got a list")
end

function T.test_a_list_filled_from_the_end_is_a_list()
  local tags = {}
  for i = 3, 1, -1 do
    tags[i] = "t" .. i
  end
  lu.assertEquals(check(with { tags = tags }), {})
end

function T.test_the_second_user_of_a_unique_value_is_the_problem()
  local parts = { { spot = "a", kind = "k" }, { spot = "b", kind = "k" },
    { spot = { id = "a" }, kind = "k" }, { kind = "k" }, { kind = "k" } }
  only({ parts = parts }, "parts[3].spot", 'spot "a" is used in parts[1] too; one each')
end

function T.test_functions_threads_and_handles_cant_be_sent()
  only({ note = print }, "note",
    "a function can't be sent; to send what it returns, call it: note = f()")
  only({ extra = { a = { b = print } } }, "extra.a.b",
    "a function can't be sent; to send what it returns, call it: extra.a.b = f()")
  only({ note = coroutine.create(print) }, "note",
    "a thread can't be sent; note takes plain values only")
  only({ extra = { a = io.stderr } }, "extra.a",
    "a userdata can't be sent; extra.a takes plain values only")
end

function T.test_open_objects_refuse_what_json_cant_hold()
  local cycle = { name = "c" }
  cycle.inner = { back = cycle }
  local deep = {}
  local inner = deep
  for _ = 1, 5000 do
    inner.d = {}
    inner = inner.d
  end
  lu.assertEquals(check(with { extra = {
    a = cycle, b = 0 / 0, c = { -1 / 0 }, e = { 1, nil, 3 }, f = { 1, x = 2 }, [1] = 2,
  } }), {
    "extra.a.inner.back | extra.a.inner.back is inside itself (a cycle), which can't be sent",
    "extra.b | extra.b is NaN (not a number; often 0/0), which can't be sent",
    "extra.c[1] | extra.c[1] is infinity (often a division by 0), which can't be sent",
    "extra.e | extra.e has a gap: item 2 is nil but item 3 is not",
    'extra.f.x | extra.f mixes a list with the named field "x"; use one or the other',
    "extra[1] | a value without a name stands at 1; fields are written name = value",
  })
  lu.assertStrContains(check(with { extra = deep })[1], "nested deeper than 100 tables")
end

function T.test_open_objects_take_null_lists_and_shared_tables()
  local shared = { x = 1 }
  for _ = 1, 60 do
    shared = { shared, shared }
  end
  lu.assertEquals(check(with { extra = { n = json.null, a = json.array {}, s = shared, e = {} } }),
    {})
end

function T.test_open_objects_can_say_what_they_hold()
  only({ words = { a = "b", c = 5 } }, "words.c",
    "words.c must be a string, got 5; put it in quotes")
end

function T.test_raw_tables_pass_unchecked_anywhere()
  lu.assertEquals(check(schema.raw { anything = print }), {})
  for _, key in ipairs { "name", "count", "tags", "span", "parts", "extra", "words", "spot" } do
    lu.assertEquals(check(with { [key] = schema.raw { 1, x = print } }), {})
  end
  lu.assertEquals(check(with { extra = { a = schema.raw { print } } }), {})
  lu.assertErrorMsgContains("dps.raw takes a table", schema.raw, "x")
end

function T.test_raw_marks_a_copy_of_what_has_a_metatable()
  local mt = {}
  local given = setmetatable({ a = 1 }, mt)
  lu.assertTrue(values.is_raw(schema.raw(given)))
  lu.assertIs(getmetatable(given), mt)
end

function T.test_long_texts_are_refused_with_their_size()
  local big = ("x"):rep(10 * 1024 * 1024)
  local kb = "; at most 300 KB is allowed; shorten it or link to it"
  only({ name = big }, "name", "name has 10.0 MB" .. kb)
  only({ extra = { a = big } }, "extra.a", "extra.a has 10.0 MB" .. kb)
  only({ link = "https://a.example/" .. big }, "link", "link has 10.0 MB" .. kb)
  only({ note = big }, "note",
    "note has 10.0 MB; at most 2 KB is allowed; shorten it or link to it")
  lu.assertEquals(check(with { name = ("x"):rep(300 * 1024) }), {})
  for _, key in ipairs { "code", "status", "spot", big } do
    local problems = check(with { [key] = big })
    lu.assertEquals(#problems, 1)
    lu.assertTrue(#problems[1] < 400)
  end
end

function T.test_quoted_values_are_cut_and_shown_without_control_characters()
  local long = "x" .. ("\u{20AC}"):rep(1000)
  local message = check(with { status = long })[1]
  lu.assertStrContains(message, '"x' .. ("\u{20AC}"):rep(19) .. '..."')
  lu.assertStrContains(check(with { status = "a\n\27b" })[1], 'status "a\\x0a\\x1bb" is unknown')
end

function T.test_very_many_problems_are_cut_off()
  local tags = {}
  for i = 1, 100000 do
    tags[i] = i
  end
  local problems = schema.check(FIELDS, with { tags = tags }, CREATE)
  lu.assertEquals(#problems, 1001)
  lu.assertStrContains(problems[1001].message, "more problems")
end

function T.test_a_date_object_may_hold_its_moment()
  local mt = { __dps_moment = "at", __dps_date = function() return "2026-12-01T00:00:00Z" end }
  lu.assertEquals(schema.instant(setmetatable({ at = 5 }, mt)), 5)
  lu.assertEquals(schema.instant(setmetatable({ at = "5" }, mt)), 1796083200000)
  lu.assertEquals(schema.instant(require("dps.date")("2026-12-01", "Asia/Tokyo")), 1796050800000)
end

support.run(T)
