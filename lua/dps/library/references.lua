-- Who refers to whom: references are checked when an object is written (they must point at objects
-- of the right kind, in the same sandbox) and when one is deleted (nobody may point at it).

local places = require "dps.library.places"
local resource = require "dps.resource"
local shape = require "dps.library.shape"

local references = {}

local SHOWN = 3 -- referrers that a refusal names

local function list_of(names)
  return type(names) == "table" and names or { names }
end

local function with_article(title)
  return (title:find "^[aeiou]" and "an " or "a ") .. title
end

local function titles(descriptions)
  local found = {}
  for i, description in ipairs(descriptions) do
    found[i] = description.title
  end
  return table.concat(found, " or ")
end

-- The descriptions of the kinds a reference may have; nil when one of them is none that the library
-- knows, so that nothing can be checked.
local function wanted_of(reference)
  local wanted = {}
  for i, name in ipairs(list_of(reference.to)) do
    wanted[i] = resource.by_name[name]
    if not wanted[i] then
      return nil
    end
  end
  return wanted
end

local function kind_at(store, context, description, id)
  return store:kind(context.sandbox.key, places.of(description).name, id)
end

-- What an id is instead, among everything there is.
local function other_kind(store, context, id)
  for _, description in ipairs(resource.all) do
    local kind = kind_at(store, context, description, id)
    if kind and resource.by_name[kind] then
      return resource.by_name[kind]
    end
  end
  return nil
end

local function words(store, context, wanted, id)
  local other = other_kind(store, context, id)
  if not other then
    return ("there is no %s with the id '%s' in sandbox '%s'"):format(
      titles(wanted), id, context.sandbox.name)
  end
  local text = ("'%s' is %s, not %s"):format(
    id, with_article(other.title), with_article(titles(wanted)))
  if wanted[1].marker and places.of(wanted[1]) == places.of(other) then
    text = text .. (" (not an ExD rule: %s is not set)"):format(next(wanted[1].marker))
  end
  return text
end

---@return string|nil  what is wrong with a reference
local function fault_of(store, context, reference)
  local wanted = wanted_of(reference)
  for _, description in ipairs(wanted or {}) do
    if kind_at(store, context, description, reference.id) == description.name then
      return nil
    end
  end
  return wanted and words(store, context, wanted, reference.id)
end

---Looks at the references of an object that has been checked otherwise.
---@param store dps.library.Store
---@param context dps.library.Context
---@param description dps.Resource
---@param object table
---@return dps.Problem[] problems
---@return string[] ids  all that it refers to, each once
function references.look(store, context, description, object)
  local problems, ids, seen = {}, {}, {}
  for _, reference in ipairs(shape.references(description.fields, object)) do
    local message = fault_of(store, context, reference)
    if message then
      problems[#problems + 1] = { path = reference.path, message = message }
    end
    if not seen[reference.id] then
      seen[reference.id] = true
      ids[#ids + 1] = reference.id
    end
  end
  return problems, ids
end

---Who still refers to an object that is to be deleted, in words.
---@param store dps.library.Store
---@param context dps.library.Context
---@param id string
---@return string|nil  nil: nobody
function references.in_use(store, context, id)
  local rows = store:referrers(context.sandbox.key, id, SHOWN + 1)
  local named = {}
  for i = 1, math.min(#rows, SHOWN) do
    local kind, other, name = rows[i][1], rows[i][2], rows[i][3]
    local description = resource.by_name[kind]
    named[i] = ("%s '%s' (%s)"):format(description and description.title or kind, name or "", other)
  end
  if #rows == 0 then
    return nil
  end
  return ("'%s' is in use by %s%s; delete or change those first"):format(
    id, table.concat(named, ", "), #rows > SHOWN and " and more" or "")
end

return references
