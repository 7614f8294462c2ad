-- The local library with all resources: the published bodies in the order in which they can be
-- created, what comes back, who may refer to whom, and taking all of it down again.
local driver = require "library_driver"
local json = require "dps.json"
local lu = require "luaunit"
local resource = require "dps.resource"
local support = require "support"

local T = {}

local SCHEMA_ID = { ["x-schema-id"] = "https://ns.adobe.com/tenant/schemas/abc" }

local function sample(name)
  local file = assert(io.open("tests/golden/samples/create/" .. name .. ".json"))
  local text = file:read "a"
  file:close()
  return assert(json.decode(text))
end

local function target(description, id, extra)
  local path = id and resource.item_target(description, id)
    or resource.collection_target(description, extra)
  return path
end

-- What stands in the documents' samples for an object of a kind, put right in place.
local function point_at(value, made)
  local stand_ins = {
    offerPlacement1234 = made.placement, offerPlacement5678 = made.placement,
    fallbackOffer1234 = made.fallback, tag1234 = made.tag, offerCollection1234 = made.collection,
    rule1234 = made.eligibility_rule,
    offerRule1234 = made.eligibility_rule, itemCollection1234 = made.item_collection,
    offerFilter1234 = made.collection, rankingFormula1234 = made.formula,
    scoringFunction1234 = made.formula,
  }
  for key, item in pairs(value) do
    if type(item) == "table" then
      point_at(item, made)
    else
      value[key] = stand_ins[item] or item
    end
  end
  return value
end

local function create(d, name, made, changes)
  local body = point_at(sample(name), made)
  for key, value in pairs(changes or {}) do
    body[key] = value
  end
  local receipt = d:expect(201, "POST", target(resource.by_name[name]), body, SCHEMA_ID)
  made[name] = receipt.id
  return receipt, body
end

-- Everything, in seeding order.
local function campaign(d)
  local made = {}
  for _, description in ipairs(resource.all) do
    create(d, description.name, made)
  end
  return made
end

local function get(d, name, id, status)
  return d:expect(status or 200, "GET", target(resource.by_name[name], id), nil, SCHEMA_ID)
end

function T.test_every_published_create_sample_is_taken_and_comes_back_as_it_was()
  local d, made = driver.new(), {}
  for _, description in ipairs(resource.all) do
    local receipt, body = create(d, description.name, made)
    lu.assertStrMatches(receipt.id, description.id_prefix:gsub("%-", "%%-") .. "%x+")
    local entity = get(d, description.name, receipt.id)
    for _, field in ipairs(description.fields) do
      local wanted = body[field.name]
      if field.write_only then
        lu.assertNil(entity[field.name])
      elseif wanted ~= nil and not field.name:find "^_" and field.name ~= "returnType" then
        lu.assertEquals(entity[field.name], wanted, description.name .. "." .. field.name)
      end
    end
    lu.assertEquals(entity.schemas, description.schema and { description.schema } or nil)
    lu.assertStrMatches(entity.created,
      "%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d" .. (description.utc == "Z" and "Z" or "%+00:00"))
    local page = d:expect(200, "GET", target(description, nil, "limit=1"), nil, SCHEMA_ID)
    lu.assertEquals({ page.count, page.results[1].id }, { 1, receipt.id })
  end
end

function T.test_all_is_taken_down_in_reverse_and_nothing_sooner()
  local d = driver.new { empty = true }
  local made = {}
  local placement = resource.by_name.placement
  create(d, "placement", made)
  for _, description in ipairs(resource.all) do
    if description ~= placement then
      create(d, description.name, made)
    end
  end
  local function delete(name, status)
    return d:expect(status, "DELETE", target(resource.by_name[name], made[name]), nil, SCHEMA_ID)
  end
  for _, name in ipairs { "placement", "fallback", "tag", "collection", "item_collection",
    "eligibility_rule" } do
    lu.assertStrContains(delete(name, 409).detail, "is in use by")
    get(d, name, made[name])
  end
  for i = #resource.all, 1, -1 do
    delete(resource.all[i].name, 200)
    get(d, resource.all[i].name, made[resource.all[i].name], 404)
  end
end

