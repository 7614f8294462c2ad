-- The smallest JSON Patch (RFC 6902) that makes one JSON value of another, counted in the bytes
-- that it has on the wire. Pure; what should differ at all is decided elsewhere (dps.settle).

local json = require "dps.json"
local patch = require "dps.patch"

local diff = {}

local equal = patch.equal

local PER_OPERATION, PER_VALUE = #'{"op":"","path":""},', #',"value":'
local MOST_PAIRS = 4096 -- items compared with each other; longer lists are replaced as a whole

local size

local function size_of_members(value)
  local total = next(value) == nil and 2 or 1
  for key, item in pairs(value) do
    total = total + size(item) + 1 + (type(key) == "string" and #key + 3 or 0)
  end
  return total
end

-- The bytes of a value as JSON, nearly: escapes don't count.
function size(value)
  if type(value) == "table" then
    return size_of_members(value)
  elseif type(value) == "string" then
    return #value + 2
  end
  return value == json.null and 4 or #tostring(value)
end

local function escaped(token)
  return (token:gsub("~", "~0"):gsub("/", "~1"))
end

local function sorted_keys(...)
  local keys, seen = {}, {}
  for _, value in ipairs { ... } do
    for key in pairs(value) do
      if not seen[key] then
        seen[key], keys[#keys + 1] = true, key
      end
    end
  end
  table.sort(keys)
  return keys
end

-- A plan is what turns one value into another: a function that writes its operations, given the
-- pointer of the place, and what they cost without that pointer. `steps` counts the operations,
-- each of which has the pointer in front.
local NOTHING = { cost = 0, steps = 0, write = function() end }

local function operation(op, suffix, value)
  return {
    cost = PER_OPERATION + #op + #suffix + (value ~= nil and PER_VALUE + size(value) or 0),
    steps = 1,
    write = function(out, path)
      out[#out + 1] = { op = op, path = path .. suffix, value = value }
    end,
  }
end

local function below(suffix, plan)
  return {
    cost = plan.cost + plan.steps * #suffix, steps = plan.steps,
    write = function(out, path)
      plan.write(out, path .. suffix)
    end,
  }
end

local function all_of(plans)
  local cost, steps = 0, 0
  for _, plan in ipairs(plans) do
    cost, steps = cost + plan.cost, steps + plan.steps
  end
  return {
    cost = cost, steps = steps,
    write = function(out, path)
      for _, plan in ipairs(plans) do
        plan.write(out, path)
      end
    end,
  }
end

local plan_of

local function plan_member(old, new, key, depth)
  local suffix = "/" .. escaped(key)
  if old[key] == nil then
    return operation("add", suffix, new[key])
  elseif new[key] == nil then
    return operation("remove", suffix)
  end
  return below(suffix, plan_of(old[key], new[key], depth + #suffix))
end

local function plan_object(old, new, depth)
  local plans = {}
  for _, key in ipairs(sorted_keys(old, new)) do
    plans[#plans + 1] = plan_member(old, new, key, depth)
  end
  return all_of(plans)
end

-- How many items two lists share at the front, and behind that at the end.
local function common_ends(old, new)
  local most, first, last = math.min(#old, #new), 0, 0
  while first < most and equal(old[first + 1], new[first + 1]) do
    first = first + 1
  end
  while last < most - first and equal(old[#old - last], new[#new - last]) do
    last = last + 1
  end
  return first, last
end

-- The cheaper of a cell and one that begins with another step.
local function cheaper(best, plan, step, after, depth)
  local cost = plan.cost + plan.steps * depth + after.cost
  if best and best.cost <= cost then
    return best
  end
  return { cost = cost, plan = plan, step = step, after = after }
end

local REMOVE = operation("remove", "")

local function cell_of(old_item, new_item, row, below_it, depth)
  local best
  if old_item ~= nil and new_item ~= nil then
    best = cheaper(nil, plan_of(old_item, new_item, depth), "keep", below_it.right, depth)
  end
  if old_item ~= nil then
    best = cheaper(best, REMOVE, "remove", below_it.here, depth)
  end
  if new_item ~= nil then
    best = cheaper(best, operation("add", "", new_item), "add", row, depth)
  end
  return best or { cost = 0 }
end

-- The cheapest way from old to new, both as lists of what differs: Wagner and Fischer's table, from
-- the end, with the bytes of operations for the count of edits. Each cell knows its step and the
-- cell after it.
local function cheapest(old, new, depth)
  local row
  for i = #old + 1, 1, -1 do
    local above = row or {}
    row = {}
    for j = #new + 1, 1, -1 do
      local below_it = { here = above[j], right = above[j + 1] }
      row[j] = cell_of(old[i], new[j], row[j + 1], below_it, depth)
    end
  end
  return row[1]
end

local function plan_list(old, new, depth)
  local first, last = common_ends(old, new)
  local middle = table.move(old, first + 1, #old - last, 1, {})
  local wanted = table.move(new, first + 1, #new - last, 1, {})
  if #middle * #wanted > MOST_PAIRS then
    return nil
  end
  local cell, at, plans = cheapest(middle, wanted, depth + #"/0"), first, {}
  while cell.plan do
    plans[#plans + 1] = below("/" .. at, cell.plan)
    at = cell.step == "remove" and at or at + 1
    cell = cell.after
  end
  return all_of(plans)
end

local function in_parts(old, new, depth)
  if type(old) ~= "table" or type(new) ~= "table" then
    return nil
  elseif json.is_array(old) and json.is_array(new) then
    return plan_list(old, new, depth)
  elseif not json.is_array(old) and not json.is_array(new) then
    return plan_object(old, new, depth)
  end
  return nil
end

-- `depth`: bytes of the pointer to this place, which every operation repeats.
function plan_of(old, new, depth)
  if equal(old, new) then
    return NOTHING
  end
  local whole, parts = operation("replace", "", new), in_parts(old, new, depth)
  if parts and parts.cost + parts.steps * depth <= whole.cost + depth then
    return parts
  end
  return whole
end

---The operations that turn `old` into `new`; none when they are equal. Of two JSON objects the
---members are changed, never the whole document. Applying them gives `new` (RFC 6902).
---@param old table   as decoded by dps.json
---@param new table
---@return table[] operations  `value`s are those of `new`, not copies
function diff.operations(old, new)
  local out = json.array {}
  plan_object(old, new, 0).write(out, "")
  return out
end

return diff
