-- Where rows come from, and the object that a script walks over: bytes of a file or a text on one
-- side, one row after the other on the other. Knows no format.

local err = require "dps.err"

local source = {}

---@class dps.rows.Bytes
---@field name string  what messages call it
---@field read fun(size: integer): string?, string?  next bytes; nil at the end; nil and a reason
---@field close fun()
---@field file file*?  what is read

local CORRECT = "correct the file at this place, save it as UTF-8, and run the script again"

local function misuse(who, format, ...)
  err.misuse(who .. ": " .. format:format(...))
end

local function nothing() end

---@param who string
---@param text any
---@return dps.rows.Bytes
function source.of_text(who, text)
  if type(text) ~= "string" then misuse(who, "a string is needed, not a %s", type(text)) end
  local unread = text
  return { name = "text", close = nothing, read = function()
    local all = unread
    unread = nil
    return all
  end }
end

local function of_file(name, file, close)
  return { name = name, close = close, file = file, read = function(size)
    local bytes, reason = file:read(size)
    return bytes, not bytes and reason or nil
  end }
end

---@param who string
---@param from any  a path, or a file that the caller opened and will close
---@return dps.rows.Bytes
function source.of_file(who, from)
  if io.type(from) == "file" then return of_file("file", from, nothing) end
  if type(from) ~= "string" then
    misuse(who, "a path or an open file is needed, not a %s", io.type(from) or type(from))
  end
  local file, reason = io.open(from, "rb")
  if not file then
    err.raise { kind = "invalid", message = reason,
      hint = "check the path: it is looked up from the folder that dps was started in" }
  end
  return of_file(from, file, function()
    if io.type(file) == "file" then file:close() end
  end)
end

---Raises kind "invalid" for a place in a file.
---@param place string  such as "offers.csv:3:1"
---@param text string
function source.refuse(place, text)
  err.raise { kind = "invalid", message = place .. ": " .. text, hint = CORRECT }
end

---Rows on their way in: `for row, line in rows do ... end`, where `row` is a table by the names of
---the columns and `line` the one that it starts on. A row that is not as it should be ends the loop
---with an error of kind "invalid" that names file and line.
---@class dps.Rows
---@field name string      what messages call the source
---@field names string[]?  its columns, where it says so before the first row
---@field file file*?      the file that is read, closed at its end
---@field text { separator: string? }?  of rows that are text: what separates their fields, where
---  the format alone does not say it
local Rows = {}
Rows.__index = Rows
Rows.__name = "dps.rows"

---@param bytes dps.rows.Bytes
---@param next_row fun(): table?, integer?  raises for what can't be read on from
---@param convert nil|fun(row: table): dps.Problem[]?
---@param names string[]?
---@return dps.Rows
function source.new(bytes, next_row, convert, names)
  return setmetatable({ name = bytes.name, names = names, file = bytes.file, _next = next_row,
    _convert = convert, _close = bytes.close, _ended = false }, Rows)
end

---Whether a value is such an object.
---@param value any
---@return boolean
function source.is(value)
  return type(value) == "table" and rawequal(getmetatable(value), Rows)
end

local function fault_of(self, line, problems)
  local place, words = ("%s:%d"):format(self.name, line), {}
  for i, problem in ipairs(problems) do
    words[i] = problem.path .. ": " .. problem.message
    problem.path = place .. ": " .. problem.path
  end
  return err.new { kind = "invalid", problems = problems, hint = CORRECT,
    message = place .. ": " .. table.concat(words, "; ") }
end

local function copy_of(row)
  local copy = {}
  for name, value in next, row do copy[name] = value end
  return copy
end

---The next row, also when its columns do not hold what they should: the third value then says why,
---and the rows after it can still be read. Raises for what is no row at all.
---@param keep boolean?   give also the row as it was read
---@return table? row     nil at the end
---@return integer? line  that it starts on
---@return dps.Error? fault
---@return table? read    its texts, before the columns' types made values of them
function Rows:try(keep)
  if self._ended then return nil end
  self._ended = true -- and so it stays when reading raises
  local row, line = self._next()
  if not row then
    self._close()
    return nil
  end
  self._ended = false
  local read = keep and copy_of(row) or nil
  local problems = self._convert and self._convert(row)
  return row, line, problems and fault_of(self, line, problems) or nil, read
end

---Ends the reading; what was opened for it is closed.
function Rows:close()
  self._ended = true
  self._close()
end

function Rows:__call()
  local row, line, fault = self:try()
  if not fault then return row, line end
  self:close()
  fault.where = fault.where or err.where()
  error(fault, 0)
end

Rows.__close = Rows.close

return source
