-- What a component shows, from a string, a file, a template or a table: one text in UTF-8 that is
-- what its type says. Writes no component.

local err = require "dps.err"
local fit = require "dps.representation.fit"
local template = require "dps.representation.template"

local content = {}

local FILE_CEILING = 1024 * 1024 -- bytes; three times what Adobe takes

local File = { __name = "dps.representation.file" }
local Filled = { __name = "dps.representation.template" }
local Languages = { __name = "dps.representation.languages" }

local function is(value, metatable)
  return type(value) == "table" and rawequal(getmetatable(value), metatable)
end

-- A campaign fills the same few templates in for every row.
local parsed, parsed_count, PARSED = {}, 0, 64

local function refuse(message, hint)
  err.raise { kind = "invalid", message = message, hint = hint }
end

local function read_file(path)
  local file <close>, reason = io.open(path, "rb")
  if not file then
    refuse(reason, "check the path: it is looked up from the folder that dps was started in")
  end
  local text, failure = file:read(FILE_CEILING + 1)
  if failure then refuse(path .. ": " .. failure, "name a file") end
  if text and #text > FILE_CEILING then
    refuse(("%s is larger than %d MiB"):format(path, FILE_CEILING >> 20),
      "Adobe takes 300 KB for an offer with its representations")
  end
  return (text or ""):gsub("^\xEF\xBB\xBF", "")
end

---@param path string
---@return table
function content.file(path)
  if type(path) ~= "string" or path == "" then
    err.misuse("representation.file: a path is needed, not a " .. type(path))
  end
  return setmetatable({ path = path }, File)
end

---@param source string|table  the text, or content.file
---@param values table
---@return table
function content.template(source, values)
  if type(source) ~= "string" and not is(source, File) then
    err.misuse("representation.template: text or representation.file(path) is needed, not a "
      .. type(source))
  elseif type(values) ~= "table" then
    err.misuse("representation.template: a table of values is needed, not a " .. type(values))
  end
  return setmetatable({ source = source, values = values }, Filled)
end

---@param by_language table<string, any>
---@return table
function content.languages(by_language)
  if type(by_language) ~= "table" or type(next(by_language)) ~= "string" then
    err.misuse 'representation.languages: contents by language are needed, as { ["en-us"] = ... }'
  end
  return setmetatable({ by_language = by_language }, Languages)
end

---What is to be shown in which language, in the order of the languages.
---@param value any
---@return table[]  { language?, content } each
function content.each_language(value)
  if not is(value, Languages) then return { { nil, value } } end
  local names, list = {}, {}
  for name in pairs(value.by_language) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for i, name in ipairs(names) do list[i] = { name, value.by_language[name] } end
  return list
end

local function check_extension(path, kind)
  local mime = fit.mime(path)
  if mime and mime ~= fit.format_of(kind) then
    refuse(('%s is %s by its name, and a component of type "%s" is %s'):format(path, mime, kind,
      fit.format_of(kind)), "name the right file, or use the function for that type")
  end
end

local function template_of(source, kind)
  local path = is(source, File) and source.path or nil
  if path then check_extension(path, kind) end
  local text = path and read_file(path) or source
  local key = (path or "") .. "\0" .. text
  if not parsed[key] then
    if parsed_count >= PARSED then parsed, parsed_count = {}, 0 end
    parsed[key], parsed_count = template.parse(text, path), parsed_count + 1
  end
  return parsed[key]
end

local ESCAPES = { html = "html", json = "json", text = "none" }

local function json_text(value)
  local json = require "dps.json"
  local text, why, path = json.encode(value, { sorted = true })
  if not text then
    refuse(("%s%s"):format(path ~= "" and path .. ": " or "", why), "correct the table")
  end
  return text
end

local function check_json(text, where)
  local value, why = require("dps.json").decode(text)
  if value == nil then refuse(("%s is no JSON: %s"):format(where, why), "correct the text") end
end

local function plain_text(value, kind, who)
  if is(value, Filled) then
    local made = template_of(value.source, kind)
    return template.render(made, value.values, ESCAPES[kind]), made.name
  elseif is(value, File) then
    check_extension(value.path, kind)
    return read_file(value.path), value.path
  elseif type(value) == "string" then
    return value, "the content"
  elseif kind == "json" and type(value) == "table" then
    return json_text(value), "the content"
  end
  err.misuse(("%s: content is needed: text, representation.file, representation.template%s, not %s")
    :format(who, kind == "json" and ", a table" or "", value == nil and "nothing" or "a "
      .. type(value)))
end

---@param value any
---@param kind "html"|"text"|"json"
---@param who string  for messages
---@return string  UTF-8, never blank; of kind "json" it is JSON
function content.text(value, kind, who)
  local text, where = plain_text(value, kind, who)
  if not utf8.len(text) then refuse(where .. " is not UTF-8", "save it as UTF-8") end
  if not text:find "%S" then refuse(where .. " is empty", "an empty component shows nothing") end
  if kind == "json" then check_json(text, where) end
  return text
end

return content
