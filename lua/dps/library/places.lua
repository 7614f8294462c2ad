-- Where objects live: a place is a path with its fixed query, and one or more resources share it
-- (decision rules and eligibility rules, contract 1.8). Which of them an object is, its marker
-- says. Built from descriptions; pure.

local resource = require "dps.resource"

local places = {}

---@class dps.library.Place
---@field name string                   what the database calls it
---@field path string
---@field query table<string, string>
---@field main dps.Resource             the one without a marker, or the first
---@field descriptions dps.Resource[]
---@field fields dps.Field[]            of all of them, each name once
---@field put boolean                   whether any of them takes PUT
---@field patch boolean                 whether any of them takes PATCH

local function same_query(a, b)
  for name, value in pairs(a) do
    if b[name] ~= value then
      return false
    end
  end
  return next(b) == nil or next(a) ~= nil
end

-- A mark of another value is for the check of that resource to refuse; false is as good as none.
local function carries(object, marker)
  for name in pairs(marker) do
    if object[name] == nil or object[name] == false then
      return false
    end
  end
  return true
end

local function add_fields(place, description)
  for _, field in ipairs(description.fields) do
    if not place.names[field.name] then
      place.names[field.name] = true
      table.insert(place.fields, field)
    end
  end
end

local function add(place, description)
  table.insert(place.descriptions, description)
  add_fields(place, description)
  place.put = place.put or description.put == true
  place.patch = place.patch or description.update_method ~= "PUT"
  if not description.marker then
    place.main = description
  end
end

local function new_place(description)
  return {
    path = description.path, query = description.query, main = description, descriptions = {},
    fields = {}, names = {}, put = false, patch = false,
  }
end

local function find(all, description)
  for _, place in ipairs(all) do
    if place.path == description.path and same_query(place.query, description.query) then
      return place
    end
  end
  return nil
end

---The places of descriptions, in their order.
---@param descriptions dps.Resource[]
---@return dps.library.Place[]
function places.group(descriptions)
  local all = {}
  for _, description in ipairs(descriptions) do
    local place = find(all, description)
    if not place then
      place = new_place(description)
      all[#all + 1] = place
    end
    add(place, description)
  end
  for _, place in ipairs(all) do
    place.name, place.names = place.main.name, nil
  end
  return all
end

local known = setmetatable({}, { __mode = "k" })

---The place where a resource's objects live. Resources may be added later, as tests do.
---@param description dps.Resource
---@return dps.library.Place
function places.of(description)
  if not known[description] then
    for _, place in ipairs(places.group(resource.all)) do
      for _, each in ipairs(place.descriptions) do
        known[each] = place
      end
    end
  end
  return known[description]
end

---Which resource an object is.
---@param place dps.library.Place
---@param object table
---@return dps.Resource
function places.kind(place, object)
  for _, description in ipairs(place.descriptions) do
    if description.marker and carries(object, description.marker) then
      return description
    end
  end
  return place.main
end

return places
