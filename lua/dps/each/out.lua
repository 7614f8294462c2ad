-- Where dps.each writes what became of its rows: each row as it came, with the columns of
-- dps.rows.results. The file is opened before the first row is sent, and is never the one that the
-- rows come from.

local err = require "dps.err"
local format = require "dps.rows.format"
local native = require "dps.native"
local results = require "dps.rows.results"
local run = require "dps.run"
local source = require "dps.rows.source"
local writers = require "dps.rows.out"

local out = {}

local WHO = "dps.each"

---@class dps.each.Out
---@field path string             what messages call it
---@field broken boolean          it can't be written any more
---@field keep boolean            rows go into it as they were read
---@field package given string|dps.rows.Writer
---@field package is_text boolean
---@field package list any[]?     the rows, where all are there
---@field package columns string[]?  of the rows, where they are known before the first one
---@field package separator string?
---@field package writer dps.rows.Writer?
local Out = {}
Out.__index = Out

---What a script says of it: a path, or what rows.to gives.
---@param given any
function out.check(given)
  if given ~= nil and type(given) ~= "string" and not writers.is(given) then
    err.misuse(WHO .. ": out must be a path, or what rows.to gives")
  end
end

-- A link and another spelling of the path are the same file.
local function refuse_input(path, from)
  local file = source.is(from) and from.file
  local id = io.type(file) == "file" and native.file_id(file)
  if id and id == native.file_id(path) then
    err.misuse(("%s: out is the file that the rows come from (%s), which would be lost; name"
      .. " another one"):format(WHO, path))
  end
end

local function add_names(columns, seen, row)
  local new = {}
  for name in pairs(type(row) == "table" and row or {}) do
    if type(name) == "string" and not seen[name] then new[#new + 1], seen[name] = name, true end
  end
  table.sort(new)
  table.move(new, 1, #new, #columns + 1, columns)
end

-- Of a list all rows are looked at; of an iterator only the first one can be.
local function columns_of(self, first)
  local columns, seen = {}, {}
  for _, name in ipairs(self.columns or {}) do columns[#columns + 1], seen[name] = name, true end
  for _, row in ipairs(not self.columns and (self.list or { first }) or {}) do
    add_names(columns, seen, row)
  end
  for _, name in ipairs(results.names) do
    if not seen[name] then columns[#columns + 1] = name end
  end
  return columns
end

---@param given string|dps.rows.Writer
---@param from any             the rows
---@param columns string[]?    as the script says them
---@return dps.each.Out?       nil in a dry run, which leaves the file alone
function out.new(given, from, columns)
  local path = type(given) == "string" and given or given.path
  local kind = type(given) == "string" and format.of(WHO .. ": out", path) or given.format
  refuse_input(path, from)
  if run.dry_run then return nil end
  local is_rows, is_text = source.is(from), format.is_text(kind)
  return setmetatable({
    path = path, given = given, is_text = is_text, broken = false,
    keep = is_rows and is_text and from.text ~= nil,
    columns = columns or is_rows and from.names or nil,
    list = not is_rows and type(from) == "table" and from or nil,
    separator = kind == "csv" and is_rows and from.text and from.text.separator or nil,
  }, Out)
end

local function open(self, first)
  return require("dps.rows").to(self.path, {
    columns = self.is_text and columns_of(self, first) or nil, separator = self.separator,
  })
end

---Opens the file. Raises where it can't be written.
---@param first any  the first row; nil where there is none
function Out:open(first)
  self.writer = type(self.given) == "string" and open(self, first) or self.given
  if self.writer.closed then
    err.misuse(("%s: out: %s is closed already"):format(WHO, self.path))
  end
end

local function line_of(shown, status, id, words)
  local line = {}
  for name, value in pairs(type(shown) == "table" and shown or {}) do line[name] = value end
  line[results.STATUS], line[results.ID], line[results.ERROR] = status, id, words
  return line
end

---Raises what writing the row later would raise, so that it is known before the row is sent.
---@param shown any
function Out:check(shown)
  self.writer:check(line_of(shown, "done", "", ""))
end

local function write(writer, line)
  writer:write(line)
  writer:flush()
end

---@param shown any       the row as it came
---@param status string
---@param id string?
---@param words string?   why it failed
function Out:write(shown, status, id, words)
  if self.broken then return end
  local ok, why = pcall(write, self.writer, line_of(shown, status, id, words))
  if ok then return end
  self.broken = true
  error(why, 0)
end

---How many rows are in it.
---@return integer
function Out:count()
  return self.writer and self.writer.count or 0
end

---Ends the file, where it is dps.each's own.
function Out:close()
  if self.writer and type(self.given) == "string" then self.writer:close() end
end

return out
