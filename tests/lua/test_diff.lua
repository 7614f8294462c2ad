-- The smallest patch: it makes the new value of the old one whatever they are, and is as small as
-- one that a person would write.
local diff = require "dps.diff"
local json = require "dps.json"
local lu = require "luaunit"
local patch = require "dps.patch"
local support = require "support"

local T = {}

local SORTED = { sorted = true }

local function text(value)
  return assert(json.encode(value, SORTED))
end

local function decode(source)
  return assert(json.decode(source))
end

-- { old, new, operations }, all JSON
local CASES = {
  same = { '{"a":1}', '{"a":1}', "[]" },
  numbers_by_value = { '{"a":1}', '{"a":1.0}', "[]" },
  changed = { '{"a":1,"b":2}', '{"a":1,"b":3}', '[{"op":"replace","path":"/b","value":3}]' },
  new_member = { "{}", '{"a":[]}', '[{"op":"add","path":"/a","value":[]}]' },
  gone_member = { '{"a":1}', "{}", '[{"op":"remove","path":"/a"}]' },
  null_is_a_value = { '{"a":1}', '{"a":null}', '[{"op":"replace","path":"/a","value":null}]' },
  escapes = { '{"a/b~c":1}', '{"a/b~c":2}', '[{"op":"replace","path":"/a~1b~0c","value":2}]' },
  empty_name = { '{"":1}', '{"":2}', '[{"op":"replace","path":"/","value":2}]' },
  inside = {
    '{"rank":{"priority":1,"order":{"orderEvaluationType":"static"}}}',
    '{"rank":{"priority":2,"order":{"orderEvaluationType":"static"}}}',
    '[{"op":"replace","path":"/rank/priority","value":2}]',
  },
  whole_where_that_is_shorter = {
    '{"a":{"a":1,"b":2,"c":3,"d":4}}', '{"a":{"a":5}}',
    '[{"op":"replace","path":"/a","value":{"a":5}}]',
  },
  kind_changes = { '{"a":{}}', '{"a":[]}', '[{"op":"replace","path":"/a","value":[]}]' },
  item_added_in_front = {
    '{"l":["some longer text","another text that is long","and a third one"]}',
    '{"l":["new","some longer text","another text that is long","and a third one"]}',
    '[{"op":"add","path":"/l/0","value":"new"}]',
  },
  item_appended = {
    '{"l":["some longer text","another text that is long"]}',
    '{"l":["some longer text","another text that is long","new"]}',
    '[{"op":"add","path":"/l/2","value":"new"}]',
  },
  item_removed = {
    '{"l":["some longer text","another text that is long","and a third one"]}',
    '{"l":["some longer text","and a third one"]}', '[{"op":"remove","path":"/l/1"}]',
  },
  inside_an_item = {
    '{"l":[{"channel":"https://ns.adobe.com/xdm/channel-types/web","placement":"p1"}]}',
    '{"l":[{"channel":"https://ns.adobe.com/xdm/channel-types/web","placement":"p2"}]}',
    '[{"op":"replace","path":"/l/0/placement","value":"p2"}]',
  },
  short_list_as_a_whole = { '{"l":[1,2,3]}', '{"l":[4,5,6]}',
    '[{"op":"replace","path":"/l","value":[4,5,6]}]' },
  emptied_list = { '{"l":[1,2,3]}', '{"l":[]}', '[{"op":"replace","path":"/l","value":[]}]' },
}

for name, case in pairs(CASES) do
  T["test_" .. name] = function()
    lu.assertEquals(text(diff.operations(decode(case[1]), decode(case[2]))), text(decode(case[3])))
  end
end

-- Random documents --------------------------------------------------------------------------------

local random -- a generator of its own, so that a failure can be repeated by its seed

