-- What several rules ask of an offer: when it is on, and how a finding about another one names it.

local offers = {}

---From when to when it is on, in milliseconds since the epoch; far away where it has no such date.
---@param plan dps.check.Plan
---@param object dps.check.Object
---@return integer from
---@return integer to
function offers.window(plan, object)
  local selection = object.value.selectionConstraint
  selection = type(selection) == "table" and selection or {}
  return plan.moment(selection.startDate) or math.mininteger,
    plan.moment(selection.endDate) or math.maxinteger
end

---The ids of the placements that it has representations for, each once.
---@param object dps.check.Object
---@return string[]
function offers.placements(object)
  local ids, seen = {}, {}
  for _, one in ipairs(object.value.representations or {}) do
    if one.placement and not seen[one.placement] then
      ids[#ids + 1], seen[one.placement] = one.placement, true
    end
  end
  return ids
end

---@param object dps.check.Object
---@param said string?  a line of the script that needs not be said again
---@return string  such as `"Summer" (campaign.lua:12, offers.csv:3)`
function offers.named(object, said)
  local places = {}
  places[1] = object.where ~= said and object.where or nil
  places[#places + 1] = object.row and ("%s:%d"):format(object.row.source, object.row.line)
  local name = ('"%s"'):format(object.name or object.id)
  return #places > 0 and ("%s (%s)"):format(name, table.concat(places, ", ")) or name
end

---The first of several by their names, and how many more there are.
---@param objects dps.check.Object[]
---@param most integer
---@param said string?  as for offers.named
---@return string
function offers.list(objects, most, said)
  local names = {}
  for i = 1, math.min(#objects, most) do
    names[i] = offers.named(objects[i], said)
  end
  local more = #objects - #names
  if more > 0 then
    return ("%s and %d more"):format(table.concat(names, ", "), more)
  end
  local last = table.remove(names)
  return #names > 0 and table.concat(names, ", ") .. " and " .. last or last
end

---What a finding about a placement is about.
---@param plan dps.check.Plan
---@param id string
---@param where string  the script's line
---@return dps.check.Object
function offers.placement(plan, id, where)
  local placement = plan:entity("placement", id)
  return { where = where, resource = "placement", title = "placement", id = id,
    name = placement and placement.name or id }
end

return offers
