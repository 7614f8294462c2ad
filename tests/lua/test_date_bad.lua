-- What dps.date refuses, with the words that say what was expected and where: texts, zones, damaged
-- time zone files, their rules. Nothing here may raise anything but an error object of dps.
local lu = require "luaunit"
local date = require "dps.date"
local err = require "dps.err"
local rule = require "dps.date.rule"
local support = require "support"
local tzif = require "dps.date.tzif"
local zone = require "dps.date.zone"

local T = {}

local FOLDER = "/usr/share/zoneinfo/"

local TEXTS = {
  [""] = "is empty",
  [" 2026-12-01"] = "begins with a space",
  ["2026-12-01 "] = "ends with a space",
  ["2026-12-01 09:00 "] = "ends with a space",
  ["tomorrow"] = "expected a day such as 2026-12-01 at character 1",
  ["2026"] = "is a number",
  ["1796112000"] = "is a number",
  ["2026-12"] = "has no day",
  ["2026-W49"] = "has no weekday",
  ["2026-1-5"] = "two digits",
  ["1-5-2026"] = "does not begin with the year",
  ["12/31/2026"] = "slashes",
  ["31.12.2026"] = "day.month.year",
  ["31.02.2026"] = "February 2026 has 28 days",
  ["-2026-12-01"] = "begins with a sign",
  ["+12026-12-01"] = "begins with a sign",
  ["2026-13-01"] = "months are 01 to 12",
  ["2026-02-29"] = "February 2026 has 28 days",
  ["2026-12-00 09:00"] = "has the day 00",
  ["0000-12-01"] = "years are 0001 to 9999",
  ["2026-366"] = "2026 has 365 days",
  ["2026-000"] = "has the day 000",
  ["2026-W54-1"] = "2026 has 53 weeks",
  ["2025-W53-1"] = "2025 has 52 weeks",
  ["2026-W01-8"] = "weekdays are 1",
  ["2026-12-01T"] = "expected a time such as 09:00 at character 12",
  ["2026-12-01  09:00"] = "goes on at character 11",
  ["2026-12-01 9:00"] = "expected a time such as 09:00 at character 12",
  ["2026-12-01 24:01"] = "hours are 00 to 23",
  ["2026-12-01 25:00"] = "hours are 00 to 23",
  ["2026-12-01 09:60"] = "minutes are 00 to 59",
  ["2026-12-01 09:00:61"] = "seconds are 00 to 59",
  ["2016-12-31T23:59:60Z"] = "leap second",
  ["2026-12-01 09:0"] = "expected two digits at character 15",
  ["2026-12-01 09:00:"] = "expected two digits at character 18",
  ["2026-12-01 09:00:00."] = "goes on at character 20",
  ["2026-12-01 09:00 am"] = "goes on at character 17",
  ["2026-12-01 09:00 CET"] = "abbreviation CET",
  ["2026-12-01T09:00EST"] = "abbreviation EST",
  ["2026-12-01 09:00 +01:00"] = "has a space at character 17",
  ["2026-12-01T09:00+1"] = "goes on at character 17",
  ["2026-12-01T09:00+24:00"] = "offsets are -23:59 to +23:59",
  ["2026-12-01T09:00+01:60"] = "offsets are -23:59 to +23:59",
  ["2026-12-01T09:00Zx"] = 'goes on at character 18 with "x"',
  ["2026-12-01T09:00Z\0"] = "goes on at character 18",
  ["2026-12-01+01:00"] = "goes on at character 11",
  ["2026-12-01T09:00[]"] = "a bracket without a zone",
  ["2026-12-01T09:00[Europe/Paris"] = "a bracket without a zone",
  ["2026-12-01T09:00[Europe/Pari]"] = 'did you mean "Europe/Paris"?',
  ["2026-12-01T09:00[u-ca=hebrew]"] = "a bracket without a zone",
  ["0001-01-01T00:00+00:01"] = "outside of the years",
  ["9999-12-31T24:00Z"] = "outside of the years",
  ["9999-W53-7"] = "9999 has 52 weeks",
  ["2026-12-01\n09:00"] = "goes on at character 11",
  ["２０２６-12-01"] = "expected a day",
  [("9"):rep(200)] = "is too long",
}

function T.test_each_wrong_text_is_told_apart()
  for text, why in pairs(TEXTS) do
    local none, reason = date.try(text, "UTC")
    lu.assertNil(none, text)
    lu.assertStrContains(reason, why, false, false, text)
    local ok, failure = pcall(date, text, "UTC")
    lu.assertTrue(not ok and err.is(failure, "invalid"), text)
    lu.assertStrContains(failure.message, reason, false, false, text)
    lu.assertStrMatches(failure.where, ".*test_date_bad%.lua:%d+")
  end
end

