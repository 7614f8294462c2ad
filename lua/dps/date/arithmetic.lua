-- Calendar arithmetic on dates: adding steps, what lies between two dates, where a unit begins.
-- Years, months, weeks and days move the wall clock in the date's own zone; hours and smaller move
-- the instant.

local arithmetic = {}

local civil = require "dps.date.civil"
local suggest = require "dps.suggest"
local value = require "dps.date.value"
local zones = require "dps.date.zone"

local format = string.format
local DAY = civil.DAY

-- What a step is made of: { the part of the step it adds to, how much one of it is }.
local UNITS = {
  years = { "months", 12 }, months = { "months", 1 },
  weeks = { "days", 7 }, days = { "days", 1 },
  hours = { "ms", 3600000 }, minutes = { "ms", 60000 }, seconds = { "ms", 1000 },
  milliseconds = { "ms", 1 },
}
local UNIT_NAMES = {
  "years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds",
}
local MOST = { months = 120000, days = 4000000, ms = 4000000 * DAY }

local function unknown_unit(who, key)
  local nearest = suggest.nearest(key, UNIT_NAMES)
  value.refuse(who, format("%s is no unit (%s)", tostring(key), nearest
    and "did you mean " .. nearest .. "?" or "known: " .. table.concat(UNIT_NAMES, ", ")))
end

local function add_unit(who, sum, key, given)
  local unit = UNITS[key] or unknown_unit(who, key)
  local number = value.whole(given)
  if not number then
    value.refuse(who, format("%s must be a whole number, got %s", key, type(given) == "number"
      and tostring(given) or "a " .. type(given)))
  elseif number > MOST[unit[1]] // unit[2] or number < -(MOST[unit[1]] // unit[2]) then
    value.refuse(who, format("%d %s lead out of the years 0001 to 9999", number, key))
  end
  sum[unit[1]] = sum[unit[1]] + number * unit[2]
end

---How far to go: any of these, each a whole number, fewer than 0 for the other direction. Years,
---months, weeks and days move the wall clock; hours and smaller move the instant. The calendar's
---part goes first, and a day that the month lacks becomes its last one.
---@class dps.date.Units
---@field years integer?         of 12 months
---@field months integer?        as long as each is
---@field weeks integer?         of 7 days
---@field days integer?          of 23 hours where clocks are set forward, 25 where back
---@field hours integer?         of 60 minutes
---@field minutes integer?       of 60 seconds
---@field seconds integer?       of 1000 milliseconds
---@field milliseconds integer?  the smallest there is

---@class dps.date.Step   what a table of units comes to
---@field months integer
---@field days integer
---@field ms integer

---@param who string
---@param given table  such as { months = 1, days = 3 }
---@param skip table<string, any>?  keys that are none of its business
---@return dps.date.Step
function arithmetic.step(who, given, skip)
  if type(given) ~= "table" then
    value.refuse(who, "expected a table such as { months = 1, days = 3 }, got a " .. type(given))
  end
  local sum = { months = 0, days = 0, ms = 0 }
  for key, number in next, given do
    if not skip or not skip[key] then
      add_unit(who, sum, key, number)
    end
  end
  return sum
end

-- A wall clock so many months and days later; a day that the month lacks becomes its last one.
local function shift(who, wall, months, days)
  local day = wall // DAY
  local rest = wall - day * DAY
  if months ~= 0 then
    local year, month, day_of_month = civil.date(day)
    local total = year * 12 + month - 1 + months
    year, month = total // 12, total % 12 + 1
    if year < 1 or year > 9999 then
      value.refuse(who, "the result is outside of the years 0001 to 9999")
    end
    day = civil.days(year, month, math.min(day_of_month, civil.month_days(year, month)))
  end
  return (day + days) * DAY + rest
end

---A date `times` steps later (fewer than 0: earlier), the calendar's part first.
---@param who string
---@param self dps.Date
---@param step dps.date.Step
---@param times integer
---@param choice string?  for wall clocks that do not exist, or exist twice
---@return dps.Date
function arithmetic.add(who, self, step, times, choice)
  local moment, zone, wall, offset = value.parts(self)
  if step.months ~= 0 or step.days ~= 0 then
    local to = shift(who, wall, step.months * times, step.days * times)
    if to ~= wall then
      self = value.at_wall(who, zone, to, choice, offset)
      moment = value.parts(self)
    end
  end
  if step.ms == 0 then
    return self
  end
  return value.checked(who, moment + step.ms * times, zone)
end

-- --- what lies between ---

