-- Instants in the system's own time zones, against zdump: every transition from 1970 to 2060 and
-- the second before it. A sample of the zones; ZONES=all in the environment takes every one of them
-- (about half a minute), ZONES="Europe/Paris Asia/Gaza" those named.
local lu = require "luaunit"
local date = require "dps.date"
local zones = require "dps.date.zone"
local support = require "support"

local T = {}

-- Half hours, quarter hours, a skipped day, negative daylight saving, changes at midnight, rules
-- that change often, two hours of daylight saving, zones that never change, the names of offsets.
local SAMPLE = "Europe/Paris Europe/Dublin Europe/Moscow America/New_York America/St_Johns"
  .. " America/Sao_Paulo America/Havana America/Caracas Australia/Lord_Howe Pacific/Apia"
  .. " Pacific/Chatham Pacific/Kwajalein Asia/Kathmandu Asia/Tehran Asia/Gaza Asia/Pyongyang"
  .. " Africa/Casablanca Africa/Cairo Antarctica/Troll Antarctica/Casey Etc/GMT+12 UTC"

local MONTHS = {}
for i, name in ipairs { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
  "Dec" } do
  MONTHS[name] = i
end

local function all_names()
  local folder = os.getenv "TZDIR" or "/usr/share/zoneinfo"
  local names = {}
  for line in io.lines(folder .. "/tzdata.zi") do
    names[#names + 1] = line:match "^Z (%S+)" or line:match "^L %S+ (%S+)"
  end
  return table.concat(names, " ")
end

local function wanted()
  local set = os.getenv "ZONES" or ""
  return set == "all" and all_names() or set ~= "" and set or SAMPLE
end

local LINE = "^(%S+) +%a+ (%a+) +(%d+) (%d+:%d+:%d+) (%d+) UT = %a+ (%a+) +(%d+) (%d+:%d+:%d+)"
  .. " (%d+)"
  .. " (%S+) isdst=(%d) gmtoff=(-?%d+)"

local function iso(month, day, time, year)
  return ("%04d-%02d-%02dT%s"):format(year, MONTHS[month], day, time)
end

-- The wall clock means this moment: alone, or as one of the two candidates.
local function means(name, wall, moment)
  for _, choice in ipairs { "earlier", "later" } do
    if date(wall, name, { disambiguation = choice }) == moment then
      return true
    end
  end
  return false
end

local function agrees(line)
  local name, m, d, t, y, month, day, time, year, abbreviation, dst, offset = line:match(LINE)
  if not name then
    return nil
  end
  local moment, wall = date(iso(m, d, t, y) .. "Z"), iso(month, day, time, year)
  local here = moment:in_zone(name)
  local zone = zones.of(name)
  return tostring(here):sub(1, 19) == wall and here.offset == math.tointeger(offset)
    and here.abbreviation == abbreviation and zone.period.dst == (dst == "1")
    and means(name, wall, moment), name
end

-- How many lines of zdump there were, about how many zones; a disagreement is a failure.
local function compare_with_zdump(names)
  local pipe = assert(io.popen("zdump -v -c 1970,2060 " .. names .. " 2>/dev/null"))
  local lines, seen, count, wrong = 0, {}, 0, {}
  for line in pipe:lines() do
    local right, name = agrees(line)
    lines = right ~= nil and lines + 1 or lines
    if name and not seen[name] then
      seen[name], count = true, count + 1
    end
    if right == false then
      wrong[#wrong + 1] = line
    end
  end
  pipe:close()
  lu.assertEquals(table.concat(wrong, "\n", 1, math.min(#wrong, 10)), "")
  lu.assertTrue(lines > 100, "zdump gave " .. lines .. " lines")
  return lines, count
end

function T.test_every_transition_and_the_second_before_it_agree_with_zdump()
  print(("%d instants, %d zones with transitions"):format(compare_with_zdump(wanted())))
end

-- The same zones as zic writes them where room counts: nearly all years are the footer's rule.
-- SLIM=1 says that this is the child, whose TZDIR is the folder of those files; it has no list of
-- them, so that "all" is told by name.
function T.test_files_that_are_mostly_a_rule_agree_with_zdump()
  if os.getenv "SLIM" then
    compare_with_zdump(wanted())
    return
  end
  local folder = support.tmpdir()
  local source = "/usr/share/zoneinfo/tzdata.zi"
  lu.skipIf(not os.execute(("PATH=$PATH:/usr/sbin zic -b slim -d %s %s 2>/dev/null")
    :format(folder, source)), "there is no zic here")
  local child = support.run_dps({ "run", arg[0], "mostly_a_rule" },
    { env = { TZDIR = folder, SLIM = "1", ZONES = wanted() }, timeout = 50 })
  lu.assertEquals(child.code, 0, child.stdout .. child.stderr)
end

-- Zones without a transition in these years, too.
function T.test_every_zone_agrees_with_date_1_at_two_moments()
  local moments = support.write(support.tmpdir() .. "/moments", "@1767225600\n@3044736000\n")
  local wrong = {}
  for name in wanted():gmatch "%S+" do
    local pipe = assert(io.popen(("TZ=%s date -f %s '+%%FT%%T.000%%:z %%Z'"):format(name, moments)))
    for _, seconds in ipairs { 1767225600, 3044736000 } do
      local d = date.from_ms(seconds * 1000, name)
      local line = pipe:read "l"
      -- Factory's -00:00 says that nothing is known.
      if line ~= d .. " " .. d.abbreviation and not line:find "%-00:00 %-00$" then
        wrong[#wrong + 1] = name .. ": " .. tostring(line)
      end
    end
    pipe:close()
  end
  lu.assertEquals(table.concat(wrong, "\n"), "")
end

-- date(1) formats the same instants; it reads the same files with code of its own.
function T.test_instants_over_the_years_agree_with_date_1()
  local moments, texts = {}, {}
  for ms = date "1971-01-15T00:00Z".ms, date "2059-12-31T00:00Z".ms, 39 * 86400000 + 7777000 do
    moments[#moments + 1], texts[#texts + 1] = ms, "@" .. ms // 1000
  end
  local list = support.write(support.tmpdir() .. "/moments", table.concat(texts, "\n") .. "\n")
  for _, name in ipairs { "Europe/Paris", "America/St_Johns", "Australia/Lord_Howe",
    "Africa/Casablanca" } do
    local pipe = assert(io.popen(("TZ=%s date -f %s '+%%FT%%T.000%%:z'"):format(name, list)))
    for _, ms in ipairs(moments) do
      lu.assertEquals(tostring(date.from_ms(ms, name)), pipe:read "l")
    end
    pipe:close()
  end
end

function T.test_the_zone_of_the_process_does_not_matter()
  for _, zone in ipairs { "Asia/Tokyo", "America/New_York", "nonsense" } do
    local folder = support.tmpdir()
    local file = support.write(folder .. "/a.lua", [[
      local date = require "dps.date"
      print(date("2026-07-01 09:00", "Europe/Paris"), date("2026-07-01T00:00Z"))
    ]])
    lu.assertEquals(support.run_dps({ "run", file }, { env = { TZ = zone } }).stdout,
      "2026-07-01T09:00:00.000+02:00\t2026-07-01T00:00:00.000+00:00\n")
  end
end

function T.test_TZDIR_says_where_the_zones_are()
  local folder = support.tmpdir()
  os.execute(("cd %s; mkdir Here; cp /usr/share/zoneinfo/Asia/Tokyo Here/There"):format(folder))
  local file = support.write(folder .. "/a.lua", [[
    local date = require "dps.date"
    print(date("2026-07-01 09:00", "Here/There"))
    print(select(2, date.try("2026-07-01 09:00", "Europe/Paris")))
  ]])
  lu.assertEquals(support.run_dps({ "run", file }, { env = { TZDIR = folder } }).stdout,
    "2026-07-01T09:00:00.000+09:00\n"
    .. ('no time zones are installed in %s (Debian: tzdata), so "Europe/Paris" is not known\n')
      :format(folder))
end

support.run(T)
