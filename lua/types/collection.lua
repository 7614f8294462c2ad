---@meta
-- The collection: made by scripts/reference from lua/dps/resource/collection.lua.

---@class dps.Collection
---@field name string
---@field description? string
---@field filterType "any-tags"|"all-tags"|"offers"
---@field ids dps.Id[] # of tags, or of offers where filterType is offers; guardrail: 500
---@field labels? string[] # access labels such as core/C1

---@class dps.Collection.Entity: dps.Collection, dps.Entity

---@class dps
---@field create_collection fun(collection: dps.Collection): dps.Receipt
---@field get_collection fun(id: dps.Id): dps.Collection.Entity
---@field list_collections fun(options: dps.ListOptions?): fun(): dps.Collection.Entity?
---@field update_collection fun(id: dps.Id, changes: dps.Collection|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_collection fun(id: dps.Id): true
---@field ensure_collection fun(collection: dps.Collection): dps.Collection.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
