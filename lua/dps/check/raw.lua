-- What dps.request would have created, where its path is a known one: the same object that create_
-- would have written, if its body is as that would have it. Other raw writes can't be looked into:
-- a patch or a delete does not say of what kind its object is.

local json = require "dps.json"
local resources = require "dps.resource"
local schema = require "dps.schema"

local raw = {}

local CREATE = { verb = "create", refuse_unknown = true, entities = true }

local function is_marked(description, value)
  for name, mark in pairs(description.marker or {}) do
    if value[name] ~= mark then return false end
  end
  return true
end

-- Of two that share a path, the one whose marks the body has.
local function description_of(target, value)
  local found
  for _, description in ipairs(resources.all) do
    if resources.collection_target(description) == target and is_marked(description, value)
      and (not found or description.marker) then
      found = description
    end
  end
  return found
end

---@param intent dps.Intent   of dps.request
---@return dps.Resource?      nil where it can't be looked into
---@return table|string value the object; or why it is none, where that can be said
function raw.create(intent)
  local value = intent.method == "POST" and json.decode(intent.body or "")
  if type(value) ~= "table" or json.is_array(value) then return nil, "" end
  local description = description_of(intent.target, value)
  if not description then return nil, "" end
  local problem = schema.check(description.fields, value, CREATE)[1]
  if problem then
    return nil, ("as a %s it is wrong: %s"):format(description.title,
      problem.path == "" and problem.message or problem.path .. ": " .. problem.message)
  end
  return description, value
end

return raw
