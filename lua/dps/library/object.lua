-- An object on its way into the database: checked against its description, its references and the
-- rules that are on, then made a row.

local answer = require "dps.library.answer"
local guardrails = require "dps.library.guardrails"
local json = require "dps.json"
local native = require "dps.native"
local places = require "dps.library.places"
local references = require "dps.library.references"
local rules = require "dps.library.rules"
local schema = require "dps.schema"
local shape = require "dps.library.shape"

local object = {}

local MAX_OBJECT = 4 * 1024 * 1024 -- bytes as JSON; a patch can make more than one body holds
local SORTED = { sorted = true }

-- Refusals ----------------------------------------------------------------------------------------

local function join(path, detail)
  return (path == "" or detail:sub(1, #path) == path) and detail or path .. ": " .. detail
end

-- contract 1.8: what the service makes of an item without its lifecycle, seen live
local LIFECYCLE = "_experience.decisioning.offeritem.lifecycleStatus"

local function status_of(problems)
  for _, problem in ipairs(problems) do
    if problem.path == LIFECYCLE and problem.message:find "is missing" then
      return 500, "Error during deserialization: " .. problem.message
    end
  end
  return 422, join(problems[1].path, problems[1].message)
end

---@param problems dps.Problem[]
---@return dps.library.Answer
local function refused(context, problems)
  local status, detail = status_of(problems)
  if #problems > 1 then
    detail = ("%s (and %d more)"):format(detail, #problems - 1)
  end
  return answer.problem(context, status, detail, { problems = problems })
end

-- The checks in their order; a later one may rely on the earlier ones.
local function problems_of(change, verb)
  local mode = { verb = verb, refuse_unknown = false }
  local problems = schema.check(change.description.fields, change.object, mode)
  if #problems > 0 then
    return problems
  end
  local ids
  problems, ids = references.look(change.store, change.context, change.description, change.object)
  if #problems == 0 then
    problems = rules.problems(change)
  end
  if #problems == 0 and change.context.settings.guardrails then
    problems = guardrails.problems(change)
  end
  return problems, ids
end

-- Rows --------------------------------------------------------------------------------------------

-- Ids grow with time, as the service's own seem to: what is created together then lies together in
-- the index, and a batch writes few of its pages. Twenty bits of chance, or one more than the last.
local last_id = 0

local function new_hex(now)
  local start = now << 20
  if start > last_id then
    start = start | ("<I4"):unpack(native.random(4)) >> 12
  end
  last_id = math.max(start, last_id + 1)
  return ("%016x"):format(last_id)
end

---A row of a new object, with nothing in it yet.
---@param context dps.library.Context
---@param description dps.Resource
---@param id string?  nil: a new one
---@return dps.library.Object
function object.new_row(context, description, id)
  return {
    sandbox = context.sandbox.key, type = places.of(description).name,
    id = id or description.id_prefix .. new_hex(context.now), etag = 1,
    schema = description.schema or "", created = context.now, modified = context.now,
    created_by = context.actor, modified_by = context.actor,
    created_client = context.client, modified_client = context.client,
  }
end

---Puts an object's content into its row.
---@param row dps.library.Object
---@param description dps.Resource
---@param value table
---@param ids string[]  what it refers to
---@return boolean  false when it is too large
function object.fill(row, description, value, ids)
  local body, hidden = shape.split(description.fields, value)
  local text, message = json.encode(body, SORTED)
  row.body = text or error(message, 0)
  row.hidden = hidden and json.encode(hidden, SORTED)
  row.size = #row.body
  row.kind = description.name
  row.name = shape.name_of(description, value)
  row.status = shape.status_of(description, value)
  row.refers = ids
  return row.size + #(row.hidden or "") <= MAX_OBJECT
end

---Checks an object and puts it into its row.
---@param change dps.library.Change
---@param verb "create"|"stored"
---@return dps.library.Answer?  nil: it may be stored
function object.put(change, verb)
  local problems, ids = problems_of(change, verb)
  if #problems > 0 then
    return refused(change.context, problems)
  elseif not object.fill(change.row, change.description, change.object, ids) then
    return answer.problem(change.context, 413,
      ("the object would be larger than %d bytes"):format(MAX_OBJECT))
  end
  return nil
end

---What an object holds, hidden fields included, and nothing of the envelope.
---@param row dps.library.Object
---@return table
function object.of_row(row)
  local value = json.decode(row.body)
  for name, hidden in pairs(row.hidden and json.decode(row.hidden) or {}) do
    value[name] = hidden
  end
  return value
end

---Marks a row as changed by the caller.
---@param context dps.library.Context
---@param row dps.library.Object
function object.touch(context, row)
  row.etag = row.etag + 1
  row.modified = context.now
  row.modified_by, row.modified_client = context.actor, context.client
end

return object
