-- What a script would have written, as the rules of dps check see it: the objects in the order of
-- their first write, each with the script's line, and what the service has beside them. It judges
-- nothing.

local plan = {}

local err = require "dps.err"
local resources = require "dps.resource"
local wire = require "dps.date.wire"

---An object that the script would write.
---@class dps.check.Object
---@field resource string        such as "fallback"
---@field title string           such as "fallback offer"
---@field id string              of the dry run, or of what is there already
---@field name string?           where it has one
---@field value table            as it would stand after the last write
---@field verb "create"|"update"|"unchanged"  the first one; unchanged: ensure_ had nothing to do
---@field where string           the script's line of the last write: "campaign.lua:12"
---@field row { source: string, line: integer }?  the row of dps.each that it was made of
---@field description dps.Resource  of the resource, as in lua/dps/resource/

---@class dps.check.Reader  how the service is asked; each may raise an error object
---@field get fun(kind: string, id: string): table
---@field named fun(kind: string, name: string): table[]
---@field all fun(kind: string): fun(): table?  an iterator over every entity
---@field total fun(kind: string): integer?

---All that the script would write, and what the service has beside it.
---@class dps.check.Plan
---@field now integer              milliseconds since the epoch; --at says another moment
---@field zone string?             the zone that the project's wall clocks are meant in
---@field objects dps.check.Object[]  in the order of their first write
---@field clocks { where: string, message: string }[]  wall clocks that daylight saving skips
---@field unread fun(message: string)  told what can't be known, once each
local Plan = { __name = "dps.check.plan" }
Plan.__index = Plan

---@param options { now: integer, zone: string?, reader: dps.check.Reader, unread: function? }
---@return dps.check.Plan
function plan.new(options)
  return setmetatable({
    now = options.now, zone = options.zone, reader = options.reader,
    objects = {}, clocks = {}, by_id = {}, read = {}, told = {}, names = {},
    unread = options.unread or function() end,
  }, Plan)
end

local function name_of(description, value)
  local name = value
  for step in (description.name_field or "name"):gmatch "[^.]+" do
    name = type(name) == "table" and name[step] or nil
  end
  return type(name) == "string" and name or nil
end

-- With what the script says of fields that the service takes and never shows.
local function with_hidden(intent, value)
  local whole = setmetatable({}, getmetatable(value))
  for name, part in pairs(value) do
    whole[name] = part
  end
  for _, field in ipairs(intent.described and intent.resource.fields or {}) do
    if field.write_only and whole[field.name] == nil then
      whole[field.name] = intent.described[field.name]
    end
  end
  return whole
end

local function forget(self, id)
  local object = self.by_id[id]
  for i, other in ipairs(object and self.objects or {}) do
    if other == object then
      table.remove(self.objects, i)
      break
    end
  end
  self.by_id[id] = nil
end

