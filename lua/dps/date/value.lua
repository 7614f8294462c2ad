-- The immutable value that dps.date hands out: a moment and the zone it is looked at in. It is
-- made, read, compared and written here; what is computed with it stands in the files beside this
-- one.

local value = {}

local civil = require "dps.date.civil"
local err = require "dps.err"
local formats = require "dps.date.format"
local suggest = require "dps.suggest"
local zones = require "dps.date.zone"

local floor = math.floor
local format = string.format
local getmetatable, rawequal, rawget, setmetatable, type = getmetatable, rawequal, rawget,
  setmetatable, type
local offset_at, write = zones.offset_at, formats.iso

local DAY, FIRST, LAST = civil.DAY, civil.FIRST, civil.LAST
local MOMENT <const>, ZONE <const> = "\0moment", "\0zone" -- no script writes these by chance

---A moment and the zone that it is seen in. It never changes: methods give another date. `a == b`
---means the same instant in whatever zone, `<` and `<=` compare instants, `a - b` is the seconds
---from b to a, `tostring(a)` the wall clock with its offset: 2026-12-01T09:00:00.000+01:00.
---@class dps.Date
---@field year integer          1 to 9999
---@field month integer         1 to 12
---@field day integer           1 to 31
---@field hour integer          0 to 23
---@field minute integer        0 to 59
---@field second integer        0 to 59
---@field millisecond integer   0 to 999
---@field yearday integer       1 to 366
---@field week integer          ISO 8601 week, 1 to 53
---@field weekyear integer      the year that week belongs to
---@field offset integer        seconds east of UTC
---@field zone string           such as "Europe/Paris"
---@field abbreviation string   such as "CET"
---@field ms integer            milliseconds since 1970-01-01T00:00:00Z

---What a wall clock means that daylight saving skips or shows twice.
---@class dps.date.Options
---@field disambiguation "earlier"|"later"|"reject"|nil  which of the two moments; "reject" (the
---  default) raises and names both

---A wall clock by its parts, each a whole number.
---@class dps.date.Fields
---@field year integer          1 to 9999
---@field month integer?        1 to 12; 1 when absent
---@field day integer?          1 to 31; 1 when absent
---@field hour integer?         0 to 23; 0 when absent
---@field minute integer?       0 to 59; 0 when absent
---@field second integer?       0 to 59; 0 when absent
---@field millisecond integer?  0 to 999; 0 when absent

---The methods of every date: filled by dps.date.
---@type table<string, function>
value.methods = {}
---Told of each wall clock that does not exist and for which a moment was chosen (dps check).
---@type fun(message: string)|nil
value.watch = nil
local methods = value.methods

-- What getmetatable shows; the true one stays out of reach.
local shown = { __name = "dps.date" }
local metatable = { __name = "dps.date", __metatable = shown }

---Raises kind "invalid" for what a script passed, at the script's own line.
---@param who string     such as "date"
---@param reason string
---@param hint string?
function value.refuse(who, reason, hint)
  hint = hint or "correct this call"
  err.raise { kind = "invalid", message = who .. ": " .. reason, hint = hint }
end

---@param moment integer   milliseconds since the epoch, in the years 0001 to 9999 in UTC
---@param zone dps.Zone
---@return dps.Date
local function make(moment, zone)
  return setmetatable({ [MOMENT] = moment, [ZONE] = zone }, metatable)
end
value.make = make

---The same for a moment that may lie outside of the years that can be written.
---@param who string
---@param moment integer
---@param zone dps.Zone
---@return dps.Date
function value.checked(who, moment, zone)
  local wall = moment >= FIRST and moment <= LAST and moment + offset_at(zone, moment)
  if not wall or wall < FIRST or wall > LAST then
    value.refuse(who, "the result is outside of the years 0001 to 9999")
  end
  return make(moment, zone)
end

---@param any any
---@return boolean
function value.is(any)
  return type(any) == "table" and rawequal(getmetatable(any), shown)
end

---@param who string
---@param any any
---@param what string?  what it is for the reader: "from"
---@return dps.Date
function value.expect(who, any, what)
  if not value.is(any) then
    value.refuse(who, format("%s must be a date, got %s%s", what or "this", type(any) == "nil"
      and "nothing" or "a " .. type(any), type(any) == "string"
      and format("; make one with date(%q, zone)", any) or ""))
  end
  return any
end

