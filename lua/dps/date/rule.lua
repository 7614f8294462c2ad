-- The rule that a TZif file ends with (a POSIX TZ string with the extensions of RFC 9636 section
-- 3.3.1, such as "CET-1CEST,M3.5.0,M10.5.0/3"): what a zone's clocks do in years without a list.

local rule = {}

local civil = require "dps.date.civil"

local find, format, match = string.find, string.format, string.match
local tonumber = tonumber

local SECOND = 1000

local function refuse(at, what)
  error({ format("character %d of the rule: expected %s", at, what) }, 0)
end

local function read_name(text, at)
  local name, after = match(text, "^(%a%a%a+)()", at)
  if not name then
    name, after = match(text, "^<([%w+-]+)>()", at)
  end
  if not name or #name < 3 then
    refuse(at, "a designation of three letters or more, or one in < >")
  end
  return name, after
end

-- [+-]hh[:mm[:ss]] in seconds.
local function read_time(text, at, most, what)
  local sign, hours, after = match(text, "^([+-]?)(%d%d?%d?)()", at)
  hours = tonumber(hours)
  if not hours or hours > most then
    refuse(at, what)
  end
  local seconds, unit = hours * 3600, 60
  for _ = 1, 2 do
    local part, next_after = match(text, "^:(%d%d)()", after)
    if not part then
      break
    elseif tonumber(part) > 59 then
      refuse(after + 1, "two digits up to 59")
    end
    seconds, unit, after = seconds + tonumber(part) * unit, 1, next_after
  end
  return sign == "-" and -seconds or seconds, after
end

local function between(text, least, most, at, what)
  local number = tonumber(text)
  if number < least or number > most then
    refuse(at, what)
  end
  return number
end

-- The day of a change, as a function from a year to days since 1970-01-01.
local days = {}

-- The nth (5: the last) of a weekday in a month; 0 is Sunday.
function days.M(month, nth, weekday)
  return function(year)
    local first = civil.days(year, month, 1)
    local day = first + (weekday - civil.weekday(first)) % 7 + (nth - 1) * 7
    return day >= first + civil.month_days(year, month) and day - 7 or day
  end
end

-- Day 1 to 365; 29 February is never counted.
function days.J(number)
  return function(year)
    return civil.days(year, 1, 1) + number - ((civil.is_leap(year) and number >= 60) and 0 or 1)
  end
end

-- Day 0 to 365; 29 February counts.
function days.n(number)
  return function(year)
    return civil.days(year, 1, 1) + number
  end
end

local function read_day(text, at)
  local month, nth, weekday, after = match(text, "^M(%d+)%.(%d)%.(%d)()", at)
  if month then
    return days.M(between(month, 1, 12, at, "a month from 1 to 12"),
      between(nth, 1, 5, at, "a week from 1 to 5"),
      between(weekday, 0, 6, at, "a weekday from 0 to 6")), after
  end
  local number
  number, after = match(text, "^J(%d+)()", at)
  if number then
    return days.J(between(number, 1, 365, at, "a day from J1 to J365")), after
  end
  number, after = match(text, "^(%d+)()", at)
  if number then
    return days.n(between(number, 0, 365, at, "a day from 0 to 365")), after
  end
  refuse(at, "a day such as M3.5.0, J60 or 59")
end

-- ",day[/time]": the day's function and the time of day in seconds, two o'clock if not said.
local function read_change(text, at)
  if not find(text, "^,", at) then
    refuse(at, "a comma and the day of a change")
  end
  local day, after = read_day(text, at + 1)
  if not find(text, "^/", after) then
    return day, 7200, after
  end
  local time
  time, after = read_time(text, after + 1, 167, "a time from -167 to 167 hours")
  return day, time, after
end

local OFFSET = "an offset of up to 24 hours"

local function read(text)
  local name, at = read_name(text, 1)
  local west
  west, at = read_time(text, at, 24, OFFSET)
  local standard = { dst = false, name = name, offset = -west * SECOND }
  if at > #text then
    return { standard = standard }
  end
  local summer = { dst = true }
  summer.name, at = read_name(text, at)
  west = west - 3600
  if find(text, "^[+%d-]", at) then
    west, at = read_time(text, at, 24, OFFSET)
  end
  summer.offset = -west * SECOND
  local self = { standard = standard, summer = summer, years = {} }
  self.start_day, self.start_time, at = read_change(text, at)
  self.stop_day, self.stop_time, at = read_change(text, at)
  if at <= #text then
    refuse(at, "the end of the rule")
  end
  return self
end

---@class dps.date.Rule
---@field standard dps.date.Period
---@field summer dps.date.Period?

---@param text string  not empty
---@return dps.date.Rule|nil
---@return string|nil reason  with the character where it was seen
function rule.parse(text)
  local done, self = pcall(read, text)
  if done then
    return self
  end
  return nil, type(self) == "table" and self[1] or tostring(self)
end

local function add_year(self, list, year)
  local start = self.start_day(year) * civil.DAY + self.start_time * SECOND - self.standard.offset
  local stop = self.stop_day(year) * civil.DAY + self.stop_time * SECOND - self.summer.offset
  list[#list + 1] = { at = start, period = self.summer }
  list[#list + 1] = { at = stop, period = self.standard }
end

-- Where daylight saving ends and begins in one moment it has not ended.
local function earlier(a, b)
  if a.at ~= b.at then
    return a.at < b.at
  end
  return not a.period.dst and b.period.dst
end

-- The changes around a year, remembered: a change may fall into the next year or the one before.
local function changes(self, year)
  local list = self.years[year]
  if not list then
    list = {}
    for around = year - 2, year + 2 do
      add_year(self, list, around)
    end
    table.sort(list, earlier)
    self.years[year] = list
  end
  return list
end

---What holds at a moment, and from when to when (not later than the next change; the same may go on
---after it).
---@param self dps.date.Rule
---@param moment integer  milliseconds since the epoch
---@return dps.date.Period period
---@return integer from
---@return integer to  the first moment after it
function rule.at(self, moment)
  if not self.summer then
    return self.standard, math.mininteger, math.maxinteger
  end
  local list = changes(self, (civil.date(moment // civil.DAY)))
  local i = 1
  while list[i + 1].at <= moment do
    i = i + 1
  end
  return list[i].period, list[i].at, list[i + 1].at
end

return rule
