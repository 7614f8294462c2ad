-- dps run: prepares a run and hands it over; what the script does is none of its business.

local native = require "dps.native"
local err = require "dps.err"
local library = require "dps.command.library"
local run = require "dps.run"
local script = require "dps.script"

local OPTIONS = {
  { "--sandbox", "Adobe's sandbox to work in (DPS_SANDBOX)", "NAME", key = "sandbox",
    guarded = true },
  { "--profile", "settings from ~/.config/dps/config.json (DPS_PROFILE)", "NAME", key = "profile",
    guarded = true },
  { "--local", "run against a local Offer Library in this process", key = "local", guarded = true },
  { "--local-db", "keep its data in FILE (with --local)", "FILE", key = "local_db",
    guarded = true },
  { "--dry-run", "send no write; say what would be written", key = "dry_run", guarded = true },
  { "--json", "JSON lines instead of text, for errors and dry runs", key = "json" },
  { "--verbose", "a line on stderr for every request", key = "verbose" },
  { "--quiet", "no warnings, no notes", key = "quiet" },
}

-- The local library takes any credentials, and the settings for the real service have no business
-- there. But for signatures: they are tried here as well, those aside that only a gateway reads.
local GATEWAYS = { ["hmac-auth"] = true, sigv4 = true }

local function local_setting(name)
  if name:find "^DPS_SIGN_" and not GATEWAYS[os.getenv "DPS_SIGN_PROFILE"] then
    return os.getenv(name)
  end
end

local function use_local(options)
  local server = library.start { port = 0, library = { db = options.local_db } }
  run.flags.base_url = library.base_url(server)
  run.flags.ims_org, run.flags.api_key = "local@AdobeOrg", "local"
  run.flags.item_schema = "https://ns.adobe.com/local/schemas/decision-item"
  local from_environment = os.getenv "DPS_SANDBOX" or ""
  run.flags.sandbox = options.sandbox or from_environment ~= "" and from_environment or "dev"
  run.flags.profile, run.env, run.is_local = nil, local_setting, true
  run.token = native.public_token "local"
  if options.verbose then
    io.stderr:write("local Offer Library at ", run.flags.base_url, "\n")
  end
  return server
end

local function take_options(options)
  for _, name in ipairs { "dry_run", "json", "verbose", "quiet" } do
    run[name] = options[name] or false
  end
  run.flags.sandbox, run.flags.profile = options.sandbox, options.profile
  if options.local_db and not options["local"] then
    err.raise { kind = "refused", message = "--local-db needs --local",
      hint = "add --local, or leave out --local-db" }
  end
end

---@type dps.Command
local command = {
  name = "run",
  help = "Run a Lua script.",
  arguments = { { "SCRIPT", "a Lua file; - reads standard input", key = "script" } },
  options = OPTIONS,
  epilog = "What follows SCRIPT belongs to the script: arg[1], arg[2] ... and ... in it.",
  cuts = true,
}

---Sets a run up and loads its script.
---@param options table
---@param args string[]
---@return function chunk
function command.prepare(options, args)
  take_options(options)
  local chunk = script.load(options.script, args)
  command.library = options["local"] and use_local(options) -- kept alive as long as the run
  return chunk
end

---@param options table
---@param args string[]
---@return function
function command.start(options, args)
  local chunk = command.prepare(options, args)
  return function()
    return chunk(table.unpack(args)) -- a tail call: a traceback then says "main chunk"
  end
end

return command
