---@meta
-- The eligibility rule: made by scripts/reference from lua/dps/resource/eligibility_rule.lua.

---@class dps.EligibilityRule
---@field name string
---@field description? string
---@field exdRule? boolean # true, set by itself
---@field condition dps.EligibilityRule.Condition
---@field definedOn? table<string, dps.EligibilityRule.DefinedOn> # what the expression's names stand for; the name "" is the profile
---@field segmentModel? table<string, any> # the rule builder's own state, which must match the expression

---@class dps.EligibilityRule.Condition
---@field type "PQL"
---@field format "pql/text"
---@field value string # the expression in PQL; guardrail: 15360 bytes

---@class dps.EligibilityRule.DefinedOn
---@field schema dps.EligibilityRule.DefinedOn.Schema
---@field referencePaths? string[]

---@class dps.EligibilityRule.DefinedOn.Schema
---@field ref? string
---@field altId? string
---@field version? string

---@class dps.EligibilityRule.Entity: dps.EligibilityRule, dps.Entity

---@class dps
---@field create_eligibility_rule fun(eligibility_rule: dps.EligibilityRule): dps.Receipt
---@field get_eligibility_rule fun(id: dps.Id): dps.EligibilityRule.Entity
---@field list_eligibility_rules fun(options: dps.ListOptions?): fun(): dps.EligibilityRule.Entity?
---@field update_eligibility_rule fun(id: dps.Id, changes: dps.EligibilityRule|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_eligibility_rule fun(id: dps.Id): true
---@field ensure_eligibility_rule fun(eligibility_rule: dps.EligibilityRule): dps.EligibilityRule.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
