-- The command line: finds the command, has lua-argparse parse its words, and starts it. What a
-- command takes and does is in command/.

local native = require "dps.native"
local report = require "dps.report"

local cli = {}

local USAGE = 2

-- In the order of --help; each is a file in command/.
local COMMANDS = { "run", "check", "serve", "sign", "verify" }

---@class dps.command.Option  { flag, help, argument }; without an argument it is a switch
---@field [1] string         such as "--sandbox"
---@field [2] string
---@field [3] string?
---@field key string         its name in the parsed options
---@field guarded boolean?   it says where writes go, or that none go, so it must not be lost to a
---                          script that never looks at it
---@field many boolean?      may be given again; the parsed option is a list

---@class dps.Command
---@field name string
---@field help string          one sentence
---@field arguments? { [1]: string, [2]: string, key: string, optional: boolean? }[]
---@field options dps.command.Option[]
---@field epilog? string
---@field cuts? boolean        what follows its first argument is not its own
---@field start fun(options: table, args: string[]): integer|function  an exit code, or what is to
---run as the main task

---@return dps.Command|nil
local function command_of(word)
  for _, name in ipairs(COMMANDS) do
    if name == word then
      return require("dps.command." .. name)
    end
  end
  return nil
end

local function add_option(parser, option)
  if not option[3] then
    parser:flag(option[1], option[2]):target(option.key)
    return
  end
  local added = parser:option(option[1], option[2]):argname(option[3]):target(option.key)
  if option.many then
    added:count "*"
  end
end

local function add_command(parser, command)
  local added = parser:command(command.name, command.help)
  for _, argument in ipairs(command.arguments or {}) do
    added:argument(argument[1], argument[2]):target(argument.key)
      :args(argument.optional and "?" or 1)
  end
  if command.epilog then
    added:epilog(command.epilog)
  end
  for _, option in ipairs(command.options) do
    add_option(added, option)
  end
  return added
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
  local parsers = {}
  for _, name in ipairs(COMMANDS) do
    parsers[name] = add_command(parser, command_of(name))
  end
  return parser, parsers
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
    (command or parser):get_usage(), "\nTry 'dps --help' or 'dps ", command and argv[1] or "run",
    " --help'.\n")
  return USAGE
end

local function print_failure(failure, traceback)
  if not require("dps.run").json then
    local code, text = report.describe(failure, traceback)
    io.stderr:write(text, "\n")
    return code, text
  end
  local code, fields = report.fields(failure, traceback)
  local text = require("dps.json").encode(fields, { sorted = true })
  io.stderr:write(text, "\n")
  return code, text
end

-- `dps run SCRIPT` without options needs no parser; to load one costs an eighth of the start.
local function parse(own)
  if own[1] == "run" and #own == 2 and own[2]:sub(1, 1) ~= "-" then
    return { command = "run", script = own[2] }
  end
  local ok, options = build_parser():pparse(own)
  return ok and options or nil, not ok and options or nil
end

-- The command's own words, and those of the script after it.
local function cut(words, command)
  if command and command.cuts then
    return require("dps.command.argv").cut(words, command.options)
  end
  return words, {}
end

---The whole command line. Called once by the engine.
---@param words string[]  without the program's name
---@return integer|function  an exit code, or what is to run as the main task
function cli.main(words)
  native.on_failure(print_failure)
  local command = command_of(words[1])
  local own, args = cut(words, command)
  local options, wrong = parse(own)
  if not wrong and #args > 0 then
    wrong = require("dps.command.argv").misplaced(own, args, command.options)
  end
  if wrong then
    return usage_error(words, wrong)
  end
  return command_of(options.command).start(options, args)
end

return cli
