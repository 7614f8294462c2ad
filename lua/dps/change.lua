-- The update verb: a table of changed fields becomes the smallest patch against what is there, or
-- the script gives the operations itself. A conflict says what has changed meanwhile.

local err = require "dps.err"
local diff = require "dps.diff"
local difference = require "dps.difference"
local intents = require "dps.intent"
local json = require "dps.json"
local look = require "dps.look"
local options = require "dps.options"
local patch = require "dps.patch"
local ref = require "dps.ref"
local schema = require "dps.schema"
local send = require "dps.send"
local settle = require "dps.settle"

local change = {}

local CHANGE = { verb = "change", refuse_unknown = true, entities = true }
local NO_SETTLING = {}
local SORTED = { sorted = true }

-- What a read gives beside the fields of the resource; a script that sends a looked-up entity back
-- has them all.
local ENVELOPE = {
  id = true, etag = true, schemas = true, created = true, modified = true, createdBy = true,
  lastModifiedBy = true, sandboxId = true, createdDate = true, lastModifiedDate = true,
  createdByClientId = true, lastModifiedByClientId = true, _links = true, dry = true,
}

local function without_envelope(entity)
  local document = {}
  for name, value in next, entity do
    if not ENVELOPE[name] then
      document[name] = value
    end
  end
  return document
end

-- Conflicts --------------------------------------------------------------------------------------

local function changed_since(before, now)
  local problems = {}
  local operations = diff.operations(without_envelope(before), without_envelope(now))
  for i, step in ipairs(difference.of(before, operations)) do
    problems[i] = { path = step.path, message = ("was %s, is %s now"):format(step.old, step.new) }
  end
  return problems
end

-- Of operations that the script gave, what their tests expect can be compared.
local function failed_tests(operations, now)
  local problems = {}
  for i, step in ipairs(operations) do
    local found = step.op == "test" and difference.at(now, step.path)
    if step.op == "test" and not patch.equal(found, step.value) then
      problems[#problems + 1] = {
        path = ("changes[%d]"):format(i),
        message = ("%s is %s now, and the test expects %s"):format(step.path,
          difference.show(found), difference.show(step.value)),
      }
    end
  end
  return problems
end

local function with_etags(words, before, now)
  if before and before.etag ~= now.etag then
    return ("%s; its etag was %s and is %s now"):format(words, before.etag, now.etag)
  end
  return words
end

-- Adds to a refusal (409, 412) what has changed; where that can't be read, the refusal stands as it
-- is.
local function explain(client, intent, failure, before)
  local ok, now = pcall(send.for_object, client, send.part(intent, {}))
  if ok then
    local problems = before and changed_since(before, now) or failed_tests(intent.value, now)
    failure.problems = #problems > 0 and problems or nil
    failure.message = with_etags(failure.message, before, now)
  end
  error(failure, 0)
end

local function write(client, intent, before)
  local ok, receipt = pcall(send.for_receipt, client, intent)
  ref.forget(client, intent.resource, intent.id)
  if not ok and err.is(receipt, "conflict") then
    explain(client, intent, receipt, before)
  end
  return ok and receipt or error(receipt, 0)
end

-- Operations that the script gives ----------------------------------------------------------------

local function check_operations(intent, operations)
  local problems = patch.check(operations)
  for _, problem in ipairs(problems) do
    problem.path = "changes" .. problem.path
  end
  if #problems > 0 then
    intents.invalid(intent, problems)
  end
end

-- What the operations make of an object that is written as a whole.
local function apply(intent, document, operations)
  local result, why, index = patch.apply(document, operations)
  if result == nil then
    intents.invalid(intent, { { path = ("changes[%d]"):format(index or 0), message = why } })
  end
  return result
end

-- Changed fields ----------------------------------------------------------------------------------

-- What differs of a whole entity that the script read, changed, and sends back.
local function only_changed(intent, changes, before)
  if rawget(changes, "id") ~= before.id then
    return changes
  end
  local etag = rawget(changes, "etag")
  if etag ~= nil and before.etag ~= nil and etag ~= before.etag then
    intents.fail(intent, {
      kind = "conflict", sent = "no", retryable = false,
      message = ("it was read with the etag %s and has %s now"):format(etag, before.etag),
    })
  end
  local rest = {}
  for name, value in next, without_envelope(changes) do
    if not patch.equal(value, before[name]) then
      rest[name] = value
    end
  end
  return rest
end

