-- What gateways do to a request is found again: each usual change, two of them together, and the
-- texts that a body may have been.

local lu = require "luaunit"
local bodies = require "dps.signature.bodies"
local rewrites = require "dps.signature.rewrites"
local support = require "support"

local T = {}

local function everything()
  return true
end

local function request(url, fields, method)
  return { method = method or "POST", url = url, fields = fields or {} }
end

-- The changes that lead from one request to another's method, URL and fields; nil when none do.
local function found(from, to, covers)
  for rewrite in rewrites.of(from, covers or everything) do
    local r = rewrite.request
    local same = r.url == to.url and r.method == to.method and #r.fields == #to.fields
    for i, field in ipairs(to.fields) do
      same = same and r.fields[i][2] == field[2]
    end
    if same then
      return table.concat(rewrite.changes, "; ")
    end
  end
end

local PUBLIC = "https://gw.example.com/data/core/dps/offers?offer-type=fallback&limit=2"

local function of_url(received, signed, fields)
  return found(request(received, fields), request(signed, fields))
end

function T.test_single_changes_of_the_address_are_named()
  local at = "https://gw.example.com"
  for words, pair in pairs {
    ["the scheme was https"] = { "http://gw.example.com/a", at .. "/a" },
    ["the host was gw.example.com, without the port"] = { at .. ":8080/a", at .. "/a" },
    ["the host was gw.example.com:443, with the port"] = { at .. "/a", at .. ":443/a" },
    ["the path had a slash at its end"] = { at .. "/a", at .. "/a/" },
    ["the path had no slash at its end"] = { at .. "/a/", at .. "/a" },
    ["the path had no double slashes"] = { at .. "//a//b", at .. "/a/b" },
    ["the path began with /data, without /gw/v1 before it"] =
      { at .. "/gw/v1/data/a", at .. "/data/a" },
    ["the path had no letters, digits or - . _ ~ percent-encoded"] =
      { at .. "/%61%7e", at .. "/a~" },
    ["the path was percent-encoded with upper-case digits"] = { at .. "/a%3ab", at .. "/a%3Ab" },
    ["the path had : @ ! $ ' ( ) * , ; percent-encoded"] = { at .. "/dps:a", at .. "/dps%3Aa" },
    ["there was no query"] = { at .. "/a?", at .. "/a" },
    ["the query had %20 for each +"] = { at .. "/a?b=c+d", at .. "/a?b=c%20d" },
    ["the query had + for each %20"] = { at .. "/a?b=c%20d", at .. "/a?b=c+d" },
    ["the query did not have utm=1"] = { at .. "/a?b=c&utm=1&d=e", at .. "/a?b=c&d=e" },
    ["the query's parameters stood in another order: ?c=1&a=2&b=3"] =
      { at .. "/a?a=2&b=3&c=1", at .. "/a?c=1&a=2&b=3" },
  } do
    lu.assertEquals(of_url(table.unpack(pair)), words)
  end
end

function T.test_what_forwarding_fields_say_is_believed_first()
  for words, pair in pairs {
    ["the host was gw.example.com (as x-forwarded-host says)"] =
      { "https://10.0.0.7/a", "https://gw.example.com/a",
        { { "X-Forwarded-Host", "gw.example.com, other" } } },
    ["the host was gw.example.com:8443 (as forwarded says)"] =
      { "https://10.0.0.7/a", "https://gw.example.com:8443/a",
        { { "Forwarded", 'for=1.2.3.4;host="gw.example.com:8443";proto=https, for=x' } } },
    ["the path began with /edge (as x-forwarded-prefix says)"] =
      { "https://gw.example.com/a", "https://gw.example.com/edge/a",
        { { "X-Forwarded-Prefix", "/edge/" } } },
    ["it was /other (as x-original-uri says)"] =
      { "https://gw.example.com/a", "https://gw.example.com/other",
        { { "X-Original-URI", "/other?b=c" } } },
  } do
    lu.assertEquals(of_url(table.unpack(pair)), words)
  end
end

function T.test_changes_are_found_together()
  local fields = { { "Host", "10.0.0.7:8080" }, { "X-Forwarded-Host", "gw.example.com" } }
  local received = request("http://10.0.0.7:8080/edge/data/core/dps/offers?offer-type=fallback"
    .. "&limit=2", fields)
  local signed = request(PUBLIC, { { "Host", "gw.example.com" }, fields[2] })
  lu.assertEquals(found(received, signed), "the scheme was https; the host was gw.example.com"
    .. " (as x-forwarded-host says); the path began with /data, without /edge before it")
end

