-- A TZif file (RFC 9636) as tables: what offsets a zone had from when on, and the rule in the
-- footer for what comes after. Every count and index is checked before it is used, so that a
-- damaged file is an error with its place. It opens no file.

local tzif = {}

local civil = require "dps.date.civil"

local byte, find, format, match, sub = string.byte, string.find, string.format, string.match,
  string.sub
local unpack = string.unpack

local HEADER = 44
local FIRST, LAST = civil.FIRST // 1000, civil.LAST // 1000
local LEAST_OFFSET, MOST_OFFSET = -89999, 93599 -- RFC 9636 section 3.2, utoff
local MOST_BYTES = 1 << 20

-- Failures travel as a table, so that no position of this file gets into their words.
local function refuse(at, ...)
  error({ format("byte %d: ", at) .. format(...) }, 0)
end

-- { isut, isstd, leap, time, type, char }: how many of each a block has (section 3.1).
local function read_header(text, at)
  if #text < at + HEADER - 1 then
    refuse(at, "the header is cut off")
  elseif sub(text, at, at + 3) ~= "TZif" then
    refuse(at, "expected TZif: this is no time zone file")
  end
  local isut, isstd, leap, time, types, char = unpack(">I4I4I4I4I4I4", text, at + 20)
  if types == 0 or char == 0 then
    refuse(at, "expected at least one local time type and one designation")
  elseif isut ~= 0 and isut ~= types or isstd ~= 0 and isstd ~= types then
    refuse(at, "expected as many indicators as local time types, or none")
  end
  return {
    isut = isut, isstd = isstd, leap = leap, time = time, type = types, char = char,
    version = byte(text, at + 4),
  }
end

local function block_size(counts, width)
  return counts.time * (width + 1) + counts.type * 6 + counts.char + counts.leap * (width + 4)
    + counts.isstd + counts.isut
end

local function read_designation(text, at, counts, index)
  if index >= counts.char then
    refuse(at, "designation %d is outside of the %d bytes", index, counts.char)
  end
  local stop = find(text, "\0", at + index, true)
  if not stop or stop >= at + counts.char then
    refuse(at, "designation %d has no end", index)
  end
  return sub(text, at + index, stop - 1)
end

local function read_types(text, at, counts)
  local types, names = {}, at + counts.type * 6
  for i = 0, counts.type - 1 do
    local offset, dst, index = unpack(">i4BB", text, at + i * 6)
    if offset < LEAST_OFFSET or offset > MOST_OFFSET then
      refuse(at + i * 6, "the offset of %d seconds is outside of %d to %d", offset, LEAST_OFFSET,
        MOST_OFFSET)
    elseif dst > 1 then
      refuse(at + i * 6 + 4, "expected 0 or 1 for daylight saving, found %d", dst)
    end
    types[i] = {
      offset = offset * 1000, dst = dst == 1,
      name = read_designation(text, names, counts, index),
    }
  end
  return types
end

-- Transitions before year 1 only say what holds from there on; those after 9999 nothing at all.
local function read_transitions(text, at, counts, width, types)
  local starts, periods, before = {}, { [0] = types[0] }, nil
  local form, indexes = width == 8 and ">i8" or ">i4", at + counts.time * width
  for i = 0, counts.time - 1 do
    local moment = unpack(form, text, at + i * width)
    local kind = types[byte(text, indexes + i)]
    if before and moment <= before then
      refuse(at + i * width, "transition %d is not later than the one before", i + 1)
    elseif not kind then
      refuse(indexes + i, "expected a local time type below %d", counts.type)
    end
    before = moment
    if moment < FIRST then
      periods[0] = kind
    elseif moment <= LAST then
      starts[#starts + 1] = moment * 1000
      periods[#starts] = kind
    end
  end
  return starts, periods
end

local function read_block(text, at, counts, width)
  if #text < at + block_size(counts, width) - 1 then
    refuse(at, "the data is cut off: expected %d bytes", block_size(counts, width))
  elseif counts.leap > 0 then
    refuse(at, "this file counts leap seconds, which no calendar date does; use the zone of the"
      .. " same name without right/")
  end
  local types = read_types(text, at + counts.time * (width + 1), counts)
  return read_transitions(text, at, counts, width, types)
end

local function read_footer(text, at)
  local rule = match(text, "^\n([^\n]*)\n", at)
  if not rule then
    refuse(at, "expected a line with the rule for later years")
  end
  return rule
end

local function read(text)
  if #text > MOST_BYTES then
    refuse(1, "the file has %d bytes; a zone has fewer than %d", #text, MOST_BYTES)
  end
  local counts = read_header(text, 1)
  local zone = {}
  if counts.version == 0 then -- version 1 has 32 bits and no footer
    zone.starts, zone.periods = read_block(text, HEADER + 1, counts, 4)
    return zone
  end
  local second = 1 + HEADER + block_size(counts, 4)
  counts = read_header(text, second)
  zone.starts, zone.periods = read_block(text, second + HEADER, counts, 8)
  zone.footer = read_footer(text, second + HEADER + block_size(counts, 8))
  return zone
end

---@class dps.date.Period
---@field offset integer  milliseconds east of UTC
---@field dst boolean     whether the file calls it daylight saving
---@field name string     such as "CET"

---Reads the bytes of a TZif file, version 1 to 4.
---@param text string
---@return {starts: integer[], periods: dps.date.Period[], footer: string?}|nil  `starts`: from
---  when on, in milliseconds since the epoch, ascending; `periods[i]` holds from `starts[i]`,
---  `periods[0]` before all of them
---@return string|nil reason  with the byte where it was seen
function tzif.parse(text)
  local done, zone = pcall(read, text)
  if done then
    return zone
  elseif type(zone) == "table" then
    return nil, zone[1]
  end
  return nil, tostring(zone)
end

return tzif
