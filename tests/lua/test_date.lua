-- The date value: how it is made, read, compared, written and sent. What it can be computed with is
-- in test_date_calendar.lua; the zones themselves in test_date_zones.lua.
local lu = require "luaunit"
local date = require "dps.date"
local err = require "dps.err"
local json = require "dps.json"
local schema = require "dps.schema"
local support = require "support"

local T = {}

local PARIS = "Europe/Paris"

local function is(made, text)
  lu.assertEquals(tostring(made), text)
end

-- The message of the error that f raises; it must be the caller's, with the caller's own line.
local function refusal(f, ...)
  local ok, failure = pcall(f, ...)
  lu.assertFalse(ok)
  lu.assertTrue(err.is(failure, "invalid"), tostring(failure))
  return failure.message
end

function T.test_a_wall_clock_and_a_zone_make_a_date()
  is(date("2026-12-01 09:00", PARIS), "2026-12-01T09:00:00.000+01:00")
  is(date("2026-07-01 09:00:30", PARIS), "2026-07-01T09:00:30.000+02:00")
  is(date("2026-07-01T09:00:30.25", "America/New_York"), "2026-07-01T09:00:30.250-04:00")
  is(date("2026-12-01", "Asia/Kathmandu"), "2026-12-01T00:00:00.000+05:45")
  is(date("2050-07-01 09:00", PARIS), "2050-07-01T09:00:00.000+02:00")
  is(date("9000-01-15 12:00", "Australia/Sydney"), "9000-01-15T12:00:00.000+11:00")
  is(date("2026-12-01 09:00", "UTC"), "2026-12-01T09:00:00.000+00:00")
  is(date("2026-12-01 09:00", "-03:30"), "2026-12-01T09:00:00.000-03:30")
end

function T.test_text_with_an_offset_needs_no_zone()
  is(date "2026-12-01T09:00:00Z", "2026-12-01T09:00:00.000+00:00")
  is(date "2026-12-01T09:00:00.5-05:00", "2026-12-01T09:00:00.500-05:00")
  is(date("2026-12-01T09:00:00Z", PARIS), "2026-12-01T10:00:00.000+01:00")
  lu.assertEquals(date("2026-12-01T09:00:00Z", PARIS).zone, PARIS)
  lu.assertEquals(date("2026-12-01T09:00:00+02:00").zone, "+02:00")
end

function T.test_the_forms_of_ISO_8601_are_read()
  for text, same in pairs {
    ["20261201T090000Z"] = "2026-12-01T09:00Z", ["2026-W49-2T09:00Z"] = "2026-12-01T09:00Z",
    ["2026W492T09Z"] = "2026-12-01T09:00Z", ["2026-335T09:00Z"] = "2026-12-01T09:00Z",
    ["2026335T0900Z"] = "2026-12-01T09:00Z", ["2026-12-01T09:00:00,5Z"] = "2026-12-01T09:00:00.5Z",
    ["2026-12-01T10:00+0100"] = "2026-12-01T09:00Z", ["2026-12-01T10+01"] = "2026-12-01T09:00Z",
    ["2026-11-30T24:00Z"] = "2026-12-01T00:00Z", ["2026-12-01t09:00z"] = "2026-12-01T09:00Z",
    ["2020-W53-7T00:00Z"] = "2021-01-03T00:00Z", ["2026-W01-1T00:00Z"] = "2025-12-29T00:00Z",
    ["2024-366T00:00Z"] = "2024-12-31T00:00Z",
    ["2026-12-01T10:00+01:00[Europe/Paris]"] = "2026-12-01T09:00Z",
  } do
    lu.assertTrue(date(text) == date(same), text)
  end
  is(date "2026-12-01T09:00[Asia/Tokyo]", "2026-12-01T09:00:00.000+09:00")
end

function T.test_fields_make_a_date()
  is(date({ year = 2026, month = 12, day = 1, hour = 9 }, PARIS), "2026-12-01T09:00:00.000+01:00")
  is(date({ year = 2026 }, "UTC"), "2026-01-01T00:00:00.000+00:00")
  lu.assertStrContains(refusal(date, { year = 2026, mnth = 2 }, "UTC"), "did you mean month?")
  lu.assertStrContains(refusal(date, { year = 2026, month = 2, day = 30 }, "UTC"), "28 days")
  lu.assertStrContains(refusal(date, { year = 2026.5 }, "UTC"), "year must be a whole number")
  lu.assertStrContains(refusal(date, { month = 2 }, "UTC"), "year must be a whole number")
  lu.assertStrContains(refusal(date, { year = 2026 }), "need a zone")
