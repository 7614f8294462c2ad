-- Settings and options: out of the rows of lua/dps/config/ and of the commands' own options.

local config = require "dps.config"
local page = require "page"
local source = require "source"
local value = require "dps.config.value"

local TAKES = {
  [value.url] = "https address", [value.sandbox] = "name", [value.header] = "text",
  [value.file] = "path", [value.seconds] = "seconds", [value.command] = "command, without a shell",
  [value.scopes] = "names with commas between them",
}

local PROFILES = '{ "stage": { "sandbox": "stage", "timeout": 30 }, "live": { "sandbox": "prod" } }'

local INTRODUCTION = [[
A setting is taken from the command line, else from the environment, else from the profile, else it has its default. A
variable that is empty is not set. What no setting takes is refused before anything is sent, saying where it came from.

Profiles are named sets of settings in `~/.config/dps/config.json` (`$XDG_CONFIG_HOME/dps/config.json` where that is
set), chosen with `--profile` or `DPS_PROFILE`, by the keys of this table:

```json
PROFILES
```

`dps.client{ ... }` takes the same keys.]]

local SECRETS = [[
Secrets are never in that file, and no script, log or child process sees them: these variables, and all that begin with
`DPS_SECRET_` (for `dps.secret.from_env`), are taken out of the environment when a run begins.]]

local OTHERS = [[
Proxies are set by the usual variables, as for curl; `TZDIR` names the folder of the time zones.]]

-- The check's own words name the choices.
local function takes(setting, problems)
  local _, fault = setting.check "\1"
  local choices = fault and fault:match "is none of: (.*)$"
  local words = setting.takes or TAKES[setting.check]
    or choices and "`" .. choices:gsub(", ", "` `") .. "`"
  if not words then
    problems[#problems + 1] = "the setting " .. setting.name .. " does not say what it takes"
  end
  return words or ""
end

local function setting_rows(to, problems)
  to:add("| variable | key | value | default | |", "|---|---|---|---|---|")
  for _, setting in ipairs(config.settings) do
    if not setting.help then
      problems[#problems + 1] = "the setting " .. setting.name .. " has no help"
    end
    local needs = setting.needs and ("; goes with `DPS_%s`"):format(setting.needs:upper()) or ""
    to:add(("| `%s` | `%s` | %s | %s | %s%s%s |"):format(setting.env, setting.name,
      takes(setting, problems), setting.default and "`" .. setting.default .. "`" or "",
      setting.help or "", setting.flag and "; `" .. setting.flag .. "`" or "", needs))
  end
end

local function check_profile()
  config.load { flags = { profile = "stage" }, read_file = function() return PROFILES end,
    env = function(name) return name == "HOME" and "/" or nil end }
end

local function secret_rows(to)
  to:add("", SECRETS, "", "| variable | |", "|---|---|")
  for _, secret in ipairs(require "dps.config.secrets") do
    to:add(("| `%s` | %s |"):format(secret.env, secret.help))
  end
end

-- The command line --------------------------------------------------------------------------------

local function usage(command)
  local words = { "dps " .. command.name, "[OPTIONS]" }
  for _, argument in ipairs(command.arguments or {}) do
    words[#words + 1] = argument.optional and "[" .. argument[1] .. "]" or argument[1]
  end
  words[#words + 1] = command.cuts and "[ARG...]" or nil
  return table.concat(words, " ")
end

-- `dps check` takes what `dps run` takes, but for what it is in itself.
local RUN = require "dps.command.run"

local function run_options(command)
  local known = {}
  for _, option in ipairs(command.name == "check" and RUN.options or {}) do known[option] = true end
  return known
end

local function option_rows(to, command)
  local known = run_options(command)
  to:add("| option | |", "|---|---|")
  for _, option in ipairs(command.options) do
    if not known[option] then
      to:add(("| `%s%s` | %s |"):format(option[1], option[3] and " " .. page.cell(option[3]) or "",
        page.cell(option[2])))
    end
  end
end

local function add_command(to, name)
  local command = require("dps.command." .. name)
  to:heading(3, "`" .. usage(command) .. "`")
  to:add(command.help .. (command.epilog and " " .. command.epilog or ""), "")
  option_rows(to, command)
  if name == "check" then
    to:add("", "Beside these it has the options of `dps run` but `--dry-run`.")
  end
end

---@param to table  the page
---@param problems string[]  is added to
return function(to, problems)
  check_profile()
  to:add((INTRODUCTION:gsub("PROFILES", PROFILES)), "")
  setting_rows(to, problems)
  secret_rows(to)
  to:add("", OTHERS)
  to:heading(2, "The command line")
  for name in source.text "lua/dps/cli.lua":match "local COMMANDS = (%b{})":gmatch '"(%a+)"' do
    add_command(to, name)
  end
end
