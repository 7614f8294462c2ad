-- Rules about what refers to what: objects that do not exist, representations that do not fit their
-- placement, and those that a decision's placement needs and nobody has.

local fit = require "dps.representation.fit"
local resources = require "dps.resource"
local walk = require "dps.check.walk"

local MOST_OFFERS = 100 -- of a collection; more are taken to have what is looked for

local function kinds_of(field)
  local kinds = {}
  for _, kind in ipairs(type(field.to) == "table" and field.to or { field.to }) do
    kinds[#kinds + 1] = resources.by_name[kind] and kind or nil
  end
  return kinds
end

-- Whether nothing has this id; false too where that can't be known.
local function is_missing(plan, kinds, id)
  for _, kind in ipairs(kinds) do
    local entity, known = plan:entity(kind, id)
    if entity or not known then
      return false
    end
  end
  return #kinds > 0
end

local function titles(kinds)
  local list = {}
  for i, kind in ipairs(kinds) do
    list[i] = resources.by_name[kind].title
  end
  return table.concat(list, " or ")
end

local function check_references(plan, say)
  for _, object in ipairs(plan.objects) do
    walk.object(object, function(field, value, path)
      local kinds = field.type == "reference" and type(value) == "string" and kinds_of(field)
      if kinds and is_missing(plan, kinds, value) then
        say(object, path, ('there is no %s with the id "%s"'):format(titles(kinds), value))
      end
    end)
  end
end

local function check_fit(plan, say)
  for _, object in ipairs(plan:of("fallback", "personalized")) do
    for i, one in ipairs(object.value.representations or {}) do
      local path = ("representations[%d]"):format(i)
      local placement = plan:entity("placement", one.placement) or {}
      for _, problem in ipairs(fit.problems(one, placement)) do
        say(object, walk.at(path, problem.path), problem.message)
      end
    end
  end
end

local function has_representation(offer, placement)
  for _, one in ipairs(offer.representations or {}) do
    if one.placement == placement then
      return true
    end
  end
  return false
end

local function placement_name(plan, id)
  local placement = plan:entity("placement", id)
  return placement and placement.name or id
end

-- Whether any offer of a collection can be shown; true where that can't be known.
local function any_shown(plan, collection, placement)
  local ids = collection.ids or {}
  if collection.filterType ~= "offers" or #ids > MOST_OFFERS then
    return true
  end
  for _, id in ipairs(ids) do
    local offer, known = plan:entity("personalized", id)
    if not known or offer and has_representation(offer, placement) then
      return true
    end
  end
  return #ids == 0
end

local function check_criterion(plan, say, decision, criterion, path)
  local fallback = plan:entity("fallback", decision.value.fallback or "")
  local selection = type(criterion.optionSelection) == "table" and criterion.optionSelection or {}
  local collection = selection.filter and plan:entity("collection", selection.filter)
  for i, placement in ipairs(criterion.placements or {}) do
    local name, at = placement_name(plan, placement), ("%s.placements[%d]"):format(path, i)
    if fallback and not has_representation(fallback, placement) then
      say(decision, at, ('its fallback "%s" has no representation for placement "%s"'):format(
        fallback.name or decision.value.fallback, name))
    end
    if collection and not any_shown(plan, collection, placement) then
      say(decision, at, ('no offer of the collection "%s" has a representation for placement "%s"')
        :format(collection.name or selection.filter, name))
    end
  end
end

local function check_missing(plan, say)
  for _, decision in ipairs(plan:of "decision") do
    for i, criterion in ipairs(decision.value.criteria or {}) do
      check_criterion(plan, say, decision, criterion, ("criteria[%d]"):format(i))
    end
  end
end

-- A status in which an object is not given to anybody.
local OFF = { draft = true, archived = true, pending = true, rejected = true }

local function check_live(plan, say)
  for _, decision in ipairs(plan:of "decision") do
    local fallback = plan:entity("fallback", decision.value.fallback or "")
    if decision.value.status == "live" and fallback and OFF[fallback.status] then
      say(decision, "fallback", ('the decision is live, its fallback "%s" is %s'):format(
        fallback.name or decision.value.fallback, fallback.status))
    end
  end
end

return {
  { name = "unknown-reference", help = "an id that nothing has",
    explain = "Every id that an object refers to is looked up, in this run and in the service."
      .. " dps.ref(kind, name) finds objects by name.",
    check = check_references },
  { name = "representation-fit", help = "a representation that does not fit its placement",
    explain = "The channel of a representation must be its placement's, the type of its components"
      .. " the placement's component type, and the format must go with the type."
      .. " dps.representation makes ones that fit.",
    check = check_fit },
  { name = "missing-representation", help = "a decision's placement that nothing can be shown in",
    explain = "A decision's fallback must have a representation for every placement of the"
      .. " decision,"
      .. " and of each criterion's collection at least one offer should have"
      .. " one. Collections by tags, and of more than 100 offers, are not looked into.",
    check = check_missing },
  { name = "fallback-off", help = "a live decision whose fallback is not approved",
    explain = "A decision that is live answers with its fallback at once; a draft or an archived"
      .. " one can't be shown.",
    check = check_live },
}
