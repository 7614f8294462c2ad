-- Faults that the local library is asked for: what they say, whom they meet, and what happened all
-- the same.
local driver = require "library_driver"
local faults = require "dps.library.faults"
local library = require "dps.library"
local lu = require "luaunit"
local support = require "support"

local T = {}

local OFFERS = "/offers?offer-type=fallback"

local function answer(d, method, path, body, headers)
  return d.lib:handle { driver.request(method, path, body, headers) }[1]
end

local function total(d)
  return d:expect(200, "GET", OFFERS).total
end

function T.test_a_status_is_given_for_the_first_ones_and_nothing_is_done()
  local d = driver.new { faults = "503 first=2 method=POST path=/offers retry-after=7" }
  d:expect(201, "POST", "/tags", { name = "other path" })
  for _ = 1, 2 do
    local problem, headers = d:expect(503, "POST", OFFERS, driver.SAMPLE)
    lu.assertEquals({ problem.title, headers["Retry-After"] }, { "Service Unavailable", "7" })
    lu.assertNotNil(headers["x-request-id"])
  end
  lu.assertEquals(total(d), 0)
  d:expect(201, "POST", OFFERS, driver.SAMPLE)
  lu.assertEquals(total(d), 1)
end

function T.test_a_lost_answer_is_a_reset_after_the_work_was_done()
  local d = driver.new { faults = "lost first=1 method=POST" }
  lu.assertEquals(answer(d, "POST", OFFERS, driver.SAMPLE).ending, "reset")
  lu.assertEquals(total(d), 1)
  lu.assertNil(answer(d, "POST", OFFERS, driver.SAMPLE).ending)
end

function T.test_a_reset_does_nothing()
  local d = driver.new { faults = "reset method=POST" }
  lu.assertEquals(answer(d, "POST", OFFERS, driver.SAMPLE).ending, "reset")
  lu.assertEquals(total(d), 0)
end

function T.test_cut_slow_empty_and_garbage_spoil_an_answer_of_work_that_was_done()
  local d = driver.new { faults = "cut method=POST\nslow seconds=0.25 method=PATCH\n"
    .. "garbage method=DELETE" }
  lu.assertEquals(answer(d, "POST", OFFERS, driver.SAMPLE).ending, "cut")
  local id = d:expect(200, "GET", OFFERS).results[1].id
  local late = answer(d, "PATCH", driver.path(id), "[]")
  lu.assertEquals({ late.status, late.delay }, { 200, 0.25 })
  local broken = answer(d, "DELETE", driver.path(id))
  lu.assertNil(require "dps.json".decode(broken.body))
  lu.assertEquals(total(d), 0)
end

function T.test_some_go_by_before()
  local d = driver.new { faults = "500 skip=2 first=1" }
  d:expect(200, "GET", OFFERS)
  d:expect(200, "GET", OFFERS)
  d:expect(500, "GET", OFFERS)
  d:expect(200, "GET", OFFERS)
end

function T.test_a_request_can_ask_for_its_own()
  local d = driver.new()
  d:expect(429, "GET", OFFERS, nil, { ["x-dps-fault"] = "429 retry-after=3" })
  d:expect(200, "GET", OFFERS)
  lu.assertEquals(answer(d, "POST", OFFERS, driver.SAMPLE, { ["x-dps-fault"] = "lost" }).ending,
    "reset")
  lu.assertEquals(total(d), 1)
  lu.assertStrContains(d:expect(400, "GET", OFFERS, nil, { ["x-dps-fault"] = "fire" }).detail,
    "'fire' is no fault")
end

function T.test_a_fault_that_is_none_is_refused_in_words()
  for _, text in ipairs { "", "600", "99", "status", "boom", "503 first=x", "503 first", "slow"
    .. " seconds=9999", "503 path=offers", "503 colour=red", "503 retry-after=-1" } do
    local fault, message = faults.parse(text)
    lu.assertNil(fault, text)
    lu.assertIsString(message)
  end
  local opened, message = library.open { faults = "503\nboom" }
  lu.assertNil(opened)
  lu.assertStrContains(message, "'boom' is no fault")
end

support.run(T)
