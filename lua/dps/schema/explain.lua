-- The slow half of a check: walks a table that was found bad, in the order of its description, and
-- reports every problem with its path. Asks the compiled fields what is good and dps.schema.say how
-- to put it. Never raises, whatever the value is made of.

local say = require "dps.schema.say"
local suggest = require "dps.suggest"
local values = require "dps.schema.value"

local find, format = string.find, string.format

local PROBLEM_CEILING = 1000

-- What the service gives an object; a script that sends a looked-up entity back has them all.
local GIVEN_BY_SERVICE = {
  id = true, etag = true, created = true, modified = true, schemas = true, createdBy = true,
  lastModifiedBy = true, sandboxId = true, createdDate = true, lastModifiedDate = true,
  createdByClientId = true, lastModifiedByClientId = true, datasetId = true, _links = true,
}

local explain

local function key_text(key)
  if type(key) == "string" then
    return say.quote(key)
  elseif type(key) == "number" then
    return say.describe(key)
  end
  return type(key) == "boolean" and tostring(key) or type(key)
end

local function join(path, key)
  if type(key) ~= "string" or not find(key, "^[%a_][%w_]*$") or #key > 60 then
    return path .. "[" .. key_text(key) .. "]"
  end
  return path == "" and key or path .. "." .. key
end

local function before(a, b)
  if type(a) ~= type(b) then
    return type(a) > type(b) -- string before number
  elseif type(a) == "string" or type(a) == "number" then
    return a < b
  end
  return false
end

