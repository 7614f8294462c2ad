-- What a single value is, to the schema: raw, null, a date, an id, an address, plain JSON. Shared
-- by the parts of dps.schema. Nothing here raises on any value or follows a metatable.

local values = {}

local date = require "dps.date.wire"

local find, gsub, huge, match = string.find, string.gsub, math.huge, string.match
local getmetatable, next, rawequal, rawget, rawlen, type = getmetatable, next, rawequal, rawget,
  rawlen, type
local loaded = package.loaded

-- One string alone may not pass what a whole offer may hold (contract 8.2, "offer size").
values.STRING_CEILING = 300 * 1024
values.DEPTH_CEILING = 100
local INSTANTS_CEILING = 512

-- Marks a table that passes unchecked: `dps.raw{ ... }`.
local raw_mt = { __name = "dps.raw" }

---A table that passes unchecked, for what Adobe takes and dps does not know yet.
---@param value table  marked in place; a table that has a metatable already is copied first
---@return table
function values.raw(value)
  if type(value) ~= "table" then
    error("dps.raw takes a table, got a " .. type(value), 2)
  end
  local marked = value
  if getmetatable(value) ~= nil then
    marked = {}
    for key, item in next, value do
      marked[key] = item
    end
  end
  return setmetatable(marked, raw_mt)
end

---@param value any
---@return boolean
function values.is_raw(value)
  return type(value) == "table" and rawequal(getmetatable(value), raw_mt)
end

-- Marks a name in the place of an id: `dps.ref("placement", "Homepage hero")`.
local ref_mt = { __name = "dps.ref" }

function ref_mt.__tostring(self)
  return ('dps.ref("%s", "%s")'):format(self.kind, self.name)
end

---A name in the place of an id, as dps.ref makes it.
---@class dps.Ref
---@field kind string  the name of a resource, such as "placement"
---@field name string  of the object

---@param kind string
---@param name string
---@return dps.Ref
function values.new_ref(kind, name)
  return setmetatable({ kind = kind, name = name }, ref_mt)
end

---@param value any
---@return boolean
function values.is_ref(value)
  return type(value) == "table" and rawequal(getmetatable(value), ref_mt)
end

---Whether `value` is JSON's null (dps.null); no script has it before dps.json is loaded.
---@param value any
---@return boolean
function values.is_null(value)
  local json = loaded["dps.json"]
  return value ~= nil and type(json) == "table" and rawequal(value, json.null)
end

---The wire text of a date object: a table whose metatable has `__dps_date`, a function that gives
---the text. Anything else is no date object.
---@param value any
---@return string|nil
function values.is_date(value)
  local mt = type(value) == "table" and getmetatable(value)
  local give = type(mt) == "table" and rawget(mt, "__dps_date")
  if type(give) ~= "function" then
    return nil
  end
  local done, text = pcall(give, value)
  return done and type(text) == "string" and text or nil
end

-- A date object may hold its moment where it can be read without writing it: `__dps_moment`, beside
-- `__dps_date`, is the key of that field.
local moment_of = require("dps.native").date_moment

local instants, instants_held = {}, 0

---The moment that a date stands for; remembers the dates of late, since a campaign repeats them.
---@param value any  a string with an offset (RFC 3339) or a date object
---@return integer|nil  milliseconds since the epoch
---@return string|nil reason
function values.instant(value)
  local moment = instants[value] or moment_of(value)
  if moment then
    return moment
  end
  local text = type(value) == "string" and value or values.is_date(value)
  if not text then
    return nil, "is not a date"
  end
  local reason
  moment, reason = date.parse(text)
  if moment and text == value then
    if instants_held >= INSTANTS_CEILING then
      instants, instants_held = {}, 0
    end
    instants[text], instants_held = moment, instants_held + 1
  end
  return moment, reason
end

---Whether an id can stand in a request path; see resource.check_id.
---@param id any
---@return true|nil
---@return string|nil message
function values.check_id(id)
  if type(id) ~= "string" then
    return nil, "an id must be a string"
  elseif id == "" then
    return nil, "an id can't be empty"
  elseif #id > 1024 then
    return nil, "an id can't be that long"
  elseif find(id, "[/?#%s%c]") then
    return nil, "an id can't contain / ? # spaces or control characters"
  elseif id == "." or id == ".." then
    return nil, "an id can't be a path step"
  end
  return true
end

-- What cannot be written down as JSON is a problem also where names are free. `seen` has false for
-- a table that the walk is inside of, true for one that was found good.
local plain

local function plain_table(value, seen, depth)
  local list, count = rawlen(value) > 0, 0
  for key, item in next, value do
    count = count + 1
    local fits = list and key == count or not list and type(key) == "string"
    if not fits or not plain(item, seen, depth) then
      return false
    end
  end
  return true
end

function plain(value, seen, depth)
  local kind = type(value)
  if kind == "string" then
    return #value <= values.STRING_CEILING
  elseif kind == "number" then
    return value == value and value ~= huge and value ~= -huge
  elseif kind ~= "table" then
    return kind == "boolean" or values.is_null(value)
  end
  local mt = getmetatable(value)
  if mt ~= nil and (rawequal(mt, raw_mt) or values.is_date(value)) then
    return true
  elseif rawequal(mt, ref_mt) then
    return false
  elseif seen[value] ~= nil or depth >= values.DEPTH_CEILING then
    return seen[value] == true
  end
  seen[value] = false
  seen[value] = plain_table(value, seen, depth + 1)
  return seen[value]
end

---Whether a value without a description can be sent: no function, NaN, cycle, gap or mixed keys.
---@param value any
---@return boolean
function values.is_plain(value)
  return plain(value, {}, 1)
end

---Whether a name that no field has may stand in an object.
---@param open boolean|string|nil  true, or the pattern of such names
---@param key string
---@return boolean
function values.is_free(open, key)
  return open == true or type(open) == "string" and find(key, open) ~= nil
end

---Whether `text` is an absolute http or https address without spaces or control characters.
---@param text string
---@return boolean
function values.is_url(text)
  if find(text, "^https?://%w[%w.-]*%f[/?#\0]%g*$") then
    return true -- nearly all of them
  end
  local authority = match(text, "^[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*)")
  if not authority or find(text, "[%s%c]") then
    return false
  end
  local host = gsub(authority, "^.*@", "")
  return find(host, "^[^:%[%]]+:?%d*$") ~= nil or find(host, "^%[[%x:.]+%]:?%d*$") ~= nil
end

---The id that a reference stands for.
---@param value any  a string, or an entity with an `id`
---@return any
function values.id_of(value)
  return type(value) == "table" and rawget(value, "id") or value
end

return values