end

function T.test_a_skipped_wall_clock_is_refused_with_both_candidates()
  local message = refusal(date, "2026-03-29 02:30", PARIS)
  for _, part in ipairs { "does not exist", "clocks go from 02:00 to 03:00",
    "2026-03-29T01:30:00.000+01:00 (earlier)", "2026-03-29T03:30:00.000+02:00 (later)" } do
    lu.assertStrContains(message, part)
  end
  is(date("2026-03-29 02:30", PARIS, { disambiguation = "earlier" }),
    "2026-03-29T01:30:00.000+01:00")
  is(date("2026-03-29 02:30", PARIS, { disambiguation = "later" }), "2026-03-29T03:30:00.000+02:00")
  lu.assertStrContains(refusal(date, "2026-03-29 02:30", PARIS, { disambiguation = "reject" }),
    "does not exist")
end

function T.test_a_wall_clock_that_comes_twice_is_refused_with_both_candidates()
  local message = refusal(date, "2026-10-25 02:30", PARIS)
  for _, part in ipairs { "ambiguous", "2026-10-25T02:30:00.000+02:00 (earlier)",
    "2026-10-25T02:30:00.000+01:00 (later)" } do
    lu.assertStrContains(message, part)
  end
  is(date("2026-10-25 02:30", PARIS, { disambiguation = "earlier" }),
    "2026-10-25T02:30:00.000+02:00")
  is(date("2026-10-25 02:30", PARIS, { disambiguation = "later" }), "2026-10-25T02:30:00.000+01:00")
end

function T.test_the_borders_of_a_gap_and_an_overlap_are_exact()
  is(date("2026-03-29 01:59:59.999", PARIS), "2026-03-29T01:59:59.999+01:00")
  is(date("2026-03-29 03:00", PARIS), "2026-03-29T03:00:00.000+02:00")
  refusal(date, "2026-03-29 02:00", PARIS)
  refusal(date, "2026-03-29 02:59:59.999", PARIS)
  is(date("2026-10-25 01:59:59.999", PARIS), "2026-10-25T01:59:59.999+02:00")
  is(date("2026-10-25 03:00", PARIS), "2026-10-25T03:00:00.000+01:00")
  refusal(date, "2026-10-25 02:00", PARIS)
  refusal(date, "2026-10-25 02:59:59.999", PARIS)
end

function T.test_a_skipped_day_is_told_with_its_dates()
  lu.assertStrContains(refusal(date, "2011-12-30 10:00", "Pacific/Apia"),
    "clocks go from 2011-12-30 00:00 to 2011-12-31 00:00")
end

function T.test_a_day_alone_is_its_first_moment_also_where_midnight_is_skipped_or_comes_twice()
  is(date("2018-11-04", "America/Sao_Paulo"), "2018-11-04T01:00:00.000-02:00")
  is(date("2026-11-01", "America/Havana"), "2026-11-01T00:00:00.000-04:00")
end

function T.test_fields_are_those_of_the_dates_own_zone()
  local d = date("2026-12-31 23:30:15.250", "America/New_York")
  lu.assertEquals({ d.year, d.month, d.day, d.hour, d.minute, d.second, d.millisecond },
    { 2026, 12, 31, 23, 30, 15, 250 })
  lu.assertEquals({ d.yearday, d.week, d.weekyear, d:weekday() }, { 365, 53, 2026, 4 })
  lu.assertEquals({ d.offset, d.zone, d.abbreviation }, { -18000, "America/New_York", "EST" })
  lu.assertEquals(d.ms, 1798777815250)
  lu.assertEquals(d:in_zone("UTC").year, 2027)
end

function T.test_a_date_cannot_be_changed()
  local d = date("2026-12-01 09:00", PARIS)
  for name in pairs(d) do
    lu.assertStrContains(refusal(function() d[name] = 1 end), "can't be changed")
  end
  refusal(function() d.note = "x" end)
  lu.assertFalse(pcall(setmetatable, d, nil))
  is(d, "2026-12-01T09:00:00.000+01:00")
  lu.assertStrContains(refusal(function() return d.yaer end), "did you mean .year?")
  lu.assertStrContains(refusal(function() return d:pluss {} end), "did you mean :plus?")
end

