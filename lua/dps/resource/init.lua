-- The registry of resources, and the addresses that follow from a description. To add a resource,
-- write one description file beside this one; nothing knows the resources one by one.

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
---@field open boolean|string?   an object with free names, or with those of a pattern; `values`
---  describes what they hold
---@field to string|string[]?    of a reference: the name of the resource, or of one of several; a
---  kind that is no resource is taken as it is
---@field to_by table?           { field =, kinds = }: `to` by the value of a field beside the list
---@field missing_says string?   what to do when a required one is missing
---@field write_only boolean?    accepted on create, never returned
---@field read_only boolean?     given by the service, refused on create
---@field default any           what the service takes a missing one for
---@field unordered boolean?     a list whose order means nothing
---@field only boolean?          the one value of a boolean
---@field kept boolean?          the service keeps the first value, whatever an update says
---@field always boolean?        of a list: given back even where it was left out, empty
---@field fold_case boolean?     given back in another case than it was sent in
---@field guard_items integer?   the product's guardrails (contract 6): more is warned of, or
---@field guard_bytes integer?   refused by a strict local library
---@field about string?          for people, where the name does not say it
---@field source string          where this is documented

---@class dps.Resource
---@field name string            dps.create_<name>
---@field plural string          dps.list_<plural>
---@field title string           for people
---@field about string           for people, without a full stop
---@field path string            below the base URL
---@field query table<string, string>  what every call on it carries
---@field headers table<string, string>?  the same as headers: from the settings of these names
---@field marker table<string, any>?  members by which it differs from what shares its path; written
---  by dps itself, and what a list asks for
---@field unmarked string?       the member that none of these has, where another resource shares
---  the path
---@field put boolean?           a whole object may be written with PUT
---@field update_method string?  "PUT" where a PATCH is not documented
---@field name_field string?     dot path of what people know it by, when that is not `name`
---@field status_field string?   dot path of what says where in its life it is, when not `status`
---@field utc "Z"|nil            how an entity's moments end; else with +00:00
---@field id_prefix string
---@field schema string|false    what an entity's `schemas` holds, if any
---@field permission string?     the right that a credential's role needs (contract 7, rule 23)
---@field guardrails table?      count: objects in a sandbox, `with` others; live; bytes of one
---@field fields dps.Field[]     beside the fields: `open` and `check` of the whole object
---@field source string

-- Every file beside this one that describes a resource, and no shared part. The order of the names
-- makes the rest repeatable.
local function load_all()
  local names, found = {}, {}
  for module in pairs(package.preload) do
    names[#names + 1] = module:match "^dps%.resource%.([%w_]+)$"
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local description = require("dps.resource." .. name)
    if description.path then
      found[#found + 1], found[name] = description, description
    end
  end
  return found
end

local function each_reference(fields, visit)
  for _, field in ipairs(fields) do
    for _, kind in ipairs(type(field.to) == "table" and field.to or { field.to }) do
      visit(kind)
    end
    each_reference(field.fields or {}, visit)
    each_reference({ field.items or field.values }, visit)
  end
end

-- What is referred to comes first, so that this is the order in which objects can be created, and
-- the reverse the one in which they can be deleted.
local function place(description, found)
  if resource.by_name[description.name] then
    return
  end
  resource.by_name[description.name] = description
  each_reference(description.fields, function(kind)
    if found[kind] then
      place(found[kind], found)
    end
  end)
  resource.all[#resource.all + 1] = description
end

---All descriptions, in seeding order.
---@type dps.Resource[]
resource.all = {}
---@type table<string, dps.Resource>
resource.by_name = {}
local all = load_all()
for _, description in ipairs(all) do
  place(description, all)
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
