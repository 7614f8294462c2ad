-- Tasks and sleep: what spawn, wait and cancel promise.
local lu = require "luaunit"
local dps = require "dps"
local err = require "dps.err"
local native = require "dps.native"
local support = require "support"

local T = {}

local function raised(f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok)
  return e
end

function T.test_wait_gives_every_result_of_the_task()
  local task = dps.spawn(function(a, b) return b, a, nil, 4 end, 1, 2)
  lu.assertEquals(table.pack(task:wait()), { 2, 1, nil, 4, n = 4 })
  lu.assertEquals(table.pack(task:wait()), { 2, 1, nil, 4, n = 4 }, "and gives them again")
end

function T.test_wait_raises_the_tasks_own_error_object()
  local thrown = { "an object" }
  local task = dps.spawn(function() error(thrown) end)
  lu.assertIs(raised(task.wait, task), thrown)
end

function T.test_several_tasks_can_wait_for_one()
  local slow = dps.spawn(function() dps.sleep(0.01) return "ready" end)
  local function follow() return slow:wait() end
  local a, b = dps.spawn(follow), dps.spawn(follow)
  lu.assertEquals({ a:wait(), b:wait(), slow:wait() }, { "ready", "ready", "ready" })
end

function T.test_a_task_starts_after_the_one_that_spawned_it_waits()
  local order = {}
  local task = dps.spawn(function() order[#order + 1] = "task" end)
  order[#order + 1] = "script"
  task:wait()
  lu.assertEquals(order, { "script", "task" })
end

function T.test_sleep_takes_at_least_as_long_as_asked()
  local before = native.monotonic()
  dps.sleep(0.02)
  lu.assertTrue(native.monotonic() - before >= 0.02)
end

function T.test_sleepers_wake_in_the_order_of_their_times()
  local order, tasks = {}, {}
  for i, ms in ipairs { 30, 10, 20, 0 } do
    tasks[i] = dps.spawn(function() dps.sleep(ms / 1000) order[#order + 1] = ms end)
  end
  for _, task in ipairs(tasks) do task:wait() end
  lu.assertEquals(order, { 0, 10, 20, 30 })
end

function T.test_sleep_refuses_what_is_no_duration()
  for _, bad in ipairs { -1, 0 / 0, math.huge } do
    lu.assertStrContains(tostring(raised(dps.sleep, bad)), "seconds must be")
  end
end

function T.test_cancel_ends_a_sleeping_task_at_once_with_an_error_it_can_catch()
  local caught
  local task = dps.spawn(function() caught = raised(dps.sleep, 1000) return "cleaned up" end)
  dps.sleep(0)
  task:cancel()
  lu.assertEquals(task:wait(), "cleaned up")
  lu.assertTrue(err.is(caught, "cancelled"))
end

function T.test_a_task_cancelled_before_its_start_never_runs()
  local ran = false
  local task = dps.spawn(function() ran = true end)
  task:cancel()
  lu.assertTrue(err.is(raised(task.wait, task), "cancelled"))
  lu.assertFalse(ran)
end

function T.test_cancel_of_a_running_task_ends_its_next_wait_only()
  local first, second
  local task
  task = dps.spawn(function()
    task:cancel()
    first = pcall(dps.sleep, 0)
    second = pcall(dps.sleep, 0)
  end)
  task:wait()
  lu.assertEquals({ first, second }, { false, true })
end

function T.test_cancel_after_the_end_changes_nothing()
  local task = dps.spawn(function() return 1 end)
  task:wait()
  task:cancel()
  lu.assertEquals(task:wait(), 1)
end

function T.test_cancel_runs_the_to_be_closed_variables_of_a_task()
  local closed = false
  local task = dps.spawn(function()
    local guard <close> = setmetatable({}, { __close = function() closed = true end })
    dps.sleep(1000)
    return guard
  end)
  dps.sleep(0)
  task:cancel()
  pcall(task.wait, task)
  lu.assertTrue(closed)
end

function T.test_tasks_that_wait_for_each_other_get_an_error_instead_of_hanging()
  local a, b
  a = dps.spawn(function() return pcall(b.wait, b) end)
  b = dps.spawn(function() return pcall(a.wait, a) end)
  local results = table.pack(a:wait())
  lu.assertFalse(results[results.n - 1])
  lu.assertStrContains(tostring(results[results.n]), "wait for each other")
end

function T.test_waiting_from_a_coroutine_of_the_scripts_own_runs_the_tasks()
  local task = dps.spawn(function() dps.sleep(0.005) return "from the task" end)
  local co = coroutine.wrap(function() return task:wait() end)
  lu.assertEquals(co(), "from the task")
end

function T.test_waiting_for_itself_from_a_blocking_place_is_an_error()
  local task
  task = dps.spawn(function()
    return pcall(function()
      table.sort({ 2, 1 }, function() task:wait() end)
    end)
  end)
  local ok, e = task:wait()
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(e), "wait for each other")
end

function T.test_a_plain_yield_in_a_task_gives_the_others_a_turn()
  local order = {}
  local a = dps.spawn(function() coroutine.yield("ignored") order[#order + 1] = "a" end)
  local b = dps.spawn(function() order[#order + 1] = "b" end)
  a:wait()
  b:wait()
  lu.assertEquals(order, { "b", "a" })
end

function T.test_ten_thousand_tasks_leave_no_memory_behind()
  local function round()
    for _ = 1, 100 do
      local tasks = {}
      for i = 1, 100 do tasks[i] = dps.spawn(function() dps.sleep(0) end) end
      for i = 1, 100 do tasks[i]:wait() end
    end
    collectgarbage()
    collectgarbage()
    return collectgarbage "count"
  end
  local first = round()
  lu.assertTrue(round() - first < 64, "kilobytes after twice as many tasks")
end

-- A coroutine of a task that a script got hold of.
local function sleeping_task()
  local co
  local task = dps.spawn(function()
    co = coroutine.running()
    dps.sleep(0.01)
    return "slept"
  end)
  dps.sleep(0)
  return task, co
end

function T.test_resuming_the_coroutine_of_a_sleeping_task_does_not_wake_it()
  local task, co = sleeping_task()
  lu.assertEquals({ coroutine.resume(co, "ignored") }, { true })
  lu.assertEquals({ coroutine.resume(co) }, { true })
  lu.assertEquals(task:wait(), "slept")
end

function T.test_a_task_whose_coroutine_was_closed_is_cancelled()
  local task, co = sleeping_task()
  lu.assertTrue(coroutine.close(co))
  co = nil
  for _ = 1, 3 do collectgarbage() end
  lu.assertTrue(err.is(raised(task.wait, task), "cancelled"))
  lu.assertNil(co)
end

function T.test_a_task_that_was_resumed_to_its_end_by_a_script_is_cancelled()
  local co
  local task = dps.spawn(function()
    co = coroutine.running()
    coroutine.yield()
    coroutine.yield()
    return 1
  end)
  dps.spawn(function() end):wait()
  lu.assertEquals({ coroutine.resume(co) }, { true, 1 })
  lu.assertTrue(err.is(raised(task.wait, task), "cancelled"))
end

function T.test_more_results_than_a_stack_holds_are_an_error()
  local many = {}
  for i = 1, 600000 do many[i] = i end
  local task = dps.spawn(function() return table.unpack(many) end)
  lu.assertStrContains(tostring(raised(task.wait, task)), "too many results")
end

function T.test_a_failing_tasks_variables_may_wait_while_they_close()
  local order = {}
  local task = dps.spawn(function()
    local guard <close> = setmetatable({}, { __close = function()
      dps.sleep(0.001)
      order[#order + 1] = "closed"
      dps.spawn(function() order[#order + 1] = "spawned" end):wait()
    end })
    error(guard)
  end)
  raised(task.wait, task)
  lu.assertEquals(order, { "closed", "spawned" })
end

function T.test_waits_too_deep_in_one_another_are_errors_of_their_own_tasks()
  local tasks, n = {}, 150
  local beside = dps.spawn(function() dps.sleep(0.01) return "unharmed" end)
  for i = 1, n do
    tasks[i] = dps.spawn(function()
      table.sort({ 2, 1 }, function() tasks[i + 1]:wait() end)
    end)
  end
  lu.assertStrContains(tostring(raised(tasks[1].wait, tasks[1])), "C stack overflow")
  for i = 1, n do raised(tasks[i].wait, tasks[i]) end
  lu.assertEquals(beside:wait(), "unharmed")
end

function T.test_wrap_raises_as_the_library_does()
  local thrown = {}
  lu.assertIs(raised(coroutine.wrap(error), thrown), thrown)
  local closed
  local function leave()
    local guard <close> = setmetatable({}, { __close = function() closed = true end })
    error("text", 0)
    return guard
  end
  lu.assertStrMatches(raised(function() coroutine.wrap(leave)() end), ".*test_task%.lua:%d+: text")
  lu.assertTrue(closed)
  lu.assertStrContains(raised(coroutine.wrap, 1), "bad argument #1 to 'coroutine.wrap'")
  local ended = coroutine.wrap(function() end)
  ended()
  lu.assertStrContains(raised(ended), "cannot resume dead coroutine")
end

local function exit_of(text)
  return support.run_dps({ "run", "-" }, { stdin = text })
end

function T.test_a_failed_task_nobody_waited_for_fails_the_run_and_is_reported_once()
  local result = exit_of [[
    dps.spawn(function() local x = nil; x.y = 1 end) print "the script ends well"]]
  lu.assertEquals(result.code, 1)
  lu.assertEquals(result.stdout, "the script ends well\n")
  local _, times = result.stderr:gsub("attempt to index a nil value", "")
  lu.assertEquals(times, 1)
  lu.assertStrContains(result.stderr, "stdin:1:")
end

function T.test_a_failed_task_whose_error_was_seen_does_not_fail_the_run()
  local result = exit_of [[local t = dps.spawn(error, "seen") print(pcall(t.wait, t))]]
  lu.assertEquals({ result.code, result.stdout, result.stderr }, { 0, "false\tseen\n", "" })
end

function T.test_an_error_seen_long_after_the_task_failed_does_not_fail_the_run()
  local result = exit_of [[
    local t = dps.spawn(error, "seen") dps.sleep(0.01) print(pcall(t.wait, t))]]
  lu.assertEquals({ result.code, result.stdout, result.stderr }, { 0, "false\tseen\n", "" })
end

function T.test_a_cancelled_task_does_not_fail_the_run()
  local result = exit_of [[local t = dps.spawn(dps.sleep, 1000) dps.sleep(0) t:cancel()]]
  lu.assertEquals({ result.code, result.stderr }, { 0, "" })
end

function T.test_the_run_goes_on_until_the_last_task_ends_also_after_an_error_in_the_script()
  local result = exit_of [[
    dps.spawn(function() dps.sleep(0.05) print "task done" end) error "script failed"]]
  lu.assertEquals({ result.code, result.stdout }, { 1, "task done\n" })
  lu.assertStrContains(result.stderr, "script failed")
end

function T.test_what_can_not_run_and_what_is_no_time_are_told_at_the_scripts_line()
  for says, f in pairs {
    ["spawn: a function is needed, got nothing"] = function() dps.spawn() end,
    ["spawn: a function is needed, got a table"] = function() dps.spawn {} end,
    ["sleep: seconds must be a number from 0 to 1e9, got a string"] = function() dps.sleep "x" end,
    ["sleep: seconds must be a number from 0 to 1e9, got nothing"] = function() dps.sleep() end,
    ["sleep: seconds must be a number from 0 to 1e9, got -1"] = function() dps.sleep(-1) end,
  } do
    local e = raised(f)
    lu.assertTrue(err.is(e, "invalid"), tostring(e))
    lu.assertStrContains(tostring(e), says)
    lu.assertStrContains(e.where, "test_task.lua:")
  end
end

support.run(T)
