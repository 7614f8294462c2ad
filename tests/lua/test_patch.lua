-- JSON Patch: the cases of RFC 6902 appendix A, its error rules, and what an attacker would try.
local json = require "dps.json"
local lu = require "luaunit"
local patch = require "dps.patch"
local support = require "support"

local T = {}

local function encode(value)
  return assert(json.encode(value, { sorted = true }))
end

local function apply(document, operations)
  return patch.apply(assert(json.decode(document)), assert(json.decode(operations)))
end

local function gives(document, operations, wanted)
  local result, message = apply(document, operations)
  lu.assertNil(message)
  lu.assertEquals(encode(result), encode(json.decode(wanted)))
end

local function fails(document, operations, fault, index)
  local result, message, at, kind = apply(document, operations)
  lu.assertNil(result)
  lu.assertIsString(message)
  lu.assertEquals(kind, fault)
  lu.assertEquals(at, index or 1)
end

-- RFC 6902, appendix A: what holds, then document, patch, result.
local APPENDIX = {
  { "A1 adding a member", '{"foo":"bar"}', '[{"op":"add","path":"/baz","value":"qux"}]',
    '{"baz":"qux","foo":"bar"}' },
  { "A2 adding an array item", '{"foo":["bar","baz"]}',
    '[{"op":"add","path":"/foo/1","value":"qux"}]',
    '{"foo":["bar","qux","baz"]}' },
  { "A3 removing a member", '{"baz":"qux","foo":"bar"}', '[{"op":"remove","path":"/baz"}]',
    '{"foo":"bar"}' },
  { "A4 removing an array item", '{"foo":["bar","qux","baz"]}', '[{"op":"remove","path":"/foo/1"}]',
    '{"foo":["bar","baz"]}' },
  { "A5 replacing a value", '{"baz":"qux","foo":"bar"}',
    '[{"op":"replace","path":"/baz","value":"boo"}]',
    '{"baz":"boo","foo":"bar"}' },
  { "A6 moving a value", '{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}',
    '[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]',
    '{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}' },
  { "A7 moving an array item", '{"foo":["all","grass","cows","eat"]}',
    '[{"op":"move","from":"/foo/1","path":"/foo/3"}]',
    '{"foo":["all","cows","eat","grass"]}' },
  { "A8 testing with success", '{"baz":"qux","foo":["a",2,"c"]}',
    '[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]',
    '{"baz":"qux","foo":["a",2,"c"]}' },
  { "A10 adding a nested member", '{"foo":"bar"}',
    '[{"op":"add","path":"/child","value":{"grandchild":{}}}]',
    '{"foo":"bar","child":{"grandchild":{}}}' },
  { "A11 ignoring unknown members", '{"foo":"bar"}',
    '[{"op":"add","path":"/baz","value":"qux","xyz":123}]',
    '{"foo":"bar","baz":"qux"}' },
  { "A14 ordering of the escapes", '{"/":9,"~1":10}', '[{"op":"test","path":"/~01","value":10}]',
    '{"/":9,"~1":10}' },
  { "A16 adding an array as one item", '{"foo":["bar"]}',
    '[{"op":"add","path":"/foo/-","value":["abc","def"]}]',
    '{"foo":["bar",["abc","def"]]}' },
}
for _, case in ipairs(APPENDIX) do
  T["test_rfc6902_" .. case[1]:gsub(" ", "_")] = function()
    gives(case[2], case[3], case[4])
  end
end

function T.test_rfc6902_A9_a_test_that_differs_fails()
  fails('{"baz":"qux"}', '[{"op":"test","path":"/baz","value":"bar"}]', "differs")
end

function T.test_rfc6902_A12_adding_below_what_is_absent_fails()
  fails('{"foo":"bar"}', '[{"op":"add","path":"/baz/bat","value":"qux"}]', "absent")
end

function T.test_rfc6902_A15_text_is_not_a_number()
  fails('{"/":9,"~1":10}', '[{"op":"test","path":"/~01","value":"10"}]', "differs")
end

function T.test_add_of_a_present_member_replaces_it()
  gives('{"a":1}', '[{"op":"add","path":"/a","value":2}]', '{"a":2}')
end

function T.test_replace_and_remove_of_what_is_absent_fail()
  fails('{"a":1}', '[{"op":"replace","path":"/b","value":2}]', "absent")
  fails('{"a":1}', '[{"op":"remove","path":"/b"}]', "absent")
  fails('{"a":[1]}', '[{"op":"replace","path":"/a/1","value":2}]', "absent")
  fails('{"a":[1]}', '[{"op":"remove","path":"/a/-"}]', "absent")
end

