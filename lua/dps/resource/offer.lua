-- The parts that fallback and personalized offers have in common: field descriptions, as data,
-- and the rules that a table alone can show. Nothing here asks the service anything.

local constraint = require "dps.resource.constraint"

local offer = {}

local find, format, match = string.find, string.format, string.match

local CHANNEL_BASE = "https://ns.adobe.com/xdm/channel-types/"
local CONTENT_CEILING = 300 * 1024 -- bytes; contract 8.2, row "offer size"

---A copy of a field description with some keys changed.
---@param field dps.Field
---@param changes table
---@return dps.Field
function offer.with(field, changes)
  local copy = {}
  for key, value in pairs(field) do
    copy[key] = value
  end
  for key, value in pairs(changes) do
    copy[key] = value
  end
  return copy
end

local function channel_says(value)
  local word = match(value, "^[%w_.-]+$") or match(value, "/([%w_.-]+)/?$")
  return format('is not a channel address; write "%s%s"', CHANNEL_BASE, word or "web")
end

-- contract 1.2, 1.10. What is stored may have an older address ("xdm/channels/web").
offer.channel = {
  name = "channel", type = "uri", required = true, source = "contract 1.10",
  about = "`https://ns.adobe.com/xdm/channel-types/` and `web`, `email`, `mobile` ...",
  missing_says = 'write one such as "' .. CHANNEL_BASE .. 'web"',
  create_pattern = "^https://ns%.adobe%.com/xdm/channel%-types/[%w][%w_.-]*$",
  create_pattern_says = channel_says,
}

local LONG_TYPE = "https://ns.adobe.com/experience/offer-management/content-component-"

-- contract 1.10: the short names; the long ones and component-text occur in what is stored.
offer.component_type = {
  name = "type", type = "string", required = true, source = "contract 1.10",
  create_enum = { "html", "text", "imagelink", "json" },
  enum = {
    "html", "text", "imagelink", "json", "component-text",
    LONG_TYPE .. "html", LONG_TYPE .. "text", LONG_TYPE .. "imagelink", LONG_TYPE .. "json",
  },
}

local MIME_OF = {
  html = "text/html", text = "text/plain", txt = "text/plain", json = "application/json",
  png = "image/png", gif = "image/gif", webp = "image/webp", svg = "image/svg+xml",
  jpg = "image/jpeg", jpeg = "image/jpeg",
}

local function is_mime(value)
  return find(value, "^[%w_]+/[-.%w_]+$") ~= nil
    or find(value, "^[%w_]+/[-.%w_]+%+[-.%w_]+$") ~= nil
end

local function mime_says(value)
  local right = MIME_OF[value:lower()]
  if right then
    return format('is not a content type; write "%s"', right)
  end
  return 'is not a content type; write one such as "image/png" or "text/html"'
end

-- BCP 47 in outline: letters, then more parts of letters and digits, of 8 at most each.
local function is_language(value)
  for part in string.gmatch(value .. "-", "([^-]*)-") do
    if not find(part, "^%w+$") or #part > 8 then
      return false
    end
  end
  return find(value, "^%a%a+%f[%-\0]") ~= nil
end

-- Which member carries the content, by the short type (contract 1.2, marked [I]).
local CONTENT_OF = {
  html = "content", text = "content", json = "content", imagelink = "deliveryURL",
}

local function component_rule(component, report)
  local kind = rawget(component, "type")
  local member = CONTENT_OF[kind]
  if member and rawget(component, member) == nil then
    report(member, format('%s is missing: a component of type "%s" needs it', member, kind))
  end
end

-- contract 1.2 and rule 5
local component = {
  type = "object",
  source = "contract 1.2",
  check = component_rule,
  fields = {
    offer.component_type,
    { name = "format", type = "string", required = true,
      about = "a MIME type", test = is_mime, pattern_says = mime_says,
      missing_says = 'write one such as "image/png" or "text/html"',
      source = "contract 1.2, rule 5" },
    { name = "deliveryURL", type = "uri",
      about = "where an `imagelink` finds its image", source = "contract 1.2" },
    { name = "linkURL", type = "uri",
      about = "where a click on an image leads", source = "contract 1.2" },
    { name = "content", type = "string",
      about = "of `html`, `text` and `json`", max_bytes = CONTENT_CEILING,
      source = "contract 1.2, 8.2" },
    { name = "language", type = "array",
      about = "such as `en-us`", source = "contract 1.2", items = {
      type = "string", test = is_language,
      pattern_says = 'is not a language code; write one such as "en" or "en-us"',
    } },
  },
}

-- contract 1.2 and rule 4
local representation = {
  type = "object",
  guard_bytes = 1024,
  source = "contract 1.2, 6",
  fields = {
    offer.channel,
    { name = "placement", type = "reference", to = "placement", required = true,
      missing_says = "write the id of a placement, which dps.list_placements finds",
      source = "contract 1.2" },
    { name = "components", type = "array", required = true, min_items = 1,
      items = component, source = "contract 1.2, rule 4" },
  },
}

-- contract 1.2 and rule 6
offer.representations = {
  name = "representations", type = "array", required = true, min_items = 1,
  about = "what is shown, once for each placement",
  items = representation, unique_by = "placement",
  unique_says = "an offer has at most one representation for a placement",
  source = "contract 1.2, rules 4 and 6",
}

-- contract 1.2 and rule 1
offer.name = {
  name = "name", type = "string", required = true, non_blank = true, create_trimmed = true,
  source = "contract 1.2, rule 1",
}

offer.description = { name = "description", type = "string", source = "contract 1.2" }

-- contract 1.10 and rule 2
offer.status = {
  name = "status", type = "string", required = true, source = "contract 1.10, rule 2",
  create_enum = { "draft", "approved" },
  create_enum_says = "an offer is archived later, with an update",
  enum = { "draft", "approved", "archived", "pending", "rejected" },
}

local function selection_rule(selection, report)
  constraint.dates_rule(selection, report)
  constraint.profile_rule(selection, report)
end

---The dates of an offer and whom it is for.
---@param required boolean?  whether the dates must be given
---@return dps.Field
function offer.selection_constraint(required)
  return {
    name = "selectionConstraint", type = "object", check = selection_rule, required = required,
    about = "when it holds, and for whom",
    missing_says = "write { startDate = ..., endDate = ... }",
    source = "contract 1.3, rules 10 and 12",
    fields = {
      constraint.date("startDate", required), constraint.date("endDate", required),
      constraint.profile_type, constraint.eligibility_rule "rule",
    },
  }
end

-- contract 1.3 and rule 10
offer.rank = {
  name = "rank", type = "object", source = "contract 1.3, rule 10",
  about = "who comes first of several that qualify",
  missing_says = "write { priority = 0 } or more; the higher one wins",
  fields = { constraint.priority },
}

offer.labels = {
  name = "labels", type = "array", unordered = true, about = "access labels such as `core/C1`",
  items = { type = "string", non_blank = true },
  source = "contract 1.2",
}

offer.tags = {
  name = "tags", type = "array", unordered = true,
  items = { type = "reference", to = "tag" },
  guard_items = 20, source = "contract 1.2, 6",
}

offer.characteristics = {
  name = "characteristics", type = "object", open = true, values = { type = "string" },
  about = "attributes of your own", guard_items = 30, source = "contract 1.2, 6",
}

return offer
