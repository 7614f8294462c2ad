---@meta
-- The selection strategy: made by scripts/reference from lua/dps/resource/strategy.lua.

---@class dps.Strategy
---@field name string
---@field description? string
---@field rank dps.Strategy.Rank
---@field profileConstraint? dps.Strategy.ProfileConstraint # for whom
---@field optionSelection dps.Strategy.OptionSelection

---@class dps.Strategy.Rank
---@field priority integer # the higher wins, equals are drawn at random; 0 or more
---@field order? dps.Strategy.Rank.Order # of what has the same rank

---@class dps.Strategy.Rank.Order
---@field orderEvaluationType "static"|"scoringFunction"
---@field function? dps.Id # for scoringFunction

---@class dps.Strategy.ProfileConstraint
---@field profileConstraintType? "none"|"eligibilityRule"|"anySegments"|"allSegments"|"rules" # none where it is missing
---@field eligibilityRule? dps.Id # with profileConstraintType = "eligibilityRule"

---@class dps.Strategy.OptionSelection
---@field filter dps.Id

---@class dps.Strategy.Entity: dps.Strategy, dps.Entity

---@class dps
---@field create_strategy fun(strategy: dps.Strategy): dps.Receipt
---@field get_strategy fun(id: dps.Id): dps.Strategy.Entity
---@field list_strategies fun(options: dps.ListOptions?): fun(): dps.Strategy.Entity?
---@field update_strategy fun(id: dps.Id, changes: dps.Strategy|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_strategy fun(id: dps.Id): true
---@field ensure_strategy fun(strategy: dps.Strategy): dps.Strategy.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
