-- dps.json reading: every form against RFC 8259 and against cjson; round trips of generated values.
local lu = require "luaunit"
local cjson = require "cjson"
local json = require "dps.json"
local native = require "dps.native"

local T = {}

-- cjson without its readings of NaN and hexadecimal, as dps.json uses it.
local strict = cjson.new()
strict.decode_invalid_numbers(false)

local function same_members(a, b, equal)
  for key, value in next, a do
    if not equal(value, b[key]) then
      return false
    end
  end
  for key in next, b do
    if a[key] == nil then
      return false
    end
  end
  return true
end

-- Deep equality that tells 2 from 2.0 and a marked table from another one.
local function same(a, b)
  if math.type(a) ~= math.type(b) or type(a) ~= type(b) then
    return false
  elseif type(a) ~= "table" then
    return a == b
  end
  return json.is_array(a) == json.is_array(b) and same_members(a, b, same)
end

-- As same, but a number's subtype and marks do not count: what cjson can tell.
local function alike(a, b)
  if type(a) == "number" and type(b) == "number" then
    return a + 0.0 == b + 0.0
  elseif type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  return same_members(a, b, alike)
end

local function check_decodes(cases)
  for _, case in ipairs(cases) do
    local value, message = json.decode(case[1])
    lu.assertTrue(same(value, case[2]), case[1] .. " gave " .. tostring(message or value))
  end
end

function T.test_whole_numbers_are_integers()
  check_decodes {
    { "0", 0 }, { "-0", 0 }, { "2", 2 }, { "2.0", 2 }, { "1e3", 1000 },
    { "[1,-2.0]", { 1, -2 } }, { '{"etag":2}', { etag = 2 } },
    { "999999999999999", 999999999999999 }, { "1000000000000000", 1000000000000000 },
    { "9007199254740993", 9007199254740993 }, { "-9007199254740993", -9007199254740993 },
    { "9223372036854775807", math.maxinteger }, { "-9223372036854775808", math.mininteger },
  }
end

function T.test_other_numbers_are_floats()
  check_decodes {
    { "0.5", 0.5 }, { "-1.25e-2", -0.0125 }, { "9223372036854775808", 2.0 ^ 63 },
    { "-9223372036854775809", -2.0 ^ 63 },
    { "123456789012345678901234567890", 123456789012345678901234567890.0 }, { "1e16", 1e16 },
    { "9007199254740993.0", 2.0 ^ 53 },
    { "1e-400", 0 }, { "0.1234567890123456789", 0.1234567890123456789 },
  }
end

function T.test_arrays_stay_arrays_and_objects_objects()
  for _, text in ipairs { "[]", "{}", "[[],{}]", '{"a":[]}', '[{"b":{}},[[]]]' } do
    lu.assertEquals(json.encode(json.decode(text)), text)
  end
  lu.assertEquals(json.encode(json.decode "[ \t\r\n]"), "[]")
  local value = json.decode '{"tags":["a"]}'
  table.remove(value.tags)
  lu.assertEquals(json.encode(value), '{"tags":[]}')
end

function T.test_no_text_can_look_like_the_mark_of_a_rewritten_item()
  local texts = { '["\\u00ff[",[]]', '["\u{FF}12",[]]', '["[",[]]', '["1234567890123456",[]]' }
  for _, text in ipairs(texts) do
    local prepared, mark = native.json_prepare(text)
    lu.assertEquals(mark, "\xFF")
    lu.assertNotEquals(prepared, text)
    lu.assertEquals(json.decode(text)[1], cjson.decode(text)[1])
  end
  lu.assertNil(json.decode '["\xFF[",[]]')
end

function T.test_text_without_special_items_is_not_rewritten()
  local text = '{"a":[1,2.5,{}],"b":"[]"}'
  local prepared, mark = native.json_prepare(text)
  lu.assertEquals({ prepared, mark }, { text })
end

function T.test_of_a_key_that_occurs_twice_the_last_value_stays()
  check_decodes { { '{"a":1,"a":2}', { a = 2 } }, { '{"a":[],"a":{}}', { a = {} } } }
end

function T.test_null_is_json_null()
  lu.assertTrue(json.decode "null" == json.null)
  lu.assertTrue(json.decode '{"a":[null]}'.a[1] == json.null)