function T.test_pointer_escapes_are_slash_and_tilde()
  gives('{"a/b":1,"m~n":2}',
    '[{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/m~0n","value":3}]', '{"m~n":3}')
end

function T.test_the_empty_name_is_a_name()
  gives('{"":1,"a":{"":2}}',
    '[{"op":"replace","path":"/","value":3},{"op":"remove","path":"/a/"}]', '{"":3,"a":{}}')
end

function T.test_an_array_takes_indexes_up_to_its_end_only()
  gives('{"a":[1]}', '[{"op":"add","path":"/a/1","value":2}]', '{"a":[1,2]}')
  for _, index in ipairs { "2", "-1", "01", "1.0", "x", "", "1e0", "99999999999999999999" } do
    fails('{"a":[1]}', ('[{"op":"add","path":"/a/%s","value":2}]'):format(index), "absent")
  end
end

function T.test_a_member_named_like_an_index_is_a_member()
  gives('{"a":{"0":1}}',
    '[{"op":"replace","path":"/a/0","value":2},{"op":"add","path":"/a/-","value":3}]',
    '{"a":{"0":2,"-":3}}')
end

function T.test_an_array_that_lost_its_last_item_is_still_an_array()
  gives('{"a":[1]}', '[{"op":"remove","path":"/a/0"}]', '{"a":[]}')
  gives('{"a":[1]}',
    '[{"op":"move","from":"/a/0","path":"/b"},{"op":"add","path":"/a/-","value":2}]',
    '{"a":[2],"b":1}')
end

function T.test_a_list_that_a_script_wrote_stays_an_array_too()
  local result = patch.apply({ a = { 1 } }, { { op = "remove", path = "/a/0" } })
  lu.assertEquals(encode(result), '{"a":[]}')
end

function T.test_the_whole_document_can_be_read_and_replaced()
  gives('{"a":1}',
    '[{"op":"test","path":"","value":{"a":1}},{"op":"replace","path":"","value":{"b":2}}]',
    '{"b":2}')
  gives('{"a":1}', '[{"op":"copy","from":"","path":"/self"}]', '{"a":1,"self":{"a":1}}')
end

function T.test_null_is_a_value()
  gives('{"a":null}',
    '[{"op":"test","path":"/a","value":null},{"op":"add","path":"/b","value":null}]',
    '{"a":null,"b":null}')
  fails('{"a":null}', '[{"op":"test","path":"/a","value":false}]', "differs")
end

function T.test_equality_is_by_value_and_knows_empty_arrays_from_empty_objects()
  gives('{"a":{"x":1,"y":[1,{"z":2}]}}',
    '[{"op":"test","path":"/a","value":{"y":[1,{"z":2.0}],"x":1}}]',
    '{"a":{"x":1,"y":[1,{"z":2}]}}')
  fails('{"a":[]}', '[{"op":"test","path":"/a","value":{}}]', "differs")
  fails('{"a":[1,2]}', '[{"op":"test","path":"/a","value":[2,1]}]', "differs")
  fails('{"a":{"x":1}}', '[{"op":"test","path":"/a","value":{"x":1,"y":2}}]', "differs")
end

function T.test_nothing_moves_into_itself()
  fails('{"a":{"b":1}}', '[{"op":"move","from":"/a","path":"/a/c"}]', "malformed")
  gives('{"a":1,"ab":2}', '[{"op":"move","from":"/a","path":"/ac"}]', '{"ac":1,"ab":2}')
  gives('{"a":1}', '[{"op":"move","from":"/a","path":"/a"}]', '{"a":1}')
  fails('{"a":1}', '[{"op":"move","from":"/b","path":"/b"}]', "absent")
end

function T.test_malformed_operations_are_told_from_failing_ones()
  for _, operation in ipairs {
    '{"path":"/a"}', '{"op":"merge","path":"/a"}', '{"op":7,"path":"/a"}', '{"op":"add","value":1}',
    '{"op":"add","path":"a","value":1}', '{"op":"add","path":7,"value":1}',
      '{"op":"add","path":"/a"}',
    '{"op":"remove","path":"/a~"}', '{"op":"remove","path":"/~2"}', '{"op":"copy","path":"/b"}',
    '{"op":"remove","path":""}', "7", "null", "[]",
  } do
    fails('{"a":1}', "[" .. operation .. "]", "malformed")
  end
  local result, message, index, fault = patch.apply({}, { op = "add" })
  lu.assertEquals({ result, index, fault }, { nil, nil, "malformed" })
  lu.assertStrContains(message, "array")
end

