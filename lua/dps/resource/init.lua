-- The registry of resources, and the addresses that follow from a description. To add a resource,
-- write one description file and name it here; nothing else knows the resources one by one.

local resource = {}

local schema = require "dps.schema"
local url = require "dps.url"

---@class dps.Field
---@field name string?           the wire's own name (none for the items of an array)
---@field type "string"|"integer"|"boolean"|"date"|"array"|"object"|"reference"|"uri"
---@field required boolean?
---@field enum string[]?         all that can be stored
---@field create_enum string[]?  what a create may say, when that is less
---@field items dps.Field?       of an array
---@field fields dps.Field[]?    of an object
---@field open boolean?          an object with free names; `values` describes what they hold
---@field to string|string[]?    of a reference: the name of the resource, or of one of several
---@field missing_says string?   what to do when a required one is missing
---@field write_only boolean?    accepted on create, never returned
---@field source string          where this is documented

---@class dps.Resource
---@field name string            dps.create_<name>
---@field plural string          dps.list_<plural>
---@field title string           for people
---@field path string            below the base URL
---@field query table<string, string>  what every call on it carries
---@field id_prefix string
---@field schema string          what an entity's `schemas` holds
---@field fields dps.Field[]
---@field source string

-- In the order in which they can be seeded: what is referred to comes first.
local NAMES = { "placement", "fallback" }

---All descriptions, in seeding order.
---@type dps.Resource[]
resource.all = {}
---@type table<string, dps.Resource>
resource.by_name = {}
for i, name in ipairs(NAMES) do
  local description = require("dps.resource." .. name)
  resource.all[i], resource.by_name[name] = description, description
end

local queries = setmetatable({}, { __mode = "k" })

local function with_query(path, description, extra)
  local query = queries[description]
  if not query then
    query = url.query(url.parameters(description.query))
    queries[description] = query
  end
  if extra and extra ~= "" then
    query = query == "" and extra or query .. "&" .. extra
  end
  return query == "" and path or path .. "?" .. query
end

---The request target of a collection, to be appended to the base URL.
---@param description dps.Resource
---@param extra string?  more query, encoded already: "limit=2&orderby=-modified"
---@return string  such as "/offers?offer-type=fallback"
function resource.collection_target(description, extra)
  return with_query(description.path, description, extra)
end

---The request target of one object. The id's ":" stays raw; what could end the path segment is
---percent-encoded (contract 1.0, "Id in path").
---@param description dps.Resource
---@param id string
---@return string  such as "/offers/dps:fallback-offer:1a2b?offer-type=fallback"
function resource.item_target(description, id)
  return with_query(description.path .. "/" .. url.escape(id, ":"), description)
end

---Whether an id can stand in a request. Ids are opaque (contract 1.0); refused is only what would
---make another request of it: empty, "/", "?", "#", white space, control characters, "." and "..".
---@param id any
---@return true|nil
---@return string|nil message
function resource.check_id(id)
  return schema.check_id(id)
end

return resource
