-- Walks over an object's value along its description, or over any value, with the path of each
-- part.

local walk = {}

local json = require "dps.json"

local function at(path, key)
  if type(key) == "number" then
    return ("%s[%d]"):format(path, key)
  end
  return path == "" and key or path .. "." .. key
end

local function described(fields, value, path, visit)
  for _, field in ipairs(type(value) == "table" and fields or {}) do
    local part = value[field.name]
    if part ~= nil then
      walk.field(field, part, at(path, field.name), visit)
    end
  end
end

---Visits a part and what is described inside of it.
---@param field dps.Field
---@param value any
---@param path string
---@param visit fun(field: dps.Field, value: any, path: string)
function walk.field(field, value, path, visit)
  visit(field, value, path)
  described(field.fields, value, path, visit)
  for i, item in ipairs(field.items and type(value) == "table" and value or {}) do
    walk.field(field.items, item, at(path, i), visit)
  end
end

---Visits every described part of an object.
---@param object dps.check.Object
---@param visit fun(field: dps.Field, value: any, path: string)
function walk.object(object, visit)
  described(object.description.fields, object.value, "", visit)
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

---Visits every table of a value, the outermost first, whether it is described or not.
---@param value any
---@param visit fun(part: table, path: string)
---@param path string?
function walk.tables(value, visit, path)
  if type(value) ~= "table" or value == json.null then
    return
  end
  path = path or ""
  visit(value, path)
  for _, key in ipairs(sorted_keys(value)) do
    walk.tables(value[key], visit, at(path, key))
  end
end

---A path and a member below it.
walk.at = at

return walk