---@param self dps.Date
---@return integer moment
---@return dps.Zone zone
---@return integer wall    what a clock in the zone shows, as milliseconds since 1970-01-01 on it
---@return integer offset  milliseconds east of UTC
function value.parts(self)
  local moment, zone = self[MOMENT], self[ZONE]
  local offset = offset_at(zone, moment)
  return moment, zone, moment + offset, offset
end

---@param self dps.Date
---@return dps.Zone
function value.zone_of(self)
  return self[ZONE]
end

-- --- fields ---

local function wall_of(self)
  local moment = self[MOMENT]
  return moment + offset_at(self[ZONE], moment)
end

local function days_of(self)
  return wall_of(self) // DAY
end

-- In the order in which pairs gives them.
local FIELDS = {
  "year", "month", "day", "hour", "minute", "second", "millisecond", "yearday", "weekyear", "week",
  "offset", "zone", "abbreviation", "ms",
}

local fields = {}

function fields.year(self) return (civil.date(days_of(self))) end
function fields.month(self) return (select(2, civil.date(days_of(self)))) end
function fields.day(self) return (select(3, civil.date(days_of(self)))) end
function fields.hour(self) return wall_of(self) // 3600000 % 24 end
function fields.minute(self) return wall_of(self) // 60000 % 60 end
function fields.second(self) return wall_of(self) // 1000 % 60 end
function fields.millisecond(self) return wall_of(self) % 1000 end
function fields.yearday(self) return days_of(self) - civil.days(fields.year(self), 1, 1) + 1 end
function fields.week(self) return (civil.week(days_of(self))) end
function fields.weekyear(self) return (select(2, civil.week(days_of(self)))) end
function fields.offset(self) return offset_at(self[ZONE], self[MOMENT]) // 1000 end
function fields.zone(self) return self[ZONE].name end
function fields.ms(self) return self[MOMENT] end

function fields.abbreviation(self)
  offset_at(self[ZONE], self[MOMENT])
  return self[ZONE].period.name
end

local function names()
  local list = { table.unpack(FIELDS) }
  for name in pairs(methods) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

local function unknown(key)
  local nearest = suggest.nearest(key, names())
  local is_method = nearest and methods[nearest]
  value.refuse("date", format("a date has no %s (%s)", tostring(key), nearest
    and "did you mean " .. (is_method and ":" or ".") .. nearest .. "?"
    or "known: " .. table.concat(names(), ", ")))
end

function metatable.__index(self, key)
  local method = methods[key]
  if method then
    return method
  end
  local field = fields[key]
  if field then
    return field(self)
  end
  unknown(key)
end

function metatable.__newindex(_, key)
  value.refuse("date", format("a date can't be changed (%s was to be set): make another one with"
    .. " :with{ } or :plus{ }", tostring(key)))
end

function metatable.__pairs(self)
  local i = 0
  return function()
    i = i + 1
    local name = FIELDS[i]
    if name then
      return name, fields[name](self)
    end
  end
end

-- --- comparison: equal means the same instant, in whatever zone ---

local function two(a, b, what)
  if not value.is(a) or not value.is(b) then
    local other = value.is(a) and b or a
    value.refuse("date", format("a date can't be %s a %s%s", what, type(other),
      type(other) == "string" and "; make a date of it with date(text, zone)" or ""))
  end
  return a[MOMENT], b[MOMENT]
end

function metatable.__eq(a, b)
  return value.is(a) and value.is(b) and a[MOMENT] == b[MOMENT]
end

function metatable.__lt(a, b)
  local first, second = two(a, b, "compared with")
  return first < second
end

function metatable.__le(a, b)
  local first, second = two(a, b, "compared with")
  return first <= second
end

-- Seconds from b to a: whole ones as an integer.
function metatable.__sub(a, b)
  local first, second = two(a, b, "subtracted from or by")
  local apart = first - second
  return apart % 1000 == 0 and apart // 1000 or apart / 1000
end

function metatable.__add()
  value.refuse("date", "a date can't be added to: write :plus{ days = 1 } or :plus{ seconds = 90 }")
end

-- --- text ---

function metatable.__tostring(self)
  local moment = self[MOMENT]
  local offset = offset_at(self[ZONE], moment)
  return write(moment + offset, offset)
end

function metatable.__concat(a, b)
  return (value.is(a) and tostring(a) or a) .. (value.is(b) and tostring(b) or b)
end

