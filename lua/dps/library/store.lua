-- What the local library's database holds: objects, who refers to whom, how many there are, and
-- sandboxes. It knows columns, never what a resource is or what an answer looks like.

local database = require "dps.library.database"

local store = {}

local VERSION = 2

-- `type` is the place an object lives at, `kind` which of the resources there it is. The statistics
-- tell the planner what it can't know of a new database: that a name finds few rows, so that its
-- index serves better than the one that gives the order.
local SCHEMA = [[
  CREATE TABLE sandboxes (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL
  );
  CREATE TABLE objects (
    seq INTEGER PRIMARY KEY,
    sandbox INTEGER NOT NULL,
    type TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    status TEXT,
    etag INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    modified_by TEXT NOT NULL,
    created_client TEXT NOT NULL,
    modified_client TEXT NOT NULL,
    schema TEXT NOT NULL,
    size INTEGER NOT NULL,
    body TEXT NOT NULL,
    hidden TEXT
  );
  CREATE UNIQUE INDEX objects_by_id ON objects (sandbox, type, id);
  CREATE INDEX objects_by_time ON objects (sandbox, type, modified);
  CREATE INDEX objects_by_birth ON objects (sandbox, type, created);
  CREATE INDEX objects_by_name ON objects (sandbox, type, name);
  CREATE INDEX objects_by_status ON objects (sandbox, type, status, modified);

  CREATE TABLE refs (
    source INTEGER NOT NULL,
    target TEXT NOT NULL,
    sandbox INTEGER NOT NULL,
    PRIMARY KEY (source, target)
  ) WITHOUT ROWID;
  CREATE INDEX refs_by_target ON refs (sandbox, target);

  CREATE TABLE counts (
    sandbox INTEGER NOT NULL,
    type TEXT NOT NULL,
    kind TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (sandbox, type, kind)
  ) WITHOUT ROWID;
  CREATE TRIGGER object_added AFTER INSERT ON objects BEGIN
    INSERT INTO counts VALUES (NEW.sandbox, NEW.type, NEW.kind, 1)
      ON CONFLICT DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER object_gone AFTER DELETE ON objects BEGIN
    UPDATE counts SET n = n - 1
      WHERE sandbox = OLD.sandbox AND type = OLD.type AND kind = OLD.kind;
    DELETE FROM refs WHERE source = OLD.seq;
  END;
  CREATE TRIGGER object_turned AFTER UPDATE OF kind ON objects WHEN OLD.kind <> NEW.kind BEGIN
    UPDATE counts SET n = n - 1
      WHERE sandbox = OLD.sandbox AND type = OLD.type AND kind = OLD.kind;
    INSERT INTO counts VALUES (NEW.sandbox, NEW.type, NEW.kind, 1)
      ON CONFLICT DO UPDATE SET n = n + 1;
  END;

  ANALYZE sqlite_schema;
  DELETE FROM sqlite_stat1;
  INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('objects', 'objects_by_id', '1000000 100000 10000 1'),
    ('objects', 'objects_by_time', '1000000 100000 10000 10'),
    ('objects', 'objects_by_birth', '1000000 100000 10000 10'),
    ('objects', 'objects_by_name', '1000000 100000 10000 2'),
    ('objects', 'objects_by_status', '1000000 100000 10000 2000 5');
]]

---@class dps.library.Object
---@field seq integer?         order of insertion, unique; nil until stored
---@field sandbox integer      key of the sandbox
---@field type string          the place it lives at
---@field kind string          name of the resource's description
---@field id string
---@field name string?
---@field status string?
---@field etag integer
---@field created integer      milliseconds since the epoch, like `modified`
---@field modified integer
---@field created_by string
---@field modified_by string
---@field created_client string
---@field modified_client string
---@field schema string
---@field size integer         bytes of `body`
---@field body string          JSON object: what a reader sees
---@field hidden string?       JSON object: what was accepted and is never shown
---@field refers string[]?     ids that it refers to, each once; written, never read
local COLUMNS = {
  "sandbox", "type", "kind", "id", "name", "status", "etag", "created", "modified", "created_by",
  "modified_by", "created_client", "modified_client", "schema", "size", "body", "hidden",
}
local CHANGING = {
  "kind", "name", "status", "etag", "modified", "modified_by", "modified_client", "size", "body",
  "hidden",
}

