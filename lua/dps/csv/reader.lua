-- CSV files in: RFC 4180 with a header row, read in pieces, so that memory stays constant however
-- long the file is. A row on one line takes the short way, in C; everything else, and everything
-- that is wrong, takes the long way, which alone knows the errors and comes to the same. Never
-- guesses: what it does not understand is an error with line and column, counted from 1 and in
-- characters. A row is known by the line that it starts on.

local columns = require "dps.csv.columns"
local err = require "dps.err"

local csv_row = require("dps.native").csv_row
local byte, find, match, sub = string.byte, string.find, string.match, string.sub

local CHUNK = 64 * 1024
local MAX_ROW = 16 * 1024 * 1024
local MAX_COLUMNS = 4096
local NONE = math.maxinteger
local QUOTE, CR, LF = 34, 13, 10
local BOM = "\xEF\xBB\xBF"

local reader_of = {}

---@class dps.csv.reader    one file on its way in; positions are offsets in `text`
---@field name string       what messages call the file
---@field read fun(size: integer): string?, string?  next bytes; nil at the end; nil and a reason
---@field close fun()
---@field text string       what is read and not yet forgotten
---@field pos integer       where the next row starts
---@field line integer      the line that the next row starts on
---@field final boolean     text reaches to the end of the file
---@field vetted integer    first byte not yet known to be good UTF-8
---@field fault? string     what is wrong with the byte behind `text`
---@field separator string
---@field code integer      the separator's byte
---@field ragged boolean    missing fields at the end of a row are empty ones
---@field gaps boolean      a field of the row at hand may be empty
---@field special string    pattern for what ends a field without quotes
---@field names string[]    of the columns
---@field make fun(values: string[]): table<string, string>
---@field values string[]   fields of the row at hand
---@field starts integer[]  where they start; the long way only

-- Messages ----------------------------------------------------------------------------------------

-- How many lines (LF, CRLF or CR) end in text[from, to), and where the last one starts.
local function lines_between(text, from, to)
  local count, start = 0, from
  while true do
    local at = find(text, "[\r\n]", start)
    if at and byte(text, at) == CR and byte(text, at + 1) == LF then at = at + 1 end
    if not at or at >= to then return count, start end
    count, start = count + 1, at + 1
  end
end

local function locate(reader, offset)
  local lines, start = lines_between(reader.text, reader.pos, offset)
  return reader.line + lines, utf8.len(reader.text, start, offset - 1) + 1
end

local CORRECT = "correct the file at this place, save it as UTF-8, and run the script again"

local function refuse(message, hint)
  err.raise { kind = "invalid", message = message, hint = hint or CORRECT }
end

-- Without an offset it is the file as a whole that is wrong.
local function fail(reader, offset, format, ...)
  local place = reader.name
  if offset then place = ("%s:%d:%d"):format(place, locate(reader, offset)) end
  reader.close()
  refuse(place .. ": " .. format:format(...))
end

local function misuse(who, format, ...)
  err.misuse(who .. ": " .. format:format(...))
end

-- Bytes in ----------------------------------------------------------------------------------------

-- A character that is cut by the end of what was read so far is no fault.
local function is_cut(reader, bad)
  return not reader.final and match(reader.text, "^[\xC2-\xF4][\x80-\xBF]?[\x80-\xBF]?$", bad)
end

local function first_fault(reader)
  local text, from = reader.text, reader.vetted
  local nul, _, bad = find(text, "\0", from, true), utf8.len(text, from)
  reader.vetted = #text + 1
  if bad and is_cut(reader, bad) then reader.vetted, bad = bad, nil end
  if nul and nul < (bad or NONE) then
    return nul, "a NUL byte: this is no text, or it is UTF-16; save the file as UTF-8"
  elseif bad and (match(text, "^\xFF\xFE", bad) or match(text, "^\xFE\xFF", bad)) then
    return bad, "a mark of UTF-16; save the file as UTF-8"
  elseif bad then
    return bad, ("byte 0x%02X is not UTF-8; save the file as UTF-8"):format(byte(text, bad))
  end
end

-- Rows before a bad byte are still served; the fault is raised when somebody asks for more.
local function vet(reader)
  local at, fault = first_fault(reader)
  if at then
    reader.text, reader.fault, reader.final = sub(reader.text, 1, at - 1), fault, false
  end
