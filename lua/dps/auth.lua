-- Who a client calls as: picks where its access token comes from, by the settings. A token that is
-- given (auth/given.lua) goes before one that a credential gets (auth/oauth.lua). Tokens and client
-- secrets are handles here; their bytes stay in C.

local native = require "dps.native"
local err = require "dps.err"

local auth = {}

---@class dps.Auth
---@field token userdata                       native.token: what native.http's requests carry
---@field found table<string, string>          ims_org and api_key, where the credential says them
---@field ready fun(self, intent: dps.Intent)  before a call: sees to it that the token is good;
---  waits where it has to, and raises what a call fails with
---@field refused fun(self, serial: integer): boolean  the service said 401 to that token: whether
---  the call should be made again
---@field accepted fun(self, serial: integer)  it said anything else
---@field hint fun(self): string?              what to do about a 401 that stays

local function refuse(message, hint)
  err.raise { kind = "refused", message = message, hint = hint }
end

-- A secret from its variable, if any, a file or a command; nil when none of them is set.
local function secret_of(settings, name, variable)
  local named = variable and native.secret.named(variable)
  if named then
    return named, variable
  end
  for _, kind in ipairs { "file", "command" } do
    local setting = name .. "_" .. kind
    if settings[setting] then
      local handle, why = auth.read(kind, settings[setting])
      if not handle then
        refuse(("%s: %s"):format(settings.source[setting], why),
          "mend what is named above and run it again")
      end
      return handle, settings.source[setting], setting
    end
  end
  return nil
end

local COMMAND_SECONDS = 30

---A secret out of a file or a command.
---@param kind "file"|"command"
---@param from string|string[]
---@return userdata? handle
---@return string? why
function auth.read(kind, from)
  if kind == "file" then
    return native.secret.file(from)
  end
  return native.secret.command(from, COMMAND_SECONDS)
end

-- Credentials' files ------------------------------------------------------------------------------

local function read_credentials(settings)
  if not settings.credentials then
    return {}
  end
  local found, why = native.token.credentials(settings.credentials)
  if not found then
    refuse(settings.source.credentials .. ": " .. why, "mend that file, or name another one")
  end
  return found
end

-- Given tokens ------------------------------------------------------------------------------------

-- Beside a token, the credential still says whose calls these are, where nothing else does.
local function found_beside(settings)
  if settings.ims_org and settings.api_key then
    return {}
  end
  local found = read_credentials(settings)
  return { ims_org = found.org, api_key = settings.client_id or found.client_id }
end

local TOKEN_ALONE = 'set it to the token alone, without "Bearer" and without quotes'

local function check_token(handle, where)
  if not native.secret.is_token(handle) then
    refuse(where .. " can't be used: a token has letters, digits and - . _ ~ + / only (and = at its"
      .. " end)", TOKEN_ALONE)
  end
  return handle
end

local function given_token(settings, run)
  local handle, where, setting = run.token, run.token_name or "DPS_ACCESS_TOKEN", nil
  if not handle then
    local variable = not run.own_credential and "DPS_ACCESS_TOKEN" or nil
    handle, where, setting = secret_of(settings, "access_token", variable)
  end
  if not handle then
    return nil
  end
  local again = setting and function()
    local read = auth.read(setting:match "_(%a+)$", settings[setting])
    return read and native.secret.is_token(read) and read or nil
  end or nil
  local made = require("dps.auth.given").new(check_token(handle, where), where, again)
  made.found = found_beside(settings)
  return made
end

-- Credentials -------------------------------------------------------------------------------------

-- What the Developer Console shows for Experience Platform and Journey Optimizer (contract 5.1).
local SCOPES = "openid,AdobeID,session,read_organizations,"
  .. "additional_info.projectedProductContext,adobeio_api"

local NO_SECRET = "set DPS_CLIENT_SECRET, DPS_CLIENT_SECRET_FILE or DPS_CLIENT_SECRET_COMMAND, or"
  .. " use the JSON file of the credential (DPS_CREDENTIALS)"

-- The client secret of the file, unless it is set on its own.
local function client_secret(settings, found, id, run)
  local variable = not run.own_credential and "DPS_CLIENT_SECRET" or nil
  local handle, where = run.client_secret, "client_secret"
  if not handle then
    handle, where = secret_of(settings, "client_secret", variable)
  end
  handle, where = handle or found.client_secret, where or settings.credentials
  if not handle then
    refuse(("there is no client secret for the client %s"):format(id), NO_SECRET)
  elseif not native.secret.is_text(handle) then
    refuse(where .. ": the client secret has a line break or another control character in it",
      "set it to the secret alone")
  end
  return handle
end

local function transport(settings)
  return {
    timeout = settings.timeout, connect_timeout = settings.connect_timeout,
    direct = settings.token_url:find "^http:" ~= nil, ca_file = settings.ca_file,
    client_cert = settings.client_cert, client_key = settings.client_key,
  }
end

local function by_credential(settings, run)
  local found = read_credentials(settings)
  local id = settings.client_id or found.client_id
  if not id then
    return nil
  end
  local options = transport(settings)
  options.url, options.client_id = settings.token_url, id
  options.client_secret = client_secret(settings, found, id, run)
  options.scopes = settings.scopes or found.scopes or SCOPES
  options.cache = settings.token_cache
  return require("dps.auth.oauth").new(options, {
    found = { ims_org = found.org, api_key = id }, run = run,
    reread = function() return client_secret(settings, read_credentials(settings), id, run) end,
  })
end

---@param settings dps.Settings
---@param run dps.Run
---@return dps.Auth|nil  nil when nothing is set that gives a token
function auth.of(settings, run)
  return given_token(settings, run) or by_credential(settings, run)
end

return auth
