-- Resources that are written as a whole, and the updates that Adobe's documents print.
local json = require "dps.json"
local lu = require "luaunit"
local err = require "dps.err"
local operation = require "dps.operation"
local support = require "support"

local T = {}

local SORTED = { sorted = true }

local function sample(kind, name)
  return json.decode(support.read(("tests/golden/samples/%s/%s.json"):format(kind, name)))
end

-- A service that has one object, and keeps what is written.
local function service(entity)
  local sent, client = {}, { settings = {} }
  function client.warn(_, text) sent.warning = text end
  function client.call(_, intent)
    if intent.method ~= "GET" then
      sent[#sent + 1] = { intent.method .. " " .. intent.target, json.decode(intent.body) }
      return { id = intent.id, etag = 2 }, 200, "{}", ""
    end
    return json.decode(json.encode(entity)), 200, "{}", ""
  end
  client.refuse_answer = error
  return operation.all(function() return client end), sent
end

local function entity_of(name, id)
  local entity = sample("create", name)
  entity.id, entity.etag, entity.created = id, 1, "2024-06-10T16:00:34.014Z"
  entity.modified, entity.createdBy, entity.schemas = entity.created, "x@AdobeID", { "s" }
  return entity
end

local function equal(value, wanted)
  lu.assertEquals(json.encode(value, SORTED), json.encode(wanted, SORTED))
end

function T.test_a_channel_placement_is_put_whole_with_its_changes()
  local update = sample("update", "channel_placement")
  local dps, sent = service(entity_of("channel_placement", update.id))
  local receipt = dps.update_channel_placement(update.id,
    { description = update.description, status = update.status })
  lu.assertEquals(receipt.etag, 2)
  lu.assertEquals(sent[1][1], "PUT /exd-placements/" .. update.id)
  local whole = sample("create", "channel_placement")
  whole.id, whole.description, whole.status = update.id, update.description, update.status
  equal(sent[1][2], whole)
  lu.assertNil(sent.warning)
end

function T.test_operations_on_a_channel_placement_are_carried_out_before_it_is_put()
  local dps, sent = service(entity_of("channel_placement", "c1"))
  dps.update_channel_placement("c1", { { op = "remove", path = "/description" } })
  local whole = sample("create", "channel_placement")
  whole.id, whole.description = "c1", nil
  equal(sent[1][2], whole)
  lu.assertStrContains(sent.warning, "takes description away is not documented: read it again")
  local ok, e = pcall(dps.update_channel_placement, "c1", { { op = "remove", path = "/nothing" } })
  lu.assertFalse(ok)
  lu.assertTrue(err.is(e, "invalid"))
  lu.assertEquals(#sent, 1)
end

function T.test_the_name_of_a_channel_placement_cannot_be_changed()
  local dps, sent = service(entity_of("channel_placement", "c1"))
  for _, changes in ipairs { { name = "Other" },
    { { op = "replace", path = "/name", value = "Other" } } } do
    local ok, e = pcall(dps.update_channel_placement, "c1", changes)
    lu.assertFalse(ok)
    lu.assertStrContains(tostring(e), "name of a channel placement can't be changed: the service"
      .. " answers 200 and keeps the old one")
  end
  lu.assertEquals(sent, {})
end

function T.test_a_guard_on_what_is_put_is_refused()
  local dps = service(entity_of("channel_placement", "c1"))
  local ok, e = pcall(dps.update_channel_placement, "c1", { status = "archived" }, { guard = true })
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(e), "which no test can guard")
end

function T.test_printed_patches_are_sent_as_they_are_printed()
  for _, name in ipairs { "fallback", "strategy" } do
    local dps, sent = service(entity_of(name, "x1"))
    dps["update_" .. name]("x1", sample("update", name))
    equal(sent[1][2], sample("update", name))
  end
end

function T.test_printed_patches_are_what_their_fields_become()
  for _, name in ipairs { "fallback", "strategy" } do
    local dps, sent = service(entity_of(name, "x1"))
    local changes = {}
    for _, step in ipairs(sample("update", name)) do
      changes[step.path:sub(2)] = step.value
    end
    dps["update_" .. name]("x1", changes)
    local printed = sample("update", name)
    table.sort(printed, function(a, b) return a.path < b.path end)
    equal(sent[1][2], printed)
  end
end

-- Printed as a whole object below a PATCH; what works is an array (contract 8.2).
function T.test_a_printed_whole_object_becomes_a_patch_of_what_differs()
  local dps, sent = service(entity_of("formula", "f1"))
  dps.update_formula("f1", sample("update", "formula"))
  lu.assertEquals(sent[1][1], "PATCH /ranking-formulas/f1")
  equal(sent[1][2], {
    { op = "add", path = "/isPure", value = true },
    { op = "replace", path = "/name", value = "[UPDATED] Test Ranking Function DPS" },
  })
  dps, sent = service(entity_of("eligibility_rule", "r1"))
  dps.update_eligibility_rule("r1", sample("update", "eligibility_rule"))
  lu.assertEquals(sent[1][1], "PATCH /offer-rules/r1")
  local paths = {}
  for i, step in ipairs(sent[1][2]) do
    paths[i] = step.op .. " " .. step.path
  end
  lu.assertEquals(paths, { "replace /condition/value", "add /definedOn", "replace /description",
    "replace /name" })
end

function T.test_a_formula_in_capitals_is_no_difference()
  local entity = entity_of("formula", "f1")
  entity.returnType.type = "INTEGER"
  local dps, sent = service(entity)
  lu.assertTrue(dps.update_formula("f1", { returnType = { type = "integer" } }).unchanged)
  lu.assertEquals(sent, {})
end

support.run(T)
