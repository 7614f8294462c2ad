-- Rules about fallback cover: for each placement, whether the fallback offers written for it follow
-- on each other, and whether a decision has a fallback as long as it runs.

local date = require "dps.date"
local offers = require "dps.check.offers"

local FOREVER = math.maxinteger
local SHOWN_IN = "UTC"

local function show(plan, moment)
  return tostring(date.from_ms(moment, plan.zone or SHOWN_IN))
end

-- For each placement, in the order in which the script names them, its fallbacks with their windows
-- in the order of their starts.
local function covers(plan)
  local order, by_placement = {}, {}
  for _, object in ipairs(plan:of "fallback") do
    local from, to = offers.window(plan, object)
    for _, id in ipairs(object.value.status ~= "archived" and offers.placements(object) or {}) do
      if not by_placement[id] then
        by_placement[id] = { id = id }
        order[#order + 1] = by_placement[id]
      end
      table.insert(by_placement[id], { object = object, from = from, to = to,
        place = #by_placement[id] + 1 })
    end
  end
  for _, cover in ipairs(order) do
    table.sort(cover, function(a, b)
      if a.from ~= b.from then
        return a.from < b.from
      end
      return a.place < b.place
    end)
  end
  return order
end

local function placement_name(plan, id)
  local placement = plan:entity("placement", id)
  return placement and placement.name or id
end

-- `visit` gets each stretch with the one that lasts longest of those before it.
local function each_following(cover, visit)
  local last
  for _, stretch in ipairs(cover) do
    if last then
      visit(last, stretch)
    end
    last = (not last or stretch.to > last.to) and stretch or last
  end
end

local function check_gaps(plan, say)
  for _, cover in ipairs(covers(plan)) do
    each_following(cover, function(before, after)
      if after.from > before.to then
        say(after.object, "selectionConstraint.startDate",
          ('placement "%s" has no fallback from %s, where %s ends, to %s'):format(
            placement_name(plan, cover.id), show(plan, before.to), offers.named(before.object),
            show(plan, after.from)))
      end
    end)
  end
end

-- A fallback without dates is the ground that dated ones stand on, so only dated ones overlap. One
-- that a decision names is meant by that decision, whatever else is on.
local function rivals(cover, decided)
  local list = {}
  for _, one in ipairs(cover) do
    local has_dates = one.from ~= math.mininteger and one.to ~= FOREVER
    list[#list + 1] = has_dates and one.from < one.to and not decided[one.object.id] and one or nil
  end
  return list
end

-- Those that are still on at a moment, in their order.
local function still_on(list, moment)
  local on = {}
  for _, one in ipairs(list) do
    on[#on + 1] = one.to > moment and one or nil
  end
  return on
end

-- The second latest end: from there on, one at most is on.
local function until_alone(on)
  local last, second = math.mininteger, math.mininteger
  for _, one in ipairs(on) do
    last, second = math.max(last, one.to), math.max(second, math.min(last, one.to))
  end
  return second
end

-- The stretches of time in which more than one is on without a break, each with all that are on in
-- it, in the order of their starts, and `most`, how many of them are on at once.
local function stretches(list)
  local found, on, open = {}, {}, nil
  for _, one in ipairs(list) do
    on = still_on(on, one.from)
    if #on == 0 then
      open = nil
    elseif not open or one.from > open.to then
      open = table.move(on, 1, #on, 1, { from = one.from, most = 0 })
      found[#found + 1] = open
    end
    on[#on + 1] = one
    if open then
      open[#open + 1] = one
      open.to, open.most = until_alone(on), math.max(open.most, #on)
    end
  end
  return found
end

local NAMED = 2 -- of the fallbacks in a stretch; the rest is counted

local function names_in(stretch)
  local objects = {}
  for i, one in ipairs(stretch) do
    objects[i] = one.object
  end
  return offers.list(objects, NAMED)
end

local function check_overlaps(plan, say)
  local decided
  for _, cover in ipairs(covers(plan)) do
    local any = #stretches(rivals(cover, {})) > 0
    decided = decided or any and plan:decided() or nil
    for _, stretch in ipairs(any and stretches(rivals(cover, decided)) or {}) do
      say(offers.placement(plan, cover.id, stretch[2].object.where), nil,
        ("%d fallbacks are on%s from %s to %s: %s"):format(#stretch,
          stretch.most == #stretch and " at the same time" or (", up to %d at the same time,")
            :format(stretch.most), show(plan, stretch.from), show(plan, stretch.to),
          names_in(stretch)))
    end
  end
end

local function check_decisions(plan, say)
  for _, decision in ipairs(plan:of "decision") do
    local fallback = plan:object(decision.value.fallback or "")
    local starts, ends = plan.moment(decision.value.startDate), plan.moment(decision.value.endDate)
    local from, to = math.mininteger, FOREVER
    if fallback then
      from, to = offers.window(plan, fallback)
    end
    if starts and starts < from then
      say(decision, "startDate", ("the decision starts %s, its fallback %s only %s"):format(
        show(plan, starts), offers.named(fallback), show(plan, from)))
    elseif to < (ends or FOREVER) then
      say(decision, "endDate", ("the decision ends %s, its fallback %s ends before that, %s")
        :format(ends and show(plan, ends) or "never", offers.named(fallback), show(plan, to)))
    end
  end
end

return {
  { name = "cover-gap", help = "a stretch of time in which a placement has no fallback",
    explain = "Between the windows of two fallback offers for one placement nothing is shown to who"
      .. " qualifies for nothing else. Let the next one start when the last one ends, or write one"
      .. " without dates.",
    check = check_gaps },
  { name = "cover-overlap", help = "fallbacks for one placement at the same time, in no decision",
    explain = "Where the windows of dated fallback offers for one placement overlap, it is not"
      .. " plain"
      .. " which one is meant. Those that a decision names, in the script or in the service, are"
      .. " meant by it and may overlap. A fallback without dates may lie below dated ones.",
    check = check_overlaps },
  { name = "decision-cover", help = "a decision that runs longer than its fallback",
    explain = "A decision needs its fallback as long as it runs: it is what who qualifies for"
      .. " nothing else is shown.",
    check = check_decisions },
}
