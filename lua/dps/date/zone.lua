-- Time zones: by IANA name from the system's TZif files (TZDIR, else /usr/share/zoneinfo), "UTC",
-- or a fixed offset such as "+01:00". What a zone's clocks show at a moment, and which moments a
-- wall clock can mean. All in milliseconds. It never looks at the process's own zone.

local zone = {}

local rule = require "dps.date.rule"
local suggest = require "dps.suggest"
local tzif = require "dps.date.tzif"

local find, format, match = string.find, string.format, string.match
local tonumber, type = tonumber, type
local open = io.open

local ALWAYS_FROM, ALWAYS_TO = math.mininteger, math.maxinteger
-- No clock is further from UTC than this (RFC 9636 section 3.2, utoff).
local FURTHEST_EAST, FURTHEST_WEST = 93599000, 89999000
local LONGEST_NAME = 64

---@class dps.Zone  `from` to `to`, `offset` and `period` are the stretch that was asked for last:
---  most questions are about it again
---@field name string
---@field from integer
---@field to integer  the first millisecond after it
---@field offset integer  milliseconds east of UTC
---@field period dps.date.Period
---@field starts integer[]
---@field periods dps.date.Period[]
---@field rule dps.date.Rule?

local function fixed(name, offset)
  local period = { offset = offset, dst = false, name = name }
  return {
    name = name, starts = {}, periods = { [0] = period },
    from = ALWAYS_FROM, to = ALWAYS_TO, offset = offset, period = period,
  }
end

-- --- by name ---

-- What is the same for all: those that were opened stay, so that equal names are one zone.
local known = { UTC = fixed("UTC", 0) }

local OFFSET_TEXT = "^([+-])(%d%d):(%d%d)$"

local function by_offset(name)
  local sign, hours, minutes = match(name, OFFSET_TEXT)
  hours, minutes = tonumber(hours), tonumber(minutes)
  if hours > 23 or minutes > 59 then
    return nil, format("%s is no offset: offsets are -23:59 to +23:59", name)
  end
  local offset = (hours * 60 + minutes) * 60000
  return fixed(name, sign == "+" and offset or -offset)
end

