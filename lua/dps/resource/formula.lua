-- The ranking formula: how the items of a selection strategy are scored. A plain description that
-- drives the client, validation, the local library and the documentation.

local expression = require "dps.resource.expression"
local offer = require "dps.resource.offer"

return {
  name = "formula",
  plural = "formulas",
  title = "ranking formula",
  about = "How the items of a selection strategy are scored",
  path = "/ranking-formulas",
  query = {},
  marker = { exdFunction = true },
  put = true,
  utc = "Z",
  id_prefix = "dps:ranking-function:",
  schema = "https://ns.adobe.com/experience/offer-management/ranking-function;version=0.3",
  guardrails = { count = 10000, with = { "rule", "eligibility_rule" }, source = "contract 6" },
  permission = "Manage ranking strategies",
  source = "contract 1.8",
  fields = {
    offer.name,
    offer.description,
    { name = "exdFunction", type = "boolean", only = true, source = "contract 1.8" },
    { name = "isPure", type = "boolean",
      about = "whether it depends on its arguments alone", source = "contract 1.8" },
    -- sent as "integer", given back as "INTEGER"
    { name = "returnType", type = "object", source = "contract 1.8", fields = {
      { name = "type", type = "string",
        about = "`integer`", required = true, non_blank = true, fold_case = true,
        source = "contract 1.8" },
    } },
    expression.pql("expression", 8 * 1024),
    expression.defined_on,
  },
}
