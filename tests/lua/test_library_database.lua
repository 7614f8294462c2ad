-- The local library's database: batches, transactions, restarts, and files that can't be used.
local driver = require "library_driver"
local json = require "dps.json"
local library = require "dps.library"
local lu = require "luaunit"
local native = require "dps.native"
local support = require "support"

local T = {}

local OFFERS = "/offers?offer-type=fallback"

local function create(changes, headers)
  return driver.request("POST", OFFERS, driver.offer(changes), headers)
end

local function statuses(answers)
  local found = {}
  for i, answer in ipairs(answers) do
    found[i] = answer.status
  end
  return found
end

local function total(d)
  return d:expect(200, "GET", OFFERS).total
end

-- Batches -----------------------------------------------------------------------------------------

function T.test_a_batch_is_answered_in_order_and_sees_its_own_writes()
  local d = driver.new()
  local answers = d.lib:handle {
    create { name = "a" }, driver.request("GET", OFFERS), create { name = "b" },
      driver.request("GET", OFFERS),
  }
  lu.assertEquals(statuses(answers), { 201, 200, 201, 200 })
  lu.assertEquals({ json.decode(answers[2].body).total, json.decode(answers[4].body).total },
    { 1, 2 })
  lu.assertEquals(d.lib:handle {}, {})
end

function T.test_a_request_that_fails_is_undone_alone()
  local d = driver.new()
  local update = d.lib.store.update
  local id = d:create { name = "kept" }
  d.lib.store.update = function(self, row) -- writes, and then breaks
    update(self, row)
    error "broken on purpose"
  end
  local answers = d.lib:handle {
    create { name = "a" },
    driver.request("PATCH", driver.path(id), '[{"op":"replace","path":"/name","value":"lost"}]'),
    create { status = "loud" },
    create { name = "b" },
  }
  lu.assertEquals(statuses(answers), { 201, 500, 422, 201 })
  lu.assertStrContains(answers[2].body, "broken on purpose")
  lu.assertEquals(d:expect(200, "GET", driver.path(id)).name, "kept")
  lu.assertEquals(total(d), 3)
end

function T.test_writes_whose_commit_fails_are_answered_503_and_leave_nothing()
  local d = driver.new()
  lu.assertEquals(total(d), 0)
  local commit = d.lib.store.commit
  d.lib.store.commit = function(self)
    self:run "ROLLBACK"
    d.lib.store.commit = commit
    return nil, "no more room"
  end
  local answers =
    d.lib:handle { driver.request("GET", OFFERS), create(),
    create(nil, { ["x-request-id"] = "mine" }) }
  lu.assertEquals(statuses(answers), { 200, 503, 503 })
  lu.assertEquals({ answers[3].headers["x-request-id"], answers[3].headers["Retry-After"] },
    { "mine", "1" })
  lu.assertStrContains(answers[2].body, "no more room")
  lu.assertEquals(total(d), 0)
  d:create()
end

function T.test_a_sandbox_whose_birth_was_not_committed_is_born_again()
  local d = driver.new()
  local commit = d.lib.store.commit
  d.lib.store.commit = function(self)
    self:run "ROLLBACK"
    d.lib.store.commit = commit
    return nil, "no"
  end
  d:expect(503, "GET", "/placements")
  lu.assertEquals(d:expect(200, "GET", "/placements").total, 1)
end

function T.test_a_full_database_answers_503_and_works_again_when_there_is_room()
  local d = driver.new { db = support.tmpdir() .. "/a.db" }
  d:create { name = "first" }
  local pages = d.lib.store:row "PRAGMA page_count"
  d.lib.store:row("PRAGMA max_page_count = " .. pages + 2)
  local batch = {}
  for i = 1, 60 do
    batch[i] = create { name = "n" .. i, description = ("x"):rep(2000) }
  end
  local answers = d.lib:handle(batch)
  lu.assertEquals(answers[60].status, 503)
  local kept = 0
  for _, answer in ipairs(answers) do
    kept = kept + (answer.status == 201 and 1 or 0)
  end
  lu.assertEquals(total(d), kept + 1)
  d.lib.store:row "PRAGMA max_page_count = 100000"
  d:create { name = "again" }
