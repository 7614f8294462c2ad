-- The columns of rows that come in: text, or a JSON value, becomes what a script says the column
-- holds, or a fault in words. What is not understood is never guessed. It reads no file.

local columns_of = require "dps.csv.columns"
local err = require "dps.err"
local options_of = require "dps.options"
local suggest = require "dps.suggest"
local values_of = require "dps.schema.value"

local find, format, lower, match = string.find, string.format, string.lower, string.match
local tointeger, tonumber, type = math.tointeger, tonumber, type

local types = {}

---A column by more than its type.
---@class dps.rows.Column
---@field type string      "text", "integer", "number", "boolean" (true yes 1, false no 0), "date",
---  each with "?" behind it for a column that may be empty; an empty field is then nil
---@field zone? string     of a date: the zone of wall clocks
---@field values? string[] of text: all that it may be
---@field optional? boolean  the same as "?"

---What each column holds, by its name: a type such as "integer" or "date?", a table that says more,
---or a function that makes the value of the text, or returns nil and what is wrong with it.
---@alias dps.rows.Types table<string, string|dps.rows.Column|fun(text: any): any, string?>

local function quote(text)
  text = tostring(text)
  return format('"%s"', #text > 60 and text:sub(1, 57) .. "..." or text)
end

-- Kinds: from text, and from a value that JSON had typed already ----------------------------------

local kinds = {}

kinds.text = { noun = "text" }

function kinds.text.of_text(text, spec)
  if spec.known and not spec.known[text] then
    local nearest = suggest.nearest(text, spec.values)
    return nil, format("%s is not one of %s%s", quote(text), table.concat(spec.values, ", "),
      nearest and format(' (did you mean "%s"?)', nearest) or "")
  end
  return text
end

function kinds.text.of_value(value, spec)
  if type(value) ~= "string" then return nil, "is a " .. type(value) .. ", not text" end
  return kinds.text.of_text(value, spec)
end

kinds.integer = { noun = "a whole number" }

function kinds.integer.of_text(text)
  local digits = find(text, "^[+-]?%d+$")
  local number = digits and tointeger(tonumber(text))
  if number then return number end
  return nil, quote(text) .. (digits and " is too large for a whole number"
    or " is no whole number")
end

function kinds.integer.of_value(value)
  local number = type(value) == "number" and tointeger(value)
  if number then return number end
  return nil, (type(value) == "number" and tostring(value) or quote(value)) .. " is no whole number"
end

kinds.number = { noun = "a number" }

local DECIMAL = "^[+-]?%d+%.?%d*[eE]?[+-]?%d*$"

function kinds.number.of_text(text, spec)
  local plain = text
  if spec.decimal == "," then
    if find(text, ".", 1, true) then
      return nil, quote(text) .. ' is no number; its decimal sign is "," here'
    end
    plain = text:gsub(",", ".", 1)
  end
  local number = find(plain, DECIMAL) and tonumber(plain)
  if number and number - number == 0 then return number end
  return nil, quote(text) .. " is no number" .. (spec.decimal ~= "," and find(text, "%d,%d")
    and '; if the comma is the decimal sign, say { decimal = "," }' or "")
end

function kinds.number.of_value(value)
  if type(value) == "number" then return value end
  return nil, quote(value) .. " is no number"
end

local BOOLEANS = { ["true"] = true, yes = true, ["1"] = true, ["false"] = false, no = false,
  ["0"] = false }

kinds.boolean = { noun = "true or false" }

function kinds.boolean.of_text(text)
  local value = BOOLEANS[lower(text)]
  if value ~= nil then return value end
  return nil, quote(text) .. " is neither true, yes, 1 nor false, no, 0"
end

function kinds.boolean.of_value(value)
  if type(value) == "boolean" then return value end
  return nil, quote(value) .. " is neither true nor false"
end

kinds.date = { noun = "a date" }

-- What dps.date says begins with the text itself.
local function no_date(text, reason)
  local shown = format('"%s" ', text)
  if reason:sub(1, #shown) == shown then reason = "it " .. reason:sub(#shown + 1) end
  return nil, quote(text) .. " is no date: " .. reason
end

-- Rows that stand together often have the same date; to remember more costs more than it saves.
function kinds.date.of_text(text, spec)
  if text == spec.last then return spec.last_date end
  local date, reason = spec.parse(text, spec.zone)
  if not date then return no_date(text, reason) end
  spec.last, spec.last_date = text, date
  return date
end

function kinds.date.of_value(value, spec)
  if type(value) == "string" then return kinds.date.of_text(value, spec) end
  return nil, quote(value) .. " is no date"
end

-- Compiling ---------------------------------------------------------------------------------------

local NAMES = { "text", "integer", "number", "boolean", "date" }
local KEYS = { "type", "zone", "values", "optional" }

local function unknown_type(who, column, kind)
  local nearest = suggest.nearest(kind, NAMES)
  err.misuse(format('%s: columns.%s: unknown type "%s" (%s)', who, column, tostring(kind), nearest
    and format('did you mean "%s"?', nearest) or "known: " .. table.concat(NAMES, ", ")))
end

local function custom(column, f)
  local function convert(value)
    local made, reason = f(value)
    if made == nil and reason ~= nil then return nil, quote(value) .. " " .. tostring(reason) end
    return made
  end
  return { name = column, convert = convert, value = convert, custom = true }
end

local function check_values(who, column, values)
  if values == nil then return nil end
  if type(values) ~= "table" or #values == 0 then
    err.misuse(format("%s: columns.%s: values must be a list of texts", who, column))
  end
  local known = {}
  for _, value in ipairs(values) do known[value] = true end
  return known
end

-- A zone that does not exist is the script's mistake, not that of any row.
local function check_zone(who, column, zone)
  local date = require "dps.date"
  local made, reason = date.try("2026-01-01T00:00:00Z", zone)
  if not made then err.misuse(format("%s: columns.%s: %s", who, column, reason)) end
  return date.try
end

local function spec_of(who, column, given, defaults)
  local spec = type(given) == "table" and options_of.check(who .. ": columns." .. column, given,
    KEYS) or { type = given }
  local kind, mark = match(type(spec.type) == "string" and spec.type or "", "^(%a+)(%??)$")
  if not kinds[kind] then unknown_type(who, column, spec.type) end
  local made = {
    kind = kinds[kind], optional = mark == "?" or spec.optional == true, decimal = defaults.decimal,
    zone = spec.zone or defaults.zone, values = spec.values,
    known = check_values(who, column, spec.values),
  }
  if kind == "date" then
    made.parse = check_zone(who, column, made.zone)
  end
  return made
end

local function standard(who, column, given, defaults)
  local spec = spec_of(who, column, given, defaults)
  local noun, optional = spec.kind.noun, spec.optional
  local of_text, of_value = spec.kind.of_text, spec.kind.of_value
  local function missing(how)
    if optional then return nil end
    return nil, how .. "; " .. noun .. " is needed"
  end
  return {
    name = column,
    as_it_is = spec.kind == kinds.text and not spec.known, -- text that is there
    convert = function(text)
      if text == "" then return missing "is empty" end
      return of_text(text, spec)
    end,
    value = function(value)
      if value == nil or values_of.is_null(value) then return missing "is missing" end
      return of_value(value, spec)
    end,
  }
end

---The options that all columns share, checked.
---@param who string
---@param options table
---@return {decimal: string?, zone: string?}
function types.defaults(who, options)
  local decimal, zone = options.decimal, options.zone
  if decimal ~= nil and decimal ~= "," and decimal ~= "." then
    err.misuse(who .. ': decimal must be "," or "."')
  elseif decimal == "," and (options.separator or ",") == "," and options.format ~= "tsv" then
    err.misuse(who .. ': with decimal "," another separator is needed, such as { separator = ";" }')
  elseif zone ~= nil and type(zone) ~= "string" then
    err.misuse(who .. ': zone must be the name of a time zone, such as "Europe/Paris"')
  end
  return { decimal = decimal, zone = zone }
end

---Reads the `columns` of a script: a list of names, or types by name.
---@param who string
---@param columns any
---@param defaults {decimal: string?, zone: string?}
---@return string[]? names      all columns that there must be; nil when nothing was said
---@return table[]? converters  { name =, convert = of text, value = of JSON }; nil: all text
function types.compile(who, columns, defaults)
  if columns == nil then return nil end
  if type(columns) ~= "table" or rawlen(columns) > 0 or next(columns) == nil then
    local names, fault = columns_of.given("columns", columns)
    if not names then err.misuse(who .. ": " .. fault) end
    return names
  end
  local names, converters = {}, {}
  for name in pairs(columns) do
    if type(name) ~= "string" then
      err.misuse(who .. ": columns: types by the names of columns are needed")
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    local given = columns[name]
    converters[i] = type(given) == "function" and custom(name, given)
      or standard(who, name, given, defaults)
  end
  return names, converters
end

---Those that change anything of a row of text whose fields are all filled.
---@param converters table[]
---@return table[]
function types.typed(converters)
  local typed = {}
  for _, converter in ipairs(converters) do
    if not converter.as_it_is then typed[#typed + 1] = converter end
  end
  return typed
end

---Puts what the columns hold in the place of what was read.
---@param row table          changed in place
---@param converters table[]
---@param how "convert"|"value"
---@return dps.Problem[]?    nil when all is well
function types.apply(row, converters, how)
  local problems
  for i = 1, #converters do
    local converter = converters[i]
    local name = converter.name
    local given = row[name]
    if not converter.as_it_is or type(given) ~= "string" or given == "" then
      local value, fault = converter[how](given)
      if fault then
        problems = problems or {}
        problems[#problems + 1] = { path = name, message = fault }
      else
        row[name] = value
      end
    end
  end
  return problems
end

return types
