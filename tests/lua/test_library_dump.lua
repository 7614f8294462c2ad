-- Copies of the local library: all of it out as JSON, and back; files that are none.
local driver = require "library_driver"
local json = require "dps.json"
local library = require "dps.library"
local lu = require "luaunit"
local support = require "support"

local T = {}

local OFFERS = "/offers?offer-type=fallback"

local function export(d)
  local parts = {}
  d.lib:export(function(...)
    parts[#parts + 1] = table.concat { ... }
  end)
  return table.concat(parts)
end

-- The path of a file of this text.
local function file_of(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
  return path
end

local function import(text, options)
  local path = file_of(text)
  options = options or {}
  options.import = path
  local opened, message = library.open(options)
  os.remove(path)
  return opened and setmetatable({ lib = opened }, driver), message, path
end

local function full()
  local d = driver.new()
  d:create { name = "a", labels = json.array {} }
  local id = d:create { name = "b" }
  d:expect(200, "PATCH", driver.path(id), '[{"op":"replace","path":"/name","value":"b2"}]')
  d:expect(201, "POST", "/tags", { name = "t" }, { ["x-sandbox-name"] = "stage" })
  return d, id
end

function T.test_what_goes_out_comes_back_the_same()
  local d, id = full()
  local text = export(d)
  local copy = assert(import(text))
  lu.assertEquals(export(copy), text)
  lu.assertEquals(copy:expect(200, "GET", driver.path(id)), d:expect(200, "GET", driver.path(id)))
  lu.assertEquals(copy:expect(200, "GET", OFFERS).total, 2)
  lu.assertEquals(copy:expect(200, "GET", "/tags", nil, { ["x-sandbox-name"] = "stage" }).total, 1)
  lu.assertStrContains(text, '"selectionConstraint"', "what is hidden is kept")
end

function T.test_references_hold_in_a_copy_too()
  local copy = assert(import(export((full()))))
  copy:expect(409, "DELETE", "/placements/" .. driver.PLACEMENT)
end

function T.test_a_file_written_by_hand_may_leave_out_what_the_service_gives()
  local d = assert(import([[{"format":"dps-library/1","sandboxes":[{"name":"prod","objects":[
    {"resource":"placement","id":"hero","fields":{"name":"Hero","componentType":"html",
     "channel":"https://ns.adobe.com/xdm/channel-types/web"}},
    {"resource":"tag","fields":{"name":"summer"}}]}]}]]))
  lu.assertEquals(d:expect(200, "GET", "/placements/hero").etag, 1)
  lu.assertStrMatches(d:expect(200, "GET", "/tags").results[1].id, "dps:tag:%x+")
end

function T.test_what_has_the_same_id_is_replaced()
  local d = driver.new()
  local id = d:create { name = "old" }
  local text = export(d):gsub('"name":"old"', '"name":"new"')
  local path = os.tmpname()
  os.remove(path)
  local first = assert(import(export(d), { db = path }))
  first.lib:close()
  local second = assert(import(text, { db = path }))
  lu.assertEquals(second:expect(200, "GET", driver.path(id)).name, "new")
  lu.assertEquals(second:expect(200, "GET", OFFERS).total, 1)
  second.lib:close()
  local third = setmetatable({ lib = assert(library.open { db = path, reset = true }) }, driver)
  lu.assertEquals(third:expect(200, "GET", OFFERS).total, 0)
  third.lib:close()
  os.remove(path)
end

function T.test_a_file_that_is_no_export_is_refused_whole_and_in_words()
  local head = '{"format":"dps-library/1","sandboxes":[{"name":"prod","objects":['
  local cases = {
    { "", "it is not JSON" }, { "{", "it is not JSON" }, { "[]", "no export of a local library" },
    { '{"format":"other"}', "no export of a local library" },
    { '{"format":"dps-library/1","sandboxes":[{}]}', "a sandbox has no name" },
    { head .. '{"resource":"fallback"}]}]}', "object 1 of sandbox prod has no fields" },
    { head .. '{"resource":"tag","fields":{"name":"a"}},{"resource":"nothing"}]}]}',
      "object 2 of sandbox prod names no resource" },
    { head .. '{"resource":"tag","id":"x","fields":{}}]}]}', "(tag x): name is missing" },
    { head .. '{"resource":"tag","id":"a/b","fields":{"name":"a"}}]}]}', "can't stand" },
    { head .. '{"resource":"tag","id":"x","created":"soon","fields":{"name":"a"}}]}]}', "no date" },
  }
  for _, case in ipairs(cases) do
    local d, message, path = import(case[1])
    lu.assertNil(d)
    lu.assertStrContains(message, path .. " can't be imported: ")
    lu.assertStrContains(message, case[2])
  end
  local _, message = library.open { import = "/nowhere/at.all" }
  lu.assertStrContains(message, "/nowhere/at.all can't be imported")
end

function T.test_every_object_of_a_large_library_is_a_line_of_its_own()
  local d = driver.new()
  for i = 1, 1200 do
    d:create { name = "n" .. i }
  end
  local lines = select(2, export(d):gsub("\n", "\n"))
  lu.assertEquals(lines, 1200 + 3)
end

support.run(T)
