-- A wall clock as text. The usual form is written in C (src/date_text.h), since a long table is
-- full of it.

local formats = {}

local civil = require "dps.date.civil"

local format, gsub = string.format, string.gsub

local TWO, THREE = {}, {}
for i = 0, 99 do
  TWO[i] = format("%02d", i)
end
for i = 0, 999 do
  THREE[i] = format("%03d", i)
end

---ISO 8601 with milliseconds and the offset; seconds of an offset (local mean time) where it has
---any.
---@param wall integer  what the clock shows, as milliseconds since 1970-01-01 on that clock
---@param offset integer  milliseconds east of UTC
---@return string  such as "2026-12-01T09:00:00.000+01:00"
formats.iso = require("dps.native").date_iso

---@param wall integer
---@return string  such as "2026-12-01 09:00:00"; milliseconds only where there are any
function formats.wall(wall)
  local text = formats.iso(wall, 0):sub(1, 23):gsub("T", " ")
  return (text:gsub("%.000$", ""))
end

-- What `%x` in a pattern stands for, by strftime's letters (POSIX), in English.
local parts = {}

local function hour12(at)
  return (at.hour + 11) % 12 + 1
end

function parts.Y(at) return format("%04d", at.year) end
function parts.y(at) return TWO[at.year % 100] end
function parts.m(at) return TWO[at.month] end
function parts.d(at) return TWO[at.day] end
function parts.e(at) return format("%d", at.day) end
function parts.j(at) return THREE[at.yearday] end
function parts.H(at) return TWO[at.hour] end
function parts.I(at) return TWO[hour12(at)] end
function parts.M(at) return TWO[at.minute] end
function parts.S(at) return TWO[at.second] end
function parts.L(at) return THREE[at.millisecond] end
function parts.p(at) return at.hour < 12 and "AM" or "PM" end
function parts.A(at) return civil.WEEKDAYS[at.weekday] end
function parts.a(at) return civil.WEEKDAYS[at.weekday]:sub(1, 3) end
function parts.B(at) return civil.MONTHS[at.month] end
function parts.b(at) return civil.MONTHS[at.month]:sub(1, 3) end
function parts.u(at) return format("%d", at.weekday) end
function parts.V(at) return TWO[at.week] end
function parts.G(at) return format("%04d", at.weekyear) end
function parts.z(at) return formats.iso(0, at.offset):sub(24) end
function parts.Z(at) return at.abbreviation end
function parts.F(at) return format("%04d-%02d-%02d", at.year, at.month, at.day) end
function parts.T(at) return TWO[at.hour] .. ":" .. TWO[at.minute] .. ":" .. TWO[at.second] end
function parts.R(at) return TWO[at.hour] .. ":" .. TWO[at.minute] end
parts["%"] = function() return "%" end

---Fills a pattern. `%e` is the day without a leading zero, `%L` milliseconds, `%z` `+01:00`.
---@param pattern string  such as "%A %e %B %Y, %H:%M"
---@param at table        the fields that its letters name
---@return string|nil
---@return string|nil reason
function formats.fill(pattern, at)
  local wrong
  local text = gsub(pattern, "()%%(.?)", function(place, letter)
    local part = parts[letter]
    if not part then
      wrong = wrong or format("%%%s at character %d of the pattern is unknown (known: %s)", letter,
        place, "%Y %m %d %e %H %I %M %S %L %p %A %a %B %b %j %u %V %G %y %z %Z %F %T %R %%")
      return nil
    end
    return part(at)
  end)
  if wrong then
    return nil, wrong
  end
  return text
end

return formats