function T.test_what_is_no_text_is_refused()
  for _, value in ipairs { 5, 0 / 0, true, print, io.stdout } do
    lu.assertStrContains(select(2, date.try(value, "UTC")), "a text was expected, got a ")
  end
  lu.assertStrContains(select(2, date.try(nil, "UTC")), "got nothing")
  lu.assertStrContains(select(2, date.try "2026-12-01 09:00"), "has no offset: give a zone")
end

local ZONES = {
  ["Europe/Pariss"] = 'did you mean "Europe/Paris"?',
  ["europe/paris"] = 'did you mean "Europe/Paris"?',
  ["Paris"] = 'did you mean "Europe/Paris"?',
  ["New York"] = "is no name of a time zone",
  ["new_york"] = 'did you mean "America/New_York"?',
  ["Pacific Standard Time"] = "is no name of a time zone",
  ["Europe"] = "unknown time zone",
  ["Atlantis/Capital"] = "unknown time zone",
  ["../Europe/Paris"] = "is no name of a time zone",
  ["/etc/passwd"] = "is no name of a time zone",
  ["Europe/../../../../etc/passwd"] = "is no name of a time zone",
  ["Europe//Paris"] = "is no name of a time zone",
  ["zone.tab"] = "is no name of a time zone",
  ["Europe/Paris\0"] = "is no name of a time zone",
  ["Europe/Paris "] = "is no name of a time zone",
  [""] = "is no name of a time zone",
  ["+1"] = "is no name of a time zone",
  ["+24:00"] = "offsets are -23:59 to +23:59",
  ["+00:60"] = "offsets are -23:59 to +23:59",
  ["leapseconds"] = "expected TZif",
  ["right/Europe/Paris"] = "counts leap seconds",
  [("A"):rep(100)] = "is no name of a time zone",
}

function T.test_each_wrong_zone_is_told_apart()
  for name, why in pairs(ZONES) do
    local none, reason = date.try("2026-12-01", name)
    lu.assertNil(none, name)
    lu.assertStrContains(reason, why, false, false, name)
    local ok, failure = pcall(date, "2026-12-01", name)
    lu.assertTrue(not ok and err.is(failure, "invalid"), name)
  end
  lu.assertStrContains(select(2, date.try("2026-12-01", 5)), "must be a name")
  lu.assertStrContains(select(2, date.try("2026-12-01", {})), "must be a name")
end

-- --- time zone files ---

local function try_zone(bytes)
  local made, reason = zone.from_bytes("Test", bytes)
  if not made then
    lu.assertIsString(reason)
    return reason
  end
  for _, moment in ipairs { -62135596800000, 0, 1796112000000, 253402300799999 } do
    zone.moments(made, moment + zone.offset_at(made, moment))
  end
end

function T.test_a_file_that_is_cut_off_anywhere_is_refused_with_the_byte()
  local bytes = support.read(FOLDER .. "America/Scoresbysund")
  for length = 0, #bytes - 1 do
    local reason = try_zone(bytes:sub(1, length))
    lu.assertStrMatches(reason, "byte %d+: .*")
  end
  lu.assertNil(try_zone(bytes))
end

function T.test_a_file_with_any_byte_damaged_is_read_or_refused()
  local bytes = support.read(FOLDER .. "Asia/Tokyo")
  local refused = 0
  for i = 1, #bytes do
    for _, byte in ipairs { 0, 1, 0x7F, 0x80, 0xFF } do
      local reason = try_zone(bytes:sub(1, i - 1) .. string.char(byte) .. bytes:sub(i + 1))
      refused = reason and refused + 1 or refused
    end
  end
  lu.assertTrue(refused > 100, refused)
end

