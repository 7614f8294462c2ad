-- The database of the local library: one table of objects, one of sandboxes, kept statements,
-- transactions. It knows columns, never what a resource is or what an answer looks like. A
-- statement that fails raises a store.Failure; the library turns it into an answer.

local native = require "dps.native"

local store = {}

local APPLICATION = 0x6470734C -- "dpsL": marks the file as ours; no other is written into
local VERSION = 1
local BUSY_MS = 250 -- the loop stands still for so long at most when another process is writing
local KEPT_STATEMENTS = 200

-- The statistics tell the planner what it can't know of a new database: that a name finds few rows,
-- so that its index serves better than the one that gives the order.
local SCHEMA = [[
  BEGIN IMMEDIATE;
  CREATE TABLE sandboxes (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL
  );
  CREATE TABLE objects (
    seq INTEGER PRIMARY KEY,
    sandbox INTEGER NOT NULL,
    type TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
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
  CREATE UNIQUE INDEX objects_by_id ON objects (sandbox, id, type);
  CREATE INDEX objects_by_time ON objects (sandbox, type, modified);
  CREATE INDEX objects_by_name ON objects (sandbox, type, name);
  ANALYZE sqlite_schema;
  INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('objects', 'objects_by_id', '1000000 100000 1 1'),
    ('objects', 'objects_by_time', '1000000 100000 10000 10'),
    ('objects', 'objects_by_name', '1000000 100000 10000 2');
  PRAGMA application_id = %d;
  PRAGMA user_version = %d;
  COMMIT;
]]

---@class dps.library.Object
---@field seq integer?         order of insertion, unique; nil until stored
---@field sandbox integer      key of the sandbox
---@field type string          name of the resource's description
---@field id string
---@field name string?
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
local COLUMNS = {
  "sandbox", "type", "id", "name", "etag", "created", "modified", "created_by", "modified_by",
  "created_client", "modified_client", "schema", "size", "body", "hidden",
}
local CHANGING = {
  "name", "etag", "modified", "modified_by", "modified_client", "size", "body", "hidden",
}

local LIST = table.concat(COLUMNS, ", ")
local SQL = {
  insert = ("INSERT INTO objects (%s) VALUES (%s)"):format(LIST, ("?, "):rep(#COLUMNS - 1) .. "?"),
  update = ("UPDATE objects SET %s = ? WHERE seq = ?"):format(table.concat(CHANGING, " = ?, ")),
  delete = "DELETE FROM objects WHERE sandbox = ? AND id = ? AND type = ?",
  find = ("SELECT seq, %s FROM objects WHERE sandbox = ? AND id = ? AND type = ?"):format(LIST),
  by_seq = ("SELECT seq, %s FROM objects WHERE seq = ?"):format(LIST),
  has = "SELECT seq FROM objects WHERE sandbox = ? AND id = ? AND type = ?",
  types = "SELECT type FROM objects WHERE sandbox = ? AND id = ?",
  sandbox = "SELECT key, id FROM sandboxes WHERE name = ?",
  add_sandbox = "INSERT INTO sandboxes (name, id) VALUES (?, ?)",
}

---@class dps.library.Failure
---@field message string
---@field code integer  SQLite's result code
store.Failure = { __name = "dps.library.Failure" }
store.Failure.__tostring = function(self)
  return self.message
end

---@class dps.library.Store
---@field db table                        native database
---@field statements table<string, table> prepared, by their text
---@field kept integer                    how many those are
---@field lost boolean                    the transaction ended early; ask nothing more in it
local Store = {}
Store.__index = Store

local function fail(message, code)
  error(setmetatable({ message = message, code = code }, store.Failure), 0)
end

-- Statements --------------------------------------------------------------------------------------

function Store:prepare(sql)
  local statement = self.statements[sql]
  if statement then
    return statement
  end
  if self.kept >= KEPT_STATEMENTS then
    self.statements, self.kept = {}, 0
  end
  local message, code
  statement, message, code = self.db:prepare(sql)
  if not statement then
    fail(message, code)
  end
  self.statements[sql], self.kept = statement, self.kept + 1
  return statement
end

-- A row whose first column is never NULL, so that nil there means failure or no row.
local function checked_row(first, message, code, ...)
  if first == nil and message ~= nil then
    fail(message, code)
  end
  return first, message, code, ...
end

---The first row of a query whose first column is never NULL.
---@return any ...  nothing but nil when there is no row
function Store:row(sql, ...)
  return checked_row(self:prepare(sql):row(...))
end

---@return any[][]
function Store:rows(sql, ...)
  local rows, message, code = self:prepare(sql):rows(...)
  return rows or fail(message, code)
end

function Store:run(sql, ...)
  local ok, message, code = self:prepare(sql):run(...)
  return ok or fail(message, code)
end

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

---@param object dps.library.Object
function Store:insert(object)
  self:run(SQL.insert, table.unpack(values_of(object, COLUMNS), 1, #COLUMNS))
end

---Writes what can change of an object that was found here.
---@param object dps.library.Object
function Store:update(object)
  local values = values_of(object, CHANGING)
  values[#CHANGING + 1] = object.seq
  self:run(SQL.update, table.unpack(values, 1, #CHANGING + 1))
end

---@return dps.library.Object?
function Store:find(sandbox, type, id)
  return to_object(self:row(SQL.find, sandbox, id, type))
end

---@return boolean
function Store:has(sandbox, type, id)
  return self:row(SQL.has, sandbox, id, type) ~= nil
end

---@return dps.library.Object?
function Store:by_seq(seq)
  return to_object(self:row(SQL.by_seq, seq))
end

---@return boolean whether it was there
function Store:delete(sandbox, type, id)
  self:run(SQL.delete, sandbox, id, type)
  return self.db:changes() > 0
end

---The resources that have an object of this id.
---@return string[]
function Store:types_of(sandbox, id)
  local types = {}
  for i, row in ipairs(self:rows(SQL.types, sandbox, id)) do
    types[i] = row[1]
  end
  return types
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

-- Transactions ------------------------------------------------------------------------------------

local function try(self, sql)
  return self:prepare(sql):run()
end

---@param writing boolean  takes the right to write at once
---@return true|nil
---@return string? message
function Store:begin(writing)
  self.lost = false
  return try(self, writing and "BEGIN IMMEDIATE" or "BEGIN")
end

---Ends the transaction; when that fails nothing of it remains.
---@return true|nil
---@return string? message
function Store:commit()
  local ok, message = try(self, "COMMIT")
  if not ok then
    try(self, "ROLLBACK")
  end
  return ok, message
end

---Runs a function whose writes stay only when it says so.
---@param action fun(...): boolean, any  whether to keep what it wrote, and a result
---@return any result  what the action raised, it raises again
function Store:atomically(action, ...)
  self:run "SAVEPOINT part"
  local done, keep, result = pcall(action, ...)
  if done and keep then
    self:run "RELEASE part"
    return result
  end
  -- A full disk, for one, makes SQLite give up the whole transaction, and the savepoint with it.
  self.lost = not (try(self, "ROLLBACK TO part") and try(self, "RELEASE part"))
  return done and result or error(keep, 0)
end

-- Opening -----------------------------------------------------------------------------------------

local ADVICE = {
  [5] = "another process is using it: stop that one, or give another file",
  [8] = "it may not be written: check the rights of the file and of its folder",
  [10] = "the disk could not be read or written",
  [11] = "it is damaged: restore a copy, or give another file",
  [13] = "the disk is full",
  [14] = "it can't be opened or made: check that its folder exists and may be written",
  [26] = "it is not a database: give another file, or move this one away",
}
ADVICE[6] = ADVICE[5]

local function words(path, message, code)
  return ("the library's database %s can't be used: %s (SQLite: %s)"):format(
    path, ADVICE[code] or "SQLite refuses it", message)
end

local function foreign(path, what)
  return ("the library's database %s can't be used: %s; give another file"):format(path, what)
end

-- Whether the database is new (true) or ours (false); nil and a message when it is neither. Only
-- reads: what is another program's is left as it was.
local function look_at(self, path)
  local tables = self:row "SELECT count(*) FROM sqlite_master" -- fails when it is no database
  local application = self:row "PRAGMA application_id"
  local version = self:row "PRAGMA user_version"
  if application == APPLICATION and version == VERSION then
    return false
  elseif application == APPLICATION then
    local text = "it has version %d and this dps knows version %d"
    return nil, foreign(path, text:format(version, VERSION))
  elseif application ~= 0 or tables > 0 then
    return nil, foreign(path, "it belongs to another program")
  end
  return true
end

local function make_tables(self)
  local ok, message, code = self.db:exec(SCHEMA:format(APPLICATION, VERSION))
  return ok or fail(message, code)
end

local function set_up(self, path)
  self:row("PRAGMA busy_timeout = " .. BUSY_MS)
  local is_new, message = look_at(self, path)
  if is_new == nil then
    return nil, message
  end
  self:row "PRAGMA journal_mode = WAL"
  self:run "PRAGMA synchronous = NORMAL"
  if is_new then
    make_tables(self)
  end
  self:run "ANALYZE sqlite_schema" -- takes the statistics into account from now on
  return true
end

---Opens a database, and makes it when there is none.
---@param path string?  nil: in memory, gone when closed
---@return dps.library.Store|nil
---@return string? message  a sentence that says what is wrong and what to do
function store.open(path)
  local db, message, code = native.sqlite_open(path or ":memory:")
  if not db then
    return nil, words(path, message, code)
  end
  local self = setmetatable({ db = db, statements = {}, kept = 0, lost = false }, Store)
  local done, ok, why = pcall(set_up, self, path)
  if done and ok then
    return self
  end
  db:close()
  if done then
    return nil, why
  elseif getmetatable(ok) == store.Failure then
    return nil, words(path, ok.message, ok.code)
  end
  error(ok, 0)
end

---Closes the file. Nothing can be asked afterwards.
function Store:close()
  self.statements, self.kept = {}, 0
  self.db:close()
end

return store
