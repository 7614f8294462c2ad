-- dps.each: a function over many rows, some at a time. What becomes of a row is that row's result,
-- counted and, if wanted, written beside the row; the run's exit code says whether any failed.
-- Memory holds the rows on their way, not those that are done.

local err = require "dps.err"
local native = require "dps.native"
local options_of = require "dps.options"
local out_of = require "dps.rows.out"
local run = require "dps.run"
local say = require "dps.each.say"
local source = require "dps.rows.source"
local task = require "dps.task"

local AT_ONCE, MOST_AT_ONCE = 32, 1000
local FAILURES_KEPT = 100
local AHEAD = 8 -- how many times `at_once` a row may be done before an earlier one is
local ROWS_FAILED = 3 -- dps.h, DPS_ROWS
local FOREVER = 1e6
local WHO = "dps.each"

-- Where one row meets these, every other one would: the rest is not begun.
local ENDS_ALL = { auth = true, refused = true, limit = true, cancelled = true }

---How the rows are worked on, and where their results go.
---@class dps.each.Options
---@field at_once? integer  rows on their way at the same time, 1 to 1000; 32 when absent
---@field out? string|dps.rows.Writer  a file for the same rows with status, id and error; its name
---  says the format
---@field columns? string[]  of `out`, where the rows do not come from a file that has them
---@field name? string       what messages call the rows; the file's name, or "rows"
---@field exit_code? boolean false: failed rows do not make the run's exit code 3

---What became of the rows.
---@class dps.each.Result
---@field total integer      rows that were begun
---@field failed integer     rows whose function raised an error
---@field unknown integer    sent, and no answer came
---@field counts table<string, integer>  by status: "done", "created", "failed" ...
---@field failures table[]   { row =, line =, error = }, 100 at most
---@field seconds number     how long all of them took

---@class dps.each.Seat    a row on its way
---@field row any
---@field line integer?
---@field shown any         the row as it came, for `out`
---@field status string?    once it is done: "done", "created", "failed" ...
---@field id string?
---@field failure any

local OPTIONS = { "at_once", "out", "columns", "name", "exit_code" }

-- Rows in -----------------------------------------------------------------------------------------

local function of_list(list)
  local i = 0
  return function()
    i = i + 1
    return list[i], list[i] ~= nil and i or nil
  end
end

-- function(): row, line, fault; and what closes it.
local function puller(from)
  if source.is(from) then
    return function() return from:try() end, function() from:close() end
  elseif type(from) == "function" then
    return from, function() end
  elseif type(from) == "table" then
    return of_list(from), function() end
  end
  err.misuse(WHO .. ": rows are needed: a list, an iterator, or what rows.from gives, not a "
    .. type(from))
end

-- Results -----------------------------------------------------------------------------------------

