-- The one place that every write passes. A dry run answers here: it sends nothing, gives receipts
-- with ids such as "dry:fallback:1", keeps what would have been written, and answers reads of such
-- ids from that.

local diff = require "dps.diff"
local difference = require "dps.difference"
local intents = require "dps.intent"
local json = require "dps.json"
local outcome = require "dps.outcome"
local patch = require "dps.patch"
local schema = require "dps.schema"

local gate = {}

local DRY_ID = "^dry:"
local SORTED = { sorted = true }

-- The dry run's memory ----------------------------------------------------------------------------

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

function Dry:find(intent)
  local object = self.objects[intent.id]
  if not object or object.resource ~= intent.resource then
    intents.fail(intent, {
      kind = "http",
      message = ("this dry run has written no %s with the id %s")
        :format(intent.resource.title, intent.id),
      hint = "ids that begin with dry: live only in the run that made them",
    })
  end
  return object
end

local function receipt(id, etag)
  return { id = id, etag = etag, dry = true }
end

-- The ids of a resource in the order of their creation, those of deleted objects too.
local function ids_of(self, resource)
  local ids = self.ids[resource.name] or {}
  self.ids[resource.name] = ids
  return ids
end

-- A new table with what a reader sees.
local function entity_of(id, object)
  local entity = json.decode(object.body)
  for _, field in ipairs(object.resource.fields) do
    if field.write_only then
      entity[field.name] = nil
    end
  end
  entity.id, entity.etag, entity.dry = id, object.etag, true
  return entity
end

local answers = {}

function answers.create(self, intent)
  local ids = ids_of(self, intent.resource)
  local id = ("dry:%s:%d"):format(intent.resource.name, #ids + 1)
  ids[#ids + 1] = id
  self.objects[id] = { etag = 1, body = intent.body, resource = intent.resource }
  self:announce(intent, id, self.watch and json.decode(intent.body))
  return receipt(id, 1)
end

-- The service checks what a patch makes of an object; here that is known as well.
local function apply(intent, document)
  if intent.method == "PUT" then
    return intent.value
  end
  local value, why = patch.apply(document, intent.value)
  if value == nil then
    intents.fail(intent, { kind = "invalid", message = why, name = intent.id })
  end
  local problems = schema.new_problems(intent.resource.fields, document, value)
  if #problems > 0 then
    intents.fail(intent, { kind = "invalid", problems = problems, name = intent.id })
  end
  return value
end

-- Reads are real in a dry run: what is not there can't be changed.
local function read(intent, send)
  return send {
    verb = "get", method = "GET", id = intent.id, target = intent.target,
    operation = intent.operation, resource = intent.resource, headers = intent.headers,
  }
end

local function is_inside(name, pointer)
  return type(pointer) == "string" and pointer:match "^/([^/]*)" == name
end

-- The service does not show all that it keeps, so a patch of what it hides can't be tried here.
local function touches_hidden(intent)
  local operations = intent.method == "PATCH" and intent.value or {}
  for _, field in ipairs(intent.resource.fields) do
    for _, operation in ipairs(field.write_only and operations or {}) do
      if is_inside(field.name, operation.path) or is_inside(field.name, operation.from) then
        return true
      end
    end
  end
  return false
end

function answers.update(self, intent, send)
  if not intent.id:find(DRY_ID) then
    local entity = intent.base or read(intent, send)
    local value = not touches_hidden(intent) and apply(intent, entity) or nil
    self:announce(intent, intent.id, value)
    return receipt(intent.id)
  end
  local object = self:find(intent)
  local value = apply(intent, json.decode(object.body))
  value.id = nil
  object.body, object.etag, object.entity = json.encode(value), object.etag + 1, nil
  self:announce(intent, intent.id, value)
  return receipt(intent.id, object.etag)
end

function answers.delete(self, intent, send)
  if intent.id:find(DRY_ID) then
    self:find(intent)
    self.objects[intent.id] = nil
  else
    read(intent, send)
  end
  self:announce(intent, intent.id)
end

function answers.request(self, intent)
  self:announce(intent)
  return { dry = true }
end

function answers.get(self, intent)
  return entity_of(intent.id, self:find(intent))
end

-- Asked once for each row by a script that creates what is not there, so what is looked at is
-- decoded once.
local function unwritten(self, resource, wanted)
  local entities = {}
  for _, id in ipairs(ids_of(self, resource)) do
    local object = self.objects[id]
    if object then
      object.entity = object.entity or entity_of(id, object)
    end
    if object and wanted(object.entity) then
      entities[#entities + 1] = entity_of(id, object)
    end
  end
  return entities
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
---@return fun(resource: dps.Resource, wanted: fun(entity: table): boolean): table[] unwritten  what
---  a dry run holds, in the order of its creation
function gate.new(options)
  local dry = setmetatable({
    objects = {}, ids = {}, say = options.say, json = options.json,
    watch = options.watch, sandbox = options.sandbox, named = options.named,
  }, Dry)
  local function pass(intent, send)
    local dry_id = intent.id and intent.id:find(DRY_ID)
    if options.dry_run and (dry_id or not outcome.is_read(intent.method)) then
      return answers[intent.verb](dry, intent, send)
    end
    if dry_id then
      intents.fail(intent, {
        kind = "refused",
        message = intent.id .. " is the id of a dry run; nothing with that id exists",
        hint = "run the script that creates it without --dry-run, and use the id that it returns",
      })
    end
    return send(intent)
  end
  return pass, function(resource, wanted)
    return unwritten(dry, resource, wanted)
  end
end

return gate
