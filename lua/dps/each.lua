-- dps.each: a function over many rows, some at a time. What becomes of a row is that row's result,
-- counted and, if wanted, written beside the row; the run's exit code says whether any failed.
-- Memory holds the rows on their way, not those that are done.

local err = require "dps.err"
local feed = require "dps.each.feed"
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
---@field out? string|dps.rows.Writer  a file for the same rows with dps_status, dps_id and
---  dps_error; its name says the format. It is opened before the first row is sent; a dry run
---  leaves it alone. It can be the rows of the next run, which skips what is done
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

---@class dps.each.Told     what a summary is made of
---@field name string       what messages call the rows
---@field at_once integer
---@field result dps.each.Result
---@field ended string?     why it did not come to the end of the rows
---@field left integer?     rows that were not begun, where that is known
---@field out dps.each.Out?
---@field whole boolean     `out` has all rows
---@field turned integer    rows that failed because of too many calls at once

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
---@field counted boolean?  and told, so that a stop in between changes nothing
---@field quiet boolean?    not worth a line of its own

local OPTIONS = { "at_once", "out", "columns", "name", "exit_code" }

-- Results -----------------------------------------------------------------------------------------

local function count(self, seat)
  local result = self.result
  seat.counted = true
  result.counts[seat.status] = (result.counts[seat.status] or 0) + 1
  if seat.failure == nil then return end
  result[seat.status] = result[seat.status] + 1
  if err.is(seat.failure) and seat.failure.status == 429 then self.turned = self.turned + 1 end
  if #result.failures < FAILURES_KEPT then
    table.insert(result.failures, { row = seat.row, line = seat.line, error = seat.failure })
  end
  if not seat.quiet then say.failure(self.name, seat) end
end

-- What can't be written ends all; the rows on their way are counted still.
local function write_out(self, seat)
  if not self.out then return end
  local words = seat.failure ~= nil and say.words(seat.failure) or nil
  local status = seat.earlier or seat.status
  local ok, why = pcall(self.out.write, self.out, seat.shown, status, seat.id, words)
  if not ok then self.fatal = self.fatal or why end
end

-- Rows are counted, told and written in the order in which they came. A row leaves when all of this
-- is done: a stop may come in between.
local function settle(self)
  local seat = self.seats[self.first]
  while seat and seat.status do
    if not seat.counted then count(self, seat) end
    write_out(self, seat)
    self.seats[self.first] = nil
    self.first = self.first + 1
    seat = self.seats[self.first]
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

-- Until a row is done: a task that sleeps stands for it, and its end is the sign. False when
-- whoever called dps.each was cancelled.
local function wait(self)
  self.gate = native.spawn(native.sleep, FOREVER)
  local gate = self.gate
  if native.task_wait(gate) ~= "interrupted" then return true end
  native.task_cancel(gate)
  for _, seat in pairs(self.seats) do
    if seat.task then native.task_cancel(seat.task) end
  end
  self.cancelled = err.new { kind = "cancelled", operation = WHO, where = err.where(),
    message = "the rows were cancelled" }
  return false
end

local function snapshot(row)
  if type(row) ~= "table" then return row end
  local copy = {}
  for name, value in pairs(row) do copy[name] = value end
  return copy
end

-- The first row is pulled before the results' file is opened, which may need its columns. `pulling`
-- stays where to pull or to begin raises, or is stopped: what comes then can't be trusted to come.
local function next_row(self)
  self.pulling = true
  local first = self.pulled
  self.pulled = nil
  if first then return table.unpack(first, 1, 4) end
  return self.feed.pull()
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
    if row ~= nil then begin(self, row, line, fault, read) end
    self.pulling = false
    if row == nil then return false end
    settle(self)
  end
  return true
end

-- False when it was cancelled.
local function drain(self)
  while self.busy > 0 do
    if not wait(self) then return false end
    settle(self)
  end
  settle(self)
  return true
end

