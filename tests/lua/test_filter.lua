-- What a list asks for: the target it becomes, and what is refused before anything is sent.
local lu = require "luaunit"
local filter = require "dps.filter"
local resource = require "dps.resource"
local support = require "support"

local T = {}

local function intent()
  return { operation = "list_fallbacks", resource = resource.by_name.fallback }
end

local function target(given)
  return filter.target(intent(), given)
end

local function refused(given)
  local ok, e = pcall(target, given)
  lu.assertFalse(ok)
  lu.assertEquals(e.kind, "invalid")
  return e.problems[1].path .. ": " .. e.problems[1].message
end

function T.test_no_options_are_the_collection_itself()
  lu.assertEquals(target {}, "/offers?offer-type=fallback")
end

function T.test_values_are_encoded_so_that_nothing_in_them_separates()
  lu.assertEquals(target { property = { { "name", "==", "Summer, sale & more+100%" } } },
    "/offers?offer-type=fallback&property=name%3D%3DSummer%2C%20sale%20%26%20more%2B100%25")
end

function T.test_each_condition_is_a_parameter_of_its_own()
  lu.assertEquals(target { limit = 2, order_by = "-modified",
    property = { { "status", "!=", "draft" }, { "description" }, { "!labels" } } },
    "/offers?offer-type=fallback&property=status%21%3Ddraft&property=description"
    .. "&property=%21labels&orderby=-modified&limit=2")
end

function T.test_fields_inside_a_field_can_be_asked_for()
  lu.assertStrContains(target { property = { { "representations.channel", "==", "x" } } },
    "property=representations.channel%3D%3Dx")
end

function T.test_a_field_that_no_entity_has_is_refused_with_the_nearest_name()
  lu.assertEquals(refused { property = { { "nmae", "==", "x" } } },
    'property[1]: no fallback offer has a field "nmae" (did you mean "name"?)')
  lu.assertEquals(refused { order_by = "-modifed" },
    'order_by: no fallback offer has a field "modifed" (did you mean "modified"?)')
end

function T.test_a_field_that_is_never_returned_is_refused()
  lu.assertStrContains(refused { property = { { "rank.priority", "==", 1 } } }, '"rank"')
end

function T.test_what_is_no_condition_is_refused_by_its_place()
  for _, bad in ipairs { { "name", "=", "x" }, { "name", "==", {} }, { "name", "==" } } do
    lu.assertStrContains(refused { property = { { "name", "==", "x" }, bad } }, "property[2]: ")
  end
  lu.assertStrContains(refused { property = { "name==x" } }, "{ field, operator, value }")
  lu.assertStrContains(refused { property = { { "name", nil, "x" } } }, "property[1]: ")
  lu.assertStrContains(refused { property = "name==x" }, "must be a list")
  lu.assertStrContains(refused { property = { { "name&x", "==", "1" } } }, "property[1]: ")
end

function T.test_conditions_that_would_be_passed_over_are_refused()
  local hole = { { "name", "==", "x" }, nil, { "status", "==", "y" } }
  for _, bad in ipairs { { name = "x" }, hole } do
    lu.assertStrContains(refused { property = bad }, "property: must be a list")
  end
  lu.assertEquals(target { property = {} }, target {})
end

function T.test_limit_and_order_are_checked()
  for _, bad in ipairs { 0, -1, 1.5, "5" } do
    lu.assertStrContains(refused { limit = bad }, "limit: ")
  end
  for _, bad in ipairs { "name desc", "", "name&x=1", 5 } do
    lu.assertStrContains(refused { order_by = bad }, "order_by: ")
  end
end

function T.test_a_dry_runs_objects_match_where_that_can_be_known()
  local entity = { name = "a", etag = 1, tags = { "t" }, rank = { priority = 5 } }
  local function matches(...) return filter.matcher { property = { ... } }(entity) end
  lu.assertTrue(matches())
  lu.assertTrue(matches { "name", "==", "a" })
  lu.assertFalse(matches { "name", "==", "b" })
  lu.assertTrue(matches { "name", "!=", "b" })
  lu.assertFalse(matches { "name", "!=", "a" })
  lu.assertTrue(matches { "etag", "==", "1" })
  lu.assertTrue(matches { "rank.priority", "==", 5 })
  lu.assertTrue(matches { "tags" })
  lu.assertFalse(matches { "description" })
  lu.assertTrue(matches { "!description" })
  lu.assertFalse(matches { "description", "==", "x" })
end

function T.test_what_only_the_service_knows_of_a_dry_runs_objects_is_neither_yes_nor_no()
  local entity = { name = "a", etag = 1, tags = { "t" } }
  local function matches(...) return filter.matcher { property = { ... } }(entity) end
  for _, property in ipairs { { "name", "~", "a.*" }, { "etag", "<", 2 }, { "tags", "==", "t" },
    { "description", "!=", "x" } } do
    lu.assertNil(matches(property))
    lu.assertNil(matches(property, { "name", "==", "a" }))
    lu.assertFalse(matches(property, { "name", "==", "b" }))
    lu.assertFalse(matches({ "name", "==", "b" }, property))
  end
end

support.run(T)