end

-- Files -------------------------------------------------------------------------------------------

function T.test_state_survives_a_restart()
  local options = { db = support.tmpdir() .. "/a.db" }
  local d = driver.new(options)
  local id = d:create { name = "kept" }
  local before =
    d:expect(200, "PATCH", driver.path(id), '[{"op":"replace","path":"/status","value":"draft"}]')
  local entity = d:expect(200, "GET", driver.path(id))
  d.lib:close()
  d = driver.new(options)
  lu.assertEquals(d:expect(200, "GET", driver.path(id)), entity)
  local after =
    d:expect(200, "PATCH", driver.path(id), '[{"op":"test","path":"/rank/priority","value":1}]')
  lu.assertEquals({ after.etag, after.sandboxId }, { before.etag + 1, before.sandboxId })
end

local function refused(path, ...)
  local lib, message = library.open { db = path }
  lu.assertNil(lib)
  lu.assertStrContains(message, path)
  for _, part in ipairs { ... } do
    lu.assertStrContains(message, part)
  end
end

function T.test_a_file_that_is_no_database_is_refused_and_left_alone()
  local text = ("this is no database\n"):rep(100)
  local path = support.write(support.tmpdir() .. "/notes.txt", text)
  refused(path, "not a database", "give another file")
  lu.assertEquals(support.read(path), text)
end

function T.test_a_folder_and_a_missing_folder_are_refused()
  local folder = support.tmpdir()
  refused(folder, "can't be opened")
  refused(folder .. "/missing/a.db", "folder exists")
end

function T.test_another_programs_database_is_refused_and_left_alone()
  local path = support.tmpdir() .. "/other.db"
  local db = assert(native.sqlite_open(path))
  assert(db:exec "CREATE TABLE theirs (v)")
  local before = support.read(path)
  refused(path, "another program")
  lu.assertTrue(support.read(path) == before)
  assert(db:exec "PRAGMA application_id = 7")
  refused(path, "another program")
end

function T.test_a_newer_version_is_refused()
  local path = support.tmpdir() .. "/a.db"
  driver.new({ db = path }).lib:close()
  local db = assert(native.sqlite_open(path))
  assert(db:exec "PRAGMA user_version = 99")
  db:close()
  refused(path, "version 99")
end

function T.test_a_locked_database_is_refused_at_opening()
  local path = support.tmpdir() .. "/a.db"
  local db = assert(native.sqlite_open(path))
  assert(db:exec "CREATE TABLE t (v); BEGIN EXCLUSIVE")
  refused(path, "another process is using it")
end

function T.test_a_lock_while_running_fails_writes_with_503_and_lets_reads_through()
  local path = support.tmpdir() .. "/a.db"
  local d = driver.new { db = path }
  d:create()
  local other = assert(native.sqlite_open(path))
  assert(other:exec "BEGIN IMMEDIATE")
  local answers =
    d.lib:handle { driver.request("GET", OFFERS), create(), driver.request("GET", OFFERS) }
  lu.assertEquals(statuses(answers), { 200, 503, 200 })
  assert(other:exec "ROLLBACK")
  d:create()
  lu.assertEquals(total(d), 2)
end

function T.test_a_file_that_may_not_be_written_is_refused()
  local path = support.tmpdir() .. "/a.db"
  driver.new({ db = path }).lib:close()
  os.execute("chmod 0444 " .. path)
  local file = io.open(path, "r+")
  if file then
    file:close()
    lu.skip "this user may write every file"
  end
  refused(path, "may not be written")
end

function T.test_unknown_options_are_refused()
  lu.assertErrorMsgContains("databse", library.open, { databse = "x" })
end

support.run(T)
