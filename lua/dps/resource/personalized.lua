-- The personalized offer: content for the people, dates and placements that it is meant for. A
-- plain description that drives the client, validation, the local library and the documentation.

local constraint = require "dps.resource.constraint"
local offer = require "dps.resource.offer"

return {
  name = "personalized",
  plural = "personalized",
  title = "personalized offer",
  about = "Content for the people, dates and placements that it is meant for",
  path = "/offers",
  query = { ["offer-type"] = "personalized" },
  id_prefix = "dps:personalized-offer:",
  schema = "https://ns.adobe.com/experience/offer-management/personalized-offer;version=0.15",
  guardrails = { count = 10000, bytes = 1024, source = "contract 6, 8.2" },
  permission = "Manage offers",
  source = "contract 1.3",
  fields = {
    offer.name,
    offer.description,
    offer.status,
    offer.representations,
    offer.selection_constraint(true),
    offer.with(offer.rank, { required = true }),
    constraint.capping,
    constraint.frequency_capping,
    offer.labels,
    offer.tags,
    offer.characteristics,
  },
}
