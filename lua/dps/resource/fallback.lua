-- The fallback offer: what a customer gets when no personalized offer fits. A plain description
-- that drives the client, validation, the local library and the documentation alike.

local offer = require "dps.resource.offer"

-- Both are in Adobe's create sample and in no answer; the product gives fallbacks no constraints.
local LEFT_OVER = { write_only = true, source = "contract 1.2, 8.2" }

return {
  name = "fallback",
  plural = "fallbacks",
  title = "fallback offer",
  about = "What a customer sees who qualifies for nothing else",
  path = "/offers",
  query = { ["offer-type"] = "fallback" },
  id_prefix = "dps:fallback-offer:",
  schema = "https://ns.adobe.com/experience/offer-management/fallback-offer;version=0.8",
  guardrails = { bytes = 1024, source = "contract 6, 8.2" },
  permission = "Manage offers",
  source = "contract 1.2",
  fields = {
    offer.name,
    offer.description,
    offer.status,
    offer.representations,
    offer.with(offer.selection_constraint(), LEFT_OVER),
    offer.with(offer.rank, LEFT_OVER),
    offer.labels,
    offer.tags,
    offer.characteristics,
  },
}