-- tzdata.zi lists all names: "Z Europe/Paris ..." and "L Europe/Paris Europe/Monaco".
local function names_of(folder)
  local file <close> = open(folder .. "/tzdata.zi", "r")
  local names = {}
  for line in file and file:lines() or function() end do
    names[#names + 1] = match(line, "^Z (%S+)") or match(line, "^L %S+ (%S+)")
  end
  table.sort(names)
  return names
end

-- "paris" is a name's end often enough to look for it there too.
local function like(name, names)
  local nearest = suggest.nearest(name, names)
  for _, known_name in ipairs(nearest and {} or names) do
    if match(known_name, "([^/]*)$"):lower() == name:lower():gsub(" ", "_") then
      return known_name
    end
  end
  return nearest
end

local function folder_of_zones()
  local set = os.getenv "TZDIR"
  return set and set ~= "" and set or "/usr/share/zoneinfo"
end

local function is_file(path)
  local file <close> = open(path, "rb")
  return file ~= nil
end

local function unknown(name, folder)
  local names = names_of(folder)
  if #names == 0 and not is_file(folder .. "/Europe/Paris") then
    return nil, format('no time zones are installed in %s (Debian: tzdata), so "%s" is not known',
      folder, name)
  end
  local nearest = like(name, names)
  return nil, format('unknown time zone "%s" (%s)', name, nearest
    and 'did you mean "' .. nearest .. '"?' or "names are such as Europe/Paris, or UTC, or +01:00")
end

-- No dot: a name can't leave the folder, nor name its lists and notes.
local function is_name(name)
  return #name <= LONGEST_NAME and find(name, "^%w[%w_+/-]*$") and not find(name, "//", 1, true)
end

local function make(name, text)
  local read, reason = tzif.parse(text)
  if not read then
    return nil, reason
  end
  local self = fixed(name, 0)
  self.starts, self.periods = read.starts, read.periods
  if read.footer and read.footer ~= "" then
    self.rule, reason = rule.parse(read.footer)
    if not self.rule then
      return nil, reason
    end
  end
  self.from, self.to = 0, 0 -- nothing was asked for yet
  return self
end

---A zone out of the bytes of a TZif file.
---@param name string  what it is to be called
---@param text string
---@return dps.Zone|nil
---@return string|nil reason
function zone.from_bytes(name, text)
  return make(name, text)
end

local function from_file(name)
  local folder = folder_of_zones()
  local file <close> = open(folder .. "/" .. name, "rb")
  local text = file and file:read(1 << 20)
  if not text then -- a folder opens too, but cannot be read
    return unknown(name, folder)
  end
  local self, reason = make(name, text)
  if not self then
    return nil, format("the file of the time zone %s can't be used: %s/%s: %s", name, folder, name,
      reason)
  end
  return self
end

---A zone by its name: the same name gives the same table.
---@param name any  "Europe/Paris", "UTC", "+01:00"
---@return dps.Zone|nil
---@return string|nil reason
function zone.of(name)
  if known[name] then
    return known[name]
  end
  local self, reason
  if type(name) ~= "string" then
    return nil, "a time zone must be a name such as Europe/Paris, got a " .. type(name)
  elseif find(name, OFFSET_TEXT) then
    self, reason = by_offset(name)
  elseif not is_name(name) then
    return nil, format('%q is no name of a time zone: names are such as Europe/Paris, or UTC, or'
      .. " +01:00", #name > LONGEST_NAME and name:sub(1, LONGEST_NAME) .. "..." or name)
  else
    self, reason = from_file(name)
  end
  known[name] = self
  return self, reason
end

---A zone that is always this far from UTC.
---@param offset integer  milliseconds east
---@return dps.Zone
function zone.at_offset(offset)
  if offset == 0 then
    return known.UTC
  end
  local seconds = math.abs(offset) // 1000
  local name = format("%s%02d:%02d", offset < 0 and "-" or "+", seconds // 3600,
    seconds // 60 % 60)
  if seconds % 60 ~= 0 then -- rare, and too many to be kept
    return fixed(format("%s:%02d", name, seconds % 60), offset)
  end
  known[name] = known[name] or fixed(name, offset)
  return known[name]
end

-- --- what clocks show ---

-- The last of `starts` that is not after the moment; 0 where all are.
local function search(starts, moment)
  local low, high = 0, #starts
  while low < high do
    local middle = (low + high + 1) // 2
    if starts[middle] <= moment then
      low = middle
    else
      high = middle - 1
    end
  end
  return low
end

-- Stretches last for months: those that hold a whole span of 2^31 ms (25 days) are found by it.
local SPAN <const>, SPANS_HELD <const> = 31, 1024

local function hold(self, span, found)
  if found.from > span << SPAN or found.to < (span + 1) << SPAN then
    return
  end
  if not self.spans or self.spans_held >= SPANS_HELD then
    self.spans, self.spans_held = {}, 0
  end
  self.spans[span], self.spans_held = found, self.spans_held + 1
end

local function find_stretch(self, moment)
  local starts = self.starts
  local i = search(starts, moment)
  local period, from, to = self.periods[i], starts[i] or ALWAYS_FROM, starts[i + 1] or ALWAYS_TO
  if i == #starts and self.rule then -- RFC 9636: the footer holds after the last transition
    local rule_from, rule_to
    period, rule_from, rule_to = rule.at(self.rule, moment)
    from, to = rule_from > from and rule_from or from, rule_to
  end
  return { from = from, to = to, period = period }
end

local function look(self, moment)
  local span = moment >> SPAN
  local found = self.spans and self.spans[span]
  if not found then
    found = find_stretch(self, moment)
    hold(self, span, found)
  end
  local period = found.period
  self.from, self.to, self.period, self.offset = found.from, found.to, period, period.offset
  return period.offset
end

---How far a zone's clocks are from UTC at a moment. Leaves `from`, `to` and `period` of the stretch
---in the zone.
---@param self dps.Zone
---@param moment integer  milliseconds since the epoch
---@return integer  milliseconds east
local function offset_at(self, moment)
  if moment >= self.from and moment < self.to then
    return self.offset
  end
  return look(self, moment)
end
zone.offset_at = offset_at

-- Every stretch in which a clock could show it is tried: a clock that is set back shows it twice.
local function walk(self, wall)
  local at, latest = wall - FURTHEST_EAST, wall + FURTHEST_WEST
  local first, second
  repeat
    local moment = wall - offset_at(self, at)
    if moment >= self.from and moment < self.to then
      if not first then
        first = moment
      else
        second = second or moment
      end
    end
    at = self.to
  until at > latest
  return first, second
end

---The moments at which the zone's clocks show `wall`: one; two where clocks were set back; none
---where they were set forward over it.
---@param self dps.Zone
---@param wall integer  what a clock shows, as milliseconds since 1970-01-01 on that clock
---@return integer|nil moment  the earlier one
---@return integer|nil later
function zone.moments(self, wall)
  local offset = offset_at(self, wall - FURTHEST_EAST)
  if wall + FURTHEST_WEST < self.to then
    return wall - offset
  end
  return walk(self, wall)
end

---Where clocks jumped over `wall` (zone.moments gives none).
---@param self dps.Zone
---@param wall integer
---@return integer change  the moment of the jump: the first one that a clock shows as later
---@return integer before  the offset before it
---@return integer after   the offset from then on
function zone.gap(self, wall)
  local at = wall - FURTHEST_EAST
  local before = offset_at(self, at)
  while true do
    local change = self.to
    local after = offset_at(self, change)
    if wall >= change + before and wall < change + after then
      return change, before, after
    end
    before = after
  end
end

return zone
