-- Looking for objects by their name: all that have it, and, for a name that nothing has, those that
-- come near. It decides nothing about what it finds.

local intents = require "dps.intent"
local pages = require "dps.pages"
local resources = require "dps.resource"
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

local function filtered(client, intent, description, name)
  local found = {}
  local asked = { property = { { name_path(description), "==", name } } }
  for entity in list(client, intent, description, asked) do
    if look.name_of(description, entity) == name then
      found[#found + 1] = entity
    end
  end
  return found
end

-- Whether a service can be asked for a value with a comma is not documented (contract 10.16): one
-- that takes it apart finds nothing, and an ensure would create everything again. So where it finds
-- nothing, all names are read, once for a client and resource, until it has shown that it can.
local function all_with_commas(client, intent, description)
  local read = rawget(client, "commas") or {}
  client.commas = read
  if not read[description.name] then
    local ids = {}
    for entity in list(client, intent, description, { limit = PAGE }) do
      local name = look.name_of(description, entity)
      if name and name:find(",", 1, true) then
        ids[name] = ids[name] or {}
        table.insert(ids[name], entity.id)
      end
    end
    read[description.name] = ids
  end
  return read[description.name]
end

-- A name may have changed since all were read.
local function read_each(client, intent, description, ids, name)
  local found = {}
  for _, id in ipairs(ids) do
    local part = {
      verb = "get", method = "GET", operation = intent.operation, resource = description,
      id = id, name = intent.name, target = resources.item_target(description, id),
    }
    part.headers = intents.headers(client, part)
    local entity = client:call(part)
    found[#found + 1] = look.name_of(description, entity) == name and entity or nil
  end
  return found
end

---Every object that has exactly this name.
---@param client dps.Client
---@param intent dps.Intent  on whose behalf
---@param description dps.Resource
---@param name string
---@return table[] entities
function look.named(client, intent, description, name)
  local found = filtered(client, intent, description, name)
  if not name:find(",", 1, true) then
    return found
  elseif #found > 0 then
    client.finds_commas = true
  elseif not rawget(client, "finds_commas") then
    local ids = all_with_commas(client, intent, description)[name] or {}
    return read_each(client, intent, description, ids, name)
  end
  return found
end

---Something of its kind is written: what was read of all names holds no longer.
---@param client dps.Client
---@param description dps.Resource
function look.forget(client, description)
  local read = rawget(client, "commas")
  if read then
    read[description.name] = nil
  end
end

---An object came to be: its name is known now, whether or not the service can be asked for it.
---@param client dps.Client
---@param description dps.Resource
---@param name string
---@param id string
function look.remember(client, description, name, id)
  local read = (rawget(client, "commas") or {})[description.name]
  if read and name:find(",", 1, true) then
    read[name] = read[name] or {}
    table.insert(read[name], id)
  end
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
