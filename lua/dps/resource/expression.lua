-- Expressions in Adobe's profile query language (PQL) and what they are defined on: the parts that
-- rules and formulas have in common. Field descriptions as data.

local expression = {}

---A PQL expression.
---@param name string         "condition" or "expression"
---@param guard_bytes integer  what the product's guardrails allow (contract 6)
---@return dps.Field
function expression.pql(name, guard_bytes)
  return {
    name = name, type = "object", required = true, source = "contract 1.5, 1.8",
    missing_says = 'write { type = "PQL", format = "pql/text", value = "..." }',
    fields = {
      { name = "type", type = "string", required = true, create_enum = { "PQL" },
        source = "contract 1.5" },
      { name = "format", type = "string", required = true, create_enum = { "pql/text" },
        source = "contract 1.5" },
      { name = "value", type = "string", required = true, non_blank = true,
        about = "the expression in PQL", guard_bytes = guard_bytes, source = "contract 1.5, 6" },
    },
  }
end

local function schema_rule(schema, report)
  local ref, other = rawget(schema, "ref"), rawget(schema, "altId")
  if ref == nil and other == nil then
    report("ref", "ref is missing; a schema is named by ref or by altId")
  elseif ref ~= nil and other ~= nil then
    report("altId", "altId stands beside ref; a schema is named by one of them")
  end
end

-- What an expression's names stand for: aliases, each with its schema. The alias "" is the profile.
-- contract 1.5
expression.defined_on = {
  name = "definedOn", type = "object", open = true, source = "contract 1.5, 1.8",
  about = "what the expression's names stand for; the name `\"\"` is the profile",
  values = {
    type = "object", source = "contract 1.5",
    fields = {
      { name = "schema", type = "object", required = true, check = schema_rule,
        source = "contract 1.5", fields = {
          { name = "ref", type = "string", non_blank = true, source = "contract 1.5" },
          { name = "altId", type = "string", non_blank = true, source = "contract 1.5" },
          { name = "version", type = "string", source = "contract 1.5" },
        } },
      { name = "referencePaths", type = "array", source = "contract 1.5",
        items = { type = "string", non_blank = true } },
    },
  },
}

-- The rule builder's own state, which must match the expression. contract 1.5
expression.segment_model = {
  name = "segmentModel", type = "object", open = true, source = "contract 1.5",
  about = "the rule builder's own state, which must match the expression",
}

return expression
