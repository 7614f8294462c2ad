-- Dates as campaigns mean them: a wall clock in a time zone, `date("2026-12-01 09:00",
-- "Europe/Paris")`. This is what `require "dps.date"` gives; the work is done in dps/date/.

local civil = require "dps.date.civil"
local formats = require "dps.date.format"
local parse = require "dps.date.parse"
local suggest = require "dps.suggest"
local value = require "dps.date.value"
local wire = require "dps.date.wire"
local zones = require "dps.date.zone"

local date_wall = require("dps.native").date_wall
local format = string.format
local type = type
local FIRST, LAST = civil.FIRST, civil.LAST
local make, moments, offset_at, read = value.make, zones.moments, zones.offset_at, parse.iso

---`date(text [, zone [, options]])` makes a date; dps.date.of says how.
---@class dps.date
---@overload fun(text: string|table|dps.Date, zone: string?, options: table?): dps.Date
local date = {}

local methods = value.methods

-- Loaded when first used: most scripts only make dates.
local function later(name)
  return function()
    return require("dps.date." .. name)
  end
end

local arithmetic, business, easter = later "arithmetic", later "business", later "easter"
local range, recurrence = later "range", later "recurrence"

-- --- making ---

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

-- The way nearly all are written: a wall clock that its zone shows once, in years that no offset
-- leads out of. The date at once; nil for anything else, which is for the careful way.
local SURELY_FIRST, SURELY_LAST = FIRST + 2 * civil.DAY, LAST - 2 * civil.DAY

local function plainly(text, zone)
  local wall, taken = date_wall(text)
  if not wall or taken ~= #text or wall < SURELY_FIRST or wall > SURELY_LAST then
    return nil
  end
  local moment, second = moments(zone, wall)
  return moment and not second and make(moment, zone) or nil
end

-- The fields of `date{ ... }`, with what they are when left out.
local FIELDS = { "year", "month", "day", "hour", "minute", "second", "millisecond" }
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

-- A wall clock out of fields; nil and what is wrong.
local function wall_of(fields)
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
  local wall, reason = wall_of(fields)
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

local function from_any(from, zone, choice)
  if value.is(from) then
    return in_years("this", from.ms, zone or value.zone_of(from))
  elseif type(from) == "table" then
    return from_fields(from, zone, choice)
  end
  return from_text(from, zone, choice)
end

---Makes a date from ISO 8601 / RFC 3339 text with an offset ("2026-12-01T09:00:00+01:00"), from a
---wall clock and a zone ("2026-12-01 09:00", "Europe/Paris"; a day alone is its first moment), from
---fields ({ year = 2026, month = 12, day = 1, hour = 9 }) and a zone, or from a date to be seen in
---another zone. Raises kind "invalid" for what it does not understand.
---@param from string|table|dps.Date
---@param zone string?     IANA name, "UTC", or an offset "+01:00"; text with an offset needs none
---@param options {disambiguation: "earlier"|"later"|"reject"}?  for a wall clock that daylight
---  saving skips or shows twice; "reject" (the default) raises and names both candidates
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
  local self, wrong, unclear = from_any(from, found, choice)
  if not self then
    value.refuse("date", wrong, unclear and value.CHOOSE)
  end
  return self
end

---As date.of, for data that may be wrong: nothing is raised for a text or a zone.
---@param from string|table|dps.Date
---@param zone string?
---@param options {disambiguation: "earlier"|"later"|"reject"}?
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
  self, reason = from_any(from, found, choice)
  return self, reason
end

---@param any any
---@return boolean
function date.is(any)
  return value.is(any)
end

local function zone_of(who, name)
  local zone, reason = zones.of(name == nil and "UTC" or name)
  if not zone then
    value.refuse(who, reason)
  end
  return zone
end

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
---@param rule "western"|"orthodox"|nil
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
---@param options table  see dps.date.recurrence
---@return fun(): dps.Date?
function date.every(options)
  return recurrence().every(options)
end

