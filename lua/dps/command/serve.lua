-- dps serve: a local Offer Library until somebody ends it; also its copies in and out, and what it
-- covers.

local native = require "dps.native"
local err = require "dps.err"
local library = require "dps.command.library"
local signatures = require "dps.command.signatures"
local switches = require "dps.library.switches"

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
  { "--reset", "throw away what the database holds first", key = "reset" },
  { "--empty", "leave out the documents' placement offerPlacement1234", key = "empty" },
  { "--auth", "which tokens are good: any well-formed one (default); strict: those that its own"
    .. " endpoint gave out", "any|strict", key = "auth" },
  { "--credentials", "the credential that gets tokens there (the Developer Console's JSON file)",
    "FILE", key = "credentials" },
  { "--token-lifetime", "how long a token is good (default 86399)", "SECONDS", key = "lifetime" },
  { "--import", "begin with what FILE holds, an export or written by hand", "FILE",
    key = "import" },
  { "--export", "write all that the database holds to FILE as JSON, and end; - is stdout", "FILE",
    key = "export" },
  { "--coverage", "list what is covered and what is not, and end", key = "coverage" },
  { "--fault", 'misbehave: "503 first=3 path=/offers", "lost first=1" (may be given again)',
    "FAULT", key = "fault", many = true },
  { "--strict", "every --strict-... switch", key = "strict" },
}
table.move(signatures.OPTIONS, 1, #signatures.OPTIONS, #OPTIONS + 1, OPTIONS)

local function add_switches(list)
  for _, each in ipairs(switches.all) do
    local default = each.default and (" (default %s)"):format(each.default) or ""
    list[#list + 1] = {
      each.flag, each.help .. default,
      each.values and table.concat(each.values, "|") or each.number and "N" or nil,
      key = each.name,
    }
  end
  return list
end

local function refuse(message, hint)
  err.raise { kind = "refused", message = message, hint = hint }
end

local function port_number(text)
  local port = math.tointeger(tonumber((text or "8123"):match "^%d+$"))
  if not port or port > 65535 then
    refuse(('"%s" is no port'):format(text), "use a number from 0 to 65535; 0 takes a free port")
  end
  return port
end

local function lifetime(text)
  local seconds = text and math.tointeger(tonumber(text:match "^%d+$"))
  if text and (not seconds or seconds < 1 or seconds > 86400) then
    refuse(('--token-lifetime: "%s" is no lifetime'):format(text),
      "use a number of seconds from 1 to 86400")
  end
  return seconds
end

local function authority(mode)
  if mode ~= nil and mode ~= "any" and mode ~= "strict" then
    refuse(('--auth: "%s" is unknown'):format(mode), "use any (every well-formed token is good) or"
      .. " strict (those that its own endpoint gave out)")
  end
  return mode
end

local function library_options(options)
  local given = {
    db = options.db, reset = options.reset or false, empty = options.empty or false,
    import = options.import, strict = options.strict or false,
    faults = table.concat(options.fault or {}, "\n"), auth = authority(options.auth),
    credentials = options.credentials, token_lifetime = lifetime(options.lifetime),
    edge = signatures.edge(options),
  }
  for _, each in ipairs(switches.all) do
    given[each.name] = options[each.name]
  end
  return given
end

local function serve(options)
  local server = library.start {
    port = port_number(options.port), library = library_options(options),
  }
  local url = library.base_url(server)
  if options.auth == "strict" and not native.isatty(2) then
    io.stderr:write(("note: tokens come from DPS_TOKEN_URL=%s/ims/token/v3\n"):format(server:url()))
  end
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

local function open_output(path)
  if path == "-" then
    return io.stdout
  end
  local file, why = io.open(path, "wb")
  return file or refuse(("%s can't be written: %s"):format(path, why), "give another file")
end

-- Everything or an error: a full disk must not leave half a copy unnoticed.
local function writer(file, path)
  return function(...)
    local ok, why = file:write(...)
    return ok or refuse(("%s can't be written: %s"):format(path, why),
      "make room, and export again")
  end
end

local function export(options)
  if not options.db and not options.import then
    refuse("--export needs --db or --import", "name the database whose content is to be written")
  end
  local opened, why = require("dps.library").open(library_options(options))
  if not opened then
    refuse(why, "change what is named above")
  end
  local file = open_output(options.export)
  opened:export(writer(file, options.export))
  opened:close()
  if not file:flush() then
    refuse(options.export .. " can't be written to its end", "make room, and export again")
  end
end

local function start(options)
  if options.coverage then
    io.stdout:write(require("dps.library.coverage").text())
  elseif options.export then
    export(options)
  else
    serve(options)
  end
end

---@type dps.Command
return {
  name = "serve",
  help = "Serve a local Offer Library over HTTP.",
  options = add_switches(OPTIONS),
  start = function(options)
    return function()
      start(options)
    end
  end,
}
