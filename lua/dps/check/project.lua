-- What a project says about its checks, in .dps/check.json of the folder that dps is started in:
-- { "off": ["dead-url"], "rules": ["rules/market-names.lua"], "zone": "Europe/Paris" }. Paths are
-- looked up from the folder that holds .dps.

local project = {}

local err = require "dps.err"
local json = require "dps.json"
local suggest = require "dps.suggest"

local FILE = ".dps/check.json"
local KNOWN = { "off", "rules", "zone" }

local function refuse(message)
  err.raise { kind = "refused", message = FILE .. ": " .. message,
    hint = 'it is one object, such as { "off": ["dead-url"], "rules": ["rules/my-rule.lua"] }' }
end

local function check_list(value, name)
  for _, item in ipairs(json.is_list(value) and value or refuse(name .. " must be a list")) do
    if type(item) ~= "string" then
      refuse(name .. " must be a list of texts")
    end
  end
  return value
end

local function check_names(settings)
  for name in pairs(settings) do
    if not (name == "off" or name == "rules" or name == "zone") then
      local nearest = suggest.nearest(name, KNOWN)
      refuse(('"%s" is unknown (%s)'):format(name, nearest and ('did you mean "%s"?')
        :format(nearest) or "known: " .. table.concat(KNOWN, ", ")))
    end
  end
end

local function decode(text)
  local settings, why = json.decode(text)
  if type(settings) ~= "table" or json.is_array(settings) then
    refuse(why or "expected an object")
  end
  check_names(settings)
  if settings.zone ~= nil and type(settings.zone) ~= "string" then
    refuse "zone must be the name of a time zone"
  end
  return settings
end

---What a project says about its checks, in .dps/check.json.
---@class dps.check.Project
---@field off string[]?    names of rules that are turned off
---@field rules string[]?  files with rules of its own, from the folder that holds .dps
---@field zone string?     the time zone that dates with an offset are meant in

---@return dps.check.Project
function project.load()
  local file <close> = io.open(FILE, "rb")
  local settings = file and decode(file:read "a" or "") or {}
  return {
    off = settings.off and check_list(settings.off, "off") or {},
    rules = settings.rules and check_list(settings.rules, "rules") or {},
    zone = settings.zone,
  }
end

return project
