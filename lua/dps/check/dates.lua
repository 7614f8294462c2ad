-- Rules about dates: windows that are empty or over, and wall clocks that daylight saving skips.

local date = require "dps.date"
local walk = require "dps.check.walk"

-- Dates as the script wrote them, shown in the project's zone where one is set.
local function show(plan, text)
  local moment = plan.moment(text)
  return plan.zone and moment and tostring(date.from_ms(moment, plan.zone)) or text
end

-- Each pair of startDate and endDate, in selection constraints, cappings and decisions alike.
local function each_window(plan, visit)
  for _, object in ipairs(plan.objects) do
    walk.tables(object.value, function(part, path)
      local from, to = plan.moment(part.startDate), plan.moment(part.endDate)
      if from or to then
        visit(object, part, path, from, to)
      end
    end)
  end
end

local function check_order(plan, say)
  each_window(plan, function(object, part, path, from, to)
    if from and to and to <= from then
      say(object, walk.at(path, "endDate"), ("the end %s is not after the start %s: this is never"
        .. " shown"):format(show(plan, part.endDate), show(plan, part.startDate)))
    end
  end)
end

local function is_archived(object)
  local status = object.value.status
  return status == "archived" or status == "complete"
end

local function check_expired(plan, say)
  each_window(plan, function(object, part, path, _, to)
    if to and to <= plan.now and not is_archived(object) then
      say(object, walk.at(path, "endDate"), ("it ended %s, before now"):format(
        show(plan, part.endDate)))
    end
  end)
end

local function check_skipped(plan, say)
  for _, clock in ipairs(plan.clocks) do
    say({ where = clock.where }, nil, clock.message)
  end
end

-- "2026-07-01T09:00:00+01:00" in a project whose clocks are at +02:00 by then.
local function wrong_offset(plan, text)
  local written = type(text) == "string" and date.try(text)
  if not written or written.offset == 0 then
    return nil
  end
  local there = written:in_zone(plan.zone)
  if there.offset ~= written.offset then
    return ("%s has the offset %s, but clocks in %s are at %s then and show %s"):format(text,
      written:format "%z", plan.zone, there:format "%z", there:format "%F %R")
  end
end

local function check_offsets(plan, say)
  for _, object in ipairs(plan.zone and plan.objects or {}) do
    walk.object(object, function(field, value, path)
      local wrong = field.type == "date" and wrong_offset(plan, value)
      if wrong then
        say(object, path, wrong)
      end
    end)
  end
end

return {
  { name = "end-before-start", help = "a window whose end is not after its start",
    explain = "Where the end of a window is before its start, or the same moment, the offer is"
      .. " never shown. This covers selection constraints, cappings and decisions.",
    check = check_order },
  { name = "expired", help = "a window that is over already",
    explain = "An offer or a decision whose end lies in the past is written, and never shown. Move"
      .. " the end, or write the object as archived. --at DATE asks about another moment than now.",
    check = check_expired },
  { name = "skipped-time", help = "a wall clock that daylight saving skips",
    explain = "date(text, zone, { disambiguation = ... }) was told to take the nearest moment for a"
      .. " wall clock that does not exist, because clocks were set forward over it. The date is"
      .. " right; the plan that names that time is probably not.",
    check = check_skipped },
  { name = "wrong-offset", help = "an offset that clocks in the project's zone do not have then",
    explain = "With a zone set (--zone, or \"zone\" in .dps/check.json), a date such as"
      .. " 2026-07-01T09:00:00+01:00 is compared with what clocks there show at that moment:"
      .. " winter's offset in summer moves a campaign by an hour. Write"
      .. " date(\"2026-07-01 09:00\", zone).",
    check = check_offsets },
}
