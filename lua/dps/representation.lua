-- How an offer looks in a placement: text, HTML, JSON or an image, for one language or several,
-- from strings, files and templates. Each function gives one representation as it is sent (contract
-- 1.2), checked against the placement; what does not fit is an error that says what would.

local contents = require "dps.representation.content"
local err = require "dps.err"
local fit = require "dps.representation.fit"
local offer = require "dps.resource.offer"
local options_of = require "dps.options"
local placements = require "dps.representation.placement"
local schema = require "dps.schema"
local template = require "dps.representation.template"
local values_of = require "dps.schema.value"

local format = string.format

---How an offer looks in a placement: text, HTML, JSON or an image, for one language or several,
---from strings, files and templates. Each function gives one representation as it is sent, checked
---against the placement; what does not fit is an error that says what would.
---@class dps.representation
local representation = {}

---What holds for all components of a representation.
---@class dps.representation.Options
---@field language? string  such as "en-us"; several are given with representation.languages
---@field format? string    a content type, where the address of an image does not tell it
---@field channel? string   such as "web": the placement is then taken by its id as it is, and
---  nothing is looked up
---@field client? table     whose placements are looked up; dps when absent

local OPTIONS = { "language", "format", "channel", "client" }
local FIELDS, CREATE = { offer.representations }, { verb = "create", refuse_unknown = true }

-- A name is no good where nothing is looked up.
local function placement_of(who, value, options)
  if options.channel ~= nil and type(options.channel) ~= "string" then
    err.misuse(format("%s: channel must be text, such as \"web\"", who))
  end
  if options.channel and type(value) == "string" then
    return { id = value, channel = fit.channel(options.channel) }
  end
  return placements.find(value, options.client or require "dps", who)
end

local function refuse(who, problems, placement)
  if #problems > 0 then
    err.raise { kind = "invalid", operation = who, resource = "representation",
      name = placement.name or placement.id, problems = problems,
      hint = "correct what is named above; nothing was sent" }
  end
end

local function size_problems(one)
  local size = fit.size(one) or 0
  if size <= fit.SIZE_CEILING then return {} end
  return { { path = "", message = format("the representation has %d bytes; Adobe takes 300 KB (%d)"
    .. " for an offer with its representations", size, fit.SIZE_CEILING) } }
end

local PREFIX = "^representations%[1%]%.?"

