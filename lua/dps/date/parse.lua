-- What people write for a date, as numbers: ISO 8601 days (calendar, week and ordinal, with dashes
-- or without), a time of day, an offset, and a zone in brackets (RFC 9557). It resolves nothing:
-- which moment is meant is dps.date.zone's. What it doesn't understand it refuses, with the
-- character.

local parse = {}

local civil = require "dps.date.civil"

local date_wall = require("dps.native").date_wall

local find, format, match, sub = string.find, string.format, string.match, string.sub
local tonumber, type = tonumber, type

local DAY = civil.DAY
local LONGEST = 128

-- Failures travel as a table, so that no position of this file gets into their words.
local function refuse(format_text, ...)
  error({ format(format_text, ...) }, 0)
end

-- --- the day ---

local function calendar_day(year, month, day)
  local wrong = civil.wrong_day(year, month, day)
  return not wrong and civil.days(year, month, day), wrong
end

local function week_day(year, week, weekday)
  if year < 1 then
    return nil, civil.wrong_day(year, 1, 1)
  elseif week < 1 or week > civil.weeks(year) then
    return nil, format("has the week %02d; %d has %d weeks", week, year, civil.weeks(year))
  elseif weekday < 1 or weekday > 7 then
    return nil, format("has the weekday %d; weekdays are 1 (Monday) to 7", weekday)
  end
  return civil.week_days(year, week, weekday)
end

local function ordinal_day(year, day)
  local last = civil.is_leap(year) and 366 or 365
  if year < 1 then
    return nil, civil.wrong_day(year, 1, 1)
  elseif day < 1 or day > last then
    return nil, format("has the day %03d; %d has %d days", day, year, last)
  end
  return civil.days(year, 1, 1) + day - 1
end

local DAYS = {
  { "^(%d%d%d%d)%-(%d%d)%-(%d%d)%f[%D]()", calendar_day },
  { "^(%d%d%d%d)(%d%d)(%d%d)%f[%D]()", calendar_day },
  { "^(%d%d%d%d)%-W(%d%d)%-(%d)%f[%D]()", week_day },
  { "^(%d%d%d%d)W(%d%d)(%d)%f[%D]()", week_day },
  { "^(%d%d%d%d)%-(%d%d%d)%f[%D]()()", ordinal_day },
  { "^(%d%d%d%d)(%d%d%d)%f[%D]()()", ordinal_day },
}

-- Other ways in which people write dates: what was seen, and how to write it.
local OTHERS = {
  { "^%s*$", "is empty; write a date such as 2026-12-01 09:00" },
  { "^%s", "begins with a space; remove it" },
  { "^%d+[/\\]%d+[/\\]%d+", "has slashes, which do not say what is day and month; write"
    .. " year-month-day, such as 2026-12-01" },
  { "^%d%d%d%d%-%d%d$", "has no day; write it such as 2026-12-01" },
  { "^%d%d%d%d%-W%d%d$", "has no weekday; write it such as 2026-W49-2" },
  { "^%d%d%d%d%-%d%d?%-%d%d?%f[%D]", "needs two digits for month and day, such as 2026-12-01" },
  { "^%d%d?%-%d%d?%-%d%d%d%d", "does not begin with the year; write year-month-day, such as"
    .. " 2026-12-01" },
  { "^%d+$", "is a number, not a date; write it such as 2026-12-01" },
  { "^[+-]%d", "begins with a sign; years are 0001 to 9999, without one" },
}

local function dotted(text)
  local day, month, year = match(text, "^(%d%d?)%.(%d%d?)%.(%d%d%d%d)")
  if not day then
    return nil
  end
  local wrong = civil.wrong_day(tonumber(year), tonumber(month), tonumber(day))
  return "is in the order day.month.year; write year-month-day, such as 2026-12-01"
    .. (wrong and " (it also " .. wrong .. ")" or "")
end

local function why_no_day(text)
  for _, other in ipairs(OTHERS) do
    if find(text, other[1]) then
      return other[2]
    end
  end
  return dotted(text) or "is not a date: expected a day such as 2026-12-01 at character 1"
end

local function read_day(text)
  for _, form in ipairs(DAYS) do
    local a, b, c, after = match(text, form[1])
    if a then
      local day, wrong = form[2](tonumber(a), tonumber(b), tonumber(c))
      if not day then
        refuse("%s", wrong)
      end
      return day, after or c
    end
  end
  refuse("%s", why_no_day(text))
end

-- --- the time of day ---

-- Minutes or seconds: ":MM" or "MM".
local function read_sixtieth(text, at)
  local digits, after = match(text, "^:(%d%d)()", at)
  if not digits then
    digits, after = match(text, "^(%d%d)()", at)
  end
  if not digits and find(text, "^[:%d]", at) then
    refuse("is cut off: expected two digits at character %d", find(text, "%d", at) or at + 1)
  end
  return tonumber(digits), after or at
end

