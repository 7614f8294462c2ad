-- The one place that every write passes. A dry run answers here: it sends nothing, says each write,
-- gives receipts with ids such as "dry:fallback:1", and lays what would have been written over what
-- is read (dps.overlay).

local diff = require "dps.diff"
local difference = require "dps.difference"
local intents = require "dps.intent"
local json = require "dps.json"
local outcome = require "dps.outcome"
local overlay = require "dps.overlay"

local gate = {}

local DRY_ID = "^dry:"
local SORTED = { sorted = true }

-- Saying -----------------------------------------------------------------------------------------

local Dry = {}
Dry.__index = Dry

-- `sandbox`: where a script writes to more than one.
local function line_for_people(intent, id, sandbox)
  local size = intent.body and (", %d bytes"):format(#intent.body) or ""
  local where = sandbox and " in sandbox " .. sandbox or ""
  if intent.verb == "request" then
    return ("would send %s %s%s%s"):format(intent.method, intent.target, where, size)
  end
  local name = intent.name and '"' .. intent.name:gsub("%c", "?") .. '"' or intent.id
  return ("would %s %s %s%s: %s %s%s%s"):format(intent.verb, intent.resource.title, name, where,
    intent.method, intent.target, size, id and id ~= intent.id and " -> " .. id or "")
end

-- What an update changes, where it was made against what is there.
local function changes_for_people(intent)
  local lines = {}
  if intent.base then
    local operations = intent.method == "PATCH" and intent.value
      or diff.operations(intent.base, intent.after)
    for i, step in ipairs(difference.of(intent.base, operations)) do
      lines[i] = ("  %s: %s -> %s"):format(step.path, step.old, step.new)
    end
  end
  return lines
end

local function line_for_programs(intent, id, sandbox)
  local line = {
    dry_run = true, verb = intent.verb, resource = intent.resource and intent.resource.name,
    name = intent.name, id = id, method = intent.method, target = intent.target,
    body = intent.value, sandbox = sandbox,
  }
  local text = json.encode(line, SORTED)
  if not text then -- the script's own bytes, or as deep or as long as can be
    line.body, line.bytes = nil, #intent.body
    text = json.encode(line, SORTED)
  end
  return text
end

-- `value`: the object as it would stand; nil where that is not known.
function Dry:announce(intent, id, value)
  if self.watch then
    self.watch(intent, id, value)
    return
  end
  self.say(self.json and line_for_programs(intent, id, self.sandbox)
    or line_for_people(intent, id, self.named and self.sandbox))
  for _, line in ipairs(not self.json and changes_for_people(intent) or {}) do
    self.say(line)
  end
end

-- Answering ---------------------------------------------------------------------------------------

-- Reads are real in a dry run.
local function reader(intent, send)
  return function()
    return (send {
      verb = "get", method = "GET", id = intent.id, target = intent.target,
      operation = intent.operation, resource = intent.resource, headers = intent.headers,
    })
  end
end

local function receipt(entry)
  return { id = entry.id, etag = entry.etag, dry = true }
end

local answers = {}

function answers.create(self, intent)
  local entry = self.overlay:create(intent)
  self:announce(intent, entry.id, self.watch and json.decode(intent.body))
  return receipt(entry)
end

function answers.update(self, intent, send)
  local entry, value = self.overlay:update(intent, reader(intent, send))
  self:announce(intent, entry.id, value)
  return receipt(entry)
end

function answers.delete(self, intent, send)
  self.overlay:delete(intent, reader(intent, send))
  self:announce(intent, intent.id)
end

function answers.request(self, intent)
  self:announce(intent)
  return { dry = true }
end

function answers.get(self, intent)
  return self.overlay:get(intent)
end

local function refuse_dry_id(intent)
  intents.fail(intent, {
    kind = "refused",
    message = intent.id .. " is the id of a dry run; nothing with that id exists",
    hint = "run the script that creates it without --dry-run, and use the id that it returns",
  })
end

---@class dps.GateOptions
---@field dry_run boolean
---@field json boolean               a dry run's writes are JSON lines
---@field say fun(line: string)      one line for each write that a dry run does not send
---@field sandbox string?           where they would go
---@field named boolean?            people are told it in each line
---@field watch? fun(intent: dps.Intent, id: string?, value: table?)  sees each of them, in place of
---  `say`; `value` is the object as it would stand, nil where that is not known

---A gate that sends, or one that only says what it would send.
---@param options dps.GateOptions
---@return fun(intent: dps.Intent, send: fun(intent: dps.Intent): any): any pass
---@return dps.Overlay? overlay  of a dry run
function gate.new(options)
  if not options.dry_run then
    return function(intent, send)
      if intent.id and intent.id:find(DRY_ID) then refuse_dry_id(intent) end
      return send(intent)
    end
  end
  local dry = setmetatable({
    overlay = overlay.new(), say = options.say, json = options.json, watch = options.watch,
    sandbox = options.sandbox, named = options.named,
  }, Dry)
  return function(intent, send)
    if outcome.is_read(intent.method) and not dry.overlay:holds(intent) then
      return send(intent)
    end
    return answers[intent.verb](dry, intent, send)
  end, dry.overlay
end

return gate
