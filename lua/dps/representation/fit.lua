-- Whether a representation fits a placement, and how large it is: the answers that
-- dps.representation raises, `dps check` reports and others may ask for. Pure: it calls nothing and
-- raises on no value.

local fit = {}

local format, match = string.format, string.match

local KIB = 1024

---Sizes in bytes. Adobe's guardrails have 1 KB for an offer and for a representation, its user
---interface 300 KB for an offer with its representations (contract 6 and 8.2).
fit.SIZE_WARNING = 1 * KIB
fit.SIZE_CEILING = 300 * KIB

local CHANNEL_BASE = "https://ns.adobe.com/xdm/channel-types/"
local LONG_TYPE = "^https://ns%.adobe%.com/experience/offer%-management/content%-component%-(%l+)$"

-- What makes a component of each type (contract 1.10), and the function that writes one.
local FORMATS = {
  html = { format = "text/html", pattern = "^text/html$", write = "representation.html" },
  text = { format = "text/plain", pattern = "^text/plain$", write = "representation.text" },
  json = { format = "application/json", pattern = "^application/json$",
    write = "representation.json" },
  imagelink = { format = "image/png", pattern = "^image/", write = "representation.image" },
}

local MIME = {
  html = "text/html", htm = "text/html", txt = "text/plain", json = "application/json",
  png = "image/png", apng = "image/apng", gif = "image/gif", jpg = "image/jpeg",
  jpeg = "image/jpeg", jfif = "image/jpeg", webp = "image/webp", avif = "image/avif",
  svg = "image/svg+xml", bmp = "image/bmp", ico = "image/vnd.microsoft.icon", tif = "image/tiff",
  tiff = "image/tiff", heic = "image/heic", jxl = "image/jxl",
}

---The content type of a file or an address, by its extension.
---@param name string  a path or a URL; what follows ? or # does not count
---@return string?  such as "image/png"; nil where the extension says nothing
function fit.mime(name)
  if type(name) ~= "string" then return nil end
  local path = match(name, "^[^?#]*")
  path = match(path, "^%a[%w+.-]*://[^/]*(.*)$") or path
  local extension = match(path, "%.(%w+)$")
  return extension and MIME[extension:lower()] or nil
end

---A component type by its short name: what is stored may have a long one, or an older one.
---@param value any
---@return string?  "html", "text", "json", "imagelink"; nil for what is none of them
function fit.type_of(value)
  if type(value) ~= "string" then return nil end
  local short = match(value, LONG_TYPE) or match(value, "^component%-(%l+)$") or value
  return FORMATS[short] and short or nil
end

---The content type that components of a type have when nothing else is known.
---@param type string
---@return string?
function fit.format_of(type)
  return FORMATS[type] and FORMATS[type].format
end

---A channel's address.
---@param value string  a word such as "web", or an address
---@return string
function fit.channel(value)
  return match(value, "^[%w_.-]+$") and CHANNEL_BASE .. value or value
end

local function channel_name(value)
  return type(value) == "string" and (match(value, "/channel%-types/(.+)$") or value)
    or "no channel"
end

local function placement_name(placement)
  local name = placement.name or placement.id
  return type(name) == "string" and format('placement "%s"', name) or "the placement"
end

local function format_problem(component, kind, path)
  local value = component.format
  if type(value) ~= "string" or FORMATS[kind] == nil or match(value, FORMATS[kind].pattern) then
    return nil
  end
  local right = kind == "imagelink" and 'one such as "image/png"'
    or format('"%s"', FORMATS[kind].format)
  return { path = path .. ".format", message = format(
    'format "%s" does not fit type "%s"; write %s', value, kind, right) }
end

local function type_problem(component, placement, path)
  local wanted, kind = fit.type_of(placement.componentType), fit.type_of(component.type)
  if not wanted or not kind or wanted == kind then return nil end
  return { path = path .. ".type", message = format('%s shows components of type "%s", not "%s";'
    .. ' use %s here, or a placement for "%s"', placement_name(placement), wanted, kind,
    FORMATS[wanted].write, kind) }
end

local function channel_problem(representation, placement)
  local wanted, channel = placement.channel, representation.channel
  if type(wanted) ~= "string" or type(channel) ~= "string" or wanted == channel then return nil end
  return { path = "channel", message = format(
    '%s belongs to the channel "%s", not to "%s"; write "%s"', placement_name(placement),
    channel_name(wanted), channel_name(channel), wanted) }
end

---What keeps a representation from being shown in a placement: channel, types and formats
---(contract 7, rules 5 and 7). What the placement does not say is not held against it.
---@param representation table  as it is sent
---@param placement table       an entity; {} asks whether type and format fit each other
---@return dps.Problem[]  empty when it fits
function fit.problems(representation, placement)
  local problems = { channel_problem(representation, placement) }
  local components = type(representation.components) == "table" and representation.components or {}
  for i, component in ipairs(components) do
    local path = format("components[%d]", i)
    if type(component) == "table" then
      problems[#problems + 1] = type_problem(component, placement, path)
      problems[#problems + 1] = format_problem(component, fit.type_of(component.type), path)
    end
  end
  return problems
end

-- Sizes -------------------------------------------------------------------------------------------

---How many bytes a value has on the wire: as compact JSON in UTF-8.
---@param value table
---@return integer?  nil for what can't be written as JSON
function fit.size(value)
  local text = require("dps.json").encode(value)
  return text and #text or nil
end

local function size_finding(what, path, size)
  if size > fit.SIZE_CEILING then
    return { level = "error", path = path, size = size, message = format(
      "%s has %d bytes; Adobe takes 300 KB (%d) for an offer with its representations", what, size,
      fit.SIZE_CEILING) }
  elseif size > fit.SIZE_WARNING then
    return { level = "warning", path = path, size = size, message = format(
      "%s has %d bytes; Adobe's guardrails allow 1 KB (%d)", what, size, fit.SIZE_WARNING) }
  end
end

---What there is to say about the sizes of an offer and its representations.
---@param offer table  as it is sent
---@return table[]  { level = "error"|"warning", path =, size = bytes, message = } each
function fit.sizes(offer)
  local findings = {}
  local representations = type(offer.representations) == "table" and offer.representations or {}
  for i, representation in ipairs(representations) do
    local path = format("representations[%d]", i)
    findings[#findings + 1] = size_finding("the representation", path, fit.size(representation)
      or 0)
  end
  local whole = size_finding("the offer", "", fit.size(offer) or 0)
  if whole and (whole.level == "error" or #findings == 0) then findings[#findings + 1] = whole end
  return findings
end

return fit