function T.test_fields_and_methods_are_undone_where_they_are_covered()
  local function of_type(received, signed)
    return found(request(PUBLIC, { { "Content-Type", received } }),
      request(PUBLIC, { { "Content-Type", signed } }))
  end
  lu.assertEquals(of_type("a/b;c=d", "a/b; c=d"), "content-type had a space after each semicolon")
  lu.assertEquals(of_type("a/b; charset=utf-8", "a/b"), "content-type had no parameters")
  lu.assertEquals(of_type("a/b", "a/b;charset=UTF-8"), "content-type had ;charset=UTF-8")
  lu.assertEquals(found(request(PUBLIC, { { "X-List", "a,  b" } }),
    request(PUBLIC, { { "X-List", "a,b" } })), "x-list had no space after its commas")
  lu.assertEquals(found(request(PUBLIC), request(PUBLIC, nil, "PATCH")), "the method was PATCH")
end

function T.test_what_no_component_shows_is_not_tried()
  for rewrite in rewrites.of(request(PUBLIC, { { "A", "B  c" } }), function(name)
    return name == "@path"
  end) do
    lu.assertEquals({ rewrite.request.method, rewrite.request.fields[1][2] }, { "POST", "B  c" })
    local origin, query = rewrite.request.url:match "^(https://[^/]*)/[^?]*(.*)$"
    lu.assertEquals({ origin, query }, { "https://gw.example.com", "?offer-type=fallback&limit=2" })
  end
end

function T.test_the_search_ends()
  local n, url = 0, "http://a.example:1/" .. ("b/"):rep(50) .. "?" .. ("c=%3a+%20&"):rep(200)
  for _ in rewrites.of(request(url, { { "Content-Type", "a, b; c" } }), everything) do
    n = n + 1
  end
  lu.assertTrue(n > 100 and n <= 4000, n)
end

-- Bodies ------------------------------------------------------------------------------------------

local function words_of(received, signed)
  for variant in bodies.variants(received) do
    if variant.text == signed then
      return variant.words
    end
  end
end

local COMPACT = '{"a":[1,2.50,{},[]],"b":"x: \\"y\\", \xc3\xbc"}'
local SPACED = '{"a": [1, 2.50, {}, []], "b": "x: \\"y\\", \xc3\xbc"}'
local TWO = '{\n  "a": [\n    1,\n    2.50,\n    {},\n    []\n  ],\n'
  .. '  "b": "x: \\"y\\", \xc3\xbc"\n}'

function T.test_a_body_laid_out_anew_is_found_again()
  local json_stringify = "without white space (as JSON.stringify writes it)"
  lu.assertEquals(words_of(SPACED, COMPACT), json_stringify)
  lu.assertEquals(words_of(TWO, COMPACT), json_stringify)
  lu.assertEquals(words_of(COMPACT, SPACED),
    "with a space after each colon and comma (as Python's json.dumps writes it)")
  lu.assertEquals(words_of(COMPACT, TWO), "indented by two spaces")
  lu.assertEquals(words_of(COMPACT, TWO .. "\n"),
    "indented by two spaces, with a line end at its end")
  lu.assertEquals(words_of(COMPACT, (SPACED:gsub("\xc3\xbc", "\\u00fc"))),
    "with a space after each colon and comma (as Python's json.dumps writes it),"
    .. " other letters than ASCII written as \\u escapes")
  lu.assertEquals(words_of('{"a":"\xf0\x9f\x98\x80"}', '{"a":"\\ud83d\\ude00"}'),
    json_stringify .. ", other letters than ASCII written as \\u escapes")
end

function T.test_line_ends_that_came_or_went_are_found_again()
  lu.assertEquals(words_of(COMPACT .. "\n", COMPACT), "without the line end at its end")
  lu.assertEquals(words_of(COMPACT, COMPACT .. "\n"), "with a line end at its end")
  lu.assertEquals(words_of("a\r\nb", "a\nb"), "with LF for each CRLF")
  lu.assertEquals(words_of("a\nb", "a\r\nb"), "with CRLF for each LF")
  lu.assertEquals(words_of("\xef\xbb\xbf{}", "{}"), "without its byte order mark")
  lu.assertEquals(words_of("{}", ""), "empty")
end

function T.test_no_variant_comes_twice_and_none_is_the_text_itself()
  for _, text in ipairs { COMPACT, SPACED, TWO, "", "\n", "no json", '{"a": "', "\xff", "{" } do
    local seen = { [text] = true }
    for variant in bodies.variants(text) do
      lu.assertNil(seen[variant.text], variant.words)
      seen[variant.text] = true
    end
  end
end

support.run(T)
