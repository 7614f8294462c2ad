-- The eligibility rule: who is eligible for a decision item or a selection strategy. It lives at
-- the decision rule's path and has a mark. A plain description that drives the client, validation,
-- the local library and the documentation.

local expression = require "dps.resource.expression"
local offer = require "dps.resource.offer"

return {
  name = "eligibility_rule",
  plural = "eligibility_rules",
  title = "eligibility rule",
  about = "Who is eligible for a decision item or a selection strategy",
  path = "/offer-rules",
  query = {},
  marker = { exdRule = true },
  put = true,
  utc = "Z",
  id_prefix = "dps:eligibility-rule:",
  schema = "https://ns.adobe.com/experience/offer-management/eligibility-rule;version=0.3",
  guardrails = { count = 10000, with = { "rule", "formula" }, source = "contract 6" },
  source = "contract 1.8",
  fields = {
    offer.name,
    offer.description,
    { name = "exdRule", type = "boolean", only = true, source = "contract 1.8" },
    expression.pql("condition", 15 * 1024),
    expression.defined_on,
    expression.segment_model,
  },
}
