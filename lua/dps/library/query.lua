-- The query of a list, read: the `property` grammar, ordering, page size and cursor of contract
-- section 2. Pure: text in, a plain table out (dps.library.select turns it into SQL).

local json = require "dps.json"
local routes = require "dps.library.routes"
local url = require "dps.url"

local query = {}

local DEFAULT_ORDER = "-modified"
local DEFAULT_LIMIT = 50
local CASE, PART = 1, 2 -- flags of a regular expression, as in regex.h
local MAX_TERMS = 100 -- SQLite takes expressions 1000 deep
local MAX_SORT_FIELDS = 16
local MAX_CURSOR = 4096

local OPERATORS = {
  ["=="] = true, ["!="] = true, ["<="] = true, [">="] = true, ["<"] = true, [">"] = true,
  ["~"] = true,
}

---The operators of a filter, in order.
---@return string[]
function query.operators()
  local found = {}
  for op in pairs(OPERATORS) do
    found[#found + 1] = op
  end
  table.sort(found)
  return found
end

---@class dps.library.Term   one condition
---@field negated boolean    written with "!" before the field
---@field path string[]      steps of the field
---@field op string          "==" "!=" "<=" ">=" "<" ">" "~" or "exists"
---@field value string?
---@field text string        as it was written, decoded

---@class dps.library.SortKey
---@field path string[]
---@field descending boolean

---@class dps.library.Cursor  a place in a list: just after, or just before, a row
---@field backward boolean
---@field values table         the row's sort values, nil for absent ones; `n` of them
---@field seq integer          the row's own number, which breaks ties

---@class dps.library.Query
---@field terms dps.library.Term[]
---@field order dps.library.SortKey[]
---@field order_text string
---@field limit integer
---@field max_limit integer
---@field flags integer       of regular expressions
---@field cursor dps.library.Cursor?
---@field start string?       the cursor as it came

-- Every reader below may stop the whole reading with a message; query.parse catches it.
local function refuse(status, format, ...)
  error({ status = status, detail = format:format(...) }, 0)
end

---@return string[]
local function parse_path(text, whole)
  local path = {}
  for step in (text .. "."):gmatch "([^.]*)%." do
    if step == "" or step:find '["%c]' or not utf8.len(step) then
      refuse(400, "'%s' does not name a field", whole)
    end
    path[#path + 1] = step
  end
  return path
end

-- Filters -----------------------------------------------------------------------------------------

local function parse_operator(rest, text)
  local op = rest:match "^[=!<>]=" or rest:match "^[<>~]"
  if not OPERATORS[op] then
    refuse(400, "'%s' has no operator that is known; use == != <= >= < > ~", text)
  end
  return op, rest:sub(#op + 1)
end

---@param text string  one expression, decoded
---@return dps.library.Term
local function parse_term(text)
  local bang, field, rest = text:match "^(!?)([^=!<>~]+)(.*)$"
  if not field then
    refuse(400, "'%s' is no filter; write field, !field or field==value", text)
  end
  local term = { negated = bang == "!", path = parse_path(field, text), op = "exists", text = text }
  if rest ~= "" then
    term.op, term.value = parse_operator(rest, text)
  end
  return term
end

-- Raw commas part expressions before anything is decoded, so that %2C can be part of a value.
local function parse_property(terms, raw)
  for part in (raw .. ","):gmatch "([^,]*)," do
    terms[#terms + 1] = parse_term(routes.decode(part, true))
  end
  if #terms > MAX_TERMS then
    refuse(400, "more than %d filters", MAX_TERMS)
  end
end

-- Order and size ----------------------------------------------------------------------------------

local function parse_order(text)
  local order = {}
  for part in (text .. ","):gmatch "([^,]*)," do
    local minus, field = part:match "^%s*(%-?)(.-)%s*$"
    order[#order + 1] = { path = parse_path(field, text), descending = minus == "-" }
  end
  if #order > MAX_SORT_FIELDS then
    refuse(400, "more than %d fields in orderby", MAX_SORT_FIELDS)
  end
  return order
end

local function parse_limit(text, most)
  local limit = #text <= 9 and text:find "^%d+$" and math.tointeger(tonumber(text))
  if not limit or limit < 1 or limit > most then
    refuse(400, "limit must be a whole number from 1 to %d, not '%s'", most, text)
  end
  return limit
end

-- Cursors -----------------------------------------------------------------------------------------
-- Hex of a JSON array: direction, the order it belongs to, the row's number, its sort values.
-- Opaque to callers.

---@param cursor dps.library.Cursor
---@param order_text string
---@return string|nil  nil when the row's values are too long to travel in a link
function query.format_cursor(cursor, order_text)
  local fields = { cursor.backward and "before" or "after", order_text, cursor.seq }
  for i = 1, cursor.values.n do
    local value = cursor.values[i]
    fields[i + 3] = value == nil and json.null or value
  end
  local text = json.encode(fields)
  return #text <= MAX_CURSOR and text:gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end) or nil
end

local function unhex(text)
  if #text > 2 * MAX_CURSOR or #text % 2 == 1 or text:find "%X" then
    return ""
  end
  return (text:gsub("%x%x", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local SORTABLE = { string = true, number = true }

local function cursor_values(fields, count)
  local values = { n = count }
  for i = 1, count do
    local value = fields[i + 3]
    if SORTABLE[type(value)] then
      values[i] = value
    elseif value ~= json.null then
      return nil
    end
  end
  return values
end

---@return dps.library.Cursor
local function parse_cursor(text, order_text, count)
  local fields = json.decode(unhex(text))
  local good = type(fields) == "table" and #fields == count + 3 and fields[2] == order_text
    and math.type(fields[3]) == "integer" and (fields[1] == "before" or fields[1] == "after")
  local values = good and cursor_values(fields, count)
  if not values then
    refuse(400, "start must come from a link of this same list; begin again without it")
  end
  return { backward = fields[1] == "before", values = values, seq = fields[3] }
end

-- A whole query -----------------------------------------------------------------------------------

local READERS = {
  property = function(found, raw)
    parse_property(found.terms, raw)
  end,
  orderby = function(found, raw)
    found.order_text = routes.decode(raw, true)
  end,
  limit = function(found, raw)
    found.limit = parse_limit(routes.decode(raw, true), found.max_limit)
  end,
  start = function(found, raw)
    found.start = routes.decode(raw, true)
  end,
}
READERS.orderBy = READERS.orderby -- the table of the docs says orderBy, the service's links orderby

local function parse(parameters, settings)
  local found = {
    terms = {}, order_text = DEFAULT_ORDER, max_limit = settings.max_limit,
    limit = math.min(DEFAULT_LIMIT, settings.max_limit),
    flags = (settings.regex_case and CASE or 0) | (settings.regex_part and PART or 0),
  }
  for _, parameter in ipairs(parameters) do
    local read = READERS[parameter.name]
    if read then
      read(found, parameter.raw)
    end
  end
  found.order = parse_order(found.order_text)
  if found.start then
    found.cursor = parse_cursor(found.start, found.order_text, #found.order)
  end
  return found
end

---@param parameters dps.library.Parameter[]  unknown ones are ignored, as with the service
---@param settings table<string, any>  of dps.library.switches
---@return dps.library.Query|nil
---@return {status: integer, detail: string}|nil
function query.parse(parameters, settings)
  local done, result = pcall(parse, parameters, settings)
  if done then
    return result
  elseif type(result) == "table" then
    return nil, result
  end
  error(result, 0)
end

-- Links -------------------------------------------------------------------------------------------

---A link of a page, relative to the base of the service and not to its host (contract section 2).
---@param place dps.library.Place
---@param found dps.library.Query
---@param start string?
---@return string
function query.href(place, found, start)
  local order = "orderby=" .. url.escape(found.order_text, ",")
  local parameters = { { "limit", found.limit }, { "start", start } }
  for _, fixed in ipairs(url.parameters(place.query)) do
    -- in upper case, as in the service's own links
    parameters[#parameters + 1] = { fixed[1], fixed[2]:upper() }
  end
  for _, term in ipairs(found.terms) do
    parameters[#parameters + 1] = { "property", term.text }
  end
  return ("%s?%s&%s"):format(place.path, order, url.query(parameters))
end

return query
