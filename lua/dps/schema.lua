-- Checks a script's table against a description, and shapes it for the wire. A description is
-- compiled once; a good table costs one quick walk, and only a bad one is walked again for words.
-- Nothing here raises on any value, follows a metatable, changes its input or calls the service.

local schema = {}

local compile = require "dps.schema.compile"
local values = require "dps.schema.value"

---@class dps.Mode
---@field verb "create"|"stored"|"change"  a new object from a script, what would be stored, or some
---  fields of it, where null takes one away
---@field refuse_unknown boolean?  unknown names are problems
---@field entities boolean?        a table with an `id` may stand where a reference goes

schema.raw = values.raw
schema.instant = values.instant
schema.check_id = values.check_id

local STORED = { verb = "stored" }
local VERBS = { create = 0, stored = 1, change = 8 }

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
    partial = mode.verb == "change",
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
---@param ids table<dps.Ref, string>?  what references by name stand for
---@return table
function schema.shape(fields, value, ids)
  return require "dps.schema.shape"(fields, value, ids)
end

---The problems that a change brings in; what was wrong before it is not held against it.
---@param fields dps.Field[]
---@param before table
---@param after table
---@return dps.Problem[]
function schema.new_problems(fields, before, after)
  local found, known, new = schema.check(fields, after, STORED), {}, {}
  for _, problem in ipairs(#found > 0 and schema.check(fields, before, STORED) or {}) do
    known[problem.path .. "\0" .. problem.message] = true
  end
  for _, problem in ipairs(found) do
    if not known[problem.path .. "\0" .. problem.message] then
      new[#new + 1] = problem
    end
  end
  return new
end

return schema
