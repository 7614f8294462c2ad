-- Rules about ranks: offers that compete in one placement with the same priority.

local offers = require "dps.check.offers"

local NAMED = 10 -- of the offers in a finding; the rest is counted

local function priority_of(object)
  local rank = object.value.rank
  return type(rank) == "table" and rank.priority or nil
end

-- Those of one kind, one placement and one rank, in the order in which the script names them.
local function groups_of(plan)
  local groups, by_key = {}, {}
  for _, object in ipairs(plan:of("personalized", "fallback")) do
    local priority = object.value.status ~= "archived" and priority_of(object)
    for _, id in ipairs(priority and offers.placements(object) or {}) do
      local key = ("%s\0%s\0%s"):format(object.resource, id, priority)
      local group = by_key[key]
      if not group then
        group = { placement = id, priority = priority, title = object.title }
        by_key[key], groups[#groups + 1] = group, group
      end
      local from, to = offers.window(plan, object)
      group[#group + 1] = from < to and { object = object, from = from, to = to, place = #group }
        or nil
    end
  end
  return groups
end

local function by_start(a, b)
  if a.from ~= b.from then
    return a.from < b.from
  end
  return a.place < b.place
end

-- The offers of a group that are on while another one of it is: in the order of their starts each
-- needs to be compared with the one alone, of those before it, that lasts longest.
local function rivals(group)
  local sorted, met, last = table.move(group, 1, #group, 1, {}), {}, nil
  table.sort(sorted, by_start)
  for _, one in ipairs(sorted) do
    if last and one.from < last.to then
      met[last], met[one] = true, true
    end
    last = (not last or one.to > last.to) and one or last
  end
  local objects = {}
  for _, one in ipairs(group) do
    objects[#objects + 1] = met[one] and one.object or nil
  end
  return objects
end

local function check_equal(plan, say)
  for _, group in ipairs(groups_of(plan)) do
    local objects = rivals(group)
    if #objects > 1 then
      local where = objects[2].where
      say(offers.placement(plan, group.placement, where), nil,
        ("%d %ss have the rank %d while another of them is on: %s"):format(#objects, group.title,
          group.priority, offers.list(objects, NAMED, where)))
    end
  end
end

return {
  { name = "equal-ranks", help = "two offers of one rank in one placement at the same time",
    explain = "The offer with the higher rank wins; between equal ones Adobe draws at random,"
      .. " says Adobe's API reference of rank. Give them different priorities, or turn this"
      .. " rule off where the"
      .. " draw is meant. dps.rank spreads priorities.",
    check = check_equal },
}
