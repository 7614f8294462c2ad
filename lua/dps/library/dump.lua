-- What a library holds as one JSON document, and back: for copies, for tests that begin with
-- something, and for files written by hand. One object a line.
--
--   {"format":"dps-library/1","sandboxes":[{"name":"dev","objects":[
--   {"resource":"placement","id":"p1","fields":{"name":"Hero", ...}}
--   ]}]}
--
-- `id`, `etag` and what else the service gives may be left out.

local date = require "dps.date.wire"
local json = require "dps.json"
local object = require "dps.library.object"
local places = require "dps.library.places"
local resource = require "dps.resource"
local schema = require "dps.schema"
local shape = require "dps.library.shape"

local dump = {}

local FORMAT = "dps-library/1"
local PAGE = 500
local SORTED = { sorted = true }
local ROWS = "SELECT seq FROM objects WHERE sandbox = ? AND seq > ? ORDER BY seq LIMIT ?"

-- Out ---------------------------------------------------------------------------------------------

local function entry_of(row)
  return {
    resource = row.kind, id = row.id, etag = row.etag,
    created = date.format_z(row.created), modified = date.format_z(row.modified),
    createdBy = row.created_by, lastModifiedBy = row.modified_by,
    createdByClientId = row.created_client, lastModifiedByClientId = row.modified_client,
    fields = object.of_row(row),
  }
end

-- In pages, so that memory does not grow with the library.
local function each_row(store, sandbox, visit)
  local last = 0
  repeat
    local rows = store:rows(ROWS, sandbox.key, last, PAGE)
    for _, row in ipairs(rows) do
      last = row[1]
      visit(store:by_seq(last))
    end
  until #rows < PAGE
end

local function write_sandbox(store, sandbox, write)
  write(('{"name":%s,"id":%s,"objects":['):format(json.encode(sandbox.name),
    json.encode(sandbox.id)))
  local before = "\n"
  each_row(store, sandbox, function(row)
    write(before, assert(json.encode(entry_of(row), SORTED)))
    before = ",\n"
  end)
  write "\n]}"
end

---Writes everything that a store holds.
---@param store dps.library.Store
---@param write fun(...: string)
function dump.write(store, write)
  write(('{"format":"%s","sandboxes":['):format(FORMAT))
  for i, sandbox in ipairs(store:all_sandboxes()) do
    write(i > 1 and "," or "")
    write_sandbox(store, sandbox, write)
  end
  write "]}\n"
end

-- In ----------------------------------------------------------------------------------------------

local function fail(format, ...)
  error({ import = format:format(...) }, 0)
end

local function moment(entry, name, otherwise)
  if entry[name] == nil then
    return otherwise
  end
  return date.parse(entry[name]) or fail("%s of %s is no date", name, entry.id or "an object")
end

local function check(description, entry, where)
  if type(entry.fields) ~= "table" then
    fail("%s has no fields", where)
  end
  local value = shape.known(description.fields, entry.fields)
  local problems = schema.check(description.fields, value, { verb = "stored" })
  if #problems > 0 then
    fail("%s (%s %s): %s", where, description.title, tostring(entry.id), problems[1].message)
  end
  return value
end

local function row_of(context, description, entry)
  local row = object.new_row(context, description, entry.id)
  row.etag = math.tointeger(entry.etag) or row.etag
  row.created = moment(entry, "created", row.created)
  row.modified = moment(entry, "modified", row.modified)
  row.created_by = entry.createdBy or row.created_by
  row.modified_by = entry.lastModifiedBy or row.modified_by
  row.created_client = entry.createdByClientId or row.created_client
  row.modified_client = entry.lastModifiedByClientId or row.modified_client
  return row
end

local function ids_of(description, value)
  local ids, seen = {}, {}
  for _, reference in ipairs(shape.references(description.fields, value)) do
    if not seen[reference.id] then
      seen[reference.id] = true
      ids[#ids + 1] = reference.id
    end
  end
  return ids
end

local function read_entry(store, context, entry, where)
  local description = type(entry) == "table" and resource.by_name[entry.resource]
  if not description then
    fail("%s names no resource that is known", where)
  elseif entry.id ~= nil and not resource.check_id(entry.id) then
    fail("%s has an id that can't stand in a request", where)
  end
  local value = check(description, entry, where)
  local row = row_of(context, description, entry)
  object.fill(row, places.kind(places.of(description), value), value, ids_of(description, value))
  store:delete(row.sandbox, row.type, row.id)
  store:insert(row)
end

local function read_all(store, context, document, new_sandbox)
  if type(document) ~= "table" or document.format ~= FORMAT
    or not json.is_array(document.sandboxes) then
    fail('it is no export of a local library: it should begin with {"format":"%s",'
      .. '"sandboxes":[', FORMAT)
  end
  local count = 0
  for _, given in ipairs(document.sandboxes) do
    if type(given) ~= "table" or type(given.name) ~= "string" then
      fail "a sandbox has no name"
    end
    context.sandbox = store:sandbox(given.name) or new_sandbox(given.name, given.id)
    for i, entry in ipairs(json.is_array(given.objects) and given.objects or {}) do
      read_entry(store, context, entry, ("object %d of sandbox %s"):format(i, given.name))
      count = count + 1
    end
  end
  return count
end

---Takes everything from an export; what has the same id is replaced. All of it or nothing.
---@param store dps.library.Store
---@param context dps.library.Context  `now`, `actor` and `client` of what says none of its own
---@param text string
---@param new_sandbox fun(name: string, id: string?): dps.library.Sandbox
---@return integer|nil count  of objects
---@return string? message
function dump.read(store, context, text, new_sandbox)
  local document, message = json.decode(text)
  if document == nil then
    return nil, "it is not JSON: " .. tostring(message)
  end
  local done, count = pcall(store.atomically, store, function()
    return true, read_all(store, context, document, new_sandbox)
  end)
  if done then
    return count
  elseif type(count) == "table" and count.import then
    return nil, count.import
  end
  error(count, 0)
end

return dump
