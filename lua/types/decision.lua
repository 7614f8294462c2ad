---@meta
-- The decision: made by scripts/reference from lua/dps/resource/decision.lua.

---@class dps.Decision
---@field name string
---@field description? string
---@field status "draft"|"live"
---@field startDate? string|table
---@field endDate? string|table
---@field fallback dps.Id
---@field criteria dps.Decision.Criteria[] # where to choose from what; at least 1

---@class dps.Decision.Criteria
---@field placements dps.Id[] # at least 1; guardrail: 30
---@field rank? dps.Decision.Criteria.Rank
---@field profileConstraint? dps.Decision.Criteria.ProfileConstraint # for whom
---@field optionSelection? dps.Decision.Criteria.OptionSelection

---@class dps.Decision.Criteria.Rank
---@field priority integer # the higher wins, equals are drawn at random; 0 or more
---@field order? dps.Decision.Criteria.Rank.Order # of what has the same rank

---@class dps.Decision.Criteria.Rank.Order
---@field orderEvaluationType "ranking-strategy"|"static"|"scoringFunction"
---@field function? dps.Id # for scoringFunction
---@field rankingStrategy? dps.Id # for ranking-strategy

---@class dps.Decision.Criteria.ProfileConstraint
---@field profileConstraintType? "none"|"eligibilityRule"|"anySegments"|"allSegments"|"rules" # none where it is missing
---@field eligibilityRule? dps.Id # with profileConstraintType = "eligibilityRule"

---@class dps.Decision.Criteria.OptionSelection
---@field filter? dps.Id # to choose from

---@class dps.Decision.Entity: dps.Decision, dps.Entity

---@class dps
---@field create_decision fun(decision: dps.Decision): dps.Receipt
---@field get_decision fun(id: dps.Id): dps.Decision.Entity
---@field list_decisions fun(options: dps.ListOptions?): fun(): dps.Decision.Entity?
---@field update_decision fun(id: dps.Id, changes: dps.Decision|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_decision fun(id: dps.Id): true
---@field ensure_decision fun(decision: dps.Decision): dps.Decision.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
