-- Two signature bases held against each other: which line differs, and in what, with secrets
-- hidden.

local lu = require "luaunit"
local base = require "dps.signature.base"
local support = require "support"

local T = {}

local BASE = table.concat({
  '"@method": POST',
  '"@target-uri": https://gw.example.com/a/b?x=1&y=2',
  '"authorization": Bearer one-secret',
  '"@query-param";name="a: b";req: c: d',
  '"x-empty": ',
  '"@signature-params": ("@method");created=1',
}, "\n")

function T.test_a_base_is_taken_apart_at_the_colon_after_its_component()
  local lines = base.lines(BASE)
  lu.assertEquals(#lines, 6)
  lu.assertEquals(lines[4],
    { id = '"@query-param";name="a: b";req', name = "@query-param", value = "c: d" })
  lu.assertEquals({ lines[5].id, lines[5].value }, { '"x-empty"', "" })
  lu.assertEquals(base.lines('"a";name="\\"": b": c')[1].id, '"a";name="\\""')
end

function T.test_equal_bases_are_the_same_in_every_row()
  local rows, same = base.compare(BASE, BASE)
  lu.assertTrue(same)
  lu.assertEquals(#rows, 6)
  for _, row in ipairs(rows) do
    lu.assertTrue(row.same)
    lu.assertNil(row.how)
  end
end

local function how(name, signed, received)
  local rows, same = base.compare(('"%s": %s'):format(name, signed),
    ('"%s": %s'):format(name, received))
  lu.assertFalse(same)
  lu.assertFalse(rows[1].same)
  return rows[1].how
end

function T.test_what_differs_is_said_in_words()
  local at = "https://gw.example.com/a"
  for words, pair in pairs {
    ["the scheme differs"] = { "@target-uri", at, "http://gw.example.com/a" },
    ["the scheme, the host and the port differ"] =
      { "@target-uri", at, "http://10.0.0.7:8080/a" },
    ["the port differs"] = { "@target-uri", at, "https://gw.example.com:443/a" },
    ["the path differs"] = { "@target-uri", at, "https://gw.example.com/b/a" },
    ["the path and the query differ"] = { "@target-uri", at, at .. "x?y" },
    ["only the order of the query's parameters differs"] =
      { "@target-uri", at .. "?a=1&b=2", at .. "?b=2&a=1" },
    ["only the order of the parameters differs"] = { "@query", "?a=1&b=2", "?b=2&a=1" },
    ["only a slash at the end differs"] = { "@path", "/a", "/a/" },
    ["only the percent-encoding differs"] = { "@path", "/a%3Ab", "/a:b" },
    ["only upper and lower case differ"] = { "@path", "/a%3ab", "/a%3Ab" },
    ["only white space differs"] = { "content-type", "a; b", "a;b" },
    ["they differ from character 3 on"] = { "x-sandbox-name", "dev", "dem" },
  } do
    lu.assertEquals(how(table.unpack(pair)), words)
  end
end

function T.test_secrets_are_hidden_wherever_they_stand()
  for _, name in ipairs { "authorization", "proxy-authorization", "cookie", "set-cookie",
    "x-api-key" } do
    local signed = ('"%s": one-secret\n"%s";bs: :b25l:\n"%s";req: one-secret'):gsub("%%s", name)
    local received = signed:gsub("one", "two")
    local rows = base.compare(signed, received)
    local shown = base.rows_text(rows) .. base.masked(signed) .. base.masked(received)
    for _, secret in ipairs { "one", "two", "b25l" } do
      lu.assertNotStrContains(shown, secret)
    end
    lu.assertEquals(rows[1].how, "the values (hidden) differ: 10 bytes were signed, 10 came")
  end
end

function T.test_the_rows_as_people_see_them()
  local received = BASE:gsub("https", "http"):gsub('"x%-empty".-\n', "") .. '\n"x-more": 1'
  lu.assertEquals(base.rows_text((base.compare(BASE, received))), [[
    "@method": POST
  ! "@target-uri"
  !   signed:   https://gw.example.com/a/b?x=1&y=2
  !   received: http://gw.example.com/a/b?x=1&y=2
  !   the scheme differs
    "authorization": ***
    "@query-param";name="a: b";req: c: d
  ! "x-empty"
  !   signed:   (empty)
  !   it is missing here
    "@signature-params": ("@method");created=1
  ! "x-more"
  !   received: 1
  !   it was not signed]])
end

function T.test_bytes_that_move_a_cursor_are_shown_as_numbers()
  lu.assertEquals(base.masked '"a": \27[31m\xff\r', '"a": \\x1b[31m\\xff\\x0d')
end

support.run(T)
