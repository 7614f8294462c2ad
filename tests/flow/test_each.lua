-- dps.each against a local library: how many at a time, what becomes of each row, and what ends
-- all.

local dps = require "dps"
local lu = require "luaunit"
local err = require "dps.err"
local support = require "support"

local hushed = support.hushed

local T = {}

local function numbers(count)
  local list = {}
  for i = 1, count do list[i] = { name = "row " .. i, n = i } end
  return list
end

local QUIETLY = { exit_code = false }

local function with(options)
  for key, value in pairs(QUIETLY) do options[key] = options[key] == nil and value
    or options[key] end
  return options
end

function T.test_never_more_than_so_many_are_on_their_way()
  local now, most = 0, 0
  local _, result = hushed(dps.each, numbers(50), function()
    now = now + 1
    most = math.max(most, now)
    dps.sleep(math.random() / 200)
    now = now - 1
  end, with { at_once = 7 })
  lu.assertEquals({ most, now, result.total, result.counts }, { 7, 0, 50, { done = 50 } })
end

function T.test_one_slow_row_does_not_hold_up_the_others()
  local done = 0
  local text = hushed(dps.each, numbers(12), function(row)
    if row.n == 1 then
      while done < 11 do dps.sleep(0.001) end
    end
    done = done + 1
  end, with { at_once = 2 })
  lu.assertEquals(done, 12)
  lu.assertEquals(text, "rows: 12 rows: 12 done\n")
end

