-- Settings: flag over environment over profile over default. What does not pass is refused, saying
-- where it came from and what to do. Each setting is one row in a file of config/; this file knows
-- none of them. Looks into the environment and the profile file, which tests replace by functions
-- of their own, and opens no other file. Secrets never pass through here (config/secrets.lua).

local err = require "dps.err"
local options = require "dps.options"
local profiles = require "dps.config.profile"

local config = {}

local MAX_FILE = 1024 * 1024

---@class dps.Settings  read-only
---@field base_url string           no trailing slash
---@field sandbox string?
---@field ims_org string?
---@field api_key string?
---@field item_schema string?       what x-schema-id says on calls for decision items
---@field timeout number            seconds, the whole call
---@field connect_timeout number    seconds
---@field ca_file string?
---@field client_cert string?
---@field client_key string?
---@field access_token_file string?
---@field access_token_command string[]?
---@field credentials string?
---@field client_id string?
---@field client_secret_file string?
---@field client_secret_command string[]?
---@field scopes string?            comma between them
---@field token_url string
---@field token_cache string?
---@field sign_profile string?      and the others of config/signing.lua
---@field source table<string, string>  where each came from: "flag --sandbox", "DPS_SANDBOX",
---  "profile stage", "default"

---@class dps.Setting
---@field name string     also the key in a profile, and in the flags handed to load
---@field env string
---@field flag string?    with its argument, where the command line has one
---@field check fun(value: any): any, string?  one of config/value.lua
---@field help string     what it is, in a few words; the reference shows it
---@field takes string?   its values, where `check` is of no other setting
---@field default any
---@field title string?   for people; only of settings that a call cannot do without
---@field why string?
---@field needs string?   the setting without which this one makes no sense
---@field needs_why string?

-- The files of config/ that hold rows, in the order in which messages list them.
local FILES = { "target", "credential", "signing" }

---All settings in order.
---@type dps.Setting[]
config.settings = {}

local NAMES, BY_NAME = {}, {}
for _, file in ipairs(FILES) do
  for _, setting in ipairs(require("dps.config." .. file)) do
    config.settings[#config.settings + 1] = setting
    NAMES[#NAMES + 1], BY_NAME[setting.name] = setting.name, setting
  end
end

local function refuse(...)
  err.raise { kind = "refused", message = table.concat({ ... }) }
end

-- The value, where it came from, and that in words for an error. An empty variable is not set.
local function find_value(setting, flags, env, profile, flags_only)
  local value = flags[setting.name]
  if value ~= nil then
    local flag = "--" .. setting.name:gsub("_", "-")
    return value, "flag " .. flag, flag
  end
  if flags_only[setting.name] then return nil end
  value = env(setting.env)
  if value ~= nil and value ~= "" then return value, setting.env, setting.env end
  value = profile.values[setting.name]
  if value ~= nil then return value, profile.source, profile.label .. ": " .. setting.name end
  if setting.default ~= nil then return setting.default, "default", "default" end
end

local function frozen(values)
  return setmetatable({}, {
    __index = values,
    __newindex = function(_, key)
      error("settings are read-only: " .. tostring(key), 2)
    end,
    __pairs = function()
      local key, value
      return function()
        key, value = next(values, key)
        return key, value
      end
    end,
  })
end

local function read_text(path)
  local file, reason = io.open(path, "rb")
  if not file then return nil, reason:sub(#path + 3) end
  local text, fault = file:read(MAX_FILE)
  local more = text and file:read(1)
  file:close()
  return not more and text or nil, fault or more and "it is too large" or "it is empty"
end

local function check_needs(settings)
  for _, setting in ipairs(config.settings) do
    local needed = setting.needs
    if needed and settings[setting.name] ~= nil and settings[needed] == nil then
      refuse(setting.env, " is set without ", BY_NAME[needed].env, "; ", setting.needs_why)
    end
  end
end

---Settles every setting. Raises kind "refused" for a value that does not pass, an unknown key or a
---secret in the profile, and a profile that is named but not there.
---@param given { flags: table<string, any>?, env: (fun(name: string): string?)?,
---  read_file: (fun(path: string): string?, string?)?, flags_only: table<string, boolean>? }
---  flags: by name of setting, and profile; env, read_file: os.getenv and the whole file when
---  absent; read_file returns nil and a reason; flags_only: names that only a flag may set
---@return dps.Settings
function config.load(given)
  given = options.check("config.load", given, { "flags", "env", "read_file", "flags_only" })
  local flags = options.check("config.load", given.flags, { "profile", table.unpack(NAMES) })
  local env = given.env or os.getenv
  local profile = profiles.load(flags, env, given.read_file or read_text, NAMES)
  local settings, source = {}, {}
  for _, setting in ipairs(config.settings) do
    local value, from, label = find_value(setting, flags, env, profile, given.flags_only or {})
    if value ~= nil then
      local clean, fault = setting.check(value)
      if clean == nil then refuse(label, ": ", fault) end
      settings[setting.name], source[setting.name] = clean, from
    end
  end
  check_needs(settings)
  settings.source = frozen(source)
  return frozen(settings)
end

local function how_to_set(setting)
  local how = "set " .. setting.env .. (setting.flag and " or give " .. setting.flag or "")
  return setting.why and how .. "; " .. setting.why or how
end

local NO_TOKEN = "set DPS_ACCESS_TOKEN, or DPS_CREDENTIALS (the JSON file of an OAuth"
  .. " Server-to-Server credential)"

---To be asked before the first call: everything that a call needs and that is not set, in one
---error of kind "refused".
---@param settings dps.Settings
---@param has_token boolean  there is an access token, or a way to one
---@param found table<string, string>?  what the credential says of settings that are not set
function config.require_target(settings, has_token, found)
  local problems, parts = {}, {}
  local function missing(path, title, how)
    problems[#problems + 1] = { path = path, message = "not set; " .. how }
    parts[#parts + 1] = ("%s (%s)"):format(title, how)
  end
  for _, setting in ipairs(config.settings) do
    local name = setting.name
    if setting.title and settings[name] == nil and not (found and found[name]) then
      missing(name, setting.title, how_to_set(setting))
    end
  end
  if not has_token then missing("access_token", "access token", NO_TOKEN) end
  if #problems == 0 then return end
  err.raise {
    kind = "refused", problems = problems, message = "not set: " .. table.concat(parts, ", "),
    hint = "set these in the environment, or run with --local to try the script without an account",
  }
end

return config
