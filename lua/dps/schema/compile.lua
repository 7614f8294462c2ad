-- A description made into functions: one per field, which says only whether a value is good, so
-- that a good table costs one walk and no allocation. Words, paths and order are left to
-- dps.schema.explain.

local values = require "dps.schema.value"

local byte, find = string.byte, string.find
local mtype, tointeger = math.type, math.tointeger
local next, rawget, type = next, rawget, type
local check_id, id_of = values.check_id, values.id_of
local instant, is_null, is_ref, is_url = values.instant, values.is_null, values.is_ref,
  values.is_url

local STRING_CEILING = values.STRING_CEILING

---@class dps.Node          one compiled field: what explain and ok need of it
---@field field dps.Field
---@field mode table          { create =, entities =, refuse_unknown = }
---@field ok fun(value: any): boolean
---@field children dps.Node[]?             of an object, in the order of the description
---@field by_name table<string, dps.Node>? of an object
---@field item dps.Node?                   of an array, or the values of an open object

local compile

-- Set by every value that is good but not yet as the wire has it; dps.schema.shape changes exactly
-- these. A table that sets it nowhere may be encoded as it is.
local unshaped = false

-- What was good once is good again: channels, formats and ids hardly change within a campaign.
-- Only strings are remembered, few and short.
local REMEMBERED, LONGEST_REMEMBERED = 64, 128

local function remembering(test)
  local good, count = {}, 0
  return function(value)
    if good[value] then
      return true
    elseif not test(value) then
      return false
    elseif type(value) == "string" and #value <= LONGEST_REMEMBERED then
      if count >= REMEMBERED then
        good, count = {}, 0
      end
      good[value], count = true, count + 1
    end
    return true
  end
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names) do
    set[name] = true
  end
  return set
end

-- White space of ASCII. Only the ends are looked at: few names are blank or padded.
local SPACE = set_of { 9, 10, 11, 12, 13, 32 }

local function non_blank_ok(field, create)
  local ceiling, trimmed = field.max_bytes or STRING_CEILING, create and field.create_trimmed
  return function(value)
    if type(value) ~= "string" or value == "" or #value > ceiling then
      return false
    elseif SPACE[byte(value)] or SPACE[byte(value, -1)] then
      return not trimmed and find(value, "%S") ~= nil
    end
    return true
  end
end

local function pattern_of(field, mode)
  return mode.create and field.create_pattern or field.pattern
end

local function formed_ok(field, mode, ceiling)
  local pattern, test = pattern_of(field, mode), field.test
  if not pattern and not test then
    return function(value)
      return type(value) == "string" and #value <= ceiling
    end
  end
  return remembering(function(value)
    return type(value) == "string" and #value <= ceiling
      and (not pattern or find(value, pattern) ~= nil) and (not test or test(value))
  end)
end

local function string_ok(field, mode)
  local enum = mode.create and field.create_enum or field.enum
  if enum then
    local allowed = set_of(enum)
    return function(value)
      return allowed[value] == true
    end
  elseif field.non_blank then
    return non_blank_ok(field, mode.create)
  end
  return formed_ok(field, mode, field.max_bytes or STRING_CEILING)
end

local function uri_ok(field, mode)
  local pattern = pattern_of(field, mode)
  local function fits(value)
    return type(value) == "string" and #value <= STRING_CEILING and is_url(value)
      and (not pattern or find(value, pattern) ~= nil)
  end
  return pattern and remembering(fits) or fits
end

local function integer_ok(field)
  local low, high = field.min or math.mininteger, field.max or math.maxinteger
  return function(value)
    local kind = mtype(value)
    if kind == "float" then
      value = tointeger(value)
      unshaped = true
      return value ~= nil and value >= low and value <= high
    end
    return kind == "integer" and value >= low and value <= high
  end
end

local function boolean_ok(field)
  local only = field.only
  return function(value)
    return value == only or only == nil and (value == true or value == false)
  end
end

local function date_ok()
  return function(value)
    if type(value) == "table" then
      unshaped = true
    end
    return instant(value) ~= nil
  end
end

local function reference_ok(field, mode)
  local known = remembering(function(value)
    return check_id(value) == true
  end)
  if not mode.entities then
    return known
  end
  local kinds = set_of(type(field.to) == "table" and field.to or { field.to })
  return function(value)
    if type(value) == "table" then
      unshaped = true
      if is_ref(value) then
        return kinds[rawget(value, "kind")] == true
      end
      return known(rawget(value, "id"))
    end
    return known(value)
  end
end