---What lies between two dates: whole units, or a table of all of them.
---@param from dps.Date
---@param to dps.Date
---@param unit string?  "years" "months" "weeks" "days" "hours" "minutes" "seconds" "milliseconds"
---@return integer|table
function date.between(from, to, unit)
  return arithmetic().between(from, to, unit)
end

---@param from dps.Date
---@param to dps.Date  not included
---@return dps.date.Range
function date.range(from, to)
  return range().new(from, to)
end

---A calendar of business days.
---@param options {holidays: table?, weekend: table?}?
---@return dps.date.Business
function date.business(options)
  return business().new(options)
end

-- --- methods ---

---A date some time later: `d:plus{ months = 1, days = 3 }`. A day that a month lacks becomes its
---last.
---@param step table
---@param options {disambiguation: string?}?
---@return dps.Date
function methods:plus(step, options)
  local add = arithmetic()
  return add.add("plus", value.expect("plus", self), add.step("plus", step), 1,
    value.choice("plus", options))
end

---The same, earlier.
---@param step table
---@param options {disambiguation: string?}?
---@return dps.Date
function methods:minus(step, options)
  local add = arithmetic()
  return add.add("minus", value.expect("minus", self), add.step("minus", step), -1,
    value.choice("minus", options))
end

---The same wall clock with some fields set: `d:with{ hour = 9, minute = 0 }`.
---@param fields table
---@param options {disambiguation: string?}?
---@return dps.Date
function methods:with(fields, options)
  if type(fields) ~= "table" then
    value.refuse("with", "expected a table such as { hour = 9 }, got a " .. type(fields))
  end
  local _, zone, _, offset = value.parts(value.expect("with", self))
  local merged = {}
  for _, name in ipairs(FIELDS) do
    merged[name] = self[name]
  end
  for name, number in next, fields do
    merged[name] = number
  end
  local wall, reason = wall_of(merged)
  if not wall then
    value.refuse("with", "the result " .. reason)
  end
  return value.at_wall("with", zone, wall, value.choice("with", options), offset)
end

---A day of this month by its name, at the same time of day: `d:on "last friday"`.
---@param name string  "4th thursday", "last day", "day 15"
---@param options {disambiguation: string?}?
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

---@param unit string      "year" "quarter" "month" "week" "day" "hour" "minute" "second"
---@param first any        where a week begins, "monday" if not said
---@return dps.Date
function methods:start_of(unit, first)
  return arithmetic().start_of(value.expect("start_of", self), unit,
    first == nil and 1 or recurrence().weekday("start_of", first))
end

---The last millisecond of a unit.
---@param unit string
---@param first any
---@return dps.Date
function methods:end_of(unit, first)
  return arithmetic().end_of(value.expect("end_of", self), unit,
    first == nil and 1 or recurrence().weekday("end_of", first))
end

---@return integer  1 Monday to 7 Sunday
function methods:weekday()
  local _, _, wall = value.parts(value.expect("weekday", self))
  return civil.weekday(wall // civil.DAY)
end

---The same instant, seen in another zone.
---@param zone string
---@return dps.Date
function methods:in_zone(zone)
  if zone == nil then
    value.refuse("in_zone", "expected the name of a zone")
  end
  return value.checked("in_zone", value.expect("in_zone", self).ms, zone_of("in_zone", zone))
end

---Text by strftime's letters, in English: `d:format "%A %e %B %Y, %H:%M"`.
---@param pattern string
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

---The wire's form: UTC, as Adobe's documents write it (contract rule 12).
---@return string  such as "2022-06-10T00:30:00.000+00:00"
function methods:wire()
  return getmetatable(value.expect("wire", self)).__dps_date(self)
end

-- --- text on the wire, as milliseconds since the epoch (dps.date.wire) ---

date.parse, date.format, date.format_z = wire.parse, wire.format, wire.format_z

return setmetatable(date, {
  __call = function(_, from, zone, options)
    return date.of(from, zone, options)
  end,
})
