-- Names with a comma: whether the service can be asked for them or takes them apart, ensure creates
-- none twice, and reads all names once at most.
local err = require "dps.err"
local json = require "dps.json"
local lu = require "luaunit"
local operation = require "dps.operation"
local support = require "support"

local T = {}

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- A service of tags. One that splits finds no name with a comma; one that loses does what it is
-- asked and loses the answer of a create.
local function service(splits, names, faults)
  local tags, calls = {}, { GET = 0, POST = 0, DELETE = 0 }
  local client = { settings = { base_url = "https://x/y" } }
  for i, name in ipairs(names) do
    tags[i] = { id = "t" .. i, name = name }
  end
  local function page(target)
    local wanted = target:match "property=([^&]*)"
    wanted = wanted and decode(wanted):match "^name==(.*)$"
    local rows = {}
    for _, tag in ipairs(tags) do
      local hit = not wanted or tag.name == wanted and not (splits and wanted:find ",")
      rows[#rows + 1] = hit and tag or nil
    end
    return { results = rows, count = #rows, total = #rows, _links = {} }
  end
  function client.call(_, intent)
    calls[intent.method] = calls[intent.method] + 1
    if intent.method == "POST" then
      tags[#tags + 1] = json.decode(intent.body)
      tags[#tags].id = "t" .. #tags
      if faults and faults.loses then
        err.raise { kind = "unknown", sent = "maybe", message = "the connection was closed" }
      end
      return { id = tags[#tags].id, etag = 1 }, 201, "{}", ""
    end
    local id = intent.target:match "/tags/(.+)$"
    if intent.method == "DELETE" then
      tags[tonumber(id:sub(2))] = { name = "" }
      return nil, 200, "", ""
    end
    return id and tags[tonumber(id:sub(2))] or page(intent.target), 200, "", ""
  end
  function client.warn() end
  local dps = operation.all(function() return client end)
  dps.ref = require("dps.ref").new
  return dps, calls
end

for _, splits in ipairs { false, true } do
  local who = splits and "takes_commas_apart" or "can_be_asked_for_commas"

  T["test_a_service_that_" .. who .. "_gets_no_name_twice"] = function()
    local dps, calls = service(splits, { "Summer, sale", "Winter" })
    local entity, outcome = dps.ensure_tag { name = "Summer, sale" }
    lu.assertEquals({ entity.id, outcome }, { "t1", "unchanged" })
    for i = 1, 20 do
      local name = ("Row, %d"):format(i)
      lu.assertEquals(select(2, dps.ensure_tag { name = name }), "created")
      lu.assertEquals(select(2, dps.ensure_tag { name = name }), "unchanged")
    end
    lu.assertEquals(calls.POST, 20)
    lu.assertTrue(calls.GET <= 63, calls.GET .. " reads")
  end
end

function T.test_names_without_a_comma_cost_one_look()
  local dps, calls = service(true, { "Winter" })
  dps.ensure_tag { name = "Winter" }
  dps.ensure_tag { name = "Spring" }
  lu.assertEquals(calls, { GET = 2, POST = 1, DELETE = 0 })
end

function T.test_a_name_whose_object_was_deleted_can_be_created_again()
  local dps, calls = service(true, { "A, b" })
  lu.assertEquals(select(2, dps.ensure_tag { name = "A, b" }), "unchanged")
  dps.delete_tag(dps.ref("tag", "A, b"))
  lu.assertEquals(select(2, dps.ensure_tag { name = "A, b" }), "created")
  lu.assertEquals(calls.POST, 1)
end

function T.test_a_name_that_another_call_gave_meanwhile_is_seen()
  local dps, calls = service(true, { "A, b" })
  lu.assertEquals(select(2, dps.ensure_tag { name = "A, b" }), "unchanged")
  dps.create_tag { name = "C, d" }
  lu.assertEquals(select(2, dps.ensure_tag { name = "C, d" }), "unchanged")
  lu.assertEquals(calls.POST, 1)
end

function T.test_a_create_whose_answer_was_lost_is_found_by_a_name_with_a_comma_too()
  local native = require "dps.native"
  local sleep = native.sleep
  native.sleep = function() return true end
  local dps, calls = service(true, { "A, b" }, { loses = true })
  dps.ensure_tag { name = "A, b" }
  local _, outcome = dps.ensure_tag { name = "C, d" }
  native.sleep = sleep
  lu.assertEquals(outcome, "created")
  lu.assertEquals(calls.POST, 1)
end

function T.test_two_of_a_name_with_a_comma_are_an_error_too()
  local dps = service(true, { "A, b", "A, b" })
  local ok, e = pcall(dps.ensure_tag, { name = "A, b" })
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(e), "2 objects have this name: t1, t2")
end

support.run(T)
