-- Rules about sizes and counts: what Adobe's guardrails allow (contract 6).

local fit = require "dps.representation.fit"
local resources = require "dps.resource"
local walk = require "dps.check.walk"

local function check_sizes(plan, say)
  for _, object in ipairs(plan:of("fallback", "personalized")) do
    for _, finding in ipairs(fit.sizes(object.value)) do
      say(object, finding.path, finding.message)
    end
  end
end

local function count_of(value)
  local count = 0
  for _ in pairs(type(value) == "table" and value or {}) do
    count = count + 1
  end
  return count
end

local function check_field(field, value)
  if field.guard_items and count_of(value) > field.guard_items then
    return ("%d entries; Adobe's guardrails allow %d"):format(count_of(value), field.guard_items)
  elseif field.guard_bytes and type(value) == "string" and #value > field.guard_bytes then
    return ("%d bytes; Adobe's guardrails allow %d"):format(#value, field.guard_bytes)
  end
end

local function check_fields(plan, say)
  for _, object in ipairs(plan.objects) do
    walk.object(object, function(field, value, path)
      local wrong = check_field(field, value)
      if wrong then
        say(object, path, wrong)
      end
    end)
  end
end

-- The objects of a kind that the script creates, those that share its limit among them.
local function created(plan, description)
  local kinds = { description.name, table.unpack(description.guardrails.with or {}) }
  local list, total = {}, 0
  for _, object in ipairs(plan:of(table.unpack(kinds))) do
    list[#list + 1] = object.verb == "create" and object or nil
  end
  for _, kind in ipairs(#list > 0 and kinds or {}) do
    total = total + (plan:total(kind) or 0)
  end
  return list, total
end

local function check_counts(plan, say)
  for _, description in ipairs(resources.all) do
    local limit = description.guardrails and description.guardrails.count
    local list, total = {}, 0
    if limit and #plan:of(description.name) > 0 then
      list, total = created(plan, description)
    end
    local over = list[math.max(limit and limit - total + 1 or 1, 1)]
    if over and over.resource == description.name then
      say(over, nil, ("%d %s are there, and the script creates %d; Adobe's guardrails allow %d")
        :format(total, description.title .. "s", #list, limit))
    end
  end
end

local function check_live(plan, say)
  local live = {}
  for _, decision in ipairs(plan:of "decision") do
    live[#live + 1] = decision.value.status == "live" and decision or nil
  end
  local description = resources.by_name.decision
  local limit = description and description.guardrails and description.guardrails.live
  if limit and live[limit + 1] then
    say(live[limit + 1], "status", ("the script makes %d decisions live; Adobe's guardrails allow"
      .. " %d"):format(#live, limit))
  end
end

local function check_budgets(plan, say)
  check_fields(plan, say)
  check_counts(plan, say)
  check_live(plan, say)
end

return {
  { name = "size", help = "an offer or a representation of more than 1 KB",
    explain = "Adobe's guardrails (its page Guardrails of Decision Management) allow 1 KB for"
      .. " an offer and for a representation; its user"
      .. " interface takes up to 300 KB for an offer with its representations."
      .. " What is larger is slow to deliver, or cut.",
    check = check_sizes },
  { name = "guardrails", help = "more of something than Adobe's guardrails allow",
    explain = "Adobe publishes how many objects a sandbox may hold, and how much one object: 10,000"
      .. " offers, 30 placements in a decision, 500 offers in a collection, 20 tags and 30"
      .. " attributes of an offer, 15 KB of a rule, 8 KB of a formula (its page Guardrails of"
      .. " Decision Management). What is in the"
      .. " service already counts.",
    check = check_budgets },
}
