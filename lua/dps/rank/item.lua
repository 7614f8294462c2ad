-- The items that are ranked: rows, offers, plain names. How one is called in messages, how a field
-- of it is read as a number or as a key, and how all that is wrong with a list is told at once.
-- Orders nothing.

local err = require "dps.err"
local suggest = require "dps.suggest"
local values = require "dps.schema.value"

local item = {}

local format = string.format
local PROBLEM_CEILING = 100

---How messages call an item: its own name or id, else its place.
---@param value any
---@param index integer?
---@return string  such as "Summer sale" in quotes, or "item 3"
function item.label(value, index)
  local name = value
  if type(value) == "table" then
    name = rawget(value, "name") or rawget(value, "id")
  end
  if type(name) == "string" or type(name) == "number" then
    return format('"%s"', tostring(name))
  end
  return "item " .. tostring(index or "?")
end

---Raises kind "invalid" with all problems, if there are any.
---@param who string  the function's name, for messages
---@param problems dps.Problem[]
---@param hint string?
function item.refuse(who, problems, hint)
  if #problems == 0 then return end
  local shown = table.move(problems, 1, math.min(#problems, PROBLEM_CEILING), 1, {})
  if #problems > #shown then
    shown[#shown + 1] = { path = "", message = format("and %d more", #problems - #shown) }
  end
  err.raise {
    kind = "invalid", operation = who, problems = shown,
    hint = hint or "correct what is named above and run the script again",
  }
end

---Raises kind "invalid" unless `list` is a list of different items.
---@param who string
---@param list any
---@return table[]|string[] list
function item.check_list(who, list)
  if type(list) ~= "table" then
    err.misuse(format("%s: a list of items is needed, not a %s", who, type(list)))
  end
  local problems, seen, count = {}, {}, 0
  for key in next, list do
    count = count + 1
    if math.type(key) ~= "integer" or key < 1 then
      err.misuse(format("%s: a list of items is needed; this table has the key %s", who,
        type(key) == "string" and format("%q", key) or tostring(key)))
    end
  end
  for i = 1, count do
    if list[i] == nil then err.misuse(format("%s: the list has a hole at [%d]", who, i)) end
  end
  for i, value in ipairs(list) do
    if seen[value] then
      problems[#problems + 1] = { path = format("[%d]", i),
        message = format("%s is in the list twice (see [%d])", item.label(value, i), seen[value]) }
    end
    seen[value] = i
  end
  item.refuse(who, problems)
  return list
end

---A function that reads a field of an item: by name, or as a script's own function says. A plain
---name ranked as such has no fields; its field "name" is the name itself.
---@param who string
---@param option string  for messages: "score", "tier"
---@param given any      name of a field, or function(item): any
---@return fun(value: any): any read
---@return string label
function item.reader(who, option, given)
  if type(given) == "function" then return given, option end
  if type(given) ~= "string" or given == "" then
    err.misuse(format("%s: %s must be the name of a field or a function, not a %s", who, option,
      type(given)))
  end
  return function(value)
    if type(value) == "table" then return value[given] end
    return given == "name" and value or nil
  end, given
end

local function near_field(value, field)
  local names = {}
  for name in next, type(value) == "table" and value or {} do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  local nearest = suggest.nearest(field, names)
  return nearest and format(' (did you mean "%s"?)', nearest) or ""
end

---Why a value is no number that can be ranked by, or nil.
---@param number any
---@param value any      the item, for "did you mean"
---@param field string?  absent when a function gave the number
---@return string? fault
function item.number_fault(number, value, field)
  if type(number) == "number" then
    if number ~= number then return "is not a number (NaN)" end
    if number == math.huge or number == -math.huge then return "is infinite" end
    return nil
  elseif number == nil then
    return "is missing; a number is needed" .. (field and near_field(value, field) or "")
  elseif type(number) == "string" then
    return format("is the text %q; a number is needed (csv.rows reads one with types)", number)
  end
  return "is a " .. type(number) .. "; a number is needed"
end

---A value as something that `<` can order, or why it can't be.
---@param key any
---@return number|string? ordered  date objects as their moment
---@return string? fault
function item.key(key)
  if type(key) == "string" then return key end
  if type(key) == "number" and key == key then return key end
  if key == nil then return nil, "is missing" end
  local moment = type(key) == "table" and values.instant(key)
  if moment then return moment end
  return nil, "must be a number, text or a date to decide a tie, not a " .. type(key)
end

---Whether text `a` stands before `b`, byte by byte: the same on every machine, whatever its locale.
---@param a string
---@param b string
---@return boolean
function item.text_before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

return item