-- A version 2 file with one transition, built by hand from RFC 9636 section 3.
local function file(parts)
  local types = parts.types or string.pack(">i4BBi4BB", 3600, 0, 0, 7200, 1, 4)
  local names = parts.names or "CET\0CEST\0"
  local times = parts.times or { 1000 }
  local function block(width)
    local packed = {}
    for i, time in ipairs(width == 8 and times or {}) do
      packed[i] = string.pack(">i8", time)
    end
    local count = #packed
    return "TZif2" .. ("\0"):rep(15)
      .. string.pack(">I4I4I4I4I4I4", 0, 0, 0, count, #types // 6, #names)
      .. table.concat(packed) .. (parts.indexes or ("\1"):rep(count)):sub(1, count) .. types
      .. names
  end
  return block(4) .. block(8) .. (parts.footer or "\nCET-1\n")
end

function T.test_a_file_made_by_the_RFC_is_read()
  local z = assert(zone.from_bytes("Test", file {}))
  lu.assertEquals(zone.offset_at(z, 999999), 3600000)
  lu.assertEquals(z.period.name, "CET")
  lu.assertEquals(zone.offset_at(z, 1000000), 3600000) -- the footer holds after the last transition
  z = assert(zone.from_bytes("Test", file { footer = "\n\n" }))
  lu.assertEquals(zone.offset_at(z, 1000000), 7200000)
  lu.assertEquals(z.period.name, "CEST")
end

function T.test_a_file_of_version_1_is_read()
  local bytes = support.read(FOLDER .. "Asia/Tokyo")
  local z = assert(zone.from_bytes("Test", bytes:sub(1, 4) .. "\0" .. bytes:sub(6)))
  lu.assertEquals(zone.offset_at(z, 0), 32400000)
  lu.assertNil(z.rule)
end

local FILES = {
  { { footer = "\nCET-1" }, "expected a line with the rule" },
  { { footer = "CET-1\n" }, "expected a line with the rule" },
  { { footer = "\nnonsense!\n" }, "character 9 of the rule" },
  { { indexes = "\2" }, "expected a local time type below 2" },
  { { times = { 5, 5 } }, "transition 2 is not later" },
  { { types = string.pack(">i4BB", 3600, 2, 0) }, "expected 0 or 1 for daylight saving" },
  { { types = string.pack(">i4BB", 100000, 0, 0) }, "the offset of 100000 seconds" },
  { { types = string.pack(">i4BB", 3600, 0, 20) }, "designation 20 is outside" },
  { { names = "CET" }, "has no end" },
  { { types = "" }, "at least one local time type" },
}

function T.test_each_fault_of_a_file_is_told_with_its_byte()
  for _, case in ipairs(FILES) do
    local none, reason = zone.from_bytes("Test", file(case[1]))
    lu.assertNil(none)
    lu.assertStrContains(reason, case[2])
  end
  lu.assertStrContains(select(2, tzif.parse(("x"):rep(2000000))), "the file has 2000000 bytes")
end

local RULES = {
  ["CET"] = "character 4 of the rule: expected an offset",
  ["CE-1"] = "character 1 of the rule: expected a designation",
  ["<>-1"] = "character 1 of the rule: expected a designation",
  ["CET-25"] = "expected an offset of up to 24 hours",
  ["CET-1CEST"] = "character 10 of the rule: expected a comma",
  ["CET-1CEST,"] = "character 11 of the rule: expected a day",
  ["CET-1CEST,M3.5.0"] = "character 17 of the rule: expected a comma",
  ["CET-1CEST,M13.5.0,M10.5.0"] = "a month from 1 to 12",
  ["CET-1CEST,M3.6.0,M10.5.0"] = "a week from 1 to 5",
  ["CET-1CEST,M3.5.7,M10.5.0"] = "a weekday from 0 to 6",
  ["CET-1CEST,J366,M10.5.0"] = "a day from J1 to J365",
  ["CET-1CEST,366,M10.5.0"] = "a day from 0 to 365",
  ["CET-1CEST,M3.5.0/168,M10.5.0"] = "-167 to 167 hours",
  ["CET-1CEST,M3.5.0/2:60,M10.5.0"] = "two digits up to 59",
  ["CET-1CEST,M3.5.0,M10.5.0 "] = "expected the end of the rule",
}

function T.test_each_wrong_rule_is_told_with_its_character()
  for text, why in pairs(RULES) do
    local none, reason = rule.parse(text)
    lu.assertNil(none, text)
    lu.assertStrContains(reason, why, false, false, text)
  end
end

-- The examples of RFC 9636 section 3.3.2 and of tzfile(5), whose meaning is told there in words.
function T.test_rules_mean_what_the_RFC_says()
  local function at(text, moment)
    local period = rule.at(assert(rule.parse(text)), date(moment).ms)
    return period.offset // 60000, period.dst
  end
  local greenland = "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1"
  lu.assertEquals({ at(greenland, "2026-03-29T00:59:59Z") }, { -180, false })
  lu.assertEquals({ at(greenland, "2026-03-29T01:00:00Z") }, { -120, true })
  lu.assertEquals({ at("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-12-01T00:00:00Z") }, { 0, true })
  lu.assertEquals({ at("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z") }, { 60, false })
  for _, moment in ipairs { "2026-01-01T03:00:00Z", "2026-07-01T00:00:00Z",
    "2026-12-31T23:59:59Z" } do
    lu.assertEquals({ at("XXX3EDT4,0/0,J365/23", moment) }, { -240, true })
  end
  lu.assertEquals({ at("EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z") }, { 180, true })
  lu.assertEquals({ at("EST5EDT,J60,J300", "2028-03-01T07:00:00Z") }, { -240, true })
  lu.assertEquals({ at("EST5EDT,59,300", "2028-02-29T07:00:00Z") }, { -240, true })
end

function T.test_a_date_is_no_options_of_a_calendar()
  for says, given in pairs { ["not a date"] = date("2026-12-01", "UTC"), ["not a string"] = "x" } do
    local ok, e = pcall(date.business, given)
    lu.assertFalse(ok)
    lu.assertTrue(err.is(e, "invalid"), tostring(e))
    lu.assertStrContains(e.message, "date.business: the options must be a table such as")
    lu.assertStrContains(e.message, says)
  end
end

support.run(T)
