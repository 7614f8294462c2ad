-- CSV in and out, for scripts: rows of a file as tables by the names of its columns, typed if the
-- script says how, and rows written so that reading gives them back. How CSV is read stands in
-- dps.csv.reader.

local options_of = require "dps.options"
local reader_of = require "dps.csv.reader"
local source = require "dps.rows.source"
local types = require "dps.rows.types"

---CSV in and out: what dps.rows does for every format, for files whose names do not say it.
---@class dps.csv
local csv = {}

---How a CSV file is written, and what its columns hold.
---@class dps.csv.Options
---@field separator? string  one ASCII character between fields; "," when absent, in TSV a tab
---@field header? string[]   names of the columns, for a file without a header row
---@field columns? string[]|dps.rows.Types  the columns that the file must have, no more and no
---  less; with their types, such as { name = "text", priority = "integer?", ends = "date" }. Any
---  columns, all text, when absent
---@field decimal? ","|"."   the decimal sign of numbers; "." when absent
---@field zone? string       of dates without an offset, such as "Europe/Paris"
---@field ragged? "fill"     fields that are missing at the end of a row are empty; an error when
---  absent

local OPTIONS = { "separator", "header", "columns", "decimal", "zone", "ragged" }

---Rows from bytes, with options as for csv.rows.
---@param who string
---@param bytes dps.rows.Bytes
---@param options dps.csv.Options
---@return dps.Rows
function csv.open(who, bytes, options)
  local wanted, converters = types.compile(who, options.columns, types.defaults(who, options))
  local reader = reader_of.open(who, bytes, options, wanted)
  local function next_row()
    return reader_of.next(reader)
  end
  local typed = converters and types.typed(converters)
  local rows = source.new(bytes, next_row, converters and function(row)
    return types.apply(row, reader.gaps and converters or typed, "convert")
  end, reader.names)
  rows.text = { separator = options.separator }
  return rows
end

---Rows of a CSV file: `for row, line in csv.rows "offers.csv" do print(row.name) end`. Memory is
---constant; a row has at most 16 MiB and 4096 fields. Empty lines are skipped, blanks around the
---names of columns dropped; without types all values are strings.
---Raises kind "invalid" for a file that is missing, not UTF-8, or not CSV as RFC 4180 has it, for a
---row whose number of fields is not the header's, and for a field that is not of its type.
---@param from string|file*  a path, or a file that the caller opened and will close
---@param options? dps.csv.Options  columns and their types, and how the file is written
---@return dps.Rows  each row by column name; the line it starts on
function csv.rows(from, options)
  options = options_of.check("csv.rows", options, OPTIONS)
  local rows = csv.open("csv.rows", source.of_file("csv.rows", from), options)
  return rows, nil, nil, rows
end

---The same over text that is at hand.
---@param text string  UTF-8
---@param options? dps.csv.Options  as for csv.rows
---@return dps.Rows
function csv.parse(text, options)
  options = options_of.check("csv.parse", options, OPTIONS)
  local rows = csv.open("csv.parse", source.of_text("csv.parse", text), options)
  return rows, nil, nil, rows
end

---All rows at once, for files that fit in memory.
---@param from string|file*  as for csv.rows
---@param options? dps.csv.Options  as for csv.rows
---@return table<string, any>[] rows
---@return integer[] lines  the line that each row starts on
function csv.read(from, options)
  options = options_of.check("csv.read", options, OPTIONS)
  local rows, lines = {}, {}
  for row, line in csv.open("csv.read", source.of_file("csv.read", from), options) do
    rows[#rows + 1], lines[#lines + 1] = row, line
  end
  return rows, lines
end

---A file that rows are written to: see rows.to.
---@param path string  what was there is replaced
---@param options dps.rows.WriterOptions  `columns` is needed
---@return dps.rows.Writer
function csv.write(path, options)
  return require("dps.rows.out").open("csv.write", path, options, "csv")
end

return csv
