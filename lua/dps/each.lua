-- dps.each: a function over many rows, some at a time. What becomes of a row is that row's result,
-- counted and, if wanted, written beside the row; the run's exit code says whether any failed.
-- Memory holds the rows on their way, not those that are done.

local err = require "dps.err"
local native = require "dps.native"
local options_of = require "dps.options"
local out_of = require "dps.each.out"
local results = require "dps.rows.results"
local row_of = require "dps.each.row"
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
---  says the format. It is opened before the first row is sent; a dry run leaves it alone
---@field columns? string[]  of `out`, where the rows do not come from a file that has them
---@field name? string       what messages call the rows; the file's name, or "rows"
---@field exit_code? boolean false: failed rows do not make the run's exit code 3

---What became of the rows.
---@class dps.each.Result
---@field total integer      rows that were begun
---@field failed integer     rows whose function raised an error
---@field unknown integer    sent, and no answer came
---@field counts table<string, integer>  by status: "done", "created", "skipped", "failed" ...
---@field failures table[]   { row =, line =, error = }, 100 at most
---@field seconds number     how long all of them took

---@class dps.each.Seat    a row on its way
---@field row any
---@field line integer?
---@field number integer    from 1, as they come
---@field place string      such as "offers.csv:12"
---@field claims table<string, dps.each.Claim>  what the rows of this dps.each name
---@field shown any         the row as it came, for `out`
---@field status string?    once it is done: "done", "created", "failed" ...
---@field noted string?     what an earlier run says of it; nil where there was none
---@field earlier string?   of a row that is skipped: the status that it has already
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

-- function(): row, line, fault, row as it was read; and what closes it.
local function puller(from, keep)
  if source.is(from) then
    return function() return from:try(keep) end, function() from:close() end
  elseif type(from) == "function" then
    return function() -- what more it gives is its own
      local row, line = from()
      return row, line
    end, function() end
  elseif type(from) == "table" then
    return of_list(from), function() end
  end
  err.misuse(WHO .. ": rows are needed: a list, an iterator, or what rows.from gives, not a "
    .. type(from))
end

-- Results -----------------------------------------------------------------------------------------

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

-- What can't be written ends all; the rows on their way are counted still.
local function write_out(self, seat)
  if not self.out then return end
  local words = seat.failure ~= nil and say.words(seat.failure) or nil
  local status = seat.earlier or seat.status
  local ok, why = pcall(self.out.write, self.out, seat.shown, status, seat.id, words)
  if not ok then self.fatal = self.fatal or why end
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

local function work(self, seat)
  if run.row and seat.line then run.row(self.name, seat.line) end
  row_of.enter(seat)
  finish(self, seat, pcall(self.f, seat.row, seat.line))
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

-- The first row is pulled before the results' file is opened, which may need its columns.
local function next_row(self)
  local first = self.pulled
  self.pulled = nil
  if first then return table.unpack(first, 1, 4) end
  return self.pull()
end

local function new_seat(self, given, line, read)
  local seat = {
    row = results.without(given), line = line, number = self.last + 1, claims = self.claims,
    noted = results.status(given), shown = self.out and (read or snapshot(given)) or nil,
  }
  seat.place = say.place(self.name, seat)
  return seat
end

-- What an earlier run has done is done: the row keeps what that run noted.
local function skip(seat, given, status)
  seat.status, seat.earlier, seat.id = "skipped", status, given[results.ID]
end

local function begin(self, given, line, fault, read)
  local seat = new_seat(self, given, line, read)
  local status = seat.noted
  if self.out then self.out:check(seat.shown) end
  self.last = seat.number
  self.result.total = self.result.total + 1
  self.seats[self.last] = seat
  if results.is_done(status) then
    skip(seat, given, status)
  elseif fault then
    finish(self, seat, false, fault)
  else
    self.busy = self.busy + 1
    seat.task = task.spawn(work, self, seat)
  end
end

-- Begins rows until enough are on their way. False when there are none left.
local function fill(self)
  local most = self.at_once * AHEAD
  while self.busy < self.at_once and self.last - self.first + 1 < most do
    local row, line, fault, read = next_row(self)
    if row == nil then return false end
    begin(self, row, math.type(line) == "integer" and line or nil, fault, read)
    settle(self)
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

local function run_all(self)
  local more, ok, fault = true, true, nil
  while more and ok and not self.fatal do
    ok, more = pcall(fill, self)
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

-- Before any row is sent: a file that can't be written, and a first row that can't be read, end it
-- here.
local function prepare(self)
  local row, line, fault, read = self.pull()
  if row ~= nil then self.pulled = { row, line, fault, read } end
  if self.out then self.out:open(row) end
end

local function check_at_once(given)
  local at_once = given == nil and AT_ONCE or given
  if math.type(at_once) ~= "integer" or at_once < 1 or at_once > MOST_AT_ONCE then
    err.misuse(("%s: at_once must be a whole number from 1 to %d"):format(WHO, MOST_AT_ONCE))
  end
  return at_once
end

local function new(from, f, options)
  local at_once = check_at_once(options.at_once)
  out_of.check(options.out)
  local out = options.out and out_of.new(options.out, from, options.columns) or nil
  local pull, close_rows = puller(from, out and out.keep)
  return {
    f = f, at_once = at_once, pull = pull, close_rows = close_rows, out = out,
    name = options.name or source.is(from) and from.name or "rows",
    seats = {}, first = 1, last = 0, busy = 0, claims = {},
    result = { total = 0, failed = 0, unknown = 0, counts = {}, failures = {} },
  }
end

local function close(self)
  self.close_rows()
  if self.out then self.out:close() end
end

-- What a function raises, after what is open is closed.
local function closing(self, f)
  local ok, fault = pcall(f, self)
  if ok then return fault end
  pcall(close, self)
  error(fault, 0)
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
  local self, started = new(from, f, options), native.monotonic()
  closing(self, prepare)
  if options.out and not self.out then say.left_alone(options.out) end
  local fault = closing(self, run_all)
  local closed, why = pcall(close, self)
  if not closed then fault = fault or why end
  self.result.seconds = native.monotonic() - started
  say.summary(self)
  local bad = self.result.failed + self.result.unknown > 0
  if bad and options.exit_code ~= false then native.exit_code(ROWS_FAILED) end
  if fault ~= nil then error(fault, 0) end
  return self.result
end