---Takes a write that was not sent; what a dry run's gate is given as `watch`.
---@param intent dps.Intent
---@param id string?
---@param value table?  the object as it would stand; nil where it is gone or can't be known
---@param where string?  the script's line
---@param row { source: string, line: integer }?
function Plan:record(intent, id, value, where, row)
  local description = intent.resource
  if not description or not id then
    return
  elseif intent.verb == "delete" then
    return forget(self, id)
  elseif not value then
    return
  end
  local object = self.by_id[id]
  if not object then
    object = { id = id, verb = intent.verb, resource = description.name, title = description.title,
      description = description }
    self.by_id[id] = object
    self.objects[#self.objects + 1] = object
  end
  object.value, object.name = with_hidden(intent, value), name_of(description, value)
  object.where, object.row = where or err.where() or "?", row
end

-- Rows are done as their answers come; they stand together where the first of them was written.
local function place_of(firsts, object, i)
  if not object.row then
    return { i, 0, i }
  end
  local source = object.row.source
  firsts[source] = firsts[source] or i
  return { firsts[source], object.row.line, i }
end

---Puts what was made of rows into the order of the rows.
function Plan:order()
  local firsts, places = {}, {}
  for i, object in ipairs(self.objects) do
    places[object] = place_of(firsts, object, i)
  end
  table.sort(self.objects, function(a, b)
    local x, y = places[a], places[b]
    for step = 1, 2 do
      if x[step] ~= y[step] then
        return x[step] < y[step]
      end
    end
    return x[3] < y[3]
  end)
end

---The objects of some kinds, in the order of their first write.
---@param ... string  resources, such as "fallback"
---@return dps.check.Object[]
function Plan:of(...)
  local wanted, found = {}, {}
  for _, kind in ipairs { ... } do
    wanted[kind] = true
  end
  for _, object in ipairs(self.objects) do
    if wanted[object.resource] then
      found[#found + 1] = object
    end
  end
  return found
end

---An object that the script writes.
---@param id string  of the dry run, or of what is there already
---@return dps.check.Object|nil  nil for what the script does not write
function Plan:object(id)
  return self.by_id[id]
end

-- A failed read is told once for each kind of object: a lint without a network still lints.
local function ask(self, what, f, ...)
  local ok, answer = pcall(f, ...)
  if ok then
    return answer, true
  elseif err.is(answer, "http") and answer.status == 404 then
    return nil, true
  end
  if not self.told[what] then
    self.told[what] = true
    self.unread(("%s can't be looked at: %s"):format(what,
      err.is(answer) and answer.message or tostring(answer)))
  end
  return nil, false
end

---An object as it would stand, or as the service has it.
---@param kind string  the resource, such as "placement"
---@param id string    as an object refers to it
---@return table|nil
---@return boolean known  false when it could not be looked at
function Plan:entity(kind, id)
  local written = self.by_id[id]
  if written then
    return written.resource == kind and written.value or nil, true
  end
  local key = kind .. "\0" .. id
  local held = self.read[key]
  if not held then
    held = { ask(self, kind .. " objects", self.reader.get, kind, id) }
    self.read[key] = held
  end
  return held[1], held[2]
end

-- Every entity of a kind by its name, from one walk over the list.
local function all_by_name(self, kind)
  local found = {}
  for entity in self.reader.all(kind) do
    local name = name_of(resources.by_name[kind], entity)
    if name then
      found[name] = found[name] or {}
      table.insert(found[name], entity)
    end
  end
  return found
end

-- For a few names the service is asked one by one; for many the whole list costs less.
local FEW = 20

local function with_name(self, kind, name)
  if self.names[kind] == nil then
    self.names[kind] = #self:of(kind) > FEW
      and (ask(self, kind .. " names", all_by_name, self, kind) or {})
  end
  if self.names[kind] then
    return self.names[kind][name]
  end
  return (ask(self, kind .. " names", self.reader.named, kind, name))
end

---What the service has under a name: of objects that the script writes, none.
---@param kind string  the resource
---@param name string  exactly
---@return table[]
function Plan:named(kind, name)
  local found = {}
  for _, entity in ipairs(with_name(self, kind, name) or {}) do
    if not self.by_id[entity.id] then
      found[#found + 1] = entity
    end
  end
  return found
end

---The ids of all fallback offers that a decision of this script or of the service names.
---@return table<string, boolean>
function Plan:decided()
  local ids = {}
  for _, decision in ipairs(self:of "decision") do
    ids[decision.value.fallback or ""] = true
  end
  self.decisions = self.decisions or ask(self, "decisions", function()
    local found = {}
    for decision in self.reader.all "decision" do
      found[#found + 1] = decision
    end
    return found
  end) or {}
  for _, decision in ipairs(self.decisions) do
    if not self.by_id[decision.id] and type(decision.fallback) == "string" then
      ids[decision.fallback] = true
    end
  end
  return ids
end

---How many objects of a kind the service has.
---@param kind string  the resource
---@return integer|nil  nil when it can't be known
function Plan:total(kind)
  return (ask(self, kind .. " counts", self.reader.total, kind))
end

---The moment of a date as an object's value has it.
---@param text any  such as "2026-12-01T09:00:00.000+01:00"
---@return integer|nil  milliseconds since the epoch
function Plan.moment(text)
  return (wire.parse(text))
end

return plan
