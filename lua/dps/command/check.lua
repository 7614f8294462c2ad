-- dps check: runs a script as --dry-run does, with reads real, and looks at what it would have
-- written. Exit code 4 where a rule finds something.

local err = require "dps.err"
local project = require "dps.check.project"
local rules = require "dps.check.rules"
local run = require "dps.run"
local run_command = require "dps.command.run"
local say = require "dps.check.say"

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

local function reader()
  local dps = require "dps"
  local client = require("dps.client").default
  local intents, resources = require "dps.intent", require "dps.resource"
  return {
    get = function(kind, id)
      return dps["get_" .. kind](id)
    end,
    named = function(kind, name)
      return require("dps.look").named(client(), { operation = "check" }, resources.by_name[kind],
        name)
    end,
    all = function(kind)
      return dps["list_" .. resources.by_name[kind].plural] { limit = 500 }
    end,
    total = function(kind)
      local description = resources.by_name[kind]
      local intent = { verb = "list", method = "GET", operation = "check", resource = description,
        target = resources.collection_target(description, "limit=1") }
      intent.headers = intents.headers(client(), intent)
      local page = client():call(intent)
      return type(page) == "table" and math.tointeger(page.total) or nil
    end,
  }
end

local function note(text)
  if not run.quiet then
    io.stderr:write(text, "\n")
  end
end

-- Findings are what goes to stdout.
local function print_to_stderr(...)
  local words = table.pack(...)
  for i = 1, words.n do
    words[i] = tostring(words[i])
  end
  io.stderr:write(table.concat(words, "\t"), "\n")
end

-- Ends the script where it calls os.exit, so that what it has written by then is looked at.
local LEFT = setmetatable({}, { __tostring = function() return "the script called os.exit" end })

local function prepare(plan)
  local tasks, task = {}, require "dps.task"
  local spawn = task.spawn
  function task.spawn(...)
    tasks[#tasks + 1] = spawn(...)
    return tasks[#tasks]
  end
  print = print_to_stderr -- luacheck: globals print
  io.output(io.stderr)
  local leave = os.exit
  os.exit = function() error(LEFT, 0) end -- luacheck: globals os.exit
  run.watch = function(intent, id, value)
    plan:record(intent, id, value)
  end
  require("dps.date.value").watch = function(message)
    plan.clocks[#plan.clocks + 1] = { where = err.where() or "?", message = message }
  end
  return tasks, leave
end

-- Tasks may start others, so the list grows while it is read.
local function wait_for(tasks)
  local failure
  local i = 1
  while tasks[i] do
    local ok, why = pcall(tasks[i].wait, tasks[i])
    failure = failure or not ok and why ~= LEFT and why or nil
    i = i + 1
  end
  return failure
end

local function show(findings, count)
  for _, finding in ipairs(findings) do
    io.stdout:write(run.json and say.json(finding) or say.finding(finding), "\n")
  end
  io.stdout:flush()
  note(say.summary(findings, count))
end

local function check(chunk, args, list, plan)
  local tasks, leave = prepare(plan)
  local ok, failure = pcall(chunk, table.unpack(args))
  if ok or failure == LEFT then
    failure = nil
  end
  failure = wait_for(tasks) or failure
  local findings = rules.run(list, plan)
  show(findings, #plan.objects)
  if failure ~= nil then
    error(failure, 0)
  elseif #findings > 0 then
    leave(FOUND)
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
  local plan = require("dps.check.plan").new {
    now = moment_of(given.at), zone = zone and check_zone(zone), reader = reader(),
    unread = function(message) note("warning: " .. message) end,
  }
  local chunk = run_command.prepare(given, args)
  return function()
    check(chunk, args, still_on(list, off), plan)
  end
end

return command
