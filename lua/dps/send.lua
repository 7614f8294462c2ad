-- What the verbs have in common on their way to the service: whose id it is, references by name,
-- the body's bytes, a resource's own headers, and an answer that can be used. Holds no verb.

local err = require "dps.err"
local intents = require "dps.intent"
local json = require "dps.json"
local ref = require "dps.ref"
local resources = require "dps.resource"
local schema = require "dps.schema"

local send = {}

local JSON = "Content-Type: application/json"

---Raises kind "invalid" when a call's argument is no table.
---@param value any
---@param name string  of the operation
---@param what string  what it needs
function send.check_table(value, name, what)
  if type(value) ~= "table" then
    err.misuse(("%s needs %s, got %s"):format(name, what,
      value == nil and "nothing" or "a " .. type(value)))
  end
end

---Writes the value of an intent as its body.
---@param intent dps.Intent
---@param how dps.json.Options?
function send.encode(intent, how)
  local text, why, path = json.encode(intent.value, how)
  if not text then
    local hint = why:find "UTF%-8" and "; save the script, and what it reads, as UTF-8" or ""
    intents.invalid(intent, { { path = path, message = why .. hint } })
  end
  intent.body = text
end

local function why_no_id(intent, id, value, why)
  local resource = intent.resource
  if type(id) ~= "string" then
    return ("%s needs the id of a %s, or what create, get and list gave; got %s")
      :format(intent.operation, resource.title, value == nil and "nothing"
        or type(value) == "table" and "a table without an id" or "a " .. type(value))
  elseif id:find(" ", 1, true) then
    return ('"%s" looks like a name; write dps.ref("%s", "%s")')
      :format(id:sub(1, 60), resource.name, id:sub(1, 60))
  end
  return why
end

-- An id, anything that carries one (a receipt, an entity), or a reference by name.
local function id_of(client, intent, value)
  if ref.is(value) then
    return ref.id(client, intent, value, intent.resource.name)
  end
  local id = type(value) == "table" and rawget(value, "id") or value
  local ok, why = resources.check_id(id)
  if ok then
    return id
  end
  intents.fail(intent, {
    kind = "invalid", problems = { { path = "id", message = why_no_id(intent, id, value, why) } },
    hint = "pass an id, such as the one that create returned",
  })
end

---Points an intent at one object.
---@param client dps.Client
---@param intent dps.Intent
---@param value any  an id, an entity, a receipt, or what dps.ref gave
function send.aim(client, intent, value)
  intent.id = id_of(client, intent, value)
  intent.target = resources.item_target(intent.resource, intent.id)
end

---A checked table as it goes on the wire; names are looked up.
---@param client dps.Client
---@param intent dps.Intent
---@param value table
---@return table
function send.shape(client, intent, value)
  return schema.shape(intent.resource.fields, value, ref.ids(client, intent, value))
end

---What tells an object from others at the same path. The script's own table stays as it is.
---@param intent dps.Intent
---@param value table
---@return table
function send.marked(intent, value)
  if not intent.resource.marker then
    return value
  end
  local copy = {}
  for name, item in next, value do
    copy[name] = item
  end
  for name, mark in pairs(intent.resource.marker) do
    copy[name] = mark
  end
  return copy
end

---Sends an intent whose body, if any, is encoded.
---@param client dps.Client
---@param intent dps.Intent
---@return any value
---@return integer? status
---@return string? text
---@return string? lines
function send.call(client, intent)
  intent.headers = intents.headers(client, intent)
  if intent.body then
    table.insert(intent.headers, 1, JSON)
  end
  return client:call(intent)
end

-- A receipt or entity that cannot be used is an error here, not later in the script.
local function need_id(client, intent, answer, status, text, lines)
  if type(answer) ~= "table" or type(answer.id) ~= "string" or answer.id == "" then
    client.refuse_answer(intent, status, text, lines, "the answer has no id")
  end
  return answer
end

local function need_receipt(client, intent, answer, status, text, lines)
  if answer == nil and status then
    return { id = intent.id }
  end
  return need_id(client, intent, answer, status, text, lines)
end

---As send.call; the answer has an id.
---@param client dps.Client
---@param intent dps.Intent
---@return table
function send.for_object(client, intent)
  return need_id(client, intent, send.call(client, intent))
end

---As send.call; the answer has an id, or is empty.
---@param client dps.Client
---@param intent dps.Intent
---@return table
function send.for_receipt(client, intent)
  return need_receipt(client, intent, send.call(client, intent))
end

---Another call on the way of this one, for which it answers: reads its object, say.
---@param intent dps.Intent
---@param fields table  what differs
---@return dps.Intent
function send.part(intent, fields)
  local part = {
    verb = "get", method = "GET", operation = intent.operation, resource = intent.resource,
    id = intent.id, name = intent.name, target = intent.target,
  }
  for name, value in pairs(fields) do
    part[name] = value
  end
  return part
end

return send