local function months_apart(from, to)
  local year, month = civil.date(from // DAY)
  local to_year, to_month = civil.date(to // DAY)
  return (to_year - year) * 12 + to_month - month
end

-- Where clocks skip what is asked for, the later one; only the order matters.
local function moved(self, months, days)
  return arithmetic.add("date.between", self, { months = months, days = days, ms = 0 }, 1, "later")
end

-- The most of `guess` and below (or above, going back) that does not lead past `to`.
local function most(guess, sign, to, at)
  while guess ~= 0 and (at(guess).ms - to.ms) * sign > 0 do
    guess = guess - sign
  end
  return guess
end

-- Both are looked at in the zone of `from`.
local function whole_months(from, to, sign)
  local _, zone, wall = value.parts(from)
  local _, _, to_wall = value.parts(value.make(to.ms, zone))
  return most(months_apart(wall, to_wall), sign, to, function(n) return moved(from, n, 0) end)
end

local function whole_days(from, to, sign)
  local _, zone, wall = value.parts(from)
  local _, _, to_wall = value.parts(value.make(to.ms, zone))
  return most(to_wall // DAY - wall // DAY, sign, to, function(n) return moved(from, 0, n) end)
end

local function truncated(number, by)
  return number < 0 and -(-number // by) or number // by
end

local COUNTS = {
  years = function(from, to, sign) return truncated(whole_months(from, to, sign), 12) end,
  months = whole_months,
  weeks = function(from, to, sign) return truncated(whole_days(from, to, sign), 7) end,
  days = whole_days,
}

local function all_units(from, to, sign)
  local months = whole_months(from, to, sign)
  local at = moved(from, months, 0)
  local days = whole_days(at, to, sign)
  local rest = to.ms - moved(at, 0, days).ms
  return {
    years = truncated(months, 12), months = months - truncated(months, 12) * 12, days = days,
    hours = truncated(rest, 3600000),
    minutes = truncated(rest, 60000) - truncated(rest, 3600000) * 60,
    seconds = truncated(rest, 1000) - truncated(rest, 60000) * 60,
    milliseconds = rest - truncated(rest, 1000) * 1000,
  }
end

---What lies between two dates, counted in the zone of the first: whole ones of a unit (towards 0),
---or a table of all of them. Negative where `to` is the earlier one.
---@param from dps.Date
---@param to dps.Date
---@param unit string?  "years" ... "milliseconds"
---@return integer|table
function arithmetic.between(from, to, unit)
  value.expect("date.between", from, "the first one")
  value.expect("date.between", to, "the second one")
  local sign = to.ms < from.ms and -1 or 1
  if unit == nil then
    return all_units(from, to, sign)
  elseif not UNITS[unit] then
    unknown_unit("date.between", unit)
  end
  local count = COUNTS[unit]
  return count and count(from, to, sign) or truncated(to.ms - from.ms, UNITS[unit][2])
end

-- --- where units begin ---

-- The day (since 1970-01-01) on which the unit around a day begins.
local DAY_UNITS = {
  year = function(day) return civil.days(civil.date(day), 1, 1) end,
  quarter = function(day)
    local year, month = civil.date(day)
    return civil.days(year, (month - 1) // 3 * 3 + 1, 1)
  end,
  month = function(day)
    local year, month = civil.date(day)
    return civil.days(year, month, 1)
  end,
  week = function(day, first) return day - (civil.weekday(day) - first) % 7 end,
  day = function(day) return day end,
}
local NEXT = {
  year = { months = 12, days = 0, ms = 0 }, quarter = { months = 3, days = 0, ms = 0 },
  month = { months = 1, days = 0, ms = 0 }, week = { months = 0, days = 7, ms = 0 },
  day = { months = 0, days = 1, ms = 0 },
}
local SMALL = { hour = 3600000, minute = 60000, second = 1000 }
local START_UNITS = { "year", "quarter", "month", "week", "day", "hour", "minute", "second" }

local function check_start(who, unit)
  if not DAY_UNITS[unit] and not SMALL[unit] then
    local nearest = suggest.nearest(unit, START_UNITS)
    value.refuse(who, format("%s is no unit (%s)", tostring(unit), nearest
      and "did you mean " .. nearest .. "?" or "known: " .. table.concat(START_UNITS, ", ")))
  end
end

-- Within a stretch of one offset the wall clock is cut; where clocks jump inside of the unit, it
-- begins with the jump.
local function start_of_small(self, size)
  local moment, zone, wall, offset = value.parts(self)
  local start, jump = moment - wall % size, zone.from
  local jumped = start < jump and zones.offset_at(zone, jump - 1) ~= offset
  return value.make(jumped and jump or start, zone)
end

local function end_of_small(self, size)
  local moment, zone, wall, offset = value.parts(self)
  local stop, jump = moment - wall % size + size, zone.to
  local jumps = stop > jump and zones.offset_at(zone, jump) ~= offset
  return value.make((jumps and jump or stop) - 1, zone)
end

-- The first moment of the unit's first day, also where its midnight is skipped or comes twice.
local function start_of_day(who, zone, day)
  if day * DAY < civil.FIRST or day * DAY > civil.LAST then
    value.refuse(who, "the result is outside of the years 0001 to 9999")
  end
  return value.checked(who, value.first_at(zone, day * DAY), zone)
end

---@param self dps.Date
---@param unit string           "year" "quarter" "month" "week" "day" "hour" "minute" "second"
---@param first_weekday integer 1 Monday to 7 Sunday: where a week begins
---@return dps.Date
function arithmetic.start_of(self, unit, first_weekday)
  check_start("start_of", unit)
  if SMALL[unit] then
    return start_of_small(self, SMALL[unit])
  end
  local _, zone, wall = value.parts(self)
  return start_of_day("start_of", zone, DAY_UNITS[unit](wall // DAY, first_weekday))
end

---The last millisecond of a unit.
---@param self dps.Date
---@param unit string
---@param first_weekday integer
---@return dps.Date
function arithmetic.end_of(self, unit, first_weekday)
  check_start("end_of", unit)
  if SMALL[unit] then
    return end_of_small(self, SMALL[unit])
  end
  local _, zone, wall = value.parts(self)
  local step, start = NEXT[unit], DAY_UNITS[unit](wall // DAY, first_weekday)
  local next_start = shift("end_of", start * DAY, step.months, step.days)
  if next_start > civil.LAST then
    return value.at_wall("end_of", zone, civil.LAST)
  end
  return value.make(value.first_at(zone, next_start) - 1, zone)
end

return arithmetic
