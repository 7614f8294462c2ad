-- Updates and ensure against a real service: the smallest patch leaves, nothing leaves where
-- nothing differs, and no write happens twice.
local lu = require "luaunit"
local dps = require "dps"
local err = require "dps.err"
local support = require "support"

local T = {}

local client = require("dps.client").default()
local native = require "dps.native"
local counter = 0

local function unique(word)
  counter = counter + 1
  return word .. " " .. counter
end

local function offer(name, changes)
  local value = {
    name = name, status = "draft", description = "as it was",
    representations = { {
      channel = "https://ns.adobe.com/xdm/channel-types/web", placement = "offerPlacement1234",
      components = { { type = "html", format = "text/html", content = "<b>hello</b>" } },
    } },
  }
  for key, item in pairs(changes or {}) do
    value[key] = item
  end
  return value
end

-- Every intent that leaves while `action` runs.
local function sent_by(action)
  local sent, send = {}, rawget(client, "call")
  local original = client.call
  client.call = function(self, intent)
    sent[#sent + 1] = intent
    return original(self, intent)
  end
  local ok, failure = pcall(action, sent)
  client.call = send
  assert(ok, failure)
  return sent
end

local function writes(sent)
  local lines = {}
  for _, intent in ipairs(sent) do
    if intent.method ~= "GET" then
      lines[#lines + 1] = intent.method .. " " .. (intent.body or "")
    end
  end
  return lines
end

local function failure_of(f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok, "must fail")
  lu.assertTrue(err.is(e), tostring(e))
  return e
end

function T.test_a_changed_field_is_one_operation()
  local id = dps.create_fallback(offer(unique "A")).id
  local sent = sent_by(function()
    local receipt = dps.update_fallback(id, { description = "new" })
    lu.assertEquals(receipt.etag, 2)
  end)
  lu.assertEquals(writes(sent),
    { 'PATCH [{"op":"replace","path":"/description","value":"new"}]' })
end

function T.test_what_is_deep_inside_is_reached_and_null_takes_away()
  local id = dps.create_fallback(offer(unique "A", { characteristics = { a = "1", b = "2" } })).id
  dps.update_fallback(id, { characteristics = { a = "3", b = dps.null }, description = dps.null })
  local now = dps.get_fallback(id)
  lu.assertEquals(now.characteristics, { a = "3" })
  lu.assertNil(now.description)
end

function T.test_nothing_is_written_where_nothing_differs()
  local id = dps.create_personalized(offer(unique "A", {
    rank = { priority = 2 },
    selectionConstraint = {
      startDate = "2027-01-01T01:00:00+01:00", endDate = "2027-02-01T00:00:00Z",
    },
  })).id
  local sent = sent_by(function()
    local receipt = dps.update_personalized(id, {
      rank = { priority = 2.0 }, description = "as it was",
      selectionConstraint = { startDate = "2027-01-01T00:00:00.000Z" },
    })
    lu.assertTrue(receipt.unchanged)
    lu.assertEquals(receipt.id, id)
  end)
  lu.assertEquals(writes(sent), {})
end

function T.test_a_field_that_is_never_given_back_can_be_changed()
  local id = dps.create_fallback(offer(unique "A", { rank = { priority = 1 } })).id
  local sent = sent_by(function() dps.update_fallback(id, { rank = { priority = 5 } }) end)
  lu.assertEquals(writes(sent),
    { 'PATCH [{"op":"add","path":"/rank","value":{"priority":5}}]' })
end

function T.test_an_entity_that_was_read_and_changed_can_be_sent_back()
  local entity = dps.get_fallback(dps.create_fallback(offer(unique "A")).id)
  entity.representations[1].components[1].content = "<b>bye</b>"
  local sent = sent_by(function() dps.update_fallback(entity, entity) end)
  lu.assertEquals(writes(sent), { 'PATCH [{"op":"replace","path":"/representations/0/components/0/'
    .. 'content","value":"<b>bye</b>"}]' })
  local e = failure_of(dps.update_fallback, entity, entity)
  lu.assertEquals(e.kind, "conflict")
  lu.assertStrContains(tostring(e), "it was read with the etag 1 and has 2 now")
end

function T.test_a_guard_tests_what_it_changes()
  local id = dps.create_fallback(offer(unique "A")).id
  local sent = sent_by(function()
    dps.update_fallback(id, { description = "new" }, { guard = true })
  end)
  lu.assertEquals(writes(sent), { 'PATCH [{"op":"test","path":"/description","value":"as it was"},'
    .. '{"op":"replace","path":"/description","value":"new"}]' })
end

function T.test_a_lost_race_says_what_has_changed()
  local id = dps.create_fallback(offer(unique "A")).id
  local original, raced = client.call, false
  client.call = function(self, intent)
    if intent.method == "PATCH" and not raced then
      raced = true
      dps.update_fallback(id, { { op = "replace", path = "/description", value = "theirs" } })
    end
    return original(self, intent)
  end
  local e = failure_of(dps.update_fallback, id, { description = "mine" }, { guard = true })
  client.call = nil
  lu.assertEquals({ e.kind, e.status }, { "conflict", 409 })
  lu.assertEquals(e.problems,
    { { path = "description", message = 'was "as it was", is "theirs" now' } })
  lu.assertStrContains(e.message, "its etag was 1 and is 2 now")
  lu.assertEquals(dps.get_fallback(id).description, "theirs")
end

function T.test_a_failed_test_of_the_scripts_own_says_what_is_there()
  local id = dps.create_fallback(offer(unique "A")).id
  local e = failure_of(dps.update_fallback, id, {
    { op = "test", path = "/description", value = "else" },
    { op = "remove", path = "/description" },
  })
  lu.assertEquals(e.kind, "conflict")
  lu.assertEquals(e.problems, { { path = "changes[1]",
    message = '/description is "as it was" now, and the test expects "else"' } })
end

function T.test_bad_changes_are_told_and_nothing_is_written()
  local id = dps.create_personalized(offer(unique "A", {
    rank = { priority = 2 },
    selectionConstraint = { startDate = "2027-01-01T00:00:00Z", endDate = "2027-02-01T00:00:00Z" },
  })).id
  local cases = {
    { { nmae = "x" }, 'nmae: unknown field "nmae" (did you mean "name"?)' },
    { { name = dps.null }, "name: name must be a string, got null" },
    { { selectionConstraint = { endDate = "2026-01-01T00:00:00Z" } },
      "selectionConstraint.endDate: endDate is before startDate" },
    { { representations = {} }, "representations is empty; it needs at least 1 item" },
    { { rank = { priority = "7" } }, "write 7 without quotes" },
  }
  local sent = sent_by(function()
    for _, case in ipairs(cases) do
      local e = failure_of(dps.update_personalized, id, case[1])
      lu.assertEquals(e.kind, "invalid")
      lu.assertStrContains(tostring(e), case[2])
    end
  end)
  lu.assertEquals(writes(sent), {})
end

-- ensure -----------------------------------------------------------------------------------------

function T.test_ensure_creates_then_leaves_alone_then_patches()
  local wanted = offer(unique "A", { rank = { priority = 1 }, tags = {} })
  local entity, outcome = dps.ensure_fallback(wanted)
  lu.assertEquals(outcome, "created")
  lu.assertEquals(dps.get_fallback(entity.id).name, wanted.name)
  local sent = sent_by(function()
    local again, how = dps.ensure_fallback(wanted)
    lu.assertEquals({ again.id, how }, { entity.id, "unchanged" })
  end)
  lu.assertEquals({ #sent, writes(sent) }, { 1, {} })
  wanted.description = "better"
  sent = sent_by(function()
    local again, how = dps.ensure_fallback(wanted)
    lu.assertEquals({ again.id, again.etag, again.description, how },
      { entity.id, 2, "better", "updated" })
  end)
  lu.assertEquals(writes(sent),
    { 'PATCH [{"op":"replace","path":"/description","value":"better"}]' })
end

function T.test_ensure_speaks_only_of_the_fields_it_is_given()
  local name = unique "A"
  local id = dps.create_fallback(offer(name, {
    characteristics = { a = "1" }, labels = { "core/C1" },
  }))
  local wanted = offer(name)
  wanted.description = nil
  lu.assertEquals(select(2, dps.ensure_fallback(wanted)), "unchanged")
  lu.assertEquals(dps.get_fallback(id).characteristics, { a = "1" })
end

-- What a client warns of while `action` runs.
local function warned_by(action)
  local warned = {}
  client.warn = function(_, text) warned[#warned + 1] = text end
  local ok, failure = pcall(action)
  client.warn, client.unseen_told = nil, nil
  assert(ok, failure)
  return warned
end

function T.test_ensure_tells_once_what_it_could_not_compare()
  local first, second = offer(unique "A"), offer(unique "A")
  local warned = warned_by(function()
    for _, wanted in ipairs { first, second } do
      wanted.rank = { priority = 1 }
      wanted.selectionConstraint = { startDate = "2027-01-01T00:00:00Z" }
      local _, outcome, uncompared = dps.ensure_fallback(wanted)
      lu.assertEquals({ outcome, uncompared }, { "created" })
    end
    for priority, wanted in ipairs { first, second } do
      wanted.rank = { priority = priority + 1 }
      local _, outcome, uncompared = dps.ensure_fallback(wanted)
      lu.assertEquals({ outcome, uncompared }, { "unchanged", { "selectionConstraint", "rank" } })
    end
    first.description = "better"
    local _, outcome, uncompared = dps.ensure_fallback(first)
    lu.assertEquals({ outcome, uncompared }, { "updated", { "selectionConstraint", "rank" } })
  end)
  lu.assertEquals(warned, { "the service does not give back selectionConstraint and rank of"
    .. " fallback offers: what the script sets there was not compared where one exists already;"
    .. " update_fallback writes it" })
end

function T.test_ensure_warns_of_nothing_that_the_service_gives_back()
  local wanted = offer(unique "A", { rank = { priority = 1 }, selectionConstraint = {
    startDate = "2027-01-01T00:00:00Z", endDate = "2027-02-01T00:00:00Z" } })
  local plain = offer(unique "A")
  lu.assertEquals(warned_by(function()
    dps.ensure_personalized(wanted)
    wanted.rank = { priority = 2 }
    local _, outcome, uncompared = dps.ensure_personalized(wanted)
    lu.assertEquals({ outcome, uncompared }, { "updated" })
    dps.ensure_fallback(plain)
    lu.assertNil((select(3, dps.ensure_fallback(plain))))
  end), {})
end

function T.test_ensure_lists_what_a_create_allows()
  local e = failure_of(dps.ensure_fallback, offer(unique "A", { status = "aproved" }))
  lu.assertEquals(e.problems, { { path = "status",
    message = 'status "aproved" is unknown (did you mean "approved"? allowed: draft, approved)' } })
  local name = unique "A"
  dps.create_fallback(offer(name))
  local archived = { dps.ensure_fallback(offer(name, { status = "archived" })) }
  lu.assertEquals({ archived[1].status, archived[2] }, { "archived", "updated" })
end

function T.test_ensure_does_not_mind_the_order_of_tags_and_labels()
  local name = unique "A"
  dps.create_fallback(offer(name, { labels = { "core/C1", "core/C2" } }))
  local wanted = offer(name, { labels = { "core/C2", "core/C1" } })
  lu.assertEquals(select(2, dps.ensure_fallback(wanted)), "unchanged")
end

function T.test_two_of_that_name_are_an_error_with_both()
  local name = unique "A"
  local one, two = dps.create_fallback(offer(name)).id, dps.create_fallback(offer(name)).id
  local e = failure_of(dps.ensure_fallback, offer(name))
  lu.assertEquals(e.kind, "refused")
  lu.assertStrContains(e.message, one)
  lu.assertStrContains(e.message, two)
  lu.assertStrContains(tostring(e), "test_changes.lua")
end

function T.test_many_tasks_that_ensure_the_same_create_it_once()
  local name, tasks, outcomes = unique "A", {}, {}
  for i = 1, 20 do
    tasks[i] = dps.spawn(function() return select(2, dps.ensure_fallback(offer(name))) end)
  end
  for _, task in ipairs(tasks) do
    local outcome = task:wait()
    outcomes[outcome] = (outcomes[outcome] or 0) + 1
  end
  lu.assertEquals(outcomes, { created = 1, unchanged = 19 })
end

-- The next write is carried out, and its answer lost.
local function lose_answer(method)
  local original = client.call
  client.call = function(self, intent)
    if intent.method ~= method then
      return original(self, intent)
    end
    client.call = nil
    original(self, intent)
    err.raise { kind = "unknown", message = "the connection was closed", sent = "yes" }
  end
end

function T.test_ensure_finds_what_was_created_although_the_answer_was_lost()
  local wanted = offer(unique "A")
  lose_answer "POST"
  local entity, outcome = dps.ensure_fallback(wanted)
  lu.assertEquals(outcome, "created")
  local found = {}
  for row in dps.list_fallbacks { property = { { "name", "==", wanted.name } } } do
    found[#found + 1] = row.id
  end
  lu.assertEquals(found, { entity.id })
end

function T.test_ensure_sees_that_a_change_arrived_although_the_answer_was_lost()
  local wanted = offer(unique "A")
  dps.create_fallback(wanted)
  wanted.description = "better"
  lose_answer "PATCH"
  local entity, outcome = dps.ensure_fallback(wanted)
  lu.assertEquals({ outcome, entity.description, entity.etag }, { "updated", "better", 2 })
end

function T.test_ensure_says_unknown_when_a_lost_create_is_not_there()
  client.call = function(self, intent)
    if intent.method == "POST" then
      client.call = nil
      err.raise { kind = "unknown", message = "the connection was closed", sent = "maybe" }
    end
    return getmetatable(client).__index.call(self, intent)
  end
  local slept, sleep = {}, native.sleep
  native.sleep = function(seconds)
    slept[#slept + 1] = seconds
    return true
  end
  local e = failure_of(dps.ensure_fallback, offer(unique "A"))
  client.call, native.sleep = nil, sleep
  lu.assertEquals(slept, { 0.2, 1, 3 })
  lu.assertEquals(e.kind, "unknown")
end

-- Two tasks ensure one name; the look of the first takes its time.
local function slow_look(seconds)
  client.call = function(self, intent)
    local original = getmetatable(client).__index.call
    if intent.verb ~= "list" then
      return original(self, intent)
    end
    client.call = nil
    local found = table.pack(original(self, intent))
    dps.sleep(seconds)
    return table.unpack(found, 1, found.n)
  end
end

local function count(name)
  local n = 0
  for _ in dps.list_fallbacks { property = { { "name", "==", name } } } do n = n + 1 end
  return n
end

function T.test_a_cancelled_task_that_waits_for_anothers_ensure_creates_nothing()
  local name = unique "A"
  slow_look(0.2)
  local first = dps.spawn(function() return select(2, dps.ensure_fallback(offer(name))) end)
  local second = dps.spawn(function() return select(2, dps.ensure_fallback(offer(name))) end)
  dps.sleep(0.05)
  second:cancel()
  lu.assertEquals(first:wait(), "created")
  lu.assertFalse((pcall(second.wait, second)))
  lu.assertEquals(count(name), 1)
end

function T.test_an_ensure_that_was_cancelled_on_its_way_is_waited_for_by_the_next()
  local name = unique "A"
  slow_look(0.2)
  local first = dps.spawn(function() return select(2, dps.ensure_fallback(offer(name))) end)
  dps.sleep(0.05)
  first:cancel()
  dps.sleep(0.01)
  local _, outcome = dps.ensure_fallback(offer(name))
  lu.assertEquals(outcome, "unchanged")
  lu.assertEquals(count(name), 1)
end

function T.test_bad_tables_are_told_before_anything_is_looked_up()
  local sent = sent_by(function()
    local e = failure_of(dps.ensure_fallback, { name = "A", status = "draft" })
    lu.assertEquals(e.kind, "invalid")
    lu.assertStrContains(tostring(e), "representations is missing")
  end)
  lu.assertEquals(#sent, 0)
end

support.run(T)
