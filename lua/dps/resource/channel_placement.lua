-- The channel placement: Decisioning's spot in a channel where items are shown. It is updated as a
-- whole (PUT). A plain description that drives the client, validation, the local library and the
-- documentation.

local identifier = require "dps.resource.identifier"
local offer = require "dps.resource.offer"

return {
  name = "channel_placement",
  plural = "channel_placements",
  title = "channel placement",
  about = "Decisioning's spot in a channel where items are shown",
  path = "/exd-placements",
  query = {},
  put = true,
  update_method = "PUT",
  utc = "Z",
  id_prefix = "dps:exd-placement:",
  schema = "exd-placement",
  source = "contract 1.8",
  fields = {
    -- a new name is answered with 200 and dropped (contract 9.2, seen live)
    offer.with(offer.name, { kept = true }),
    offer.description,
    offer.with(offer.channel, { required = false }), -- a listed one has none
    identifier.uuid("channelConfiguration",
      "is not the UUID of a channel configuration; the service takes no names here"),
    identifier.unified_tags "tags",
    { name = "status", type = "string", enum = { "active", "archived" }, source = "contract 1.10" },
  },
}
