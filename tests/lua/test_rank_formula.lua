-- Ranking formulas: Lua values as PQL literals that nothing can break out of.

local lu = require "luaunit"
local err = require "dps.err"
local rank = require "dps.rank"
local support = require "support"

local T = {}

local function refused(expected, f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok, "no error")
  lu.assertTrue(err.is(e, "invalid"), tostring(e))
  lu.assertStrContains(e.message, expected)
end

function T.test_the_documents_sample_can_be_built()
  lu.assertEquals(
    rank.formula("if( offer.characteristics.get({{key}}) = {{home}},"
      .. " offer.rank.priority * {{times}}, offer.rank.priority)",
      { key = "city", home = rank.field "homeAddress.city", times = 2 }),
    'if( offer.characteristics.get("city") = homeAddress.city, offer.rank.priority * 2,'
      .. " offer.rank.priority)")
end

function T.test_context_references_and_braces_stay_as_they_are()
  local text = "@{_xdm.context.additionalParameters;version=1}.weather.isNotNull()"
  lu.assertEquals(rank.formula(text), text)
end

function T.test_values_become_literals()
  local mt = { __dps_date = function() return "2026-12-31T23:00:00.000+00:00" end,
    __tostring = function() return "2027-01-01T00:00:00.000+01:00" end }
  for literal, value in pairs {
    ['"pizza"'] = "pizza", ['""'] = "", ["-201"] = -201, ["3.14"] = 3.14, ["0.1"] = 0.1,
    ["2"] = 2.0, ["0"] = -0.0, ["true"] = true, ["false"] = false,
    ['["US", "CA"]'] = { "US", "CA" }, ["[]"] = {}, ["[1, -4]"] = { 1, -4 },
    ["date(2027, 1, 1)"] = setmetatable({}, mt),
    ['"Noël €"'] = "Noël €", ["100000000000000000000"] = 1e20,
  } do
    lu.assertEquals(rank.formula("{{ v }}", { v = value }), literal)
  end
end

function T.test_quotes_and_backslashes_are_escaped()
  lu.assertEquals(rank.formula("{{v}}", { v = [[a"b\c]] }), [["a\"b\\c"]])
  lu.assertEquals(rank.formula("{{v}}", { v = [[\]] }), [["\\"]])
end

function T.test_a_value_is_never_read_as_formula()
  lu.assertEquals(rank.formula("f({{a}}, {{b}})", { a = "{{b}}", b = "\") or (\"" }),
    [[f("{{b}}", "\") or (\"")]])
end

-- Reads a PQL string literal as a reader would: gives the text and where it ends.
local function read_string(text)
  local parts, at = {}, 2
  while text:sub(at, at) ~= '"' do
    if text:sub(at, at) == "\\" then at = at + 1 end
    parts[#parts + 1] = text:sub(at, at)
    assert(at < #text, "never closed")
    at = at + 1
  end
  return table.concat(parts), at
end

function T.test_any_text_comes_back_out_of_its_literal()
  math.randomseed(5)
  local alphabet = { '"', "\\", "a", "(", ")", "{{", "}}", "é", "'", "\\\"", " " }
  for _ = 1, 2000 do
    local parts = {}
    for i = 1, math.random(0, 8) do parts[i] = alphabet[math.random(#alphabet)] end
    local text = table.concat(parts)
    local literal = rank.formula("{{v}}", { v = text })
    local back, last = read_string(literal)
    lu.assertEquals({ back, last }, { text, #literal })
  end
end

function T.test_any_number_comes_back_out_of_its_literal()
  math.randomseed(6)
  for _ = 1, 2000 do
    local number = math.random() * 10 ^ math.random(-1, 15) * (math.random(2) * 2 - 3)
    local ok, text = pcall(rank.formula, "{{v}}", { v = number })
    if ok then
      lu.assertEquals(tonumber(text), number)
      lu.assertStrMatches(text, "%-?%d+%.?%d*")
    else
      lu.assertStrContains(tostring(text), "too many decimals")
    end
  end
end

function T.test_a_negative_number_after_a_minus_is_no_comment()
  lu.assertEquals(rank.formula("a -{{v}}", { v = -1 }), "a - -1")
end

function T.test_a_missing_or_unused_value_is_refused()
  refused('line 2, column 3: there is no value for {{citty}} (did you mean {{city}}?)',
    rank.formula, "é\nx {{citty}}", { city = 1 })
  refused("the formula has no {{city}}", rank.formula, "1", { city = 1 })
end

function T.test_placeholders_are_written_whole_and_without_quotes()
  refused("a placeholder is written {{name}}", rank.formula, "{{na me}}", { name = 1 })
  refused("a placeholder is written {{name}}", rank.formula, "{{name", { name = 1 })
  refused("line 1, column 5: a placeholder stands inside quotes", rank.formula, 'x = "{{name}}"',
    { name = 1 })
end

function T.test_quotes_and_brackets_must_match()
  refused("line 1, column 5: this quote is never closed", rank.formula, 'x = "ab')
  refused("this quote is never closed", rank.formula, 'x = "ab\\"')
  refused("column 3: this bracket is never closed", rank.formula, "if(a, [1, 2]")
  refused('column 4: this ")" closes nothing', rank.formula, "a, )")
  refused('this "]" closes nothing', rank.formula, "(a]")
  lu.assertEquals(rank.formula '"(" = ")"', '"(" = ")"')
end

function T.test_what_pql_has_no_literal_for_is_refused()
  refused("control character (0x0A)", rank.formula, "{{v}}", { v = "a\nb" })
  refused("not UTF-8", rank.formula, "{{v}}", { v = "\xFF" })
  refused("not a finite number", rank.formula, "{{v}}", { v = 0 / 0 })
  refused("too many decimals", rank.formula, "{{v}}", { v = 1e-20 })
  refused("a table with names", rank.formula, "{{v}}", { v = { a = 1 } })
  refused("holds a table", rank.formula, "{{v}}", { v = { {} } })
  refused("is a function", rank.formula, "{{v}}", { v = print })
  refused("must be a table", rank.formula, "1", 5)
  refused("must be PQL text", rank.formula, " ")
  refused("must be PQL text", rank.formula, nil)
end

function T.test_adobes_ceiling_counts_characters()
  lu.assertEquals(#rank.formula(("é"):rep(8192)), 16384)
  refused("8193 characters; Adobe takes 8192", rank.formula, ("é"):rep(8193))
end

function T.test_field_names_are_names_only()
  for _, path in ipairs { "", "a.", ".a", "a b", "a()", "a..b", '"', "1a", 5 } do
    refused("a path of names", rank.field, path)
  end
  lu.assertEquals(rank.formula("{{f}}", { f = rank.field "_tenant.a1.b_2" }), "_tenant.a1.b_2")
end

function T.test_cases_nest()
  lu.assertEquals(rank.cases({ { "a = 1", 10 }, { "b", "offer.rank.priority" } }, 0.5),
    "if(a = 1, 10, if(b, offer.rank.priority, 0.5))")
  refused("a list of { condition, value }", rank.cases, {}, 1)
  refused("the value of case 1 must be PQL text, or a number", rank.cases, { { "a" } }, 1)
  refused("the condition of case 1 must be PQL text", rank.cases, { {} }, 1)
  refused('this ")" closes nothing', rank.cases, { { "a) or (b", 1 } }, 1)
end

function T.test_rank_is_a_part_of_dps()
  lu.assertIs(require("dps").rank, rank)
end

support.run(T)
