-- Dates as campaigns mean them: a wall clock in a time zone, `date("2026-12-01 09:00",
-- "Europe/Paris")`. This is what `require "dps.date"` gives; the work is done in dps/date/.

local civil = require "dps.date.civil"
local making = require "dps.date.making"
local value = require "dps.date.value"
local wire = require "dps.date.wire"
local zones = require "dps.date.zone"

require "dps.date.methods"

local format = string.format
local make, make_of, plainly, zone_of = value.make, making.of, making.plainly, making.zone

---Dates as campaigns mean them: a wall clock in a time zone, such as
---`date("2026-12-01 09:00", "Europe/Paris")`. To call the module is to call `date.of`.
---@class dps.date
---@overload fun(from: any, zone: string?, options: dps.date.Options?): dps.Date
local date = {}

-- Loaded when first used: most scripts only make dates.
local function later(name)
  return function()
    return require("dps.date." .. name)
  end
end

local arithmetic, business, easter = later "arithmetic", later "business", later "easter"
local range, recurrence = later "range", later "recurrence"

---Makes a date. From ISO 8601 / RFC 3339 text with an offset ("2026-12-01T09:00:00+01:00"), from a
---wall clock and a zone ("2026-12-01 09:00", "Europe/Paris"; a day alone is its first moment), from
---fields ({ year = 2026, month = 12, day = 1, hour = 9 }) and a zone, or from a date to be seen in
---another zone. Raises kind "invalid" for what it does not understand.
---@param from string|dps.date.Fields|dps.Date  what it is made from
---@param zone string?     IANA name, "UTC", or an offset "+01:00"; text with an offset needs none
---@param options dps.date.Options?  for a wall clock that daylight saving skips or shows twice
---@return dps.Date
function date.of(from, zone, options)
  local found, reason
  if zone ~= nil then
    found, reason = zones.of(zone)
    if not found then
      value.refuse("date", reason, "write the name of a zone, UTC, or an offset such as +01:00")
    end
  end
  local choice = options ~= nil and value.choice("date", options) or nil
  local plain = found and plainly(from, found)
  if plain then
    return plain
  end
  local self, wrong, unclear = make_of(from, found, choice)
  if not self then
    value.refuse("date", wrong, unclear and value.CHOOSE)
  end
  return self
end

---As date.of, for data that may be wrong: nothing is raised for a text or a zone.
---@param from string|dps.date.Fields|dps.Date  what it is made from
---@param zone string?  as for date.of
---@param options dps.date.Options?  as for date.of
---@return dps.Date|nil
---@return string|nil reason  such as '"2026-02-30" has the day 30; February 2026 has 28 days'
function date.try(from, zone, options)
  local found, reason
  if zone ~= nil then
    found, reason = zones.of(zone)
    if not found then
      return nil, reason
    end
  end
  local choice = options ~= nil and value.choice("date.try", options) or nil
  local self = found and plainly(from, found)
  if self then
    return self
  end
  self, reason = make_of(from, found, choice)
  return self, reason
end

---Whether a value is a date of this module.
---@param any any  what is asked about
---@return boolean
function date.is(any)
  return value.is(any)
end

---A date from a moment.
---@param ms integer     milliseconds since 1970-01-01T00:00:00Z
---@param zone string?   UTC if not said
---@return dps.Date
function date.from_ms(ms, zone)
  local whole = value.whole(ms)
  if not whole then
    value.refuse("date.from_ms", "expected a whole number of milliseconds")
  end
  return value.checked("date.from_ms", whole, zone_of("date.from_ms", zone))
end

---This moment.
---@param zone string?  UTC if not said
---@return dps.Date
function date.now(zone)
  local now = require("dps.native").now()
  return make(math.floor(now * 1000), zone_of("date.now", zone))
end

---The first moment of this day.
---@param zone string?  UTC if not said
---@return dps.Date
function date.today(zone)
  return date.now(zone):start_of "day"
end

---Easter Sunday, its first moment.
---@param year integer   1583 to 9999
---@param zone string?   UTC if not said
---@param rule "western"|"orthodox"|nil  "western" when absent
---@return dps.Date
function date.easter(year, zone, rule)
  local whole = value.whole(year)
  rule = rule or "western"
  if not whole or whole < 1583 or whole > 9999 then
    value.refuse("date.easter", "expected a year from 1583 to 9999, got " .. tostring(year))
  elseif rule ~= "western" and rule ~= "orthodox" then
    value.refuse("date.easter", format('"%s" is unknown (allowed: western, orthodox)',
      tostring(rule)))
  end
  local found = zone_of("date.easter", zone)
  return make(value.first_at(found, easter().days(whole, rule) * civil.DAY), found)
end

---Dates that come again: `for d in date.every{ months = 1, on = "last friday", from = a, to = b }`.
---@param options dps.date.Series  a step, where it begins, and what ends it
---@return fun(): dps.Date?
function date.every(options)
  return recurrence().every(options)
end

---What lies between two dates: whole units, or a table of all of them but weeks.
---@param from dps.Date  the zone it is counted in is this one's
---@param to dps.Date    the result is below 0 where this is the earlier one
---@param unit string?  "years" "months" "weeks" "days" "hours" "minutes" "seconds" "milliseconds"
---@return integer|table
function date.between(from, to, unit)
  return arithmetic().between(from, to, unit)
end

---A stretch of time from one date to another.
---@param from dps.Date  the first moment
---@param to dps.Date  not included, and not before `from`
---@return dps.date.Range
function date.range(from, to)
  return range().new(from, to)
end

---A calendar of business days.
---@param options dps.date.BusinessOptions?  saturdays and sundays alone are free when absent
---@return dps.date.Business
function date.business(options)
  return business().new(options)
end

-- --- text on the wire, as milliseconds since the epoch (dps.date.wire) ---

date.parse, date.format, date.format_z = wire.parse, wire.format, wire.format_z

return setmetatable(date, {
  __call = function(_, from, zone, options)
    return date.of(from, zone, options)
  end,
})
