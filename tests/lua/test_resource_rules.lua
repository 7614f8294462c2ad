-- What a table alone can show to be wrong with each of the thirteen resources: every rule of the
-- contract breaks a published sample in one place, and is told at that place.
local json = require "dps.json"
local lu = require "luaunit"
local resource = require "dps.resource"
local schema = require "dps.schema"
local support = require "support"

local T = {}

local CREATE = { verb = "create", refuse_unknown = true, entities = true }
local STORED = { verb = "stored" }

local function sample(name)
  return json.decode(support.read("tests/golden/samples/create/" .. name .. ".json"))
end

local function problems(name, value, mode)
  local list = {}
  for i, problem in ipairs(schema.check(resource.by_name[name].fields, value, mode or CREATE)) do
    list[i] = problem.path .. " | " .. problem.message
  end
  return list
end

-- Sets what a dot path leads to; numbers are indexes.
local function set(value, path, new)
  local steps = {}
  for step in path:gmatch "[^.]+" do
    steps[#steps + 1] = math.tointeger(tonumber(step)) or step
  end
  for i = 1, #steps - 1 do
    value = value[steps[i]]
  end
  value[steps[#steps]] = new
end

-- { resource, path, new value (nil takes it away), place of the problem, message }
local CASES = {
  { "personalized", "selectionConstraint", nil, "selectionConstraint",
    "selectionConstraint is missing; write { startDate = ..., endDate = ... }" },
  { "personalized", "selectionConstraint.endDate", nil, "selectionConstraint.endDate",
    'endDate is missing; write a date such as "2026-12-31T09:00:00+01:00"' },
  { "personalized", "selectionConstraint.endDate", "2022-07-27T05:00:00Z",
    "selectionConstraint.endDate",
    "endDate is the same moment as startDate; it must be later" },
  { "personalized", "rank", nil, "rank",
    "rank is missing; write { priority = 0 } or more; the higher one wins" },
  { "personalized", "selectionConstraint.profileConstraintType", "eligibilityRule",
    "selectionConstraint.eligibilityRule", 'eligibilityRule is missing; profileConstraintType'
      .. ' "eligibilityRule" needs the id of a rule' },
  { "personalized", "selectionConstraint.eligibilityRule", "rule1",
    "selectionConstraint.profileConstraintType", 'profileConstraintType must be "eligibilityRule"'
      .. " where an eligibilityRule is given" },
  { "personalized", "frequencyCappingConstraints.1.limit", 0,
    "frequencyCappingConstraints[1].limit", "limit must be a whole number of 1 or more, got 0" },
  { "personalized", "frequencyCappingConstraints.1.scope", "world",
    "frequencyCappingConstraints[1].scope", 'scope "world" is unknown (allowed: global, profile)' },
  { "personalized", "frequencyCappingConstraints.1.repeat.unit", "year",
    "frequencyCappingConstraints[1].repeat.unit",
    'unit "year" is unknown (allowed: day, week, month)' },
  { "personalized", "frequencyCappingConstraints.1.endDate", "2023-05-01T00:00:00Z",
    "frequencyCappingConstraints[1].endDate", "endDate is before startDate" },
  { "personalized", "cappingConstraint.globalCap", 0, "cappingConstraint.globalCap",
    "globalCap must be a whole number of 1 or more, got 0" },
  { "tag", "name", " ", "name", "name is blank; give it some text" },
  { "tag", "nmae", "x", "nmae", 'unknown field "nmae" (did you mean "name"?)' },
  { "collection", "filterType", "anyTags", "filterType",
    'filterType "anyTags" is unknown (did you mean "any-tags"? allowed: any-tags, all-tags,'
      .. " offers)" },
  { "collection", "ids", nil, "ids",
    "ids is missing; write the ids of tags, or of offers where filterType is offers" },
  { "rule", "condition", nil, "condition",
    'condition is missing; write { type = "PQL", format = "pql/text", value = "..." }' },
  { "rule", "condition.type", "SQL", "condition.type",
    'type "SQL" is unknown (did you mean "PQL"? allowed: PQL)' },
  { "rule", "condition.value", "", "condition.value", "value is blank; give it some text" },
  { "rule", "definedOn.profile.schema.ref", nil, "definedOn.profile.schema.ref",
    "ref is missing; a schema is named by ref or by altId" },
  { "rule", "definedOn.profile.schema.altId", "x", "definedOn.profile.schema.altId",
    "altId stands beside ref; a schema is named by one of them" },
  { "decision", "status", "complete", "status", "status \"complete\" can't be given on create;"
    .. " allowed: draft, live (a decision is completed or archived later, with an update)" },
  { "decision", "fallback", nil, "fallback", "fallback is missing; write the id of a fallback"
    .. " offer, which dps.list_fallbacks finds" },
  { "decision", "criteria", {}, "criteria", "criteria is empty; it needs at least 1 item" },
  { "decision", "criteria.1.placements", {}, "criteria[1].placements",
    "placements is empty; it needs at least 1 item" },
  { "decision", "criteria.1.rank.order.rankingStrategy", nil,
    "criteria[1].rank.order.rankingStrategy",
    'rankingStrategy is missing: the order "ranking-strategy" needs it' },
  { "decision", "criteria.1.optionSelection.filter", "my collection",
    "criteria[1].optionSelection.filter",
    'filter "my collection" looks like a name; write dps.ref("collection", "my collection"), or'
      .. " its id" },
  { "decision", "endDate", "2021-08-23T07:00:00Z", "endDate",
    "endDate is the same moment as startDate; it must be later" },
  { "item", "_experience.decisioning.offeritem.lifecycleStatus", nil,
    "_experience.decisioning.offeritem.lifecycleStatus",
    "lifecycleStatus is missing; write one of draft, approved" },
  { "item", "_experience.decisioning.decisionitem.itemName", nil,
    "_experience.decisioning.decisionitem.itemName", "itemName is missing; it is required" },
  { "item", "_experience.decisioning.decisionitem.itemConstraints.profileConstraintType", "none",
    "_experience.decisioning.decisionitem.itemConstraints.profileConstraintType",
    'profileConstraintType must be "eligibilityRule" where an eligibilityRule is given' },
  { "item", "_experience.decisioning.decisionitem.itemCalendarConstraints.endDate",
    "2024-06-10T04:00:00Z",
    "_experience.decisioning.decisionitem.itemCalendarConstraints.endDate",
    "endDate is the same moment as startDate; it must be later" },
  { "item", "_experience.decisioning.decisionitem.itemTags", { "summer" },
    "_experience.decisioning.decisionitem.itemTags[1]", 'itemTags[1] "summer" is not the UUID of a'
      .. " unified tag; the service takes no names here" },
  { "item", "_experience.decisioning.decisionitem.itemID", "x",
    "_experience.decisioning.decisionitem.itemID",
    '"itemID" is given by the service; leave it out' },
  { "item", "_experience", nil, "_experience", "_experience is missing; write { decisioning ="
    .. " { offeritem = ..., decisionitem = ... } }" },
  { "item", "_experience.decisioning.offeritem", nil, "_experience.decisioning.offeritem",
    'offeritem is missing; write { lifecycleStatus = "draft" }' },
  { "strategy", "optionSelection.filter", 5, "optionSelection.filter",
    "filter must be the id of an item collection, got 5" },
  { "item", "status", "draft", "status", 'unknown field "status" (known: _experience)' },
  { "item", "_acme", { f = print }, "_acme.f",
    "a function can't be sent; to send what it returns, call it: _acme.f = f()" },
  { "item_collection", "constraints.1.uiModel", "itemName = x", "constraints[1].uiModel",
    'uiModel "itemName = x" is no JSON object; write it with dps.json.encode{ operator = ... }' },
  { "item_collection", "constraints.1.itemCatalogId", nil, "constraints[1].itemCatalogId",
    "itemCatalogId is missing; it is required" },
  { "strategy", "optionSelection", nil, "optionSelection",
    "optionSelection is missing; write { filter = the id of an item collection }" },
  { "strategy", "rank.order.orderEvaluationType", "ranking-strategy",
    "rank.order.orderEvaluationType", "orderEvaluationType \"ranking-strategy\" can't be given on"
      .. " create; allowed: static, scoringFunction" },
  { "strategy", "rank.order.orderEvaluationType", "scoringFunction", "rank.order.function",
    'function is missing: the order "scoringFunction" needs it' },
  { "eligibility_rule", "exdRule", false, "exdRule", "exdRule must be true; it may be left out" },
  { "formula", "expression", nil, "expression",
    'expression is missing; write { type = "PQL", format = "pql/text", value = "..." }' },
  { "channel_placement", "channelConfiguration", "Web", "channelConfiguration",
    'channelConfiguration "Web" is not the UUID of a channel configuration; the service takes no'
      .. " names here" },
  { "channel_placement", "status", "draft", "status",
    'status "draft" is unknown (allowed: active, archived)' },
}

for number, case in ipairs(CASES) do
  local name, path, new, where, message = table.unpack(case, 1, 5)
  T[("test_%02d_%s_%s_is_told_where_it_is_wrong"):format(number, name, path:gsub("%W", "_"))] =
    function()
      local value = sample(name)
      set(value, path, new)
      lu.assertEquals(problems(name, value), { where .. " | " .. message })
    end
end

function T.test_ten_frequency_rules_are_the_most()
  local value = sample "personalized"
  local rules = value.frequencyCappingConstraints
  for i = 2, 10 do
    rules[i] = rules[1]
  end
  lu.assertEquals(problems("personalized", value), {})
  rules[11] = rules[1]
  lu.assertEquals(problems("personalized", value), { "frequencyCappingConstraints |"
    .. " frequencyCappingConstraints has 11 items; at most 10 are allowed" })
end

function T.test_what_the_service_gives_back_of_an_item_is_no_problem_where_it_is_stored()
  local value = sample "item"
  local inner = value._experience.decisioning
  inner.offeritem.fCapConstraintsLastIndex, inner.decisionitem.itemID = 0, "offerItem5678"
  inner.offeritem.lifecycleStatus = "archived"
  lu.assertEquals(problems("item", value, STORED), {})
end

function T.test_a_formula_may_come_back_in_capitals()
  local value = sample "formula"
  value.returnType.type = "INTEGER"
  lu.assertEquals(problems("formula", value, STORED), {})
end

support.run(T)
