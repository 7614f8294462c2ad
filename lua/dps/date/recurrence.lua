-- Days that come again: "last friday" of a month, every second week, and the iterator over them.
-- Each is counted from the first one, so that the 31st of a month stays the 31st after a February.

local recurrence = {}

local arithmetic = require "dps.date.arithmetic"
local civil = require "dps.date.civil"
local suggest = require "dps.suggest"
local value = require "dps.date.value"

local format, lower, match = string.format, string.lower, string.match
local DAY = civil.DAY

local NTH = {
  first = 1, second = 2, third = 3, fourth = 4, fifth = 5, last = -1,
  ["1st"] = 1, ["2nd"] = 2, ["3rd"] = 3, ["4th"] = 4, ["5th"] = 5,
}

local WEEKDAYS = {}
for i, name in ipairs(civil.WEEKDAYS) do
  WEEKDAYS[lower(name)], WEEKDAYS[lower(name):sub(1, 3)] = i, i
end

local EXAMPLES = "such as last friday, 2nd tuesday, last day or day 15"

local function lower_names(list)
  local names = {}
  for i, name in ipairs(list) do
    names[i] = lower(name)
  end
  return names
end

local function wrong_weekday(who, word)
  local nearest = suggest.nearest(word, lower_names(civil.WEEKDAYS))
  value.refuse(who, format('"%s" is no weekday (%s)', tostring(word), nearest
    and 'did you mean "' .. nearest .. '"?' or "monday to sunday"))
end

---@param who string
---@param word any  "monday", "mon", or 1 (Monday) to 7
---@return integer
function recurrence.weekday(who, word)
  local number = value.whole(word)
  if number and number >= 1 and number <= 7 then
    return number
  end
  return type(word) == "string" and WEEKDAYS[lower(word)] or wrong_weekday(who, word)
end

-- Day of the month, or nil where the month has none ("fifth friday", "day 31").
local function nth_weekday(year, month, nth, weekday)
  local first, length = civil.days(year, month, 1), civil.month_days(year, month)
  local day = 1 + (weekday - civil.weekday(first)) % 7
  if nth < 0 then
    day = day + 28
    return day > length and day - 7 or day
  end
  day = day + (nth - 1) * 7
  return day <= length and day or nil
end

local function nth_day(year, month, nth)
  local length = civil.month_days(year, month)
  if nth < 0 then
    return length
  end
  return nth <= length and nth or nil
end

---@alias dps.date.MonthDay fun(year: integer, month: integer): integer?

---Reads the name of a day of the month.
---@param who string
---@param text any  "last friday", "4th thursday", "last day", "day 15"
---@return dps.date.MonthDay
function recurrence.month_day(who, text)
  if type(text) ~= "string" then
    value.refuse(who, "expected the name of a day " .. EXAMPLES .. ", got a " .. type(text))
  end
  local number = math.tointeger(tonumber(match(text, "^day (%d%d?)$")))
  if number and number >= 1 and number <= 31 then
    return function(year, month) return nth_day(year, month, number) end
  end
  local word, of = match(lower(text), "^(%w+) (%a+)$")
  local nth = word and NTH[word]
  if not nth then
    value.refuse(who, format('"%s" names no day of a month: write it %s', text, EXAMPLES))
  elseif of == "day" then
    return function(year, month) return nth_day(year, month, nth) end
  end
  local weekday = recurrence.weekday(who, of)
  return function(year, month) return nth_weekday(year, month, nth, weekday) end
end

-- --- the iterator ---

local OWN = { from = true, to = true, ["until"] = true, on = true, count = true,
  disambiguation = true }

local function list_of(on)
  return type(on) == "table" and on or { on }
end

