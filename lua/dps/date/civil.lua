-- The proleptic Gregorian calendar in integers: days counted from 1970-01-01, years 1 to 9999,
-- weeks as ISO 8601 counts them. It knows no clock, no zone and no text but the words for what is
-- wrong.

local civil = {}

local format = string.format

civil.DAY = 86400000 -- milliseconds

civil.MONTHS = {
  "January", "February", "March", "April", "May", "June", "July", "August", "September",
  "October", "November", "December",
}

civil.WEEKDAYS = {
  "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
}

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

---@param year integer
---@return boolean
function civil.is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

---@param year integer
---@param month integer  1 to 12
---@return integer  28 to 31
function civil.month_days(year, month)
  if month == 2 and civil.is_leap(year) then
    return 29
  end
  return MONTH_DAYS[month]
end

---Days since 1970-01-01. Years are counted from March, so that the leap day is the last day of one;
---an era is 400 years, 146097 days.
---@param year integer
---@param month integer  1 to 12
---@param day integer
---@return integer
function civil.days(year, month, day)
  if month <= 2 then
    year = year - 1
  end
  local era = year // 400
  local year_of_era = year - era * 400
  local day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
  local day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
  return era * 146097 + day_of_era - 719468
end

---@param days integer  since 1970-01-01
---@return integer year
---@return integer month
---@return integer day
function civil.date(days)
  days = days + 719468
  local era = days // 146097
  local day_of_era = days - era * 146097
  local year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524
    - day_of_era // 146096) // 365
  local day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
  local shifted = (5 * day_of_year + 2) // 153
  local month = (shifted + 2) % 12 + 1
  local year = year_of_era + era * 400 + (month <= 2 and 1 or 0)
  return year, month, day_of_year - (153 * shifted + 2) // 5 + 1
end

---@param days integer  since 1970-01-01, a Thursday
---@return integer  1 Monday to 7 Sunday
function civil.weekday(days)
  return (days + 3) % 7 + 1
end

-- The Monday of week 1: the week that holds 4 January.
local function first_monday(year)
  local fourth = civil.days(year, 1, 4)
  return fourth - civil.weekday(fourth) + 1
end

---@param days integer  since 1970-01-01
---@return integer week  1 to 53, ISO 8601
---@return integer year  that the week belongs to
function civil.week(days)
  local thursday = days - civil.weekday(days) + 4
  local year = civil.date(thursday)
  return (thursday - civil.days(year, 1, 1)) // 7 + 1, year
end

---@param year integer
---@return integer  52 or 53
function civil.weeks(year)
  return (first_monday(year + 1) - first_monday(year)) // 7
end

---@param year integer  of the week
---@param week integer
---@param weekday integer  1 Monday to 7 Sunday
---@return integer days  since 1970-01-01
function civil.week_days(year, week, weekday)
  return first_monday(year) + (week - 1) * 7 + weekday - 1
end

civil.FIRST = civil.days(1, 1, 1) * civil.DAY          -- the first millisecond of year 1
civil.LAST = civil.days(10000, 1, 1) * civil.DAY - 1   -- the last one of year 9999

---What is wrong with a day, to be put after the text that names it; nil for a day that exists.
---@param year integer
---@param month integer
---@param day integer
---@return string|nil
function civil.wrong_day(year, month, day)
  if month < 1 or month > 12 then
    return format("has the month %02d; months are 01 to 12", month)
  elseif year < 1 or year > 9999 then
    return format("has the year %04d; years are 0001 to 9999", year)
  end
  local days = civil.month_days(year, month)
  if day < 1 or day > days then
    return format("has the day %02d; %s %d has %d days", day, civil.MONTHS[month], year, days)
  end
end

---The same for a time of day.
---@param hour integer
---@param minute integer
---@param second integer
---@return string|nil
function civil.wrong_time(hour, minute, second)
  if hour < 0 or hour > 23 then
    return format("has the hour %02d; hours are 00 to 23", hour)
  elseif minute < 0 or minute > 59 then
    return format("has the minute %02d; minutes are 00 to 59", minute)
  elseif second == 60 then
    return "has a leap second (60), which the service can't store; write 59"
  elseif second < 0 or second > 59 then
    return format("has the second %02d; seconds are 00 to 59", second)
  end
end

return civil
