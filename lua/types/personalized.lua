---@meta
-- The personalized offer: made by scripts/reference from lua/dps/resource/personalized.lua.

---@class dps.Personalized
---@field name string
---@field description? string
---@field status "draft"|"approved"
---@field representations dps.Personalized.Representations[] # what is shown, once for each placement; at least 1
---@field selectionConstraint dps.Personalized.SelectionConstraint # when it holds, and for whom
---@field rank dps.Personalized.Rank # who comes first of several that qualify
---@field cappingConstraint? dps.Personalized.CappingConstraint # how often it is shown at all
---@field frequencyCappingConstraints? dps.Personalized.FrequencyCappingConstraints[] # how often it is shown in a time; at most 10
---@field labels? string[] # access labels such as core/C1
---@field tags? dps.Id[] # guardrail: 20
---@field characteristics? table<string, string> # attributes of your own; guardrail: 30

---@class dps.Personalized.Representations
---@field channel string # https://ns.adobe.com/xdm/channel-types/ and web, email, mobile ...
---@field placement dps.Id
---@field components dps.Personalized.Representations.Components[] # at least 1

---@class dps.Personalized.Representations.Components
---@field type "html"|"text"|"imagelink"|"json"
---@field format string # a MIME type
---@field deliveryURL? string # where an imagelink finds its image
---@field linkURL? string # where a click on an image leads
---@field content? string # of html, text and json
---@field language? string[] # such as en-us

---@class dps.Personalized.SelectionConstraint
---@field startDate string|table
---@field endDate string|table
---@field profileConstraintType? "none"|"eligibilityRule"|"anySegments"|"allSegments"|"rules" # none where it is missing
---@field eligibilityRule? dps.Id # with profileConstraintType = "eligibilityRule"

---@class dps.Personalized.Rank
---@field priority integer # the higher wins, equals are drawn at random; 0 or more

---@class dps.Personalized.CappingConstraint
---@field globalCap? integer # to everybody together; 1 or more
---@field profileCap? integer # to one profile; 1 or more

---@class dps.Personalized.FrequencyCappingConstraints
---@field enabled? boolean
---@field limit integer # 1 or more
---@field scope "global"|"profile"
---@field entity "offer"|"placement"
---@field startDate? string|table
---@field endDate? string|table
---@field events? ("decisioning"|"click"|"impression"|"custom")[] # at least 1
---@field repeat? dps.Personalized.FrequencyCappingConstraints.Repeat

---@class dps.Personalized.FrequencyCappingConstraints.Repeat
---@field enabled? boolean # false where it is missing
---@field unit? "day"|"week"|"month" # day where it is missing
---@field unitCount? integer # 1 or more

---@class dps.Personalized.Entity: dps.Personalized, dps.Entity

---@class dps
---@field create_personalized fun(personalized: dps.Personalized): dps.Receipt
---@field get_personalized fun(id: dps.Id): dps.Personalized.Entity
---@field list_personalized fun(options: dps.ListOptions?): fun(): dps.Personalized.Entity?
---@field update_personalized fun(id: dps.Id, changes: dps.Personalized|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_personalized fun(id: dps.Id): true
---@field ensure_personalized fun(personalized: dps.Personalized): dps.Personalized.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