local LIST = table.concat(COLUMNS, ", ")
local ONE = " FROM objects WHERE sandbox = ? AND type = ? AND id = ?"
local SQL = {
  insert = ("INSERT INTO objects (%s) VALUES (%s)"):format(
    LIST, ("?, "):rep(#COLUMNS - 1) .. "?"),
  update = ("UPDATE objects SET %s = ? WHERE seq = ?"):format(table.concat(CHANGING, " = ?, ")),
  delete = "DELETE" .. ONE,
  find = ("SELECT seq, %s%s"):format(LIST, ONE),
  by_seq = ("SELECT seq, %s FROM objects WHERE seq = ?"):format(LIST),
  kind = "SELECT kind" .. ONE,
  named = "SELECT id FROM objects WHERE sandbox = ? AND type = ? AND name = ? AND kind = ?"
    .. " AND id <> ? LIMIT 1",
  count = "SELECT coalesce(sum(n), 0) FROM counts WHERE sandbox = ? AND type = ?",
  count_kind = "SELECT coalesce(sum(n), 0) FROM counts WHERE sandbox = ? AND type = ? AND kind = ?",
  count_status = "SELECT count(*) FROM objects WHERE sandbox = ? AND type = ? AND status = ?",
  refer = "INSERT INTO refs (source, target, sandbox) VALUES (?, ?, ?)",
  forget = "DELETE FROM refs WHERE source = ?",
  referrers = "SELECT kind, id, name FROM refs JOIN objects ON seq = source"
    .. " WHERE refs.sandbox = ? AND target = ? LIMIT ?",
  sandbox = "SELECT key, id FROM sandboxes WHERE name = ?",
  sandboxes = "SELECT key, name, id FROM sandboxes ORDER BY key",
  add_sandbox = "INSERT INTO sandboxes (name, id) VALUES (?, ?)",
}

---@class dps.library.Store: dps.library.Database
---@field totals table<string, integer>  counted before, while the database is as it was then
---@field totals_at string?
---@field totals_kept integer
local Store = setmetatable({}, database.Database)
Store.__index = Store

store.Failure = database.Failure

-- Objects -----------------------------------------------------------------------------------------

local function to_object(seq, ...)
  if seq == nil then
    return nil
  end
  local object, values = { seq = seq }, { ... }
  for i, column in ipairs(COLUMNS) do
    object[column] = values[i]
  end
  return object
end

local function values_of(object, columns)
  local values = {}
  for i, column in ipairs(columns) do
    values[i] = object[column]
  end
  return values
end

local function refer(self, object)
  for _, id in ipairs(object.refers or {}) do
    self:run(SQL.refer, object.seq, id, object.sandbox)
  end
end

---@param object dps.library.Object
function Store:insert(object)
  self:run(SQL.insert, table.unpack(values_of(object, COLUMNS), 1, #COLUMNS))
  object.seq = self.db:last_rowid()
  refer(self, object)
end

---Writes what can change of an object that was found here.
---@param object dps.library.Object
function Store:update(object)
  local values = values_of(object, CHANGING)
  values[#CHANGING + 1] = object.seq
  self:run(SQL.update, table.unpack(values, 1, #CHANGING + 1))
  self:run(SQL.forget, object.seq)
  refer(self, object)
end

---@return dps.library.Object?
function Store:find(sandbox, type, id)
  return to_object(self:row(SQL.find, sandbox, type, id))
end

---@return dps.library.Object?
function Store:by_seq(seq)
  return to_object(self:row(SQL.by_seq, seq))
end

---Which resource of those at its place an object is.
---@return string|nil  nil when it is not there
function Store:kind(sandbox, type, id)
  return (self:row(SQL.kind, sandbox, type, id))
end

---@return boolean whether it was there
function Store:delete(sandbox, type, id)
  self:run(SQL.delete, sandbox, type, id)
  return self.db:changes() > 0
end

---The id of another object of the same kind and name.
---@param object dps.library.Object
---@return string|nil
function Store:namesake(object)
  return object.name
    and self:row(SQL.named, object.sandbox, object.type, object.name, object.kind, object.id)
end

---@param kind string?  nil: all at that place
---@return integer
function Store:count(sandbox, type, kind)
  if kind then
    return self:row(SQL.count_kind, sandbox, type, kind)
  end
  return self:row(SQL.count, sandbox, type)
end

local KEPT_TOTALS = 64

local function key_of(sql, values)
  local parts = { sql }
  for i = 1, values.n do
    parts[i + 1] = tostring(values[i])
  end
  return table.concat(parts, "\0")
end

---The number that a statement counts; asked again only when something was written meanwhile.
---@param values table  with `n`
---@return integer
function Store:counted(sql, values)
  local key, stamp = key_of(sql, values), self:stamp()
  if self.totals_at ~= stamp or self.totals_kept >= KEPT_TOTALS then
    self.totals, self.totals_at, self.totals_kept = {}, stamp, 0
  end
  if not self.totals[key] then
    self.totals[key] = self:row(sql, table.unpack(values, 1, values.n))
    self.totals_kept = self.totals_kept + 1
  end
  return self.totals[key]
end

---@return integer
function Store:count_status(sandbox, type, status)
  return self:row(SQL.count_status, sandbox, type, status)
end

---Who refers to an id.
---@return {[1]: string, [2]: string, [3]: string?}[]  kind, id and name of `limit` of them at most
function Store:referrers(sandbox, id, limit)
  return self:rows(SQL.referrers, sandbox, id, limit)
end

-- Sandboxes ---------------------------------------------------------------------------------------

---@class dps.library.Sandbox
---@field key integer
---@field name string
---@field id string

---@return dps.library.Sandbox?
function Store:sandbox(name)
  local key, id = self:row(SQL.sandbox, name)
  return key and { key = key, name = name, id = id } or nil
end

---@return dps.library.Sandbox
function Store:add_sandbox(name, id)
  self:run(SQL.add_sandbox, name, id)
  return self:sandbox(name)
end

---@return dps.library.Sandbox[]
function Store:all_sandboxes()
  local found = {}
  for i, row in ipairs(self:rows(SQL.sandboxes)) do
    found[i] = { key = row[1], name = row[2], id = row[3] }
  end
  return found
end

-- Opening -----------------------------------------------------------------------------------------

---Opens a database, and makes it when there is none.
---@param path string?    nil: in memory, gone when closed
---@param reset boolean?  throws away what it holds
---@return dps.library.Store|nil
---@return string? message  a sentence that says what is wrong and what to do
function store.open(path, reset)
  return database.open(Store, {
    path = path, schema = SCHEMA, version = VERSION, reset = reset == true,
  })
end

return store
