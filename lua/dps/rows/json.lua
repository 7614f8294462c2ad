-- Rows in JSON: an array of objects, or one object a line (JSON Lines). Read in pieces, so that
-- memory stays constant; each object is decoded by itself, and what is wrong is told with its place
-- in the whole file.

local json = require "dps.json"
local results = require "dps.rows.results"
local source = require "dps.rows.source"
local suggest = require "dps.suggest"
local types = require "dps.rows.types"

local byte, find, format, match, sub = string.byte, string.find, string.format, string.match,
  string.sub

local rows_json = {}

local CHUNK = 64 * 1024
local MAX_ROW = 16 * 1024 * 1024
local BOM = "\xEF\xBB\xBF"
local QUOTE, BACKSLASH, OPEN, CLOSE = 34, 92, 123, 125

---@class dps.rows.json.reader
---@field text string    what is read and not yet forgotten
---@field pos integer    where the next row, or what is before it, starts
---@field line integer   the line of pos
---@field start integer  where that line starts in text; 0 or less when it is forgotten already
---@field final boolean

local function fail(self, at, text)
  local lines, start = 0, self.start
  for newline in sub(self.text, self.pos, at - 1):gmatch "()\n" do
    lines, start = lines + 1, self.pos + newline
  end
  local before = sub(self.text, math.max(start, 1), at - 1)
  local column = (utf8.len(before) or #before) + 1 + (start < 1 and -start + 1 or 0)
  self.close()
  source.refuse(format("%s:%d:%d", self.name, self.line + lines, column), text)
end

-- Forgets what lies before pos and reads on. False at the end.
local function fill(self)
  if self.final then return false end
  local rest = sub(self.text, self.pos)
  if #rest > MAX_ROW then
    fail(self, self.pos, format("a row of more than %d MiB", MAX_ROW >> 20))
  end
  local more, reason = self.read(math.max(CHUNK, #rest))
  if reason then
    self.close()
    source.refuse(self.name, reason)
  end
  self.start = self.start - self.pos + 1
  self.text, self.pos, self.final = rest .. (more or ""), 1, more == nil
  return true
end

-- Moves pos on, counting lines.
local function pass(self, to)
  local newline = find(self.text, "\n", self.pos, true)
  while newline and newline < to do
    self.line, self.start = self.line + 1, newline + 1
    newline = find(self.text, "\n", newline + 1, true)
  end
  self.pos = to
end

-- pos at what is no white space; false at the end of the file.
local function skip_space(self)
  repeat
    pass(self, match(self.text, "^[ \t\r\n]*()", self.pos))
    if self.pos <= #self.text then return true end
  until not fill(self)
  return false
end

local function open(bytes)
  local self = { name = bytes.name, read = bytes.read, close = bytes.close, text = "", pos = 1,
    line = 1, start = 1, final = false }
  fill(self)
  if sub(self.text, 1, 3) == BOM then self.pos, self.start = 4, 4 end
  return self
end

-- The places that the decoder tells are those of the object alone.
local function decode(self, from, to)
  local value, why = json.decode(sub(self.text, from, to))
  if value == nil then
    local line, column, rest = match(why, "^line (%d+), column (%d+): (.*)$")
    local at = from
    for _ = 2, tonumber(line) or 1 do at = find(self.text, "\n", at, true) + 1 end
    at = utf8.offset(self.text, tonumber(column) or 1, at) or at
    fail(self, math.min(at, to + 1), rest or why)
  elseif type(value) ~= "table" or getmetatable(value) ~= nil and json.is_array(value) then
    fail(self, from, "a row must be an object, { ... }")
  end
  return value
end

-- JSON Lines --------------------------------------------------------------------------------------

local function next_line(self)
  if not skip_space(self) then return nil end
  local from = self.pos
  local newline = find(self.text, "\n", from, true)
  while not newline and fill(self) do
    from = self.pos
    newline = find(self.text, "\n", from, true)
  end
  local line, last = self.line, newline or #self.text + 1
  local row = decode(self, from, last - 1)
  pass(self, last)
  return row, line
end

-- An array ----------------------------------------------------------------------------------------

-- Where the object at pos ends; what is wrong inside is the decoder's to tell. Stops on in a longer
-- text where it left off.
local function object_end(self)
  local at, depth, quoted = self.pos, 0, false
  while true do
    local found = find(self.text, quoted and '["\\]' or '["{}]', at)
    local char = found and byte(self.text, found)
    if not found or char == BACKSLASH and found == #self.text then
      local done = (found or #self.text + 1) - self.pos
      if not fill(self) then return #self.text end
      at = self.pos + done
    elseif char == BACKSLASH then
      at = found + 2
    else
      if char == QUOTE then quoted = not quoted end
      depth = depth + (char == OPEN and 1 or char == CLOSE and -1 or 0)
      if depth == 0 and not quoted then return found end
      at = found + 1
    end
  end
end

local NO_ARRAY = "an array of objects is needed, [ { ... }, { ... } ]; one object a line is JSON"
  .. " Lines (.jsonl)"

local function begin_array(self)
  if not skip_space(self) or byte(self.text, self.pos) ~= byte "[" then
    fail(self, self.pos, NO_ARRAY)
  end
  pass(self, self.pos + 1)
end

local function end_array(self)
  pass(self, self.pos + 1)
  if skip_space(self) then fail(self, self.pos, "text after the end of the array") end
end

local function expect(self, what)
  if not skip_space(self) then fail(self, self.pos, "the file ends before the array does") end
  return find(what, sub(self.text, self.pos, self.pos), 1, true)
end

-- The comma before a row; false where the array ends.
local function separate(self, first)
  local found = expect(self, first and "{]" or ",]")
  if sub(self.text, self.pos, self.pos) == "]" then return end_array(self) end
  if not found then
    fail(self, self.pos, first and "a row must be an object, { ... }"
      or "a comma or ] is needed here")
  end
  if first then return true end
  pass(self, self.pos + 1)
  if not expect(self, "{") then fail(self, self.pos, "a row must be an object, { ... }") end
  return true
end

local function array_reader(self)
  local first = true
  begin_array(self)
  return function()
    if not separate(self, first) then return nil end
    first = false
    local line, last = self.line, object_end(self)
    local row = decode(self, self.pos, last)
    pass(self, last + 1)
    return row, line
  end
end

-- Columns -----------------------------------------------------------------------------------------

local function unknown_columns(row, wanted, known, problems)
  for name in next, row do
    if not known[name] and not results.is_name(name) then
      local nearest = suggest.nearest(name, wanted)
      problems = problems or {}
      problems[#problems + 1] = { path = name, message = nearest
        and format('unknown column (did you mean "%s"?)', nearest)
        or "unknown column: add it to columns, or take it out of the file" }
    end
  end
  return problems
end

local function missing_columns(row, wanted)
  local problems
  for _, name in ipairs(wanted) do
    if row[name] == nil then
      problems = problems or {}
      problems[#problems + 1] = { path = name, message = "is missing" }
    end
  end
  return problems
end

local function checker(wanted, converters)
  local known = {}
  for _, name in ipairs(wanted) do known[name] = true end
  return function(row)
    local problems = unknown_columns(row, wanted, known, nil)
    if not converters then return problems or missing_columns(row, wanted) end
    local wrong = types.apply(row, converters, "value")
    if not problems or not wrong then return problems or wrong end
    return table.move(wrong, 1, #wrong, #problems + 1, problems)
  end
end

---Rows from bytes.
---@param who string
---@param bytes dps.rows.Bytes
---@param options table     `columns` and `zone` as for csv.rows
---@param lines boolean     one object a line
---@return dps.Rows
function rows_json.open(who, bytes, options, lines)
  local wanted, converters = types.compile(who, options.columns, types.defaults(who, options))
  local self = open(bytes)
  local next_row = lines and function() return next_line(self) end or array_reader(self)
  return source.new(bytes, next_row, wanted and checker(wanted, converters), wanted)
end

return rows_json
