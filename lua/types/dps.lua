---@meta
-- What all operations share: made by scripts/reference.

---@alias dps.Id string|dps.Receipt|dps.Entity|dps.Ref

---@class dps.Receipt
---@field id string
---@field etag integer?
---@field createdDate string?
---@field lastModifiedDate string?
---@field unchanged boolean? # an update found nothing to write
---@field dry boolean? # a dry run wrote nothing

---@class dps.Entity
---@field id string
---@field etag integer?
---@field created string?
---@field modified string?
---@field schemas string[]?
---@field createdBy string?
---@field lastModifiedBy string?

---@class dps.ListOptions
---@field limit integer? # rows of one page
---@field order_by string? # such as "name" or "-modified"
---@field property { [1]: string, [2]: string?, [3]: string|number|boolean? }[]? # all must hold; "~" takes a regular expression for the whole value

---@class dps.UpdateOptions
---@field guard boolean? # fail where somebody changed the same place meanwhile

---@class dps.PatchOperation
---@field op "add"|"remove"|"replace"|"move"|"copy"|"test"
---@field path string # RFC 6901
---@field value any
---@field from string?
