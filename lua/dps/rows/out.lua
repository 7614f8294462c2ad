-- Rows out: as CSV, TSV, JSON or JSON Lines, one after the other, so that what is written is in the
-- file before the next row is made. Whatever can be written is read back as it was; what can not is
-- refused.

local columns_of = require "dps.csv.columns"
local err = require "dps.err"
local json = require "dps.json"
local options_of = require "dps.options"
local values_of = require "dps.schema.value"

local find, format, mtype = string.find, string.format, math.type

local out = {}

---How rows are written.
---@class dps.rows.WriterOptions
---@field columns? string[]   the names of the columns in their order; CSV and TSV need them
---@field separator? string   one ASCII character between fields; "," when absent, in TSV a tab
---@field decimal? ","|"."    the decimal sign of numbers; "." when absent
---@field format? "csv"|"tsv"|"json"|"jsonl"  where the name of the file does not say it

---A file that rows are written to. What can't be written so that it is read back as it was is an
---error of kind "invalid"; a disk that is full is one of kind "refused".
---@class dps.rows.Writer
---@field path string    as it was given
---@field count integer  rows written
local Writer = {}
Writer.__index = Writer
Writer.__name = "dps.rows.writer"

local function refuse(self, text, ...)
  err.raise { kind = "invalid", message = ("%s: %s"):format(self.path, text:format(...)),
    hint = "correct the row, or leave the field out" }
end

-- CSV ---------------------------------------------------------------------------------------------

-- The shortest decimal that is this number again.
local function number_text(number)
  if mtype(number) == "integer" then return format("%d", number) end
  for digits = 15, 17 do
    local text = format("%." .. digits .. "g", number)
    if tonumber(text) == number then return text end
  end
end

local function field_text(self, value, column)
  local kind = type(value)
  if kind == "string" then
    if find(value, "\0", 1, true) or not utf8.len(value) then
      refuse(self, "row %d: %s: is not UTF-8 text", self.count + 1, column)
    end
    return value
  elseif value == nil or values_of.is_null(value) then
    return ""
  elseif kind == "number" and value - value == 0 then
    local text = number_text(value)
    return self.decimal == "," and text:gsub("%.", ",") or text
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind == "table" and values_of.is_date(value) then
    return tostring(value)
  end
  refuse(self, "row %d: %s: a %s can't be written into a field", self.count + 1, column, kind)
end

local function quoted(self, text)
  if not find(text, self.special) then return text end
  return '"' .. text:gsub('"', '""') .. '"'
end

local function line_of(self, fields)
  for i, text in ipairs(fields) do fields[i] = quoted(self, text) end
  local line = table.concat(fields, self.separator)
  return line == "" and '""\n' or line .. "\n"
end

local function write_csv(self, row)
  local fields = {}
  for i, name in ipairs(self.columns) do fields[i] = field_text(self, row[name], name) end
  for name in next, row do
    if not self.known[name] then
      refuse(self, "row %d: there is no column for %s", self.count + 1, tostring(name))
    end
  end
  return line_of(self, fields)
end

-- A name is read without the blanks around it.
local function check_names(who, names)
  local good, fault = columns_of.given("columns", names)
  if not good then err.misuse(who .. ": " .. fault) end
  for i, name in ipairs(good) do
    if find(name, "^%s") or find(name, "%s$") or find(name, "\0", 1, true)
      or not utf8.len(name) then
      err.misuse(format("%s: columns[%d]: %q can't be the name of a column", who, i, name))
    end
  end
  return good
end

local function start_csv(self, who, options)
  self.separator = options.separator or (self.format == "tsv" and "\t" or ",")
  if type(self.separator) ~= "string" or not find(self.separator, '^[\t %p]$')
    or self.separator == '"' then
    err.misuse(who .. ': separator: one character such as "," or ";" is needed')
  end
  self.special = '["\r\n\xEF%' .. self.separator .. "]" -- EF begins a byte order mark
  self.decimal, self.columns, self.known = options.decimal, check_names(who, options.columns), {}
  for _, name in ipairs(self.columns) do self.known[name] = true end
  return line_of(self, table.move(self.columns, 1, #self.columns, 1, {}))
end

-- JSON --------------------------------------------------------------------------------------------

local function plain(value)
  if type(value) ~= "table" then return value end
  local text = values_of.is_date(value)
  return text or value
end

local function write_json(self, row)
  local copy = {}
  for name, value in next, row do copy[name] = plain(value) end
  local text, why, path = json.encode(copy, { sorted = true })
  if not text then refuse(self, "row %d: %s: %s", self.count + 1, path, why) end
  if self.format == "jsonl" then return text .. "\n" end
  return (self.count == 0 and "[\n" or ",\n") .. text
end

-- Writers -----------------------------------------------------------------------------------------

local FORMATS = {
  csv = { start = start_csv, write = write_csv }, tsv = { start = start_csv, write = write_csv },
  jsonl = { write = write_json }, json = { write = write_json },
}

local function check_written(self, ok, reason)
  if not ok then
    err.raise { kind = "refused", message = ("%s can't be written: %s"):format(self.path, reason),
      hint = "make room, or name another file" }
  end
end

---Writes a row.
---@param row table  by the names of the columns; dates as they write themselves
function Writer:write(row)
  if self.closed then err.misuse("write: " .. self.path .. " is closed already") end
  if type(row) ~= "table" then err.misuse("write: a row must be a table, not a " .. type(row)) end
  self.put(FORMATS[self.format].write(self, row))
  self.count = self.count + 1
end

---Raises what writing a row would raise, and writes nothing.
---@param row table  by the names of the columns
function Writer:check(row)
  FORMATS[self.format].write(self, row)
end

---Hands what is written so far to the system. Raises where it has no room for it.
function Writer:flush()
  if self.file then check_written(self, self.file:flush()) end
end

---Ends the file.
function Writer:close()
  if self.closed then return end
  self.closed = true
  if self.format == "json" then self.put(self.count == 0 and "[]\n" or "\n]\n") end
  if self.file then check_written(self, self.file:close()) end
end

Writer.__close = Writer.close

local OPTIONS = { "format", "columns", "separator", "decimal" }

---Rows as text, for whatever takes it.
---@param path string                what messages call it
---@param put fun(text: string)
---@param options table              as for out.open, with `format`
---@return dps.rows.Writer
function out.lines(path, put, options)
  local self = setmetatable({ path = path, count = 0, format = options.format, put = put }, Writer)
  local start = FORMATS[self.format].start
  if start then put(start(self, path, options)) end
  return self
end

---@param who string
---@param path string
---@param options dps.rows.WriterOptions?
---@param kind string?    the format, where the function's name says it
---@return dps.rows.Writer
function out.open(who, path, options, kind)
  options = options_of.check(who, options, OPTIONS)
  if type(path) ~= "string" or path == "" then
    err.misuse(who .. ": a path is needed, not a " .. type(path))
  end
  local self = setmetatable({ path = path, count = 0, format = kind or options.format }, Writer)
  local start = FORMATS[self.format].start
  local head = start and start(self, who, options)
  local file, reason = io.open(path, "wb")
  if not file then
    err.raise { kind = "refused", message = reason .. ", so it can't be written",
      hint = "name a file in a folder that exists and may be written to" }
  end
  self.file = file
  function self.put(text) check_written(self, file:write(text)) end
  if head then self.put(head) end
  return self
end

---Whether a value is a writer.
---@param value any
---@return boolean
function out.is(value)
  return type(value) == "table" and rawequal(getmetatable(value), Writer)
end

return out
