-- CSV in: what is read, what is refused and where, and that borders between chunks change nothing.

local lu = require "luaunit"
local csv = require "dps.csv"
local err = require "dps.err"
local support = require "support"

local T = {}

local BOM = "\xEF\xBB\xBF"
local CHUNK = 64 * 1024

-- Rows as arrays in the order of `columns`, and the lines they start on.
local function parse(text, options)
  local rows, lines = {}, {}
  for row, line in csv.parse(text, options) do
    rows[#rows + 1], lines[#lines + 1] = row, line
  end
  return rows, lines
end

local function drain(open, ...)
  for _ in open(...) do end
end

local function failure(open, ...)
  local ok, e = pcall(drain, open, ...)
  lu.assertFalse(ok, "no error")
  lu.assertTrue(err.is(e, "invalid"), tostring(e))
  return e.message
end

local function refused(text, expected, options)
  lu.assertEquals(failure(csv.parse, text, options), "text:" .. expected)
end

local function file(text)
  return support.write(support.tmpdir() .. "/offers.csv", text)
end

-- What is read ------------------------------------------------------------------------------------

function T.test_header_names_become_field_names()
  lu.assertEquals(parse "name,priority\nSpring,1\nSummer,2\n",
    { { name = "Spring", priority = "1" }, { name = "Summer", priority = "2" } })
end

function T.test_quoted_fields_keep_separators_newlines_and_doubled_quotes()
  local rows = parse 'a,b,c\n"1,5","two\nlines","say ""hi"""\n'
  lu.assertEquals(rows, { { a = "1,5", b = "two\nlines", c = 'say "hi"' } })
end

function T.test_a_field_of_quotes_only_is_quotes()
  lu.assertEquals(parse 'a,b\n"""",""""""\n', { { a = '"', b = '""' } })
end

function T.test_empty_fields_quoted_or_not_are_empty_strings()
  lu.assertEquals(parse 'a,b,c\n,"",\n', { { a = "", b = "", c = "" } })
end

function T.test_blanks_in_fields_are_kept_and_around_column_names_dropped()
  lu.assertEquals(parse "a , b\n 1 ,\t2\n", { { a = " 1 ", b = "\t2" } })
end

function T.test_lf_crlf_and_cr_end_lines_the_same()
  local expected = { { a = "1", b = "2" }, { a = "3", b = "4" } }
  for _, ending in ipairs { "\n", "\r\n", "\r" } do
    for _, last in ipairs { "", "\n", "\r\n", "\r" } do
      local rows, lines = parse("a,b" .. ending .. "1,2" .. ending .. "3,4" .. last)
      lu.assertEquals(rows, expected)
      lu.assertEquals(lines, { 2, 3 })
    end
  end
end

function T.test_the_last_line_may_end_in_cr_alone_in_a_file_of_lf()
  lu.assertEquals(parse "a,b\n1,2\r", { { a = "1", b = "2" } })
  lu.assertEquals(parse 'a,b\n1,"2"\r', { { a = "1", b = "2" } })
end

function T.test_line_ends_may_be_mixed()
  local rows, lines = parse "a,b\n1,2\r3,4\n5,6\r\n7,8\r\n9,0\n"
  lu.assertEquals(#rows, 5)
  lu.assertEquals({ rows[1].b, rows[2].a, rows[3].b, rows[4].b }, { "2", "3", "6", "8" })
  lu.assertEquals(lines, { 2, 3, 4, 5, 6 })
  lu.assertEquals(parse "a\n1\r2\n3\n", { { a = "1" }, { a = "2" }, { a = "3" } })
end

function T.test_plain_and_quoted_rows_may_be_mixed()
  local rows = parse 'a,b\n"1",2\n3,4\n"5,5",6\n7,"8"\n9,0\n'
  lu.assertEquals(rows, { { a = "1", b = "2" }, { a = "3", b = "4" }, { a = "5,5", b = "6" },
    { a = "7", b = "8" }, { a = "9", b = "0" } })
end

function T.test_embedded_crlf_stays_as_it_is()
  lu.assertEquals(parse 'a\r\n"1\r\n2"\r\n', { { a = "1\r\n2" } })
end

function T.test_a_byte_order_mark_is_not_part_of_the_first_name()
  lu.assertEquals(parse(BOM .. "a,b\n1,2\n"), { { a = "1", b = "2" } })
  lu.assertEquals(parse(BOM .. '"a",b\n1,2\n'), { { a = "1", b = "2" } })
end

function T.test_empty_lines_at_the_end_are_ignored()
  for _, ending in ipairs { "\n\n", "\n\n\n\n", "\r\n\r\n", "\r\r" } do
    lu.assertEquals(parse("a,b\n1,2" .. ending), { { a = "1", b = "2" } })
  end
  lu.assertEquals(#parse("a\n1" .. ("\n"):rep(3 * CHUNK)), 1)
end

function T.test_a_header_alone_is_no_rows()
  for _, text in ipairs { "a,b", "a,b\n", "a,b\r\n\r\n", BOM .. "a" } do
    lu.assertEquals(parse(text), {})
  end
end

function T.test_non_ascii_text_is_kept()
  lu.assertEquals(parse "né,日本\nÉté,€ 5\n", { { ["né"] = "Été",
    ["日本"] = "€ 5" } })
end

function T.test_a_column_may_have_any_name()
  local row = parse '"end","a""]=1,x","line\n2",1\n1,2,3,4\n'[1]
  lu.assertEquals(row, { ["end"] = "1", ['a"]=1,x'] = "2", ["line\n2"] = "3", ["1"] = "4" })
end

function T.test_a_row_knows_the_line_it_starts_on()
  local _, lines = parse 'a,b\n1,"x\ny\nz"\n2,"q"\r\n3,"m\r\nn\rk"\n4,4\n5,"o\rp"\n6,6\n'
  lu.assertEquals(lines, { 2, 5, 6, 9, 10, 12 })
end

function T.test_rows_are_tables_of_their_own()
  local rows = parse "a\n1\n2\n"
  rows[1].a = "changed"
  lu.assertEquals(rows[2].a, "2")
end

-- Options -----------------------------------------------------------------------------------------

function T.test_another_separator()
  for _, separator in ipairs { ";", "\t", "|", "^", "]", "-", "%", " " } do
    local text = ("a%sb\n1,5%s\"x%sy\"\n"):gsub("%%s", (separator:gsub("%%", "%%%%")))
    local rows = parse(text, { separator = separator })
    lu.assertEquals(rows, { { a = "1,5", b = "x" .. separator .. "y" } })
  end
end

function T.test_header_option_names_the_columns_of_a_file_without_header()
  local rows, lines = parse("1,2\n3,4\n", { header = { "a", "b" } })
  lu.assertEquals(rows, { { a = "1", b = "2" }, { a = "3", b = "4" } })
  lu.assertEquals(lines, { 1, 2 })
  lu.assertEquals(parse("", { header = { "a" } }), {})
end

function T.test_unknown_options_are_refused_by_name()
  for _, name in ipairs { "rows", "parse", "read" } do
    local ok, e = pcall(csv[name], "a\n", { seperator = ";" })
    lu.assertFalse(ok)
    lu.assertStrContains(tostring(e), "csv." .. name)
    lu.assertStrContains(tostring(e), "seperator")
    lu.assertStrContains(tostring(e), "separator")
  end
end

function T.test_a_separator_that_could_be_part_of_a_value_is_refused()
  for _, separator in ipairs { "", ",,", '"', "\n", "\r", "\0", "a", "7", "é", "\xFF", 5, true } do
    lu.assertStrContains(failure(csv.parse, "a\n", { separator = separator }), "separator")
  end
end

function T.test_header_option_must_name_columns_once_each()
  for _, header in ipairs { {}, "a", { "a", "a" }, { "" }, { 1 } } do
    lu.assertStrContains(failure(csv.parse, "1\n", { header = header }), "header")
  end
end

-- What is refused, and where ----------------------------------------------------------------------

function T.test_quote_inside_an_unquoted_field()
  refused('a,b\n1,5" screen\n',
    "2:4: quote inside an unquoted field; put the field in quotes and double the quote")
end

function T.test_text_after_a_closing_quote_names_where_the_field_began()
  local text = " text after a closing quote (the field's first quote is at 2:3);"
    .. " write a quote inside a field twice"
  refused('a,b\n1,"x"y\n', "2:6:" .. text)
  refused('a,b\n1,"x\n2,"y"\n', "3:4:" .. text)
end

function T.test_an_unclosed_quote_says_where_it_was_opened()
  refused('a,b\n1,2\n3,"x\n4,5\n', "3:3: this quote is never closed")
  refused('a,"b\n', "1:3: this quote is never closed")
  refused('a\n"', "2:1: this quote is never closed")
  refused('a\n"""', "2:1: this quote is never closed")
end

function T.test_too_few_fields_name_the_missing_columns()
  refused("name,start,priority\nSpring\n",
    "2:1: the header names 3 fields, this row has 1; missing: start, priority")
  refused('a,b\n"1"\n', "2:1: the header names 2 fields, this row has 1; missing: b")
end

function T.test_too_many_fields_point_at_the_first_surplus_one()
  local rest = "put a field that contains the separator in quotes"
  refused("a,b\n1,2\n1,2,3,4\n", "3:5: the header names 2 fields, this row has 4; " .. rest)
  refused('a\n"1",2', "2:5: the header names 1 fields, this row has 2; " .. rest)
end

function T.test_columns_count_characters_not_bytes()
  refused('a,b\nété,"ü"x\n',
    "2:8: text after a closing quote (the field's first quote is at 2:5);"
    .. " write a quote inside a field twice")
  refused(BOM .. 'a,b"\n', "1:4: quote inside an unquoted field;"
    .. " put the field in quotes and double the quote")
end

function T.test_column_names_must_be_there_and_differ()
  refused("a,,c\n", "1:3: this column has no name; name it, or delete the column")
  refused("a,b,\n", "1:5: this column has no name; name it, or delete the column")
  refused("a,b, a\n", '1:5: a second column is named "a"; rename one')
end

function T.test_an_empty_file_has_no_header()
  for _, text in ipairs { "", BOM, "\n\n" } do
    refused(text, " the file is empty; its first line must name the columns")
  end
end

function T.test_bytes_that_are_not_utf8()
  local hint = " is not UTF-8; save the file as UTF-8"
  refused("a,b\n1,caf\xE9\n", "2:6: byte 0xE9" .. hint)
  refused("a,b\n1,\xC0\x80\n", "2:3: byte 0xC0" .. hint)
  refused("a,b\n1,\xED\xA0\x80\n", "2:3: byte 0xED" .. hint)
  refused("a,b\n1,\xF5\x80\x80\x80\n", "2:3: byte 0xF5" .. hint)
  refused("a,b\n1,2\n3,\xE2\x82", "3:3: byte 0xE2" .. hint)
  refused("a,\xC3", "1:3: byte 0xC3" .. hint)
end

function T.test_utf16_is_recognised()
  refused("\xFF\xFEa\0,\0b\0\n\0", "1:1: a mark of UTF-16; save the file as UTF-8")
  refused("\xFE\xFF\0a\0,\0b\0\n", "1:1: a mark of UTF-16; save the file as UTF-8")
  refused("a\0,\0b\0", "1:2: a NUL byte: this is no text, or it is UTF-16; save the file as UTF-8")
end

function T.test_rows_before_a_fault_are_served()
  local names = {}
  local ok = pcall(function()
    for row in csv.parse "name\nSpring\nSummer\nAut\0umn\n" do names[#names + 1] = row.name end
  end)
  lu.assertFalse(ok)
  lu.assertEquals(names, { "Spring", "Summer" })
end

function T.test_after_an_error_there_are_no_more_rows()
  local next_row = csv.parse 'a,b\n1\n2,3\n'
  lu.assertFalse((pcall(next_row)))
  lu.assertNil(next_row())
end

function T.test_a_row_without_end_is_refused_before_it_fills_the_memory()
  local text = 'a\n"' .. ("x"):rep(40 * 1024 * 1024)
  local path = file(text)
  lu.assertStrContains(failure(csv.rows, path), "offers.csv:2:1: a row of more than 16 MiB;")
end

function T.test_a_row_of_separators_without_end_is_refused()
  lu.assertStrContains(failure(csv.parse, (","):rep(1000000)), "a row has at most 4096 fields")
end

function T.test_as_many_columns_as_are_allowed_work()
  local names, values = {}, {}
  for i = 1, 4096 do names[i], values[i] = "c" .. i, "v" .. i end
  local row = parse(table.concat(names, ",") .. "\n" .. table.concat(values, ",") .. "\n")[1]
  lu.assertEquals({ row.c1, row.c2048, row.c4096 }, { "v1", "v2048", "v4096" })
end

-- Files -------------------------------------------------------------------------------------------

function T.test_errors_name_the_file_as_it_was_given()
  local path = file 'a,b\n1,"x\n'
  lu.assertEquals(failure(csv.rows, path), path .. ":2:3: this quote is never closed")
end

function T.test_a_missing_file_says_so()
  local path = support.tmpdir() .. "/offers.csv"
  local message = failure(csv.rows, path)
  lu.assertStrContains(message, path)
  lu.assertStrContains(message, "No such file")
end

function T.test_a_folder_says_so()
  local path = support.tmpdir()
  lu.assertEquals(failure(csv.rows, path), path .. ": Is a directory")
end

function T.test_what_is_no_source_is_refused()
  for _, source in ipairs { 5, true, {}, print } do
    lu.assertStrContains(failure(csv.rows, source), "csv.rows: a path or an open file is needed")
    lu.assertStrContains(failure(csv.parse, source), "csv.parse: a string is needed")
  end
  lu.assertStrContains(failure(csv.rows, nil), "not a nil")
  local closed = assert(io.tmpfile())
  closed:close()
  lu.assertStrContains(failure(csv.rows, closed), "not a closed file")
end

function T.test_an_open_file_is_read_from_where_it_stands_and_left_open()
  local handle = assert(io.open(file "skip me\na,b\n1,2\n", "rb"))
  handle:read "l"
  local rows = csv.read(handle)
  lu.assertEquals(rows, { { a = "1", b = "2" } })
  lu.assertEquals(io.type(handle), "file")
  handle:close()
end

function T.test_read_returns_all_rows_and_their_lines()
  local rows, lines = csv.read(file 'a\n"1\n"\n2\n')
  lu.assertEquals(rows, { { a = "1\n" }, { a = "2" } })
  lu.assertEquals(lines, { 2, 4 })
end

local function with_watched_files(use, ...)
  local real, files = io.open, {}
  io.open = function(...) -- luacheck: ignore 122
    files[#files + 1] = real(...)
    return files[#files]
  end
  pcall(use, ...)
  io.open = real -- luacheck: ignore 122
  lu.assertEquals(#files, 1)
  return io.type(files[1])
end

function T.test_the_file_is_closed_at_its_end_by_break_and_by_errors()
  local good = file "a\n1\n2\n"
  local function broken_off()
    for _ in csv.rows(good) do break end -- luacheck: ignore 512
  end
  local function failing()
    for _ in csv.rows(good) do error "mine" end
  end
  lu.assertEquals(with_watched_files(drain, csv.rows, good), "closed file")
  lu.assertEquals(with_watched_files(broken_off), "closed file")
  lu.assertEquals(with_watched_files(failing), "closed file")
  lu.assertEquals(with_watched_files(drain, csv.rows, file 'a\n1\n"2\n'), "closed file")
  lu.assertEquals(with_watched_files(csv.rows, file 'a,a\n'), "closed file")
end

function T.test_the_file_is_closed_at_its_end_outside_of_a_loop_too()
  local path = file "a\n1\n"
  lu.assertEquals(with_watched_files(function()
    local next_row = csv.rows(path)
    lu.assertEquals(next_row(), { a = "1" })
    lu.assertNil(next_row())
  end), "closed file")
end

-- Chunks ------------------------------------------------------------------------------------------

-- Every position of the text falls on the border of a chunk once.
local function at_every_border(text, check)
  for shift = 0, #text do
    local filler = ("f"):rep(CHUNK - shift - #"a,b\n,\n")
    check("a,b\n", filler .. ",\n", text)
  end
end

function T.test_a_border_between_chunks_changes_nothing()
  local text = '1,"x""y"\r\n"é,\n€",\r\n\xF0\x9F\x8E\x81,2\n"",""\r3,4'
  local expected = { { a = "1", b = 'x"y' }, { a = "é,\n€", b = "" }, { a = "🎁", b = "2" },
    { a = "", b = "" }, { a = "3", b = "4" } }
  local path = support.tmpdir() .. "/offers.csv"
  at_every_border(text, function(header, filler, rest)
    support.write(path, header .. filler .. rest)
    local rows, lines = csv.read(path)
    table.remove(rows, 1)
    lu.assertEquals(rows, expected)
    lu.assertEquals(lines, { 2, 3, 4, 6, 7, 8 })
  end)
end

function T.test_a_border_between_chunks_changes_no_error()
  local path = support.tmpdir() .. "/offers.csv"
  local cases = {
    ['ok,"1"\r\nx,"y" \n'] = "4:6: text after",
    ["é€,1\r\nx,\xC3(\n"] = "4:3: byte 0xC3",
    ["é€,1\r\nx\n"] = "4:1: the header names 2 fields",
    ['é€,1\r\n"x,\n'] = "4:1: this quote is never closed",
  }
  for text, expected in pairs(cases) do
    at_every_border(text, function(header, filler, rest)
      support.write(path, header .. filler .. rest)
      lu.assertStrContains(failure(csv.rows, path), path .. ":" .. expected)
    end)
  end
end

function T.test_a_field_larger_than_many_chunks_is_read_whole()
  local big = ("line\n"):rep(200000)
  local rows, lines = csv.read(file('a,b\n1,"' .. big .. '"\n2,3\n'))
  lu.assertTrue(rows[1].b == big)
  lu.assertEquals(rows[2], { a = "2", b = "3" })
  lu.assertEquals(lines, { 2, 200003 })
end

function T.test_memory_does_not_grow_with_the_file()
  local line = 'Winter banner,"a, b",https://example.com/winter.png,2031-01-01T00:00:00Z\n'
  local path = file("name,text,url,end_date\n" .. line:rep(60000))
  collectgarbage()
  local before, most, count = collectgarbage "count", 0, 0
  for _ in csv.rows(path) do
    count = count + 1
    if count % 1000 == 0 then
      collectgarbage()
      most = math.max(most, collectgarbage "count" - before)
    end
  end
  lu.assertEquals(count, 60000)
  lu.assertTrue(most < 1024, most .. " KiB")
end

function T.test_rows_written_as_rfc_4180_says_come_back_the_same()
  local pieces = { "a", "é", ",", '"', "\n", "\r\n", "\r", " ", "€", "🎁", ";", "''", "" }
  math.randomseed(4180)
  local function value()
    local parts = {}
    for i = 1, math.random(0, 6) do parts[i] = pieces[math.random(#pieces)] end
    return table.concat(parts)
  end
  local function quoted(text)
    return '"' .. text:gsub('"', '""') .. '"'
  end
  for _ = 1, 300 do
    local rows, text = {}, { "x,y\n" }
    for i = 1, math.random(0, 5) do
      rows[i] = { x = value(), y = value() }
      text[i + 1] = quoted(rows[i].x) .. "," .. quoted(rows[i].y) .. "\n"
    end
    lu.assertEquals(parse(table.concat(text)), rows)
  end
end

support.run(T)
