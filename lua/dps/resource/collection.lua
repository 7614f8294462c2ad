-- The collection: offers taken together, by their tags or one by one. A plain description that
-- drives the client, validation, the local library and the documentation.

local offer = require "dps.resource.offer"
local values = require "dps.schema.value"

-- Which kind of object `ids` names hangs on the filter (contract 1.5).
local OF_FILTER = {
  ["any-tags"] = "tag", ["all-tags"] = "tag", offers = { "personalized", "fallback" },
}

local function set_of(kinds)
  local set = {}
  for _, kind in ipairs(type(kinds) == "table" and kinds or { kinds }) do
    set[kind] = true
  end
  return set
end

-- A name says of what kind it is; an id does not.
local function kinds_rule(collection, report)
  local filter, ids = rawget(collection, "filterType"), rawget(collection, "ids")
  local allowed = set_of(OF_FILTER[filter])
  for i, id in ipairs(type(ids) == "table" and OF_FILTER[filter] and ids or {}) do
    if values.is_ref(id) and not allowed[id.kind] then
      report(("ids[%d]"):format(i), ('%s does not go with filterType "%s"'):format(tostring(id),
        filter))
    end
  end
end

local fields = {
  offer.name,
  offer.description,
  { name = "filterType", type = "string", required = true,
    enum = { "any-tags", "all-tags", "offers" }, source = "contract 1.5" },
  { name = "ids", type = "array", required = true, guard_items = 500, unordered = true,
    about = "of tags, or of offers where `filterType` is `offers`",
    missing_says = "write the ids of tags, or of offers where filterType is offers",
    source = "contract 1.5, 6", items = {
      type = "reference", to = { "tag", "personalized", "fallback" },
      to_by = { field = "filterType", kinds = OF_FILTER },
    } },
  offer.labels,
}
fields.check = kinds_rule

return {
  name = "collection",
  plural = "collections",
  title = "collection",
  about = "Offers taken together, by their tags or one by one",
  path = "/offer-collections",
  query = {},
  id_prefix = "dps:offer-filter:",
  schema = "https://ns.adobe.com/experience/offer-management/offer-filter;version=0.4",
  guardrails = { count = 10000, source = "contract 6" },
  permission = "Manage offers",
  source = "contract 1.5",
  fields = fields,
}
