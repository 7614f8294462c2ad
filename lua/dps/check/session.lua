-- A script running under dps check: what it writes is recorded, for each client by itself, what it
-- prints goes to stderr, and it is over when its last task is. It judges nothing.

local session = {}

local err = require "dps.err"
local intents = require "dps.intent"
local look = require "dps.look"
local native = require "dps.native"
local operation = require "dps.operation"
local plans = require "dps.check.plan"
local raw = require "dps.check.raw"
local resources = require "dps.resource"
local run = require "dps.run"

local PAGE = 500

-- How the service is asked that a client talks to.
local function reader(client)
  local operations = operation.all(function() return client end)
  return {
    get = function(kind, id)
      return operations["get_" .. kind](id)
    end,
    named = function(kind, name)
      return look.named(client, { operation = "check" }, resources.by_name[kind], name)
    end,
    all = function(kind)
      return operations["list_" .. resources.by_name[kind].plural] { limit = PAGE }
    end,
    total = function(kind)
      local description = resources.by_name[kind]
      local intent = { verb = "list", method = "GET", operation = "check", resource = description,
        target = resources.collection_target(description, "limit=1") }
      intent.headers = intents.headers(client, intent)
      local page = client:call(intent)
      return type(page) == "table" and math.tointeger(page.total) or nil
    end,
  }
end

---@class dps.check.Session
---@field plans dps.check.Plan[]   one for each client that wrote, and one for the script itself
---@field unseen integer           writes of dps.request that no rule can look at
---@field requests integer         those that one can
---@field leave fun(code: integer) what os.exit was
local Session = { __name = "dps.check.session" }
Session.__index = Session

-- Ids of a dry run are a client's own.
local function plan_of(self, client)
  local plan = self.by_client[client]
  if not plan then
    plan = plans.new { now = self.now, zone = self.zone, unread = self.unread,
      reader = reader(client) }
    self.by_client[client] = plan
    self.plans[#self.plans + 1] = plan
  end
  return plan
end

local function print_to_stderr(...)
  local words = table.pack(...)
  for i = 1, words.n do
    words[i] = tostring(words[i])
  end
  io.stderr:write(table.concat(words, "\t"), "\n")
end

-- Ends the script where it calls os.exit, so that what it has written by then is looked at.
local LEFT = setmetatable({}, { __tostring = function() return "the script called os.exit" end })

local function redirect(self)
  print = print_to_stderr -- luacheck: globals print
  io.output(io.stderr)
  self.leave = os.exit
  os.exit = function() error(LEFT, 0) end -- luacheck: globals os.exit
end

-- The script's line; in a task that runs nothing of the script's own (dps.ensure_..., or
-- dps.spawn(dps.create_tag, tag)) the one that started it.
local function where(self)
  return err.where() or self.started[coroutine.running()] or "?"
end

-- The row that this task, or the one that started it, works on.
local function row(self)
  return self.rows[coroutine.running()]
end

local function watch_tasks(self)
  local task, start = require "dps.task", native.spawn
  function native.spawn(f, ...)
    local from, at = where(self), row(self)
    return start(function(...)
      local this = coroutine.running()
      self.started[this], self.rows[this] = from, at
      return f(...)
    end, ...)
  end
  local spawn = task.spawn
  function task.spawn(...)
    local started = spawn(...)
    self.tasks[#self.tasks + 1] = started
    return started
  end
end

-- A write of dps.request is looked at where it creates something that has a description.
local function watch_request(self, client, intent)
  local description, value = raw.create(intent)
  if description then
    self.requests = self.requests + 1
    plan_of(self, client):record({ verb = "create", resource = description },
      "request:" .. self.requests, value, where(self), row(self))
    return
  end
  self.unseen = self.unseen + 1
  if value ~= "" then
    self.unread(("%s: %s: %s"):format(where(self), intent.name, value))
  end
end

local function watch(self)
  run.watch = function(client, intent, id, value)
    if not intent.resource then
      watch_request(self, client, intent)
    else
      plan_of(self, client):record(intent, id, value, where(self), row(self))
    end
  end
  run.row = function(source, line)
    self.rows[coroutine.running()] = { source = source, line = line }
  end
  require("dps.date.value").watch = function(message)
    local clocks = self.plans[1].clocks
    clocks[#clocks + 1] = { where = where(self), message = message }
  end
end

---Prepares this process for a script that is to be looked at.
---@param options { now: integer, zone: string?, unread: fun(message: string) }
---@return dps.check.Session
function session.new(options)
  local own = plans.new { now = options.now, zone = options.zone, reader = {} }
  local self = setmetatable({
    now = options.now, zone = options.zone, unread = options.unread,
    plans = { own }, by_client = {}, tasks = {}, unseen = 0, requests = 0,
    started = setmetatable({}, { __mode = "k" }), rows = setmetatable({}, { __mode = "k" }),
  }, Session)
  redirect(self)
  watch_tasks(self)
  watch(self)
  return self
end

---Runs the script to its end, and every task that it has started.
---@param chunk function
---@param args string[]
---@return table|nil failure  { the value that was raised }
function Session:run(chunk, args)
  local ok, why = pcall(chunk, table.unpack(args))
  local failure = not ok and why ~= LEFT and { why } or nil
  local i = 1
  while self.tasks[i] do -- tasks may start others
    ok, why = pcall(self.tasks[i].wait, self.tasks[i])
    failure = failure or not ok and why ~= LEFT and { why } or nil
    i = i + 1
  end
  return failure
end

---How many objects the script would have written or found to be as it wants them.
---@return integer
function Session:count()
  local count = 0
  for _, plan in ipairs(self.plans) do
    count = count + #plan.objects
  end
  return count
end

return session
