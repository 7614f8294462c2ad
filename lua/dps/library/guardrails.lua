-- The product's guardrails (contract 6), when the library is told to enforce them: how many objects
-- there may be, and how large and how long their parts. The numbers stand in the descriptions.

local json = require "dps.json"
local places = require "dps.library.places"
local resource = require "dps.resource"

local guardrails = {}

local function problem(path, message, ...)
  return { path = path, message = message:format(...) }
end

local function size_of(value)
  return type(value) == "string" and #value or #assert(json.encode(value))
end

local function members(value)
  local n = 0
  for _ in pairs(value) do
    n = n + 1
  end
  return n
end

local look

local function look_inside(found, field, value, path)
  for _, each in ipairs(field.fields or {}) do
    if value[each.name] ~= nil then
      look(found, each, value[each.name], path == "" and each.name or path .. "." .. each.name)
    end
  end
  for i, item in ipairs(field.items and value or {}) do
    look(found, field.items, item, ("%s[%d]"):format(path, i))
  end
end

function look(found, field, value, path)
  if field.guard_bytes and size_of(value) > field.guard_bytes then
    found[#found + 1] = problem(path, "%d bytes; the guardrail is %d", size_of(value),
      field.guard_bytes)
  end
  if field.guard_items and type(value) == "table" and members(value) > field.guard_items then
    found[#found + 1] = problem(path, "%d entries; the guardrail is %d", members(value),
      field.guard_items)
  end
  if type(value) == "table" then
    look_inside(found, field, value, path)
  end
end

local function count_of(change, name)
  local description = resource.by_name[name]
  return change.store:count(change.context.sandbox.key, places.of(description).name, name)
end

local function too_many(change, limits)
  local count = count_of(change, change.description.name)
  for _, name in ipairs(limits.with or {}) do
    count = count + count_of(change, name)
  end
  if change.is_new and limits.count and count >= limits.count then
    return problem("", "there are %d already; the guardrail is %d", count, limits.count)
  end
  return nil
end

local function too_many_live(change, limits)
  local goes_live = change.object.status == "live"
    and (change.is_new or change.row.status ~= "live")
  local live = goes_live and limits.live
    and change.store:count_status(change.context.sandbox.key, change.row.type, "live")
  if live and live >= limits.live then
    return problem("status", "%d are live already; the guardrail is %d", live, limits.live)
  end
  return nil
end

---@param change dps.library.Change
---@return dps.Problem[]
function guardrails.problems(change)
  local found, limits = {}, change.description.guardrails or {}
  found[#found + 1] = too_many(change, limits)
  found[#found + 1] = too_many_live(change, limits)
  if limits.bytes and size_of(change.object) > limits.bytes then
    found[#found + 1] = problem("", "%d bytes; the guardrail is %d", size_of(change.object),
      limits.bytes)
  end
  look_inside(found, { fields = change.description.fields }, change.object, "")
  return found
end

return guardrails
