-- Looking for objects by their name: all that have it, and, for a name that nothing has, those that
-- come near. It decides nothing about what it finds.

local intents = require "dps.intent"
local pages = require "dps.pages"
local suggest = require "dps.suggest"

local look = {}

local NAMES_READ, NAMES_SHOWN, PAGE = 2000, 5, 500

local function name_path(description)
  return description.name_field or "name"
end

---What people know an object by.
---@param description dps.Resource
---@param value any  an entity, or a table that is to become one
---@return string?
function look.name_of(description, value)
  for step in name_path(description):gmatch "[^.]+" do
    value = type(value) == "table" and rawget(value, step) or nil
  end
  return type(value) == "string" and value or nil
end

-- A list on behalf of another call, for which it answers when it fails.
local function list(client, intent, description, asked)
  local part = {
    verb = "list", method = "GET", operation = intent.operation, resource = description,
    name = intent.name,
  }
  part.headers = intents.headers(client, part)
  return pages.iterate(client, part, asked)
end

---Every object that has exactly this name.
---@param client dps.Client
---@param intent dps.Intent  on whose behalf
---@param description dps.Resource
---@param name string
---@return table[] entities
function look.named(client, intent, description, name)
  local found = {}
  local asked = { property = { { name_path(description), "==", name } } }
  for entity in list(client, intent, description, asked) do
    if look.name_of(description, entity) == name then
      found[#found + 1] = entity
    end
  end
  return found
end

---The names nearest to one that nothing has, best first; all where there are few and none is near.
---Of very many objects only the first are looked at.
---@param client dps.Client
---@param intent dps.Intent
---@param description dps.Resource
---@param name string
---@return string[] names
---@return integer count  how many were looked at
function look.near(client, intent, description, name)
  local names = {}
  local asked = { limit = PAGE, order_by = name_path(description) }
  for entity in list(client, intent, description, asked) do
    names[#names + 1] = look.name_of(description, entity)
    if #names >= NAMES_READ then
      break
    end
  end
  local near = suggest.several(name, names, NAMES_SHOWN)
  return #near == 0 and #names <= NAMES_SHOWN and names or near, #names
end

return look
