---@meta
-- The tag: made by scripts/reference from lua/dps/resource/tag.lua.

---@class dps.Tag
---@field name string
---@field description? string

---@class dps.Tag.Entity: dps.Tag, dps.Entity

---@class dps
---@field create_tag fun(tag: dps.Tag): dps.Receipt
---@field get_tag fun(id: dps.Id): dps.Tag.Entity
---@field list_tags fun(options: dps.ListOptions?): fun(): dps.Tag.Entity?
---@field update_tag fun(id: dps.Id, changes: dps.Tag|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_tag fun(id: dps.Id): true
---@field ensure_tag fun(tag: dps.Tag): dps.Tag.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
