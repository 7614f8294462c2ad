-- dps.each and a run that is stopped, or that ends in an error: the summary is told, the results
-- hold every row, and the next run goes on with them.

local lu = require "luaunit"
local rows = require "dps.rows"
local support = require "support"

local T = {}

-- Rows 1 to 8 are done at once, those after them never; when the 12th is begun, `how` is done.
local SCRIPT = [[
  local pid = io.open("/proc/self/stat"):read "n"
  local how = {
    interrupt = function() os.execute("(sleep 0.05; kill -INT " .. pid .. ") &") end,
    exit = function() dps.spawn(os.exit, 7) end,
  }
  dps.each(FROM, function(row)
    local n = tonumber(row.n)
    if n <= 8 then return { id = "id" .. n }, "created" end
    if n == 12 then how.HOW() end
    dps.sleep(1000)
  end, { at_once = 4 MORE })
]]

local function run(how, from, more, options)
  local text = SCRIPT:gsub("FROM", function() return from end):gsub("HOW", how)
    :gsub("MORE", function() return more end)
  return support.run_dps({ "run", table.unpack(options or { "-" }) },
    { stdin = text, timeout = 10 })
end

local function input(count)
  local folder = support.tmpdir()
  local lines = { "n,name" }
  for i = 1, count do lines[i + 1] = ("%d,row %d"):format(i, i) end
  return support.write(folder .. "/in.csv", table.concat(lines, "\n") .. "\n"), folder
end

local function statuses(path)
  local found = {}
  for row in rows.from(path) do found[#found + 1] = row.dps_status end
  return found
end

local LIST = "(function() local t = {} for i = 1, 50 do t[i] = { n = i } end return t end)()"

local function expected(count)
  local list = {}
  for i = 1, count do list[i] = i <= 8 and "created" or i <= 12 and "unknown" or "" end
  return list
end

function T.test_an_interrupt_leaves_a_summary_and_all_rows()
  local path, folder = input(50)
  for _, format in ipairs { "csv", "tsv", "json", "jsonl" } do
    local out = folder .. "/out." .. format
    local result = run("interrupt", ("dps.rows.from(%q)"):format(path), (", out = %q"):format(out))
    lu.assertEquals(result.code, 130, result.stderr)
    lu.assertStrContains(result.stderr, path
      .. ": stopped: 12 rows: 8 created, 4 unknown; 38 not begun\nwhat to do: " .. out
      .. " has all rows and what became of them: run the script again with it in their place,"
      .. " and what is done is skipped\n")
    lu.assertEquals(statuses(out), expected(50))
  end
end

function T.test_os_exit_does_as_well()
  local path, folder = input(20)
  local out = folder .. "/out.csv"
  local result = run("exit", ("dps.rows.from(%q)"):format(path), (", out = %q"):format(out))
  lu.assertEquals(result.code, 7, result.stderr)
  lu.assertStrContains(result.stderr, "stopped: 12 rows: 8 created, 4 unknown; 8 not begun\n")
  lu.assertEquals(statuses(out), expected(20))
end

function T.test_without_results_the_summary_says_so()
  local result = run("interrupt", LIST, "")
  lu.assertStrContains(result.stderr, "rows: stopped: 12 rows: 8 created, 4 unknown; 38 not begun\n"
    .. "what to do: before it is run again, take out the rows that are done, or ensure instead of"
    .. ' create; { out = "results.csv" } notes what is done\ndps: stopped\n')
end

function T.test_an_iterator_of_the_scripts_own_is_not_pulled_any_more()
  local out = support.tmpdir() .. "/out.csv"
  local result = run("interrupt", "(function() local i = 0 return function() i = i + 1"
    .. " if i > 12 then dps.sleep(1000) end return { n = i } end end)()",
    (", out = %q"):format(out))
  lu.assertEquals(result.code, 130, result.stderr)
  lu.assertStrContains(result.stderr, "; the rest was not begun\nwhat to do: " .. out
    .. " has what became of the rows that were begun; the rest is not in it\n")
  lu.assertEquals(statuses(out), expected(12))
end

function T.test_json_and_quiet()
  local result = run("interrupt", LIST, "", { "--json", "-" })
  lu.assertStrContains(result.stderr, '{"rows":{"counts":{"created":8,"unknown":4},'
    .. '"ended":"stopped","left":38,"source":"rows","total":12}}\n')
  lu.assertNotStrContains(result.stderr, "what to do")
  lu.assertNotStrContains(run("interrupt", LIST, "", { "--quiet", "-" }).stderr, "rows")
end

function T.test_a_run_that_ended_before_leaves_nothing_to_say()
  local result = support.run_dps({ "run", "-" }, { timeout = 10,
    stdin = "dps.each({ 1 }, function() end) os.exit(5)" })
  lu.assertEquals({ result.code, result.stderr }, { 5, "rows: 1 row: 1 done\n" })
end

-- What no other row can survive.
local FATAL = [[
  local n = 0
  dps.each(dps.rows.from(%q), function(row)
    n = n + 1
    if row.n == "5" then dps.get_tag "t" end -- there are no settings to do so
  end, { at_once = 1, out = %q })]]

function T.test_an_error_that_ends_all_leaves_all_rows_in_the_results()
  local path, folder = input(9)
  local out = folder .. "/out.csv"
  local result = support.run_dps({ "run", "-" }, { stdin = FATAL:format(path, out), timeout = 10 })
  lu.assertEquals(result.code, 2, result.stderr)
  lu.assertStrContains(result.stderr, "ended early: 5 rows: 4 done, 1 failed; 4 not begun\n"
    .. "what to do: " .. out .. " has all rows and what became of them: correct")
  lu.assertEquals(statuses(out), { "done", "done", "done", "done", "failed", "", "", "", "" })
end

function T.test_rows_that_can_t_be_read_are_not_said_to_be_in_the_results()
  local folder = support.tmpdir()
  local path = support.write(folder .. "/in.csv", 'n\n1\n2\n"3\n')
  local script = "dps.each(dps.rows.from(%q), function() end, { out = %q })"
  local result = support.run_dps({ "run", "-" },
    { timeout = 10, stdin = script:format(path, folder .. "/o.csv") })
  lu.assertStrContains(result.stderr, "ended early: 2 rows: 2 done; the rest was not begun\n")
  lu.assertStrContains(result.stderr, "the rest is not in it\n")
end

function T.test_a_stop_while_rows_are_busy_loses_none()
  local path, folder = input(3000)
  local out = folder .. "/out.csv"
  for delay = 1, 6 do
    local result = support.run_dps({ "run", "-" }, { timeout = 20, stdin = ([[
      local pid = io.open("/proc/self/stat"):read "n"
      os.execute("(sleep 0.0%d; kill -INT " .. pid .. ") &")
      dps.each(dps.rows.from(%q), function(row)
        for _ = 1, 200 do tostring {} end
      end, { out = %q })
      dps.sleep(9)]]):format(delay, path, out) })
    lu.assertEquals(result.code, 130, result.stderr)
    local numbers = {}
    for row in rows.from(out) do numbers[row.n] = true end
    local count = 0
    for _ in pairs(numbers) do count = count + 1 end
    local all = not result.stderr:find("the rest is not in it", 1, true)
    lu.assertTrue(count == 3000 or not all, result.stderr .. count)
  end
end

support.run(T)