function T.test_equal_means_the_same_instant()
  local paris, utc = date("2026-12-01 09:00", PARIS), date "2026-12-01T08:00:00Z"
  lu.assertTrue(paris == utc and paris <= utc and paris >= utc)
  lu.assertFalse(paris ~= utc or paris < utc or paris > utc)
  local next_minute = date "2026-12-01T08:01:00Z"
  lu.assertTrue(paris < next_minute and next_minute > paris and paris ~= next_minute)
  lu.assertFalse(paris == "2026-12-01T08:00:00Z")
  lu.assertStrContains(refusal(function() return paris < "2027-01-01" end), "make a date of it")
end

function T.test_the_difference_is_in_seconds()
  lu.assertEquals(date("2026-03-30", PARIS) - date("2026-03-29", PARIS), 23 * 3600)
  lu.assertEquals(math.type(date "2026-01-01T00:00:01Z" - date "2026-01-01T00:00:00Z"), "integer")
  lu.assertEquals(date "2026-01-01T00:00:00Z" - date "2026-01-01T00:00:00.5Z", -0.5)
  lu.assertStrContains(refusal(function() return date "2026-01-01T00:00Z" + 5 end), ":plus{")
end

function T.test_on_the_wire_a_date_goes_out_in_UTC()
  local d = date("2022-06-10 02:30", PARIS)
  lu.assertEquals(d:wire(), "2022-06-10T00:30:00.000+00:00")
  local fields = { { name = "startDate", type = "date" }, { name = "endDate", type = "date" } }
  local shaped = schema.shape(fields, { startDate = d, endDate = "2022-06-10T02:30:00+02:00" })
  lu.assertEquals(shaped.startDate, "2022-06-10T00:30:00.000+00:00")
  lu.assertEquals(shaped.endDate, "2022-06-10T02:30:00+02:00")
end

function T.test_JSON_has_the_wires_form()
  local d = date("2022-06-10 02:30", PARIS)
  lu.assertEquals(json.encode { at = d },
    '{"at":"2022-06-10T00:30:00.000+00:00"}')
  local cycle = { at = d }
  cycle[1], cycle.again = cycle, cycle
  lu.assertNil((json.encode(cycle)))
  local shared = { d }
  for _ = 1, 100 do
    shared = { shared, shared, json.array {} }
  end
  lu.assertNil((json.encode { print, shared })) -- and in no time
  local deep = { print }
  for _ = 1, 300000 do
    deep = { deep }
  end
  lu.assertNil((json.encode(deep)))
  lu.assertEquals(json.encode({ b = { d, d }, a = json.array {} }, { sorted = true }),
    '{"a":[],"b":'
    .. '["2022-06-10T00:30:00.000+00:00","2022-06-10T00:30:00.000+00:00"]}')
end

function T.test_a_date_joins_text()
  lu.assertEquals("from " .. date("2026-12-01 09:00", PARIS) .. " on",
    "from 2026-12-01T09:00:00.000+01:00 on")
end

function T.test_patterns_are_filled_with_the_wall_clock()
  local d = date("2026-12-01 15:04:05.006", PARIS)
  lu.assertEquals(d:format "%A %e %B %Y, %H:%M", "Tuesday 1 December 2026, 15:04")
  lu.assertEquals(d:format "%a %d %b %y %I:%M:%S.%L %p %j %u %G-W%V %z %Z %F %T %R %%",
    "Tue 01 Dec 26 03:04:05.006 PM 335 2 2026-W49 +01:00 CET 2026-12-01 15:04:05 15:04 %")
  lu.assertStrContains(refusal(function() return d:format "%Y %q" end), "%q at character 4")
end

function T.test_try_gives_the_reason_instead_of_raising()
  local none, reason = date.try("31.02.2026", PARIS)
  lu.assertNil(none)
  lu.assertStrContains(reason, "February 2026 has 28 days")
  none, reason = date.try("2026-02-01", "Europe/Pariss")
  lu.assertNil(none)
  lu.assertStrContains(reason, 'did you mean "Europe/Paris"?')
  is(date.try("2026-02-01", PARIS), "2026-02-01T00:00:00.000+01:00")
  lu.assertTrue(date.is(date.try("2026-02-01", PARIS)))
  lu.assertFalse(date.is "2026-02-01")
end

function T.test_now_is_this_moment()
  local now = date.now(PARIS)
  local pipe = io.popen "date +%s"
  local seconds = math.tointeger(pipe:read "n")
  pipe:close()
  lu.assertTrue(math.abs(now.ms // 1000 - seconds) <= 2)
  lu.assertEquals(now.zone, PARIS)
  lu.assertTrue(date.today(PARIS) <= now)
  is(date.from_ms(0), "1970-01-01T00:00:00.000+00:00")
end

support.run(T)