-- What ended it early, if anything did.
local function run_all(self)
  local more, fault = true, nil
  while more and not self.fatal do
    local ok, result = pcall(fill, self)
    more, fault = ok and result, not ok and result or nil
    if more and self.busy > 0 and not wait(self) then return self.cancelled end
    settle(self)
  end
  return not drain(self) and self.cancelled or fault or self.fatal
end

-- The end -----------------------------------------------------------------------------------------

local live = {} -- each dps.each that runs now

-- What became of the rows on their way nobody will know.
local function give_up(self, words)
  for i = self.first, self.last do
    local seat = self.seats[i]
    if seat and not seat.status then
      seat.status, seat.quiet = "unknown", true
      seat.failure = err.new { kind = "cancelled", sent = "maybe", message = words }
    end
  end
  settle(self)
end

-- The rows that were not begun are in the results as well, so that these are all of the next run's.
local function note_rest(self)
  self.left = 0
  for row, _, _, read in self.feed.pull do
    local is_row = type(row) == "table"
    self.out:write(read or row, results.status(row) or "", is_row and row[results.ID] or nil,
      is_row and row[results.ERROR] or nil)
    self.left = self.left + 1
  end
end

local function count_rest(self)
  local can = self.out and not self.out.broken and not self.pulling and not self.feed.calls
  self.whole = can and pcall(note_rest, self) or false
  if not self.whole then
    self.left = self.feed.count and self.feed.count - self.result.total or nil
  end
end

local function close(self)
  self.feed.close()
  if self.out then self.out:close() end
end

---@param ended string?  why, where not all rows were done
local function conclude(self, ended)
  live[self] = nil
  self.ended, self.whole = ended, true
  if ended then count_rest(self) end
  local ok, why = pcall(close, self)
  self.whole = self.whole and ok
  self.result.seconds = native.monotonic() - self.started
  say.summary(self)
  return not ok and why or nil
end

-- Here no task lives any more, and nothing may wait.
local function on_stop()
  for self in pairs(live) do
    pcall(give_up, self, "it was on its way when the run was stopped")
    pcall(conclude, self, "stopped")
  end
end

-- Before any row is sent: a file that can't be written, and a first row that can't be read, end it
-- here.
local function prepare(self)
  local row, line, fault, read = self.feed.pull()
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
  return {
    f = f, at_once = at_once, feed = feed.new(WHO, from, out and out.keep), out = out,
    name = options.name or source.is(from) and from.name or "rows",
    seats = {}, first = 1, last = 0, busy = 0, claims = {}, turned = 0,
    started = native.monotonic(),
    result = { total = 0, failed = 0, unknown = 0, counts = {}, failures = {} },
  }
end

local function start(self)
  local ok, fault = pcall(prepare, self)
  if not ok then
    pcall(close, self)
    error(fault, 0)
  end
  live[self] = true
  native.on_stop(on_stop)
end

---Runs a function over rows, some at a time, and gives what became of them. A row that fails is
---told on stderr with its place and counted; the others go on. Where no other row could fare better
---(`auth`, `refused`, `limit`, `cancelled`), and where the rows themselves can't be read on, what
---is on its way ends, the summary is told, and that error is raised. Of rows that have `dps_status`
---those that are done are skipped; a create of another one looks first whether its name is there:
---where the row's fate was unknown, that is taken for the row's own; else the row fails. Where rows
---failed, the exit code of the run is 3.
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
  local self = new(from, f, options)
  start(self)
  if options.out and not self.out then say.left_alone(options.out) end
  local _, fault = pcall(run_all, self)
  if self.cancelled then give_up(self, "it was on its way when the rows were cancelled") end
  local ended = self.cancelled and "cancelled" or fault ~= nil and "ended early" or nil
  local unclosed = conclude(self, ended)
  if fault == nil then fault = unclosed end
  local bad = self.result.failed + self.result.unknown > 0
  if bad and options.exit_code ~= false then native.exit_code(ROWS_FAILED) end
  if fault ~= nil then error(fault, 0) end
  return self.result
end
