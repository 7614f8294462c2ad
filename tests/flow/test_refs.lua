-- References by name: one look-up for however many tasks, errors with what was meant.
local lu = require "luaunit"
local dps = require "dps"
local err = require "dps.err"
local support = require "support"

local T = {}

local client = require("dps.client").default()
local counter = 0

local function unique(word)
  counter = counter + 1
  return word .. " " .. counter
end

local function offer(placement, changes)
  local value = {
    name = unique "offer", status = "draft",
    representations = { {
      channel = "https://ns.adobe.com/xdm/channel-types/web", placement = placement,
      components = { { type = "html", format = "text/html", content = "x" } },
    } },
  }
  for key, item in pairs(changes or {}) do
    value[key] = item
  end
  return value
end

local function placement(name)
  return dps.create_placement {
    name = name, componentType = "html", channel = "https://ns.adobe.com/xdm/channel-types/web",
  }.id
end

local function count_reads(action)
  local reads, original = 0, client.call
  client.call = function(self, intent)
    reads = reads + (intent.method == "GET" and 1 or 0)
    return original(self, intent)
  end
  local ok, failure = pcall(action)
  client.call = nil
  assert(ok, failure)
  return reads
end

local function failure_of(f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok, "must fail")
  lu.assertTrue(err.is(e), tostring(e))
  return e
end

function T.test_a_name_goes_where_an_id_goes()
  local name = unique "Homepage hero"
  local id = placement(name)
  local value = offer(dps.ref("placement", name))
  local created = dps.create_fallback(value).id
  lu.assertEquals(dps.get_fallback(created).representations[1].placement, id)
  lu.assertEquals(dps.get_placement(dps.ref("placement", name)).id, id)
  lu.assertEquals(value.representations[1].placement.name, name)
end

function T.test_many_tasks_look_a_name_up_once()
  local name = unique "Homepage hero"
  placement(name)
  local reads = count_reads(function()
    local tasks = {}
    for i = 1, 50 do
      tasks[i] = dps.spawn(function() dps.create_fallback(offer(dps.ref("placement", name))) end)
    end
    for _, task in ipairs(tasks) do
      task:wait()
    end
  end)
  lu.assertEquals(reads, 1)
end

function T.test_a_look_up_works_where_lua_cannot_yield()
  local name = unique "Homepage hero"
  local id = placement(name)
  local found
  table.sort({ 1, 2 }, function(a, b)
    found = dps.get_placement(dps.ref("placement", name)).id
    return a < b
  end)
  lu.assertEquals(found, id)
end

function T.test_a_missing_name_says_what_comes_near()
  local name = unique "Homepage hero"
  placement(name)
  local e = failure_of(dps.create_fallback, offer(dps.ref("placement", "homepage hro" ..
    name:match " %d+$")))
  lu.assertEquals(e.kind, "invalid")
  lu.assertEquals(#e.problems, 1)
  lu.assertEquals(e.problems[1].path, "representations[1].placement")
  lu.assertStrContains(e.problems[1].message, 'near: "' .. name .. '"')
end

function T.test_all_names_that_are_missing_are_told_at_once()
  local e = failure_of(dps.create_fallback, offer(dps.ref("placement", "no such placement"), {
    tags = { dps.ref("tag", "no such tag") },
  }))
  lu.assertEquals({ e.problems[1].path, e.problems[2].path },
    { "representations[1].placement", "tags[1]" })
end

function T.test_a_name_that_two_have_is_told_with_both_ids()
  local name = unique "Twice"
  local one, two = placement(name), placement(name)
  local e = failure_of(dps.get_placement, dps.ref("placement", name))
  lu.assertStrContains(e.message, "2 placements have the name")
  lu.assertStrContains(e.message, one)
  lu.assertStrContains(e.message, two)
end

function T.test_a_name_is_looked_up_again_when_its_object_is_gone_or_another()
  local name = unique "Homepage hero"
  local first = placement(name)
  local reference = dps.ref("placement", name)
  lu.assertEquals(dps.get_placement(reference).id, first)
  dps.delete_placement(reference)
  lu.assertStrContains(failure_of(dps.get_placement, reference).message, "has the name")
  local second = placement(name)
  lu.assertEquals(dps.get_placement(reference).id, second)
  dps.update_placement(second, { name = name .. " renamed" })
  lu.assertStrContains(failure_of(dps.get_placement, reference).message, "has the name")
end

function T.test_a_kind_that_does_not_fit_is_told_without_a_look_up()
  local reads = count_reads(function()
    local e = failure_of(dps.create_fallback, offer(dps.ref("tag", "Summer")))
    lu.assertStrContains(e.message,
      'placement must be the id of a placement, got dps.ref("tag", "Summer")')
    e = failure_of(dps.create_fallback, offer("p", { description = dps.ref("tag", "Summer") }))
    lu.assertStrContains(e.message, 'description must be a string, got dps.ref("tag", "Summer")')
    e = failure_of(dps.create_collection,
      { name = "C", filterType = "offers", ids = { dps.ref("tag", "Summer") } })
    lu.assertStrContains(e.message, 'dps.ref("tag", "Summer") does not go with filterType "offers"')
    e = failure_of(dps.get_placement, dps.ref("tag", "Summer"))
    lu.assertStrContains(e.message, 'dps.ref("tag", "Summer") is no placement')
  end)
  lu.assertEquals(reads, 0)
end

function T.test_a_wrong_kind_or_name_is_told_where_it_is_written()
  for _, case in ipairs {
    { { "placment", "x" }, 'no kind "placment" (did you mean "placement"?)' },
    { { nil, "x" }, "no kind of a nil (known: " },
    { { "tag", " " }, "the name of the tag must be a text that is not blank" },
    { { "tag" }, "the name of the tag must be a text that is not blank" },
  } do
    local e = failure_of(dps.ref, case[1][1], case[1][2])
    lu.assertStrContains(e.message, case[2])
    lu.assertStrContains(tostring(e), "test_refs.lua")
  end
end

support.run(T)
