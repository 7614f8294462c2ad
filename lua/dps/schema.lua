-- Checks a script's table against a description, and shapes it for the wire. A description is
-- compiled once; a good table costs one quick walk, and only a bad one is walked again for words.
-- Nothing here raises on any value, follows a metatable, changes its input or calls the service.

local schema = {}

local compile = require "dps.schema.compile"
local values = require "dps.schema.value"

---@class dps.Mode
---@field verb "create"|"stored"   a new object from a script, or what would be stored
---@field refuse_unknown boolean?  unknown names are problems
---@field entities boolean?        a table with an `id` may stand where a reference goes

schema.raw = values.raw
schema.instant = values.instant
schema.check_id = values.check_id

local VERBS = { create = 0, stored = 1 }

-- fields -> mode as a small number -> compiled; forgotten together with the description.
local compiled = setmetatable({}, { __mode = "k" })

local function mode_number(mode)
  local number = VERBS[mode.verb]
  if not number then
    error("dps bug: unknown verb " .. tostring(mode.verb), 3)
  end
  return number + (mode.refuse_unknown and 2 or 0) + (mode.entities and 4 or 0)
end

local function compile_mode(fields, mode)
  local root, is_good = compile(fields, {
    create = mode.verb == "create",
    refuse_unknown = mode.refuse_unknown == true,
    entities = mode.entities == true,
  })
  return { root = root, is_good = is_good }
end

local function compiled_for(fields, mode)
  local number = mode_number(mode)
  local by_mode = compiled[fields]
  if not by_mode then
    by_mode = {}
    compiled[fields] = by_mode
  end
  local entry = by_mode[number]
  if not entry then
    entry = compile_mode(fields, mode)
    by_mode[number] = entry
  end
  return entry
end

---Every problem of a value at once, in the order of the description; what is unknown comes after
---what is described, and rules across fields last. Raises on no value.
---@param fields dps.Field[]
---@param value any
---@param mode dps.Mode
---@return dps.Problem[]  empty when the value is fine
---@return boolean shaped  true: it is as the wire has it, and schema.shape would only copy it
function schema.check(fields, value, mode)
  local entry = compiled_for(fields, mode)
  local good, shaped = entry.is_good(value)
  if good then
    return {}, shaped
  end
  return require "dps.schema.explain"(entry.root, value), false
end

---A new table as it goes on the wire: entities become ids, date objects text, whole floats
---integers, empty lists are marked as JSON arrays, dps.raw is unwrapped. The input stays as it
---was; check it first.
---@param fields dps.Field[]
---@param value table
---@return table
function schema.shape(fields, value)
  return require "dps.schema.shape"(fields, value)
end

return schema
