-- References by name: dps.ref("placement", "Homepage hero") goes wherever an id goes. A name is
-- looked up once per client and run, however many tasks wait for it; one that nothing has, or that
-- several have, is an error with what it may have meant.

local native = require "dps.native"
local err = require "dps.err"
local intents = require "dps.intent"
local look = require "dps.look"
local resources = require "dps.resource"
local suggest = require "dps.suggest"
local values = require "dps.schema.value"

local ref = {}

ref.is = values.is_ref

local function kind_names()
  local names = {}
  for i, description in ipairs(resources.all) do
    names[i] = description.name
  end
  return names
end

---A name in the place of an id, wherever one goes. It is looked up once in a run, by the call that
---it is given to: a name that nothing has, or that several have, is an error of kind "invalid".
---@param kind string  the resource: "placement", "fallback" ...
---@param name string  the object's name, exactly
---@return dps.Ref
function ref.new(kind, name)
  if not resources.by_name[kind] then
    local nearest = suggest.nearest(kind, kind_names())
    err.misuse(("dps.ref: there is no kind %s (%s)"):format(
      type(kind) == "string" and '"' .. kind .. '"' or "of a " .. type(kind),
      nearest and ('did you mean "%s"?'):format(nearest)
        or "known: " .. table.concat(kind_names(), ", ")))
  end
  if type(name) ~= "string" or not name:find "%S" then
    err.misuse(("dps.ref: the name of the %s must be a text that is not blank")
      :format(resources.by_name[kind].title))
  end
  return values.new_ref(kind, name)
end

-- Looking up -------------------------------------------------------------------------------------

local function cache_of(client)
  local cache = rawget(client, "refs")
  if not cache then
    cache = {}
    client.refs = cache
  end
  return cache
end

local function key_of(reference)
  return reference.kind .. "\0" .. reference.name
end

-- In a task of its own, so that whoever waits can be cancelled and the others get the answer. Its
-- outcome is a result, never the task's failure.
local function start(client, intent, reference)
  local description = resources.by_name[reference.kind]
  return native.spawn(function()
    local ok, found = pcall(look.named, client, intent, description, reference.name)
    if ok and #found == 0 then
      return pcall(function()
        return found, look.near(client, intent, description, reference.name)
      end)
    end
    return ok, found
  end)
end

-- A failure of the look-up is told where the script waits for it.
local function rethrow(failure)
  if err.is(failure) and not failure.where then
    failure.where = err.where()
  end
  error(failure, 0)
end

local function wait(task)
  local how, ok, found, near, count = native.task_wait(task)
  if how ~= "done" then
    err.raise { kind = "cancelled", message = "the look-up of a name was cancelled" }
  elseif not ok then
    rethrow(found)
  end
  return found, near, count
end

---@return table[] found
---@return string[]? near
---@return integer? count
local function find(client, intent, reference)
  local cache, key = cache_of(client), key_of(reference)
  local entry = cache[key]
  if type(entry) == "table" then
    return entry
  end
  local task = entry or start(client, intent, reference)
  cache[key] = task
  local done, found, near, count = pcall(wait, task)
  if cache[key] == task then
    cache[key] = done and #found == 1 and { { id = found[1].id } } or nil
  end
  if not done then
    error(found, 0)
  end
  return found, near, count
end

-- Words ------------------------------------------------------------------------------------------

local function several(description, reference, found)
  local ids = {}
  for i = 1, math.min(#found, 5) do
    ids[i] = found[i].id
  end
  return ('%d %s have the name "%s": %s%s; pass the id of the one that is meant'):format(#found,
    description.titles or description.title .. "s", reference.name, table.concat(ids, ", "),
    #found > #ids and " ..." or "")
end

local function none(description, reference, near, count)
  local words = ('no %s has the name "%s"'):format(description.title, reference.name)
  if near and #near > 0 then
    for i, name in ipairs(near) do
      near[i] = '"' .. name .. '"'
    end
    return words .. (#near == count and "; there is: " or "; near: ") .. table.concat(near, ", ")
  end
  return ("%s (there %s %d)"):format(words, count == 1 and "is" or "are", count or 0)
end

-- The id, or nil and why there is none.
local function resolve(client, intent, reference)
  local found, near, count = find(client, intent, reference)
  if #found == 1 then
    return found[1].id
  end
  local description = resources.by_name[reference.kind]
  if #found > 1 then
    return nil, several(description, reference, found)
  end
  return nil, none(description, reference, near, count)
end

local HINT = "write the name as it stands in the sandbox, or create the object before this call"

local function refuse(intent, problems)
  intents.fail(intent, { kind = "invalid", problems = problems, hint = HINT })
end

---The id of what a call is about. Raises kind "invalid".
---@param client dps.Client
---@param intent dps.Intent
---@param reference dps.Ref
---@param kind string  what it must be
---@return string
function ref.id(client, intent, reference, kind)
  if reference.kind ~= kind then
    refuse(intent, { { path = "id", message = ('%s is no %s'):format(tostring(reference),
      resources.by_name[kind].title) } })
  end
  local id, why = resolve(client, intent, reference)
  return id or refuse(intent, { { path = "id", message = why } })
end

-- Every reference in a table, each with one of the paths at which it stands.
local function collect(value, path, found, seen)
  if ref.is(value) then
    found[#found + 1] = { path = path, reference = value }
  elseif not seen[value] then
    seen[value] = true
    for key, item in next, value do
      if type(item) == "table" then
        local step = type(key) == "number" and ("[%d]"):format(key) or "." .. tostring(key)
        collect(item, path .. step, found, seen)
      end
    end
  end
  return found
end

---The ids of all references in a table. Raises kind "invalid" with every name that has no id.
---@param client dps.Client
---@param intent dps.Intent
---@param value table
---@return table<dps.Ref, string>
function ref.ids(client, intent, value)
  local ids, problems = {}, {}
  for _, place in ipairs(collect(value, "", {}, {})) do
    local id, why = resolve(client, intent, place.reference)
    ids[place.reference] = id
    if not id then
      problems[#problems + 1] = { path = (place.path:gsub("^%.", "")), message = why }
    end
  end
  if #problems > 0 then
    table.sort(problems, function(a, b) return a.path < b.path end)
    refuse(intent, problems)
  end
  return ids
end

---What a name meant may have changed: it is looked up again.
---@param client dps.Client
---@param description dps.Resource
---@param id string?  only names of this object
function ref.forget(client, description, id)
  local cache = rawget(client, "refs") or {}
  for key, entry in pairs(cache) do
    if key:find(description.name .. "\0", 1, true) == 1
      and (not id or type(entry) ~= "table" or entry[1].id == id) then
      cache[key] = nil
    end
  end
end

return ref