local function out_columns(self, row)
  local columns = self.columns
  if not columns then
    columns = {}
    for name in pairs(type(row) == "table" and row or {}) do
      if type(name) == "string" then columns[#columns + 1] = name end
    end
    table.sort(columns)
  end
  local all, seen = {}, {}
  for _, name in ipairs(columns) do all[#all + 1], seen[name] = name, true end
  for _, name in ipairs { "status", "id", "error" } do
    if not seen[name] then all[#all + 1] = name end
  end
  return all
end

local function open_out(self, row)
  if type(self.out) ~= "string" then return self.out end
  if self.out == self.name then
    err.misuse(WHO .. ": out must be another file than the one that the rows come from")
  end
  local format = self.out:match "%.(%w+)$"
  local needs = format ~= "json" and format ~= "jsonl" and format ~= "ndjson"
  return require("dps.rows").to(self.out, { columns = needs and out_columns(self, row) or nil })
end

local function write_out(self, seat)
  if not self.out then return end
  self.writer = self.writer or open_out(self, seat.shown)
  local copy = {}
  for name, value in pairs(type(seat.shown) == "table" and seat.shown or {}) do
    copy[name] = value
  end
  copy.status, copy.id = seat.status, seat.id
  copy.error = seat.failure ~= nil and say.words(seat.failure) or nil
  self.writer:write(copy)
  self.writer:flush()
end

local function count(self, seat)
  local result = self.result
  result.counts[seat.status] = (result.counts[seat.status] or 0) + 1
  if seat.failure == nil then return end
  result[seat.status] = result[seat.status] + 1
  if #result.failures < FAILURES_KEPT then
    table.insert(result.failures, { row = seat.row, line = seat.line, error = seat.failure })
  end
  say.failure(self.name, seat)
end

-- Rows are counted, told and written in the order in which they came.
local function settle(self)
  while self.seats[self.first] and self.seats[self.first].status do
    local seat = self.seats[self.first]
    self.seats[self.first] = nil
    self.first = self.first + 1
    count(self, seat)
    write_out(self, seat)
  end
end

local function id_of(value)
  if type(value) == "table" then value = rawget(value, "id") end
  return type(value) == "string" and value or nil
end

local function finish(self, seat, ok, value, status)
  if ok then
    seat.id, seat.status = id_of(value), type(status) == "string" and status or "done"
  else
    seat.failure = value == nil and "error() was called with nothing instead of a message" or value
    seat.status = err.is(value, "unknown") and "unknown" or "failed"
    if err.is(value) and ENDS_ALL[value.kind] then self.fatal = self.fatal or value end
  end
end

-- Tasks -------------------------------------------------------------------------------------------

local function wake(self)
  local gate = self.gate
  self.gate = nil
  if gate then native.task_cancel(gate) end
end

local function work(self, seat, f)
  if run.row and seat.line then run.row(self.name, seat.line) end
  finish(self, seat, pcall(f, seat.row, seat.line))
  self.busy = self.busy - 1
  wake(self)
end

-- Until a row is done: a task that sleeps stands for it, and its end is the sign.
local function wait(self)
  self.gate = native.spawn(native.sleep, FOREVER)
  local gate = self.gate
  local how = native.task_wait(gate)
  if how == "interrupted" then
    native.task_cancel(gate)
    for _, seat in pairs(self.seats) do
      if seat.task then native.task_cancel(seat.task) end
    end
    err.raise { kind = "cancelled", operation = WHO, message = "the rows were cancelled" }
  end
end

local function snapshot(row)
  if type(row) ~= "table" then return row end
  local copy = {}
  for name, value in pairs(row) do copy[name] = value end
  return copy
end

local function begin(self, row, line, fault, f)
  self.last = self.last + 1
  self.result.total = self.result.total + 1
  local seat = { row = row, line = line, shown = self.out and snapshot(row) or nil }
  self.seats[self.last] = seat
  if fault then
    finish(self, seat, false, fault)
    return
  end
  self.busy = self.busy + 1
  seat.task = task.spawn(work, self, seat, f)
end

-- Begins rows until enough are on their way. False when there are none left.
local function fill(self, pull, f)
  local most = self.at_once * AHEAD
  while self.busy < self.at_once and self.last - self.first + 1 < most do
    local row, line, fault = pull()
    if row == nil then return false end
    begin(self, row, math.type(line) == "integer" and line or nil, fault, f)
    if fault then settle(self) end
  end
  return true
end

local function drain(self)
  while self.busy > 0 do
    wait(self)
    settle(self)
  end
  settle(self)
end

local function run_all(self, pull, f)
  local more, ok, fault = true, true, nil
  while more and ok and not self.fatal do
    ok, more = pcall(fill, self, pull, f)
    if not ok then
      fault = more
      break
    end
    if more and self.busy > 0 then wait(self) end
    settle(self)
  end
  drain(self)
  return fault or self.fatal
end

local function settings_of(from, options)
  local at_once = options.at_once == nil and AT_ONCE or options.at_once
  if math.type(at_once) ~= "integer" or at_once < 1 or at_once > MOST_AT_ONCE then
    err.misuse(("%s: at_once must be a whole number from 1 to %d"):format(WHO, MOST_AT_ONCE))
  elseif options.out ~= nil and type(options.out) ~= "string" and not out_of.is(options.out) then
    err.misuse(WHO .. ": out must be a path, or what rows.to gives")
  end
  return {
    at_once = at_once, out = options.out, columns = options.columns
      or source.is(from) and from.names or nil,
    name = options.name or source.is(from) and from.name or "rows",
    seats = {}, first = 1, last = 0, busy = 0,
    result = { total = 0, failed = 0, unknown = 0, counts = {}, failures = {} },
  }
end

local function close(self)
  if self.writer and type(self.out) == "string" then self.writer:close() end
end

---Runs a function over rows, some at a time, and gives what became of them. A row that fails is
---told on stderr with its place and counted; the others go on. Where no other row could fare better
---(`auth`, `refused`, `limit`, `cancelled`), and where the rows themselves can't be read on, what
---is on its way ends, the summary is told, and that error is raised. Where rows failed, the exit
---code of the run is 3.
---@param from any[]|dps.Rows|function  the rows: a list, what rows.from gives, or an iterator
---@param f fun(row: any, line: integer?): any, string?  what it returns: a receipt or an entity
---  (its id is kept), and a status such as "created"; "done" when it says none
---@param options? dps.each.Options  how many at once, and where results go
---@return dps.each.Result
return function(from, f, options)
  options = options_of.check(WHO, options, OPTIONS)
  if type(f) ~= "function" then
    err.misuse(WHO .. ": a function is needed after the rows, not a " .. type(f))
  end
  local self = settings_of(from, options)
  local pull, close_rows = puller(from)
  local started = native.monotonic()
  local ran, fault = pcall(run_all, self, pull, f)
  close_rows()
  close(self)
  if not ran then error(fault, 0) end
  self.result.seconds = native.monotonic() - started
  say.summary(self)
  local bad = self.result.failed + self.result.unknown > 0
  if bad and options.exit_code ~= false then native.exit_code(ROWS_FAILED) end
  if fault ~= nil then error(fault, 0) end
  return self.result
end