-- Everything that is wrong with it at once: by itself, and in this placement.
local function checked(who, one, placement)
  local problems = schema.check(FIELDS, { representations = { one } }, CREATE)
  for _, problem in ipairs(problems) do problem.path = problem.path:gsub(PREFIX, "") end
  table.move(fit.problems(one, placement), 1, 1000, #problems + 1, problems)
  refuse(who, #problems > 0 and problems or size_problems(one), placement)
  return one
end

-- `component(content)` gives one without its language.
local function build(who, placement, content, options, component)
  options = options_of.check(who, options, OPTIONS)
  placement = placement_of(who, placement, options)
  local one = {
    channel = fit.channel(options.channel or placement.channel or ""),
    placement = placement.id, components = {},
  }
  if one.channel == "" then one.channel = nil end
  for i, pair in ipairs(contents.each_language(content)) do
    local made = component(pair[2], options)
    local language = pair[1] or options.language
    made.language = language and { language } or nil
    one.components[i] = made
  end
  return checked(who, one, placement)
end

local function with_content(who, kind)
  return function(content, options)
    return { type = kind, format = options.format or fit.format_of(kind),
      content = contents.text(content, kind, who) }
  end
end

---Plain text. This and its sisters raise kind "invalid" for what does not fit the placement.
---@param placement string|table|dps.Ref  an entity, an id or a name; looked up once in a run
---@param content string|table  text, or what representation.file, .template or .languages give
---@param options? dps.representation.Options  language, format, channel
---@return table  to stand in an offer's `representations`
function representation.text(placement, content, options)
  local who = "representation.text"
  return build(who, placement, content, options, with_content(who, "text"))
end

---HTML. What a template fills in is escaped.
---@param placement string|table|dps.Ref  as for representation.text
---@param content string|table  as for representation.text
---@param options? dps.representation.Options  language, format, channel
---@return table  as representation.text gives
function representation.html(placement, content, options)
  local who = "representation.html"
  return build(who, placement, content, options, with_content(who, "html"))
end

---JSON: text that is JSON, or a table that is written as such.
---@param placement string|table|dps.Ref  as for representation.text
---@param content string|table  as for representation.text
---@param options? dps.representation.Options  language, format, channel
---@return table  as representation.text gives
function representation.json(placement, content, options)
  local who = "representation.json"
  return build(who, placement, content, options, with_content(who, "json"))
end

---An image.
---@class dps.representation.Image
---@field url string    where it is
---@field link? string  where a click on it leads

---@class dps.representation.RenderOptions  how values come into the text
---@field escape? "html"|"json"|"none"  what they are escaped for; "html" when absent
---@field name? string  what messages call the template; "template" when absent

local IMAGE = { "url", "link" }

local function check_image(who, image)
  if type(image) == "string" then return { url = image } end
  if type(image) ~= "table" then
    err.misuse(format("%s: an address, or { url =, link = }, is needed, not %s", who,
      image == nil and "nothing" or "a " .. type(image)))
  end
  return options_of.check(who, image, IMAGE)
end

-- The format is told by the address; without one it must be said.
local function image_component(image, options)
  local who = "representation.image"
  image = check_image(who, image)
  if type(image.url) ~= "string" or not values_of.is_url(image.url) then
    err.misuse(format('%s: %s; an image is shown from an address, such as'
      .. ' "https://www.example.com/hero.png"', who, type(image.url) == "string"
        and format('"%s" is no address', image.url) or "url is missing"))
  end
  local mime = options.format or fit.mime(image.url)
  if not mime then
    err.misuse(format('%s: "%s" does not tell what kind of image it is;'
      .. ' add { format = "image/png" }', who, image.url))
  end
  return { type = "imagelink", format = mime, deliveryURL = image.url, linkURL = image.link }
end

---An image by its address, and where a click on it leads.
---@param placement string|table|dps.Ref  as for representation.text
---@param content string|table|dps.representation.Image  the address, { url =, link = }, or
---  representation.languages of those
---@param options? dps.representation.Options  language, format, channel
---@return table  as representation.text gives
function representation.image(placement, content, options)
  return build("representation.image", placement, content, options, image_component)
end

---The content of a file, UTF-8, of 1 MiB at most; read when the representation is made.
---@param path string  looked up from the folder that dps was started in
---@return table  to be given as content
function representation.file(path)
  return contents.file(path)
end

---A template with its values: `{{name}}` and `{{a.b}}` are filled in escaped, `{{{name}}}` as it
---is; `{{#list}} ... {{/list}}` comes once for each item, with `{{.}}` for an item that is no
---table; `{{^list}} ... {{/list}}` where there is none; `{{! a remark }}` is left out. What has no
---value is an error with the template's line and column. `\{{` stands for `{{`, which Journey
---Optimizer's own personalization uses.
---@param source string|table  the text, or representation.file(path)
---@param values table  by the names in the template
---@return table  to be given as content
function representation.template(source, values)
  return contents.template(source, values)
end

---Contents by language: one component for each.
---@param by_language table<string, any>  such as { ["en-us"] = "Hello", ["fr-fr"] = "Bonjour" }
---@return table  to be given as content
function representation.languages(by_language)
  return contents.languages(by_language)
end

local ESCAPES = { html = true, json = true, none = true }

---Fills a template in, for use elsewhere.
---@param text string  in the syntax of representation.template
---@param values table  by the names in the template
---@param options? dps.representation.RenderOptions  what values are escaped for
---@return string
function representation.render(text, values, options)
  options = options_of.check("representation.render", options, { "escape", "name" })
  local escape = options.escape == nil and "html" or options.escape
  if not ESCAPES[escape] then
    err.misuse 'representation.render: escape must be "html", "json" or "none"'
  end
  return template.render(template.parse(text, options.name), values, escape)
end

---The content type of a file or an address, by its extension.
---@param name string  a path or a URL; what follows ? or # does not count
---@return string?  such as "image/png"; nil where the extension says nothing
function representation.mime(name)
  return fit.mime(name)
end

---How many bytes a representation, or a whole offer, has on the wire.
---@param value table  as it is sent
---@return integer?  as compact JSON; nil for what can't be written as JSON
function representation.size(value)
  return fit.size(value)
end

return representation
