-- JSON for scripts and for dps itself: RFC 8259 both ways, with exact integers and arrays that
-- stay arrays. Decoding is lua-cjson's, between a strict scan and a repair in C; encoding is ours.
-- Bad data is never raised, only a call that is wrong in itself. No other module requires cjson.
local cjson = require "cjson"
local native = require "dps.native"

---JSON text to Lua values and back. Bad data is never raised, only a call that is wrong in itself.
---@class dps.json
local json = {}

--- JSON null; a table field that is nil is simply absent.
---@type lightuserdata
json.null = cjson.null

local parser = cjson.new()
parser.decode_invalid_numbers(false)
local parse = parser.decode

---How JSON is written.
---@class dps.json.Options
---@field sorted? boolean  write object keys in byte order: for what is hashed, stored or compared
---@field indent? boolean  one entry a line, two spaces a level: for people

local known_options = { sorted = true, indent = true }

local function check_options(options)
  if type(options) ~= "table" then
    error("json.encode: the options must be a table, not a " .. type(options), 3)
  end
  for name in pairs(options) do
    if not known_options[name] then
      error("json.encode: unknown option '" .. tostring(name) .. "' (known: sorted, indent)", 3)
    end
  end
end

-- The text of a date object: a table whose metatable has `__dps_date` (dps.date).
local function date_text(value)
  local metatable = getmetatable(value)
  local give = type(metatable) == "table" and rawget(metatable, "__dps_date")
  return give and give(value)
end

local DEPTH = 128

-- A copy with date objects as their text; `copies.found` says whether there was one. The encoder
-- runs no Lua and refuses them, so that only a value that has one is walked twice. What is nested
-- deeper than it writes stays as it is.
local function with_dates(value, copies, depth)
  local text = type(value) == "table" and date_text(value)
  if text then
    copies.found = true
    return text
  elseif type(value) ~= "table" or copies[value] or depth > DEPTH then
    return copies[value] or value
  end
  local copy = {}
  copies[value] = copy
  for key, item in next, value do
    copy[key] = with_dates(item, copies, depth + 1)
  end
  local is_array = getmetatable(value) == native.array_mt
  return is_array and setmetatable(copy, native.array_mt) or copy
end

local function encode(value, sorted, indent)
  local text, message, path = native.json_encode(value, sorted, indent)
  if text then
    return text
  end
  local copies = {}
  local copy = with_dates(value, copies, 1)
  if copies.found then
    return native.json_encode(copy, sorted, indent)
  end
  return nil, message, path
end

--- Writes a value as JSON text. Tables whose keys are exactly 1..n, and tables marked by
--- `json.array`, become arrays; other tables with string keys become objects, the empty table too.
--- Date objects (dps.date) are written in UTC; metamethods are ignored. Refused: NaN and
--- infinities, functions, userdata, cycles, lists with holes or named fields, keys that are no
--- strings, more than 128 levels, invalid UTF-8, more than 64 MiB of text. Source: RFC 8259.
---@param value any  tables, texts, numbers, booleans, dates, json.null
---@param options? dps.json.Options  how it is written; compact when absent
---@return string? text  nil when it can't be written
---@return string? message  what is wrong
---@return string? path  where, as "representations[1].components[2].content"; "": the value itself
function json.encode(value, options)
  if options == nil then
    return encode(value)
  end
  check_options(options)
  return encode(value, options.sorted, options.indent)
end

-- At most 30 bytes of the text, without control characters and without part of a character.
local function excerpt(text, position)
  local piece = text:sub(position, position + 29):gsub("%c", " ")
  for last = #piece, math.max(#piece - 3, 1), -1 do
    local whole = piece:sub(1, last)
    if utf8.len(whole) then
      return whole
    end
  end
  return (piece:gsub("[\x80-\xFF]", "?"))
end

-- "line 3, column 14: expected a value, near 'tru]'"; columns count characters, both from 1.
local function located(text, message, position)
  local line, start = 1, 1
  local newline = text:find("\n", 1, true)
  while newline and newline < position do
    line, start = line + 1, newline + 1
    newline = text:find("\n", start, true)
  end
  local column = (utf8.len(text, start, position - 1) or position - start) + 1
  local what = "at the end of the text"
  if position <= #text then
    what = "near '" .. excerpt(text, position) .. "'"
  end
  return ("line %d, column %d: %s, %s"):format(line, column, message, what)
end

--- Reads JSON text. Integers of 64 bits are Lua integers, and so are floats that are whole and
--- below 2^53 in size (2.0 is 2); arrays are marked, so that they are written back as arrays even
--- when they have become empty. Of a key that occurs twice the last value stays. Never raises.
--- Source: RFC 8259.
---@param text string  UTF-8
---@return any value  nil when the text is no JSON; `json.null` for null
---@return string? message  what is wrong, with line, column and at most 30 bytes of the text
function json.decode(text)
  if type(text) ~= "string" then
    return nil, "JSON text must be a string, not a " .. type(text)
  end
  local ready, mark, position = native.json_prepare(text)
  if not ready then
    return nil, located(text, mark, position)
  end
  local ok, value = pcall(parse, ready)
  if not ok then
    return nil, tostring(value)
  end
  return native.json_repair(value, mark)
end

local function is_sequence(t)
  local count = 0
  for _ in next, t do
    count = count + 1
    if rawget(t, count) == nil then
      return false
    end
  end
  return true
end

--- Marks a table as a JSON array, so that it is written as `[]` when it is empty.
---@generic T: table
---@param t? T  exactly the keys 1..n, no metatable of its own; absent: a new table
---@return T t  the same table
function json.array(t)
  t = t == nil and {} or t
  if type(t) ~= "table" then
    error("json.array: expected a table, not a " .. type(t), 2)
  end
  local metatable = getmetatable(t)
  if metatable ~= nil and metatable ~= native.array_mt then
    error("json.array: the table has a metatable of its own", 2)
  end
  if not is_sequence(t) then
    error("json.array: the table is not a list (its keys are not exactly 1 to n)", 2)
  end
  return setmetatable(t, native.array_mt)
end

--- Whether a value would be written as a JSON array: a table that is marked, or a list that is not
--- empty.
---@param t any  what is asked about
---@return boolean
function json.is_array(t)
  if type(t) ~= "table" then
    return false
  end
  return getmetatable(t) == native.array_mt or (next(t) ~= nil and is_sequence(t))
end

--- Whether a value can be read as a list: an array, or a table with nothing in it.
---@param t any  what is asked about
---@return boolean
function json.is_list(t)
  return type(t) == "table" and is_sequence(t)
end

return json
