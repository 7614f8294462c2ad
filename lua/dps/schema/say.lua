-- The words of validation: why a single value does not fit its field, for people who write
-- campaigns. Each message begins with the field's own name and says what is wrong, what is allowed
-- and, where it is known, what to write. Decides nothing: it is asked only about bad values.

local say = {}

local date = require "dps.date.wire"
local suggest = require "dps.suggest"
local values = require "dps.schema.value"

local find, format, gsub, match, sub = string.find, string.format, string.gsub, string.match,
  string.sub

local QUOTE_CEILING = 60

local function show_control(char)
  return format("\\x%02x", char:byte())
end

---A string in quotes, cut to about 60 bytes between characters, safe on any terminal.
---@param text string
---@return string
function say.quote(text)
  local shown = text
  if #text > QUOTE_CEILING then
    local cut = QUOTE_CEILING
    while cut > QUOTE_CEILING - 4 and find(text, "^[\x80-\xBF]", cut + 1) do
      cut = cut - 1
    end
    shown = sub(text, 1, cut) .. "..."
  end
  return '"' .. gsub(shown, "[%c\x7F]", show_control) .. '"'
end

local function describe_number(value)
  if value ~= value then
    return "NaN (not a number; often 0/0)"
  elseif value == math.huge or value == -math.huge then
    return "infinity (often a division by 0)"
  end
  return format(math.type(value) == "integer" and "%d" or "%.14g", value)
end

local function describe_table(value)
  if values.is_ref(value) then
    return tostring(value)
  end
  if next(value) == nil then
    return "an empty table"
  end
  return rawlen(value) > 0 and "a list" or "a table"
end

---A value as messages name it. Never runs a metamethod.
---@param value any
---@return string
function say.describe(value)
  local kind = type(value)
  if kind == "nil" then
    return "nothing (nil)"
  elseif kind == "string" then
    return "the string " .. say.quote(value)
  elseif kind == "number" then
    return describe_number(value)
  elseif kind == "boolean" then
    return value and "true" or "false"
  elseif kind == "table" then
    return describe_table(value)
  end
  return values.is_null(value) and "null" or "a " .. kind
end

---Why a value can't be sent whatever the field, or nil.
---@param value any
---@param label string  the field's name
---@return string|nil
function say.unsendable(value, label)
  local kind = type(value)
  if kind == "function" then
    return format("a function can't be sent; to send what it returns, call it: %s = f()", label)
  elseif kind == "thread" or kind == "userdata" and not values.is_null(value) then
    return format("a %s can't be sent; %s takes plain values only", kind, label)
  end
  return nil
end

---@param bytes integer
---@return string  such as "10.0 MB"
function say.size(bytes)
  if bytes >= 1024 * 1024 then
    return format("%.1f MB", bytes / (1024 * 1024))
  end
  return format("%.0f KB", bytes / 1024)
end

