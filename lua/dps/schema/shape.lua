-- A checked table as it goes on the wire: always a new table, the input untouched. Like the check,
-- a description is compiled once into one function per field that needs any change at all.

local values = require "dps.schema.value"

-- What the names in the table stand for; set for the time of one call, which never waits.
local ids = {}

local getmetatable, mtype, next, rawget, type = getmetatable, math.type, next, rawget, type
local is_raw, is_ref, tointeger = values.is_raw, values.is_ref, math.tointeger

-- An empty table can't tell whether it is a list: it is marked as dps.json has it. Without dps.json
-- (pure Lua, no engine) there is nothing that would encode it either.
local function empty_list()
  local has, json = pcall(require, "dps.json")
  return has and json.array({}) or {}
end

local function is_marked_list(value)
  local json = package.loaded["dps.json"]
  return type(json) == "table" and json.is_array(value)
end

-- `copies` keeps shared tables shared and ends at cycles; what is nested beyond the ceiling is left
-- as it is, and the encoder refuses it.
local function copy_inside(value, copies, depth)
  if type(value) ~= "table" or depth > values.DEPTH_CEILING then
    return value
  elseif copies[value] then
    return copies[value]
  elseif is_ref(value) then
    return ids[value]
  end
  local mt = getmetatable(value)
  local text = mt ~= nil and values.is_date(value)
  if text then
    return text
  end
  local new = mt ~= nil and next(value) == nil and is_marked_list(value) and empty_list() or {}
  copies[value] = new
  for key, item in next, value do
    new[key] = copy_inside(item, copies, depth + 1)
  end
  return new
end

-- A copy of what has no description.
local function copy(value)
  return copy_inside(value, {}, 1)
end

local compile

-- Tables born with room for their fields; growing one step by step costs more than filling it.
local function new_small()
  return { a = nil, b = nil, c = nil, d = nil }
end

local function new_large()
  return { a = nil, b = nil, c = nil, d = nil, e = nil, f = nil, g = nil, h = nil }
end

local function is_integer(field)
  return field ~= nil and field.type == "integer"
end

local function whole(value)
  return mtype(value) == "float" and tointeger(value) or value
end

local function object_shaper(field)
  local fields = field.fields or {}
  local shapers, integers = {}, {}
  for _, child in ipairs(fields) do
    shapers[child.name], integers[child.name] = compile(child), is_integer(child)
  end
  local free = field.values and compile(field.values) or copy
  local free_integers = is_integer(field.values)
  local new_table = #fields > 4 and new_large or new_small
  return function(value)
    if getmetatable(value) ~= nil and is_raw(value) then
      return copy(value)
    end
    local new = new_table()
    for key, item in next, value do
      if type(item) == "table" then
        item = (shapers[key] or free)(item)
      elseif integers[key] or free_integers then
        item = whole(item)
      end
      new[key] = item
    end
    return new
  end
end

local function array_shaper(field)
  local shape_item, integers = compile(field.items), is_integer(field.items)
  return function(value)
    if getmetatable(value) ~= nil and is_raw(value) then
      return copy(value)
    elseif next(value) == nil then
      return empty_list()
    end
    local new = {}
    for index, item in next, value do
      if type(item) == "table" then
        item = shape_item(item)
      elseif integers then
        item = whole(item)
      end
      new[index] = item
    end
    return new
  end
end

local function shape_reference(value)
  if is_ref(value) then
    return ids[value]
  end
  return not is_raw(value) and rawget(value, "id") or copy(value)
end

local SHAPERS = { object = object_shaper, array = array_shaper }

-- A function for the tables that a field may hold; where a plain value goes, a table is a date
-- object, an entity or raw.
function compile(field)
  if field.type == "reference" then
    return shape_reference
  end
  local make = SHAPERS[field.type]
  return make and make(field) or copy
end

local compiled = setmetatable({}, { __mode = "k" })

---@param fields dps.Field[]
---@param value table
---@param names table<dps.Ref, string>?  the ids of references by name
---@return table
return function(fields, value, names)
  if type(value) ~= "table" then
    return value
  end
  ids = names or {}
  local shaper = compiled[fields]
  if not shaper then
    shaper = object_shaper { fields = fields }
    compiled[fields] = shaper
  end
  return shaper(value)
end