end

-- Forgets what lies before pos and reads on, twice as much as the row at hand has by now.
local function fill(reader)
  if reader.fault then fail(reader, #reader.text + 1, "%s", reader.fault) end
  local rest = sub(reader.text, reader.pos)
  if #rest > MAX_ROW then
    fail(reader, reader.pos, "a row of more than %d MiB; is a quote never closed?", MAX_ROW >> 20)
  end
  local more, reason = reader.read(math.max(CHUNK, #rest))
  if reason then fail(reader, nil, "%s", reason) end
  reader.vetted = reader.vetted - reader.pos + 1
  reader.text, reader.pos, reader.final = rest .. (more or ""), 1, more == nil
  vet(reader)
end

-- The long way ------------------------------------------------------------------------------------

-- Both kinds of field return the value and where it ends, or nothing when the text ends too early.

local function bare_field(reader, from)
  local at = find(reader.text, reader.special, from) or reader.final and #reader.text + 1
  if not at then return nil end
  if byte(reader.text, at) == QUOTE then
    fail(reader, at, "quote inside an unquoted field; put the field in quotes and double the quote")
  end
  return sub(reader.text, from, at - 1), at
end

local function closing_quote(text, from)
  local at, doubled = from, false
  while true do
    at = find(text, '"', at + 1, true)
    if not at or byte(text, at + 1) ~= QUOTE then return at, doubled end
    at, doubled = at + 1, true
  end
end

local function check_after_quote(reader, from, close)
  local after = sub(reader.text, close + 1, close + 1)
  if after == "" or after == reader.separator or after == "\r" or after == "\n" then return end
  fail(reader, close + 1, "text after a closing quote (the field's first quote is at %d:%d);"
    .. " write a quote inside a field twice", locate(reader, from))
end

local function quoted_field(reader, from)
  local text = reader.text
  local first = find(text, '"', from + 1, true)
  if first and byte(text, first + 1) == reader.code then
    return sub(text, from + 1, first - 1), first + 1
  end
  local close, doubled = closing_quote(text, from)
  if not reader.final and (not close or close == #text) then return nil end
  if not close then fail(reader, from, "this quote is never closed") end
  check_after_quote(reader, from, close)
  local value = sub(text, from + 1, close - 1)
  return doubled and value:gsub('""', '"') or value, close + 1
end

-- Where the next line starts when this one ends at `at`; nothing while that is not known.
local function next_line(reader, at)
  local text = reader.text
  if at > #text then return at end
  if byte(text, at) ~= CR then return at + 1 end
  if at == #text and not reader.final then return nil end
  return byte(text, at + 1) == LF and at + 2 or at + 1
end

-- Reads a row into values and starts. Returns where the next one starts, and the number of fields;
-- nothing when the text ends before the row does.
local function scan(reader)
  local text, values, starts, code = reader.text, reader.values, reader.starts, reader.code
  local at, count, value = reader.pos, 0
  repeat
    count = count + 1
    if count > MAX_COLUMNS then fail(reader, at, "a row has at most %d fields", MAX_COLUMNS) end
    starts[count] = at
    value, at = (byte(text, at) == QUOTE and quoted_field or bare_field)(reader, at)
    if not at then return nil end
    values[count], at = value, at + 1
  until byte(text, at - 1) ~= code
  return next_line(reader, at - 1), count
end

local function pass(reader, next)
  reader.line, reader.pos = reader.line + lines_between(reader.text, reader.pos, next), next
end

-- Empty lines are no rows, wherever they stand. A CR that is read last may be half of a line end.
-- False at the end of the file.
local function skip_empty_lines(reader)
  while true do
    local at = match(reader.text, "^[\r\n]*()", reader.pos)
    local cut = at > #reader.text and not reader.final and byte(reader.text, at - 1) == CR
    pass(reader, cut and math.max(at - 1, reader.pos) or at)
    if at <= #reader.text then return true end
    if reader.final then return false end
    fill(reader)
  end
end

-- Where the next row starts, and the number of fields of this one; nothing at the end of the file.
local function scan_next(reader)
  if not skip_empty_lines(reader) then return nil end
  while true do
    local next, count = scan(reader)
    if next then return next, count end
    fill(reader)
  end
end

local function refuse_count(reader, count)
  local names = reader.names
  if count > #names then
    fail(reader, reader.starts[#names + 1], "the header names %d fields, this row has %d;"
      .. " put a field that contains the separator in quotes", #names, count)
  end
  fail(reader, reader.pos, "the header names %d fields, this row has %d; missing: %s", #names,
    count, table.concat(names, ", ", count + 1))
end

-- Spreadsheets leave out empty fields at the end of a row, or add some.
local function level(reader, count)
  local values, last = reader.values, #reader.names
  for i = last + 1, count do
    if values[i] ~= "" then return false end
  end
  for i = count + 1, last do values[i] = "" end
  return reader.ragged
end

local function careful_row(reader)
  local next, count = scan_next(reader)
  if not next then return nil end
  if count ~= #reader.names and not level(reader, count) then refuse_count(reader, count) end
  local line = reader.line
  pass(reader, next)
  return reader.make(reader.values), line
end

-- The short way -----------------------------------------------------------------------------------

-- Most rows stand on one line and need no second look: those are made in C (src/csv_scan.h).
local function next_row(reader)
  local row, next, gaps = csv_row(reader.text, reader.pos, reader.code, reader.names)
  if not row then
    reader.gaps = true
    return careful_row(reader)
  end
  local line = reader.line
  reader.pos, reader.line, reader.gaps = next, line + 1, gaps
  return row, line
end

-- Columns -----------------------------------------------------------------------------------------

local function header_row(reader)
  local next, count = scan_next(reader)
  if not next then
    fail(reader, nil, "the file is empty; its first line must name the columns")
  end
  local names, seen = {}, {}
  for i = 1, count do
    names[i] = match(reader.values[i], "^%s*(.-)%s*$")
    local fault = columns.fault(names[i], seen)
    if fault then fail(reader, reader.starts[i], "%s", fault) end
  end
  pass(reader, next)
  return names
end

local function given_names(who, option, given)
  local names, fault = columns.given(option, given)
  if not names then misuse(who, "%s", fault) end
  return names
end

-- All that is wrong with the header is known before the first row is asked for.
local function check_columns(reader, wanted)
  local fault = wanted and columns.mismatch(reader.names, wanted)
  if not fault then return end
  reader.close()
  refuse(("%s:1: %s"):format(reader.name, fault))
end

-- Readers -----------------------------------------------------------------------------------------

local function new_reader(separator, name, read, close)
  return {
    name = name, read = read, close = close,
    text = "", pos = 1, line = 1, final = false, vetted = 1,
    separator = separator, code = byte(separator), special = "[\r\n\"%" .. separator .. "]",
    values = {}, starts = {},
  }
end

local function separator_of(who, given)
  local separator = given or ","
  if type(separator) ~= "string" or not match(separator, '^[\t %p]$') or separator == '"' then
    misuse(who, 'separator: one character such as "," or ";" is needed')
  end
  return separator
end

local function ragged_of(who, given)
  if given ~= nil and given ~= "fill" then
    misuse(who, 'ragged can only be "fill"')
  end
  return given == "fill"
end

---Opens what comes from a source; the header is read, and checked, at once.
---@param who string           the function's name, for messages
---@param source dps.rows.Bytes
---@param options dps.csv.Options
---@param wanted string[]?     the columns that there must be
---@return dps.csv.reader      with `names`
function reader_of.open(who, source, options, wanted)
  local separator, ragged = separator_of(who, options.separator), ragged_of(who, options.ragged)
  local names = options.header and given_names(who, "header", options.header)
  local reader = new_reader(separator, source.name, source.read, source.close)
  reader.ragged = ragged
  fill(reader)
  if sub(reader.text, 1, 3) == BOM then reader.pos = 4 end
  reader.names = names or header_row(reader)
  check_columns(reader, wanted)
  reader.make = columns.row_maker(reader.names)
  return reader
end

---@param reader dps.csv.reader
---@return table<string, string>?  nil at the end; raises kind "invalid" for what is no CSV
---@return integer? line           the line that the row starts on
reader_of.next = next_row

---The same by the long way alone.
---@param reader dps.csv.reader
---@return table<string, string>?
---@return integer? line
reader_of.careful = careful_row

return reader_of
