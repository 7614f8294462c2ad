-- What of an incoming object is stored: the fields its description knows, split into what readers
-- see and what they do not, and the references it holds. Pure; whether values are right is
-- dps.schema's business.

local json = require "dps.json"

local shape = {}

local known_value

local function known_items(items, list)
  local result = json.array {}
  for i, item in ipairs(list) do
    result[i] = type(item) == "table" and known_value(items, item) or item
  end
  return result
end

local function known_members(fields, object)
  local result = {}
  for _, field in ipairs(fields) do
    local value = object[field.name]
    if type(value) == "table" then
      value = known_value(field, value)
    end
    result[field.name] = value
  end
  for name, value in pairs(fields.open and object or {}) do
    if type(name) == "string" and name:find(fields.open) then
      result[name] = result[name] or value
    end
  end
  return result
end

-- A value of the wrong type passes as it is, for the check to complain about.
function known_value(field, value)
  if field.open then
    return value
  elseif field.fields and not json.is_array(value) then
    return known_members(field.fields, value)
  elseif field.items and json.is_array(value) then
    return known_items(field.items, value)
  end
  return value
end

---A copy that holds only what the fields describe, at every depth.
---@param fields dps.Field[]
---@param object table
---@return table
function shape.known(fields, object)
  return known_members(fields, object)
end

---Splits an object by its description's `write_only` fields.
---@param fields dps.Field[]
---@param object table
---@return table body
---@return table|nil hidden  nil when there is nothing to hide
function shape.split(fields, object)
  local body, hidden = {}, nil
  for _, field in ipairs(fields) do
    local value = object[field.name]
    if value ~= nil and field.write_only then
      hidden = hidden or {}
      hidden[field.name] = value
    elseif value ~= nil then
      body[field.name] = value
    end
  end
  for name, value in pairs(fields.open and object or {}) do
    body[name] = body[name] or value
  end
  return body, hidden
end

local function visit(field, value, path, found)
  if field.type == "reference" then
    found[#found + 1] = { path = path, to = field.to, id = value }
  elseif field.fields then
    for _, member in ipairs(field.fields) do
      if value[member.name] ~= nil then
        visit(member, value[member.name], path .. "." .. member.name, found)
      end
    end
  elseif field.items then
    for i, item in ipairs(value) do
      visit(field.items, item, path .. "[" .. i .. "]", found)
    end
  end
end

---The references in an object that has been checked.
---@param fields dps.Field[]
---@param object table
---@return {path: string, to: string, id: string}[]
function shape.references(fields, object)
  local found = {}
  for _, field in ipairs(fields) do
    if object[field.name] ~= nil then
      visit(field, object[field.name], field.name, found)
    end
  end
  return found
end

---@param description dps.Resource
---@return string  dot path of the field that people know the object by
function shape.name_field(description)
  return description.name_field or "name"
end

---@param description dps.Resource
---@param object table
---@return string?
function shape.name_of(description, object)
  local value = object
  for step in shape.name_field(description):gmatch "[^.]+" do
    value = type(value) == "table" and value[step] or nil
  end
  return type(value) == "string" and value or nil
end

return shape
