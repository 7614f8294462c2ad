---@meta
-- The ranking formula: made by scripts/reference from lua/dps/resource/formula.lua.

---@class dps.Formula
---@field name string
---@field description? string
---@field exdFunction? boolean # true, set by itself
---@field isPure? boolean # whether it depends on its arguments alone
---@field returnType? dps.Formula.ReturnType
---@field expression dps.Formula.Expression
---@field definedOn? table<string, dps.Formula.DefinedOn> # what the expression's names stand for; the name "" is the profile

---@class dps.Formula.ReturnType
---@field type string # integer

---@class dps.Formula.Expression
---@field type "PQL"
---@field format "pql/text"
---@field value string # the expression in PQL; guardrail: 8192 bytes

---@class dps.Formula.DefinedOn
---@field schema dps.Formula.DefinedOn.Schema
---@field referencePaths? string[]

---@class dps.Formula.DefinedOn.Schema
---@field ref? string
---@field altId? string
---@field version? string

---@class dps.Formula.Entity: dps.Formula, dps.Entity

---@class dps
---@field create_formula fun(formula: dps.Formula): dps.Receipt
---@field get_formula fun(id: dps.Id): dps.Formula.Entity
---@field list_formulas fun(options: dps.ListOptions?): fun(): dps.Formula.Entity?
---@field update_formula fun(id: dps.Id, changes: dps.Formula|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_formula fun(id: dps.Id): true
---@field ensure_formula fun(formula: dps.Formula): dps.Formula.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
