-- Every request body that Adobe's documents print for the thirteen resources: it passes the checks
-- of a create, goes on the wire as it is printed, and to the line that is printed above it.
local json = require "dps.json"
local lu = require "luaunit"
local operation = require "dps.operation"
local resource = require "dps.resource"
local schema = require "dps.schema"
local support = require "support"

local T = {}

local SORTED = { sorted = true }
local CREATE = { verb = "create", refuse_unknown = true, entities = true }
local STORED = { verb = "stored" }

-- The request lines of the documents, with ids as they print them (contract 1.1).
local LINES = {
  fallback = "POST /offers?offer-type=fallback",
  personalized = "POST /offers?offer-type=personalized",
  placement = "POST /placements",
  tag = "POST /tags",
  collection = "POST /offer-collections",
  rule = "POST /offer-rules",
  decision = "POST /offer-decisions",
  item = "POST /offer-items",
  item_collection = "POST /item-collections",
  strategy = "POST /selection-strategies",
  eligibility_rule = "POST /offer-rules",
  formula = "POST /ranking-formulas",
  channel_placement = "POST /exd-placements",
}

local function sample(kind, name)
  return support.read(("tests/golden/samples/%s/%s.json"):format(kind, name))
end

local function sorted(value)
  return assert(json.encode(value, SORTED))
end

-- A client that only keeps what would be sent.
local function recorder()
  local sent = {}
  local client = { settings = { item_schema = "https://ns.adobe.com/acme/schemas/1" } }
  function client.call(_, intent)
    sent[#sent + 1] = intent
    return { id = "x1", etag = 1 }, 201, "{}", ""
  end
  client.refuse_answer = error
  return operation.all(function() return client end), sent
end

function T.test_there_are_thirteen_resources_and_a_sample_of_each()
  local names = {}
  for i, description in ipairs(resource.all) do
    names[i] = description.name
  end
  table.sort(names)
  lu.assertEquals(names, { "channel_placement", "collection", "decision", "eligibility_rule",
    "fallback", "formula", "item", "item_collection", "personalized", "placement", "rule",
    "strategy", "tag" })
end

for name, line in pairs(LINES) do
  T["test_the_printed_create_of_" .. name .. "_passes_the_checks"] = function()
    local fields = resource.by_name[name].fields
    lu.assertEquals(schema.check(fields, json.decode(sample("create", name)), CREATE), {})
    lu.assertEquals(schema.check(fields, json.decode(sample("create", name)), STORED), {})
  end

  T["test_the_printed_create_of_" .. name .. "_is_sent_as_it_is_printed"] = function()
    local dps, sent = recorder()
    local given = json.decode(sample("create", name))
    dps["create_" .. name](given)
    lu.assertEquals(sent[1].method .. " " .. sent[1].target, line)
    lu.assertEquals(sorted(json.decode(sent[1].body)), sorted(json.decode(sample("create", name))))
    lu.assertEquals(sorted(given), sorted(json.decode(sample("create", name))))
    lu.assertEquals(sent[1].headers[1], "Content-Type: application/json")
  end
end

function T.test_an_eligibility_rule_and_a_formula_get_their_mark_without_being_told()
  for name, mark in pairs { eligibility_rule = "exdRule", formula = "exdFunction" } do
    local dps, sent = recorder()
    local given = json.decode(sample("create", name))
    given[mark] = nil
    dps["create_" .. name](given)
    lu.assertIsTrue(json.decode(sent[1].body)[mark])
    lu.assertNil(given[mark])
  end
end

function T.test_lists_of_marked_resources_ask_for_the_mark()
  for name, target in pairs {
    eligibility_rules = "/offer-rules?property=exdRule%3D%3Dtrue&limit=2",
    formulas = "/ranking-formulas?property=exdFunction%3D%3Dtrue&limit=2",
    rules = "/offer-rules?limit=2",
  } do
    local dps, sent = recorder()
    pcall(dps["list_" .. name] { limit = 2 })
    lu.assertEquals(sent[1].target, target)
  end
end

function T.test_every_call_on_items_names_the_schema()
  local dps, sent = recorder()
  dps.create_item(json.decode(sample("create", "item")))
  dps.get_item "i1"
  dps.delete_item "i1"
  pcall(dps.list_items())
  lu.assertEquals(#sent, 4)
  for _, intent in ipairs(sent) do
    lu.assertStrContains(table.concat(intent.headers, "\n"),
      "x-schema-id: https://ns.adobe.com/acme/schemas/1")
  end
end

support.run(T)
