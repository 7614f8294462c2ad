-- The selection strategy: an item collection, who it is for, and how its items are ranked. A plain
-- description that drives the client, validation, the local library and the documentation.

local constraint = require "dps.resource.constraint"
local offer = require "dps.resource.offer"

return {
  name = "strategy",
  plural = "strategies",
  title = "selection strategy",
  about = "An item collection, who it is for, and how its items are ranked",
  path = "/selection-strategies",
  query = {},
  utc = "Z",
  id_prefix = "dps:selection-strategy:",
  schema = "https://ns.adobe.com/experience/offer-management/selection-strategy;version=0.2",
  source = "contract 1.8",
  fields = {
    offer.name,
    offer.description,
    offer.with(constraint.ordered_rank { "static", "scoringFunction" }, {
      required = true, missing_says = "write { priority = 0 } or more; the higher one wins",
    }),
    constraint.profile "eligibility_rule",
    { name = "optionSelection", type = "object", required = true, source = "contract 1.8",
      missing_says = "write { filter = the id of an item collection }", fields = {
        { name = "filter", type = "reference", to = "item_collection", required = true,
          missing_says = "write the id that dps.list_item_collections finds",
          source = "contract 1.8" },
      } },
  },
}
