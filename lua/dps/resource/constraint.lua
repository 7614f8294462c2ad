-- When something holds, for whom, and in which order: the parts that offers, decisions, decision
-- items and selection strategies have in common. Field descriptions as data, and the rules across
-- their fields.

local schema = require "dps.schema"

local constraint = {}

local format = string.format

---A moment.
---@param name string
---@param required boolean?
---@return dps.Field
function constraint.date(name, required)
  return {
    name = name, type = "date", required = required, source = "contract 1.3, rule 12",
    missing_says = 'write a date such as "2026-12-31T09:00:00+01:00"',
  }
end

---The end comes after the start (contract 7, rule 10).
---@param value table
---@param report fun(name: string, message: string)
function constraint.dates_rule(value, report)
  local first, last = rawget(value, "startDate"), rawget(value, "endDate")
  local from, to = schema.instant(first), schema.instant(last)
  if from and to and to <= from then
    report("endDate", to < from and "endDate is before startDate"
      or "endDate is the same moment as startDate; it must be later")
  end
end

-- contract 1.3
constraint.profile_type = {
  name = "profileConstraintType", type = "string", default = "none", source = "contract 1.3",
  enum = { "none", "eligibilityRule", "anySegments", "allSegments", "rules" },
}

---The rule that decides who may see something.
---@param to string  the kind of rule
---@return dps.Field
function constraint.eligibility_rule(to)
  return {
    name = "eligibilityRule", type = "reference", to = to, source = "contract 1.3, 1.8",
    about = "with `profileConstraintType = \"eligibilityRule\"`",
  }
end

---A rule goes with the type that says so, and the type with a rule (contract 1.8, seen live).
---@param value table
---@param report fun(name: string, message: string)
function constraint.profile_rule(value, report)
  local kind, rule = rawget(value, "profileConstraintType"), rawget(value, "eligibilityRule")
  if kind == "eligibilityRule" and rule == nil then
    report("eligibilityRule", 'eligibilityRule is missing; profileConstraintType "eligibilityRule"'
      .. " needs the id of a rule")
  elseif rule ~= nil and kind ~= "eligibilityRule" and (kind == nil or type(kind) == "string") then
    report("profileConstraintType", 'profileConstraintType must be "eligibilityRule" where an'
      .. " eligibilityRule is given")
  end
end

---Whom a decision's criterion or a strategy is for.
---@param to string  the kind of rule
---@return dps.Field
function constraint.profile(to)
  return {
    name = "profileConstraint", type = "object", check = constraint.profile_rule,
    about = "for whom",
    source = "contract 1.6, 1.8",
    fields = {
      constraint.profile_type, constraint.eligibility_rule(to),
    },
  }
end

-- contract 1.3 and rule 11
constraint.priority = {
  name = "priority", type = "integer", required = true, min = 0, source = "contract 1.3, rule 11",
  about = "the higher wins, equals are drawn at random",
}

local NEEDS = { scoringFunction = "function", ["ranking-strategy"] = "rankingStrategy" }

local function order_rule(kinds)
  local needs = {}
  for _, kind in ipairs(kinds) do
    needs[kind] = NEEDS[kind]
  end
  return function(order, report)
    local kind = rawget(order, "orderEvaluationType")
    local member = needs[kind]
    if member and rawget(order, member) == nil then
      report(member, format('%s is missing: the order "%s" needs it', member, kind))
    end
  end
end

---Rank, and the order of what has the same one.
---@param kinds string[]         the evaluation types that a create may name
---@param member dps.Field       what one of them needs beside `function`
---@return dps.Field
function constraint.ordered_rank(kinds, member)
  return {
    name = "rank", type = "object", source = "contract 1.6, 1.8",
    fields = {
      constraint.priority,
      { name = "order", type = "object", check = order_rule(kinds),
        about = "of what has the same rank",
        source = "contract 1.6, 1.8", fields = {
          { name = "orderEvaluationType", type = "string", required = true, create_enum = kinds,
            enum = { "static", "scoringFunction", "ranking-strategy", "rankingStrategy" },
            source = "contract 1.10" },
          { name = "function", type = "reference", to = "formula", about = "for `scoringFunction`",
            source = "contract 1.8" },
          member,
        } },
    },
  }
end

local function count(name, about)
  return { name = name, type = "integer", min = 1, about = about, source = "contract 1.3" }
end

-- contract 1.3
constraint.capping = {
  name = "cappingConstraint", type = "object",
    about = "how often it is shown at all", source = "contract 1.3",
  fields = { count("globalCap", "to everybody together"), count("profileCap", "to one profile") },
}

local function one_of(name, values)
  return {
    name = name, type = "string", required = true, enum = values, source = "contract 1.3, rule 13",
  }
end

-- contract 1.3 and rule 13; the dates are deprecated, and the sample still sends them (8.2)
constraint.frequency_capping = {
  name = "frequencyCappingConstraints", type = "array", max_items = 10,
  about = "how often it is shown in a time",
  source = "contract 1.3, rule 13",
  items = {
    type = "object", check = constraint.dates_rule, source = "contract 1.3, rule 13",
    fields = {
      { name = "enabled", type = "boolean", source = "contract 1.3" },
      { name = "limit", type = "integer", required = true, min = 1, source = "contract 1.3" },
      one_of("scope", { "global", "profile" }),
      one_of("entity", { "offer", "placement" }),
      constraint.date "startDate", constraint.date "endDate",
      { name = "events", type = "array", unordered = true, min_items = 1,
        source = "contract 1.3", items = {
          type = "string", enum = { "decisioning", "click", "impression", "custom" },
        } },
      { name = "repeat", type = "object", source = "contract 1.3, rule 13", fields = {
        { name = "enabled", type = "boolean", default = false, source = "contract 1.3" },
        { name = "unit", type = "string", default = "day", enum = { "day", "week", "month" },
          source = "contract 1.3" },
        count "unitCount",
      } },
    },
  },
}

return constraint
