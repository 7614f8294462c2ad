-- dps.json writing: every form against RFC 8259, every refusal with its path, the marks of arrays.
local lu = require "luaunit"
local cjson = require "cjson"
local json = require "dps.json"
local native = require "dps.native"

local T = {}

local function check_encodes(cases)
  for _, case in ipairs(cases) do
    local text, message = json.encode(case[1])
    lu.assertEquals(text, case[2], message)
  end
end

-- case = { value, path, part of the message }
local function check_refuses(cases)
  for _, case in ipairs(cases) do
    local text, message, path = json.encode(case[1])
    lu.assertNil(text)
    lu.assertStrContains(message, case[3])
    lu.assertEquals(path, case[2])
  end
end

local function nested(levels, innermost)
  local value = innermost
  for _ = 1, levels do
    value = { value }
  end
  return value
end

function T.test_scalars_are_written_as_json()
  check_encodes {
    { true, "true" }, { false, "false" }, { json.null, "null" }, { cjson.null, "null" },
    { "", '""' }, { "a", '"a"' }, { {}, "{}" }, { json.array(), "[]" }, { json.array {}, "[]" },
  }
end

function T.test_integers_are_written_exactly()
  check_encodes {
    { 0, "0" }, { -1, "-1" }, { 10, "10" }, { 2 ^ 53 | 0, "9007199254740992" },
    { 9007199254740993, "9007199254740993" }, { math.maxinteger, "9223372036854775807" },
    { math.mininteger, "-9223372036854775808" },
  }
end

function T.test_whole_floats_are_written_as_integers()
  check_encodes {
    { 2.0, "2" }, { 1e3, "1000" }, { -7.0, "-7" }, { -0.0, "0" }, { 0.0, "0" },
    { 2.0 ^ 53 - 1, "9007199254740991" }, { 1e15, "1000000000000000" },
    { -1e15, "-1000000000000000" },
  }
end

function T.test_floats_are_written_with_the_shortest_digits_that_read_back()
  check_encodes {
    { 0.1, "0.1" }, { 0.5, "0.5" }, { -2.5, "-2.5" }, { 99.99, "99.99" }, { 0.05, "0.05" },
    { -0.05, "-0.05" }, { 12.000001, "12.000001" }, { 0.000001, "0.000001" }, { 1e-7, "1e-07" },
    { 1 / 3, "0.3333333333333333" }, { 0.1 + 0.2, "0.30000000000000004" },
    { math.pi, "3.141592653589793" },
    { 123456789.125, "123456789.125" }, { 1e16, "1e+16" }, { 1e300, "1e+300" }, { -1e21, "-1e+21" },
    { 1.7976931348623157e308, "1.7976931348623157e+308" },
  }
end

local function shortest_printf(x)
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(x)
    if tonumber(text) == x then
      return text
    end
  end
end

function T.test_every_float_reads_back_as_itself()
  math.randomseed(20220610)
  for _ = 1, 5000 do
    local x = string.unpack("d", string.pack("i8", math.random(0)))
    if x == x and x ~= math.huge and x ~= -math.huge then
      local text = json.encode(x)
      lu.assertTrue(tonumber(text) == x, text)
      lu.assertTrue(json.decode(text) == x, text)
    end
    local price = math.random(-10 ^ 9, 10 ^ 9) / 10 ^ math.random(0, 9)
    lu.assertTrue(json.decode(json.encode(price)) == price)
    local shortest = shortest_printf(price)
    lu.assertTrue(shortest:find "e" or json.encode(price) == shortest, shortest)
  end
end

function T.test_strings_escape_what_rfc_8259_asks_for_and_no_slash()
  check_encodes {
    { 'say "hi"', [["say \"hi\""]] }, { "a\\b", [["a\\b"]] }, { "a/b", '"a/b"' },
    { "\b\f\n\r\t", [["\b\f\n\r\t"]] }, { "\0\1\31", [["\u0000\u0001\u001f"]] },
    { "\127", [["\u007f"]] }, { "é日本😀", '"é日本😀"' }, { "\u{2028}\u{2029}",
      '"\u{2028}\u{2029}"' },
    { "12345678\n12345678", [["12345678\n12345678"]] }, { { ["a\nb"] = 1 }, [[{"a\nb":1}]] },
    { ("x"):rep(15) .. '"', '"' .. ("x"):rep(15) .. [[\""]] },
  }
end

function T.test_every_byte_and_place_is_escaped_as_cjson_reads_it()
  for byte = 0, 127 do
    for place = 0, 17 do
      local value = ("x"):rep(place) .. string.char(byte) .. ("y"):rep(17 - place)
      lu.assertEquals(cjson.decode(json.encode { value })[1], value)
      lu.assertEquals(json.decode(json.encode { value })[1], value)
    end
  end
end

