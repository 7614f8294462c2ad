-- Profiles: named sets of settings in one JSON file, ~/.config/dps/config.json. Finds and reads
-- that file through functions that are given to it, and refuses what does not belong in it.

local err = require "dps.err"
local suggest = require "dps.suggest"
local value = require "dps.config.value"

local profile = {}

local show = value.show

---@class dps.Profile
---@field values table<string, any>
---@field label string?   for messages: profile "stage" in PATH
---@field source string?  for settings.source: profile stage

local function refuse(...)
  err.raise { kind = "refused", message = table.concat({ ... }) }
end

local function squeeze(name)
  return (name:lower():gsub("[^%l]", ""))
end

-- Squeezed names of secrets to the variables that they belong in.
local function secret_names()
  local names = {}
  for _, secret in ipairs(require "dps.config.secrets") do
    names[squeeze(secret.name)] = secret.env
    for _, name in ipairs(secret.also or {}) do names[name] = secret.env end
  end
  return names
end

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
  if base and base:find "^/" then return base .. "/dps/config.json" end
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

local function check_keys(values, where, names)
  local known, secrets = {}, secret_names()
  for _, name in ipairs(names) do known[name] = true end
  for _, key in ipairs(sorted_keys(values)) do
    local variable = not known[key] and secrets[squeeze(key)]
    if variable then
      refuse(where, ": ", show(key), ": secrets do not belong in this file; remove it, and set ",
        variable, " in the environment")
    elseif not known[key] then
      refuse(where, ": unknown key ", show(key), "; ", did_you_mean(key, names))
    end
  end
end

---The profile that the flag or DPS_PROFILE names; an empty one when neither does.
---@param flags table<string, any>
---@param env fun(name: string): string?
---@param read_file fun(path: string): string?, string?
---@param names string[]  of all settings
---@return dps.Profile
function profile.load(flags, env, read_file, names)
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
  check_keys(values, label, names)
  return { values = values, label = label, source = "profile " .. name }
end

return profile
