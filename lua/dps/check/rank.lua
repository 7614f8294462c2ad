-- Rules about ranks: offers that compete in one placement with the same priority.

local function window_of(plan, object)
  local selection = object.value.selectionConstraint
  selection = type(selection) == "table" and selection or {}
  return plan.moment(selection.startDate) or math.mininteger,
    plan.moment(selection.endDate) or math.maxinteger
end

local function overlap(plan, a, b)
  local a_from, a_to = window_of(plan, a)
  local b_from, b_to = window_of(plan, b)
  return a_from < b_to and b_from < a_to
end

local function priority_of(object)
  local rank = object.value.rank
  return type(rank) == "table" and rank.priority or nil
end

-- The first offer before this one that competes with it, and where; joins it to those seen.
local function rival(plan, seen, object)
  local found, placement
  for _, one in ipairs(object.value.representations or {}) do
    local key = ("%s\0%s\0%s"):format(object.resource, one.placement, priority_of(object))
    local peers = seen[key] or {}
    seen[key] = peers
    for _, other in ipairs(found and {} or peers) do
      if overlap(plan, other, object) then
        found, placement = other, one.placement
        break
      end
    end
    peers[#peers + 1] = object
  end
  return found, placement
end

local function check_equal(plan, say)
  local seen = {}
  for _, object in ipairs(plan:of("personalized", "fallback")) do
    if priority_of(object) and object.value.status ~= "archived" then
      local other, id = rival(plan, seen, object)
      if other then
        local placement = plan:entity("placement", id)
        say(object, "rank.priority", ('it has the rank %d in placement "%s", as "%s" has (%s)')
          :format(priority_of(object), placement and placement.name or id, other.name or other.id,
            other.where))
      end
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