end

-- What is no JSON: the text, part of the message, and true where cjson 2.1.0 takes it all the same.
local refused = {
  { "", "1, column 1: expected a value, at the end" }, { "  ", "column 3: expected a value" },
  { "\0", "column 1" },
  { "tru", "expected a value" }, { "truex", "column 5: more text" }, { "nulll", "more text" },
  { "True", "expected a value" },
  { "inf", "expected" }, { "-inf", "digit" }, { "nan", "expected" }, { "Infinity", "expected" },
  { "-Infinity", "digit" },
  { "+1", "expected" }, { "01", "leading zero" }, { "-01", "leading zero" },
  { "00", "leading zero" }, { "0x10", "more text" },
  { "-0x10", "more text" }, { "1.", "digit must follow the decimal point", true },
  { "[1.]", "decimal point", true },
  { "1.e5", "decimal point", true }, { ".5", "expected" }, { "-.5", "minus", true },
  { "-", "minus" }, { "--1", "minus" },
  { "1e", "exponent" }, { "1e+", "exponent" }, { "1.5.5", "more text" }, { "1-2", "more text" },
  { "1e400", "too large", true },
  { "[-1e400]", "too large", true }, { ("9"):rep(400), "too large", true },
  { "01234567890123456789", "leading zero" },
  { "1 2", "column 3: more text" }, { "[1]x", "more text" },
  { "[1]\0", "column 4: more text", true },
  { "[1]\0garbage", "more text", true }, { "1//x", "more text" }, { "/**/1", "expected" },
  { "[1,]", "expected a value" },
  { "[,1]", "expected a value" }, { "[1 2]", "comma or ]" }, { "[1", "comma or ], at the end" },
  { "[", "expected a value" },
  { "]", "expected a value" }, { "[1}", "comma or ]" }, { '{"a":1]', "comma or }" },
  { "{,}", "key" }, { '{"a":1,}', "key" },
  { '{"a" 1}', "colon" }, { "{a:1}", "key" }, { "{1:2}", "key" }, { "{[]:1}", "key" },
  { "{12345678901234567:1}", "key" },
  { '{"a":}', "expected a value" }, { '{"a"}', "colon" }, { "{'a':1}", "key" },
  { "'a'", "expected" },
  { '"abc', "no end" }, { '"abc\\', "escape" }, { '"\\a"', "escape" }, { '"\\x41"', "escape" },
  { '"\\u12G4"', "hexadecimal" },
  { '"\\u00', "hexadecimal" }, { '"\\ud800"', "surrogate" }, { '"\\udc00"', "surrogate" },
  { '"\\ud800\\ud800"', "surrogate" },
  { '"\\ud800\\u0041"', "surrogate" }, { '"\\ud800\\n"', "surrogate" },
  { '"\\ud83d\\u', "surrogate" },
  { '"a\nb"', "raw control character", true }, { '"\t"', "raw control", true },
  { '{"a\1":1}', "raw control", true },
  { '"a\0b"', "raw control" }, { '"\xFF"', "UTF-8", true },
  { "\xEF\xBB\xBF{}", "byte order mark" }, { "\f1", "expected" },
  { "\v1", "expected" }, { "\xA01", "expected" }, { "[1,\f2]", "expected" },
  { "[12345678901234567x]", "comma or ]" },
}

function T.test_decode_refuses_what_is_no_json_and_says_why()
  for _, case in ipairs(refused) do
    local value, message = json.decode(case[1])
    lu.assertNil(value, case[1])
    lu.assertStrContains(message, case[2])
    lu.assertEquals((pcall(strict.decode, case[1])), case[3] or false, case[1])
  end
end

function T.test_decode_counts_lines_and_characters()
  local _, message = json.decode '{\n  "é日": [1,\n    "日本", x]\n}'
  lu.assertEquals(message, "line 3, column 11: expected a value, near 'x] }'")
  _, message = json.decode "\n\n"
  lu.assertEquals(message, "line 3, column 1: expected a value, at the end of the text")
end

