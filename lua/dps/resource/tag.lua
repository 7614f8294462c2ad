-- The tag: what the product calls a collection qualifier, a word by which offers are collected. A
-- plain description that drives the client, validation, the local library and the documentation.

local offer = require "dps.resource.offer"

return {
  name = "tag",
  plural = "tags",
  title = "tag",
  about = "What the product calls a collection qualifier: a word by which offers are collected",
  path = "/tags",
  query = {},
  id_prefix = "dps:tag:",
  schema = "https://ns.adobe.com/experience/offer-management/tag;version=0.1",
  guardrails = { count = 1000, source = "contract 6" },
  permission = "Manage offers",
  source = "contract 1.5",
  fields = {
    offer.name,
    offer.description,
  },
}