local function read_fraction(text, at)
  local digits, after = match(text, "^[.,](%d+)()", at)
  if not digits then
    return 0, at
  end
  return tonumber(sub(digits .. "00", 1, 3)), after
end

-- Milliseconds since midnight. 24:00 is the midnight that ends the day (ISO 8601).
local function read_time(text, at)
  local hour, after = match(text, "^(%d%d)()", at)
  if not hour then
    refuse("is not a date: expected a time such as 09:00 at character %d", at)
  end
  local minute, second, fraction
  hour = tonumber(hour)
  minute, after = read_sixtieth(text, after)
  if minute then
    second, after = read_sixtieth(text, after)
  end
  if second then
    fraction, after = read_fraction(text, after)
  end
  minute, second, fraction = minute or 0, second or 0, fraction or 0
  if hour ~= 24 or minute + second + fraction > 0 then
    local wrong = civil.wrong_time(hour, minute, second)
    if wrong then
      refuse("%s", wrong)
    end
  end
  return ((hour * 60 + minute) * 60 + second) * 1000 + fraction, after
end

-- --- offset and zone ---

local function read_offset(text, at)
  if find(text, "^[Zz]", at) then
    return 0, at + 1
  end
  local sign, hour, after = match(text, "^([+-])(%d%d)()", at)
  if not sign then
    return nil, at
  end
  local minute, second
  minute, after = read_sixtieth(text, after)
  if minute then
    second, after = read_sixtieth(text, after)
  end
  hour, minute, second = tonumber(hour), minute or 0, second or 0
  if hour > 23 or minute > 59 or second > 59 then
    refuse("has the offset %s; offsets are -23:59 to +23:59", sub(text, at, after - 1))
  end
  local offset = ((hour * 60 + minute) * 60 + second) * 1000
  return sign == "+" and offset or -offset, after
end

local function why_not_the_end(text, at)
  local rest = sub(text, at)
  if find(rest, "^%s*$") then
    return "ends with a space; remove it"
  elseif find(rest, "^ ?%u%u%u?%u?%u?$") then
    return format("ends in the abbreviation%s, which is not the name of a zone: give the zone by"
      .. " name, such as Europe/Paris, or the offset", rest:gsub("^ ?", " "))
  elseif find(rest, "^ [+-]%d") then
    return format("has a space at character %d, before the offset; remove it", at)
  end
  return format("goes on at character %d with %q: expected the end, or an offset such as +01:00",
    at, #rest > 12 and sub(rest, 1, 12) .. "..." or rest)
end

local function read(text)
  local day, at = read_day(text)
  local time, offset, name
  if find(text, "^[Tt]", at) or find(text, "^ %d", at) then
    time, at = read_time(text, at + 1)
    offset, at = read_offset(text, at)
  end
  if find(text, "^%[", at) then
    name, at = match(text, "^%[([^%[%]!=]+)%]()", at)
    if not name then
      refuse("has a bracket without a zone in it; write it such as [Europe/Paris]")
    end
  end
  if at <= #text then
    refuse("%s", why_not_the_end(text, at))
  end
  return day * DAY + (time or 0), offset, not time, name
end

local function slow(text)
  if type(text) ~= "string" then
    return nil, "is not a string"
  elseif #text > LONGEST then
    return nil, "is too long for a date; write it such as 2026-12-01 09:00"
  end
  local done, wall, offset, whole, name = pcall(read, text)
  if done then
    return wall, offset, whole, name
  end
  return nil, type(wall) == "table" and wall[1] or tostring(wall)
end

-- --- the way nearly all of them are written ---

-- What may follow HH:MM:SS, with its meaning: a table has few of them.
local MOST_HELD = 8192
local tail_offset, tail_fraction, tails_held = {}, {}, 0

local function hold_tail(tail)
  local wall, offset, _, name = slow("1970-01-01T00:00:00" .. tail)
  if not wall or not offset or name or wall >= 1000 then
    return nil
  end
  if tails_held >= MOST_HELD then
    tail_offset, tail_fraction, tails_held = {}, {}, 0
  end
  tail_offset[tail], tail_fraction[tail], tails_held = offset, wall, tails_held + 1
  return offset
end

---Reads a date, with or without a time, an offset and a zone.
---@param text any
---@return integer|nil wall   what the clock shows, as milliseconds since 1970-01-01 on that clock
---@return integer|string|nil offset  milliseconds east of UTC, nil where none is written; the
---  reason when there is no wall, to be put after the text: "has the day 31; ..."
---@return boolean|nil whole  no time is written
---@return string|nil name    of the zone in brackets
function parse.iso(text)
  local wall, taken = date_wall(text)
  if not wall or #text > LONGEST then
    return slow(text)
  elseif taken == #text then
    return wall, nil, false
  end
  local tail = sub(text, taken + 1)
  local offset = tail_offset[tail] or hold_tail(tail)
  if not offset then
    return slow(text)
  end
  return wall + tail_fraction[tail], offset, false
end

return parse
