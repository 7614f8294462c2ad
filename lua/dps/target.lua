-- dps.client{ sandbox = "stage" }: the same operations on another target, with connections, a token
-- and limits of its own. What is not said is as for dps itself.

local client = require "dps.client"
local config = require "dps.config"
local err = require "dps.err"
local operation = require "dps.operation"
local options = require "dps.options"
local request = require "dps.request"
local run = require "dps.run"
local secret = require "dps.secret"
local suggest = require "dps.suggest"

local target = {}

-- With --local these stay as they are: a script that is tried out must not reach a real service.
local LOCAL = { "base_url", "ims_org", "api_key" }

-- Secrets that a script hands over: as handles, never as texts, which anybody could print.
local SECRETS = { "access_token", "client_secret" }

local function option_names()
  local names = { "profile", table.unpack(SECRETS) }
  for _, setting in ipairs(config.settings) do
    names[#names + 1] = setting.name
  end
  return names
end

local function check_values(given)
  for _, setting in ipairs(config.settings) do
    local value = given[setting.name]
    local clean, fault = nil, nil
    if value ~= nil then
      clean, fault = setting.check(value)
    end
    if value ~= nil and clean == nil then
      err.misuse(("dps.client: %s: %s"):format(setting.name, fault))
    end
  end
  for _, name in ipairs(SECRETS) do
    if given[name] ~= nil and not secret.is(given[name]) then
      err.misuse(("dps.client: %s must be a secret, such as dps.secret.from_file gives, not a %s")
        :format(name, type(given[name])))
    end
  end
  if given.profile ~= nil and type(given.profile) ~= "string" then
    err.misuse("dps.client: profile must be the name of a profile")
  end
end

-- Only where the profiles are; no setting.
local function where_profiles_are(name)
  if name == "HOME" or name == "XDG_CONFIG_HOME" then
    return os.getenv(name)
  end
end

-- What the profile itself says. A profile that a script names goes before the environment.
local function from_profile(name, flags)
  local settings = config.load { flags = { profile = name }, env = where_profiles_are }
  for setting, source in pairs(settings.source) do
    if source == "profile " .. name then
      flags[setting] = settings[setting]
    end
  end
end

local CREDENTIAL = {
  "credentials", "client_id", "client_secret_file", "client_secret_command", "access_token_file",
  "access_token_command",
}

local function has_own_credential(flags)
  for _, name in ipairs(run.is_local and {} or CREDENTIAL) do
    if flags[name] ~= nil and flags[name] ~= run.flags[name] then
      return true
    end
  end
  return false
end

-- What the environment says of the credential of dps itself; beside another one it would be wrong.
-- A credential brings its own API key, and its file the organisation.
local function hidden_variables(flags)
  local hidden = { DPS_SCOPES = true }
  for _, name in ipairs(CREDENTIAL) do
    hidden["DPS_" .. name:upper()] = true
  end
  hidden.DPS_API_KEY = (flags.credentials or flags.client_id) ~= nil
  hidden.DPS_IMS_ORG = flags.credentials ~= nil
  return hidden
end

-- The run as a client with these secrets sees it; with --local there is one token for all.
local function run_with(given, own)
  local mine = { own_credential = own or nil }
  if not run.is_local then
    mine.token, mine.client_secret = given.access_token, given.client_secret
    mine.token_name = given.access_token and "the access_token of dps.client"
  end
  return next(mine) and setmetatable(mine, { __index = run }) or run
end

-- The run and the environment as a client with these flags and secrets sees them.
local function surroundings(flags, given)
  local env = run.env or os.getenv
  local own = has_own_credential(flags)
  if not own then
    return run_with(given, false), env
  end
  local hidden = hidden_variables(flags)
  return run_with(given, true), function(name)
    return not hidden[name] and env(name) or nil
  end
end

local function flags_of(given)
  local flags = {}
  for name, value in pairs(run.flags) do
    flags[name] = value
  end
  if given.profile then
    from_profile(given.profile, flags)
    flags.profile = nil
  end
  for name, value in pairs(given) do
    local no_setting = name == "profile" or secret.is(value)
    flags[name] = not no_setting and value or nil
  end
  for _, name in ipairs(run.is_local and LOCAL or {}) do
    flags[name] = run.flags[name]
  end
  return flags
end

-- What dps itself has for every client.
local function is_shared(name)
  return (pcall(function() return require("dps")[name] end))
end

local function unknown(operations, name)
  if type(name) == "string" and is_shared(name) then
    err.misuse(("this client has no %s of its own: dps.%s works with every client")
      :format(name, name))
  end
  local names = {}
  for known in pairs(operations) do
    names[#names + 1] = known
  end
  local nearest = suggest.nearest(name, names)
  local where = err.where()
  error(("%sthis client has no %s%s"):format(where and where .. ": " or "", tostring(name),
    nearest and " (did you mean " .. nearest .. "?)" or ""), 0)
end

local function describe(settings)
  return function()
    return ("dps.client (sandbox %s at %s)"):format(settings.sandbox or "not set",
      settings.base_url)
  end
end

---@class dps.ClientOptions  these, and every other setting by its name in a profile
---@field sandbox string?  the technical name; all others as for dps itself where they are left out
---@field ims_org string?  the organisation
---@field base_url string?  the service
---@field profile string?  of ~/.config/dps/config.json; goes before the environment
---@field access_token dps.Secret?  the token itself
---@field client_secret dps.Secret?  of the credential that gets tokens

---The calls of dps on another target: `stage.create_fallback{ ... }`, `stage.request{ ... }`.
---Unknown options, and values that no setting takes, raise kind "invalid".
---@param given dps.ClientOptions?  what differs from dps itself
---@return dps client  with the calls of every resource, and request; the rest is dps's own
function target.new(given)
  given = options.check("dps.client", given, option_names())
  check_values(given)
  local flags = flags_of(given)
  local own_run, env = surroundings(flags, given)
  local made = client.new(config.load { flags = flags, env = env }, own_run, true)
  local function client_of()
    return made
  end
  local operations = operation.all(client_of)
  function operations.request(asked)
    return request.send(client_of, asked)
  end
  operation.facades[operations] = true
  return setmetatable(operations, {
    __index = unknown, __tostring = describe(made.settings), __name = "dps.client",
  })
end

return target
