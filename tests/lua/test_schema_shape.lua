-- Hostile and random values, and shaping for the wire: nothing raises, the input stays as it was,
-- and the quick half of the check agrees with the thorough one.
local fixture = require "schema_fixture"
local lu = require "luaunit"
local schema = require "dps.schema"
local compile = require "dps.schema.compile"
local explain = require "dps.schema.explain"
local support = require "support"
local values = require "dps.schema.value"

local CREATE, STORED, FIELDS = fixture.CREATE, fixture.STORED, fixture.FIELDS
local fresh, json, with = fixture.fresh, fixture.json, fixture.with

local T = {}

local function check(value, mode)
  return (schema.check(FIELDS, value, mode or CREATE))
end

-- A metatable that raises from everything.
local function trap()
  error("a metamethod ran")
end
local TRAPS = {}
for _, event in ipairs { "index", "newindex", "len", "pairs", "eq", "lt", "le", "call", "tostring",
  "concat", "unm", "add", "close", "idiv" } do
  TRAPS["__" .. event] = trap
end

local function trapped(value)
  return setmetatable(value, TRAPS)
end

function T.test_no_metamethod_ever_runs()
  local value = fresh()
  for _, key in ipairs { "tags", "span", "parts", "extra", "words" } do
    trapped(value[key])
  end
  trapped(value.parts[1])
  lu.assertEquals(check(trapped(value)), {})
  schema.shape(FIELDS, value)
  local bad = fresh()
  for key in pairs(fresh()) do
    bad[key] = trapped { trapped {}, x = trapped {} }
  end
  bad[trapped {}] = trapped {}
  lu.assertTrue(#check(trapped(bad)) > 10)
  local locked = setmetatable({}, { __metatable = trapped {} })
  lu.assertTrue(#check { name = locked, extra = locked, span = locked } > 0)
end

-- Numbers that are the same on every run.
local seed = 12345
local function random(n)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return seed // 65536 % n + 1
end

local function junk()
  local cycle = {}
  cycle[1], cycle.x = cycle, cycle
  local list = {
    0 / 0, 1 / 0, -1, 0, 1.0, 1.5, "", " ", "x", "a b", ("y"):rep(400), "\xff\0", true, false,
    print, {}, { 1 }, { 1, nil, 3 }, { x = 1 }, { 1, x = 2 }, cycle, { id = "i" }, { id = 5 },
    schema.raw { print }, trapped {}, json.null, json.array {}, coroutine.create(print),
    setmetatable({}, { __dps_date = function() return "2026-01-01T00:00:00Z" end }),
    "2026-01-01T00:00:00Z", "https://a.example/", math.maxinteger, math.mininteger,
  }
  return list[random(#list)]
end

local function mutate(value)
  local keys = {}
  for key in next, value do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  local key = keys[random(#keys + 1)]
  local item = key ~= nil and rawget(value, key)
  if type(item) == "table" and next(item) ~= nil and random(3) > 1 then
    return mutate(item)
  end
  local new = junk()
  if key == nil then
    key = ({ "nmae", 7, "a.b", true })[random(4)]
  elseif random(4) == 1 then
    new = nil
  end
  rawset(value, key, new)
end

local function holds_raw(value, seen)
  if type(value) ~= "table" or seen[value] then
    return false
  end
  seen[value] = true
  for _, item in next, value do
    if holds_raw(item, seen) then
      return true
    end
  end
  return values.is_raw(value)
end

local MODES = {
  CREATE, STORED, { verb = "create", refuse_unknown = true }, { verb = "stored", entities = true },
}

-- Whether both have the same keys and values, raw, down to the leaves.
local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return rawequal(a, b) and math.type(a) == math.type(b)
  end
  for key, item in next, a do
    if not same(item, rawget(b, key)) then
      return false
    end
  end
  for key in next, b do
    if rawget(a, key) == nil then
      return false
    end
  end
  return true
end

function T.test_quick_and_thorough_half_agree_on_random_damage_and_never_raise()
  local good, bad = 0, 0
  local roots = {}
  for i, mode in ipairs(MODES) do
    roots[i] = compile(FIELDS, { create = mode.verb == "create",
      refuse_unknown = mode.refuse_unknown, entities = mode.entities })
  end
  for round = 1, 20000 do
    local root = roots[round % #roots + 1]
    local value = fresh()
    for _ = 1, random(3) do
      mutate(value)
    end
    local problems = explain(root, value)
    if root.ok(value) then
      good = good + 1
      lu.assertEquals(problems, {})
    else
      bad = bad + 1
      lu.assertTrue(#problems > 0 or holds_raw(value, {}), "refused without a word")
    end
  end
  lu.assertTrue(good > 1000 and bad > 1000, good .. " good, " .. bad .. " bad")
end

function T.test_what_check_calls_shaped_is_what_shape_gives()
  local shaped, other = 0, 0
  for _ = 1, 20000 do
    local value = fresh()
    value.extra = { c = 1.5 }
    mutate(value)
    local problems, ready = schema.check(FIELDS, value, CREATE)
    if #problems == 0 then
      local new = schema.shape(FIELDS, value)
      lu.assertFalse(rawequal(new, value))
      shaped, other = shaped + (ready and 1 or 0), other + (ready and 0 or 1)
      lu.assertTrue(not ready or same(new, value), "said to be shaped, and is not")
    end
  end
  lu.assertTrue(shaped > 500 and other > 100, shaped .. " shaped, " .. other .. " not")
end

function T.test_check_tells_what_still_needs_shaping()
  local plain = { name = "n", tags = { "a" }, extra = { a = 1 }, parts = { { kind = "k" } } }
  local function shaped(key, item, mode)
    local value = {}
    for name, part in pairs(plain) do
      value[name] = part
    end
    value[key] = item
    local problems, is_shaped = schema.check(FIELDS, value, mode or CREATE)
    lu.assertEquals(problems, {})
    return is_shaped
  end
  local object = setmetatable({}, { __dps_date = function() return "2026-01-01T00:00:00Z" end })
  lu.assertTrue(shaped("note", "x"))
  lu.assertTrue(shaped("span", { start = "2026-01-01T00:00:00Z" }))
  lu.assertFalse(shaped("tags", {}))
  lu.assertFalse(shaped("count", 5.0))
  lu.assertFalse(shaped("spot", { id = "p" }))
  lu.assertFalse(shaped("span", { start = object }))
  lu.assertFalse(shaped("extra", { a = { object } }))
  lu.assertFalse(shaped("name", schema.raw { 1 }))
  lu.assertFalse(shaped("note", "x", STORED))
end

function T.test_shape_makes_ids_texts_integers_and_marked_lists()
  local object = setmetatable({}, { __dps_date = function() return "2026-01-01T00:00:00Z" end })
  local value = with {
    count = 30.0, spot = { id = "p9", name = "x" }, tags = {},
    parts = { { spot = { id = "p1" }, kind = "k" } },
    span = { start = object },
  }
  local new = schema.shape(FIELDS, value)
  lu.assertEquals(math.type(new.count), "integer")
  lu.assertEquals(new.spot, "p9")
  lu.assertEquals(new.parts, { { spot = "p1", kind = "k" } })
  lu.assertEquals(new.span, { start = "2026-01-01T00:00:00Z" })
  lu.assertTrue(json.is_array(new.tags))
  lu.assertIs(new.on, false)
end

function T.test_shape_leaves_the_input_untouched_and_shares_no_table_with_it()
  local value = with { tags = {}, extra = { a = { 1 }, b = { c = {} } } }
  local kept = with { tags = {}, extra = { a = { 1 }, b = { c = {} } } }
  local new = schema.shape(FIELDS, value)
  lu.assertTrue(same(value, kept))
  lu.assertNil(getmetatable(value.tags))
  for key, item in pairs(new) do
    lu.assertTrue(type(item) ~= "table" or not rawequal(item, value[key]))
  end
  lu.assertFalse(rawequal(new.extra.b.c, value.extra.b.c))
  lu.assertFalse(rawequal(new.parts[1], value.parts[1]))
end

function T.test_shape_unwraps_raw_and_keeps_marked_empty_lists()
  local cycle = schema.raw { x = { 1 } }
  cycle.me = cycle
  local new = schema.shape(FIELDS, with { extra = { a = json.array {}, b = {}, c = cycle },
    span = schema.raw { other = { 5 } } })
  lu.assertTrue(json.is_array(new.extra.a))
  lu.assertNil(getmetatable(new.extra.b))
  lu.assertNil(getmetatable(new.extra.c))
  lu.assertIs(new.extra.c.me, new.extra.c)
  lu.assertNil(getmetatable(new.span))
  lu.assertEquals(new.span.other, { 5 })
  new = schema.shape(FIELDS, with { tags = schema.raw { { id = "x" } }, parts = schema.raw {} })
  lu.assertEquals(new.tags, { { id = "x" } })
  lu.assertNil(getmetatable(new.parts))
end

function T.test_shape_unwraps_raw_where_a_plain_value_goes()
  local raw = schema.raw { 1 }
  local new = schema.shape(FIELDS, with { name = raw, count = raw, spot = raw, tags = raw,
    words = { a = raw } })
  for _, item in ipairs { new.name, new.count, new.spot, new.tags, new.words.a } do
    lu.assertNil(getmetatable(item))
    lu.assertEquals(item[1], 1)
  end
end

function T.test_a_description_is_compiled_once()
  local reads = 0
  local field = setmetatable({}, { __index = function(_, key)
    reads = reads + 1
    return ({ name = "a", type = "string" })[key]
  end })
  local fields = { field }
  schema.check(fields, { a = "x" }, CREATE)
  local after_first = reads
  schema.check(fields, { a = "x" }, { verb = "create", refuse_unknown = true, entities = true })
  lu.assertTrue(after_first > 0)
  lu.assertEquals(reads, after_first)
end

function T.test_remembering_good_values_stays_bounded_and_right()
  for i = 1, 2000 do
    lu.assertEquals(check(with { code = "A" .. i, spot = "p" .. i, span = {
      start = ("2026-01-01T00:00:%02d.%03dZ"):format(i % 60, i % 1000) } }), {})
  end
  lu.assertEquals(#check(with { code = "a1", spot = "p 1" }), 2)
end

function T.test_a_hundred_thousand_dates_leave_no_memory_behind()
  collectgarbage()
  local before = collectgarbage "count"
  for i = 1, 100000 do
    lu.assertNotNil(schema.instant(("2026-01-01T00:00:00.%06dZ"):format(i)))
  end
  collectgarbage()
  lu.assertTrue(collectgarbage "count" - before < 500, "more than 500 KB are kept")
end

support.run(T)