function T.test_a_patch_applies_wholly_or_not_at_all()
  local document = json.decode '{"a":{"b":[1]},"c":2}'
  local before = encode(document)
  local operations = json.decode [[
    [{"op":"remove","path":"/a/b/0"},{"op":"remove","path":"/c"},{"op":"remove","path":"/x"}]
  ]]
  local result, message, index = patch.apply(document, operations)
  lu.assertNil(result)
  lu.assertEquals(index, 3)
  lu.assertStrContains(message, "/x")
  lu.assertEquals(encode(document), before)
end

function T.test_neither_document_nor_operations_are_changed_by_a_success()
  local document, operations = json.decode '{"a":[1]}', json.decode [[
    [{"op":"add","path":"/v","value":{"x":[1]}},{"op":"add","path":"/v/x/-","value":2},
     {"op":"copy","from":"/v","path":"/w"},
     {"op":"remove","path":"/v/x/0"},{"op":"add","path":"/a/-","value":9}]
  ]]
  local before, patch_before = encode(document), encode(operations)
  local result = patch.apply(document, operations)
  lu.assertEquals(encode(result), encode(json.decode '{"a":[1,9],"v":{"x":[2]},"w":{"x":[1,2]}}'))
  lu.assertEquals(encode(document), before)
  lu.assertEquals(encode(operations), patch_before)
end

function T.test_no_operations_give_an_equal_copy()
  local document = json.decode '{"a":[]}'
  local result = patch.apply(document, {})
  lu.assertEquals(encode(result), '{"a":[]}')
  lu.assertNotIs(result, document)
end

function T.test_copies_of_copies_meet_a_ceiling()
  local operations = { { op = "add", path = "/a", value = ("x"):rep(1000) } }
  for i = 1, 60 do
    operations[i + 1] = { op = "copy", from = "", path = "/c" .. i }
  end
  local result, _, index, fault = patch.apply({}, operations)
  lu.assertEquals({ result, fault }, { nil, "large" })
  lu.assertTrue(index < 30)
end

function T.test_copies_into_themselves_meet_a_ceiling_of_depth()
  local operations = {}
  for i = 1, 40 do
    operations[i] = { op = "copy", from = "", path = ("/a"):rep(i) }
  end
  local deep = { op = "add", path = "", value = {} }
  table.insert(operations, 1, deep)
  for _ = 1, 300 do
    deep.value = { a = deep.value }
  end
  local result, _, _, fault = patch.apply({}, operations)
  lu.assertEquals({ result, fault }, { nil, "large" })
end

local function faults(operations)
  local paths = {}
  for i, problem in ipairs(patch.check(operations)) do paths[i] = problem.path end
  return table.concat(paths, " ")
end

function T.test_check_tells_every_operation_that_is_not_well_made()
  lu.assertEquals(faults {
    { op = "replace", path = "/name", value = "x" },
    { op = "change", path = "/name" },
    { op = "replace", path = "name", value = "x" },
    { op = "replace", path = "/name" },
    { op = "remove", path = "/name" },
    { op = "move", path = "/a" },
    { op = "copy", path = "/a", from = "/b" },
    "remove",
  }, "[2] [3] [4] [6] [8]")
end

function T.test_check_leaves_the_size_of_values_to_the_encoder()
  local value = {}
  for _ = 1, 200 do
    value = { value, value }
  end
  lu.assertEquals(faults { { op = "add", path = "/x", value = value } }, "")
end

function T.test_check_takes_no_document_into_account()
  lu.assertEquals(faults { { op = "remove", path = "/not/there" } }, "")
end

-- An operation of tests/vectors/json_patch.txt as RFC 6902 writes it.
local function operation_of(given)
  local operation = { op = given[1], path = given[2] ~= json.null and given[2] or nil }
  if given[1] == "move" or given[1] == "copy" then
    operation.from = given[3]
  else
    operation.value = given[3]
  end
  return operation
end

local function check_case(line, document, given, wanted)
  local operations = json.array {}
  for i, each in ipairs(assert(json.decode(given))) do
    operations[i] = operation_of(each)
  end
  local before = assert(json.decode(document))
  local result, message = patch.apply(before, operations)
  lu.assertEquals(result == nil and "!" or encode(result),
    wanted == "!" and "!" or encode(json.decode(wanted)), line .. " " .. tostring(message))
  lu.assertEquals(encode(before), encode(json.decode(document)), "the document is left alone")
end

function T.test_the_public_cases_of_json_patch_tests_hold()
  local checked = 0
  for line in support.read("tests/vectors/json_patch.txt"):gmatch "[^\n]+" do
    local document, given, wanted = line:match "^([^#].-) | (.+) | (.+)$"
    if document then
      check_case(line, document, given, wanted)
      checked = checked + 1
    end
  end
  lu.assertTrue(checked >= 80)
end

support.run(T)
