-- What list, create, get, update and delete do, for any resource that has a description. Each takes
-- the library's store, the context of the request, its route and the request, and returns an
-- answer. Writes happen inside a savepoint that the library undoes when the answer is an error.

local answer = require "dps.library.answer"
local gateway = require "dps.library.gateway"
local json = require "dps.json"
local native = require "dps.native"
local page = require "dps.library.page"
local patch = require "dps.patch"
local query = require "dps.library.query"
local resource = require "dps.resource"
local schema = require "dps.schema"
local shape = require "dps.library.shape"

local verbs = {}

local MAX_OBJECT = 4 * 1024 * 1024 -- bytes as JSON; a patch can make more than one body holds

-- Bodies ------------------------------------------------------------------------------------------

local BAD_TYPE = "A valid content-type must be specified"
local TOO_LARGE = "the body is larger than the local library takes"

---@return any value  nil when the body can't be used
---@return dps.library.Answer? problem
local function read_body(context, request)
  if request.too_large then
    return nil, answer.problem(context, 413, TOO_LARGE)
  elseif not gateway.is_json(request.headers, request.method) then
    return nil, answer.problem(context, 400, BAD_TYPE)
  end
  local value, message = json.decode(request.body)
  if value == nil then
    return nil, answer.problem(context, 400, "the body is not JSON: " .. tostring(message))
  end
  return value
end

local function is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

-- Checks ------------------------------------------------------------------------------------------

local function list_of(names)
  return type(names) == "table" and names or { names }
end

local function titles(names)
  local found = {}
  for i, name in ipairs(names) do
    found[i] = resource.by_name[name].title
  end
  return table.concat(found, " or ")
end

-- What is wrong with a reference; nil when it points at an object of the right kind in the same
-- sandbox. A kind that the library has no description of can't be checked.
local function reference_fault(store, context, reference)
  local wanted = {}
  for i, name in ipairs(list_of(reference.to)) do
    wanted[i] = resource.by_name[name] and name
    if not wanted[i] or store:has(context.sandbox.key, name, reference.id) then
      return nil
    end
  end
  local other = store:types_of(context.sandbox.key, reference.id)[1]
  if other and resource.by_name[other] then
    local title = resource.by_name[other].title
    return ("'%s' is a %s, not a %s"):format(reference.id, title, titles(wanted))
  end
  return ("there is no %s with the id '%s' in sandbox '%s'"):format(
    titles(wanted), reference.id, context.sandbox.name)
end