-- What goes out on the wire: UTC, as Adobe's documents write it (contract rule 12).
function shown.__dps_date(self)
  return write(rawget(self, MOMENT), 0)
end

-- Where the moment stands, for who only compares: integer milliseconds.
shown.__dps_moment = MOMENT

-- --- which moment a wall clock means ---

local CHOICES = { earlier = true, later = true, reject = true }

---@param who string
---@param options table?  `disambiguation`: "earlier", "later" or "reject"
---@return "earlier"|"later"|"reject"|nil
function value.choice(who, options)
  if options == nil then
    return nil
  elseif type(options) ~= "table" then
    value.refuse(who, "the options must be a table such as { disambiguation = \"later\" }, got a "
      .. type(options))
  end
  for key in next, options do
    if key ~= "disambiguation" then
      value.refuse(who, format('unknown option "%s" (known: disambiguation)', tostring(key)))
    end
  end
  local choice = options.disambiguation
  if choice ~= nil and not CHOICES[choice] then
    value.refuse(who, format('disambiguation "%s" is unknown (allowed: earlier, later, reject)',
      tostring(choice)))
  end
  return choice
end

local function tell(zone, moment)
  local offset = offset_at(zone, moment)
  return write(moment + offset, offset)
end

local function candidates(zone, earlier, later)
  return format("%s (earlier) and %s (later)", tell(zone, earlier), tell(zone, later))
end

-- Two wall clocks as short as can be: without the day where they share it.
local function short(from, to)
  local begin = from // DAY == to // DAY and 12 or 1
  local first, second = formats.wall(from):sub(begin), formats.wall(to):sub(begin)
  return (first:gsub(":00$", "")), (second:gsub(":00$", ""))
end

local function in_overlap(zone, wall, first, second, choice)
  if choice == "earlier" or choice == "later" then
    return choice == "earlier" and first or second
  end
  return nil, format("is ambiguous: %s happens twice in %s, where clocks are set back: %s",
    formats.wall(wall), zone.name, candidates(zone, first, second))
end

local function in_gap(zone, wall, choice)
  local change, before, after = zones.gap(zone, wall)
  local earlier, later = wall - after, wall - before
  if choice == "earlier" or choice == "later" then
    local chosen = choice == "earlier" and earlier or later
    if value.watch then
      value.watch(format("%s is skipped in %s by daylight saving; %s was taken",
        formats.wall(wall), zone.name, tell(zone, chosen)))
    end
    return chosen
  end
  local from, to = short(change + before, change + after)
  return nil, format("does not exist: %s is skipped in %s, where clocks go from %s to %s: the"
    .. " candidates are %s", formats.wall(wall), zone.name, from, to,
    candidates(zone, earlier, later))
end

---The moment at which clocks of a zone show `wall`. Where they show it twice, `own` (an offset) is
---kept if it is one of the two.
---@param zone dps.Zone
---@param wall integer
---@param choice "earlier"|"later"|"reject"|nil  nil rejects
---@param own integer?
---@return integer|nil moment
---@return string|nil reason
function value.resolve(zone, wall, choice, own)
  local first, second = zones.moments(zone, wall)
  if not second then
    if first then
      return first
    end
    return in_gap(zone, wall, choice)
  elseif own and (wall - own == first or wall - own == second) then
    return wall - own
  end
  return in_overlap(zone, wall, first, second, choice)
end

---The first moment at which clocks of a zone show `wall` or, where they skip it, anything later.
---@param zone dps.Zone
---@param wall integer
---@return integer
function value.first_at(zone, wall)
  return (zones.moments(zone, wall)) or (zones.gap(zone, wall))
end

value.CHOOSE = 'choose with { disambiguation = "earlier" } or "later"'

---As value.resolve, and raises.
---@param who string
---@param zone dps.Zone
---@param wall integer
---@param choice string?
---@param own integer?
---@return dps.Date
function value.at_wall(who, zone, wall, choice, own)
  if wall < FIRST or wall > LAST then
    value.refuse(who, "the result is outside of the years 0001 to 9999")
  end
  local moment, reason = value.resolve(zone, wall, choice, own)
  if not moment then
    value.refuse(who, "the result " .. reason, value.CHOOSE)
  end
  return value.checked(who, moment, zone)
end

---Whether a number is whole, as an integer.
---@param any any
---@return integer|nil
function value.whole(any)
  return type(any) == "number" and any == floor(any) and math.tointeger(any) or nil
end

return value