---@param label string
---@param text string
---@param ceiling integer?
---@return string
function say.too_long(label, text, ceiling)
  ceiling = ceiling or values.STRING_CEILING
  return format("%s has %s; at most %s is allowed; shorten it or link to it", label,
    say.size(#text), say.size(ceiling))
end

local function wrong_type(label, expected, value)
  local message = format("%s must be %s, got %s", label, expected, say.describe(value))
  if values.is_null(value) then
    return message .. "; leave the field out instead"
  end
  return message
end

local function allowed_only(field, label, value, allowed)
  local quoted = say.quote(value)
  local list = table.concat(allowed, ", ")
  for _, known in ipairs(field.enum or {}) do
    if known == value then
      return format("%s %s can't be given on create; allowed: %s%s", label, quoted, list,
        field.create_enum_says and " (" .. field.create_enum_says .. ")" or "")
    end
  end
  local nearest = suggest.nearest(value, allowed)
  if nearest then
    return format('%s %s is unknown (did you mean "%s"? allowed: %s)', label, quoted, nearest, list)
  end
  return format("%s %s is unknown (allowed: %s)", label, quoted, list)
end

local function says(text, value)
  return type(text) == "function" and text(value) or text or "is not in the right form"
end

local function string_form(field, label, value, mode)
  if field.create_pattern and mode.create and not find(value, field.create_pattern) then
    return format("%s %s %s", label, say.quote(value), says(field.create_pattern_says, value))
  end
  return format("%s %s %s", label, say.quote(value), says(field.pattern_says, value))
end

-- By the type of the field: why a value does not fit.
local sayers = {}

function sayers.string(field, value, label, mode)
  local allowed = mode.create and field.create_enum or field.enum
  if type(value) ~= "string" then
    local expected = allowed and "one of " .. table.concat(allowed, ", ") or "a string"
    local message = wrong_type(label, expected, value)
    if type(value) == "number" and value == value and not allowed then
      return message .. "; put it in quotes"
    end
    return message
  elseif allowed then
    return allowed_only(field, label, value, allowed)
  elseif #value > (field.max_bytes or values.STRING_CEILING) then
    return say.too_long(label, value, field.max_bytes)
  elseif field.non_blank and not find(value, "%S") then
    return label .. " is blank; give it some text"
  elseif field.non_blank then
    return format("%s %s begins or ends with a space; remove it", label, say.quote(value))
  end
  return string_form(field, label, value, mode)
end

local function why_no_url(value)
  if find(value, "%s") then
    return "has a space; remove it or write %20"
  elseif find(value, "%c") then
    return "has a control character; remove it"
  elseif not find(value, "^%a[%w+.-]*:") or find(value, "^[%w.-]+:%d") then
    return "is not a whole address; it begins with https:// or http://"
  elseif not find(value, "^[Hh][Tt][Tt][Pp][Ss]?:") then
    return format("begins with %s; only https:// and http:// are allowed",
      match(value, "^%a[^:]*:"))
  end
  return "has no proper host name after https://"
end

function sayers.uri(field, value, label, mode)
  if type(value) ~= "string" then
    return wrong_type(label, "an address as a string", value)
  elseif #value > values.STRING_CEILING then
    return say.too_long(label, value)
  elseif field.create_pattern and mode.create then
    return string_form(field, label, value, mode)
  elseif not values.is_url(value) then
    return format("%s %s %s", label, say.quote(value), why_no_url(value))
  end
  return string_form(field, label, value, mode)
end

local function integer_range(field)
  if field.min and field.max then
    return format("a whole number from %d to %d", field.min, field.max)
  elseif field.min then
    return format("a whole number of %d or more", field.min)
  end
  return field.max and format("a whole number of %d or less", field.max) or "a whole number"
end

function sayers.integer(field, value, label)
  local message = wrong_type(label, integer_range(field), value)
  if type(value) == "string" and match(value, "^%s*[+-]?%d+%.?%d*%s*$") then
    return format("%s; write %s without quotes", message, match(value, "[+-]?%d+%.?%d*"))
  end
  return message
end

function sayers.boolean(field, value, label)
  if field.only ~= nil and type(value) == "boolean" then
    return format("%s must be %s; it may be left out", label, tostring(field.only))
  end
  local message = wrong_type(label, "true or false", value)
  if value == "true" or value == "false" then
    return message .. "; write " .. value .. " without quotes"
  end
  return message
end

function sayers.date(_, value, label)
  local text = type(value) == "string" and value or values.is_date(value)
  if not text then
    return wrong_type(label, 'a date such as "2026-12-31T09:00:00+01:00"', value)
  end
  local _, reason = date.parse(text)
  return format("%s %s %s", label, say.quote(text), reason or "is not a date")
end

-- "a tag or personalized", "an item collection"
local function kinds(to)
  local words = type(to) == "table" and table.concat(to, " or ") or to or "known object"
  return (find(words, "^[aeiou]") and "an " or "a ") .. gsub(words, "_", " ")
end

local function first_kind(to)
  return type(to) == "table" and to[1] or to
end

local function looks_like_a_name(field, id, label, mode)
  local message = format("%s %s looks like a name; ", label, say.quote(id))
  local kind = first_kind(field.to)
  if not mode.entities or type(kind) ~= "string" or find(kind, " ", 1, true) then
    return message .. (field.missing_says or "it must be the id of " .. kinds(field.to))
  end
  return format('%swrite dps.ref("%s", %s), or its id', message, kind, say.quote(id))
end

function sayers.reference(field, value, label, mode)
  local id = value
  local expected = "the id of " .. kinds(field.to)
  if values.is_ref(value) then
    return format("%s must be %s, got %s", label, expected, tostring(value))
  end
  if mode.entities and type(value) == "table" then
    id = rawget(value, "id")
    if type(id) ~= "string" then
      return format("%s must be %s, got a table without an id; create it or look it up first",
        label, expected)
    end
  elseif type(value) ~= "string" then
    return wrong_type(label, expected, value)
  end
  if find(id, " ", 1, true) then
    return looks_like_a_name(field, id, label, mode)
  end
  local _, message = values.check_id(id)
  return format("%s %s is not an id: %s", label, say.quote(id), message or "")
end

---Why a value does not fit its field; ask only when it does not.
---@param field dps.Field  not an array or object
---@param value any
---@param label string     the field's name
---@param mode table       { create = boolean, entities = boolean }
---@return string
function say.field(field, value, label, mode)
  return sayers[field.type](field, value, label, mode)
end

return say
