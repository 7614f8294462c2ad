-- What a list asks for: limit, order_by and property (contract section 2), checked and written as
-- the target of its first page. A name that no entity has would find nothing and look like an
-- answer, so it is refused.

local intents = require "dps.intent"
local json = require "dps.json"
local resources = require "dps.resource"
local suggest = require "dps.suggest"
local url = require "dps.url"
local values = require "dps.schema.value"

local filter = {}

---@class dps.Filter
---@field limit integer?                rows of one page
---@field order_by string?              such as "-modified" or "name,-created"
---@field property { [1]: string, [2]: string?, [3]: string|number|boolean? }[]?  all must hold;
---  "~" takes a regular expression for the whole value, as if it stood between ^ and $

local OPERATORS = {
  ["=="] = true, ["!="] = true, ["<="] = true, [">="] = true, ["<"] = true, [">"] = true,
  ["~"] = true,
}
local SCALARS = { string = true, number = true, boolean = true }
local EVERY_ENTITY = {
  "id", "etag", "created", "modified", "createdBy", "lastModifiedBy", "schemas", "labels", "tags",
}

local function invalid(intent, path, message)
  intents.invalid(intent, { { path = path, message = message } })
end

local function names_of(description)
  local names = table.move(EVERY_ENTITY, 1, #EVERY_ENTITY, 1, {})
  for _, field in ipairs(description.fields) do
    names[#names + 1] = not field.write_only and field.name or nil
  end
  return names
end

-- Where a field lies that is not at the top, such as the itemName of an item.
local function path_of(fields, name, prefix)
  for _, field in ipairs(fields) do
    local here = prefix .. field.name
    local found = field.name == name and here
      or field.fields and path_of(field.fields, name, here .. ".")
    if found then
      return found
    end
  end
end

local function check_field(intent, path, field)
  local name = field:match "^[^.]*"
  local names = names_of(intent.resource)
  for _, known in ipairs(names) do
    if name == known then
      return
    end
  end
  local nearest = path_of(intent.resource.fields, name, "") or suggest.nearest(name, names)
  invalid(intent, path, ('no %s has a field "%s"%s'):format(intent.resource.title, name,
    nearest and (' (did you mean "%s"?)'):format(nearest) or ""))
end

local function check_limit(intent, limit)
  if limit ~= nil and (math.type(limit) ~= "integer" or limit < 1) then
    invalid(intent, "limit", "must be a whole number of 1 or more: the rows of one page")
  end
end

local function check_order(intent, order)
  if order == nil then
    return
  end
  if type(order) ~= "string" or not order:find "^%-?[%w_.]+[%w_.,%-]*$" then
    invalid(intent, "order_by",
      'must be a field, or several with commas, such as "name" or "-modified" (descending)')
  end
  for field in order:gmatch "%-?([^,]+)" do
    check_field(intent, "order_by", field)
  end
end

-- { "name", "==", "Summer, sale" }: one parameter each, because a comma would end the value.
local function condition(intent, i, given)
  local path = ("property[%d]"):format(i)
  local field, operator, value = table.unpack(type(given) == "table" and given or {}, 1, 3)
  local known = type(field) == "string" and field:find "^!?[%w_.:%-]+$"
  if not known or operator == nil and value ~= nil then
    invalid(intent, path,
      'must be { field, operator, value }, such as { "name", "==", "Summer sale" }')
  end
  check_field(intent, path, (field:gsub("^!", "")))
  if operator == nil then
    return field
  end
  value = values.is_date(value) or value
  if not OPERATORS[operator] or not SCALARS[type(value)] then
    invalid(intent, path,
      "the operator must be one of == != <= >= < > ~, the value a text, a number or a date")
  end
  return field .. operator .. tostring(value)
end

-- A condition that ipairs would not reach is one that would not hold.
local function check_properties(intent, given)
  if given ~= nil and not json.is_list(given) then
    invalid(intent, "property", 'must be a list, such as { { "name", "==", "Summer sale" } }')
  end
end

---The target of the first page. Raises kind "invalid".
---@param intent dps.Intent
---@param given dps.Filter
---@return string
function filter.target(intent, given)
  check_limit(intent, given.limit)
  check_order(intent, given.order_by)
  check_properties(intent, given.property)
  local parameters = {}
  for _, mark in ipairs(url.parameters(intent.resource.marker or {})) do
    parameters[1] = { "property", ("%s==%s"):format(mark[1], mark[2]) }
  end
  for i, property in ipairs(given.property or {}) do
    parameters[#parameters + 1] = { "property", condition(intent, i, property) }
  end
  parameters[#parameters + 1] = { "orderby", given.order_by }
  parameters[#parameters + 1] = { "limit", given.limit }
  return resources.collection_target(intent.resource, url.query(parameters))
end

local function steps_of(path)
  local steps = {}
  for step in path:gmatch "[^.]+" do
    steps[#steps + 1] = step
  end
  return steps
end

local function member(value, steps)
  for i = 1, #steps do
    value = type(value) == "table" and value[steps[i]] or nil
  end
  return value
end

-- Whether a condition holds for a value; nil where only the service knows.
local function holds(value, operator, wanted, text)
  if value == nil and operator == "==" then
    return false
  elseif operator ~= "==" and operator ~= "!=" or not SCALARS[type(value)] then
    return nil
  end
  return (value == wanted or tostring(value) == text) == (operator == "==")
end

local function compile(property)
  local field, operator, wanted = property[1], property[2], property[3]
  local steps = steps_of((field:gsub("^!", "")))
  if operator == nil then
    local there = field:sub(1, 1) ~= "!"
    return function(entity) return (member(entity, steps) ~= nil) == there end
  elseif not SCALARS[type(wanted)] then
    return function() return nil end
  end
  local text = tostring(wanted)
  return function(entity) return holds(member(entity, steps), operator, wanted, text) end
end

---What tells whether an object that a dry run would have written is asked for.
---@param given dps.Filter
---@return fun(entity: table): boolean?  nil where only the service knows
function filter.matcher(given)
  local tests = {}
  for i, property in ipairs(given.property or {}) do
    tests[i] = compile(property)
  end
  return function(entity)
    local known = true
    for i = 1, #tests do
      local one = tests[i](entity)
      if one == false then return false end
      known = known and one
    end
    return known
  end
end

return filter
