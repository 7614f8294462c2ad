-- dps.each and its own results: they overwrite nothing of the user's, and as the rows of the next
-- run they go on where the last one ended, without a doubled object.

local dps = require "dps"
local lu = require "luaunit"
local err = require "dps.err"
local support = require "support"

local hushed = support.hushed

local T = {}

local WEB = "https://ns.adobe.com/xdm/channel-types/web"

local function create(row)
  return dps.create_placement { name = row.name, componentType = "html", channel = WEB }, "created"
end

local function each(rows, f, options)
  options.exit_code = false
  return select(2, hushed(dps.each, rows, f, options))
end

local function count_named(name)
  local count = 0
  for _ in dps.list_placements { property = { { "name", "==", name } } } do count = count + 1 end
  return count
end

function T.test_the_users_own_columns_stay()
  local folder = support.tmpdir()
  local path = support.write(folder .. "/in.csv", "name,status,id,error\na,draft,7,none\n")
  each((dps.rows.from(path)), function(row)
    lu.assertEquals(row, { name = "a", status = "draft", id = "7", error = "none" })
    return "new-id", "created"
  end, { out = folder .. "/out.csv" })
  lu.assertEquals(support.read(folder .. "/out.csv"),
    "name,status,id,error,dps_status,dps_id,dps_error\na,draft,7,none,created,new-id,\n")
end

local HEAD = "name;price;day;tags;dps_status;dps_id;dps_error\n"

function T.test_results_hold_the_rows_as_they_were_read()
  local folder = support.tmpdir()
  local text = "name;price;day;tags\n\"a;b\";1,50;2026-02-03;x y\n"
  local options = { separator = ";", decimal = ",", zone = "Europe/Paris", columns = {
    name = "text", price = "number", day = "date",
    tags = function(tags) return { tags:match "(%w) (%w)" } end } }
  local path = support.write(folder .. "/in.csv", text)
  local seen = {}
  local function f(row)
    seen[#seen + 1] = { row.price, tostring(row.day), row.tags[2], row.dps_status }
    if #seen == 1 then error("no", 0) end
  end
  each((dps.rows.from(path, options)), f, { out = folder .. "/1.csv" })
  lu.assertEquals(support.read(folder .. "/1.csv"), HEAD
    .. "\"a;b\";1,50;2026-02-03;x y;failed;;no\n")
  each((dps.rows.from(folder .. "/1.csv", options)), f, { out = folder .. "/2.csv" })
  lu.assertEquals(seen[2], seen[1])
  lu.assertEquals(support.read(folder .. "/2.csv"), HEAD .. "\"a;b\";1,50;2026-02-03;x y;done;;\n")
end

local FORMATS = { "csv", "tsv", "json", "jsonl" }

function T.test_what_is_done_is_skipped_and_keeps_what_was_noted()
  for _, format in ipairs(FORMATS) do
    local folder = support.tmpdir()
    local first, second = folder .. "/1." .. format, folder .. "/2." .. format
    local rows, name = {}, "again " .. format .. " "
    for i = 1, 5 do rows[i] = { name = name .. i } end
    each(rows, function(row)
      if row.name == name .. 2 then error("not now", 0) end
      return create(row)
    end, { out = first })
    local begun = {}
    local result = each((dps.rows.from(first, { columns = { name = "text" } })), function(row)
      begun[#begun + 1] = row.name
      lu.assertEquals(row, { name = row.name })
      return create(row)
    end, { out = second })
    lu.assertEquals(begun, { name .. 2 })
    lu.assertEquals(result.counts, { skipped = 4, created = 1 })
    for row in dps.rows.from(second) do
      lu.assertEquals(row.dps_status, "created")
      lu.assertStrContains(row.dps_id, "placement:")
      lu.assertEquals(row.dps_error or "", "")
      lu.assertEquals(count_named(row.name), 1)
    end
  end
end

function T.test_of_a_row_whose_fate_was_unknown_the_object_that_is_there_is_its_own()
  local there = create { name = "lost answer" }
  local rows = { { name = "lost answer", dps_status = "unknown" },
    { name = "lost request", dps_status = "unknown" } }
  local ids = {}
  local result = each(rows, function(row)
    local receipt, status = create(row)
    ids[#ids + 1] = receipt.id
    return receipt, status
  end, {})
  lu.assertEquals(result.counts, { created = 2 })
  lu.assertEquals(ids[1], there.id)
  lu.assertEquals({ count_named "lost answer", count_named "lost request" }, { 1, 1 })
end

function T.test_a_row_that_was_not_begun_or_failed_makes_no_second_object()
  local done = create { name = "made by an earlier run" }
  for _, status in ipairs { "", "failed" } do
    local result = each({ { name = "made by an earlier run", dps_status = status } }, create, {})
    lu.assertEquals(result.counts, { failed = 1 })
    lu.assertTrue(err.is(result.failures[1].error, "conflict"))
    lu.assertStrContains(result.failures[1].error.message,
      "a placement of this name is there already (" .. done.id .. "); nothing was sent")
  end
  lu.assertEquals(count_named "made by an earlier run", 1)
end

function T.test_a_second_row_of_a_name_makes_no_second_object_in_the_next_run_either()
  local folder = support.tmpdir()
  local rows = { { name = "twins" }, { name = "twins" } }
  each(rows, create, { out = folder .. "/1.csv" })
  local result = each((dps.rows.from(folder .. "/1.csv")), create, { out = folder .. "/2.csv" })
  lu.assertEquals(result.counts, { skipped = 1, failed = 1 })
  lu.assertEquals(count_named "twins", 1)
end

function T.test_rows_without_results_create_what_they_like()
  create { name = "of a name that is there" }
  local result = each({ { name = "of a name that is there" } }, create, {})
  lu.assertEquals(result.counts, { created = 1 })
end

function T.test_other_columns_that_nobody_knows_are_still_errors()
  local path = support.write(support.tmpdir() .. "/in.csv", "name,dps_stat\na,b\n")
  local ok, e = pcall(dps.rows.from, path, { columns = { name = "text" } })
  lu.assertFalse(ok)
  lu.assertStrContains(e.message, 'unknown column "dps_stat"')
end

support.run(T)