function T.test_references_must_be_of_the_right_kind()
  local d = driver.new()
  local made = campaign(d)
  local function refused(name, change, says)
    local body = point_at(sample(name), made)
    change(body)
    local problem =
      d:expect(422, "POST", target(resource.by_name[name]), body, SCHEMA_ID)
    lu.assertStrContains(problem.detail, says)
  end
  refused("decision", function(body)
    body.fallback = made.personalized
  end, "is a personalized offer, not a fallback offer")
  refused("decision", function(body)
    body.criteria[1].placements = { made.tag }
  end, "criteria[1].placements[1]: '" .. made.tag .. "' is a tag, not a placement")
  refused("strategy", function(body)
    body.profileConstraint =
      { profileConstraintType = "eligibilityRule", eligibilityRule = made.rule }
  end, "is a decision rule, not an eligibility rule (not an ExD rule: exdRule is not set)")
  refused("collection", function(body)
    body.filterType = "offers"
  end, "is a tag, not a personalized offer or fallback offer")
  refused("personalized", function(body)
    body.selectionConstraint.profileConstraintType = "eligibilityRule"
    body.selectionConstraint.eligibilityRule = made.eligibility_rule
  end, "is an eligibility rule, not a decision rule")
end

function T.test_an_offer_is_found_under_its_own_type_only()
  local d = driver.new()
  local made = campaign(d)
  d:expect(404, "GET", "/offers/" .. made.personalized .. "?offer-type=fallback")
  d:expect(404, "PATCH", "/offers/" .. made.fallback .. "?offer-type=personalized", "[]")
  lu.assertEquals(d:expect(200, "GET", "/offers?offer-type=PERSONALIZED").total, 1)
end

function T.test_rules_of_both_kinds_share_a_path_and_a_marker_tells_them_apart()
  local d = driver.new()
  local made = campaign(d)
  lu.assertEquals(d:expect(200, "GET", "/offer-rules").total, 2)
  local marked = d:expect(200, "GET", "/offer-rules?property=exdRule%3D%3Dtrue&limit=2")
  lu.assertEquals({ marked.total, marked.results[1].id, marked.results[1].exdRule },
    { 1, made.eligibility_rule, true })
  local plain = d:expect(200, "GET", "/offer-rules?property=!exdRule")
  lu.assertEquals({ plain.total, plain.results[1].id }, { 1, made.rule })
  lu.assertStrMatches(plain.results[1].created, ".*%+00:00")
  lu.assertStrMatches(marked.results[1].created, ".*Z")
end

function T.test_a_rule_that_loses_its_mark_is_no_eligibility_rule_any_more()
  local d = driver.new()
  local made = {}
  local id = create(d, "eligibility_rule", made).id
  d:expect(200, "PATCH", "/offer-rules/" .. id, '[{"op":"remove","path":"/exdRule"}]')
  lu.assertEquals({ d.lib.store:count(1, "rule", "rule"),
    d.lib.store:count(1, "rule", "eligibility_rule"), d.lib.store:count(1, "rule") }, { 1, 0, 1 })
  made.item_collection = create(d, "item_collection", made).id
  local body = point_at(sample "strategy", made)
  body.profileConstraint = { profileConstraintType = "eligibilityRule", eligibilityRule = id }
  d:expect(422, "POST", "/selection-strategies", body)
end

function T.test_a_mark_that_is_not_true_is_refused_and_false_is_none()
  local d = driver.new()
  local body = sample "rule"
  for _, mark in ipairs { "yes", 1, json.null } do
    body.exdRule = mark
    lu.assertStrContains(d:expect(422, "POST", "/offer-rules", body).detail, "exdRule")
  end
  body.exdRule = false
  d:expect(201, "POST", "/offer-rules", body)
  lu.assertEquals(d.lib.store:count(1, "rule", "rule"), 1)
end

-- Decision items ----------------------------------------------------------------------------------

function T.test_an_item_needs_its_schema_header_and_its_lifecycle()
  local d = driver.new()
  local made = {}
  create(d, "eligibility_rule", made)
  local body = point_at(sample "item", made)
  lu.assertStrContains(d:expect(400, "POST", "/offer-items", body).detail, "x-schema-id")
  lu.assertStrContains(d:expect(400, "GET", "/offer-items").detail, "x-schema-id")
  body._experience.decisioning.offeritem = json.decode "{}"
  lu.assertStrContains(d:expect(500, "POST", "/offer-items", body, SCHEMA_ID).detail,
    "Error during deserialization")