function T.test_a_row_that_fails_is_told_and_the_others_go_on()
  local text, result = hushed(dps.each, numbers(4), function(row)
    if row.n == 2 then error("no good\n  at all", 0) end
    if row.n == 3 then err.raise { kind = "unknown", message = "no answer" } end
    return { id = "id" .. row.n }, "created"
  end, with { name = "offers.csv" })
  lu.assertEquals(text, "offers.csv:2: row 2: failed: no good at all\n"
    .. "offers.csv:3: row 3: unknown: no answer\n"
    .. "offers.csv: 4 rows: 2 created, 1 failed, 1 unknown\n")
  lu.assertEquals({ result.failed, result.unknown, #result.failures }, { 1, 1, 2 })
  lu.assertEquals(result.failures[1].row.n, 2)
end

function T.test_results_are_written_in_the_order_of_the_rows()
  local path = support.tmpdir() .. "/result.csv"
  hushed(dps.each, numbers(40), function(row)
    dps.sleep(math.random() / 100)
    if row.n == 3 then error("a, \"b\"", 0) end
    return { id = "id" .. row.n }, row.n % 2 == 0 and "created" or "unchanged"
  end, with { at_once = 8, out = path, columns = { "name", "n" } })
  local rows = dps.csv.read(path, { columns = { "name", "n" } })
  lu.assertEquals(#rows, 40)
  for i, row in ipairs(rows) do lu.assertEquals(row.n, tostring(i)) end
  lu.assertEquals(rows[3], { name = "row 3", n = "3", dps_status = "failed", dps_id = "",
    dps_error = 'a, "b"' })
  lu.assertEquals(rows[4], { name = "row 4", n = "4", dps_status = "created", dps_id = "id4",
    dps_error = "" })
end

function T.test_rows_of_a_file_come_with_their_lines_and_faulty_ones_fail_alone()
  local folder = support.tmpdir()
  local path = support.write(folder .. "/in.csv", 'name,n\n"a\nb",1\nc,x\nd,3\n')
  local out = folder .. "/out.jsonl"
  local seen = {}
  local text, result = hushed(dps.each, (dps.rows.from(path, { columns = { name = "text",
    n = "integer" } })), function(row, line)
    seen[line] = row.n
    row.n = nil -- what the function does to its row is its own affair
    return "id-" .. line
  end, with { out = out })
  lu.assertEquals(seen, { [2] = 1, [5] = 3 })
  lu.assertEquals(result.counts, { done = 2, failed = 1 })
  lu.assertStrContains(text, path .. ':4: c: failed: n: "x" is no whole number\n')
  local rows = {}
  for row in dps.rows.from(out) do rows[#rows + 1] = row end
  lu.assertEquals(rows[1], { name = "a\nb", n = 1, dps_status = "done", dps_id = "id-2" })
  lu.assertEquals({ rows[2].n, rows[2].dps_status }, { "x", "failed" })
  lu.assertEquals(rows[3].n, 3)
end

function T.test_what_no_row_can_survive_ends_all_and_is_raised()
  for _, kind in ipairs { "auth", "refused", "limit" } do
    local begun = 0
    local text = hushed(function()
      local ok, e = pcall(dps.each, numbers(100), function()
        begun = begun + 1
        err.raise { kind = kind, message = "no" }
      end, with { at_once = 4 })
      lu.assertEquals({ ok, err.is(e, kind) }, { false, true })
    end)
    lu.assertTrue(begun <= 8, begun)
    lu.assertStrContains(text, "rows: ")
  end
end

function T.test_rows_that_can_t_be_read_on_end_all_after_what_is_on_its_way()
  local path = support.write(support.tmpdir() .. "/in.csv", 'name\na\nb\n"c\n')
  local done = 0
  hushed(function()
    local ok, e = pcall(dps.each, (dps.csv.rows(path)), function()
      dps.sleep(0.01)
      done = done + 1
    end, with {})
    lu.assertFalse(ok)
    lu.assertStrContains(e.message, "in.csv:4:1: this quote is never closed")
  end)
  lu.assertEquals(done, 2)
end

function T.test_an_iterator_that_calls_can_be_walked_and_offers_updated()
  for i = 1, 30 do
    dps.create_placement { name = "each " .. i, componentType = "html",
      channel = "https://ns.adobe.com/xdm/channel-types/web" }
  end
  local _, result = hushed(dps.each, (dps.list_placements { limit = 4, order_by = "id" }),
    function(placement)
    return dps.update_placement(placement.id, { { op = "add", path = "/description",
      value = "seen" } }), "updated"
  end, with { at_once = 5 })
  lu.assertTrue(result.counts.updated >= 30)
  for placement in dps.list_placements() do
    if placement.name:find "^each " then lu.assertEquals(placement.description, "seen") end
  end
end

function T.test_from_a_coroutine_of_the_scripts_own_it_works_as_well()
  local walk = coroutine.wrap(function()
    return dps.each(numbers(5), function() dps.sleep(0.001) end, with {})
  end)
  local _, result = hushed(walk)
  lu.assertEquals(result.total, 5)
end

function T.test_a_cancelled_caller_cancels_its_rows()
  local cancelled = 0
  local caller = dps.spawn(function()
    dps.each(numbers(10), function()
      local ok, e = pcall(dps.sleep, 60)
      if not ok and err.is(e, "cancelled") then cancelled = cancelled + 1 end
      error(e, 0)
    end, with { at_once = 3 })
  end)
  dps.sleep(0.01)
  caller:cancel()
  local ok, e = pcall(caller.wait, caller)
  lu.assertEquals({ ok, err.is(e, "cancelled") }, { false, true })
  dps.sleep(0.01)
  lu.assertEquals(cancelled, 3)
end

function T.test_misuse_is_refused()
  local function refused(expected, ...)
    local ok, e = pcall(dps.each, ...)
    lu.assertEquals({ ok, err.is(e, "invalid") }, { false, true })
    lu.assertStrContains(e.message, expected)
  end
  refused("rows are needed", nil, print)
  refused("a function is needed", {}, nil)
  refused("at_once must be", {}, print, { at_once = 0 })
  refused('unknown option "at_onec" (did you mean "at_once"?)', {}, print, { at_onec = 1 })
  refused("out must be", {}, print, { out = 5 })
  refused("the name does not tell the format", {}, print, { out = "results" })
end

function T.test_the_input_is_never_overwritten_whatever_it_is_called()
  local folder = support.tmpdir()
  local path = support.write(folder .. "/in.csv", "name\na\n")
  os.execute(("cd %s; ln -s in.csv soft.csv; ln in.csv hard.csv; mkdir sub"):format(folder))
  for _, name in ipairs { "in.csv", "./in.csv", "sub/../in.csv", "soft.csv", "hard.csv" } do
    local out = folder .. "/" .. name
    local begun = false
    local ok, e = pcall(dps.each, (dps.rows.from(path)), function() begun = true end, { out = out })
    lu.assertEquals({ ok, err.is(e, "invalid"), begun }, { false, true, false }, name)
    lu.assertStrContains(e.message, "out is the file that the rows come from (" .. out .. ")")
    lu.assertEquals(support.read(path), "name\na\n")
  end
  local open = assert(io.open(path, "rb"))
  local ok = pcall(dps.each, (dps.rows.from(open, { format = "csv" })), print, { out = path })
  lu.assertFalse(ok)
  lu.assertEquals(support.read(path), "name\na\n")
end

function T.test_a_file_that_can_t_be_written_fails_before_the_first_row()
  local begun = false
  for _, out in ipairs { "/nowhere/out.csv", support.tmpdir() .. "/", "/proc/x.csv" } do
    local ok, e = pcall(dps.each, { { name = "a" } }, function() begun = true end,
      { out = out:gsub("/$", "/no/out.csv") })
    lu.assertEquals({ ok, err.is(e, "refused"), begun }, { false, true, false }, out)
  end
end

function T.test_a_row_that_no_file_can_hold_is_told_before_it_is_sent()
  local path, begun = support.tmpdir() .. "/out.csv", 0
  local rows = { { name = "a" }, { name = "b", tags = { "x" } }, { name = "c" } }
  hushed(function()
    local ok, e = pcall(dps.each, rows, function() begun = begun + 1 end, with { out = path })
    lu.assertEquals({ ok, err.is(e, "invalid") }, { false, true })
    lu.assertStrContains(e.message, "tags: a table can't be written into a field")
  end)
  lu.assertEquals(begun, 1)
end

function T.test_columns_are_those_of_all_rows_of_a_list()
  local path = support.tmpdir() .. "/out.csv"
  hushed(dps.each, { { b = 1 }, { a = 2, b = 3 } }, function() end, with { out = path })
  lu.assertStrContains(support.read(path), "b,a,")
  local empty = support.tmpdir() .. "/empty.csv"
  hushed(dps.each, {}, error, with { out = empty })
  lu.assertStrContains(support.read(empty), "dps_status,")
end

function T.test_a_full_disk_ends_all_after_what_is_on_its_way()
  local ended = 0
  local text = hushed(function()
    local ok, e = pcall(dps.each, numbers(200), function()
      dps.sleep(0.005)
      ended = ended + 1
    end, with { out = dps.rows.to("/dev/full", { format = "csv", columns = {
      "name", "n", "dps_status", "dps_id", "dps_error" } }), at_once = 5 })
    lu.assertFalse(ok)
    lu.assertStrContains(tostring(e), "/dev/full can't be written")
  end)
  lu.assertTrue(ended < 200)
  lu.assertStrContains(text, ("rows: ended early: %d rows: %d done; %d not begun\n")
    :format(ended, ended, 200 - ended))
  lu.assertStrContains(text, "what to do: /dev/full has what became of ")
end

function T.test_what_an_iterator_gives_beside_a_row_is_its_own()
  local _, result = hushed(dps.each, ("a=1=x b=2=y"):gmatch "(%w)=(%w)=(%w)", function() end,
    with {})
  lu.assertEquals(result.counts, { done = 2 })
end

local WEB = "https://ns.adobe.com/xdm/channel-types/web"

local function placement(name, text)
  return { name = name, componentType = "html", channel = WEB, description = text }
end

local function count_named(name)
  local count = 0
  for _ in dps.list_placements { property = { { "name", "==", name } } } do count = count + 1 end
  return count
end

function T.test_a_second_row_of_a_name_makes_no_second_object()
  local rows = { { name = "twin" }, { name = "other" }, { name = "twin" } }
  local text, result = hushed(dps.each, rows, function(row)
    if row.name == "twin" then dps.sleep(0.01) end
    return dps.create_placement(placement(row.name)), "created"
  end, with { name = "p.csv" })
  lu.assertEquals(result.counts, { created = 2, failed = 1 })
  lu.assertStrContains(text, "p.csv:3: twin: failed: p.csv:1 has a placement of this name too;"
    .. " nothing was sent for this one\n")
  lu.assertEquals(count_named "twin", 1)
  local _, again = hushed(dps.each, { { name = "twin 2" } }, function(row)
    return dps.create_placement(placement(row.name)), "created"
  end, with {})
  lu.assertEquals(again.counts, { created = 1 })
end

function T.test_rows_that_ensure_one_name_must_mean_the_same()
  local rows = { { text = "a" }, { text = "a" }, { text = "b" } }
  local _, result = hushed(dps.each, rows, function(row)
    return dps.ensure_placement(placement("ensured by rows", row.text))
  end, with {})
  lu.assertEquals(result.counts, { created = 1, unchanged = 1, failed = 1 })
  lu.assertEquals(result.failures[1].row.text, "b")
  lu.assertStrContains(result.failures[1].error.message, "rows:1 has a placement of this name too")
end

function T.test_a_task_of_a_row_writes_for_that_row()
  local _, result = hushed(dps.each, { 1, 2 }, function()
    return dps.spawn(dps.create_placement, placement "by a task"):wait(), "created"
  end, with {})
  lu.assertEquals(result.counts, { created = 1, failed = 1 })
  dps.create_placement(placement "by a task") -- outside of rows a script may do as it likes
  lu.assertEquals(count_named "by a task", 2)
end

function T.test_one_row_may_write_a_name_twice_and_another_sandbox_is_another_place()
  local other = dps.client { sandbox = "other" }
  local _, result = hushed(dps.each, { dps, other }, function(client)
    client.create_placement(placement "here and there")
    return client.create_placement(placement "here and there")
  end, with {})
  lu.assertEquals(result.counts, { done = 2 })
end

function T.test_nothing_to_do_is_no_failure()
  local text, result = hushed(dps.each, {}, error, with {})
  lu.assertEquals({ text, result.total }, { "rows: 0 rows\n", 0 })
end

support.run(T)
