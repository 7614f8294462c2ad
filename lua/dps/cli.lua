-- The command line: one table of subcommands and options, parsed by lua-argparse. It prepares a run
-- and hands it over; what a script does is none of its business.

local native = require "dps.native"
local err = require "dps.err"
local report = require "dps.report"
local run = require "dps.run"
local script = require "dps.script"

local cli = {}

local USAGE = 2
local FOREVER = 1e6

-- { flags, help, argument }: an option without an argument is a switch. `key` is its name in the
-- parsed result; `guarded`: it says where writes go, or that none go, so it must not be lost to a
-- script that never looks at it.
local RUN_OPTIONS = {
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

local SERVE_OPTIONS = {
  { "--port", "port to listen on; 0 takes a free one (default 8123)", "N", key = "port" },
  { "--db", "keep the data in FILE; without it, it ends with the process", "FILE", key = "db" },
  { "--empty", "leave out the documents' placement offerPlacement1234", key = "empty" },
}

local function add_options(command, options)
  for _, option in ipairs(options) do
    if option[3] then
      command:option(option[1], option[2]):argname(option[3]):target(option.key)
    else
      command:flag(option[1], option[2]):target(option.key)
    end
  end
end

---The parser, and those of its commands by name.
local function build_parser()
  local argparse = require "argparse"
  local parser = argparse("dps", "A Lua-scriptable engine for Adobe's Offer Library.")
  parser:flag("--version", "Print the version and exit."):action(function()
    print("dps " .. native.version)
    os.exit(0)
  end)
  parser:command_target "command"
  parser:require_command(true)
  local run_command = parser:command("run", "Run a Lua script.")
  run_command:argument("SCRIPT", "a Lua file; - reads standard input"):target "script"
  run_command:epilog "What follows SCRIPT belongs to the script: arg[1], arg[2] ... and ... in it."
  add_options(run_command, RUN_OPTIONS)
  local serve_command = parser:command("serve", "Serve a local Offer Library over HTTP.")
  add_options(serve_command, SERVE_OPTIONS)
  return parser, { run = run_command, serve = serve_command }
end

-- What is known of a flag of run; empty for any other word.
local function about(flag)
  for _, option in ipairs(RUN_OPTIONS) do
    if option[1] == flag then
      return option
    end
  end
  return {}
end

-- The place of the script in `dps run OPTIONS SCRIPT ARGS`: the first word that is neither an
-- option nor its value.
local function script_place(argv)
  local i = 2
  while argv[i] do
    local word = argv[i]
    if word == "--" then
      return i + 1
    end
    if word == "-" or word:sub(1, 1) ~= "-" then
      return i
    end
    i = i + (about(word)[3] and 2 or 1)
  end
  return nil
end

-- What follows the script is the script's own, dashes too, so it is cut off before anybody looks
-- for options.
local function cut(argv)
  local place = argv[1] == "run" and script_place(argv)
  if not place then
    return argv, {}
  end
  return table.move(argv, 1, place, 1, {}), table.move(argv, place + 1, #argv, 1, {})
end

-- A guarded option after the script; `--` before it says that all of this is the script's own.
local function misplaced(own, args)
  if own[#own - 1] == "--" then
    return nil
  end
  for _, word in ipairs(args) do
    local flag = word:match "^%-%-[%w-]+"
    if about(flag).guarded then
      return ("%s stands after the script; write dps run %s ... %s, or dps run -- %s %s"
        .. " if it is the script's own"):format(flag, flag, own[#own], own[#own], flag)
    end
  end
end

-- `dps campaign.lua`: everybody tries it once.
local function not_a_command(argv, commands)
  local word = argv[1] or ""
  local is_script = not commands[word] and word:find "%.lua$"
  return is_script and (" (to run a script, write dps run %s)"):format(word) or ""
end

local function usage_error(argv, message)
  local parser, commands = build_parser()
  local command = commands[argv[1]]
  io.stderr:write("dps: ", message, not_a_command(argv, commands), "\n",
    (command or parser):get_usage(), "\nTry 'dps --help' or 'dps run --help'.\n")
  return USAGE
end

-- --- failures ---

local function print_failure(failure, traceback)
  if not run.json then
    local code, text = report.describe(failure, traceback)
    io.stderr:write(text, "\n")
    return code, text
  end
  local code, fields = report.fields(failure, traceback)
  local text = require("dps.json").encode(fields, { sorted = true })
  io.stderr:write(text, "\n")
  return code, text
end

local function refuse(message, hint)
  err.raise { kind = "refused", message = message, hint = hint }
end

-- --- dps serve ---

local function start_library(options)
  if options.library.db == "" then
    refuse("the name of the database file is empty",
      "name a file, or leave the option out to keep nothing")
  end
  local server, why = native.serve(options)
  if not server then
    refuse("the local Offer Library can't start: " .. why,
      "change what is named above and start it again")
  end
  return server
end

local function base_url(server)
  return server:url() .. "/data/core/dps"
end

local function port_number(text)
  local port = math.tointeger(tonumber((text or "8123"):match "^%d+$"))
  if not port or port > 65535 then
    refuse(('"%s" is no port'):format(text), "use a number from 0 to 65535; 0 takes a free port")
  end
  return port
end

local EXPORTS = [[
To use it from another terminal:
  export DPS_BASE_URL=%s DPS_SANDBOX=dev
  export DPS_IMS_ORG=local@AdobeOrg DPS_API_KEY=local DPS_ACCESS_TOKEN=local
Ctrl-C ends it.
]]

local function serve(options)
  local server = start_library {
    port = port_number(options.port), library = { db = options.db, empty = options.empty or false },
  }
  local url = base_url(server)
  io.stdout:write(url, "\n")
  io.stdout:flush()
  if native.isatty(2) then
    io.stderr:write(EXPORTS:format(url))
  end
  while server do
    native.sleep(FOREVER)
  end
end

-- --- dps run ---

-- The local library takes any credentials, and the settings for the real service have no business
-- there.
local function no_setting() end

local function use_local(options)
  local server = start_library { port = 0, library = { db = options.local_db } }
  run.flags.base_url = base_url(server)
  run.flags.ims_org, run.flags.api_key = "local@AdobeOrg", "local"
  local from_environment = os.getenv "DPS_SANDBOX" or ""
  run.flags.sandbox = options.sandbox or from_environment ~= "" and from_environment or "dev"
  run.flags.profile, run.env = nil, no_setting
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
    refuse("--local-db needs --local", "add --local, or leave out --local-db")
  end
end

local function run_script(options, args)
  take_options(options)
  local chunk = script.load(options.script, args)
  cli.library = options["local"] and use_local(options) -- kept alive as long as the run
  return function()
    return chunk(table.unpack(args)) -- a tail call: a traceback then says "main chunk"
  end
end

-- --- entry ---

-- `dps run SCRIPT` without options needs no parser; to load one costs an eighth of the start.
local function parse(own)
  if own[1] == "run" and #own == 2 and own[2]:sub(1, 1) ~= "-" then
    return { command = "run", script = own[2] }
  end
  local ok, options = build_parser():pparse(own)
  return ok and options or nil, not ok and options or nil
end

---The whole command line. Called once by the engine.
---@param argv string[]  without the program's name
---@return integer|function  an exit code, or what is to run as the main task
function cli.main(argv)
  native.on_failure(print_failure)
  local own, args = cut(argv)
  local options, wrong = parse(own)
  wrong = wrong or misplaced(own, args)
  if wrong then
    return usage_error(argv, wrong)
  end
  if options.command == "run" then
    return run_script(options, args)
  end
  return function()
    serve(options)
  end
end

return cli
