---@meta
-- The decision item: made by scripts/reference from lua/dps/resource/item.lua.

---@class dps.Item
---@field _experience dps.Item.Experience

---@class dps.Item.Experience
---@field decisioning dps.Item.Experience.Decisioning

---@class dps.Item.Experience.Decisioning
---@field offeritem dps.Item.Experience.Decisioning.Offeritem
---@field decisionitem dps.Item.Experience.Decisioning.Decisionitem

---@class dps.Item.Experience.Decisioning.Offeritem
---@field lifecycleStatus "draft"|"approved"
---@field frequencyCappingConstraints? dps.Item.Experience.Decisioning.Offeritem.FrequencyCappingConstraints[] # how often it is shown in a time; at most 10

---@class dps.Item.Experience.Decisioning.Offeritem.FrequencyCappingConstraints
---@field enabled? boolean
---@field limit integer # 1 or more
---@field scope "global"|"profile"
---@field entity "offer"|"placement"
---@field startDate? string|table
---@field endDate? string|table
---@field events? ("decisioning"|"click"|"impression"|"custom")[] # at least 1
---@field repeat? dps.Item.Experience.Decisioning.Offeritem.FrequencyCappingConstraints.Repeat

---@class dps.Item.Experience.Decisioning.Offeritem.FrequencyCappingConstraints.Repeat
---@field enabled? boolean # false where it is missing
---@field unit? "day"|"week"|"month" # day where it is missing
---@field unitCount? integer # 1 or more

---@class dps.Item.Experience.Decisioning.Decisionitem
---@field itemName string
---@field itemDescription? string
---@field itemPriority? integer # the higher wins; 0 or more
---@field itemCatalogID? string # the catalog that it belongs to
---@field itemCalendarConstraints? dps.Item.Experience.Decisioning.Decisionitem.ItemCalendarConstraints
---@field itemConstraints? dps.Item.Experience.Decisioning.Decisionitem.ItemConstraints
---@field itemLabels? string[]
---@field itemTags? string[] # UUIDs of unified tags

---@class dps.Item.Experience.Decisioning.Decisionitem.ItemCalendarConstraints
---@field startDate? string|table
---@field endDate? string|table

---@class dps.Item.Experience.Decisioning.Decisionitem.ItemConstraints
---@field profileConstraintType? "none"|"eligibilityRule"|"anySegments"|"allSegments"|"rules" # none where it is missing
---@field eligibilityRule? dps.Id # with profileConstraintType = "eligibilityRule"

---@class dps.Item.Entity: dps.Item, dps.Entity

---@class dps
---@field create_item fun(item: dps.Item): dps.Receipt
---@field get_item fun(id: dps.Id): dps.Item.Entity
---@field list_items fun(options: dps.ListOptions?): fun(): dps.Item.Entity?
---@field update_item fun(id: dps.Id, changes: dps.Item|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_item fun(id: dps.Id): true
---@field ensure_item fun(item: dps.Item): dps.Item.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
