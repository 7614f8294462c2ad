-- Rows of tables, in and out, in whatever format: CSV, TSV, JSON, JSON Lines. The name of a file
-- says which, or the option `format`. One row is in memory at a time.

local err = require "dps.err"
local format = require "dps.rows.format"
local options_of = require "dps.options"
local source = require "dps.rows.source"

---Rows of tables, in and out, as CSV, TSV, JSON or JSON Lines. The name of a file says which (.csv
---.tsv .tab .json .jsonl .ndjson), or the option `format`. One row is in memory at a time.
---@class dps.rows
local rows = {}

---How rows are read. Of the options of CSV, `columns` and `zone` are for every format; the others
---are for CSV and TSV.
---@class dps.rows.Options: dps.csv.Options
---@field format? "csv"|"tsv"|"json"|"jsonl"  where the name of the file does not say it

local OPTIONS = { "format", "columns", "separator", "header", "decimal", "zone", "ragged" }
local CSV_ONLY = { "separator", "header", "decimal", "ragged" }

local function tab_separated(options)
  local copy = { separator = "\t" }
  for key, value in pairs(options) do copy[key] = value end
  return copy
end

local function open(who, kind, bytes, options)
  if kind == "csv" then return require("dps.csv").open(who, bytes, options) end
  if kind == "tsv" then
    local made = require("dps.csv").open(who, bytes, tab_separated(options))
    made.text.separator = nil -- the format has it already
    return made
  end
  for _, name in ipairs(CSV_ONLY) do
    if options[name] ~= nil then
      bytes.close()
      err.misuse(("%s: %s is for CSV; %s has none"):format(who, name, kind))
    end
  end
  return require("dps.rows.json").open(who, bytes, options, kind == "jsonl")
end

---Rows of a file: `for row, line in rows.from("offers.csv", { columns = { name = "text" } }) do`.
---Memory is constant. Raises kind "invalid", with file and line, for what it does not understand.
---@param from string|file*  a path, or an open file (then with `format`)
---@param options? dps.rows.Options  columns and their types, and how the file is written
---@return dps.Rows
function rows.from(from, options)
  local who = "rows.from"
  options = options_of.check(who, options, OPTIONS)
  local kind = format.of(who, from, options.format)
  local made = open(who, kind, source.of_file(who, from), options)
  return made, nil, nil, made
end

---The same over text that is at hand.
---@param text string  UTF-8
---@param options dps.rows.Options  with `format`
---@return dps.Rows
function rows.parse(text, options)
  local who = "rows.parse"
  options = options_of.check(who, options, OPTIONS)
  local made = open(who, format.of(who, nil, options.format), source.of_text(who, text), options)
  return made, nil, nil, made
end

---A file to write rows to: `out:write(row)`, `out:close()`. What was there is replaced.
---@param path string  its name says the format, or the option `format`
---@param options? dps.rows.WriterOptions  CSV and TSV need `columns`
---@return dps.rows.Writer
function rows.to(path, options)
  local kind = format.of("rows.to", path, type(options) == "table" and options.format or nil)
  return require("dps.rows.out").open("rows.to", path, options, kind)
end

return rows
