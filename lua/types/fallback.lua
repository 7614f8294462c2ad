---@meta
-- The fallback offer: made by scripts/reference from lua/dps/resource/fallback.lua.

---@class dps.Fallback
---@field name string
---@field description? string
---@field status "draft"|"approved"
---@field representations dps.Fallback.Representations[] # what is shown, once for each placement; at least 1
---@field selectionConstraint? dps.Fallback.SelectionConstraint # when it holds, and for whom; not given back
---@field rank? dps.Fallback.Rank # who comes first of several that qualify; not given back
---@field labels? string[] # access labels such as core/C1
---@field tags? dps.Id[] # guardrail: 20
---@field characteristics? table<string, string> # attributes of your own; guardrail: 30

---@class dps.Fallback.Representations
---@field channel string # https://ns.adobe.com/xdm/channel-types/ and web, email, mobile ...
---@field placement dps.Id
---@field components dps.Fallback.Representations.Components[] # at least 1

---@class dps.Fallback.Representations.Components
---@field type "html"|"text"|"imagelink"|"json"
---@field format string # a MIME type
---@field deliveryURL? string # where an imagelink finds its image
---@field linkURL? string # where a click on an image leads
---@field content? string # of html, text and json
---@field language? string[] # such as en-us

---@class dps.Fallback.SelectionConstraint
---@field startDate? string|table
---@field endDate? string|table
---@field profileConstraintType? "none"|"eligibilityRule"|"anySegments"|"allSegments"|"rules" # none where it is missing
---@field eligibilityRule? dps.Id # with profileConstraintType = "eligibilityRule"

---@class dps.Fallback.Rank
---@field priority integer # the higher wins, equals are drawn at random; 0 or more

---@class dps.Fallback.Entity: dps.Fallback, dps.Entity

---@class dps
---@field create_fallback fun(fallback: dps.Fallback): dps.Receipt
---@field get_fallback fun(id: dps.Id): dps.Fallback.Entity
---@field list_fallbacks fun(options: dps.ListOptions?): fun(): dps.Fallback.Entity?
---@field update_fallback fun(id: dps.Id, changes: dps.Fallback|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_fallback fun(id: dps.Id): true
---@field ensure_fallback fun(fallback: dps.Fallback): dps.Fallback.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