local function sorted_keys(value)
  local keys = {}
  for key in next, value do
    keys[#keys + 1] = key
  end
  table.sort(keys, before)
  return keys
end

local function names_of(node)
  local names = {}
  for i, child in ipairs(node.children) do
    names[i] = child.field.name
  end
  return names
end

-- Names known further inside, each with the path at which it belongs ("rank.priority").
local function inner_names(fields, path, names, places)
  for _, field in ipairs(fields or {}) do
    local here = join(path, field.name)
    if path ~= "" and not places[field.name] then
      names[#names + 1], places[field.name] = field.name, here
    end
    inner_names(field.fields, here, names, places)
    inner_names(field.items and field.items.fields, here .. "[...]", names, places)
  end
  return names, places
end

local function is_given(node, key)
  for _, field in ipairs(node.field.fields) do
    if field.read_only and field.name == key then
      return true
    end
  end
  return GIVEN_BY_SERVICE[key] == true
end

local function unknown_message(node, key)
  local names = names_of(node)
  local quoted = say.quote(key)
  local nearest = suggest.nearest(key, names)
  if nearest then
    return format('unknown field %s (did you mean "%s"?)', quoted, nearest)
  elseif is_given(node, key) then
    return format("%s is given by the service; leave it out", quoted)
  end
  local inner, places = inner_names(node.field.fields, "", {}, {})
  nearest = suggest.nearest(key, inner)
  if nearest == key then
    return format("unknown field %s here (it belongs at %s)", quoted, places[key])
  elseif nearest then
    return format('unknown field %s (did you mean "%s"? it belongs at %s)', quoted, nearest,
      places[nearest])
  end
  return format("unknown field %s (known: %s)", quoted, table.concat(names, ", "))
end

local function nameless(key)
  if type(key) == "number" then
    return format("a value without a name stands at %s; fields are written name = value",
      say.describe(key))
  end
  return format("a field's name must be a string, got %s", say.describe(key))
end

-- Keys of a table that should be a list: whether one has a name, and the whole numbers in order.
local function list_keys(value)
  local indexes, name = {}, nil
  for _, key in ipairs(sorted_keys(value)) do
    if math.type(key) == "integer" and key > 0 then
      indexes[#indexes + 1] = key
    elseif name == nil then
      name = key
    end
  end
  return indexes, name
end

local function first_gap(indexes)
  for i, index in ipairs(indexes) do
    if index ~= i then
      return i
    end
  end
  return nil
end

-- Reports what makes a table no list; gives the indexes that it has.
local function explain_list_keys(value, path, label, report)
  local indexes, name = list_keys(value)
  local gap = first_gap(indexes)
  if name ~= nil then
    report(join(path, name), format("%s mixes a list with the named field %s; use one or the other",
      label, key_text(name)))
  end
  if gap then
    report(path, format("%s has a gap: item %d is nil but item %d is not", label, gap,
      indexes[gap]))
  end
  return indexes
end

local explain_plain

local function explain_plain_table(value, path, label, report, seen, depth)
  local keys = sorted_keys(value)
  if type(keys[#keys]) == "number" then
    keys = explain_list_keys(value, path, label, report)
  end
  for _, key in ipairs(keys) do
    local here = join(path, key)
    if type(key) == "string" or type(key) == "number" then
      explain_plain(rawget(value, key), here, here, report, seen, depth + 1)
    else
      report(here, nameless(key))
    end
  end
end

-- A value without a description: only what JSON can't hold is wrong.
function explain_plain(value, path, label, report, seen, depth)
  local unsendable = say.unsendable(value, label)
  if unsendable then
    return report(path, unsendable)
  elseif values.is_ref(value) then
    return report(path, label .. " can't be looked up by name; only where an id goes")
  elseif type(value) == "number" and (value ~= value or value - value ~= 0) then
    return report(path, format("%s is %s, which can't be sent", label, say.describe(value)))
  elseif type(value) == "string" and #value > values.STRING_CEILING then
    return report(path, say.too_long(label, value))
  elseif type(value) ~= "table" or values.is_raw(value) or values.is_date(value) then
    return nil
  elseif seen[value] == false then
    return report(path, label .. " is inside itself (a cycle), which can't be sent")
  elseif depth >= values.DEPTH_CEILING then
    return report(path, format("%s is nested deeper than %d tables", label, depth))
  elseif not seen[value] then
    seen[value] = false
    explain_plain_table(value, path, label, report, seen, depth)
    seen[value] = true
  end
end

local function explain_free(node, key, value, path, report)
  local here = join(path, key)
  if not node.item then
    explain_plain(value, here, here, report, {}, 1)
  elseif not node.item.ok(value) then
    explain(node.item, value, here, here, report)
  end
end

local function explain_unknown(node, value, path, report)
  for _, key in ipairs(sorted_keys(value)) do
    if type(key) ~= "string" then
      report(join(path, key), nameless(key))
    elseif node.by_name[key] == nil then
      if values.is_free(node.field.open, key) then
        explain_free(node, key, rawget(value, key), path, report)
      elseif node.mode.refuse_unknown then
        report(join(path, key), unknown_message(node, key))
      end
    end
  end
end

local function missing(field, mode)
  local allowed = mode.create and field.create_enum or field.enum
  if allowed then
    return format("%s is missing; write one of %s", field.name, table.concat(allowed, ", "))
  end
  return field.name .. " is missing; " .. (field.missing_says or "it is required")
end

local function explain_children(node, value, path, report)
  for _, child in ipairs(node.children) do
    local name = child.field.name
    local item = rawget(value, name)
    if item == nil then
      if child.field.required and not node.mode.partial then
        report(join(path, name), missing(child.field, node.mode))
      end
    elseif not child.ok(item) then
      explain(child, item, join(path, name), name, report)
    end
  end
end

local function known_names(node)
  local names = names_of(node)
  return #names > 0 and " (" .. table.concat(names, ", ") .. ")" or ""
end

local function is_list(value)
  local indexes, name = list_keys(value)
  return #indexes > 0 and name == nil
end

local function explain_object(node, value, path, label, report)
  if type(value) ~= "table" or is_list(value) or values.is_ref(value) then
    return report(path, format("%s must be a table with named fields%s, got %s", label,
      known_names(node), say.describe(value)))
  end
  explain_children(node, value, path, report)
  explain_unknown(node, value, path, report)
  if node.field.check and not node.mode.partial then
    node.field.check(value, function(name, message)
      report(join(path, name), message)
    end)
  end
end

-- The second and later users of one value, each with the first one's path.
local function explain_unique(node, value, indexes, path, report)
  local key, users = node.field.unique_by, {}
  for _, index in ipairs(indexes) do
    local item = rawget(value, index)
    local used = values.id_of(type(item) == "table" and rawget(item, key) or nil)
    if type(used) == "string" and used ~= "" then
      if users[used] then
        report(format("%s[%d].%s", path, index, key), format("%s %s is used in %s too; %s", key,
          say.quote(used), users[used], node.field.unique_says))
      else
        users[used] = format("%s[%d]", path, index)
      end
    end
  end
end

local function explain_count(field, count, path, label, report)
  local low, high = field.min_items, field.max_items
  if low and count < low then
    report(path, format("%s is empty; it needs at least %d %s", label, low,
      low == 1 and "item" or "items"))
  elseif high and count > high then
    report(path, format("%s has %d items; at most %d are allowed", label, count, high))
  end
end

local function no_list(node, value, label)
  if type(value) == "table" then
    local inner = node.item.field.type == "object" and "{ { ... } }" or "{ ... }"
    return format("%s must be a list, got a table with named fields; write %s = %s", label, label,
      inner)
  end
  local message = format("%s must be a list, got %s", label, say.describe(value))
  return type(value) == "string" and message .. "; put it in { }" or message
end

local function explain_array(node, value, path, label, report)
  if type(value) ~= "table" or next(value) ~= nil and #list_keys(value) == 0 then
    return report(path, no_list(node, value, label))
  end
  local indexes = explain_list_keys(value, path, label, report)
  explain_count(node.field, #indexes, path, label, report)
  for _, index in ipairs(indexes) do
    local item = rawget(value, index)
    if not node.item.ok(item) then
      explain(node.item, item, format("%s[%d]", path, index), format("%s[%d]", label, index),
        report)
    end
  end
  if node.field.unique_by then
    explain_unique(node, value, indexes, path, report)
  end
end

function explain(node, value, path, label, report)
  if values.is_raw(value) then
    return
  end
  local unsendable = say.unsendable(value, label)
  if unsendable then
    report(path, unsendable)
  elseif node.field.type == "object" then
    explain_object(node, value, path, label, report)
  elseif node.field.type == "array" then
    explain_array(node, value, path, label, report)
  else
    report(path, say.field(node.field, value, label, node.mode))
  end
end

---@param node dps.Node  of the whole description
---@param value any      what node.ok refused
---@return dps.Problem[]
return function(node, value)
  local problems = {}
  explain(node, value, "", "the value", function(path, message)
    if #problems < PROBLEM_CEILING then
      problems[#problems + 1] = { path = path, message = message }
    elseif #problems == PROBLEM_CEILING then
      problems[#problems + 1] = { path = "", message = "and more problems than are listed here" }
    end
  end)
  return problems
end
