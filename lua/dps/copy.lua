-- dps.copy("fallback", entity): what a script may write of an entity that it read, so that the same
-- can be created in another sandbox. It changes nothing inside: ids of other objects stay as they
-- are, and belong to the sandbox that they were read from.

local err = require "dps.err"
local json = require "dps.json"
local resources = require "dps.resource"
local values = require "dps.schema.value"

-- Lists are marked, so that an empty one stays one.
local function deep(value)
  if type(value) ~= "table" then
    return value
  end
  local new = json.is_array(value) and json.array {} or {}
  for key, item in next, value do
    new[key] = deep(item)
  end
  return new
end

local function writable(fields, entity)
  local new = {}
  for _, field in ipairs(fields) do
    local value = entity[field.name]
    if value ~= nil and value ~= json.null and not field.read_only then
      local plain = field.fields and not field.open and type(value) == "table"
      new[field.name] = plain and writable(field.fields, value) or deep(value)
    end
  end
  return new
end

-- The organisation's own fields, where a kind has them.
local function with_free_names(fields, entity)
  local new = writable(fields, entity)
  for name, item in next, fields.open and entity or {} do
    if new[name] == nil and name ~= "_links" and values.is_free(fields.open, name) then
      new[name] = deep(item)
    end
  end
  return new
end

---What a script may write of an entity that it read: to create the same again, here or in another
---sandbox. Ids of other objects in it stay those of the sandbox that it was read from.
---@param kind string   the resource: "placement", "fallback" ...
---@param entity table  what get, list and ensure gave
---@return table        a new one without what the service gives by itself
return function(kind, entity)
  local description = resources.by_name[kind]
  if not description then
    err.misuse(('dps.copy: there is no kind "%s"; write dps.copy("fallback", entity)')
      :format(tostring(kind)))
  elseif type(entity) ~= "table" then
    err.misuse(("dps.copy: an entity is needed, such as dps.get_%s gives, not a %s")
      :format(kind, type(entity)))
  end
  return with_free_names(description.fields, entity)
end
