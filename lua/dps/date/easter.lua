-- Easter Sunday, Western and Orthodox. Pure arithmetic on years.

local easter = {}

local civil = require "dps.date.civil"

-- Meeus/Jones/Butcher, Gregorian calendar (J. Meeus, Astronomical Algorithms, 1991, p. 67).
local function western(year)
  local golden, century, rest = year % 19, year // 100, year % 100
  local moon = (century - (century + 8) // 25 + 1) // 3
  local epact = (19 * golden + century - century // 4 - moon + 15) % 30
  local sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
  local shift = (golden + 11 * epact + 22 * sunday) // 451
  local from_march = epact + sunday - 7 * shift + 114
  return civil.days(year, from_march // 31, from_march % 31 + 1)
end

-- The same book, p. 69, gives the day in the Julian calendar; the calendars are so many days apart.
local function orthodox(year)
  local moon = (19 * (year % 19) + 15) % 30
  local sunday = (2 * (year % 4) + 4 * (year % 7) - moon + 34) % 7
  local from_march = moon + sunday + 114
  local apart = year // 100 - year // 400 - 2
  return civil.days(year, from_march // 31, from_march % 31 + 1) + apart
end

local RULES = { western = western, orthodox = orthodox }

---@param year integer  1583 to 9999: the Gregorian calendar did not exist before
---@param rule "western"|"orthodox"
---@return integer days  since 1970-01-01
function easter.days(year, rule)
  return RULES[rule](year)
end

return easter
