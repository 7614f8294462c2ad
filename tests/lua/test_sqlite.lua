-- The SQLite binding: values, failures, and what lives how long.
local lu = require "luaunit"
local native = require "dps.native"
local support = require "support"

local T = {}

local ERROR, BUSY, CANTOPEN, CONSTRAINT, MISUSE, NOTADB = 1, 5, 14, 19, 21, 26

local function memory()
  return assert(native.sqlite_open ":memory:")
end

local function with_table()
  local db = memory()
  assert(db:exec "CREATE TABLE t (k INTEGER PRIMARY KEY, v)")
  return db
end

function T.test_values_come_back_as_they_went_in()
  local stmt = assert(memory():prepare "SELECT ?, ?, ?, ?, ?, ?")
  local row = { stmt:row(math.maxinteger, math.mininteger, 1.5, "a\0b", "", 0.1) }
  lu.assertEquals(row, { math.maxinteger, math.mininteger, 1.5, "a\0b", "", 0.1 })
  lu.assertEquals(math.type(row[1]), "integer")
  lu.assertEquals(math.type((memory():prepare "SELECT 2.0"):row()), "float")
end

function T.test_nil_is_null_both_ways()
  local stmt = assert(memory():prepare "SELECT ? IS NULL, NULL, 1")
  local is_null, null, one = stmt:row(nil)
  lu.assertEquals({ is_null, one }, { 1, 1 })
  lu.assertNil(null)
end

function T.test_row_gives_the_first_row_or_nothing_at_all()
  local db = with_table()
  lu.assertEquals(select("#", db:prepare("SELECT v FROM t"):row()), 0)
  assert(db:exec "INSERT INTO t (v) VALUES ('a'), ('b')")
  lu.assertEquals({ db:prepare("SELECT v FROM t ORDER BY k"):row() }, { "a" })
end

function T.test_rows_gives_all_in_order_and_an_empty_list_for_none()
  local db = with_table()
  local all = assert(db:prepare "SELECT k, v FROM t ORDER BY k")
  lu.assertEquals(all:rows(), {})
  assert(db:exec "INSERT INTO t (v) VALUES ('a'), ('b')")
  lu.assertEquals(all:rows(), { { 1, "a" }, { 2, "b" } })
end

function T.test_a_statement_runs_again_with_other_values()
  local db = with_table()
  local insert = assert(db:prepare "INSERT INTO t (v) VALUES (?)")
  for i = 1, 100 do
    assert(insert:run("value " .. i))
    lu.assertEquals(db:changes(), 1)
  end
  collectgarbage()
  lu.assertEquals(db:prepare("SELECT v FROM t WHERE k = 77"):row(), "value 77")
end

function T.test_the_row_id_of_the_last_insert_is_known_whatever_triggers_insert()
  local db = with_table()
  assert(db:exec [[CREATE TABLE log (k INTEGER PRIMARY KEY, v TEXT);
    INSERT INTO log VALUES (1000, 'before');
    CREATE TRIGGER added AFTER INSERT ON t BEGIN INSERT INTO log (v) VALUES (NEW.v); END]])
  assert(db:prepare("INSERT INTO t (k, v) VALUES (?, ?)"):run(7, "a"))
  lu.assertEquals(db:last_rowid(), 7)
  assert(db:prepare("INSERT INTO t (v) VALUES (?)"):run "b")
  lu.assertEquals(db:last_rowid(), 8)
  lu.assertEquals(db:prepare("SELECT max(k) FROM log"):row(), 1002)
end

function T.test_a_failing_statement_tells_why_and_can_be_used_again()
  local db = with_table()
  local insert = assert(db:prepare "INSERT INTO t (k, v) VALUES (?, ?)")
  assert(insert:run(1, "a"))
  local ok, message, code = insert:run(1, "b")
  lu.assertNil(ok)
  lu.assertStrContains(message, "UNIQUE")
  lu.assertEquals(code, CONSTRAINT)
  assert(insert:run(2, "b"))
end

