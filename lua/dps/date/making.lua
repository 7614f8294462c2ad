-- How a date is made: of a text, of fields, of another date, and the zone that it is seen in. It
-- gives what is wrong as a reason; whether that is raised is dps.date's.

local civil = require "dps.date.civil"
local parse = require "dps.date.parse"
local suggest = require "dps.suggest"
local value = require "dps.date.value"
local zones = require "dps.date.zone"

local date_wall = require("dps.native").date_wall
local format = string.format
local type = type
local FIRST, LAST = civil.FIRST, civil.LAST
local make, moments, offset_at, read = value.make, zones.moments, zones.offset_at, parse.iso

local making = {}

-- The fields of `date{ ... }`, with what they are when left out.
making.FIELDS = { "year", "month", "day", "hour", "minute", "second", "millisecond" }
local FIELDS = making.FIELDS

local function no_zone(text, reason)
  return nil, format("%q %s", text, reason)
end

-- The moment that a text means, and the zone it is seen in; nil and the reason. The third result
-- says that a choice is what is missing.
local function understand(text, zone, choice)
  local wall, offset, whole, name = read(text)
  if not wall then
    return nil, type(text) == "string" and format("%q %s", text, offset)
      or "a text was expected, got " .. (text == nil and "nothing" or "a " .. type(text))
  end
  local reason
  if name then
    zone, reason = zones.of(name)
    if not zone then
      return no_zone(text, reason)
    end
  end
  if offset then
    return wall - offset, zone or zones.at_offset(offset)
  elseif not zone then
    return no_zone(text, "has no offset: give a zone, such as \"Europe/Paris\" or \"UTC\"")
  end
  local moment, second = moments(zone, wall)
  if second or not moment then
    if whole then
      return value.first_at(zone, wall), zone
    end
    moment, reason = value.resolve(zone, wall, choice)
  end
  if not moment then
    return nil, format("%q %s", text, reason), true
  end
  return moment, zone
end

local function in_years(text, moment, zone)
  local wall = moment >= FIRST and moment <= LAST and moment + offset_at(zone, moment)
  if wall and wall >= FIRST and wall <= LAST then
    return make(moment, zone)
  end
  return nil, format("%q is outside of the years 0001 to 9999", text)
end

local function from_text(text, zone, choice)
  local moment, found, unclear = understand(text, zone, choice)
  if not moment then
    return nil, found, unclear
  end
  return in_years(text, moment, found)
end

-- In years that no offset leads out of.
local SURELY_FIRST, SURELY_LAST = FIRST + 2 * civil.DAY, LAST - 2 * civil.DAY

---The way nearly all are written: a wall clock that its zone shows once. The date at once; nil for
---anything else, which is for making.of.
---@param text any
---@param zone dps.Zone
---@return dps.Date?
function making.plainly(text, zone)
  local wall, taken = date_wall(text)
  if not wall or taken ~= #text or wall < SURELY_FIRST or wall > SURELY_LAST then
    return nil
  end
  local moment, second = moments(zone, wall)
  return moment and not second and make(moment, zone) or nil
end

local OTHERWISE = { month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0 }

local function check_fields(fields)
  for key in next, fields do
    if key ~= "year" and not OTHERWISE[key] then
      local nearest = suggest.nearest(key, FIELDS)
      return format("%s is no field (%s)", tostring(key), nearest
        and "did you mean " .. nearest .. "?"
        or "known: " .. table.concat(FIELDS, ", "))
    end
  end
end

---A wall clock out of fields; nil and what is wrong.
---@param fields table
---@return integer? wall
---@return string? reason
function making.wall_of(fields)
  local wrong, at = check_fields(fields), {}
  for _, name in ipairs(wrong and {} or FIELDS) do
    at[name] = value.whole(fields[name] == nil and OTHERWISE[name] or fields[name])
    if not at[name] then
      return nil, format("%s must be a whole number, got %s", name, tostring(fields[name]))
    end
  end
  wrong = wrong or civil.wrong_day(at.year, at.month, at.day)
    or civil.wrong_time(at.hour, at.minute, at.second)
    or (at.millisecond < 0 or at.millisecond > 999) and "has milliseconds that are not 0 to 999"
  if wrong then
    return nil, wrong
  end
  return civil.days(at.year, at.month, at.day) * civil.DAY
    + ((at.hour * 60 + at.minute) * 60 + at.second) * 1000 + at.millisecond
end

local function from_fields(fields, zone, choice)
  if not zone then
    return nil, "fields need a zone, such as \"Europe/Paris\" or \"UTC\""
  end
  local wall, reason = making.wall_of(fields)
  if not wall then
    return nil, reason
  end
  local moment
  moment, reason = value.resolve(zone, wall, choice)
  if not moment then
    return nil, "this " .. reason, true
  end
  return in_years("this", moment, zone)
end

---A date of whatever date.of takes; nil and what is wrong with it.
---@param from any
---@param zone dps.Zone?
---@param choice string?  for a wall clock that daylight saving skips or shows twice
---@return dps.Date?
---@return string? reason
---@return boolean? unclear  a choice is what is missing
function making.of(from, zone, choice)
  if value.is(from) then
    return in_years("this", from.ms, zone or value.zone_of(from))
  elseif type(from) == "table" then
    return from_fields(from, zone, choice)
  end
  return from_text(from, zone, choice)
end

---The zone of a name; UTC where there is none. Raises kind "invalid" for one that is not known.
---@param who string  the function that was called
---@param name string?
---@return dps.Zone
function making.zone(who, name)
  local zone, reason = zones.of(name == nil and "UTC" or name)
  if not zone then
    value.refuse(who, reason)
  end
  return zone
end

return making
