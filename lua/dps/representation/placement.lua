-- The placement that a script means: an entity, an id or a name. What is a string is asked for once
-- in a run and remembered; a table is taken as it is.

local err = require "dps.err"
local ref = require "dps.ref"
local resources = require "dps.resource"

local placement = {}

-- By client, then by what the script wrote.
local remembered = setmetatable({}, { __mode = "k" })

local function by_id(client, id)
  if not resources.check_id(id) then return nil end
  local ok, found = pcall(client.get_placement, id)
  if ok then return found end
  -- 404: no such id; 400: a service that refuses the shape. Everything else is a failure.
  if err.is(found) and (found.status == 404 or found.status == 400) then return nil end
  error(found, 0)
end

local function by_name(client, name)
  local found
  for entity in client.list_placements { property = { { "name", "==", name } } } do
    if entity.name == name and found then
      err.raise { kind = "invalid",
        message = ('two placements are named "%s": %s and %s'):format(name,
        found.id, entity.id), hint = "write the id of the one that is meant" }
    elseif entity.name == name then
      found = entity
    end
  end
  return found
end

local function none(what, word)
  err.raise { kind = "invalid", message = ('there is no placement with the %s "%s"')
    :format(what, word),
    hint = "create it first, or correct the name; dps.list_placements shows them" }
end

local function look_up(client, word)
  return by_id(client, word) or by_name(client, word) or none("id or name", word)
end

local function by_ref(client, reference, who)
  if reference.kind ~= "placement" then
    err.misuse(("%s: %s is no placement"):format(who, tostring(reference)))
  end
  local known = remembered[client] or {}
  remembered[client] = known
  local key = "\0" .. reference.name
  known[key] = known[key] or by_name(client, reference.name) or none('name', reference.name)
  return known[key]
end

---@param value any     an entity or a receipt with its id, an id, a name, or dps.ref
---@param client table  with get_placement and list_placements
---@param who string    for messages
---@return table entity  with `id`
function placement.find(value, client, who)
  if ref.is(value) then
    return by_ref(client, value, who)
  elseif type(value) == "table" and type(value.id) == "string" then
    if value.channel ~= nil then return value end
    value = value.id -- a receipt
  end
  if type(value) ~= "string" or value == "" then
    err.misuse(("%s: a placement is needed: its id, its name, or what dps.get_placement gave,"
      .. " not %s"):format(who, type(value) == "table" and "a table without an id"
      or "a " .. type(value)))
  end
  local known = remembered[client] or {}
  remembered[client] = known
  known[value] = known[value] or look_up(client, value)
  return known[value]
end

return placement
