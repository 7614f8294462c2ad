-- The engine under a collector that never rests: every allocation may collect, and every collection
-- may run a finalizer that waits, so that turns happen inside of turns at the worst of times.
local lu = require "luaunit"
local dps = require "dps"
local native = require "dps.native"
local support = require "support"

local T = {}

-- A step of 2^40 bytes is a whole cycle, and a pause of 1 % ends with the next allocation.
local MODES = {
  function() collectgarbage("incremental", 1, 1000, 40) end,
  function() collectgarbage("generational", 1, 1) end,
}

local finalized = 0

-- Each finalizer makes the next one's object, and waits for time and for a task.
local function haunt(depth)
  setmetatable({}, { __gc = function()
    finalized = finalized + 1
    pcall(dps.sleep, 0)
    local task = dps.spawn(function() dps.sleep(0) return depth end)
    pcall(task.wait, task)
    if depth > 0 then haunt(depth - 1) end
  end })
end

-- Runs f in both modes, haunted, and gives the collector back as it was.
local function stressed(f)
  for _, set in ipairs(MODES) do
    set()
    for _ = 1, 5 do haunt(3) end
    local ok, e = pcall(f)
    collectgarbage "incremental"
    collectgarbage("incremental", 200, 100, 13)
    lu.assertTrue(ok, e)
  end
  collectgarbage()
  lu.assertTrue(finalized > 0)
end

local function each_of(n, f)
  local tasks = {}
  for i = 1, n do tasks[i] = dps.spawn(f, i) end
  for i = 1, n do lu.assertEquals(tasks[i]:wait(), i) end
end

function T.test_tasks_give_their_results()
  stressed(function()
    each_of(100, function(i)
      dps.sleep((i % 3) / 1000)
      return i
    end)
  end)
end

function T.test_tasks_that_wait_for_tasks_are_all_woken()
  stressed(function()
    each_of(50, function(i)
      local inner = dps.spawn(function() dps.sleep(0) haunt(0) return i end)
      haunt(0)
      return inner:wait()
    end)
  end)
end

-- A task may end while a join for it is being made.
function T.test_a_task_that_ends_during_a_wait_for_it_is_not_missed()
  stressed(function()
    for i = 1, 200 do
      local quick = dps.spawn(function() return i end)
      collectgarbage "stop"
      haunt(0)
      collectgarbage "restart" -- and the next thing that is allocated is the join
      lu.assertEquals(quick:wait(), i)
    end
  end)
end

function T.test_cancelled_tasks_end()
  stressed(function()
    local tasks = {}
    for i = 1, 50 do
      tasks[i] = dps.spawn(function()
        local _ <close> = setmetatable({}, { __close = function() haunt(0) dps.sleep(0) end })
        dps.sleep(1000)
      end)
    end
    dps.sleep(0)
    for i = 1, 50 do tasks[i]:cancel() end
    for i = 1, 50 do lu.assertFalse((pcall(tasks[i].wait, tasks[i]))) end
  end)
end

function T.test_errors_arrive_as_they_were_raised()
  stressed(function()
    for i = 1, 50 do
      local thrown = { i }
      local task = dps.spawn(function()
        local _ <close> = setmetatable({}, { __close = function() haunt(0) end })
        error(thrown)
      end)
      local ok, e = pcall(task.wait, task)
      lu.assertFalse(ok)
      lu.assertIs(e, thrown)
    end
  end)
end

function T.test_json_survives()
  stressed(function()
    local value = { a = { 1, 2.5, "x" }, b = dps.array {}, c = { d = ("text "):rep(50) } }
    local text = dps.json.encode(value, { sorted = true })
    for _ = 1, 100 do
      lu.assertEquals(dps.json.encode(dps.json.decode(text), { sorted = true }), text)
    end
  end)
end

function T.test_requests_end_with_their_own_outcome()
  stressed(function()
    local http = native.http { in_flight = 3 }
    each_of(30, function(i)
      local status, code, _, sent = http:request("POST", "http://127.0.0.1:1/" .. i, ("x"):rep(i))
      lu.assertNil(status)
      lu.assertEquals({ code, sent }, { 7, "no" })
      return i
    end)
  end)
end

function T.test_blocking_waits_inside_sort_and_gsub_work()
  stressed(function()
    local numbers = {}
    for i = 1, 20 do numbers[i] = 21 - i end
    table.sort(numbers, function(a, b)
      dps.sleep(0)
      return a < b
    end)
    lu.assertEquals(numbers[1], 1)
    local text = ("abc"):gsub(".", function(c) return dps.spawn(string.upper, c):wait() end)
    lu.assertEquals(text, "ABC")
  end)
end

support.run(T)
