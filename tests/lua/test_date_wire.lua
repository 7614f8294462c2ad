-- Dates: text to milliseconds and back, against a calendar counted day by day and against date(1).
local lu = require "luaunit"
local date = require "dps.date.wire"
local support = require "support"

local T = {}

local HERE = arg[0]:match "^(.*)/[^/]*$" or "."

local function parse(text)
  local moment, reason = date.parse(text)
  lu.assertNil(reason, text)
  lu.assertEquals(math.type(moment), "integer")
  return moment
end

local function reason(text)
  local moment, why = date.parse(text)
  lu.assertNil(moment, tostring(text))
  lu.assertIsString(why)
  return why
end

-- A calendar that does no arithmetic: the day after a day.
local function next_day(year, month, day)
  local leap = year % 4 == 0 and year % 100 ~= 0 or year % 400 == 0
  local last = month == 2 and (leap and 29 or 28)
    or (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
  if day < last then
    return year, month, day + 1
  elseif month < 12 then
    return year, month + 1, 1
  end
  return year + 1, 1, 1
end

function T.test_every_day_of_three_centuries_is_read_and_written_right()
  local year, month, day, days = 1850, 1, 1, -43829
  while year < 2150 do
    local text = ("%04d-%02d-%02dT00:00:00.000+00:00"):format(year, month, day)
    local moment = date.parse(text)
    if moment ~= days * 86400000 or date.format(moment) ~= text then
      lu.assertEquals({ moment, date.format(moment) }, { days * 86400000, text })
    end
    year, month, day = next_day(year, month, day)
    days = days + 1
  end
  lu.assertEquals(days, 65744)
end

function T.test_moments_from_year_1_to_9999_agree_with_date_1()
  local count = 0
  for line in io.lines(HERE .. "/../vectors/dates.txt") do
    local seconds, text = line:match "^(%-?%d+) (%S+)$"
    if seconds then
      count = count + 1
      lu.assertEquals(parse(text), math.tointeger(seconds) * 1000)
      lu.assertEquals(date.format_z(math.tointeger(seconds) * 1000), (text:gsub("Z", ".000Z")))
    end
  end
  lu.assertTrue(count > 300, "vectors are missing")
end

function T.test_the_first_and_last_millisecond_are_kept()
  lu.assertEquals(date.format(parse "0001-01-01T00:00:00Z"), "0001-01-01T00:00:00.000+00:00")
  lu.assertEquals(date.format(parse "9999-12-31T23:59:59.999Z"), "9999-12-31T23:59:59.999+00:00")
end

function T.test_documented_dates_survive_unchanged()
  for _, text in ipairs {
    "2022-06-10T00:30:00.000+00:00", "2032-06-06T23:29:21.402+00:00",
    "2022-07-27T05:00:00.000+00:00", "2021-08-23T07:00:00.000+00:00",
  } do
    lu.assertEquals(date.format(parse(text)), text)
  end
  lu.assertEquals(date.format_z(parse "2023-05-31T15:09:11.771Z"), "2023-05-31T15:09:11.771Z")
end

function T.test_offsets_shift_the_moment()
  local noon = parse "2026-03-01T12:00:00Z"
  lu.assertEquals(parse "2026-03-01T13:00:00+01:00", noon)
  lu.assertEquals(parse "2026-03-01T06:30:00-05:30", noon)
  lu.assertEquals(parse "2026-03-01T12:00:00-00:00", noon)
  lu.assertEquals(parse "2026-02-28T12:01:00-23:59", noon)
  lu.assertEquals(parse "2026-03-01t12:00:00z", noon)
end

function T.test_fractions_are_cut_to_milliseconds()
  local whole = parse "1969-12-31T23:59:59Z"
  lu.assertEquals(parse "1969-12-31T23:59:59.5Z", whole + 500)
  lu.assertEquals(parse "1969-12-31T23:59:59.05Z", whole + 50)
  lu.assertEquals(parse "1969-12-31T23:59:59.1239Z", whole + 123)
  lu.assertEquals(date.format(-1), "1969-12-31T23:59:59.999+00:00")
end

function T.test_leap_days_exist_only_in_leap_years()
  for _, year in ipairs { "2024", "2000", "1600", "0004" } do
    parse(year .. "-02-29T00:00:00Z")
  end
  for _, year in ipairs { "2023", "1900", "2100", "0001" } do
    lu.assertStrContains(reason(year .. "-02-29T00:00:00Z"), "has 28 days")
  end
end

local REFUSED = {
  ["2026-12-01T09:00:00"] = "has no offset; write Z or +01:00 at the end",
  ["2026-12-01"] = "has no time and no offset",
  ["2026-12-01T09:00"] = "has no seconds and no offset",
  ["2026-12-01T09:00Z"] = "has no seconds",
  ["2026-12-01 09:00:00Z"] = "write a T there",
  ["2026-12-01T09:00:00+0100"] = "write the offset as +01:00",
  ["2026-12-01T09:00:00-05"] = "write the offset as -05:00",
  ["2026-12-01T09:00:00+24:00"] = "offsets are",
  ["2026-12-01T09:00:00+01:60"] = "offsets are",
  ["2026-12-01T09:00:00 CET"] = "no offset that can be read",
  ["2026-12-01T09:00:00Zx"] = "no offset that can be read",
  ["2026-12-01T09:00:00.Z"] = "no offset that can be read",
  ["2026-12-01T09:00:00,5Z"] = "write a point",
  ["2026-13-01T00:00:00Z"] = "months are 01 to 12",
  ["2026-00-01T00:00:00Z"] = "months are 01 to 12",
  ["2026-04-31T00:00:00Z"] = "April 2026 has 30 days",
  ["2026-04-00T00:00:00Z"] = "has the day 00",
  ["2026-01-01T24:00:00Z"] = "hours are",
  ["2026-01-01T00:60:00Z"] = "minutes are",
  ["2026-01-01T00:00:61Z"] = "seconds are",
  ["2016-12-31T23:59:60Z"] = "leap second",
  ["0000-01-01T00:00:00Z"] = "years are 0001 to 9999",
  ["0001-01-01T00:00:00+00:01"] = "outside of the years",
  ["9999-12-31T23:59:59-00:01"] = "outside of the years",
  ["10000-01-01T00:00:00Z"] = "is not a date",
  ["31.12.2026"] = "day.month.year",
  ["31.02.2026"] = "February 2026 has 28 days",
  ["12/31/2026"] = "slashes",
  ["2026-1-5T00:00:00Z"] = "two digits",
  ["20260105T000000Z"] = "no dashes",
  ["1767225600"] = "is a number",
  [" 2026-01-05T00:00:00Z"] = "begins with a space",
  ["2026-01-05T00:00:00Z "] = "no offset that can be read",
  [""] = "is empty",
  ["tomorrow"] = "is not a date",
  ["2026-01-05T00:00:00Z\0"] = "no offset that can be read",
}

function T.test_each_wrong_way_of_writing_a_date_is_told_apart()
  for text, why in pairs(REFUSED) do
    lu.assertStrContains(reason(text), why)
  end
end

function T.test_anything_is_answered_without_raising()
  for _, value in ipairs { 5, 0 / 0, true, {}, print, ("9"):rep(10000000), ("\xff"):rep(50) } do
    reason(value)
  end
  lu.assertIsString(reason(nil))
end

function T.test_writing_refuses_what_is_no_moment_of_years_1_to_9999()
  for _, value in ipairs { 1.5, 0 / 0, 253402300800000, -62135596800001, "x" } do
    lu.assertFalse(pcall(date.format, value))
    lu.assertFalse(pcall(date.format_z, value))
  end
end

support.run(T)
