---@meta
-- The item collection: made by scripts/reference from lua/dps/resource/item_collection.lua.

---@class dps.ItemCollection
---@field name string
---@field description? string
---@field constraints? dps.ItemCollection.Constraints[] # items of these catalogs
---@field tags? string[] # UUIDs of unified tags

---@class dps.ItemCollection.Constraints
---@field itemCatalogId string
---@field uiModel? string # JSON text: which items, by their fields

---@class dps.ItemCollection.Entity: dps.ItemCollection, dps.Entity

---@class dps
---@field create_item_collection fun(item_collection: dps.ItemCollection): dps.Receipt
---@field get_item_collection fun(id: dps.Id): dps.ItemCollection.Entity
---@field list_item_collections fun(options: dps.ListOptions?): fun(): dps.ItemCollection.Entity?
---@field update_item_collection fun(id: dps.Id, changes: dps.ItemCollection|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_item_collection fun(id: dps.Id): true
---@field ensure_item_collection fun(item_collection: dps.ItemCollection): dps.ItemCollection.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
