---@meta
-- The channel placement: made by scripts/reference from lua/dps/resource/channel_placement.lua.

---@class dps.ChannelPlacement
---@field name string # can't be changed later
---@field description? string
---@field channel? string # https://ns.adobe.com/xdm/channel-types/ and web, email, mobile ...
---@field channelConfiguration? string # a UUID
---@field tags? string[] # UUIDs of unified tags
---@field status? "active"|"archived"

---@class dps.ChannelPlacement.Entity: dps.ChannelPlacement, dps.Entity

---@class dps
---@field create_channel_placement fun(channel_placement: dps.ChannelPlacement): dps.Receipt
---@field get_channel_placement fun(id: dps.Id): dps.ChannelPlacement.Entity
---@field list_channel_placements fun(options: dps.ListOptions?): fun(): dps.ChannelPlacement.Entity?
---@field update_channel_placement fun(id: dps.Id, changes: dps.ChannelPlacement|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_channel_placement fun(id: dps.Id): true
---@field ensure_channel_placement fun(channel_placement: dps.ChannelPlacement): dps.ChannelPlacement.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