end

function T.test_an_item_gets_what_the_service_gives_and_keeps_the_tenants_own()
  local d = driver.new()
  local made = {}
  create(d, "eligibility_rule", made)
  local body = point_at(sample "item", made)
  body._acme, body.acme = { colour = "red", sizes = { 1, 2 } }, { lost = true }
  body._experience.decisioning.decisionitem.itemID = "mine"
  local id = d:expect(201, "POST", "/offer-items", body, SCHEMA_ID).id
  local item = get(d, "item", id)
  local inner = item._experience.decisioning
  lu.assertEquals({ inner.decisionitem.itemID, inner.offeritem.fCapConstraintsLastIndex },
    { id, 0 })
  lu.assertEquals({ inner.decisionitem.itemLabels, inner.decisionitem.itemTags }, { {}, {} })
  lu.assertEquals(item._acme, body._acme)
  lu.assertNil(item.acme)
  lu.assertNil(item.schemas)
  d:expect(200, "PATCH", "/offer-items/" .. id, [[
    [{"op":"replace","path":"/_experience/decisioning/decisionitem/itemName","value":"New"},
     {"op":"replace","path":"/_experience/decisioning/decisionitem/itemID","value":"mine"},
     {"op":"remove","path":"/_acme/sizes"}] ]], SCHEMA_ID)
  item = get(d, "item", id)
  local kept = item._experience.decisioning.decisionitem
  lu.assertEquals({ kept.itemName, kept.itemID, item._acme }, { "New", id, { colour = "red" } })
  local page = d:expect(200, "GET", "/offer-items?orderby=_experience.decisioning.decisionitem."
    .. "itemName&property=_experience.decisioning.decisionitem.itemName~n.w", nil, SCHEMA_ID)
  lu.assertEquals(page.total, 1)
  lu.assertEquals(d:expect(200, "GET", "/offer-items?property=_acme.colour==red", nil,
    SCHEMA_ID).total, 1)
end

-- PUT ---------------------------------------------------------------------------------------------

function T.test_put_of_a_channel_placement_changes_what_it_names_but_the_name()
  local d, made = driver.new(), {}
  local id = create(d, "channel_placement", made).id
  local before = get(d, "channel_placement", id)
  local receipt = d:expect(200, "PUT", "/exd-placements/" .. id, {
    id = id, description = "Keyboard application", status = "archived", name = "New",
  })
  lu.assertEquals({ receipt.id, receipt.etag }, { id, 2 })
  local after = get(d, "channel_placement", id)
  lu.assertEquals({ after.description, after.status }, { "Keyboard application", "archived" })
  lu.assertEquals({ after.name, after.channel }, { before.name, before.channel })
  lu.assertStrContains(d:expect(405, "PATCH", "/exd-placements/" .. id, "[]").detail, "PUT")
  d:expect(422, "PUT", "/exd-placements/" .. id, { id = "other" })
  d:expect(400, "PUT", "/exd-placements/" .. id, "[]")
end

function T.test_put_of_a_rule_or_a_formula_drops_what_it_leaves_out()
  local d, made = driver.new(), {}
  for name, path in pairs { eligibility_rule = "/offer-rules/", formula = "/ranking-formulas/" } do
    local body = select(2, create(d, name, made, { description = "first" }))
    body.description = nil
    body.name = "Second"
    d:expect(200, "PUT", path .. made[name], body)
    local entity = get(d, name, made[name])
    lu.assertEquals({ entity.name, entity.description, entity.etag }, { "Second", nil, 2 })
  end
end

function T.test_put_where_it_is_not_documented_is_refused()
  local d = driver.new()
  local made = campaign(d)
  for _, name in ipairs { "tag", "placement", "rule", "decision", "fallback" } do
    d:expect(405, "PUT", target(resource.by_name[name], made[name]), point_at(sample(name), made))
  end
  local loose = driver.new { allow_put = true }
  create(loose, "tag", made)
  loose:expect(200, "PUT", "/tags/" .. made.tag, { name = "new" })
end

function T.test_a_formulas_return_type_comes_back_in_capitals()
  local d, made = driver.new(), {}
  create(d, "formula", made)
  lu.assertEquals(get(d, "formula", made.formula).returnType, { type = "INTEGER" })
end

support.run(T)
