-- dps.csv: empty lines are no rows, and the lines after them keep their numbers.

local csv = require "dps.csv"
local lu = require "luaunit"
local support = require "support"

local T = {}
local CHUNK = 64 * 1024

local function lines_of(text)
  local lines = {}
  for row, line in csv.parse(text) do lines[#lines + 1] = row.a .. ":" .. line end
  return table.concat(lines, " ")
end

function T.test_empty_lines_are_skipped_and_counted()
  lu.assertEquals(lines_of "a,b\n1,2\n\n3,4\n\n\n", "1:2 3:4")
  lu.assertEquals(lines_of "\n\na,b\n\n1,2\n", "1:5")
  lu.assertEquals(lines_of "a,b\r\n\r\n1,2\r\n\r\n\r\n3,4\r\n\r\n", "1:3 3:6")
  lu.assertEquals(lines_of "a,b\r\r1,2\r\r3,4\r", "1:3 3:5")
  lu.assertEquals(lines_of "a\n\n\"\"\n", ":3")
end

function T.test_empty_lines_at_the_end_of_what_was_read_are_counted_once()
  for _, newline in ipairs { "\n", "\r\n", "\r" } do
    for more = 0, 3 do
      local count = CHUNK // #newline + more
      local text = "a" .. newline .. newline:rep(count) .. "1" .. newline:rep(3) .. "2"
      lu.assertEquals(lines_of(text), ("1:%d 2:%d"):format(count + 2, count + 5))
    end
  end
end

function T.test_what_is_wrong_after_empty_lines_is_placed_right()
  local ok, e = pcall(lines_of, "a,b\n1,2\n\n\n3\n")
  lu.assertFalse(ok)
  lu.assertStrContains(e.message, "text:5:1: the header names 2 fields, this row has 1; missing: b")
end

support.run(T)
