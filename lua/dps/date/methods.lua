-- What a date can do: `d:plus{ months = 1 }`, `d:on "last friday"`, `d:format "%A"`. Each gives a
-- new value; the work is done in dps.date.arithmetic and dps.date.recurrence.

local civil = require "dps.date.civil"
local formats = require "dps.date.format"
local making = require "dps.date.making"
local value = require "dps.date.value"

local format = string.format
local type = type

local methods = value.methods

-- Loaded when first used: most scripts only make dates.
local function arithmetic()
  return require "dps.date.arithmetic"
end

local function recurrence()
  return require "dps.date.recurrence"
end

---A date some time later: `d:plus{ months = 1, days = 3 }`. A day that a month lacks becomes its
---last.
---@param step dps.date.Units  how far
---@param options dps.date.Options?  for a wall clock that is skipped or shown twice
---@return dps.Date
function methods:plus(step, options)
  local add = arithmetic()
  return add.add("plus", value.expect("plus", self), add.step("plus", step), 1,
    value.choice("plus", options))
end

---The same, earlier.
---@param step dps.date.Units  how far
---@param options dps.date.Options?  for a wall clock that is skipped or shown twice
---@return dps.Date
function methods:minus(step, options)
  local add = arithmetic()
  return add.add("minus", value.expect("minus", self), add.step("minus", step), -1,
    value.choice("minus", options))
end

---The same wall clock with some fields set: `d:with{ hour = 9, minute = 0 }`.
---@param fields dps.date.Fields  those that change
---@param options dps.date.Options?  for a wall clock that is skipped or shown twice
---@return dps.Date
function methods:with(fields, options)
  if type(fields) ~= "table" then
    value.refuse("with", "expected a table such as { hour = 9 }, got a " .. type(fields))
  end
  local _, zone, _, offset = value.parts(value.expect("with", self))
  local merged = {}
  for _, name in ipairs(making.FIELDS) do
    merged[name] = self[name]
  end
  for name, number in next, fields do
    merged[name] = number
  end
  local wall, reason = making.wall_of(merged)
  if not wall then
    value.refuse("with", "the result " .. reason)
  end
  return value.at_wall("with", zone, wall, value.choice("with", options), offset)
end

---A day of this month by its name, at the same time of day: `d:on "last friday"`.
---@param name string  "4th thursday", "last day", "day 15"
---@param options dps.date.Options?  for a wall clock that is skipped or shown twice
---@return dps.Date
function methods:on(name, options)
  local rule = recurrence().month_day("on", name)
  local _, zone, wall, offset = value.parts(value.expect("on", self))
  local year, month = civil.date(wall // civil.DAY)
  local day = rule(year, month)
  if not day then
    value.refuse("on", format("%s %d has no %s", civil.MONTHS[month], year, name))
  end
  return value.at_wall("on", zone, civil.days(year, month, day) * civil.DAY + wall % civil.DAY,
    value.choice("on", options), offset)
end

---The first moment of a unit.
---@param unit string  "year" "quarter" "month" "week" "day" "hour" "minute" "second"
---@param first string|integer|nil  where a week begins: a weekday, "monday" if not said
---@return dps.Date
function methods:start_of(unit, first)
  return arithmetic().start_of(value.expect("start_of", self), unit,
    first == nil and 1 or recurrence().weekday("start_of", first))
end

---The last millisecond of a unit.
---@param unit string  as for start_of
---@param first string|integer|nil  where a week begins: a weekday, "monday" if not said
---@return dps.Date
function methods:end_of(unit, first)
  return arithmetic().end_of(value.expect("end_of", self), unit,
    first == nil and 1 or recurrence().weekday("end_of", first))
end

---The day of the week.
---@return integer  1 Monday to 7 Sunday
function methods:weekday()
  local _, _, wall = value.parts(value.expect("weekday", self))
  return civil.weekday(wall // civil.DAY)
end

---The same instant, seen in another zone.
---@param zone string  IANA name, "UTC", or an offset "+01:00"
---@return dps.Date
function methods:in_zone(zone)
  if zone == nil then
    value.refuse("in_zone", "expected the name of a zone")
  end
  return value.checked("in_zone", value.expect("in_zone", self).ms, making.zone("in_zone", zone))
end

---Text by strftime's letters, in English: `d:format "%A %e %B %Y, %H:%M"`.
---@param pattern string  of %Y %m %d %e (day without 0) %H %I %M %S %L (milliseconds) %p %A %a %B
---  %b %j %u (weekday, 1 Monday) %V %G (ISO week and its year) %y %z %Z %F %T %R %%
---@return string
function methods:format(pattern)
  value.expect("format", self)
  if type(pattern) ~= "string" then
    value.refuse("format", "expected a pattern such as \"%Y-%m-%d\", got a " .. type(pattern))
  end
  local _, _, _, offset = value.parts(self)
  local text, reason = formats.fill(pattern, setmetatable({
    offset = offset, weekday = self:weekday(),
  }, { __index = function(_, name) return self[name] end }))
  if not text then
    value.refuse("format", reason)
  end
  return text
end

---The form that is sent: UTC, as Adobe's documents write it. Calls do that with every date by
---themselves.
---@return string  such as "2022-06-10T00:30:00.000+00:00"
function methods:wire()
  return getmetatable(value.expect("wire", self)).__dps_date(self)
end

return methods