function T.test_decode_shows_at_most_thirty_bytes_of_whole_characters()
  local _, message = json.decode("[" .. ("é"):rep(1000))
  lu.assertEquals(message, "line 1, column 2: expected a value, near '" .. ("é"):rep(15) .. "'")
  _, message = json.decode("<" .. ("é"):rep(1000))
  lu.assertEquals(message, "line 1, column 1: expected a value, near '<" .. ("é"):rep(14) .. "'")
  _, message = json.decode '"ab\xFF\xFE"'
  lu.assertEquals(message, "line 1, column 4: invalid UTF-8, near '??\"'")
end

function T.test_decode_never_raises()
  for _, value in ipairs { 1, true, {}, print, io.stdout } do
    local result, message = json.decode(value)
    lu.assertNil(result)
    lu.assertStrContains(message, "must be a string")
  end
  lu.assertNil(json.decode(nil))
end

function T.test_decode_takes_128_levels_and_no_more()
  for _, innermost in ipairs { "[]", "{}", "[1]" } do
    local text = ("["):rep(127) .. innermost .. ("]"):rep(127)
    lu.assertEquals(json.encode(json.decode(text)), text)
    lu.assertNil(json.decode("[" .. text .. "]"))
  end
  local _, message = json.decode(('{"a":'):rep(100000))
  lu.assertStrContains(message, "column 641: nested deeper than 128 levels")
end

function T.test_repair_of_a_cycle_raises_and_does_not_overflow()
  local loop = {}
  loop.self = loop
  lu.assertErrorMsgContains("not a value that was decoded", native.json_repair, loop)
end

-- Generated values, from a fixed seed.
local pick = math.random
local scalars = {
  function() return pick(0) end,
  function() return pick(-10, 10) end,
  function() return math.maxinteger - pick(0, 3) end,
  function() return pick() - 0.5 end,
  function() return pick(-10 ^ 6, 10 ^ 6) / 100 + 0.001 end,
  function() return pick(2) == 1 end,
  function() return json.null end,
  function() return ("x"):rep(pick(0, 20)) .. string.char(pick(0, 127)) end,
  function() return utf8.char(pick(0x80, 0xD7FF), pick(0xE000, 0x10FFFF), pick(0, 127)) end,
}

local function generated(depth)
  local kind = depth > 0 and pick(4) or 4
  if kind > 2 then
    return scalars[pick(#scalars)]()
  end
  local list = kind == 1
  local value = list and json.array() or {}
  for i = 1, pick(0, 5) do
    value[list and i or utf8.char(pick(1, 0xD7FF)) .. i] = generated(depth - 1)
  end
  return value
end

function T.test_generated_values_come_back_as_they_were()
  math.randomseed(42)
  for _ = 1, 3000 do
    local value = generated(5)
    local text = assert(json.encode(value))
    local back = json.decode(text)
    lu.assertTrue(same(back, value), text)
    lu.assertEquals(json.encode(back, { sorted = true }), json.encode(value, { sorted = true }))
    lu.assertTrue(same(json.decode(json.encode(value, { indent = true })), value), text)
  end
end

function T.test_cjson_reads_our_text_as_we_do()
  math.randomseed(43)
  for _ = 1, 2000 do
    local text = json.encode { generated(4) }
    lu.assertTrue(alike(strict.decode(text), json.decode(text)), text)
  end
end

function T.test_we_read_the_text_of_cjson_as_it_does()
  math.randomseed(44)
  for _ = 1, 2000 do
    local text = cjson.encode { generated(4) }
    lu.assertTrue(alike(strict.decode(text), json.decode(text)), text)
  end
end

-- Breaks texts at random: what the scan lets through cjson must take, as it is and as rewritten.
function T.test_what_is_let_through_cjson_can_read()
  math.randomseed(45)
  local bits = { '"', "\\", "[", "]", "{", "}", ",", ":", "0", "-", ".", "e", "[]",
    "12345678901234567", "\\u", "\n", "null" }
  local through = 0
  for _ = 1, 20000 do
    local text = json.encode { generated(3) }
    local at = pick(#text)
    text = text:sub(1, at - 1) .. bits[pick(#bits)] .. text:sub(at + pick(0, 2))
    local prepared = native.json_prepare(text)
    local ok = pcall(strict.decode, text)
    if prepared then
      through = through + 1
      lu.assertTrue(ok and pcall(strict.decode, prepared), text)
    end
  end
  lu.assertTrue(through > 1000)
end

require("support").run(T)
