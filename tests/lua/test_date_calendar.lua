-- What is computed with dates: steps, what lies between, where units begin, days that come again,
-- Easter, business days, ranges. Properties over many dates from a fixed seed.
local lu = require "luaunit"
local date = require "dps.date"
local err = require "dps.err"
local support = require "support"

local T = {}

local PARIS, NEW_YORK = "Europe/Paris", "America/New_York"
local HERE = arg[0]:match "^(.*)/[^/]*$" or "."

local function is(made, text)
  lu.assertEquals(tostring(made), text)
end

local function refusal(f, ...)
  local ok, failure = pcall(f, ...)
  lu.assertFalse(ok)
  lu.assertTrue(err.is(failure, "invalid"), tostring(failure))
  return failure.message
end

local function days(iterator)
  local list = {}
  for d in iterator do
    list[#list + 1] = d:format "%F"
  end
  return table.concat(list, " ")
end

function T.test_days_keep_the_wall_clock_and_hours_the_instant()
  local before = date("2026-03-28 09:00", PARIS)
  is(before:plus { days = 1 }, "2026-03-29T09:00:00.000+02:00")
  is(before:plus { hours = 24 }, "2026-03-29T10:00:00.000+02:00")
  is(before:plus { weeks = 1, days = -6, minutes = 90 }, "2026-03-29T10:30:00.000+02:00")
  is(before:minus { days = 1, seconds = 1, milliseconds = 1 }, "2026-03-27T08:59:58.999+01:00")
end

function T.test_a_day_that_the_month_lacks_becomes_its_last()
  is(date("2026-01-31", PARIS):plus { months = 1 }, "2026-02-28T00:00:00.000+01:00")
  is(date("2024-02-29", PARIS):plus { years = 1 }, "2025-02-28T00:00:00.000+01:00")
  is(date("2026-03-31", PARIS):minus { months = 1 }, "2026-02-28T00:00:00.000+01:00")
  is(date("2026-01-31", PARIS):plus { months = 1, days = 3 }, "2026-03-03T00:00:00.000+01:00")
  is(date("2026-11-15", PARIS):plus { months = 14 }, "2028-01-15T00:00:00.000+01:00")
end

function T.test_a_step_into_a_gap_is_refused_unless_a_choice_is_given()
  local d = date("2026-03-28 02:30", PARIS)
  lu.assertStrContains(refusal(d.plus, d, { days = 1 }), "2026-03-29 02:30:00 is skipped")
  is(d:plus({ days = 1 }, { disambiguation = "later" }), "2026-03-29T03:30:00.000+02:00")
  is(d:plus({ days = 1 }, { disambiguation = "earlier" }), "2026-03-29T01:30:00.000+01:00")
  is(d:plus { days = 2 }, "2026-03-30T02:30:00.000+02:00")
end

function T.test_a_step_into_an_overlap_keeps_the_offset()
  is(date("2026-10-24 02:30", PARIS):plus { days = 1 }, "2026-10-25T02:30:00.000+02:00")
  is(date("2026-10-26 02:30", PARIS):minus { days = 1 }, "2026-10-25T02:30:00.000+01:00")
  local second = date("2026-10-25T02:30+01:00", PARIS)
  is(second:plus { days = 0 }, "2026-10-25T02:30:00.000+01:00")
end

function T.test_wrong_steps_are_told_apart()
  local d = date("2026-01-31", PARIS)
  lu.assertStrContains(refusal(d.plus, d, { day = 1 }), "did you mean days?")
  lu.assertStrContains(refusal(d.plus, d, { days = 1.5 }), "days must be a whole number, got 1.5")
  lu.assertStrContains(refusal(d.plus, d, { days = "1" }),
    "days must be a whole number, got a string")
  lu.assertStrContains(refusal(d.plus, d, 5), "expected a table such as")
  lu.assertStrContains(refusal(d.plus, d, { years = 9000 }), "outside of the years")
  lu.assertStrContains(refusal(d.plus, d, { days = math.maxinteger }), "lead out of the years")
  lu.assertStrContains(refusal(d.plus, d, { days = math.mininteger }), "lead out of the years")
  lu.assertStrContains(refusal(d.plus, {}, { days = 1 }), "must be a date")
  lu.assertStrContains(refusal(d.plus, d, { days = 1 }, { disambiguation = "soon" }),
    "allowed: earlier")
  lu.assertStrContains(refusal(d.plus, d, { days = 1 }, { disambig = "later" }), "unknown option")
end

function T.test_units_begin_and_end()
  local d = date("2026-08-13 15:47:33.123", PARIS)
  for unit, text in pairs {
    year = "2026-01-01T00:00:00.000+01:00", quarter = "2026-07-01T00:00:00.000+02:00",
    month = "2026-08-01T00:00:00.000+02:00", week = "2026-08-10T00:00:00.000+02:00",
    day = "2026-08-13T00:00:00.000+02:00", hour = "2026-08-13T15:00:00.000+02:00",
    minute = "2026-08-13T15:47:00.000+02:00", second = "2026-08-13T15:47:33.000+02:00",
  } do
    is(d:start_of(unit), text)
    local stop = d:end_of(unit)
    lu.assertTrue(stop >= d and stop:start_of(unit) == d:start_of(unit), unit)
    lu.assertTrue(stop:plus({ milliseconds = 1 }):start_of(unit) > d, unit)
  end
  is(d:start_of("week", "sunday"), "2026-08-09T00:00:00.000+02:00")
  is(d:end_of("month"), "2026-08-31T23:59:59.999+02:00")
  lu.assertStrContains(refusal(d.start_of, d, "weeks"), "did you mean week?")
  lu.assertStrContains(refusal(d.start_of, d, "week", "sundey"), 'did you mean "sunday"?')
end

function T.test_a_day_begins_at_its_first_moment()
  is(date("2018-11-04 12:00", "America/Sao_Paulo"):start_of "day", "2018-11-04T01:00:00.000-02:00")
  is(date("2018-11-03 12:00", "America/Sao_Paulo"):end_of "day", "2018-11-03T23:59:59.999-03:00")
  is(date("2026-11-01 12:00", "America/Havana"):start_of "day", "2026-11-01T00:00:00.000-04:00")
  is(date("2026-10-04 02:45", "Australia/Lord_Howe"):start_of "hour",
    "2026-10-04T02:30:00.000+11:00")
  is(date("2026-10-25T02:30+01:00", PARIS):start_of "hour", "2026-10-25T02:00:00.000+01:00")
end

function T.test_what_lies_between_two_dates()
  local from, to = date("2026-01-31", PARIS), date("2027-03-01 12:00:01.5", PARIS)
  lu.assertEquals(date.between(from, to),
    { years = 1, months = 1, days = 1, hours = 12, minutes = 0,
    seconds = 1, milliseconds = 500 })
  lu.assertEquals(date.between(from, to, "days"), 394)
  lu.assertEquals(date.between(to, from, "days"), -394)
  lu.assertEquals(date.between(from, to, "months"), 13)
  lu.assertEquals(date.between(from, to, "weeks"), 56)
  lu.assertEquals(date.between(to, from, "years"), -1)
  local before, after = date("2026-03-28 12:00", PARIS), date("2026-03-29 12:00", PARIS)
  lu.assertEquals({ date.between(before, after, "days"), date.between(before, after, "hours") },
    { 1, 23 })
  lu.assertStrContains(refusal(date.between, from, to, "day"), "did you mean days?")
end

function T.test_fields_are_set_on_the_wall_clock()
  local d = date("2026-01-31 10:20:30", PARIS)
  is(d:with { hour = 9, minute = 0, second = 0 }, "2026-01-31T09:00:00.000+01:00")
  is(d:with { month = 7 }, "2026-07-31T10:20:30.000+02:00")
  lu.assertStrContains(refusal(d.with, d, { month = 2 }), "February 2026 has 28 days")
  lu.assertStrContains(refusal(d.with, d, { hours = 2 }), "did you mean hour?")
end

function T.test_days_of_the_month_by_name()
  local november = date("2026-11-10 08:00", NEW_YORK)
  is(november:on "4th thursday", "2026-11-26T08:00:00.000-05:00")
  is(november:on "fourth Thursday", "2026-11-26T08:00:00.000-05:00")
  is(november:on "last monday", "2026-11-30T08:00:00.000-05:00")
  is(november:on "first sun", "2026-11-01T08:00:00.000-05:00")
  is(november:on "last day", "2026-11-30T08:00:00.000-05:00")
  is(november:on "day 15", "2026-11-15T08:00:00.000-05:00")
  lu.assertStrContains(refusal(november.on, november, "fifth friday"),
    "November 2026 has no fifth friday")
  lu.assertStrContains(refusal(november.on, november, "last fryday"), 'did you mean "friday"?')
  lu.assertStrContains(refusal(november.on, november, "black friday"), "names no day of a month")
  lu.assertStrContains(refusal(november.on, november, 5), "expected the name of a day")
end

function T.test_dates_come_again()
  local from = date("2026-01-31 09:00", PARIS)
  lu.assertEquals(days(date.every { months = 1, from = from, count = 4 }),
    "2026-01-31 2026-02-28 2026-03-31 2026-04-30")
  lu.assertEquals(days(date.every { weeks = 2, from = from, to = date("2026-03-14 09:00", PARIS) }),
    "2026-01-31 2026-02-14 2026-02-28 2026-03-14")
  lu.assertEquals(days(date.every { weeks = 1, from = from, ["until"] = from }), "2026-01-31")
  lu.assertEquals(days(date.every { months = 1, on = "last friday", from = from, count = 3 }),
    "2026-02-27 2026-03-27 2026-04-24")
  lu.assertEquals(days(date.every { months = 3, on = { "first monday", "day 15" }, from = from,
    count = 3 }), "2026-04-06 2026-04-15 2026-07-06")
  lu.assertEquals(days(date.every { weeks = 1, on = { "thu", "monday" }, from = from, count = 3 }),
    "2026-02-02 2026-02-05 2026-02-09")
  lu.assertEquals(days(date.every { months = 1, on = "fifth friday", from = from, count = 2 }),
    "2026-05-29 2026-07-31")
  lu.assertEquals(days(date.every { days = 1, from = from, to = date("2026-01-30", PARIS) }), "")
  local count = 0
  for _ in date.every { years = 1, from = date("9990-01-01", PARIS) } do
    count = count + 1
  end
  lu.assertEquals(count, 10)
end

function T.test_wrong_recurrences_are_told_apart()
  local from = date("2026-01-31", PARIS)
  lu.assertStrContains(refusal(date.every, { from = from }), "a step that leads forward")
  lu.assertStrContains(refusal(date.every, { days = -1, from = from }), "a step that leads forward")
  lu.assertStrContains(refusal(date.every, { days = 1 }), "from must be a date, got nothing")
  lu.assertStrContains(refusal(date.every, { days = 1, from = "2026-01-01" }),
    "make one with date(")
  lu.assertStrContains(refusal(date.every, { days = 1, from = from, on = "last day" }),
    "on goes with")
  lu.assertStrContains(refusal(date.every, { days = 1, from = from, til = from }), "til is no unit")
  lu.assertStrContains(refusal(date.every, { days = 1, from = from, count = -1 }), "count must be")
  lu.assertStrContains(refusal(date.every, 5), "expected a table")
end

function T.test_easter_agrees_with_another_implementation()
  local count = 0
  for line in io.lines(HERE .. "/../vectors/easter.txt") do
    local year, western, orthodox = line:match "^(%d+) (%S+) (%S+)$"
    if year then
      count, year = count + 1, math.tointeger(year)
      lu.assertEquals(date.easter(year):format "%F", western)
      lu.assertEquals(date.easter(year, "UTC", "orthodox"):format "%F", orthodox)
    end
  end
  lu.assertTrue(count > 700)
  lu.assertStrContains(refusal(date.easter, 1582), "from 1583")
  lu.assertStrContains(refusal(date.easter, 2026, "UTC", "coptic"), "allowed: western")
end

function T.test_business_days_step_over_weekends_and_holidays()
  local work = date.business { holidays = { "2026-12-25", "--01-01", date("2026-12-28", PARIS) } }
  local eve = date("2026-12-24 10:00", PARIS)
  lu.assertTrue(work:is(eve))
  lu.assertFalse(work:is(eve:plus { days = 1 }))
  is(work:plus(eve, 1), "2026-12-29T10:00:00.000+01:00")
  is(work:plus(eve, 4), "2027-01-04T10:00:00.000+01:00")
  is(work:plus(date("2027-01-04 10:00", PARIS), -4), "2026-12-24T10:00:00.000+01:00")
  is(work:plus(date("2026-12-26 10:00", PARIS), 0), "2026-12-29T10:00:00.000+01:00")
  is(work:plus(eve, 0), tostring(eve))
  lu.assertEquals(work:between(eve, date("2027-01-05", PARIS)), 5)
  lu.assertEquals(work:between(date("2027-01-05", PARIS), eve), -5)
  local gulf = date.business { weekend = { "friday", "saturday" } }
  lu.assertTrue(gulf:is(date("2026-12-27", "Asia/Dubai")))
  lu.assertFalse(gulf:is(date("2026-12-25", "Asia/Dubai")))
end

function T.test_wrong_calendars_are_told_apart()
  lu.assertStrContains(refusal(date.business, { holidays = { "2026-13-25" } }),
    'holiday 1 (2026-13-25) has')
  lu.assertStrContains(refusal(date.business, { holidays = { "--02-30" } }), "has the day 30")
  lu.assertStrContains(refusal(date.business, { holidays = { "2026-12-25 09:00" } }), "has a time")
  lu.assertStrContains(refusal(date.business, { holiday = {} }), "known: holidays, weekend")
  lu.assertStrContains(refusal(date.business, { holidays = "2026-12-25" }), "must be a list")
  lu.assertStrContains(refusal(date.business, { weekend = { 1, 2, 3, 4, 5, 6, 7 } }),
    "no business day")
  local work = date.business()
  lu.assertStrContains(refusal(work.plus, work, date("2026-01-01", PARIS), 1.5), "whole")
end

function T.test_ranges_contain_overlap_and_leave_gaps()
  local function range(from, to)
    return date.range(date(from, PARIS), date(to, PARIS))
  end
  local year = range("2026-01-01", "2027-01-01")
  lu.assertTrue(year:contains(date("2026-01-01", PARIS)))
  lu.assertFalse(year:contains(date("2027-01-01", PARIS)))
  lu.assertTrue(year:overlaps(range("2026-12-31", "2027-02-01")))
  lu.assertFalse(year:overlaps(range("2027-01-01", "2027-02-01")))
  is(year:intersection(range("2026-12-31", "2027-02-01")),
    "2026-12-31T00:00:00.000+01:00/2027-01-01T00:00:00.000+01:00")
  lu.assertNil(year:intersection(range("2027-01-01", "2027-02-01")))
  local gaps = year:gaps { range("2026-06-01", "2026-08-01"), range("2025-01-01", "2026-03-01"),
    range("2026-07-01", "2026-09-01") }
  lu.assertEquals(#gaps, 2)
  lu.assertEquals(gaps[1], range("2026-03-01", "2026-06-01"))
  lu.assertEquals(gaps[2], range("2026-09-01", "2027-01-01"))
  lu.assertEquals(#year:gaps {}, 1)
  lu.assertEquals(#year:gaps { year }, 0)
  lu.assertEquals(range("2026-03-29", "2026-03-30"):length(), 23 * 3600)
  lu.assertStrContains(refusal(range, "2026-02-01", "2026-01-01"), "before the start")
end

-- --- against others ---

-- 1900 to 2099, by date(1): the day itself, its weekday, ISO week and number in the year; and the
-- same day again by a step from the first one, and counted back.
function T.test_every_day_of_two_centuries_agrees_with_date_1()
  local first = date("1900-01-01 12:00", "UTC")
  local pipe = assert(io.popen("seq -f @%.0f " .. first.ms // 1000 .. " 86400 4102444799"
    .. " | date -u -f - '+%F %u %G-W%V %j'"))
  local n, at = 0, nil
  for line in pipe:lines() do
    at = first:plus { days = n }
    if at:format "%F %u %G-W%V %j" ~= line or at:minus { days = n } ~= first
        or date(at:format "%G-W%V-%u", "UTC").ms + 43200000 ~= at.ms
        or date(at:format "%Y-%j", "UTC").ms + 43200000 ~= at.ms then
      lu.assertEquals(at:format "%F %u %G-W%V %j", line)
    end
    n = n + 1
  end
  pipe:close()
  lu.assertEquals(n, 73049)
  lu.assertEquals(date.between(first, at, "days"), 73048)
end

function T.test_months_agree_with_another_implementation()
  local count = 0
  for line in io.lines(HERE .. "/../vectors/months.txt") do
    local from, n, to = line:match "^(%d%S+) (%S+) (%S+)$"
    if from then
      count = count + 1
      local months = { months = math.tointeger(n) }
      lu.assertEquals(date(from, "UTC"):plus(months):format "%F", to)
    end
  end
  lu.assertTrue(count > 2000)
end

-- --- properties ---

local ZONES = { PARIS, NEW_YORK, "UTC", "+05:30", "Australia/Lord_Howe", "Pacific/Apia",
  "America/Havana", "Africa/Casablanca", "Asia/Kathmandu" }
local LATER = { disambiguation = "later" }

local function each_random_date(count, f)
  math.randomseed(20261125)
  local first, last = date("1890-01-01T00:00Z").ms, date("2110-01-01T00:00Z").ms
  for _ = 1, count do
    f(date.from_ms(math.random(first, last), ZONES[math.random(#ZONES)]))
  end
end

function T.test_what_is_written_reads_back_as_the_same_date()
  each_random_date(4000, function(d)
    for _, back in ipairs { date(tostring(d)), date(tostring(d), d.zone), date(d:wire()) } do
      lu.assertTrue(back == d, tostring(d))
    end
    lu.assertEquals(tostring(date(tostring(d), d.zone)), tostring(d))
    local wall = d:format "%F %T.%L"
    local earlier = date(wall, d.zone, { disambiguation = "earlier" })
    lu.assertTrue(earlier == d or date(wall, d.zone, LATER) == d, tostring(d))
  end)
end

function T.test_fixed_units_taken_away_again_give_the_same_date()
  each_random_date(4000, function(d)
    local step = { hours = math.random(-9000, 9000), minutes = math.random(-99999, 99999),
      seconds = math.random(-99999, 99999), milliseconds = math.random(-99999, 99999) }
    lu.assertTrue(d:plus(step):minus(step) == d)
  end)
end

-- Days come back to the same wall clock but for what a gap has moved; months but for the clamp.
function T.test_calendar_units_taken_away_again_give_the_same_day_within_the_clamp()
  each_random_date(4000, function(d)
    local n = math.random(-4000, 4000)
    local by_days = d:plus({ days = n }, LATER)
    if by_days:format "%T" == d:format "%T" then
      lu.assertEquals(by_days:minus({ days = n }, LATER):format "%F %T", d:format "%F %T")
    end
    local months = math.random(-900, 900)
    local there = d:plus({ months = months }, LATER)
    if there:format "%T" == d:format "%T" then
      local back = there:minus({ months = months }, LATER)
      lu.assertEquals(back.day, math.min(d.day, there.day))
      lu.assertEquals({ back.year, back.month }, { d.year, d.month })
      lu.assertTrue(there.day == d.day or there.day == there:end_of "month".day)
    end
  end)
end

function T.test_what_lies_between_leads_from_one_date_to_the_other()
  each_random_date(500, function(a)
    local b = date.from_ms(a.ms + math.random(0, 4 * 366 * 86400000), a.zone)
    local apart = date.between(a, b)
    lu.assertTrue(a:plus({ years = apart.years, months = apart.months }, LATER)
      :plus({ days = apart.days, hours = apart.hours, minutes = apart.minutes,
        seconds = apart.seconds, milliseconds = apart.milliseconds }, LATER) == b, a .. " " .. b)
  end)
end

function T.test_order_is_that_of_the_instants()
  each_random_date(1000, function(a)
    local b = date.from_ms(a.ms + math.random(-2, 2), PARIS)
    lu.assertEquals({ a < b, a == b, a > b }, { a.ms < b.ms, a.ms == b.ms, a.ms > b.ms })
  end)
end

support.run(T)