local function reference_problems(store, context, description, object)
  local problems = {}
  for _, reference in ipairs(shape.references(description.fields, object)) do
    local message = reference_fault(store, context, reference)
    if message then
      problems[#problems + 1] = { path = reference.path, message = message }
    end
  end
  return problems
end

local function unprocessable(context, problems)
  local path, detail = problems[1].path, problems[1].message
  if detail:sub(1, #path) ~= path then
    detail = path .. ": " .. detail
  end
  if #problems > 1 then
    detail = ("%s (and %d more)"):format(detail, #problems - 1)
  end
  return answer.problem(context, 422, detail, { problems = problems })
end

---@param verb "create"|"stored"
---@return dps.library.Answer?  nil when the object may be stored
local function refuse_object(store, context, description, object, verb)
  local problems = schema.check(description.fields, object, { verb = verb, refuse_unknown = false })
  if #problems == 0 then
    problems = reference_problems(store, context, description, object)
  end
  return #problems > 0 and unprocessable(context, problems) or nil
end

-- Objects -----------------------------------------------------------------------------------------

local SORTED = { sorted = true }

-- Puts a checked object's content into its row. False when it is too large.
local function fill(row, description, object)
  local body, hidden = shape.split(description.fields, object)
  local text, message = json.encode(body, SORTED)
  row.body = text or error(message, 0)
  row.hidden = hidden and json.encode(hidden, SORTED)
  row.size = #row.body
  row.name = shape.name_of(description, object)
  return row.size + #(row.hidden or "") <= MAX_OBJECT
end

local function too_large(context)
  return answer.problem(context, 413,
    ("the object would be larger than %d bytes"):format(MAX_OBJECT))
end

local function new_id(description)
  return ("%s%016x"):format(description.id_prefix, ("i8"):unpack(native.random(8)))
end

---A row of a new object, with nothing in it yet.
---@return dps.library.Object
local function new_row(context, description, id)
  return {
    sandbox = context.sandbox.key, type = description.name, id = id, etag = 1,
    schema = description.schema, created = context.now, modified = context.now,
    created_by = context.actor, modified_by = context.actor,
    created_client = context.client, modified_client = context.client,
  }
end

---Stores an object of a known id, unchecked: for what a library is born with.
---@param store dps.library.Store
---@param context dps.library.Context
---@param description dps.Resource
---@param id string
---@param object table
function verbs.plant(store, context, description, id, object)
  local row = new_row(context, description, id)
  fill(row, description, object)
  store:insert(row)
end

local function not_found(context, route)
  local text = "there is no %s with the id '%s' in sandbox '%s'"
  return answer.problem(context, 404,
    text:format(route.description.title, route.id, context.sandbox.name))
end

local function find(store, context, route)
  return store:find(context.sandbox.key, route.description.name, route.id)
end

-- Verbs -------------------------------------------------------------------------------------------

local WRONG_PATTERN = "'%s' holds no regular expression: %s"

local function pattern_fault(found)
  for _, term in ipairs(found.terms) do
    local good, message = true, nil
    if term.op == "~" then
      good, message = native.regex_check(term.value)
    end
    if not good then
      return { status = 400, detail = WRONG_PATTERN:format(term.text, message) }
    end
  end
  return nil
end

local INTERRUPT = 9 -- SQLite's code for a statement that a ceiling has ended

-- What a list may raise that is the caller's doing.
local function list_fault(fault)
  if type(fault) ~= "table" then
    return nil
  elseif fault.code == INTERRUPT then
    return { status = 400, detail = fault.message .. "; use a simpler one, or other filters first" }
  end
  return fault.status and fault or nil
end

local function list(store, context, route)
  local found, fault = query.parse(route.parameters)
  fault = fault or pattern_fault(found)
  if fault then
    return answer.problem(context, fault.status, fault.detail)
  end
  local of = {
    store = store,
    sandbox = context.sandbox.key,
    description = route.description,
    found = found,
  }
  local done, text = pcall(page.render, of)
  if not done then
    fault = list_fault(text) or error(text, 0)
    return answer.problem(context, fault.status, fault.detail)
  elseif not text then
    return answer.problem(context, 400, "the values to order by are too long; use another orderby")
  end
  return answer.json(context, 200, text)
end

local function create(store, context, route, request)
  local description = route.description
  local body, refusal = read_body(context, request)
  if refusal then
    return refusal
  elseif not is_object(body) then
    return answer.problem(context, 400, "the body must be a JSON object")
  end
  local object = shape.known(description.fields, body)
  refusal = refuse_object(store, context, description, object, "create")
  if refusal then
    return refusal
  end
  local row = new_row(context, description, new_id(description))
  if not fill(row, description, object) then
    return too_large(context)
  end
  store:insert(row)
  return answer.json(context, 201, answer.receipt(row, context.sandbox))
end

local function get(store, context, route)
  local row = find(store, context, route)
  return row and answer.json(context, 200, answer.entity(row)) or not_found(context, route)
end

local function delete(store, context, route)
  if not store:delete(context.sandbox.key, route.description.name, route.id) then
    return not_found(context, route)
  end
  return answer.empty(context, 200)
end

-- Update ------------------------------------------------------------------------------------------

-- The document that a patch sees: the resource's own fields, hidden ones included, and nothing of
-- the envelope.
local function document_of(row)
  local document = json.decode(row.body)
  for name, value in pairs(row.hidden and json.decode(row.hidden) or {}) do
    document[name] = value
  end
  return document
end

local FAULTS = { malformed = 400, absent = 422, large = 422, differs = 409 }

local function patch_refusal(context, message, index, fault)
  local at = index and ("operation %d of the patch: "):format(index) or ""
  return answer.problem(context, FAULTS[fault], at .. message)
end

local function envelope_member(document)
  for name in pairs(document) do
    if answer.envelope[name] then
      return name
    end
  end
  return nil
end

---@return table|nil document
---@return dps.library.Answer? refusal
local function patched(context, row, operations)
  local document, message, index, fault = patch.apply(document_of(row), operations)
  if document == nil then
    return nil, patch_refusal(context, message, index, fault)
  elseif not is_object(document) then
    return nil, answer.problem(context, 422, "the patch leaves no object")
  end
  local name = envelope_member(document)
  if name then
    local detail = ("'%s' is the service's own and can't be written"):format(name)
    return nil, answer.problem(context, 422, detail)
  end
  return document
end

local function touch(context, row)
  row.etag = row.etag + 1
  row.modified = context.now
  row.modified_by, row.modified_client = context.actor, context.client
end

local function apply_update(store, context, route, row, operations)
  local description = route.description
  local document, refusal = patched(context, row, operations)
  if refusal then
    return refusal
  end
  local object = shape.known(description.fields, document)
  refusal = refuse_object(store, context, description, object, "stored")
  if refusal then
    return refusal
  elseif not fill(row, description, object) then
    return too_large(context)
  end
  touch(context, row)
  store:update(row)
  return answer.json(context, 200, answer.receipt(row, context.sandbox))
end

local function update(store, context, route, request)
  local operations, refusal = read_body(context, request)
  if refusal then
    return refusal
  elseif not json.is_array(operations) then
    return answer.problem(context, 400, "the body must be a JSON array of RFC 6902 operations")
  end
  local row = find(store, context, route)
  if not row then
    return not_found(context, route)
  end
  return apply_update(store, context, route, row, operations)
end

---The verbs by the name that a route gives them.
---@type table<string, fun(store: dps.library.Store, context: dps.library.Context,
---route: dps.library.Route, request: dps.library.Request): dps.library.Answer>
verbs.run = { list = list, create = create, get = get, update = update, delete = delete }

return verbs
