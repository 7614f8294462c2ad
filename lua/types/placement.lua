---@meta
-- The placement: made by scripts/reference from lua/dps/resource/placement.lua.

---@class dps.Placement
---@field name string
---@field description? string
---@field componentType "html"|"text"|"imagelink"|"json"
---@field channel string # https://ns.adobe.com/xdm/channel-types/ and web, email, mobile ...
---@field itemCount? integer # offers wanted at once; 1 to 30; 1 where it is missing
---@field allowDuplicatePlacements? boolean # false where it is missing
---@field returnContent? boolean # whether a decision's answer holds the content
---@field returnMetaData? dps.Placement.ReturnMetaData # what else it holds

---@class dps.Placement.ReturnMetaData
---@field decisionName? boolean
---@field offerName? boolean
---@field offerAttributes? boolean
---@field offerPriority? boolean
---@field placementName? boolean
---@field channelType? boolean
---@field contentType? boolean

---@class dps.Placement.Entity: dps.Placement, dps.Entity

---@class dps
---@field create_placement fun(placement: dps.Placement): dps.Receipt
---@field get_placement fun(id: dps.Id): dps.Placement.Entity
---@field list_placements fun(options: dps.ListOptions?): fun(): dps.Placement.Entity?
---@field update_placement fun(id: dps.Id, changes: dps.Placement|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_placement fun(id: dps.Id): true
---@field ensure_placement fun(placement: dps.Placement): dps.Placement.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