local function pick(list)
  return list[random(#list)]
end

local KEYS = { "a", "b", "c", "name", "x/y", "t~1", "", "longer key with blanks" }
local LEAVES = { 0, 1, 2, 1.5, true, false, "", "text", "a rather longer text than the others",
  json.null }

local make

local function make_list(depth)
  local list = {}
  for i = 1, random(0, 6) do
    list[i] = make(depth + 1)
  end
  return json.array(list)
end

local function make_object(depth)
  local object = {}
  for _ = 1, random(0, 4) do
    object[pick(KEYS)] = make(depth + 1)
  end
  return object
end

function make(depth)
  local kind = depth > 3 and 1 or random(3)
  return kind == 1 and pick(LEAVES) or kind == 2 and make_list(depth) or make_object(depth)
end

local mutate

local function mutate_list(list, depth)
  local result = {}
  for _, item in ipairs(list) do
    local what = random(6)
    if what == 1 then
      result[#result + 1] = make(depth)
    end
    if what ~= 2 then
      result[#result + 1] = what == 3 and mutate(item, depth + 1) or item
    end
  end
  return json.array(result)
end

local function mutate_object(object, depth)
  local result, keys = {}, {}
  for key in pairs(object) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local what, item = random(5), object[key]
    result[key] = what ~= 1 and (what == 2 and mutate(item, depth + 1) or item) or nil
  end
  if random(3) == 1 then
    result[pick(KEYS)] = make(depth)
  end
  return result
end

function mutate(value, depth)
  if type(value) ~= "table" then
    return make(depth)
  end
  return json.is_array(value) and mutate_list(value, depth) or mutate_object(value, depth)
end

local function seeded(seed)
  math.randomseed(seed)
  random = math.random
end

function T.test_applying_it_to_the_old_gives_the_new()
  local rounds = tonumber(os.getenv "DPS_LONG" and 200000 or 3000)
  for seed = 1, rounds do
    seeded(seed)
    local old = make_object(0)
    local new = random(4) == 1 and make_object(0) or mutate_object(old, 0)
    local before, after = text(old), text(new)
    local operations = diff.operations(old, new)
    local made, why = patch.apply(old, operations)
    lu.assertNotNil(made, ("seed %d: %s"):format(seed, tostring(why)))
    lu.assertEquals(text(made), after, "seed " .. seed)
    lu.assertEquals(text(old), before)
    lu.assertEquals(text(new), after)
    lu.assertEquals(patch.check(operations), {})
  end
end

local function bytes_of_replacing_members(old, new)
  local operations = {}
  for key, value in pairs(new) do
    if not patch.equal(value, old[key]) then
      operations[#operations + 1] = {
        op = old[key] == nil and "add" or "replace", value = value,
        path = "/" .. key:gsub("~", "~0"):gsub("/", "~1"),
      }
    end
  end
  for key in pairs(old) do
    if new[key] == nil then
      operations[#operations + 1] = { op = "remove", path = "/" .. key:gsub("~", "~0")
        :gsub("/", "~1") }
    end
  end
  return #text(json.array(operations))
end

-- By less than a name that JSON escapes, or an index of two digits.
function T.test_it_is_never_longer_than_replacing_each_changed_member()
  for seed = 1, 2000 do
    seeded(seed)
    local old = make_object(0)
    local new = mutate_object(old, 0)
    lu.assertTrue(#text(diff.operations(old, new)) <= bytes_of_replacing_members(old, new) + 4,
      "seed " .. seed)
  end
end

-- Another program's patches (tests/vectors/json_patch/make.js), each for two offers.
local function each_vector(visit)
  local count = 0
  for line in io.lines "tests/vectors/json_patch/vectors.jsonl" do
    count = count + 1
    visit(decode(line), "vector " .. count)
  end
  lu.assertEquals(count, 60)
end

function T.test_it_makes_of_offers_what_another_program_makes_of_them()
  each_vector(function(vector, name)
    local ours = patch.apply(vector.old, diff.operations(vector.old, vector.new))
    lu.assertEquals(text(ours), text(vector.new), name)
    lu.assertEquals(text(patch.apply(vector.old, vector.patch)), text(vector.new), name)
  end)
end

function T.test_it_is_never_longer_than_another_programs_patch()
  each_vector(function(vector, name)
    lu.assertTrue(#text(diff.operations(vector.old, vector.new)) <= #text(vector.patch), name)
  end)
end

function T.test_a_list_of_500_with_one_new_item_is_one_operation()
  local old, new = {}, {}
  for i = 1, 500 do
    old[i], new[i] = "dps:personalized-offer:" .. i, "dps:personalized-offer:" .. i
  end
  table.insert(new, 250, "dps:personalized-offer:new")
  local operations = diff.operations({ ids = old }, { ids = new })
  lu.assertEquals(operations,
    { { op = "add", path = "/ids/249", value = "dps:personalized-offer:new" } })
end

function T.test_two_long_lists_that_share_nothing_are_replaced_at_once()
  local old, new = {}, {}
  for i = 1, 3000 do
    old[i], new[i] = "old" .. i, "new" .. i
  end
  lu.assertEquals(#diff.operations({ ids = old }, { ids = new }), 1)
end

support.run(T)
