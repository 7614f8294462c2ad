-- The verbs that write: create, update (RFC 6902), replace (PUT) and delete, for any resource that
-- has a description. They happen inside a savepoint that the library undoes when the answer is an
-- error.

local answer = require "dps.library.answer"
local bodies = require "dps.library.body"
local object = require "dps.library.object"
local patch = require "dps.patch"
local places = require "dps.library.places"
local precondition = require "dps.library.precondition"
local references = require "dps.library.references"
local resource = require "dps.resource"
local rules = require "dps.library.rules"
local shape = require "dps.library.shape"

local write = {}

local function receipt(context, status, row)
  return answer.tagged(context, row,
    answer.json(context, status, answer.receipt(row, context.sandbox)))
end

---Stores an object of a known id, unchecked: for what a library is born with.
---@param store dps.library.Store
---@param context dps.library.Context
---@param description dps.Resource
---@param id string
---@param value table
function write.plant(store, context, description, id, value)
  local row = object.new_row(context, description, id)
  object.fill(row, description, value, {})
  store:insert(row)
end

-- Create ------------------------------------------------------------------------------------------

---@param store dps.library.Store
---@param context dps.library.Context
---@param route dps.library.Route
---@param request dps.library.Request
---@return dps.library.Answer
function write.create(store, context, route, request)
  local given, refusal = bodies.object(context, request)
  if not given then
    return refusal
  end
  local description = places.kind(route.place, given)
  local row = object.new_row(context, description)
  local value = shape.known(description.fields, given)
  refusal = object.put({
    store = store, context = context, description = description, row = row, is_new = true,
    object = shape.born(description.fields, value, row.id),
  }, "create")
  if refusal then
    return refusal
  end
  store:insert(row)
  return receipt(context, context.settings.create_status, row)
end

-- What is there -----------------------------------------------------------------------------------

local GONE = "there is no %s with the id '%s' in sandbox '%s'"

---@param context dps.library.Context
---@param route dps.library.Route
---@return dps.library.Answer
function write.not_found(context, route)
  return answer.problem(context, 404,
    GONE:format(route.place.main.title, route.id, context.sandbox.name))
end

-- The row of a route, when the caller's precondition holds.
local function find(store, context, route, request)
  local row = store:find(context.sandbox.key, route.place.name, route.id)
  if not row then
    return nil, write.not_found(context, route)
  end
  local refusal = precondition.refusal(context, request, row)
  return not refusal and row or nil, refusal
end

-- Stores what an object is to become.
local function store_change(store, context, route, row, value)
  local old = resource.by_name[row.kind]
  local description = places.kind(route.place, value)
  local kept = shape.keep(old.fields, shape.known(description.fields, value), object.of_row(row))
  local refusal = object.put({
    store = store, context = context, description = description, row = row, is_new = false,
    object = kept,
  }, "stored")
  if refusal then
    return refusal
  end
  object.touch(context, row)
  store:update(row)
  return receipt(context, 200, row)
end

-- Update ------------------------------------------------------------------------------------------

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

-- The document that a patch sees: the resource's own fields, and the etag where it may be tested.
local function document_of(context, row)
  local document = object.of_row(row)
  document.etag = context.settings.patch_etag and row.etag or nil
  return document
end

local function undocumented(operations)
  if #operations == 0 then
    return "a patch needs an operation"
  end
  for index, operation in ipairs(operations) do
    if operation.op == "move" then
      return ("operation %d of the patch: 'move' is not among the documented operations"):format(
        index)
    end
  end
  return nil
end

local function strict_refusal(context, operations)
  local why = context.settings.strict_patch and undocumented(operations)
  return why and answer.problem(context, 400, why)
end

---@return table|nil document
---@return dps.library.Answer? refusal
local function patched(context, row, operations)
  local refusal = strict_refusal(context, operations)
  if refusal then
    return nil, refusal
  end
  local document, message, index, fault = patch.apply(document_of(context, row), operations)
  if document == nil then
    return nil, patch_refusal(context, message, index, fault)
  elseif not bodies.is_object(document) then
    return nil, answer.problem(context, 422, "the patch leaves no object")
  end
  if document.etag == row.etag and context.settings.patch_etag then
    document.etag = nil
  end
  local name = envelope_member(document)
  if name then
    local detail = ("'%s' is the service's own and can't be written"):format(name)
    return nil, answer.problem(context, 422, detail)
  end
  return document
end

---@param store dps.library.Store
---@param context dps.library.Context
---@param route dps.library.Route
---@param request dps.library.Request
---@return dps.library.Answer
function write.update(store, context, route, request)
  local operations, refusal = bodies.operations(context, request)
  if not operations then
    return refusal
  end
  local row, document
  row, refusal = find(store, context, route, request)
  if row then
    document, refusal = patched(context, row, operations)
  end
  return document and store_change(store, context, route, row, document) or refusal
end

-- Replace -----------------------------------------------------------------------------------------

-- Where a PUT is all there is, it changes what it names (contract 1.8, the channel placement's
-- sample); elsewhere what it leaves out is gone (contract 3).
local function replaced(description, row, given)
  if description.update_method ~= "PUT" then
    return given
  end
  local value = object.of_row(row)
  for name, item in pairs(given) do
    value[name] = item
  end
  return value
end

local function no_put(context, description)
  return answer.problem(context, 405, ("a %s takes no PUT"):format(description.title),
    { headers = { Allow = "DELETE, GET, PATCH" } })
end

---@param store dps.library.Store
---@param context dps.library.Context
---@param route dps.library.Route
---@param request dps.library.Request
---@return dps.library.Answer
function write.replace(store, context, route, request)
  local given, refusal = bodies.object(context, request)
  if not given then
    return refusal
  end
  local row
  row, refusal = find(store, context, route, request)
  if not row then
    return refusal
  end
  local description = resource.by_name[row.kind]
  if not description.put and not context.settings.allow_put then
    return no_put(context, description)
  elseif given.id ~= nil and given.id ~= row.id then
    return answer.problem(context, 422, "the body's id is not the one in the path")
  end
  return store_change(store, context, route, row, replaced(description, row, given))
end

-- Delete ------------------------------------------------------------------------------------------

local function kept(store, context, row)
  local settings = context.settings
  return not settings.allow_dangling and references.in_use(store, context, row.id)
    or settings.strict_deletes and rules.keeps(row)
    or nil
end

---@param store dps.library.Store
---@param context dps.library.Context
---@param route dps.library.Route
---@param request dps.library.Request
---@return dps.library.Answer
function write.delete(store, context, route, request)
  local row, refusal = find(store, context, route, request)
  if not row then
    return refusal
  end
  local why = kept(store, context, row)
  if why then
    return answer.problem(context, 409, why)
  end
  store:delete(row.sandbox, row.type, row.id)
  return answer.empty(context, context.settings.delete_status)
end

return write
