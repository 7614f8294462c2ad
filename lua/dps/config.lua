-- Settings: flag over environment over profile over default. What does not pass is refused, saying
-- where it came from and what to do. Looks into the environment and the profile file, which tests
-- replace by functions of their own, and opens no other file. Secrets never pass through here: the
-- token lives in C, and a profile that holds one is refused.

local err = require "dps.err"
local options = require "dps.options"
local suggest = require "dps.suggest"

local find, match = string.find, string.match

local config = {}

local MAX_SHOWN = 40
local MAX_HEADER = 1024
local MAX_URL = 2048
local MAX_PATH = 4096
local MAX_FILE = 1024 * 1024
local MIN_SECONDS, MAX_SECONDS = 0.001, 86400

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
---@field source table<string, string>  where each came from: "flag --sandbox", "DPS_SANDBOX",
---  "profile stage", "default"

-- Values ------------------------------------------------------------------------------------------

-- Each check returns the value to use, or nil and what is wrong. Values of URLs are never shown:
-- people put passwords and tokens into them.

local function show(value)
  local text = tostring(value):gsub("[^ -~]", "?")
  return '"' .. (#text > MAX_SHOWN and text:sub(1, MAX_SHOWN - 3) .. "..." or text) .. '"'
end

local function name_of_byte(text, at)
  local char = text:sub(at, at)
  if char == "\r" or char == "\n" then return "a line break" end
  if char == "\0" then return "a NUL byte" end
  if char == " " then return "a blank" end
  return char:find "%c" and "a control character" or "a character that is not ASCII"
end

local function check_text(value, ceiling)
  if type(value) ~= "string" then return nil, "must be a string, not a " .. type(value) end
  if value == "" then return nil, "is empty; give a value, or leave it out" end
  if #value > ceiling then return nil, ("is longer than %d bytes"):format(ceiling) end
  return value
end

-- CR and LF would begin another header line (RFC 9110, section 5.5).
local function check_header(value)
  local text, fault = check_text(value, MAX_HEADER)
  if not text then return nil, fault end
  local at = find(text, "[^ -~]")
  if at then
    return nil, ("%s has %s at byte %d; in a header line only printable ASCII will do")
      :format(show(text), name_of_byte(text, at), at)
  end
  if find(text, "^ ") or find(text, " $") then
    return nil, show(text) .. " begins or ends with a blank; remove it"
  end
  return text
end

-- The technical name, not the title that the product shows.
local function check_sandbox(value)
  local text, fault = check_header(value)
  if not text then return nil, fault end
  if not find(text, "^[%w._-]+$") then
    return nil, show(text) .. " is no sandbox name: give the technical name (letters, digits and"
      .. ' hyphens), such as "dev"'
  end
  return text
end

local function check_file(value)
  local text, fault = check_text(value, MAX_PATH)
  if not text then return nil, fault end
  if find(text, "%c") then return nil, show(text) .. " has a control character; give a path" end
  return text
end

local function check_seconds(value)
  local number = value
  if type(value) == "string" then
    number = (match(value, "^%d+%.?%d*$") or match(value, "^%.%d+$")) and tonumber(value)
  end
  if type(number) == "number" and number >= MIN_SECONDS and number <= MAX_SECONDS then
    return number
  end
  return nil, ("%s is no number of seconds from %g to %d; give one such as 60")
    :format(show(value), MIN_SECONDS, MAX_SECONDS)
end

-- The base URL ------------------------------------------------------------------------------------

local function is_octet(digits)
  return (digits == "0" or not find(digits, "^0")) and #digits <= 3 and tonumber(digits) <= 255
end

-- Exactly the loopback addresses and their one name; nothing that a resolver would have to explain.
local function is_loopback(host)
  if host == "localhost" or host == "[::1]" then return true end
  local a, b, c = match(host, "^127%.(%d+)%.(%d+)%.(%d+)$")
  return a ~= nil and is_octet(a) and is_octet(b) and is_octet(c)
end

local function check_authority(authority)
  if find(authority, "@", 1, true) then
    return nil, "names a user before the host; leave that out, the token is set on its own"
  end
  local host, rest = match(authority, "^(%[[%x:.]+%])(.*)$")
  if not host then host, rest = match(authority, "^([%w._-]+)(.*)$") end
  if not host then return nil, "names no host" end
  local port = rest == "" and 443 or tonumber(match(rest, "^:(%d%d?%d?%d?%d?)$"))
  if not port or port < 1 or port > 65535 then
    return nil, "may have nothing but a port from 1 to 65535 behind its host"
  end
  return host:lower(), rest
end

local function check_path(path)
  if find(path, "%%%X") or find(path, "%%%x%X") or find(path, "%%%x?$") then
    return nil, "has a % that is not followed by two hexadecimal digits"
  end
  for segment in path:gmatch "[^/]+" do
    if segment == "." or segment == ".." then return nil, 'has a "." or ".." in its path' end
  end
  return (path:gsub("/+$", ""))
end

local function split_url(text)
  local at = find(text, '[^!-~]') or find(text, '["<>\\^`{|}]')
  if at then
    local what = find(text, "^[^!-~]", at) and name_of_byte(text, at) or text:sub(at, at)
    return nil, ("has %s at byte %d"):format(what, at)
  end
  local scheme, authority, path = match(text, "^(%a[%w+.-]*)://([^/?#]*)(.*)$")
  scheme = scheme and scheme:lower()
  if scheme ~= "https" and scheme ~= "http" then
    return nil, 'must begin with "https://" (or "http://" for this machine itself)'
  end
  if find(path, "[?#]") then return nil, "has a query or a fragment; end it with the path" end
  return scheme, authority, path
end

local function check_url(value)
  local text, fault = check_text(value, MAX_URL)
  if not text then return nil, fault end
  local scheme, authority, path = split_url(text)
  if not scheme then return nil, authority end
  local host, port = check_authority(authority)
  if not host then return nil, port end
  path, fault = check_path(path)
  if not path then return nil, fault end
  if scheme == "http" and not is_loopback(host) then
    return nil, ("uses plain http to %s, where others could read the token; use https (http is for"
      .. " 127.0.0.1, [::1] and localhost)"):format(show(host))
  end
  return scheme .. "://" .. host .. port .. path
end

-- The settings ------------------------------------------------------------------------------------

---@class dps.Setting
---@field name string     also the key in a profile, and in the flags handed to load
---@field env string
---@field flag string?    with its argument, where the command line has one
---@field check fun(value: any): any, string?
---@field default any
---@field title string?   for people; only of settings that a call cannot do without
---@field why string?

---All settings in order.
---@type dps.Setting[]
config.settings = {
  { name = "base_url", env = "DPS_BASE_URL", check = check_url,
    default = "https://platform.adobe.io/data/core/dps" },
  { name = "sandbox", env = "DPS_SANDBOX", flag = "--sandbox NAME", check = check_sandbox,
    title = "sandbox", why = "other Adobe services take a missing one for production" },
  { name = "ims_org", env = "DPS_IMS_ORG", check = check_header, title = "IMS organisation" },
  { name = "api_key", env = "DPS_API_KEY", check = check_header, title = "API key" },
  { name = "item_schema", env = "DPS_ITEM_SCHEMA", check = check_header },
  { name = "timeout", env = "DPS_TIMEOUT", check = check_seconds, default = 60 },
  { name = "connect_timeout", env = "DPS_CONNECT_TIMEOUT", check = check_seconds, default = 10 },
  { name = "ca_file", env = "DPS_CA_FILE", check = check_file },
  { name = "client_cert", env = "DPS_CLIENT_CERT", check = check_file },
  { name = "client_key", env = "DPS_CLIENT_KEY", check = check_file },
}

local NAMES, BY_NAME = {}, {}
for i, setting in ipairs(config.settings) do
  NAMES[i], BY_NAME[setting.name] = setting.name, setting
end

local function refuse(...)
  err.raise { kind = "refused", message = table.concat({ ... }) }
end

-- Profiles ----------------------------------------------------------------------------------------

local SECRETS = {
  accesstoken = "DPS_ACCESS_TOKEN", token = "DPS_ACCESS_TOKEN", bearer = "DPS_ACCESS_TOKEN",
  clientsecret = "DPS_ACCESS_TOKEN", secret = "DPS_ACCESS_TOKEN",
}

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  return keys
end

local function did_you_mean(word, names)
  local nearest = suggest.nearest(word, names)
  if nearest then return ("did you mean %s?"):format(show(nearest)) end
  local shown = {}
  for i, name in ipairs(names) do shown[i] = show(name) end
  return #shown > 0 and "there are: " .. table.concat(shown, ", ") or "there are none"
end

local function config_path(env, where)
  local base = env "XDG_CONFIG_HOME"
  if base and find(base, "^/") then return base .. "/dps/config.json" end
  local home = env "HOME"
  if home and home ~= "" then return home .. "/.config/dps/config.json" end
  refuse(where, ": profiles are in ~/.config/dps/config.json, but HOME is not set")
end

-- The decoder's message quotes the file where it stumbled; that could be a secret out of place.
local function without_quote(message)
  return (message:gsub(", near '.*", ""))
end

local function read_profiles(env, read_file, where)
  local path = config_path(env, where)
  local text, reason = read_file(path)
  if not text then
    refuse(where, ": cannot read ", path, ": ", reason,
      '; it holds one object per profile, such as {"stage": {"sandbox": "stage"}}')
  end
  local json = require "dps.json"
  local profiles, fault = json.decode(text)
  if fault then refuse(path, ": ", without_quote(fault)) end
  if type(profiles) ~= "table" or json.is_array(profiles) then
    refuse(path, ': must be one object of profiles, such as {"stage": {"sandbox": "stage"}}')
  end
  return profiles, path
end

local function check_keys(profile, where)
  for _, key in ipairs(sorted_keys(profile)) do
    local secret = SECRETS[key:lower():gsub("[^%l]", "")]
    if secret then
      refuse(where, ": ", show(key), ": secrets do not belong in this file; remove it, and set ",
        secret, " in the environment")
    elseif not BY_NAME[key] then
      refuse(where, ": unknown key ", show(key), "; ", did_you_mean(key, NAMES))
    end
  end
end

-- A profile is { values, label for people, label for source }.
local function load_profile(flags, env, read_file)
  local name, where = flags.profile, "--profile"
  if name == nil then name, where = env "DPS_PROFILE", "DPS_PROFILE" end
  if name == nil or name == "" and where == "DPS_PROFILE" then return { values = {} } end
  if type(name) ~= "string" then refuse("--profile: must be the name of a profile") end
  local profiles, path = read_profiles(env, read_file, where)
  local values = profiles[name]
  local label = ("profile %s in %s"):format(show(name), path)
  if values == nil then
    refuse(where, ": there is no ", label, "; ", did_you_mean(name, sorted_keys(profiles)))
  elseif type(values) ~= "table" then
    refuse(label, ": must be an object of settings")
  end
  check_keys(values, label)
  return { values = values, label = label, source = "profile " .. name }
end

-- Loading -----------------------------------------------------------------------------------------

-- The value, where it came from, and that in words for an error. An empty variable is not set.
local function find_value(setting, flags, env, profile)
  local value = flags[setting.name]
  if value ~= nil then
    local flag = "--" .. setting.name:gsub("_", "-")
    return value, "flag " .. flag, flag
  end
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

local function check_pair(settings)
  if settings.client_key and not settings.client_cert then
    refuse(BY_NAME.client_key.env, " is set without ", BY_NAME.client_cert.env,
      "; a key needs its certificate")
  end
end

---Settles every setting. Raises kind "refused" for a value that does not pass, an unknown key or a
---secret in the profile, and a profile that is named but not there.
---@param given { flags: table<string, any>?, env: (fun(name: string): string?)?,
---  read_file: (fun(path: string): string?, string?)? }  flags: by name of setting, and profile;
---  env, read_file: os.getenv and the whole file when absent; read_file returns nil and a reason
---@return dps.Settings
function config.load(given)
  given = options.check("config.load", given, { "flags", "env", "read_file" })
  local flags = options.check("config.load", given.flags, { "profile", table.unpack(NAMES) })
  local env = given.env or os.getenv
  local profile = load_profile(flags, env, given.read_file or read_text)
  local settings, source = {}, {}
  for _, setting in ipairs(config.settings) do
    local value, from, label = find_value(setting, flags, env, profile)
    if value ~= nil then
      local clean, fault = setting.check(value)
      if clean == nil then refuse(label, ": ", fault) end
      settings[setting.name], source[setting.name] = clean, from
    end
  end
  check_pair(settings)
  settings.source = frozen(source)
  return frozen(settings)
end

local function how_to_set(setting)
  local how = "set " .. setting.env .. (setting.flag and " or give " .. setting.flag or "")
  return setting.why and how .. "; " .. setting.why or how
end

---To be asked before the first call: everything that a call needs and that is not set, in one
---error of kind "refused".
---@param settings dps.Settings
---@param has_token boolean  an access token is there (it is held in C)
function config.require_target(settings, has_token)
  local problems, parts = {}, {}
  local function missing(path, title, how)
    problems[#problems + 1] = { path = path, message = "not set; " .. how }
    parts[#parts + 1] = ("%s (%s)"):format(title, how)
  end
  for _, setting in ipairs(config.settings) do
    if setting.title and settings[setting.name] == nil then
      missing(setting.name, setting.title, how_to_set(setting))
    end
  end
  if not has_token then missing("access_token", "access token", "set DPS_ACCESS_TOKEN") end
  if #problems == 0 then return end
  err.raise {
    kind = "refused", problems = problems, message = "not set: " .. table.concat(parts, ", "),
    hint = "set these in the environment, or run with --local to try the script without an account",
  }
end

return config