local function check_kept(intent, before, after)
  for _, field in ipairs(intent.resource.fields) do
    if field.kept and not patch.equal(before[field.name], after[field.name]) then
      intents.invalid(intent, { {
        path = field.name,
        message = ("%s of a %s can't be changed: the service answers 200 and keeps the old one")
          :format(field.name, intent.resource.title),
      } })
    end
  end
end

local function check_fields(intent, changes)
  local problems = schema.check(intent.resource.fields, changes, CHANGE)
  if #problems > 0 then
    intents.invalid(intent, problems)
  end
end

-- The document as it is wanted. Everything that is wrong with it is said before it is sent.
local function wanted(client, intent, before, changes)
  local fields = intent.resource.fields
  changes = only_changed(intent, changes, before)
  check_fields(intent, changes)
  local after = settle(fields, before, send.shape(client, intent, changes), NO_SETTLING)
  check_kept(intent, before, after)
  local problems = schema.new_problems(fields, before, after)
  if #problems > 0 then
    intents.invalid(intent, problems)
  end
  return after
end

-- A `test` before each operation: the patch fails where somebody changed the same place.
local function guarded(operations, before)
  local result = json.array {}
  for _, step in ipairs(operations) do
    local value = difference.at(before, step.path)
    if value ~= nil and step.op ~= "add" then
      result[#result + 1] = { op = "test", path = step.path, value = value }
    end
  end
  return table.move(operations, 1, #operations, #result + 1, result)
end

-- Writing -----------------------------------------------------------------------------------------

local function is_put(intent)
  return intent.resource.update_method == "PUT"
end

-- Whether a PUT takes away what it leaves out is not documented (contract 10, question 28).
local function warn_left_out(client, intent, before, after)
  for name in pairs(without_envelope(before)) do
    if after[name] == nil then
      client:warn(("%s: a %s is written as a whole (PUT), and whether the service then takes %s"
        .. " away is not documented: read it again to see"):format(intent.operation,
          intent.resource.title, name))
    end
  end
end

local function put(client, intent, before, after)
  warn_left_out(client, intent, before, after)
  intent.method = "PUT"
  intent.value = without_envelope(after)
  intent.value.id = intent.id
  send.encode(intent)
  return write(client, intent, before)
end

local function patch_with(client, intent, before, operations)
  intent.method, intent.value = "PATCH", operations
  send.encode(intent, SORTED)
  return write(client, intent, before)
end

---Writes the difference between what is there and what is wanted; nothing where there is none.
---@param client dps.Client
---@param intent dps.Intent
---@param before table  the entity
---@param after table
---@param guard boolean?
---@return table receipt
function change.write_difference(client, intent, before, after, guard)
  local operations = diff.operations(before, after)
  if #operations == 0 then
    return { id = intent.id, etag = before.etag, unchanged = true }
  end
  intent.base, intent.after = before, after
  if is_put(intent) then
    return put(client, intent, before, after)
  end
  return patch_with(client, intent, before, guard and guarded(operations, before) or operations)
end

local function check_guard(intent, guard, operations)
  if guard == nil or guard == false then
    return
  elseif guard ~= true then
    err.misuse(intent.operation .. ": guard must be true or false")
  elseif operations then
    err.misuse(intent.operation .. ": guard goes with changed fields; among operations of your own,"
      .. ' write { op = "test", path = ..., value = ... }')
  elseif is_put(intent) then
    err.misuse(("%s: a %s is written as a whole (PUT), which no test can guard")
      :format(intent.operation, intent.resource.title))
  end
end

local function read(client, intent)
  local before = send.for_object(client, send.part(intent, {}))
  intent.name = look.name_of(intent.resource, before)
  return before
end

---@param client dps.Client
---@param intent dps.Intent
---@param id any            an id, an entity, a receipt, or what dps.ref gave
---@param changes table     changed fields (dps.null takes one away), or RFC 6902 operations
---@param given { guard: boolean? }?  guard: fail where somebody changed the same place meanwhile
---@return table receipt    `unchanged` where nothing had to be written
function change.update(client, intent, id, changes, given)
  given = options.check(intent.operation, given, { "guard" })
  send.check_table(changes, intent.operation, "an id and a table of changes")
  local operations = json.is_array(changes)
  check_guard(intent, given.guard, operations)
  send.aim(client, intent, id)
  if operations then
    check_operations(intent, changes)
  elseif rawget(changes, "id") == nil then
    check_fields(intent, changes)
  end
  if operations and not is_put(intent) then
    return patch_with(client, intent, nil, changes)
  end
  local before = read(client, intent)
  local after = operations and apply(intent, before, changes)
    or wanted(client, intent, before, changes)
  check_kept(intent, before, after)
  return change.write_difference(client, intent, before, after, given.guard)
end

return change