function T.test_a_string_of_a_megabyte_goes_both_ways()
  local value = ("0123456789abcde\n"):rep(65536)
  local text = json.encode { value = value }
  lu.assertEquals(#text, #value + 65536 + #'{"value":""}')
  lu.assertTrue(json.decode(text).value == value)
end

function T.test_tables_with_the_keys_1_to_n_are_arrays()
  local backwards = {}
  for i = 20, 1, -1 do
    backwards[i] = i
  end
  check_encodes {
    { { 1, 2, 3 }, "[1,2,3]" }, { { [1] = "a" }, '["a"]' }, { { { {} } }, "[[{}]]" },
    { backwards, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]" },
    { json.array { 1 }, "[1]" }, { { [1.0] = 1 }, "[1]" }, { { ["1"] = 1 }, '{"1":1}' },
  }
end

function T.test_metamethods_are_ignored()
  local busy = setmetatable({ 1 }, {
    __index = error, __len = error, __pairs = error, __tostring = error,
  })
  lu.assertEquals(json.encode(busy), "[1]")
end

function T.test_sorted_writes_keys_in_byte_order()
  local value = { b = 1, a = { z = 1, [""] = 2, ["é"] = 3, Z = 4, aa = 5, a = 6 },
    ["a b"] = { {}, { y = 1, x = 2 } } }
  lu.assertEquals(json.encode(value, { sorted = true }),
    '{"a":{"":2,"Z":4,"a":6,"aa":5,"z":1,"é":3},"a b":[{},{"x":2,"y":1}],"b":1}')
end

function T.test_sorted_manages_many_keys()
  local value, parts = {}, {}
  for i = 1, 30000 do
    local key = ("k%05d"):format(i)
    value[key], parts[i] = i, ('"%s":%d'):format(key, i)
  end
  lu.assertTrue(json.encode(value, { sorted = true }) == "{" .. table.concat(parts, ",") .. "}")
end

function T.test_indent_writes_one_entry_a_line()
  local value = { a = { 1, { b = "x" } }, c = {}, d = json.array() }
  lu.assertEquals(json.encode(value, { sorted = true, indent = true }), [[
{
  "a": [
    1,
    {
      "b": "x"
    }
  ],
  "c": {},
  "d": []
}]])
  lu.assertEquals(json.encode({ x = {} }, { indent = true }), '{\n  "x": {}\n}')
end

function T.test_encode_says_what_it_refuses_and_where()
  local loop = { list = { {} } }
  loop.list[1].back = loop
  local coroutine_value = coroutine.create(print)
  check_refuses {
    { { representations = { { components = { {}, { content = 0 / 0 } } } } },
      "representations[1].components[2].content", "NaN" },
    { { 1, { x = math.huge } }, "[2].x", "infinite" }, { -math.huge, "", "infinite" },
    { { a = print }, "a", "function" }, { { coroutine_value }, "[1]", "thread" },
    { io.stdout, "", "userdata" },
    { nil, "", "nil" }, { loop, "list[1].back", "refers back to itself" },
    { { a = { 1, 2, x = 3 } }, "a", 'named fields (such as "x")' },
    { { [""] = 1, 2 }, "", "named fields" },
    { { a = { 1, nil, 3 } }, "a", "item 2 of 3 is missing" },
    { { [2] = 1 }, "", "item 1 of 2 is missing" },
    { { [0] = "x", "y" }, "", "not from 0" }, { { [math.mininteger] = 1 }, "", "count from 1" },
    { { x = { [1.5] = 1 } }, "x", "the number 1.5" }, { { [true] = 1 }, "", "a boolean" },
    { { [{}] = 1, x = 2 }, "", "a table" },
    { json.null and { a = { b = { [print] = 1 } } }, "a.b", "a function" },
    { { ["a.b"] = { ["say \"x\""] = { [""] = print } } }, '["a.b"]["say "x""][""]', "function" },
    { { [("k"):rep(100)] = print }, '["' .. ("k"):rep(40) .. '..."]', "function" },
    { setmetatable({ x = 1 }, native.array_mt), "", 'marked as an array but has a field "x"' },
  }
end

function T.test_sorted_refuses_the_same_with_the_same_path()
  local _, message, path = json.encode({ b = { { c = print, a = 1 } }, a = {} }, { sorted = true })
  lu.assertStrContains(message, "function")
  lu.assertEquals(path, "b[1].c")
  _, message, path = json.encode({ b = { x = 1, [7] = 2 } }, { sorted = true })
  lu.assertStrContains(message, "mixes")
  lu.assertEquals(path, "b")
end

function T.test_encode_takes_128_levels_and_no_more()
  lu.assertEquals(json.encode(nested(128, nil)), ("["):rep(127) .. "{}" .. ("]"):rep(127))
  local text, message, path = json.encode(nested(129, 1))
  lu.assertNil(text)
  lu.assertStrContains(message, "128 levels")
  lu.assertEquals(path, ("[1]"):rep(128))
end

function T.test_a_table_may_occur_twice_where_it_is_no_cycle()
  local shared = { 1 }
  lu.assertEquals(json.encode { shared, shared }, "[[1],[1]]")
end

function T.test_text_of_more_than_64_mib_is_refused()
  local value = nested(30, "x")
  for _ = 1, 30 do
    value = { value, value }
  end
  local text, message = json.encode(value)
  lu.assertNil(text)
  lu.assertStrContains(message, "64 MiB")
  lu.assertEquals(json.encode { 1 }, "[1]") -- and the next one is well
end

-- RFC 3629: bad bytes, and at which byte of the string they begin.
local bad_utf8 = {
  { "\x80", 1 }, { "a\xFF", 2 }, { "abc\xC0\xAF", 4 }, { "\xC1\x81", 1 }, { "\xE0\x9F\xBF", 1 },
  { "\xED\xA0\x80", 1 },
  { "\xF0\x8F\xBF\xBF", 1 }, { "\xF4\x90\x80\x80", 1 }, { "\xF5\x80\x80\x80", 1 },
  { "é\xC3", 3 }, { "12345678\xE2\x82", 9 },
  { "\xE2\x82x", 1 }, { "\xF0\x9F\x98", 1 }, { "\xF0\x9F\x98x", 1 }, { "\xC3\xC3", 1 },
}

function T.test_invalid_utf8_is_refused_both_ways_and_says_at_which_byte()
  for _, case in ipairs(bad_utf8) do
    local where = "invalid UTF-8 at byte " .. case[2]
    check_refuses { { { a = case[1] }, "a", where },
    { { [case[1]] = 1 }, "", where .. " of the key" } }
    lu.assertNil(json.decode('"' .. case[1] .. '"'))
    local _, message, position = native.json_prepare('"' .. case[1] .. '"')
    lu.assertEquals({ message, position }, { "invalid UTF-8", case[2] + 1 })
  end
end

function T.test_valid_utf8_goes_both_ways()
  local codes = { 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF }
  for _, code in ipairs(codes) do
    local value = "1234567" .. utf8.char(code) .. "x"
    lu.assertEquals(json.decode(json.encode(value)), value)
  end
end

function T.test_a_finalizer_may_encode_while_another_text_is_made()
  local finalized = 0
  local metatable = {
    __gc = function()
      finalized = finalized + 1
      assert(json.encode({ ("z"):rep(300) }, { sorted = true }))
    end,
  }
  local text, expected = ("x"):rep(200), '{"a":"' .. ("x"):rep(200) .. '","b":[]}'
  local pause = collectgarbage("setpause", 1)
  for i = 1, 1000 do
    setmetatable({}, metatable)
    lu.assertEquals(json.encode({ b = json.array(), a = text }, { sorted = true }), expected)
    lu.assertEquals(json.encode(json.decode('{"a":[],"b":' .. i .. "}").a), "[]")
  end
  collectgarbage("setpause", pause)
  lu.assertTrue(finalized > 0)
end

function T.test_array_marks_the_table_it_is_given()
  local list = { 1, 2 }
  lu.assertIs(json.array(list), list)
  lu.assertIs(getmetatable(list), native.array_mt)
  lu.assertIs(json.array(list), list)
end

function T.test_array_refuses_what_is_no_list_at_the_callers_line()
  local own = setmetatable({}, {})
  for _, value in ipairs { { x = 1 }, { 1, x = 2 }, { [2] = 1 }, { [0] = 1 }, "a", 1, own } do
    local ok, message = pcall(function() json.array(value) end)
    lu.assertFalse(ok)
    lu.assertStrContains(message, "test_json.lua:")
  end
end

function T.test_is_array_tells_what_would_be_written_as_one()
  local decoded = json.decode "[[],[1]]"
  for _, value in ipairs { json.array(), { 1 }, decoded[1], decoded[2], json.array { 1 } } do
    lu.assertTrue(json.is_array(value))
  end
  local object = json.decode "{}"
  for _, value in ipairs { object, { x = 1 }, { 1, x = 1 }, { [2] = 1 }, "a", 1, json.null } do
    lu.assertFalse(json.is_array(value))
  end
  lu.assertFalse(json.is_array(nil))
end

function T.test_encode_refuses_options_it_does_not_know()
  for _, options in ipairs { { sort = true }, { true }, "sorted" } do
    local ok, message = pcall(function() json.encode({}, options) end)
    lu.assertFalse(ok)
    lu.assertStrContains(message, "test_json.lua:")
  end
  lu.assertEquals(json.encode({}, {}), "{}")
end

require("support").run(T)
