---@meta
-- The decision rule: made by scripts/reference from lua/dps/resource/rule.lua.

---@class dps.Rule
---@field name string
---@field description? string
---@field condition dps.Rule.Condition
---@field definedOn? table<string, dps.Rule.DefinedOn> # what the expression's names stand for; the name "" is the profile
---@field segmentModel? table<string, any> # the rule builder's own state, which must match the expression

---@class dps.Rule.Condition
---@field type "PQL"
---@field format "pql/text"
---@field value string # the expression in PQL; guardrail: 15360 bytes

---@class dps.Rule.DefinedOn
---@field schema dps.Rule.DefinedOn.Schema
---@field referencePaths? string[]

---@class dps.Rule.DefinedOn.Schema
---@field ref? string
---@field altId? string
---@field version? string

---@class dps.Rule.Entity: dps.Rule, dps.Entity

---@class dps
---@field create_rule fun(rule: dps.Rule): dps.Receipt
---@field get_rule fun(id: dps.Id): dps.Rule.Entity
---@field list_rules fun(options: dps.ListOptions?): fun(): dps.Rule.Entity?
---@field update_rule fun(id: dps.Id, changes: dps.Rule|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_rule fun(id: dps.Id): true
---@field ensure_rule fun(rule: dps.Rule): dps.Rule.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
