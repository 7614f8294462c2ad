-- Rows in and out: typed columns, formats, places of faults, and that what is written is read back.

local lu = require "luaunit"
local csv = require "dps.csv"
local err = require "dps.err"
local json = require "dps.json"
local rows = require "dps.rows"
local support = require "support"

local T = {}

local function collect(...)
  local list, lines = {}, {}
  for row, line in ... do list[#list + 1], lines[#lines + 1] = row, line end
  return list, lines
end

local function parse(format, text, options)
  options = options or {}
  options.format = format
  return collect(rows.parse(text, options))
end

local function message(f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok, "no error")
  lu.assertTrue(err.is(e, "invalid"), tostring(e))
  return e.message, e
end

local function refused(expected, ...)
  lu.assertStrContains((message(...)), expected)
end

-- Typed columns -----------------------------------------------------------------------------------

function T.test_columns_become_what_they_are_said_to_hold()
  lu.assertEquals(parse("csv", "name,n,x,b,e\nA,12,1.50,Yes,\nB,-3,2e3,0,e\n", { columns = {
    name = "text", n = "integer", x = "number", b = "boolean", e = "text?",
  } }), { { name = "A", n = 12, x = 1.5, b = true }, { name = "B", n = -3, x = 2000.0, b = false,
    e = "e" } })
end

function T.test_a_date_is_read_in_its_zone()
  local row = parse("csv", "a,b\n2026-12-01 09:00,2026-12-01T09:00:00Z\n", {
    columns = { a = { type = "date", zone = "Europe/Paris" }, b = "date" } })[1]
  lu.assertEquals(tostring(row.a), "2026-12-01T09:00:00.000+01:00")
  lu.assertEquals(row.a - row.b, require("dps.date")("2026-12-01T08:00:00Z") - row.b)
  row = parse("csv", "a\n2026-07-01\n", { zone = "Asia/Tokyo", columns = { a = "date?" } })[1]
  lu.assertEquals(tostring(row.a), "2026-07-01T00:00:00.000+09:00")
end

function T.test_a_field_that_is_not_of_its_type_is_placed_by_line_and_column()
  local function wrong(kind, text, expected)
    lu.assertEquals(message(parse, "csv", "k,v\n1,\"" .. text .. "\"\n", { columns = {
      k = "text", v = kind } }), "text:2: v: " .. expected)
  end
  wrong("integer", "12a", '"12a" is no whole number')
  wrong("integer", "1.0", '"1.0" is no whole number')
  wrong("integer", "0x10", '"0x10" is no whole number')
  wrong("integer", "99999999999999999999", '"99999999999999999999" is too large for a whole number')
  wrong("integer", "", "is empty; a whole number is needed")
  wrong("number", "nan", '"nan" is no number')
  wrong("number", "1e999", '"1e999" is no number')
  wrong("number", "1,5", '"1,5" is no number; if the comma is the decimal sign, say'
    .. ' { decimal = "," }')
  wrong("boolean", "maybe", '"maybe" is neither true, yes, 1 nor false, no, 0')
  wrong("text", "", "is empty; text is needed")
  wrong({ type = "text", values = { "draft", "approved" } }, "aproved",
    '"aproved" is not one of draft, approved (did you mean "approved"?)')
  wrong(function() return nil, "is odd" end, "x", '"x" is odd')
end

function T.test_a_wrong_date_says_why()
  local text = message(parse, "csv", ("\n"):rep(0) .. "name,end_date\nA,31.02.2026\n",
    { columns = { name = "text", end_date = "date" } })
  lu.assertStrContains(text, 'text:2: end_date: "31.02.2026" is no date')
end

function T.test_all_faults_of_a_row_are_told_and_it_is_the_last_row()
  local text, e = message(parse, "csv", "a,b\n1,2\nx,y\n3,4\n", { columns = { a = "integer",
    b = "integer" } })
  lu.assertEquals(text, 'text:3: a: "x" is no whole number; b: "y" is no whole number')
  lu.assertEquals(e.problems[2], { path = "text:3: b", message = '"y" is no whole number' })
  local made = rows.parse("a\nx\n2\n", { format = "csv", columns = { a = "integer" } })
  lu.assertFalse(pcall(made))
  lu.assertNil(made())
end

function T.test_try_goes_on_after_a_faulty_row()
  local made = rows.parse("a\nx\n2\n", { format = "csv", columns = { a = "integer" } })
  local row, line, fault = made:try()
  lu.assertEquals({ row.a, line, fault.message }, { "x", 2, 'text:2: a: "x" is no whole number' })
  row, line, fault = made:try()
  lu.assertEquals({ row.a, line, fault }, { 2, 3, nil })
  lu.assertNil(made:try())
end

function T.test_types_name_columns_that_must_be_there()
  refused('unknown column "nme" (did you mean "name"?); missing: "name"', parse, "csv",
    "nme\nx\n", { columns = { name = "text" } })
  refused('missing: "end"', parse, "csv", "name\nx\n", { columns = { name = "text",
    ["end"] = "date?" } })
end

function T.test_types_that_are_none_are_refused()
  refused('columns.a: unknown type "int" (known: text, integer, number, boolean, date)', parse,
    "csv",
    "a\n", { columns = { a = "int" } })
  refused('unknown type "intger?" (did you mean "integer"?)', parse, "csv", "a\n",
    { columns = { a = "intger?" } })
  refused('unknown option "typ"', parse, "csv", "a\n", { columns = { a = { typ = "text" } } })
  refused("values must be a list", parse, "csv", "a\n", { columns = { a = { type = "text",
    values = {} } } })
  refused("Europe/Pari", parse, "csv", "a\n", { columns = { a = { type = "date",
    zone = "Europe/Pari" } } })
  refused("decimal must be", parse, "csv", "a\n", { decimal = "'" })
  refused("another separator is needed", parse, "csv", "a\n", { decimal = "," })
end

-- Formats -----------------------------------------------------------------------------------------

function T.test_semicolons_and_decimal_commas()
  lu.assertEquals(parse("csv", "n;x\nA;1,5\nB;-,5\n", { separator = ";" }),
    { { n = "A", x = "1,5" }, { n = "B", x = "-,5" } })
  lu.assertEquals(parse("csv", "n;x\nA;1,5\nB;12\n", { separator = ";", decimal = ",",
    columns = { n = "text", x = "number" } }), { { n = "A", x = 1.5 }, { n = "B", x = 12 } })
  refused('"1.5" is no number; its decimal sign is "," here', parse, "csv", "n;x\nA;1.5\n",
    { separator = ";", decimal = ",", columns = { n = "text", x = "number" } })
end

function T.test_tabs_separate_tsv()
  lu.assertEquals(parse("tsv", "a\tb\n1,5\t\"x\ty\"\n"), { { a = "1,5", b = "x\ty" } })
  lu.assertEquals(parse("tsv", "a\tb\n1,5\t2\n", { decimal = ",", columns = { a = "number",
    b = "integer" } }), { { a = 1.5, b = 2 } })
end

function T.test_ragged_rows_are_refused_or_filled()
  refused("this row has 1; missing: b", parse, "csv", "a,b\n1\n")
  lu.assertEquals(parse("csv", "a,b\n1\n2,3,,\n4,5\n\"6\"\n", { ragged = "fill" }),
    { { a = "1", b = "" }, { a = "2", b = "3" }, { a = "4", b = "5" }, { a = "6", b = "" } })
  refused("this row has 3", parse, "csv", "a,b\n1,2,3\n", { ragged = "fill" })
  refused("ragged can only be", parse, "csv", "a\n", { ragged = true })
end

function T.test_the_name_of_a_file_tells_its_format()
  local folder = support.tmpdir()
  for name, text in pairs { ["a.csv"] = "n\n1\n", ["a.TSV"] = "n\n1\n", ["a.json"] = '[{"n":"1"}]',
    ["a.jsonl"] = '{"n":"1"}\n', ["a.ndjson"] = '{"n":"1"}' } do
    lu.assertEquals(collect(rows.from(support.write(folder .. "/" .. name, text))), { { n = "1" } })
  end
  refused("the name does not tell the format", rows.from, folder .. "/a.txt")
  refused('unknown format "xml"', rows.from, folder .. "/a.csv", { format = "xml" })
  refused("No such file", rows.from, folder .. "/none.csv")
  refused("separator is for CSV; json has none", rows.from, folder .. "/a.json",
    { separator = ";" })
end

-- JSON --------------------------------------------------------------------------------------------

function T.test_json_arrays_and_json_lines_hold_objects()
  local array = '\xEF\xBB\xBF [ {"a":1,"b":["{","\\"}"]} ,\n{ "a":{"x":"é"} }\n]\n'
  local list, lines = parse("json", array)
  lu.assertEquals(list, { { a = 1, b = { "{", '"}' } }, { a = { x = "é" } } })
  lu.assertEquals(lines, { 1, 2 })
  list, lines = parse("jsonl", '\xEF\xBB\xBF{"a":1}\r\n\n  {"a":2}\n{"a":3}')
  lu.assertEquals(list, { { a = 1 }, { a = 2 }, { a = 3 } })
  lu.assertEquals(lines, { 1, 3, 4 })
  for _, text in ipairs { "[]", " [ ] \n" } do lu.assertEquals(parse("json", text), {}) end
  lu.assertEquals(parse("jsonl", "\n \n"), {})
end

function T.test_json_that_is_none_is_placed()
  local function wrong(kind, text, expected)
    refused(expected, parse, kind, text)
  end
  wrong("json", "", "text:1:1: an array of objects is needed")
  wrong("json", '{"a":1}', "text:1:1: an array of objects is needed")
  wrong("json", '[{"a":1}', "text:1:9: the file ends before the array does")
  wrong("json", '[\n{"a":1}\n{"a":2}]', "text:3:1: a comma or ] is needed here")
  wrong("json", '[{"a":1},]', "text:1:10: a row must be an object")
  wrong("json", "[1]", "text:1:2: a row must be an object")
  wrong("json", '[{"é":1},\n {"a":\ntru}]', "text:3:1: ")
  wrong("json", '[{"é":1}, {"é" 1}]', "text:1:16: ")
  wrong("json", '[{"a":"x', "text:1:")
  wrong("json", '[{}] x', "text:1:6: text after the end of the array")
  wrong("jsonl", '{"a":1}\n{"a":}\n', "text:2:6: ")
  wrong("jsonl", '{"a":1}\n[1]\n', "text:2:1: a row must be an object")
  wrong("jsonl", "5", "text:1:1: a row must be an object")
  wrong("jsonl", '{"a":1} {"b":2}', "text:1:9: ")
  wrong("jsonl", '{"a":"\xFF"}', "text:1:")
end

function T.test_json_rows_have_typed_columns_too()
  local options = { columns = { a = "integer", b = "text?", c = "boolean?", d = "number?",
    text = "text?" } }
  lu.assertEquals(parse("jsonl", '{"a":1,"b":null}\n{"a":2,"b":"x","c":false,"d":1.5}', options),
    { { a = 1 }, { a = 2, b = "x", c = false, d = 1.5 } })
  refused('text:1: a: "1" is no whole number', parse, "jsonl", '{"a":"1"}', options)
  refused("text:1: a: is missing; a whole number is needed", parse, "jsonl", "{}", options)
  refused('text:1: textt: unknown column (did you mean "text"?)', parse, "jsonl",
    '{"a":1,"textt":2}',
    options)
  refused("b: is a number, not text", parse, "jsonl", '{"a":1,"b":2}', options)
  refused("text:1: b: is missing", parse, "jsonl", '{"a":1}', { columns = { "a", "b" } })
end

local CHUNK = 64 * 1024

function T.test_a_border_between_chunks_changes_nothing_in_json()
  local path = support.tmpdir() .. "/rows.json"
  local rest = '{"é":"a\\"}{\\\\"},\n {"b":2}]\n'
  for shift = 0, #rest do
    local filler = '[{"f":"' .. ("f"):rep(CHUNK - shift - 10) .. '"},'
    support.write(path, filler .. rest)
    local list, lines = collect(rows.from(path))
    lu.assertEquals({ list[2], list[3], lines }, { { ["é"] = 'a"}{\\' }, { b = 2 }, { 1, 1, 2 } })
  end
end

function T.test_a_row_of_json_without_end_is_refused_before_it_fills_the_memory()
  local path = support.write(support.tmpdir() .. "/rows.json", '[{"a":"' .. ("x"):rep(17 << 20))
  refused("a row of more than 16 MiB", collect, rows.from(path))
end

-- Rows out ----------------------------------------------------------------------------------------

local folder

local function written(name, list, options)
  folder = folder or support.tmpdir()
  local path = folder .. "/" .. name
  local out <close> = rows.to(path, options)
  for _, row in ipairs(list) do out:write(row) end
  out:close()
  return support.read(path), path
end

function T.test_values_are_written_as_they_are_read()
  lu.assertEquals(written("a.csv", { { n = "A", x = 1.5, i = 3, b = true }, { n = 'say "hi"',
    x = 0.1 } },
    { columns = { "n", "x", "i", "b" } }), 'n,x,i,b\nA,1.5,3,true\n"say ""hi""",0.1,,\n')
  lu.assertEquals(written("a.tsv", { { n = "a\tb", x = 1.5 } }, { columns = { "n", "x" },
    decimal = "," }), 'n\tx\n"a\tb"\t1,5\n')
  lu.assertEquals(written("a.jsonl", { { b = 1, a = { "x" } }, {} }), '{"a":["x"],"b":1}\n{}\n')
  lu.assertEquals(written("a.json", { { a = 1 }, { a = 2 } }), '[\n{"a":1},\n{"a":2}\n]\n')
  lu.assertEquals(written("a.json", {}), "[]\n")
  lu.assertEquals(written("a.csv", {}, { columns = { "a" } }), "a\n")
end

function T.test_dates_are_written_as_they_write_themselves()
  local date = require("dps.date")("2026-12-01 09:00", "Europe/Paris")
  lu.assertEquals(written("a.csv", { { d = date } }, { columns = { "d" } }),
    "d\n2026-12-01T09:00:00.000+01:00\n")
  lu.assertEquals(written("a.jsonl", { { d = date } }), '{"d":"2026-12-01T08:00:00.000+00:00"}\n')
end

function T.test_what_could_not_be_read_back_is_refused()
  local function wrong(expected, list, options)
    refused(expected, written, "a.csv", list, options or { columns = { "a" } })
  end
  wrong("row 1: a: is not UTF-8 text", { { a = "\xFF" } })
  wrong("row 2: a: is not UTF-8 text", { { a = "x" }, { a = "\0" } })
  wrong("row 1: a: a table can't be written into a field", { { a = {} } })
  wrong("row 1: a: a number can't be written into a field", { { a = 0 / 0 } })
  wrong("row 1: there is no column for b", { { b = 1 } })
  wrong('columns[1]: " a" can\'t be the name of a column', {}, { columns = { " a" } })
  wrong("columns: an array with the names", {}, {})
  wrong('a second column is named "a"', {}, { columns = { "a", "a" } })
  wrong("separator: one character", {}, { columns = { "a" }, separator = "x" })
  refused("row 1: f: ", written, "a.jsonl", { { f = print } })
end

function T.test_a_file_that_can_t_be_written_says_so()
  local ok, e = pcall(rows.to, support.tmpdir() .. "/no/such.csv", { columns = { "a" } })
  lu.assertEquals({ ok, err.is(e, "refused") }, { false, true })
  lu.assertStrContains(e.message, "No such file or directory, so it can't be written")
  local full = io.open("/dev/full", "wb")
  if not full then return end
  full:close()
  ok, e = pcall(function()
    local out = rows.to("/dev/full", { columns = { "a" }, format = "csv" })
    for _ = 1, 10000 do out:write { a = "xxxxxxxxxxxxxxxx" } end
    out:close()
  end)
  lu.assertEquals({ ok, err.is(e, "refused") }, { false, true })
  lu.assertStrContains(e.message, "No space left")
end

-- Property: what is written is read back, whatever the fields hold --------------------------------

local PIECES = { "a", "é", "€", "🎁", '"', '""', ",", ";", "\t", "\n", "\r", "\r\n", " ", "",
  "1.5",
  "\xEF\xBB\xBF", "'", "\\", "x,y", "=1+1", "{", "]", "%", "^" }

local function random_text(most)
  local parts = {}
  for i = 1, math.random(0, most) do parts[i] = PIECES[math.random(#PIECES)] end
  return table.concat(parts)
end

local function random_names(count)
  local names, seen = {}, {}
  while #names < count do
    local name = random_text(3):match "^%s*(.-)%s*$"
    if name ~= "" and not seen[name] then
      names[#names + 1], seen[name] = name, true
    end
  end
  return names
end

function T.test_csv_out_then_in_is_identity()
  math.randomseed(11)
  local separators = { ",", ";", "\t", "|", "^", "]", "%", " ", "-" }
  for _ = 1, 400 do
    local names = random_names(math.random(1, 5))
    local list = {}
    for i = 1, math.random(0, 8) do
      list[i] = {}
      for _, name in ipairs(names) do list[i][name] = random_text(4) end
    end
    local separator = separators[math.random(#separators)]
    local text, path = written("a.csv", list, { columns = names, separator = separator })
    lu.assertEquals(csv.read(path, { columns = names, separator = separator }), list, text)
  end
end

function T.test_json_out_then_in_is_identity()
  math.randomseed(12)
  for _ = 1, 200 do
    local list = {}
    for i = 1, math.random(0, 6) do
      list[i] = {}
      for _, name in ipairs(random_names(3)) do list[i][name] = random_text(4) end
    end
    for _, name in ipairs { "a.json", "a.jsonl" } do
      local _, path = written(name, list)
      lu.assertEquals(collect(rows.from(path)), list)
    end
    local text = written("a.json", list)
    lu.assertEquals(#json.decode(text), #list)
  end
end

function T.test_numbers_come_back_as_the_same_numbers()
  math.randomseed(13)
  for decimal, separator in pairs { ["."] = ",", [","] = ";" } do
    local list = {}
    for i = 1, 300 do
      list[i] = { x = (math.random() - 0.5) * 10.0 ^ math.random(-20, 20), i = math.random(0) }
    end
    local _, path = written("a.csv", list, { columns = { "x", "i" }, decimal = decimal,
      separator = separator })
    lu.assertEquals(csv.read(path, { columns = { x = "number", i = "integer" }, decimal = decimal,
      separator = separator }), list)
  end
end

support.run(T)
