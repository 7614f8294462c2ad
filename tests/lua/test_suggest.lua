-- "Did you mean", and the refusal of unknown options that uses it.
local lu = require "luaunit"
local options = require "dps.options"
local suggest = require "dps.suggest"
local support = require "support"

local T = {}

local NAMES = { "name", "status", "priority", "representations", "startDate", "deliveryURL", "id" }

function T.test_one_slip_of_each_sort_finds_the_name()
  for word, name in pairs {
    prioritiy = "priority", priorty = "priority", prioritx = "priority", proirity = "priority",
    nmae = "name", satus = "status", representation = "representations",
  } do
    lu.assertEquals(suggest.nearest(word, NAMES), name)
  end
end

function T.test_case_and_separators_do_not_count()
  lu.assertEquals(suggest.nearest("start_date", NAMES), "startDate")
  lu.assertEquals(suggest.nearest("Delivery-Url", NAMES), "deliveryURL")
  lu.assertEquals(suggest.nearest("ID", NAMES), "id")
end

function T.test_more_than_a_third_wrong_finds_nothing()
  lu.assertEquals(suggest.nearest("xxxority", NAMES), nil)
  lu.assertEquals(suggest.nearest("xxiority", NAMES), "priority")
  lu.assertEquals(suggest.nearest("ix", NAMES), nil)
  lu.assertEquals(suggest.nearest("", NAMES), nil)
  lu.assertEquals(suggest.nearest("colour", NAMES), nil)
end

function T.test_the_nearest_wins_and_of_equals_the_first()
  lu.assertEquals(suggest.nearest("abcx", { "abdd", "abcd" }), "abcd")
  lu.assertEquals(suggest.nearest("abcx", { "abcy", "abcz" }), "abcy")
end

function T.test_a_letter_added_lost_changed_or_swapped_is_one_step()
  for _, word in ipairs { "namee", "nme", "nane", "nmae", "name" } do
    lu.assertEquals(suggest.nearest(word, { "name" }), "name", word)
  end
  for _, word in ipairs { "nm", "eman", "nabx" } do -- two steps are too many for so few letters
    lu.assertNil(suggest.nearest(word, { "name" }), word)
  end
  lu.assertEquals(suggest.nearest("kittens12", { "sitting12" }), "sitting12")
end

function T.test_odd_words_have_no_neighbour()
  for _, word in ipairs { 5, true, {}, ("x"):rep(10000000) } do
    lu.assertNil(suggest.nearest(word, NAMES))
  end
  lu.assertNil(suggest.nearest(nil, NAMES))
  lu.assertNil(suggest.nearest("name", {}))
end

local function misuse(...)
  local ok, e = pcall(options.check, ...)
  lu.assertEquals({ ok, e.kind }, { false, "invalid" })
  return tostring(e)
end

function T.test_an_unknown_option_is_an_error_at_the_callers_line()
  local line = debug.getinfo(misuse, "S").linedefined + 1
  local message = misuse("list_fallbacks", { limt = 5 }, { "limit", "orderby" })
  lu.assertStrContains(message, 'list_fallbacks: unknown option "limt" (did you mean "limit"?)')
  lu.assertStrContains(message, "test_suggest.lua:" .. line .. ": ")
end

function T.test_an_option_like_no_other_lists_the_known_ones()
  lu.assertStrContains(misuse("f", { colour = 5 }, { "limit", "orderby" }),
    'f: unknown option "colour" (known: limit, orderby)')
  lu.assertStrContains(misuse("f", { "date" }, { "type" }),
    'f: "date" stands there without a name; options are written name = value (known: type)')
  lu.assertStrContains(misuse("f", { 1 }, {}),
    'a number stands there without a name; options are written name = value (known: none)')
end

function T.test_known_options_and_none_are_fine()
  local given = { limit = 5 }
  lu.assertIs(options.check("f", given, { "limit" }), given)
  lu.assertEquals(options.check("f", nil, { "limit" }), {})
end

function T.test_options_that_are_no_table_are_refused()
  lu.assertStrContains(misuse("f", "limit", { "limit" }),
    "f: the options must be a table, got a string")
end

support.run(T)
