-- The decision: for each placement a collection to choose from, and the fallback for whoever
-- qualifies for nothing in it. A plain description that drives the client, validation, the local
-- library and the documentation.

local constraint = require "dps.resource.constraint"
local offer = require "dps.resource.offer"

-- No operation of dps finds a ranking strategy of the product, so its id is taken as it is.
local RANKING_STRATEGY = {
  name = "rankingStrategy", type = "reference", to = "ranking strategy", source = "contract 1.6",
  about = "for `ranking-strategy`",
}

-- contract 1.6 and rule 14
local criterion = {
  type = "object",
  source = "contract 1.6, rule 14",
  fields = {
    { name = "placements", type = "array", required = true, min_items = 1, guard_items = 30,
      items = { type = "reference", to = "placement" },
      missing_says = "write the ids of placements, which dps.list_placements finds",
      source = "contract 1.6, rule 14" },
    constraint.ordered_rank({ "ranking-strategy", "static", "scoringFunction" }, RANKING_STRATEGY),
    constraint.profile "rule",
    { name = "optionSelection", type = "object", source = "contract 1.6", fields = {
      { name = "filter", type = "reference", to = "collection",
        about = "to choose from", source = "contract 1.6" },
    } },
  },
}

local fields = {
  offer.name,
  offer.description,
  { name = "status", type = "string", required = true, source = "contract 1.6, rule 15",
    create_enum = { "draft", "live" },
    create_enum_says = "a decision is completed or archived later, with an update",
    enum = { "draft", "live", "complete", "archived" } },
  constraint.date "startDate",
  constraint.date "endDate",
  { name = "fallback", type = "reference", to = "fallback", required = true,
    missing_says = "write the id of a fallback offer, which dps.list_fallbacks finds",
    source = "contract 1.6, rule 14" },
  { name = "criteria", type = "array", required = true, min_items = 1, items = criterion,
    about = "where to choose from what",
    source = "contract 1.6, rule 14" },
}
fields.check = constraint.dates_rule

return {
  name = "decision",
  plural = "decisions",
  title = "decision",
  about = "For each placement a collection to choose from, and the fallback for"
    .. " whoever qualifies for nothing in it",
  path = "/offer-decisions",
  query = {},
  id_prefix = "dps:offer-activity:",
  schema = "https://ns.adobe.com/experience/offer-management/offer-activity;version=0.8",
  guardrails = { count = 10000, live = 1000, source = "contract 6" },
  permission = "Manage decisions",
  source = "contract 1.6",
  fields = fields,
}
