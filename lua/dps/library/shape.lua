-- What of an incoming object is stored: the fields its description knows, split into what readers
-- see and what they do not, and the references it holds. Pure; whether values are right is
-- dps.schema's business.

local json = require "dps.json"

local shape = {}

-- Whether a field, or anything below it, passes a test; asked of every object's every field, so
-- remembered.
local function anywhere(test)
  local known = setmetatable({}, { __mode = "k" })
  local function holds(field)
    local found = known[field]
    if found == nil then
      found = test(field) or field.items ~= nil and holds(field.items)
      for _, member in ipairs(field.fields or {}) do
        found = found or holds(member)
      end
      known[field] = found
    end
    return found
  end
  return holds
end

local holds_reference = anywhere(function(field)
  return field.type == "reference"
end)

local holds_gift = anywhere(function(field)
  return (field.read_only or field.always or field.fold_case or field.kept) == true
end)

-- The fields of a list by their names; asked for every object, so remembered.
local named = setmetatable({}, { __mode = "k" })

local function by_name(fields)
  local found = named[fields]
  if not found then
    found = {}
    for _, field in ipairs(fields) do
      found[field.name] = field
    end
    named[fields] = found
  end
  return found
end

local clear_value

local function clear_members(fields, object)
  local described, open = by_name(fields), fields.open
  for name, value in next, object do
    local field = described[name]
    if field and type(value) == "table" then
      clear_value(field, value)
    elseif not field and not (open and type(name) == "string" and name:find(open)) then
      object[name] = nil
    end
  end
end

-- A value of the wrong type stays as it is, for the check to complain about.
function clear_value(field, value)
  if field.open then
    return
  elseif field.fields and not json.is_array(value) then
    clear_members(field.fields, value)
  elseif field.items and json.is_array(value) then
    for _, item in ipairs(value) do
      if type(item) == "table" then
        clear_value(field.items, item)
      end
    end
  end
end

---Takes out of an object what the fields do not describe, at every depth. The object, which is
---the caller's own, is changed and returned.
---@param fields dps.Field[]
---@param object table
---@return table
function shape.known(fields, object)
  clear_members(fields, object)
  return object
end

-- Members of free names, where an object has such.
local function add_free(pattern, object, result)
  for name, value in pairs(object) do
    if type(name) == "string" and name:find(pattern) and result[name] == nil then
      result[name] = value
    end
  end
end

---Splits an object by its description's `write_only` fields.
---@param fields dps.Field[]
---@param object table
---@return table body
---@return table|nil hidden  nil when there is nothing to hide
function shape.split(fields, object)
  local body, hidden = {}, nil
  for _, field in ipairs(fields) do
    local value = object[field.name]
    if value ~= nil and field.write_only then
      hidden = hidden or {}
      hidden[field.name] = value
    elseif value ~= nil then
      body[field.name] = value
    end
  end
  if fields.open then
    add_free(fields.open, object, body)
  end
  return body, hidden
end

-- Which kinds a reference may have, where that hangs on a field beside the list it is in.
local function kinds_of(field, beside)
  local by = field.to_by
  return by and by.kinds[beside and beside[by.field]] or field.to
end

local function visit(field, value, path, found, beside)
  if field.type == "reference" then
    found[#found + 1] = { path = path, to = kinds_of(field, beside), id = value }
  elseif field.fields then
    for _, member in ipairs(field.fields) do
      if value[member.name] ~= nil and holds_reference(member) then
        visit(member, value[member.name], path .. "." .. member.name, found, value)
      end
    end
  elseif field.items and holds_reference(field.items) then
    for i, item in ipairs(value) do
      visit(field.items, item, path .. "[" .. i .. "]", found, beside)
    end
  end
end

---The references in an object that has been checked.
---@param fields dps.Field[]
---@param object table
---@return {path: string, to: string, id: string}[]
function shape.references(fields, object)
  local found = {}
  for _, field in ipairs(fields) do
    if object[field.name] ~= nil and holds_reference(field) then
      visit(field, object[field.name], field.name, found, object)
    end
  end
  return found
end

-- The value at a dot path, if it is text.
local function text_at(object, path)
  local value = object
  if not path:find(".", 1, true) then
    value = object[path]
  else
    for step in path:gmatch "[^.]+" do
      value = type(value) == "table" and value[step] or nil
    end
  end
  return type(value) == "string" and value or nil
end

---@param description dps.Resource
---@return string  dot path of the field that people know the object by
function shape.name_field(description)
  return description.name_field or "name"
end

---@param description dps.Resource
---@param object table
---@return string?
function shape.name_of(description, object)
  return text_at(object, shape.name_field(description))
end

---@param description dps.Resource
---@return string  dot path of the field that says where in its life an object is
function shape.status_field(description)
  return description.status_field or "status"
end

---@param description dps.Resource
---@param object table
---@return string?
function shape.status_of(description, object)
  return text_at(object, shape.status_field(description))
end

-- What the service gives --------------------------------------------------------------------------

local function given_by_service(field, id)
  if field.type == "integer" then
    return 0
  elseif field.type == "array" then
    return json.array {}
  end
  return id
end

local function fold(field, object)
  local value = object[field.name]
  if field.fold_case and type(value) == "string" then
    object[field.name] = value:upper()
  end
end

local function give(field, object, id)
  local value = object[field.name]
  if field.read_only or field.always and value == nil then
    object[field.name] = given_by_service(field, id)
  elseif field.fields and type(value) == "table" then
    shape.born(field.fields, value, id)
  end
  fold(field, object)
end

---Fills in what a new object gets from the service: fields that it alone writes, and lists that it
---always shows. The object is changed and returned.
---@param fields dps.Field[]
---@param object table
---@param id string  of the object
---@return table
function shape.born(fields, object, id)
  for _, field in ipairs(fields) do
    if holds_gift(field) then
      give(field, object, id)
    end
  end
  return object
end

local function keep(field, object, old)
  local name = field.name
  local value, before = object[name], old[name]
  if field.kept or field.read_only then
    object[name] = before
  elseif field.fields and type(value) == "table" and type(before) == "table" then
    shape.keep(field.fields, value, before)
  end
  fold(field, object)
end

---What an update may not change stays as it was. The object is changed and returned.
---@param fields dps.Field[]
---@param object table
---@param old table
---@return table
function shape.keep(fields, object, old)
  for _, field in ipairs(fields) do
    if holds_gift(field) then
      keep(field, object, old)
    end
  end
  return object
end

return shape
