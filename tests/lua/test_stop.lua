-- Stopping: os.exit and SIGINT end a run at the next wait or instruction, whatever the script
-- catches.
local lu = require "luaunit"
local support = require "support"

local T = {}

local function run(text, options)
  options = options or {}
  options.stdin = text
  return support.run_dps({ "run", "-" }, options)
end

-- The signal comes from beside: os.execute itself ignores it while it waits.
local INTERRUPT = [[
  local pid = io.open("/proc/self/stat"):read "n"
  local function interrupt() os.execute("(sleep 0.05; kill -INT " .. pid .. ") &") end
]]

local function interrupted(text)
  local result = run(INTERRUPT .. text, { timeout = 10 })
  lu.assertEquals(result.code, 130, result.stderr)
  lu.assertNotStrContains(result.stdout, "WRONG")
  return result
end

function T.test_os_exit_ends_the_run_with_its_code()
  lu.assertEquals(run("os.exit(7)").code, 7)
  lu.assertEquals(run("os.exit(true)").code, 0)
  lu.assertEquals(run("os.exit(false)").code, 1)
  lu.assertEquals(run("os.exit()").code, 0)
end

function T.test_os_exit_is_not_caught_and_prints_nothing()
  local result = run [[while true do pcall(os.exit, 3) end]]
  lu.assertEquals({ result.code, result.stdout, result.stderr }, { 3, "", "" })
end

function T.test_os_exit_in_a_task_ends_the_script_too()
  local result = run [[dps.spawn(os.exit, 5) dps.sleep(1000)]]
  lu.assertEquals(result.code, 5)
end

function T.test_os_exit_inside_a_coroutine_ends_the_script_too()
  local result = run [[
    local co = coroutine.create(function() os.exit(4) end)
    coroutine.resume(co)
    while true do pcall(error) end]]
  lu.assertEquals(result.code, 4)
end

function T.test_an_interrupt_ends_a_wait()
  interrupted [[interrupt() dps.sleep(1000) print "WRONG"]]
end

function T.test_an_interrupt_ends_a_busy_loop()
  interrupted [[interrupt() while true do end print "WRONG"]]
end

function T.test_an_interrupt_ends_a_loop_that_catches_everything()
  interrupted [[interrupt() while true do pcall(function() while true do end end) end]]
end

function T.test_an_interrupt_ends_a_loop_of_waits_that_catches_everything()
  interrupted [[interrupt() while true do pcall(dps.sleep, 0.01) end]]
end

function T.test_an_interrupt_ends_a_loop_in_a_coroutine_and_the_one_around_it()
  interrupted [[
    interrupt()
    while true do
      local co = coroutine.create(function() while true do pcall(function() end) end end)
      coroutine.resume(co)
    end]]
  interrupted [[
    interrupt()
    while true do
      pcall(coroutine.wrap(function() while true do end end))
    end]]
end

function T.test_an_interrupt_ends_a_call_that_blocks_in_a_sort()
  interrupted [[
    interrupt()
    while true do pcall(table.sort, {3, 2, 1}, function() dps.sleep(1000) end) end]]
end

function T.test_an_interrupt_ends_all_tasks()
  interrupted [[
    for i = 1, 10 do dps.spawn(function() while true do pcall(dps.sleep, 1000) end end) end
    dps.spawn(function() dps.sleep(0.01) interrupt() end)
    while true do pcall(dps.sleep, 1000) end]]
end

function T.test_an_interrupt_says_so_in_one_line()
  lu.assertEquals(interrupted("interrupt() dps.sleep(9)").stderr, "dps: stopped\n")
end

function T.test_a_second_interrupt_kills_what_no_stop_reaches()
  local result = run(INTERRUPT .. [[
    interrupt()
    os.execute("(sleep 0.2; kill -INT " .. pid .. ") &")
    local text, pattern = ("a"):rep(60), ("a*"):rep(30) .. "b"
    print(text:find(pattern))]], { timeout = 10 })
  lu.assertEquals({ result.code, result.stdout, result.stderr }, { 130, "", "" })
end

support.run(T)