-- Wall clocks in the month that is `offset` months after that of `from`.
local function month_days(who, from, on)
  local rules = {}
  for i, text in ipairs(list_of(on)) do
    rules[i] = recurrence.month_day(who, text)
  end
  local _, _, wall = value.parts(from)
  local year, month = civil.date(wall // DAY)
  return function(months)
    local total = year * 12 + month - 1 + months
    local days = {}
    for _, rule in ipairs(total // 12 <= 9999 and rules or {}) do
      local day = rule(total // 12, total % 12 + 1)
      if day then
        days[#days + 1] = civil.days(total // 12, total % 12 + 1, day)
      end
    end
    return days, total // 12 > 9999
  end
end

local function week_days(who, from, on)
  local weekdays = {}
  for i, word in ipairs(list_of(on)) do
    weekdays[i] = recurrence.weekday(who, word)
  end
  local _, _, wall = value.parts(from)
  local monday = wall // DAY - civil.weekday(wall // DAY) + 1
  return function(days)
    local list = {}
    for i, weekday in ipairs(weekdays) do
      list[i] = monday + days + weekday - 1
    end
    return list, (monday + days) * DAY > civil.LAST - 7 * DAY
  end
end

-- Yields the dates of one step after another that are not before `from`.
local function on_days(who, options, from, step)
  local days_of, size
  if step.months > 0 and step.days == 0 and step.ms == 0 then
    days_of, size = month_days(who, from, options.on), step.months
  elseif step.days > 0 and step.days % 7 == 0 and step.months == 0 and step.ms == 0 then
    days_of, size = week_days(who, from, options.on), step.days
  else
    value.refuse(who, "on goes with weeks, months or years")
  end
  local _, zone, wall, offset = value.parts(from)
  local time, times, queue = wall % DAY, -1, {}
  return function()
    while #queue == 0 do
      times = times + 1
      local days, over = days_of(times * size)
      if over then
        return nil
      end
      table.sort(days, function(a, b) return a > b end)
      queue = days
    end
    local day = table.remove(queue)
    return value.at_wall(who, zone, day * DAY + time, options.disambiguation, offset)
  end
end

-- After the last year that can be written nothing comes any more.
local function is_over(from, step, times)
  local ms = from.ms + (step.days * DAY + step.ms) * times
  return from.year * 12 + from.month - 1 + step.months * times >= 120000
    or ms > civil.LAST - 2 * DAY - step.months * times * 28 * DAY
end

local function every_step(who, options, from, step)
  local times = -1
  return function()
    times = times + 1
    if is_over(from, step, times) then
      return nil
    end
    return arithmetic.add(who, from, step, times, options.disambiguation)
  end
end

local function check_count(who, count)
  if count ~= nil and (not value.whole(count) or count < 0) then
    value.refuse(who, "count must be a whole number from 0")
  end
  return count or math.huge
end

local function check_step(who, options)
  local step = arithmetic.step(who, options, OWN)
  if step.months < 0 or step.days < 0 or step.ms < 0
      or step.months + step.days + step.ms == 0 then
    value.refuse(who, "needs a step that leads forward, such as weeks = 1")
  end
  return step
end

---Dates that come again: a step that leads forward (`weeks = 2`), where it begins and what ends it.
---Each is counted from `from`, so that the 31st stays the 31st after a shorter month.
---@class dps.date.Series: dps.date.Units
---@field from dps.Date       the first that may come
---@field to dps.Date?        the last that may come; also written ["until"]
---@field count integer?      how many there are at most; without it and `to` there is no end
---@field on string|string[]|nil  the days of each step, at the time of day of `from`: "monday" with
---  weeks; "last friday", "2nd tuesday", "last day", "day 15" with months or years
---@field disambiguation "earlier"|"later"|"reject"|nil  as for dps.date.Options

---An iterator over dates: `for d in date.every{ weeks = 1, from = a, to = b } do`.
---@param options dps.date.Series
---@return fun(): dps.Date?
function recurrence.every(options)
  local who = "date.every"
  local step = check_step(who, options)
  local from = value.expect(who, options.from, "from")
  local to = options.to or options["until"]
  if to ~= nil then
    value.expect(who, to, "to")
  end
  value.choice(who, { disambiguation = options.disambiguation })
  local left = check_count(who, options.count)
  local following = (options.on ~= nil and on_days or every_step)(who, options, from, step)
  return function()
    local at
    repeat
      at = left > 0 and following() or nil
    until not at or at >= from
    left = left - 1
    if not at or to and at > to then
      left = 0
      return nil
    end
    return at
  end
end

return recurrence
