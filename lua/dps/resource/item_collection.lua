-- The item collection: decision items of a catalog taken together by what they hold. A plain
-- description that drives the client, validation, the local library and the documentation.

local identifier = require "dps.resource.identifier"
local offer = require "dps.resource.offer"

local function is_json_object(text)
  local json = require "dps.json"
  local value = json.decode(text)
  return type(value) == "table" and not json.is_array(value)
end

return {
  name = "item_collection",
  plural = "item_collections",
  title = "item collection",
  about = "Decision items of a catalog taken together by what they hold",
  path = "/item-collections",
  query = {},
  utc = "Z",
  id_prefix = "dps:item-collection:",
  schema = "https://ns.adobe.com/experience/decisioning/item-collection;version=1.2",
  guardrails = { count = 10000, source = "contract 6" },
  source = "contract 1.8",
  fields = {
    offer.name,
    offer.description,
    { name = "constraints", type = "array", about = "items of these catalogs",
      source = "contract 1.8", items = {
      type = "object", source = "contract 1.8",
      fields = {
        { name = "itemCatalogId", type = "string", required = true, non_blank = true,
          source = "contract 1.8" },
        { name = "uiModel", type = "string", test = is_json_object,
          about = "JSON text: which items, by their fields", source = "contract 1.8",
          pattern_says = "is no JSON object; write it with dps.json.encode{ operator = ... }" },
      },
    } },
    identifier.unified_tags "tags",
  },
}
