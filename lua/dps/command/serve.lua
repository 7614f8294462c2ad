-- dps serve: a local Offer Library until somebody ends it.

local native = require "dps.native"
local err = require "dps.err"
local library = require "dps.command.library"

local FOREVER = 1e6

local EXPORTS = [[
To use it from another terminal:
  export DPS_BASE_URL=%s DPS_SANDBOX=dev
  export DPS_IMS_ORG=local@AdobeOrg DPS_API_KEY=local DPS_ACCESS_TOKEN=local
Ctrl-C ends it.
]]

local STRICT_EXPORTS = [[
To use it from another terminal, with the JSON file of the credential (--credentials) in FILE:
  export DPS_BASE_URL=%s DPS_SANDBOX=dev
  export DPS_TOKEN_URL=%s/ims/token/v3 DPS_CREDENTIALS=FILE
Ctrl-C ends it.
]]

local OPTIONS = {
  { "--port", "port to listen on; 0 takes a free one (default 8123)", "N", key = "port" },
  { "--db", "keep the data in FILE; without it, it ends with the process", "FILE", key = "db" },
  { "--empty", "leave out the documents' placement offerPlacement1234", key = "empty" },
  { "--auth", "strict: only tokens of its own endpoint are good (default any)", "any|strict",
    key = "auth" },
  { "--credentials", "the credential that gets tokens there (the Developer Console's JSON file)",
    "FILE", key = "credentials" },
  { "--token-lifetime", "how long a token is good (default 86399)", "SECONDS", key = "lifetime" },
}

local function port_number(text)
  local port = math.tointeger(tonumber((text or "8123"):match "^%d+$"))
  if not port or port > 65535 then
    err.raise { kind = "refused", message = ('"%s" is no port'):format(text),
      hint = "use a number from 0 to 65535; 0 takes a free port" }
  end
  return port
end

local function lifetime(text)
  local seconds = text and math.tointeger(tonumber(text:match "^%d+$"))
  if text and (not seconds or seconds < 1 or seconds > 86400) then
    err.raise { kind = "refused", message = ('--token-lifetime: "%s" is no lifetime'):format(text),
      hint = "use a number of seconds from 1 to 86400" }
  end
  return seconds
end

local function authority(mode)
  if mode ~= nil and mode ~= "any" and mode ~= "strict" then
    err.raise { kind = "refused", message = ('--auth: "%s" is unknown'):format(mode),
      hint = "use strict, or any" }
  end
  return mode
end

local function library_options(options)
  return {
    db = options.db, empty = options.empty or false, auth = authority(options.auth),
    credentials = options.credentials, token_lifetime = lifetime(options.lifetime),
  }
end

local function serve(options)
  local server = library.start {
    port = port_number(options.port), library = library_options(options),
  }
  local url = library.base_url(server)
  io.stdout:write(url, "\n")
  io.stdout:flush()
  if native.isatty(2) then
    io.stderr:write((options.auth == "strict" and STRICT_EXPORTS or EXPORTS):format(url,
      server:url()))
  end
  while server do
    native.sleep(FOREVER)
  end
end

---@type dps.Command
return {
  name = "serve",
  help = "Serve a local Offer Library over HTTP.",
  options = OPTIONS,
  start = function(options)
    return function()
      serve(options)
    end
  end,
}
