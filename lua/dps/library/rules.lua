-- Rules that go beyond a table's own shape, each behind a switch (dps.library.switches): how a
-- status may change, names, dates that are over, and what has to fit together (contract 7). They
-- are about single resources, so this is the one file of the library that knows some by name.

local json = require "dps.json"
local places = require "dps.library.places"
local resource = require "dps.resource"
local schema = require "dps.schema"
local shape = require "dps.library.shape"

local rules = {}

---@class dps.library.Change
---@field store dps.library.Store
---@field context dps.library.Context
---@field description dps.Resource
---@field object table              what would be stored
---@field row dps.library.Object    where to; `body` and `status` are still the old ones
---@field is_new boolean

local function problem(path, message, ...)
  return { path = path, message = message:format(...) }
end

-- Status ------------------------------------------------------------------------------------------

local OFFER = { archived = {} }
-- contract 7, rules 3 and 15. What is not listed may become anything.
local NEXT = {
  fallback = OFFER, personalized = OFFER, item = { archived = {}, deleted = {} },
  decision = {
    draft = { live = true, archived = true }, complete = { archived = true }, archived = {},
  },
}

local function status(change)
  local old, new = change.row.status, shape.status_of(change.description, change.object)
  local allowed = (NEXT[change.description.name] or {})[old]
  if change.is_new or not allowed or old == new or allowed[new] then
    return nil
  end
  return problem(shape.status_field(change.description),
    "a %s that is %s can't become %s", change.description.title, old, new)
end

-- Names and dates ---------------------------------------------------------------------------------

-- contract 7, rule 1
local function name(change)
  local row = change.row
  local other = change.store:namesake {
    sandbox = row.sandbox, type = row.type, kind = change.description.name, id = row.id,
    name = shape.name_of(change.description, change.object),
  }
  return other and problem(shape.name_field(change.description),
    "there is a %s of this name already: '%s'", change.description.title, other)
end

local function over(fields, object, path, now)
  for _, field in ipairs(fields) do
    local value, at = object[field.name], path .. (field.name or "")
    if field.name == "endDate" and value then
      local moment = schema.instant(value)
      if moment and moment < now then
        return problem(at, "%s is in the past: %s", at, value)
      end
    elseif field.fields and type(value) == "table" then
      local found = over(field.fields, value, at .. ".", now)
      if found then
        return found
      end
    end
  end
  return nil
end

local function dates(change)
  return change.is_new and over(change.description.fields, change.object, "", change.context.now)
    or nil
end

-- Fallback offers ---------------------------------------------------------------------------------

local function write_only(change)
  for _, field in ipairs(change.description.fields) do
    if field.write_only and change.object[field.name] ~= nil then
      return problem(field.name, "a %s has no %s", change.description.title, field.name)
    end
  end
  return nil
end

-- What fits together ------------------------------------------------------------------------------

local function body_of(change, kind, id)
  local place = places.of(resource.by_name[kind])
  local row = id and change.store:find(change.context.sandbox.key, place.name, id)
  return row and json.decode(row.body)
end

local function short(component_type)
  return (component_type:gsub("^.*component%-", ""))
end

-- contract 7, rule 7
local function representation(change, given, path)
  local placement = body_of(change, "placement", given.placement)
  if not placement then
    return nil
  elseif placement.channel ~= given.channel then
    return problem(path .. ".channel", "the placement '%s' has the channel %s", given.placement,
      placement.channel)
  end
  for i, component in ipairs(given.components) do
    if short(component.type) ~= short(placement.componentType) then
      return problem(("%s.components[%d].type"):format(path, i), "the placement '%s' takes %s",
        given.placement, placement.componentType)
    end
  end
  return nil
end

local function representations(change)
  for i, given in ipairs(change.object.representations or {}) do
    local found = representation(change, given, ("representations[%d]"):format(i))
    if found then
      return found
    end
  end
  return nil
end

-- contract 7, rule 9
local function coverage(change)
  local fallback = body_of(change, "fallback", change.object.fallback)
  local covered = {}
  for _, each in ipairs(fallback and fallback.representations or {}) do
    covered[each.placement] = true
  end
  for i, criterion in ipairs(change.object.criteria or {}) do
    for j, placement in ipairs(criterion.placements) do
      if not covered[placement] then
        return problem(("criteria[%d].placements[%d]"):format(i, j),
          "the fallback offer '%s' has no representation for the placement '%s'",
          change.object.fallback, placement)
      end
    end
  end
  return nil
end

local function fits(change)
  if change.description.name == "decision" then
    return coverage(change)
  end
  return representations(change)
end

-- By the switch that turns it on, in the order in which they are asked.
local RULES = {
  { "strict_status", status },
  { "strict_names", name },
  { "strict_dates", dates },
  { "strict_fallbacks", write_only },
  { "strict_representations", fits },
}

---What the rules that are on have against a change, one problem for each rule.
---@param change dps.library.Change
---@return dps.Problem[]
function rules.problems(change)
  local found = {}
  for _, rule in ipairs(RULES) do
    found[#found + 1] = change.context.settings[rule[1]] and rule[2](change) or nil
  end
  return found
end

local IN_USE = { live = true, approved = true }

---Why an object can't be deleted, in words.
---@param row dps.library.Object
---@return string|nil
function rules.keeps(row)
  return IN_USE[row.status] and ("'%s' is %s; archive it before it is deleted"):format(
    row.id, row.status) or nil
end

return rules
