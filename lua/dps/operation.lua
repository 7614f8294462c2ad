-- Operations are verbs times resources: create_fallback, list_placements. Each verb is written
-- once, here, and driven by a resource's description; how a call travels is dps.client's.

local err = require "dps.err"
local intents = require "dps.intent"
local json = require "dps.json"
local options = require "dps.options"
local pages = require "dps.pages"
local patch = require "dps.patch"
local resources = require "dps.resource"
local schema = require "dps.schema"

local operation = {}

local invalid = intents.invalid

local JSON = "Content-Type: application/json"
local CREATE = { verb = "create", refuse_unknown = true, entities = true }

local function check_table(value, name, what)
  if type(value) ~= "table" then
    err.misuse(("%s needs %s, got %s"):format(name, what,
      value == nil and "nothing" or "a " .. type(value)))
  end
end

local function name_of(intent, value)
  for step in (intent.resource.name_field or "name"):gmatch "[^.]+" do
    value = type(value) == "table" and rawget(value, step) or nil
  end
  return type(value) == "string" and value or nil
end

local function encode(intent)
  local text, why, path = json.encode(intent.value)
  if not text then
    local hint = why:find "UTF%-8" and "; save the script, and what it reads, as UTF-8" or ""
    invalid(intent, { { path = path, message = why .. hint } })
  end
  intent.body = text
end

-- What a resource's calls say beside what every call says. The values are settings.
local function headers_of(client, intent)
  local lines = {}
  for header, setting in pairs(intent.resource.headers or {}) do
    local value = client.settings[setting]
    if not value then
      local name = "DPS_" .. setting:upper()
      intents.fail(intent, {
        kind = "refused",
        message = ("calls for a %s say %s, and %s is not set"):format(intent.resource.title, header,
          name),
        hint = ("set %s in the environment, or %s in the profile"):format(name, setting),
      })
    end
    lines[#lines + 1] = header .. ": " .. value
  end
  return lines
end

local function call(client, intent)
  intent.headers = headers_of(client, intent)
  if intent.body then
    table.insert(intent.headers, 1, JSON)
  end
  return client:call(intent)
end

-- An id, or anything that carries one: a receipt, an entity.
local function id_of(intent, value)
  local id = type(value) == "table" and rawget(value, "id") or value
  local ok, why = resources.check_id(id)
  if ok then
    return id
  end
  if type(id) ~= "string" then
    why = ("%s needs the id of a %s, or what create, get and list gave; got %s")
      :format(intent.operation, intent.resource.title, value == nil and "nothing"
        or type(value) == "table" and "a table without an id" or "a " .. type(value))
  elseif id:find(" ", 1, true) then
    why = ('"%s" looks like a name; the id is needed, which dps.list_%s finds')
      :format(id:sub(1, 60), intent.resource.plural)
  end
  intents.fail(intent, {
    kind = "invalid", problems = { { path = "id", message = why } },
    hint = "pass an id, such as the one that create returned",
  })
end

local function aim(intent, value)
  intent.id = id_of(intent, value)
  intent.target = resources.item_target(intent.resource, intent.id)
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

local function check_operations(intent, changes)
  if not json.is_array(changes) then
    invalid(intent, { {
      path = "changes",
      message = "must be a list of RFC 6902 operations, such as "
        .. '{ { op = "replace", path = "/name", value = "New name" } }',
    } })
  end
  local problems = patch.check(changes)
  for _, problem in ipairs(problems) do
    problem.path = "changes" .. problem.path
  end
  if #problems > 0 then
    invalid(intent, problems)
  end
end

-- What tells the object from others at the same path. The script's own table stays as it is.
local function marked(intent, value)
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

local verbs = {}

---@return table receipt
function verbs.create(client, intent, value)
  check_table(value, intent.operation, "a table that describes the " .. intent.resource.title)
  intent.name = name_of(intent, value)
  local problems, shaped = schema.check(intent.resource.fields, value, CREATE)
  if #problems > 0 then
    invalid(intent, problems)
  end
  intent.method = "POST"
  intent.target = resources.collection_target(intent.resource)
  intent.value = marked(intent, shaped and value or schema.shape(intent.resource.fields, value))
  encode(intent)
  return need_id(client, intent, call(client, intent))
end

---@return table entity
function verbs.get(client, intent, id)
  intent.method = "GET"
  aim(intent, id)
  return need_id(client, intent, call(client, intent))
end

---@return table receipt
function verbs.update(client, intent, id, changes)
  intent.method = "PATCH"
  aim(intent, id)
  check_table(changes, intent.operation, "an id and a list of changes")
  check_operations(intent, changes)
  intent.value = changes
  encode(intent)
  return need_receipt(client, intent, call(client, intent))
end

---@return true
function verbs.delete(client, intent, id)
  intent.method = "DELETE"
  aim(intent, id)
  call(client, intent)
  return true
end

---@return fun(): table?  iterator over entities
function verbs.list(client, intent, given)
  given = options.check(intent.operation, given, { "limit", "order_by", "property" })
  intent.method, intent.headers = "GET", headers_of(client, intent)
  return pages.iterate(client, intent, given)
end

-- dps:create_fallback{} passes dps itself first.
local function refuse_colon(name)
  err.misuse(("write dps.%s with a dot, not dps:%s"):format(name, name))
end

local function bind(client_of, verb, description, name)
  local run = verbs[verb]
  return function(first, ...)
    if first ~= nil and first == package.loaded.dps then
      refuse_colon(name)
    end
    return run(client_of(), { verb = verb, operation = name, resource = description }, first, ...)
  end
end

---The operations on a client: a table from "create_fallback" and so on to functions.
---@param client_of fun(): dps.Client
---@return table<string, function>
function operation.all(client_of)
  local functions = {}
  for _, description in ipairs(resources.all) do
    for verb in pairs(verbs) do
      local name = verb .. "_" .. (verb == "list" and description.plural or description.name)
      functions[name] = bind(client_of, verb, description, name)
    end
  end
  return functions
end

return operation
