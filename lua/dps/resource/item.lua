-- The decision item: what Decisioning has in the place of an offer. Beside Adobe's own fields it
-- holds those of the organisation, below a name of its own ("_tenant"). A plain description that
-- drives the client, validation, the local library and the documentation.

local constraint = require "dps.resource.constraint"
local identifier = require "dps.resource.identifier"
local offer = require "dps.resource.offer"

local SOURCE = "contract 1.8"

local function text(name, changes)
  return offer.with({ name = name, type = "string", source = SOURCE }, changes or {})
end

local function group(name, fields, changes)
  return offer.with({ name = name, type = "object", fields = fields, source = SOURCE },
    changes or {})
end

local calendar = group("itemCalendarConstraints", {
  constraint.date "startDate", constraint.date "endDate",
}, { check = constraint.dates_rule })

local for_whom = group("itemConstraints", {
  constraint.profile_type, constraint.eligibility_rule "eligibility_rule",
}, { check = constraint.profile_rule })

-- Left out, it makes the service fail with a 500 (contract 1.8, seen live).
local offer_item = group("offeritem", {
  text("lifecycleStatus", {
    required = true, create_enum = { "draft", "approved" },
    create_enum_says = "an item is archived later, with an update",
    enum = { "draft", "approved", "archived", "deleted", "live", "completed" },
    source = "contract 1.8, rule 21",
  }),
  { name = "fCapConstraintsLastIndex", type = "integer", read_only = true, source = SOURCE },
  constraint.frequency_capping,
}, { required = true, missing_says = 'write { lifecycleStatus = "draft" }' })

local decision_item = group("decisionitem", {
  offer.with(offer.name, { name = "itemName", source = "contract 1.8, rule 1" }),
  text "itemDescription",
  { name = "itemPriority", type = "integer", min = 0, about = "the higher wins", source = SOURCE },
  text("itemCatalogID", { non_blank = true, about = "the catalog that it belongs to" }),
  calendar,
  for_whom,
  text("itemID", { read_only = true }),
  { name = "itemLabels", type = "array", unordered = true, always = true, source = SOURCE,
    items = { type = "string", non_blank = true } },
  offer.with(identifier.unified_tags "itemTags", { always = true }),
}, { required = true, missing_says = 'write { itemName = "..." }' })

return {
  name = "item",
  plural = "items",
  title = "decision item",
  about = "What Decisioning has in the place of an offer",
  path = "/offer-items",
  query = {},
  headers = { ["x-schema-id"] = "item_schema" }, -- from the setting of that name
  name_field = "_experience.decisioning.decisionitem.itemName",
  status_field = "_experience.decisioning.offeritem.lifecycleStatus",
  utc = "Z",
  id_prefix = "dps:offer-item:",
  schema = false, -- an item's answer names none
  guardrails = { count = 10000, source = "contract 6" },
  permission = "Manage offers",
  source = SOURCE,
  fields = {
    open = "^_", -- the organisation's own fields
    group("_experience", {
      group("decisioning", { offer_item, decision_item }, {
        required = true, missing_says = "write { offeritem = ..., decisionitem = ... }",
      }),
    }, {
      required = true,
      missing_says = "write { decisioning = { offeritem = ..., decisionitem = ... } }",
    }),
  },
}
