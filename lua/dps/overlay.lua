-- What a dry run would have written, laid over what the service has: reads are real, and show its
-- creates, updates and deletes as if they had been sent. It knows no more than the reads show:
--
-- - of a list's conditions it tries `==`, `!=` and whether a field is there; where another one
--   decides, an object that it changed is shown where the service gives it, and one that it created
--   is not. What it created comes last, whatever the order asked for;
-- - a patch of what the service does not show (a fallback's rank) is taken for good;
-- - nothing checks references, names that must be unique, or rights: the service does;
-- - what dps.request writes is said, and not laid over anything.

local intents = require "dps.intent"
local json = require "dps.json"
local patch = require "dps.patch"
local schema = require "dps.schema"

local overlay = {}

local DRY_ID = "^dry:"

---@class dps.overlay.Entry   an object that the dry run has written
---@field id string
---@field resource dps.Resource
---@field created boolean      by the dry run; its text then is what was sent, hidden fields too
---@field deleted boolean
---@field text string?         the object as JSON
---@field etag integer?
---@field entity table?        what a reader sees, decoded

---@class dps.Overlay
---@field private entries table<string, dps.overlay.Entry>
---@field private ids table<string, string[]>  of a resource, in the order of their first write
---@field private counts table<string, integer>  how many of a resource were created
local Overlay = {}
Overlay.__index = Overlay

---@return dps.Overlay
function overlay.new()
  return setmetatable({ entries = {}, ids = {}, counts = {} }, Overlay)
end

-- Entries -----------------------------------------------------------------------------------------

local function entry_of(self, resource, id)
  local entry = self.entries[id]
  return entry and entry.resource == resource and entry or nil
end

local function ids_of(self, resource)
  local ids = self.ids[resource.name] or {}
  self.ids[resource.name] = ids
  return ids
end

local function put(self, entry)
  if not self.entries[entry.id] then table.insert(ids_of(self, entry.resource), entry.id) end
  self.entries[entry.id] = entry
  return entry
end

-- A new table with what a reader sees.
local function entity_of(entry)
  local entity = json.decode(entry.text)
  for _, field in ipairs(entry.resource.fields) do
    if field.write_only then
      entity[field.name] = nil
    end
  end
  entity.id, entity.etag, entity.dry = entry.id, entry.etag, true
  return entity
end

local function refuse(intent, entry)
  local title = intent.resource.title
  intents.fail(intent, {
    kind = "http", status = 404, sent = "no", retryable = false, name = intent.id,
    message = entry and ("there is no %s with the id %s: this dry run has deleted it"):format(title,
      intent.id) or ("this dry run has written no %s with the id %s"):format(title, intent.id),
    hint = not entry and "ids that begin with dry: live only in the run that made them" or nil,
  })
end

-- What the dry run knows of the object; nil where only the service does. Raises where it is gone.
local function known(self, intent)
  local entry = entry_of(self, intent.resource, intent.id)
  if entry and entry.deleted or not entry and intent.id:find(DRY_ID) then
    refuse(intent, entry)
  end
  return entry
end

---Whether an object's reads are answered here.
---@param intent dps.Intent
---@return boolean
function Overlay:holds(intent)
  return intent.resource ~= nil and intent.id ~= nil
    and (intent.id:find(DRY_ID) ~= nil or entry_of(self, intent.resource, intent.id) ~= nil)
end

-- Writes ------------------------------------------------------------------------------------------

---@param intent dps.Intent
---@return dps.overlay.Entry
function Overlay:create(intent)
  local name = intent.resource.name
  self.counts[name] = (self.counts[name] or 0) + 1
  return put(self, {
    id = ("dry:%s:%d"):format(name, self.counts[name]), resource = intent.resource, created = true,
    deleted = false, text = intent.body, etag = 1,
  })
end

local function is_inside(name, pointer)
  return type(pointer) == "string" and pointer:match "^/([^/]*)" == name
end

local function is_hidden(resource, operation)
  for _, field in ipairs(resource.fields) do
    if field.write_only
      and (is_inside(field.name, operation.path) or is_inside(field.name, operation.from)) then
      return true
    end
  end
  return false
end

-- The operations that can be tried on what a reader sees, and whether these are all.
local function visible(resource, operations)
  local list = json.array {}
  for _, operation in ipairs(operations) do
    if not is_hidden(resource, operation) then
      list[#list + 1] = operation
    end
  end
  return list, #list == #operations
end

-- The service checks what a patch makes of an object; here that is known as well.
local function patched(intent, document, operations)
  local value, why, _, fault = patch.apply(document, operations)
  if value == nil and fault == "differs" then
    intents.fail(intent, { kind = "conflict", status = 409, sent = "no", message = why,
      name = intent.id })
  elseif value == nil then
    intents.fail(intent, { kind = "invalid", message = why, name = intent.id })
  end
  local problems = schema.new_problems(intent.resource.fields, document, value)
  if #problems > 0 then
    intents.fail(intent, { kind = "invalid", problems = problems, name = intent.id })
  end
  return value
end

-- A PUT changes what it names (contract 1.8).
local function replaced(intent, document)
  local value = {}
  for name, part in next, document do value[name] = part end
  for name, part in next, intent.value do value[name] = part end
  return value
end

-- What an update makes of an object, and whether all of it could be tried.
local function changed(intent, document, created)
  if intent.method == "PUT" then
    return replaced(intent, document), true
  elseif created then
    return patched(intent, document, intent.value), true
  end
  local operations, all = visible(intent.resource, intent.value)
  return patched(intent, document, operations), all
end

-- While the service was asked, another task may have written.
local function document_of(self, intent, read)
  local entry = known(self, intent)
  if entry then return json.decode(entry.text), entry end
  local document = intent.base or read()
  entry = known(self, intent)
  return entry and json.decode(entry.text) or document, entry
end

---@param intent dps.Intent
---@param read fun(): table  asks the service for the object
---@return dps.overlay.Entry
---@return table? value      the object as it would stand; nil where the service shows too little
function Overlay:update(intent, read)
  local document, entry = document_of(self, intent, read)
  local created = entry ~= nil and entry.created
  local value, all = changed(intent, document, created)
  local etag = document.etag
  if entry then etag = entry.etag end
  if created then value.id = nil end
  entry = put(self, {
    id = intent.id, resource = intent.resource, created = created, deleted = false,
    text = json.encode(value), etag = math.type(etag) == "integer" and etag + 1 or nil,
  })
  return entry, all and value or nil
end

---@param intent dps.Intent
---@param read fun(): table  asks the service for the object: what is not there can't be deleted
function Overlay:delete(intent, read)
  local entry = known(self, intent)
  if not entry then
    read()
    entry = known(self, intent)
  end
  put(self, { id = intent.id, resource = intent.resource, deleted = true,
    created = entry ~= nil and entry.created })
end

-- Reads -------------------------------------------------------------------------------------------

---An object that it holds. Raises kind "http", with the status 404, where it is gone.
---@param intent dps.Intent
---@return table entity
function Overlay:get(intent)
  return entity_of(known(self, intent))
end

-- Asked once for each row by a script that creates what is not there, so what is looked at is
-- decoded once.
local function matches(entry, asked)
  entry.entity = entry.entity or entity_of(entry)
  return asked(entry.entity)
end

---A row of a list as it would be.
---@param resource dps.Resource
---@param row table        as the service gave it
---@param asked fun(entity: table): boolean?  dps.filter's
---@return table?  nil where it would not be in the list
function Overlay:shown(resource, row, asked)
  local entry = row.id and entry_of(self, resource, row.id)
  if not entry then
    return row
  elseif entry.deleted or matches(entry, asked) == false then
    return nil
  end
  return entity_of(entry)
end

---How many objects of a resource it has written by now: a list shows no later ones.
---@param resource dps.Resource
---@return integer
function Overlay:count(resource)
  return #ids_of(self, resource)
end

---What a list would have beside the service's rows, in the order of the first writes.
---@param resource dps.Resource
---@param asked fun(entity: table): boolean?  dps.filter's
---@param count integer             only the first so many that were written
---@param came fun(id: string): boolean  whether the service gave it
---@return table[] entities
function Overlay:added(resource, asked, count, came)
  local entities = {}
  for i, id in ipairs(ids_of(self, resource)) do
    local entry = i <= count and self.entries[id]
    if entry and not entry.deleted and matches(entry, asked) and not came(id) then
      entities[#entities + 1] = entity_of(entry)
    end
  end
  return entities
end

return overlay
