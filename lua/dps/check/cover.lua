-- Rules about fallback cover: for each placement, whether the fallback offers written for it follow
-- on each other, and whether a decision has a fallback as long as it runs.

local date = require "dps.date"

local FOREVER = math.maxinteger
local SHOWN_IN = "UTC"

local function show(plan, moment)
  return tostring(date.from_ms(moment, plan.zone or SHOWN_IN))
end

local function window_of(plan, object)
  local selection = object.value.selectionConstraint
  selection = type(selection) == "table" and selection or {}
  return plan.moment(selection.startDate) or math.mininteger,
    plan.moment(selection.endDate) or FOREVER
end

local function placements_of(object)
  local ids = {}
  for i, one in ipairs(object.value.representations or {}) do
    ids[i] = one.placement
  end
  return ids
end

-- For each placement, in the order in which the script names them, its fallbacks with their windows
-- in the order of their starts.
local function covers(plan)
  local order, by_placement = {}, {}
  for _, object in ipairs(plan:of "fallback") do
    local from, to = window_of(plan, object)
    for _, id in ipairs(object.value.status ~= "archived" and placements_of(object) or {}) do
      if not by_placement[id] then
        by_placement[id] = { id = id }
        order[#order + 1] = by_placement[id]
      end
      table.insert(by_placement[id], { object = object, from = from, to = to })
    end
  end
  for _, cover in ipairs(order) do
    table.sort(cover, function(a, b) return a.from < b.from end)
  end
  return order
end

local function placement_name(plan, id)
  local placement = plan:entity("placement", id)
  return placement and placement.name or id
end

local function named(object)
  return ('"%s" (%s)'):format(object.name or object.id, object.where)
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
            placement_name(plan, cover.id), show(plan, before.to), named(before.object),
            show(plan, after.from)))
      end
    end)
  end
end

-- A fallback without dates is the ground that dated ones stand on, so only dated ones overlap.
local function check_overlaps(plan, say)
  for _, cover in ipairs(covers(plan)) do
    local dated = {}
    for _, stretch in ipairs(cover) do
      local has_dates = stretch.from ~= math.mininteger and stretch.to ~= FOREVER
      dated[#dated + 1] = has_dates and stretch or nil
    end
    each_following(dated, function(before, after)
      if after.from < before.to then
        say(after.object, "selectionConstraint.startDate",
          ('placement "%s" has two fallbacks from %s to %s: this one and %s'):format(
            placement_name(plan, cover.id), show(plan, after.from),
            show(plan, math.min(before.to, after.to)), named(before.object)))
      end
    end)
  end
end

local function check_decisions(plan, say)
  for _, decision in ipairs(plan:of "decision") do
    local fallback = plan:object(decision.value.fallback or "")
    local starts, ends = plan.moment(decision.value.startDate), plan.moment(decision.value.endDate)
    local from, to = math.mininteger, FOREVER
    if fallback then
      from, to = window_of(plan, fallback)
    end
    if starts and starts < from then
      say(decision, "startDate", ("the decision starts %s, its fallback %s only %s"):format(
        show(plan, starts), named(fallback), show(plan, from)))
    elseif to < (ends or FOREVER) then
      say(decision, "endDate", ("the decision ends %s, its fallback %s ends before that, %s")
        :format(ends and show(plan, ends) or "never", named(fallback), show(plan, to)))
    end
  end
end

return {
  { name = "cover-gap", help = "a stretch of time in which a placement has no fallback",
    explain = "Between the windows of two fallback offers for one placement nothing is shown to who"
      .. " qualifies for nothing else. Let the next one start when the last one ends, or write one"
      .. " without dates.",
    check = check_gaps },
  { name = "cover-overlap", help = "two fallbacks for one placement at the same time",
    explain = "Where the windows of two dated fallback offers for one placement overlap, it is not"
      .. " plain which one is meant. A fallback without dates may lie below dated ones.",
    check = check_overlaps },
  { name = "decision-cover", help = "a decision that runs longer than its fallback",
    explain = "A decision needs its fallback as long as it runs (contract 7, rule 14).",
    check = check_decisions },
}
