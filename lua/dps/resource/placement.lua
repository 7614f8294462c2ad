-- The placement: the spot on a page, in a mail or in an app where an offer is shown. A plain
-- description that drives the client, validation, the local library and the documentation alike.

local offer = require "dps.resource.offer"

local function switch(name)
  return { name = name, type = "boolean", source = "contract 1.4" }
end

return {
  name = "placement",
  plural = "placements",
  title = "placement",
  about = "A spot on a page, in a mail or in an app where offers are shown",
  path = "/placements",
  query = {},
  id_prefix = "dps:offer-placement:",
  schema = "https://ns.adobe.com/experience/offer-management/offer-placement;version=0.5",
  guardrails = { count = 1000, source = "contract 6" },
  permission = "Manage offers",
  source = "contract 1.4",
  fields = {
    offer.name,
    offer.description,
    offer.with(offer.component_type, { name = "componentType", source = "contract 1.4" }),
    offer.channel,
    { name = "itemCount", type = "integer", min = 1, max = 30, default = 1,
      about = "offers wanted at once",
      source = "contract 1.4, rule 20" },
    offer.with(switch "allowDuplicatePlacements", { default = false }),
    offer.with(switch "returnContent", { about = "whether a decision's answer holds the content" }),
    { name = "returnMetaData", type = "object",
      about = "what else it holds", source = "contract 1.4", fields = {
      switch "decisionName",
      switch "offerName",
      switch "offerAttributes",
      switch "offerPriority",
      switch "placementName",
      switch "channelType",
      switch "contentType",
    } },
  },
}
