-- Lists from a server that links astray: no page twice, nothing from another origin or from above
-- the base URL, no row twice, and a word when the numbers don't add up.

local lu = require "luaunit"
local badserver = require "badserver"
local json = require "dps.json"
local support = require "support"

local T = {}

local function names(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = row.name
  end
  return table.concat(list, ", ")
end

-- Rows until the list ends or fails.
local function read(ops, options)
  local rows = {}
  local ok, failure = pcall(function()
    for row in ops.list_fallbacks(options) do
      rows[#rows + 1] = row
    end
  end)
  return rows, not ok and failure or nil
end

local function warnings_of(ops)
  local said = {}
  ops.client.warn = function(_, text)
    said[#said + 1] = text
  end
  return said
end

T.test_pages_are_followed_to_the_last_and_rows_given_once = badserver.with(function(server)
  local ops = server:operations "pages"
  local said = warnings_of(ops)
  local rows, failure = read(ops)
  lu.assertNil(failure)
  lu.assertEquals(names(rows), "Row 1, Row 2, Row 3, Row 4, Row 5")
  lu.assertEquals(server:count "pages", 3)
  lu.assertEquals(#said, 1)
  lu.assertStrContains(said[1], "list_fallbacks: the service counts 6 rows, 5 came")
end)

T.test_the_next_page_is_asked_for_as_it_was_linked = badserver.with(function(server)
  local ops = server:operations "pages"
  warnings_of(ops)
  read(ops, { limit = 2, order_by = "-modified" })
  local targets = {}
  for i, row in ipairs(server:log()) do
    targets[i] = row.target
  end
  lu.assertEquals(targets, {
    "/pages/offers?offer-type=fallback&orderby=-modified&limit=2",
    "/pages/offers?orderby=-modified&limit=2&start=1&offer-type=FALLBACK",
    "/pages/offers?orderby=-modified&limit=2&start=2&offer-type=FALLBACK",
  })
end)

T.test_a_list_that_is_left_early_reads_no_more_pages_and_warns_of_nothing = badserver.with(
  function(server)
    local ops = server:operations "pages"
    local said = warnings_of(ops)
    lu.assertEquals(ops.list_fallbacks()().name, "Row 1")
    lu.assertEquals(server:count "pages", 1)
    lu.assertEquals(said, {})
  end)

T.test_a_list_that_has_ended_stays_ended = badserver.with(function(server)
  local ops = server:operations "ok"
  local said = warnings_of(ops)
  local next_row = ops.list_fallbacks()
  lu.assertEquals({ next_row().name, next_row().name }, { "Row 1", "Row 2" })
  lu.assertNil(next_row())
  lu.assertNil(next_row())
  lu.assertEquals(server:count "ok", 1)
  lu.assertEquals(said, {})
end)

-- The connection to 127.0.0.2:1 would be refused, and so be a transport failure.
local function astray(behaviour, says)
  return badserver.with(function(server)
    local rows, e = read(server:operations(behaviour))
    lu.assertEquals(names(rows), "Row 1, Row 2", "the rows of the first page are given")
    badserver.check(badserver.failure(error, e, 0), { kind = "decode", says = says, status = 200,
      request_id = true, sent = "yes", retryable = false, hint = "the list is not complete" }, "")
    lu.assertEquals(#server:log(), 1, "one request, and no other")
  end)
end

T.test_a_next_link_to_its_own_page_ends_the_list = astray("loop", "leads back to a page")
T.test_a_next_link_to_another_origin_is_not_followed = astray("evil_next", "is not sent there")
T.test_a_next_link_that_makes_the_host_a_user_name_is_not_followed =
  astray("evil_next_at", "is not sent there")

-- --- links of any kind, from a service that is a function ---

local BASE = "http://127.0.0.1:7/data/core/dps"

-- Reads a list whose first page links to href; the targets asked for, and the failure.
local function follow(href)
  local ops, targets = badserver.operations(BASE), {}
  ops.client.call = function(_, intent)
    targets[#targets + 1] = intent.target
    local links = #targets == 1 and { next = { href = href } } or nil
    return { results = {}, _links = links }, 200, "", ""
  end
  local _, failure = read(ops)
  return targets[2], failure
end

function T.test_links_below_the_base_url_are_followed()
  for href, target in pairs {
    ["/offers?start=1"] = "/offers?start=1",
    [BASE .. "/offers?start=1"] = "/offers?start=1",
    ["HTTP://127.0.0.1:7/data/core/dps/offers?start=1"] = "/offers?start=1",
    ["/offers?property=name%3D%3D..%2F"] = "/offers?property=name%3D%3D..%2F",
  } do
    local second, failure = follow(href)
    lu.assertNil(failure, href)
    lu.assertEquals(second, target)
  end
end

function T.test_no_other_link_is_followed()
  for _, href in ipairs {
    "", "offers?start=1", "?start=1", "//127.0.0.2/offers", "/\\127.0.0.2/offers",
    "\\\\127.0.0.2/x",
    "http://127.0.0.2:7/data/core/dps/offers", "http://127.0.0.1:8/data/core/dps/offers",
    "https://127.0.0.1:7/data/core/dps/offers", "http://127.0.0.1:7@127.0.0.2/data/core/dps/offers",
    "http://u:p@127.0.0.1:7/data/core/dps/offers", "http://127.0.0.1:7/data/core/dpsx/offers",
    "http://127.0.0.1:7/other/offers", "http://127.0.0.1:7/data/core/dps//127.0.0.2/x",
    "/../admin", "/offers/../../admin", "/./offers", "/offers/..", "/%2e%2E/admin", "/..%2fadmin",
    BASE .. "/../admin", BASE .. "/%2e%2e/admin", "/..;a/admin", BASE, BASE .. "?start=1",
    "/offers\r\nX-Evil: 1", "/offers start", BASE .. "/offers\r\nX-Evil: 1", "/offers\0x",
    "javascript:alert(1)", "file:///etc/passwd",
  } do
    local second, e = follow(href)
    lu.assertNil(second, href)
    e = badserver.failure(error, e, 0)
    badserver.check(e, { kind = "decode", says = "is not below" }, href)
  end
end

function T.test_a_next_that_is_no_link_ends_the_list()
  for _, next_link in ipairs { false, 5, {}, { href = 5 }, { href = false } } do
    local ops, calls = badserver.operations(BASE), 0
    ops.client.call = function()
      calls = calls + 1
      return { results = { { id = "a" } }, _links = { next = next_link } }, 200, "", ""
    end
    local rows, failure = read(ops)
    lu.assertNil(failure)
    lu.assertEquals({ #rows, calls }, { 1, 1 })
  end
end

function T.test_a_page_whose_results_are_no_entities_is_not_a_short_list()
  for _, results in ipairs { { a = { id = "a" } }, { { id = "a" }, false }, { json.null }, 5 } do
    local ops = badserver.operations(BASE)
    ops.client.call = function()
      return { results = results }, 200, "", ""
    end
    local rows, e = read(ops)
    lu.assertEquals({ #rows, e.kind }, { 0, "decode" })
  end
end

function T.test_a_page_that_failed_can_be_asked_for_again()
  local ops, calls, targets = badserver.operations(BASE), 0, {}
  ops.client.call = function(_, intent)
    calls = calls + 1
    targets[calls] = intent.target
    if calls == 1 or calls == 3 then
      error "lost"
    end
    local last = calls > 3
    return { results = { { id = calls } }, _links = not last and { next = { href = "/offers?s=1" } }
      or nil }, 200, "", ""
  end
  local next_row, rows = ops.list_fallbacks(), {}
  for _ = 1, 4 do
    local ok, row = pcall(next_row)
    rows[#rows + 1] = ok and row.id or nil
  end
  lu.assertEquals(rows, { 2, 4 })
  lu.assertEquals({ targets[1], targets[3] }, { targets[2], targets[4] })
  lu.assertNil(next_row())
end

support.run(T)