local function distinct(list, key)
  local used = {}
  for _, item in next, list do
    local id = id_of(rawget(item, key))
    if id ~= nil then
      if used[id] then
        return false
      end
      used[id] = true
    end
  end
  return true
end

-- A change replaces lists, so that their items are whole.
local function whole(mode)
  if not mode.partial then
    return mode
  end
  mode.whole = mode.whole
    or { entities = mode.entities, refuse_unknown = mode.refuse_unknown, create = mode.create }
  return mode.whole
end

local function array_ok(field, mode, node)
  node.item = compile(field.items, whole(mode))
  local item_ok, unique = node.item.ok, field.unique_by
  local low, high = field.min_items or 0, field.max_items or math.maxinteger
  return function(value)
    if type(value) ~= "table" then
      return false
    end
    local count = 0
    for index, item in next, value do
      count = count + 1
      if index ~= count or not item_ok(item) then
        return false
      end
    end
    if count == 0 then
      unshaped = true
    end
    return count >= low and count <= high
      and (not unique or count < 2 or distinct(value, unique))
  end
end

-- In a change, null takes away what need not be there.
local function or_null(ok)
  return function(value)
    return is_null(value) or ok(value)
  end
end

-- A rule reports problems by words; here only whether it reported any counts.
local function rule_ok(rule)
  local broken
  local function report()
    broken = true
  end
  return function(value)
    broken = false
    rule(value, report)
    return not broken
  end
end

-- What only the service gives is unknown to a script that creates.
local function is_known(field, mode)
  return not (field.read_only and mode.create and mode.refuse_unknown)
end

local function compile_children(node, fields, mode)
  local checks, weights, required = {}, {}, 0
  node.children, node.by_name = {}, {}
  for _, field in ipairs(fields) do
    if is_known(field, mode) then
      local child = compile(field, mode)
      if mode.partial and not field.required then
        child.ok = or_null(child.ok)
      end
      node.children[#node.children + 1], node.by_name[field.name] = child, child
      checks[field.name], weights[field.name] = child.ok, field.required and 1 or 0
      required = required + weights[field.name]
    end
  end
  return checks, weights, required
end

local function free_value_ok(value)
  if type(value) == "table" then
    unshaped = true
  end
  return values.is_plain(value)
end

local function free_names_ok(field, mode, node, checks)
  node.item = field.values and compile(field.values, mode)
  if node.item and mode.partial then
    node.item.ok = or_null(node.item.ok)
  end
  local value_ok = node.item and node.item.ok or free_value_ok
  local refuse = mode.refuse_unknown
  return function(value)
    for key, item in next, value do
      if type(key) ~= "string" then
        return false
      elseif not checks[key] then
        local free = values.is_free(field.open, key)
        if free and not value_ok(item) or refuse and not free then
          return false
        end
      end
    end
    return true
  end
end

local function object_ok(field, mode, node)
  local checks, weights, required = compile_children(node, field.fields or {}, mode)
  local free = field.open and free_names_ok(field, mode, node, checks)
  local refuse = mode.refuse_unknown and not free
  local rule = field.check and not mode.partial and rule_ok(field.check)
  required = mode.partial and 0 or required
  local needed = {}
  for name, weight in next, weights do
    needed[name] = required > 0 and weight > 0 and checks[name] or nil
  end
  return function(value)
    if type(value) ~= "table" then
      return false
    end
    local found = 0
    for key, item in next, value do
      local check = needed[key]
      if check then
        found = found + 1
      else
        check = checks[key]
      end
      if check then
        if not check(item) then
          return false
        end
      elseif refuse or type(key) ~= "string" then
        return false
      end
    end
    return found == required and (not free or free(value)) and (not rule or rule(value))
  end
end

local COMPILERS = {
  string = string_ok, uri = uri_ok, integer = integer_ok, boolean = boolean_ok, date = date_ok,
  reference = reference_ok, array = array_ok, object = object_ok,
}

function compile(field, mode)
  local make = COMPILERS[field.type]
  if not make then
    error("dps bug: unknown field type " .. tostring(field.type))
  end
  local node = { field = field, mode = mode }
  node.ok = make(field, mode, node)
  return node
end

---A whole description, compiled.
---@param fields dps.Field[]  with `open` and `check` of the whole where it has them
---@param mode table  { create =, entities =, refuse_unknown =, partial = }, all booleans
---@return dps.Node root
---@return fun(value: any): boolean, boolean check  whether it is good; whether it is shaped already
return function(fields, mode)
  local root = compile({
    type = "object", fields = fields, open = fields.open, check = fields.check,
  }, mode)
  local ok = root.ok
  return root, function(value)
    unshaped = not mode.refuse_unknown
    return ok(value), not unshaped
  end
end
