-- The decision rule: who is eligible for a personalized offer. A plain description that drives the
-- client, validation, the local library and the documentation.

local expression = require "dps.resource.expression"
local offer = require "dps.resource.offer"

return {
  name = "rule",
  plural = "rules",
  title = "decision rule",
  about = "Who is eligible for a personalized offer",
  path = "/offer-rules",
  query = {},
  unmarked = "exdRule", -- shares its path with the eligibility rule, which has this mark
  id_prefix = "dps:eligibility-rule:",
  schema = "https://ns.adobe.com/experience/offer-management/eligibility-rule;version=0.3",
  guardrails = { count = 10000, with = { "eligibility_rule", "formula" }, source = "contract 6" },
  permission = "Manage offers",
  source = "contract 1.5",
  fields = {
    offer.name,
    offer.description,
    expression.pql("condition", 15 * 1024),
    expression.defined_on,
    expression.segment_model,
  },
}
