-- dps check: runs a script as --dry-run does, with reads real, and looks at what it would have
-- written. Exit code 4 where a rule finds something.

local err = require "dps.err"
local project = require "dps.check.project"
local rules = require "dps.check.rules"
local run = require "dps.run"
local run_command = require "dps.command.run"
local say = require "dps.check.say"
local session = require "dps.check.session"

local FOUND = 4

local OWN = {
  { "--rules", "list the rules", key = "list" },
  { "--explain", "say what a rule finds, why, and what to do", "RULE", key = "explain" },
  { "--off", "turn a rule off (again for more)", "RULE", key = "off", many = true },
  { "--rule-file", "a rule of your own, in Lua (again for more)", "FILE", key = "rule_files",
    many = true },
  { "--zone", "the time zone that dates with an offset are meant in", "NAME", key = "zone" },
  { "--at", "the moment that counts as now, such as 2026-12-01T00:00:00Z", "DATE", key = "at" },
}

-- What dps run takes, but for what this is in itself.
local function options()
  local list = {}
  for _, option in ipairs(run_command.options) do
    list[#list + 1] = option.key ~= "dry_run" and option or nil
  end
  return table.move(OWN, 1, #OWN, #list + 1, list)
end

---@type dps.Command
local command = {
  name = "check",
  help = "Run a script without writing, and find faults in what it would write.",
  arguments = {
    { "SCRIPT", "a Lua file; - reads standard input", key = "script", optional = true },
  },
  options = options(),
  epilog = "A project's settings are in .dps/check.json: off, rules (files), zone. Exit code 4:"
    .. " something was found.",
  cuts = true,
}

local function refuse(message, hint)
  err.raise { kind = "refused", message = message, hint = hint }
end

-- --- what is asked for ---

local function all_rules(settings, given)
  local list = rules.own()
  for _, paths in ipairs { settings.rules, given.rule_files or {} } do
    for _, path in ipairs(paths) do
      list[#list + 1] = rules.from_file(path)
    end
  end
  return list
end

local function turned_off(list, settings, given)
  local off = {}
  for _, names in ipairs { settings.off, given.off or {} } do
    for _, name in ipairs(names) do
      off[rules.find(list, name).name] = true
    end
  end
  return off
end

local function still_on(list, off)
  local on = {}
  for _, rule in ipairs(list) do
    on[#on + 1] = not off[rule.name] and rule or nil
  end
  return on
end

local function moment_of(text)
  local date = require "dps.date"
  if not text then
    return date.now().ms
  end
  local at, reason = date.try(text, "UTC")
  return at and at.ms or refuse("--at: " .. reason, "write it such as 2026-12-01T00:00:00Z")
end

local function check_zone(name)
  local zone, reason = require("dps.date.zone").of(name)
  return zone and name or refuse("--zone: " .. reason, "write it such as Europe/Paris")
end

-- --- the run ---

local function note(text)
  if not run.quiet then
    io.stderr:write(text, "\n")
  end
end

local function findings_of(self, list)
  local findings = {}
  for _, plan in ipairs(self.plans) do
    local found = rules.run(list, plan)
    table.move(found, 1, #found, #findings + 1, findings)
  end
  return findings
end

local function show(self, findings, failed)
  local lines = run.json and {} or say.findings(findings)
  for i, finding in ipairs(run.json and findings or {}) do
    lines[i] = say.json(finding)
  end
  for _, line in ipairs(lines) do
    io.stdout:write(line, "\n")
  end
  io.stdout:flush()
  if self.unseen > 0 then
    note(("warning: no rule can look at %d of the writes of dps.request"):format(self.unseen))
  end
  note(say.summary(findings, self:count(), failed))
end

local function check(chunk, args, list, how)
  local self = session.new(how)
  local failure = self:run(chunk, args)
  local findings = findings_of(self, list)
  show(self, findings, failure ~= nil)
  if failure then
    error(failure[1], 0)
  elseif #findings > 0 then
    self.leave(FOUND)
  end
end

---@param given table
---@param args string[]
---@return integer|function
function command.start(given, args)
  local settings = project.load()
  local list = all_rules(settings, given)
  local off = turned_off(list, settings, given)
  if given.list or given.explain then
    io.stdout:write(given.list and say.rules(list, off)
      or say.explain(rules.find(list, given.explain)), "\n")
    return 0
  elseif not given.script then
    refuse("there is no script to check", "write dps check SCRIPT, or dps check --rules")
  end
  given.dry_run = true
  local zone = given.zone or settings.zone
  local how = {
    now = moment_of(given.at), zone = zone and check_zone(zone),
    unread = function(message) note("warning: " .. message) end,
  }
  local chunk = run_command.prepare(given, args)
  return function()
    check(chunk, args, still_on(list, off), how)
  end
end

return command
