-- The columns that a script wants of a file, and what is said when the file has others.
local lu = require "luaunit"
local csv = require "dps.csv"
local support = require "support"

local T = {}

local WANTED = { "name", "start_date", "end_date" }

local function read(text, columns)
  local rows = {}
  for row in csv.parse(text, { columns = columns or WANTED }) do rows[#rows + 1] = row end
  return rows
end

local function refused(text, columns)
  local ok, e = pcall(read, text, columns)
  lu.assertFalse(ok)
  lu.assertEquals(e.kind, "invalid")
  return e.message
end

function T.test_columns_may_stand_in_any_order()
  lu.assertEquals(read("end_date,name,start_date\n3,1,2\n")[1],
    { name = "1", start_date = "2", end_date = "3" })
end

function T.test_a_misspelled_column_is_named_with_the_nearest_one()
  lu.assertEquals(refused("name,start_date,enddate\na,b,c\n"),
    'text:1: unknown column "enddate" (did you mean "end_date"?); missing: "end_date"')
end

function T.test_a_column_like_none_is_named_with_all_that_are_known()
  lu.assertEquals(refused("name,start_date,end_date,zzzzzz\na,b,c,d\n"),
    'text:1: unknown column "zzzzzz" (columns names "name", "start_date", "end_date": add it'
      .. " there, or take it out of the file)")
end

function T.test_all_missing_columns_are_named()
  lu.assertEquals(refused("name\na\n"), 'text:1: missing: "start_date", "end_date"')
end

function T.test_another_separator_is_recognised()
  lu.assertStrContains(refused("name;start_date;end_date\na;b;c\n"), 'is the separator ";"?')
  lu.assertStrContains(refused("name\tstart_date\tend_date\na\tb\tc\n"), [[separator = "\t"]])
end

function T.test_blanks_around_a_column_do_not_make_another_one()
  lu.assertEquals(#read("name , start_date,end_date \na,b,c\n"), 1)
end

function T.test_columns_that_are_no_list_of_names_are_refused()
  for _, bad in ipairs { {}, "name", { 1 }, { "a", "a" }, { "" } } do
    lu.assertStrContains(refused("a\n1\n", bad), "csv.parse: columns")
  end
end

function T.test_a_file_without_a_header_row_is_checked_by_the_names_given()
  local ok, e = pcall(csv.parse, "1,2\n", { header = { "a", "b" }, columns = { "a", "c" } })
  lu.assertFalse(ok)
  lu.assertStrContains(e.message, 'missing: "c"')
end

support.run(T)
