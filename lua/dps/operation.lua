-- Operations are verbs times resources: create_fallback, list_placements. Each verb is written
-- once, here or in a file of its own, and driven by a resource's description; how a call travels is
-- dps.client's.

local err = require "dps.err"
local intents = require "dps.intent"
local look = require "dps.look"
local options = require "dps.options"
local pages = require "dps.pages"
local ref = require "dps.ref"
local resources = require "dps.resource"
local row = require "dps.each.row"
local schema = require "dps.schema"
local send = require "dps.send"

local operation = {}

local CREATE = { verb = "create", refuse_unknown = true, entities = true }

local verbs = {}

-- A write, done or not known to be, may have given something a name.
local function then_forget(client, intent, write, ...)
  local ok, receipt = pcall(write, ...)
  look.forget(client, intent.resource)
  return ok and receipt or error(receipt, 0)
end

-- A row that an earlier run of dps.each had begun, or would have: what has its name now may be that
-- run's work, and is not created again.
local function written_before(client, intent)
  local noted = intent.name and row.noted()
  local found = noted and look.named(client, intent, intent.resource, intent.name) or {}
  if #found == 0 then
    return nil
  elseif #found == 1 and noted == "unknown" then
    return { id = found[1].id, etag = found[1].etag }
  end
  intents.fail(intent, {
    kind = "conflict", sent = "no", retryable = false,
    message = ("a %s of this name is there already (%s); nothing was sent"):format(
      intent.resource.title, found[1].id),
    hint = "if it is this row's, write done into its dps_status; else give the row another name",
  })
end

---@return table receipt
function verbs.create(client, intent, value)
  send.check_table(value, intent.operation, "a table that describes the " .. intent.resource.title)
  intent.name = look.name_of(intent.resource, value)
  local problems, shaped = schema.check(intent.resource.fields, value, CREATE)
  if #problems > 0 then
    intents.invalid(intent, problems)
  end
  intent.method = "POST"
  intent.target = resources.collection_target(intent.resource)
  intent.value = send.marked(intent, shaped and value or send.shape(client, intent, value))
  send.encode(intent)
  row.claim(client, intent)
  local there = written_before(client, intent)
  return there or then_forget(client, intent, send.for_object, client, intent)
end

---@return table entity
function verbs.get(client, intent, id)
  intent.method = "GET"
  send.aim(client, intent, id)
  return send.for_object(client, intent)
end

---@return table receipt
function verbs.update(client, intent, id, changes, given)
  local update = require("dps.change").update
  return then_forget(client, intent, update, client, intent, id, changes, given)
end

---@return true
function verbs.delete(client, intent, id)
  intent.method = "DELETE"
  send.aim(client, intent, id)
  send.call(client, intent)
  ref.forget(client, intent.resource, intent.id)
  look.forget(client, intent.resource)
  return true
end

---@return fun(): table?  iterator over entities
function verbs.list(client, intent, given)
  given = options.check(intent.operation, given, { "limit", "order_by", "property" })
  intent.method, intent.headers = "GET", intents.headers(client, intent)
  return pages.iterate(client, intent, given)
end

---@return table entity
---@return "created"|"updated"|"unchanged"
function verbs.ensure(client, intent, value)
  return require "dps.ensure"(client, intent, value)
end

---Tables that hold operations: a call with a colon passes one first.
---@type table<table, boolean>
operation.facades = setmetatable({}, { __mode = "k" })

local function refuse_colon(name)
  err.misuse(("write dps.%s with a dot, not dps:%s"):format(name, name))
end

local function bind(client_of, verb, description, name)
  local run = verbs[verb]
  return function(first, ...)
    if first ~= nil and (first == package.loaded.dps or operation.facades[first]) then
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
