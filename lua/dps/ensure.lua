-- The ensure verb: an object with this name and these fields is there afterwards. It looks first,
-- creates what is missing, changes what differs in the fields that the script speaks of, and leaves
-- alone what is as it should be. After a write whose answer was lost it looks again, and never
-- writes twice.

local err = require "dps.err"
local change = require "dps.change"
local intents = require "dps.intent"
local json = require "dps.json"
local look = require "dps.look"
local native = require "dps.native"
local patch = require "dps.patch"
local resources = require "dps.resource"
local row = require "dps.each.row"
local run = require "dps.run"
local schema = require "dps.schema"
local send = require "dps.send"
local settle = require "dps.settle"

local CREATE = { verb = "create", refuse_unknown = true, entities = true }
local WANTED = { verb = "stored", refuse_unknown = true, entities = true }
local SORTED = { sorted = true }
local LENIENT = { lenient = true }
local LOOK_AGAIN = { 0.2, 1, 3 } -- seconds after a write whose answer was lost

local function refuse_several(intent, found)
  local ids = {}
  for i, entity in ipairs(found) do
    ids[i] = entity.id
  end
  intents.fail(intent, {
    kind = "refused",
    message = ("%d objects have this name: %s"):format(#found, table.concat(ids, ", ")),
    hint = "give all but one of them another name, or work with the id of the one that is meant",
  })
end

-- The one object of this name; nil for none.
local function find(client, intent)
  local found = look.named(client, intent, intent.resource, intent.name)
  if #found > 1 then
    refuse_several(intent, found)
  end
  return found[1]
end

-- Somebody cancelled who waits here; the task it waits for goes on, and holds its lock.
local STILL_RUNNING = { interrupted = true, deadlock = true }

-- A task that was cancelled before it began holds its lock no longer.
local function await(locks, key)
  local task = locks[key]
  local how, ok, entity, outcome, paths = native.task_wait(task)
  if not STILL_RUNNING[how] and locks[key] == task then
    locks[key] = nil
  end
  return how, ok, entity, outcome, paths
end

local function raise_cancelled(intent)
  err.raise { kind = "cancelled", operation = intent.operation, message = "it was cancelled" }
end

-- One at a time for each name, so that two tasks which ensure the same do not both create it.
local function locked(client, intent, action)
  local locks = rawget(client, "ensuring") or {}
  client.ensuring = locks
  local key = intent.resource.name .. "\0" .. intent.name
  while locks[key] do
    if STILL_RUNNING[await(locks, key)] then
      raise_cancelled(intent)
    end
  end
  locks[key] = native.spawn(function()
    local ok, entity, outcome, paths = pcall(action)
    locks[key] = nil
    return ok, entity, outcome, paths
  end)
  local how, ok, entity, outcome, paths = await(locks, key)
  if how ~= "done" then
    raise_cancelled(intent)
  end
  return ok, entity, outcome, paths
end

-- Creating ---------------------------------------------------------------------------------------

-- The entity as it must be now: what was sent, and what the receipt says.
local function entity_of(intent, receipt)
  local entity = json.decode(intent.body)
  for _, field in ipairs(intent.resource.fields) do
    if field.write_only then
      entity[field.name] = nil
    end
  end
  entity.id, entity.etag, entity.dry = receipt.id, receipt.etag, receipt.dry
  return entity
end

-- Whether the answer of a write was lost, so that only a look can tell what became of it.
local function is_open(failure)
  return err.is(failure) and (failure.kind == "unknown"
    or failure.sent ~= "no" and (failure.kind == "decode" or (failure.status or 0) >= 500))
end

local function found_after_all(client, intent)
  for _, seconds in ipairs(LOOK_AGAIN) do
    if not native.sleep(seconds) then
      return nil
    end
    look.forget(client, intent.resource)
    local ok, entity = pcall(find, client, intent)
    if ok and entity then
      return entity
    end
  end
  return nil
end

local function create(client, intent, value)
  intent.method, intent.verb = "POST", "create"
  intent.target = resources.collection_target(intent.resource)
  intent.value = send.marked(intent, value)
  send.encode(intent)
  local ok, receipt = pcall(send.for_object, client, intent)
  if ok then
    look.remember(client, intent.resource, intent.name, receipt.id)
    return entity_of(intent, receipt), "created"
  end
  look.forget(client, intent.resource) -- it may be there for all that is known
  local entity = is_open(receipt) and found_after_all(client, intent)
  if not entity then
    error(receipt, 0)
  end
  return entity, "created"
end

-- What can't be compared -------------------------------------------------------------------------

-- The paths at which a table speaks of what the service takes and never gives back.
local function unseen(fields, value, prefix, found)
  for _, field in ipairs(fields or {}) do
    local item = value[field.name]
    if item ~= nil and field.write_only then
      found[#found + 1] = prefix .. field.name
    elseif type(item) == "table" and field.fields then
      unseen(field.fields, item, prefix .. field.name .. ".", found)
    end
  end
  return found
end

-- Once for a client, a resource and a set of fields, however many objects there are.
local function warn_unseen(client, intent, paths)
  local told = rawget(client, "unseen_told") or {}
  client.unseen_told = told
  local resource, list = intent.resource, table.concat(paths, " and ")
  local key = resource.name .. "\0" .. list
  if not told[key] then
    told[key] = true
    client:warn(("the service does not give back %s of %s: what the script sets there was not"
      .. " compared where one exists already; update_%s writes it"):format(list,
      resource.titles or resource.title .. "s", resource.name))
  end
end

-- Changing ---------------------------------------------------------------------------------------

local function read(client, intent)
  return send.for_object(client, send.part(intent, {}))
end

local function differs(intent, there, value)
  return not patch.equal(settle(intent.resource.fields, there, value, LENIENT), there)
end

local function warn_kept(client, intent)
  client:warn(('%s "%s": the service took the change and gives back something else')
    :format(intent.operation, intent.name))
end

-- What is left alone is looked at by dps check all the same.
local function leave(client, intent, there)
  if run.watch then
    intent.verb = "unchanged"
    run.watch(client, intent, there.id, there)
  end
  return there, "unchanged"
end

local function update(client, intent, there, value)
  local fields = intent.resource.fields
  local after = settle(fields, there, value, LENIENT)
  if patch.equal(after, there) then
    return leave(client, intent, there)
  end
  local problems = schema.new_problems(fields, there, after)
  if #problems > 0 then
    intents.invalid(intent, problems)
  end
  intent.verb = "update"
  send.aim(client, intent, there)
  local ok, receipt = pcall(change.write_difference, client, intent, there, after)
  if not ok and not is_open(receipt) then
    error(receipt, 0)
  elseif ok and receipt.dry then
    after.etag, after.dry = receipt.etag, true
    return after, "updated"
  end
  local now = read(client, intent)
  if differs(intent, now, value) then
    if not ok then
      error(receipt, 0)
    end
    warn_kept(client, intent)
  end
  return now, "updated"
end

-- Both -------------------------------------------------------------------------------------------

-- What is wrong for an object that may exist is told as for a new one, which allows less.
local function as_for_create(intent, value, problems)
  local by_path = {}
  for _, problem in ipairs(schema.check(intent.resource.fields, value, CREATE)) do
    by_path[problem.path] = by_path[problem.path] or problem
  end
  for i, problem in ipairs(problems) do
    problems[i] = by_path[problem.path] or problem
  end
  return problems
end

local function check(intent, value, mode)
  local problems = schema.check(intent.resource.fields, value, mode)
  if #problems > 0 then
    intents.invalid(intent, mode == WANTED and as_for_create(intent, value, problems) or problems)
  end
end

-- The third result is there where something could not be compared.
local function change_there(client, intent, there, value)
  local entity, outcome = update(client, intent, there, value)
  local paths = unseen(intent.resource.fields, value, "", {})
  if #paths == 0 then
    return entity, outcome
  end
  warn_unseen(client, intent, paths)
  return entity, outcome, paths
end

local function ensure(client, intent, value, given)
  local there = find(client, intent)
  if there then
    return change_there(client, intent, there, value)
  end
  check(intent, given, CREATE)
  return create(client, intent, value)
end

---@param client dps.Client
---@param intent dps.Intent
---@param given table
---@return table entity
---@return "created"|"updated"|"unchanged"
---@return string[]? uncompared  fields of the table that the service never gives back, so that they
---  were neither compared nor written; nil where there are none
return function(client, intent, given)
  send.check_table(given, intent.operation, "a table that describes the " .. intent.resource.title)
  intent.name = look.name_of(intent.resource, given)
  check(intent, given, WANTED)
  local value = send.shape(client, intent, given)
  intent.described = value
  row.claim(client, intent, function() return (json.encode(value, SORTED)) end)
  local ok, entity, outcome, paths = locked(client, intent, function()
    return ensure(client, intent, value, given)
  end)
  if ok then
    return entity, outcome, paths
  elseif err.is(entity) then
    entity.where = entity.where or err.where()
  end
  error(entity, 0)
end