function T.test_bad_sql_is_a_failure_and_never_raised()
  local db = memory()
  for _, verb in ipairs { "exec", "prepare" } do
    local result, message, code = db[verb](db, "SELEKT 1")
    lu.assertNil(result)
    lu.assertStrContains(message, "SELEKT")
    lu.assertEquals(code, ERROR)
  end
  lu.assertEquals({ db:prepare "  -- nothing" }, { nil, "no statement in the text", ERROR })
end

function T.test_misuse_is_raised()
  local db = memory()
  local stmt = assert(db:prepare "SELECT ?")
  lu.assertErrorMsgContains("takes 1 values, got 0", stmt.row, stmt)
  lu.assertErrorMsgContains("takes 1 values, got 2", stmt.rows, stmt, 1, 2)
  lu.assertErrorMsgContains("nil, number or string expected", stmt.run, stmt, {})
  lu.assertErrorMsgContains("nil, number or string expected", stmt.run, stmt, true)
  lu.assertErrorMsgContains("zero byte", db.exec, db, "SELECT 1\0 2")
  lu.assertErrorMsgContains("zero byte", native.sqlite_open, "a\0b")
  lu.assertErrorMsgContains("dps.sqlite", db.exec, stmt, "SELECT 1")
  lu.assertEquals(stmt:row(5), 5)
end

function T.test_a_closed_database_answers_that_it_is_closed()
  local db = with_table()
  local stmt = assert(db:prepare "SELECT 1")
  db:close()
  db:close()
  for _, verb in ipairs { "run", "row", "rows" } do
    local result, message, code = stmt[verb](stmt)
    lu.assertNil(result)
    lu.assertStrContains(message, "closed")
    lu.assertEquals(code, MISUSE)
  end
  lu.assertNil(db:exec "SELECT 1")
  lu.assertNil(db:prepare "SELECT 1")
  lu.assertEquals(db:changes(), 0)
end

function T.test_a_statement_keeps_its_database_alive()
  local stmt = assert(with_table():prepare "SELECT count(*) FROM t")
  collectgarbage()
  collectgarbage()
  lu.assertEquals(stmt:row(), 0)
end

function T.test_collecting_statements_and_databases_in_any_order_is_safe()
  for i = 1, 200 do
    local db = with_table()
    local kept = { db:prepare "SELECT 1", db:prepare "SELECT 2", db:prepare "SELECT 3" }
    if i % 3 == 0 then
      kept[2] = nil
      collectgarbage()
    elseif i % 3 == 1 then
      db:close()
    end
    lu.assertNotNil(kept[1])
  end
  collectgarbage()
end

function T.test_closing_releases_the_file()
  local path = support.tmpdir() .. "/a.db"
  local db = assert(native.sqlite_open(path))
  assert(db:exec "PRAGMA journal_mode = WAL; CREATE TABLE t (v)")
  local stmt = assert(db:prepare "SELECT * FROM t")
  lu.assertNotNil(stmt)
  lu.assertNotNil(io.open(path .. "-wal"))
  db:close()
  lu.assertNil(io.open(path .. "-wal"))
end

function T.test_a_path_that_cannot_be_a_database_is_a_failure()
  local folder = support.tmpdir()
  lu.assertEquals(select(3, native.sqlite_open(folder)), CANTOPEN)
  lu.assertEquals(select(3, native.sqlite_open(folder .. "/missing/a.db")), CANTOPEN)
  local text = support.write(folder .. "/text", ("this is no database\n"):rep(100))
  local db = assert(native.sqlite_open(text))
  lu.assertEquals(select(3, db:exec "SELECT * FROM sqlite_master"), NOTADB)
end

function T.test_a_lock_held_elsewhere_is_a_failure()
  local path = support.tmpdir() .. "/a.db"
  local one, two = assert(native.sqlite_open(path)), assert(native.sqlite_open(path))
  assert(one:exec "CREATE TABLE t (v); BEGIN EXCLUSIVE")
  local ok, message, code = two:exec "INSERT INTO t VALUES (1)"
  lu.assertNil(ok)
  lu.assertStrContains(message, "locked")
  lu.assertEquals(code, BUSY)
end

support.run(T)
