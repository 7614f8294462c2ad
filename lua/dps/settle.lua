-- What a document becomes when somebody wants some of its fields to have certain values. What means
-- the same as what is there stays as it is there: a date at another offset, a number written
-- another way. Objects are merged, null takes a member away, lists are replaced (RFC 7386). Pure.

local json = require "dps.json"
local patch = require "dps.patch"
local schema = require "dps.schema"

local equal, instant = patch.equal, schema.instant

local by_name = setmetatable({}, { __mode = "k" })

local function fields_by_name(fields)
  local found = by_name[fields]
  if not found then
    found = {}
    for _, field in ipairs(fields) do
      found[field.name] = field
    end
    by_name[fields] = found
  end
  return found
end

local NO_FIELD, NO_FIELDS = {}, {}

local function member_field(field, name)
  return field.fields and fields_by_name(field.fields)[name] or field.values or NO_FIELD
end

local function same_text(field, there, wanted)
  if field.type == "date" then
    local moment = instant(there)
    return moment ~= nil and moment == instant(wanted)
  end
  return field.fold_case and there:lower() == wanted:lower() or false
end

local function is_same(field, there, wanted)
  if equal(there, wanted) then
    return true
  end
  return type(there) == "string" and type(wanted) == "string" and same_text(field, there, wanted)
end

-- What the service leaves out of an answer instead of saying it.
local function is_nothing(field, wanted)
  return wanted == "" or wanted == field.default
    or type(wanted) == "table" and next(wanted) == nil
end

local settle

local function is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

-- `kept`: what is there and not spoken of.
local function settle_object(field, there, wanted, how, kept)
  local result = {}
  for name, item in pairs(kept and there or NO_FIELDS) do
    result[name] = item
  end
  for name, item in pairs(wanted) do
    local member = member_field(field, name)
    if not (how.lenient and member.write_only) then
      result[name] = settle(member, there[name], item, how)
    end
  end
  return result
end

local function settle_item(field, there, wanted, how)
  if is_object(there) and is_object(wanted) then
    return settle_object(field, there, wanted, how, how.lenient)
  end
  return settle(field, there, wanted, how)
end

-- Whether two lists hold the same, in whatever order.
local function same_items(field, there, wanted)
  local left = table.move(there, 1, #there, 1, {})
  for _, item in ipairs(wanted) do
    local found
    for i, other in ipairs(left) do
      found = found or is_same(field, other, item) and i
    end
    if not found then
      return false
    end
    table.remove(left, found)
  end
  return true
end

local function settle_list(field, there, wanted, how)
  local items = field.items or NO_FIELD
  if field.unordered and #there == #wanted and same_items(items, there, wanted) then
    return there
  end
  local result = {}
  for i, item in ipairs(wanted) do
    result[i] = settle_item(items, there[i], item, how)
  end
  return json.array(result)
end

function settle(field, there, wanted, how)
  if wanted == json.null then
    return nil
  elseif there == nil or there == json.null then
    if how.lenient and is_nothing(field, wanted) then
      return there
    end
    return is_object(wanted) and settle_object(field, NO_FIELDS, wanted, how) or wanted
  elseif is_same(field, there, wanted) then
    return there
  elseif is_object(there) and is_object(wanted) then
    return settle_object(field, there, wanted, how, true)
  elseif json.is_array(there) and json.is_list(wanted) then
    return settle_list(field, there, wanted, how)
  end
  return wanted
end

---@class dps.SettleOptions
---@field lenient boolean?  what the service may leave out of its answers is no difference: fields
---  that it never gives back, empty values, defaults, members of a list's items

---The document as it is wanted. Neither argument is changed.
---@param fields dps.Field[]
---@param there table    what the service gave
---@param wanted table   shaped (dps.schema.shape); only the fields that are spoken of
---@param how dps.SettleOptions
---@return table
return function(fields, there, wanted, how)
  return settle_object({ fields = fields }, there, wanted, how, true)
end
