-- dps.client{ sandbox = "stage" }: the same operations on another target, with connections, a token
-- and limits of its own. What is not said is as for dps itself.

local client = require "dps.client"
local config = require "dps.config"
local err = require "dps.err"
local operation = require "dps.operation"
local options = require "dps.options"
local origin = require "dps.origin"
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
local function profile_of(name)
  local values = {}
  if not name then
    return values
  end
  local settings = config.load { flags = { profile = name }, env = where_profiles_are }
  for setting, source in pairs(settings.source) do
    if source == "profile " .. name then
      values[setting] = settings[setting]
    end
  end
  return values
end

-- Settings of a credential. The script's own options come before the profile that it names, and
-- that before the run: the first of them that says any of these says all, for one half of a
-- credential beside half of another would be wrong, and may be another's secret.
local CREDENTIAL = {
  "credentials", "client_id", "client_secret_file", "client_secret_command", "access_token_file",
  "access_token_command",
}

local function names_credential(values)
  for _, name in ipairs(CREDENTIAL) do
    if values[name] ~= nil then
      return true
    end
  end
  return false
end

-- What is not taken from further down: all of another credential, whose API key this one brings
-- itself, as its file does the organisation.
local function settings_of_its_own(values)
  local names = { scopes = true }
  for _, name in ipairs(CREDENTIAL) do
    names[name] = true
  end
  names.api_key = (values.credentials or values.client_id) ~= nil
  names.ims_org = values.credentials ~= nil
  return names
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

local function flags_of(given, profile)
  local flags, hidden = {}, names_credential(given) and settings_of_its_own(given) or {}
  for _, values in ipairs { run.flags, profile } do
    for name, value in pairs(values) do
      flags[name] = not hidden[name] and value or nil
    end
  end
  if given.profile then
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

-- Whether no secret of the run or of the profile goes to an address.
local takes_own = {}

function takes_own.base_url(given)
  return given.access_token ~= nil or names_credential(given)
end

function takes_own.token_url(given)
  return given.client_secret ~= nil or takes_own.base_url(given)
end

-- A script that is copied from somewhere can name a host: tokens and client secrets go only to
-- those that the settings name.
local function check_hosts(given, profile, settings)
  local of_run = config.load { flags = run.flags, env = run.env }
  for name, has_own in pairs(takes_own) do
    local foreign = given[name] ~= nil and not has_own(given)
      and not origin.is_among(settings[name], { of_run[name], profile[name] })
    if foreign then
      err.raise { kind = "refused", where = err.where(), operation = "dps.client",
        message = ("%s: the settings of this run do not name %s, so its token and client secret do"
          .. " not go there"):format(name, origin.of(settings[name])),
        hint = ("if that host is meant to get them, name it in DPS_%s, or in a profile and give its"
          .. " name to dps.client; or give the client a token of its own (access_token)")
          :format(name:upper()) }
    end
  end
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
---@field base_url string?  the service. The run's token goes only to hosts that its settings or the
---  profile name; to another one goes a token of its own
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
  local profile = profile_of(given.profile)
  local flags = flags_of(given, profile)
  local own = not run.is_local and (names_credential(given) or names_credential(profile))
  local settings = config.load { flags = flags, env = run.env,
    flags_only = own and settings_of_its_own(flags) or nil }
  if not run.is_local then
    check_hosts(given, profile, settings)
  end
  local made = client.new(settings, run_with(given, own), true)
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
