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

local OPTIONS = {
  { "--port", "port to listen on; 0 takes a free one (default 8123)", "N", key = "port" },
  { "--db", "keep the data in FILE; without it, it ends with the process", "FILE", key = "db" },
  { "--empty", "leave out the documents' placement offerPlacement1234", key = "empty" },
}

local function port_number(text)
  local port = math.tointeger(tonumber((text or "8123"):match "^%d+$"))
  if not port or port > 65535 then
    err.raise { kind = "refused", message = ('"%s" is no port'):format(text),
      hint = "use a number from 0 to 65535; 0 takes a free port" }
  end
  return port
end

local function serve(options)
  local server = library.start {
    port = port_number(options.port), library = { db = options.db, empty = options.empty or false },
  }
  local url = library.base_url(server)
  io.stdout:write(url, "\n")
  io.stdout:flush()
  if native.isatty(2) then
    io.stderr:write(EXPORTS:format(url))
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
