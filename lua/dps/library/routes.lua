-- From a request line to what is meant: which resource, which verb, which id, which query. Built
-- from descriptions; pure, and knows no resource by name.

local places = require "dps.library.places"

local routes = {}

routes.BASE = "/data/core/dps"

local COLLECTION = { GET = "list", POST = "create" }
local ITEM = { GET = "get", PATCH = "update", PUT = "replace", DELETE = "delete" }

---@class dps.library.Parameter
---@field name string  decoded
---@field raw string   still encoded: a raw comma separates, "%2C" is part of a value

---@class dps.library.Route
---@field place dps.library.Place
---@field verb "list"|"create"|"get"|"update"|"replace"|"delete"
---@field id string?
---@field parameters dps.library.Parameter[]

---@class dps.library.RouteFault
---@field status integer
---@field detail string
---@field allow string?

---Decodes percent-encoding.
---@param form? boolean  "+" is a space, as in a query
---@return string|nil  nil when a "%" is followed by anything but two hex digits
function routes.decode(text, form)
  if text:gsub("%%%x%x", ""):find "%%" then
    return nil
  end
  text = form and text:gsub("+", " ") or text
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local function parse_query(raw)
  local parameters = {}
  for pair in raw:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    name = routes.decode(name, true)
    if not name or not routes.decode(value, true) then
      return nil
    end
    parameters[#parameters + 1] = { name = name, raw = value }
  end
  return parameters
end

-- The decoded value of a parameter; the last one counts.
local function parameter(parameters, name)
  for i = #parameters, 1, -1 do
    if parameters[i].name == name then
      return routes.decode(parameters[i].raw, true)
    end
  end
  return nil
end

local function fault(status, detail, allow)
  return nil, { status = status, detail = detail, allow = allow }
end

local function path_of(target)
  return target:gsub("^%a+://[^/?]*", ""):match "^([^?#]*)%??([^#]*)"
end

---@return string|nil path  below the base; nil when the target is elsewhere
---@return string? query
local function below_base(target)
  local path, query = path_of(target)
  local rest = path:sub(#routes.BASE + 1)
  if path:sub(1, #routes.BASE) ~= routes.BASE or rest:sub(1, 1) ~= "/" then
    return nil
  end
  return rest, query
end

local function allowed(methods)
  local names = {}
  for name in pairs(methods) do
    names[#names + 1] = name
  end
  table.sort(names)
  return table.concat(names, ", ")
end

-- Whether the query says what every call on the place carries. Docs write values in lower case, the
-- service's own links in upper case (contract 1.1): case does not count.
local function carries(place, parameters)
  for name, value in pairs(place.query) do
    local given = parameter(parameters, name)
    if not given or given:lower() ~= value:lower() then
      return false
    end
  end
  return true
end

local function query_fault(found, parameters)
  local name, values = nil, {}
  for i, place in ipairs(found) do
    local value
    name, value = next(place.query)
    values[i] = value
  end
  local given = parameter(parameters, name)
  table.sort(values)
  local known = table.concat(values, ", ")
  if not given then
    return fault(400, ("the parameter %s is missing (one of: %s)"):format(name, known))
  end
  return fault(400, ("the parameter %s is '%s' and must be one of: %s"):format(name, given, known))
end

local function choose(found, parameters)
  for _, place in ipairs(found) do
    if carries(place, parameters) then
      return place
    end
  end
  return query_fault(found, parameters)
end

---@class dps.library.Routes
---@field by_path table<string, dps.library.Place[]>
---@field allow_put boolean
---@field seen table<string, dps.library.Route>  what creates ask for is nearly always the same
---@field kept integer  how many those are
local Routes = {}
Routes.__index = Routes

-- The places of a path and the encoded id behind it, if any.
local function find_path(self, path)
  if self.by_path[path] then
    return self.by_path[path]
  end
  local collection, id = path:match "^(.+)/([^/]+)$"
  if collection and self.by_path[collection] then
    return self.by_path[collection], id
  end
  return nil
end

-- What can be done with one object: PUT where it is documented, PATCH where PUT is not all.
local function item_methods(self, found)
  local methods = { GET = ITEM.GET, DELETE = ITEM.DELETE }
  for _, place in ipairs(found) do
    methods.PUT = methods.PUT or (place.put or self.allow_put) and ITEM.PUT or nil
    methods.PATCH = methods.PATCH or place.patch and ITEM.PATCH or nil
  end
  return methods
end

local function parse_id(raw)
  local id = routes.decode(raw)
  if not id then
    return fault(400, "the id in the path is not percent-encoded well")
  elseif id:find "[%s%c]" then -- contract 1.0, "Id in path"
    return fault(400, "the id in the path holds a space or a control character")
  end
  return id
end

local function finish(found, verb, raw_id, query)
  local parameters = parse_query(query)
  if not parameters then
    return fault(400, "the query is not percent-encoded well")
  end
  local place, why = choose(found, parameters)
  if not place then
    return nil, why
  end
  local id
  if raw_id then
    id, why = parse_id(raw_id)
  end
  if why then
    return nil, why
  end
  return { place = place, verb = verb, id = id, parameters = parameters }
end

local function resolve(self, method, target)
  local path, query = below_base(target)
  local found, id
  if path then
    found, id = find_path(self, path)
  end
  if not found then
    return fault(404, "there is nothing at this path")
  end
  local methods = id and item_methods(self, found) or COLLECTION
  if not methods[method] then
    return fault(405, ("this path takes %s"):format(allowed(methods)), allowed(methods))
  end
  return finish(found, methods[method], id, query)
end

local KEPT = 64

---@param method string
---@param target string  as in the request line, encoded
---@return dps.library.Route|nil
---@return dps.library.RouteFault|nil
function Routes:resolve(method, target)
  if method ~= "POST" then
    return resolve(self, method, target)
  elseif self.seen[target] then
    return self.seen[target]
  end
  local route, why = resolve(self, method, target)
  if route and self.kept < KEPT then
    self.seen[target], self.kept = route, self.kept + 1
  end
  return route, why
end

---@param target string
---@return string|nil path  below the base; nil when the target is not the service's at all
function routes.below(target)
  return (below_base(target))
end

---Whether a target is the service's at all.
---@param target string
---@return boolean
function Routes:is_below(target)
  return self.seen[target] ~= nil or below_base(target) ~= nil
end

---@param descriptions dps.Resource[]
---@param allow_put boolean?  PUT on every object, documented or not
---@return dps.library.Routes
function routes.new(descriptions, allow_put)
  local by_path = {}
  for _, place in ipairs(places.group(descriptions)) do
    by_path[place.path] = by_path[place.path] or {}
    table.insert(by_path[place.path], place)
  end
  return setmetatable({
    by_path = by_path, allow_put = allow_put == true, seen = {}, kept = 0,
  }, Routes)
end

return routes
