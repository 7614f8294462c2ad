-- A database file of the local library: opened or made, its statements kept prepared, its
-- transactions. It knows no table. A statement that fails raises a database.Failure; the library
-- turns it into an answer.

local native = require "dps.native"

local database = {}

local APPLICATION = 0x6470734C -- "dpsL": marks the file as ours; no other is written into
local BUSY_MS = 250 -- the loop stands still for so long at most when another process is writing
local KEPT_STATEMENTS = 200

---@class dps.library.Failure
---@field message string
---@field code integer  SQLite's result code
database.Failure = { __name = "dps.library.Failure" }
database.Failure.__tostring = function(self)
  return self.message
end

---@class dps.library.Database
---@field db table                        native database
---@field statements table<string, table> prepared, by their text
---@field kept integer                    how many those are
---@field lost boolean                    the transaction ended early; ask nothing more in it
local Database = {}
Database.__index = Database
database.Database = Database

local function fail(message, code)
  error(setmetatable({ message = message, code = code }, database.Failure), 0)
end

-- Statements --------------------------------------------------------------------------------------

function Database:prepare(sql)
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
function Database:row(sql, ...)
  return checked_row(self:prepare(sql):row(...))
end

---@return any[][]
function Database:rows(sql, ...)
  local rows, message, code = self:prepare(sql):rows(...)
  return rows or fail(message, code)
end

function Database:run(sql, ...)
  local ok, message, code = self:prepare(sql):run(...)
  return ok or fail(message, code)
end

-- Transactions ------------------------------------------------------------------------------------

local function try(self, sql)
  return self:prepare(sql):run()
end

---@param writing boolean  takes the right to write at once
---@return true|nil
---@return string? message
function Database:begin(writing)
  self.lost = false
  return try(self, writing and "BEGIN IMMEDIATE" or "BEGIN")
end

---Ends the transaction; when that fails nothing of it remains.
---@return true|nil
---@return string? message
function Database:commit()
  local ok, message = try(self, "COMMIT")
  if not ok then
    try(self, "ROLLBACK")
  end
  return ok, message
end

---Runs a function whose writes stay only when it says so.
---@param action fun(...): boolean, any  whether to keep what it wrote, and a result
---@return any result  what the action raised, it raises again
function Database:atomically(action, ...)
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

---A number that another one follows whenever anything was written, by anybody.
---@return string
function Database:stamp()
  return self:row "SELECT total_changes()" .. "/" .. self:row "PRAGMA data_version"
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
  return ("the library's database %s can't be used: %s"):format(path, what)
end

-- Whether the tables have to be made (true) or are there (false); nil and a message when the file
-- is neither new nor ours. Only reads: what is another program's is left as it was.
local function look_at(self, plan)
  local tables = self:row "SELECT count(*) FROM sqlite_master" -- fails when it is no database
  local application = self:row "PRAGMA application_id"
  local version = self:row "PRAGMA user_version"
  if application == APPLICATION then
    if version == plan.version or plan.reset then
      return plan.reset
    end
    local text = "it has version %d and this dps knows version %d; give another file, or --reset it"
    return nil, foreign(plan.path, text:format(version, plan.version))
  elseif application ~= 0 or tables > 0 then
    return nil, foreign(plan.path, "it belongs to another program; give another file")
  end
  return true
end

local DROP = [[SELECT 'DROP TABLE "' || name || '";' FROM sqlite_master
  WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\']]

-- Everything at once: whoever else has the file open sees all of the old or all of the new.
local function make_tables(self, plan)
  local text = { "BEGIN IMMEDIATE;" }
  for _, row in ipairs(self:rows(DROP)) do
    text[#text + 1] = row[1]
  end
  text[#text + 1] = plan.schema
  text[#text + 1] = ("PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;"):format(
    APPLICATION, plan.version)
  local ok, message, code = self.db:exec(table.concat(text, "\n"))
  if not ok then
    self.db:exec "ROLLBACK"
    fail(message, code)
  end
end

-- What an answer says was written is on the disk: every commit waits for it.
local SETTINGS = {
  "PRAGMA synchronous = FULL",
  "PRAGMA cache_size = -32768",
  "PRAGMA temp_store = MEMORY", -- where a savepoint keeps what it may have to bring back
  "PRAGMA wal_autocheckpoint = 4000",
}

local function set_up(self, plan)
  self:row("PRAGMA busy_timeout = " .. BUSY_MS)
  local make, message = look_at(self, plan)
  if make == nil then
    return nil, message
  end
  self:row "PRAGMA journal_mode = WAL"
  for _, setting in ipairs(SETTINGS) do
    self:run(setting)
  end
  if make then
    make_tables(self, plan)
  end
  self:run "ANALYZE sqlite_schema" -- takes the statistics into account from now on
  return true
end

---@class dps.library.Plan
---@field path string?    nil: in memory, gone when closed
---@field schema string   SQL that makes the tables
---@field version integer of the schema
---@field reset boolean   what a database of ours holds is thrown away first, whatever its version

---Opens a database, and makes it when there is none.
---@param class table  the metatable of the result, below which dps.library.Database stands
---@param plan dps.library.Plan
---@return dps.library.Database|nil
---@return string? message  a sentence that says what is wrong and what to do
function database.open(class, plan)
  local db, message, code = native.sqlite_open(plan.path or ":memory:")
  if not db then
    return nil, words(plan.path, message, code)
  end
  local self = setmetatable({ db = db, statements = {}, kept = 0, lost = false }, class)
  local done, ok, why = pcall(set_up, self, plan)
  if done and ok then
    return self
  end
  db:close()
  if done then
    return nil, why
  elseif getmetatable(ok) == database.Failure then
    return nil, words(plan.path, ok.message, ok.code)
  end
  error(ok, 0)
end

---Closes the file. Nothing can be asked afterwards.
function Database:close()
  self.statements, self.kept = {}, 0
  self.db:close()
end

return database
