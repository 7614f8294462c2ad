-- Dates as the wire writes them (RFC 3339): text to milliseconds since the epoch and back, in
-- integer arithmetic over the proleptic Gregorian calendar. Knows no clock and no time zone names.

local date = {}

local civil = require "dps.date.civil"

local find, format, match, sub = string.find, string.format, string.match, string.sub
local tonumber, type = tonumber, type

local DAY, FIRST, LAST = civil.DAY, civil.FIRST, civil.LAST
local wrong_day, wrong_time = civil.wrong_day, civil.wrong_time
local EXAMPLE = "2026-12-31T09:00:00+01:00"

local function milliseconds(fraction)
  if fraction == "" then
    return 0
  end
  return tonumber(sub(fraction .. "00", 2, 4))
end

-- Minutes east of UTC, or nil and what is wrong.
local function offset_minutes(zone)
  if zone == "Z" or zone == "z" then
    return 0
  end
  local sign, hours, minutes = match(zone, "^([+-])(%d%d):(%d%d)$")
  if not sign then
    return nil
  end
  hours, minutes = tonumber(hours), tonumber(minutes)
  if hours > 23 or minutes > 59 then
    return nil, format("has the offset %s; offsets are -23:59 to +23:59", zone)
  end
  local total = hours * 60 + minutes
  return sign == "+" and total or -total
end

local DAY_TEXT = "^%d%d%d%d%-%d%d%-%d%d"
local TIME_TEXT = DAY_TEXT .. "[Tt]%d%d:%d%d:%d%d%.?%d*"

local function wrong_zone(zone)
  if zone == "" then
    return "has no offset; write Z or +01:00 at the end"
  end
  local sign, hours, minutes = match(zone, "^([+-])(%d%d):?(%d?%d?)$")
  if sign then
    minutes = #minutes == 2 and minutes or "00"
    return format("ends in %s; write the offset as %s%s:%s", zone, sign, hours, minutes)
  elseif find(zone, "^,%d") then
    return "has a comma in the seconds; write a point"
  end
  return "has no offset that can be read at the end; write Z or +01:00"
end

-- Other ways in which people write dates: what was seen, and how to write it.
local OTHERS = {
  { DAY_TEXT .. "$", "has no time and no offset; write it as in " .. EXAMPLE },
  { DAY_TEXT .. "[Tt]%d%d:%d%d$", "has no seconds and no offset; write it as in " .. EXAMPLE },
  { DAY_TEXT .. "[Tt]%d%d:%d%d[Zz+-]", "has no seconds; write it as in " .. EXAMPLE },
  { DAY_TEXT .. "%s+%d", "has a space between day and time; write a T there, as in " .. EXAMPLE },
  { "^%d%d%d%d%d%d%d%d[Tt]", "has no dashes and colons; write it as in " .. EXAMPLE },
  { "^%d+%.?%d*$", "is a number, not a date; write it as in " .. EXAMPLE },
  { "^%d+/%d+/%d+", "has slashes, which do not say what is day and month; write it as in "
    .. EXAMPLE },
  { "^%d%d%d%d%-%d%d?%-%d%d?", "needs two digits for month, day and time; write it as in "
    .. EXAMPLE },
  { "^%s*$", "is empty; write a date as in " .. EXAMPLE },
  { "^%s", "begins with a space; remove it" },
  { "%s$", "ends with a space; remove it" },
}

local function dotted(text)
  local day, month, year = match(text, "^(%d%d?)%.(%d%d?)%.(%d%d%d%d)")
  if not day then
    return nil
  end
  local wrong = wrong_day(tonumber(year), tonumber(month), tonumber(day))
  return "is in the order day.month.year; write year-month-day, as in " .. EXAMPLE
    .. (wrong and " (it also " .. wrong .. ")" or "")
end

local function why_not(text)
  if find(text, TIME_TEXT) then
    return wrong_zone(match(text, TIME_TEXT .. "(.*)$"))
  end
  for _, other in ipairs(OTHERS) do
    if find(text, other[1]) then
      return other[2]
    end
  end
  return dotted(text) or "is not a date; write it as in " .. EXAMPLE
end

local LONGEST = 64
local WHOLE = "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt](%d%d):(%d%d):(%d%d)(%.?%d*)([Zz+-].*)$"

---Reads a date-time as RFC 3339 section 5.6 has it: day, time and offset, all of them. Digits
---beyond the milliseconds are cut off. Years 0001 to 9999, in UTC too.
---@param text any
---@return integer|nil  milliseconds since 1970-01-01T00:00:00Z
---@return string|nil reason  to be put after the text: "has no offset; write Z ..."
function date.parse(text)
  if type(text) ~= "string" then
    return nil, "is not a string"
  elseif #text > LONGEST then
    return nil, "is too long for a date; write it as in " .. EXAMPLE
  end
  local year, month, day, hour, minute, second, fraction, zone = match(text, WHOLE)
  if not year or fraction ~= "" and not find(fraction, "^%.%d") then
    return nil, why_not(text)
  end
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  local wrong = wrong_day(year, month, day) or wrong_time(hour, minute, second)
  local offset, bad_offset = offset_minutes(zone)
  if wrong or not offset then
    return nil, wrong or bad_offset or wrong_zone(zone)
  end
  local minutes = civil.days(year, month, day) * 1440 + hour * 60 + minute - offset
  local moment = (minutes * 60 + second) * 1000 + milliseconds(fraction)
  if moment < FIRST or moment > LAST then
    return nil, "is outside of the years 0001 to 9999 in UTC"
  end
  return moment
end

local function write(moment, suffix)
  local whole = math.tointeger(moment)
  if not whole or whole < FIRST or whole > LAST then
    error("a moment must be an integer of milliseconds in the years 0001 to 9999, got "
      .. tostring(moment), 3)
  end
  local rest = whole % DAY
  local year, month, day = civil.date(whole // DAY)
  return format("%04d-%02d-%02dT%02d:%02d:%02d.%03d%s", year, month, day, rest // 3600000,
    rest // 60000 % 60, rest // 1000 % 60, rest % 1000, suffix)
end

---Writes a moment as Adobe's documents write dates in requests (contract rule 12).
---@param moment integer  milliseconds since the epoch
---@return string  such as "2022-06-10T00:30:00.000+00:00"
function date.format(moment)
  return write(moment, "+00:00")
end

---Writes a moment as Adobe's receipts write it.
---@param moment integer  milliseconds since the epoch
---@return string  such as "2023-05-31T15:09:11.771Z"
function date.format_z(moment)
  return write(moment, "Z")
end

return date
