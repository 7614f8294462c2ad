-- Business days: a weekend and a list of holidays, and counting over them. Days are those of each
-- date's own zone; the time of day is kept.

local business = {}

local arithmetic = require "dps.date.arithmetic"
local civil = require "dps.date.civil"
local parse = require "dps.date.parse"
local recurrence = require "dps.date.recurrence"
local value = require "dps.date.value"

local format = string.format
local DAY = civil.DAY
local MOST_DAYS = 400000 -- a longer search is a calendar without business days

---Days that are no business days.
---@class dps.date.BusinessOptions
---@field holidays (string|dps.Date)[]?   "2026-12-25", "--12-25" for every year, or dates
---@field weekend (string|integer)[]?     weekdays, "friday" or 1 (Monday) to 7; saturday and sunday
---  when absent

---A calendar of business days.
---@class dps.date.Business
---@field private weekend table<integer, boolean>
---@field private holidays table<integer, boolean>  days since 1970-01-01
---@field private yearly table<integer, boolean>    month * 100 + day
local Business = { __name = "dps.date.business" }
Business.__index = Business

local function day_of(date)
  local _, _, wall = value.parts(date)
  return wall // DAY
end

local function add_yearly(self, who, text)
  local month, day = text:match "^%-%-(%d%d)%-(%d%d)$"
  month, day = tonumber(month), tonumber(day)
  local wrong = civil.wrong_day(2000, month, day)
  if wrong then
    value.refuse(who, format('the holiday "%s" %s', text, wrong))
  end
  self.yearly[month * 100 + day] = true
end

local function add_holiday(self, who, i, given)
  if value.is(given) then
    self.holidays[day_of(given)] = true
    return
  elseif type(given) == "string" and given:find "^%-%-%d%d%-%d%d$" then
    return add_yearly(self, who, given)
  end
  local wall, reason, whole = parse.iso(given)
  if not wall or not whole then
    value.refuse(who, format("holiday %d (%s) %s", i, tostring(given), wall
      and "has a time; write the day alone, such as 2026-12-25"
      or reason or "is not a day such as 2026-12-25"))
  end
  self.holidays[wall // DAY] = true
end

local function add_weekend(self, who, given)
  for _, word in ipairs(given or { 6, 7 }) do
    self.weekend[recurrence.weekday(who, word)] = true
  end
  if #self.weekend == 7 then
    value.refuse(who, "a weekend of seven days leaves no business day")
  end
end

local KNOWN = { holidays = true, weekend = true }

---@param options dps.date.BusinessOptions?
---@return dps.date.Business
function business.new(options)
  local who = "date.business"
  local self = setmetatable({ weekend = {}, holidays = {}, yearly = {} }, Business)
  if options ~= nil and (type(options) ~= "table" or value.is(options)) then
    value.refuse(who, format("the options must be a table such as"
      .. ' { holidays = { "2026-12-25" } }, not a %s',
      value.is(options) and "date" or type(options)))
  end
  for key, list in next, options or {} do
    if not KNOWN[key] or type(list) ~= "table" then
      value.refuse(who, KNOWN[key] and key .. " must be a list"
        or format("unknown option %s (known: holidays, weekend)", tostring(key)))
    end
  end
  options = options or {}
  add_weekend(self, who, options.weekend)
  for i, given in ipairs(options.holidays or {}) do
    add_holiday(self, who, i, given)
  end
  return self
end

local function is_open(self, day)
  if self.weekend[civil.weekday(day)] or self.holidays[day] then
    return false
  end
  local _, month, day_of_month = civil.date(day)
  return not self.yearly[month * 100 + day_of_month]
end

---Whether a date lies on a business day.
---@param date dps.Date  any time of that day
---@return boolean
function Business:is(date)
  return is_open(self, day_of(value.expect("is", date)))
end

---So many business days later (fewer than 0: earlier), at the same time of day. 0 gives the date
---itself, or the next business day if it lies on none.
---@param date dps.Date  where to begin
---@param count integer  business days
---@param options dps.date.Options?  for a wall clock that the new day skips or shows twice
---@return dps.Date
function Business:plus(date, count, options)
  local who = "plus"
  local start = day_of(value.expect(who, date))
  local left = value.whole(count)
  if not left then
    value.refuse(who, "the number of business days must be whole")
  end
  local step = left < 0 and -1 or 1
  local day = start
  left = left < 0 and -left or left
  if left == 0 and not is_open(self, day) then
    left = 1
  end
  while left > 0 do
    day = day + step
    left = is_open(self, day) and left - 1 or left
    if (day - start) * step > MOST_DAYS then
      value.refuse(who, "there is no such business day in a thousand years")
    end
  end
  return arithmetic.add(who, date, { months = 0, days = day - start, ms = 0 }, 1,
    value.choice(who, options))
end

---How many business days there are from one date's day on, before the other's: negative where `to`
---is the earlier one.
---@param from dps.Date  its day is counted
---@param to dps.Date    its day is not
---@return integer
function Business:between(from, to)
  local first, last = day_of(value.expect("between", from, "the first one")),
    day_of(value.expect("between", to, "the second one"))
  local sign, count = 1, 0
  if last < first then
    first, last, sign = last, first, -1
  end
  for day = first, last - 1 do
    count = is_open(self, day) and count + 1 or count
  end
  return sign * count
end

return business
