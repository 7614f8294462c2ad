-- Captured messages: what curl, tcpdump, logs and editors show is read as the message that it is,
-- and what is none is refused with its line.

local lu = require "luaunit"
local capture = require "dps.capture"
local support = require "support"

local T = {}

local function parse(text)
  return assert(capture.parse(text))
end

local function fields(message)
  local list = {}
  for i, field in ipairs(message.fields) do
    list[i] = field[1] .. "=" .. field[2]
  end
  return table.concat(list, "|")
end

local function refused(text, says)
  local found, message = capture.parse(text)
  lu.assertNil(found, text)
  lu.assertStrContains(message, says)
end

function T.test_a_request_is_read_with_either_line_end()
  local text = "POST /a?b=c HTTP/1.1\nHost: x.example\nContent-Length: 3\nX-A:  b \n\nabc"
  for _, form in ipairs { text, (text:gsub("\n", "\r\n")), "\r\n\n" .. text } do
    local c = parse(form)
    local r = c.request
    lu.assertEquals({ r.method, r.target, r.body }, { "POST", "/a?b=c", "abc" })
    lu.assertEquals(fields(r), "Host=x.example|Content-Length=3|X-A=b")
    lu.assertEquals(c.notes, {})
    lu.assertNil(c.response)
  end
end

function T.test_a_response_is_read_with_and_without_a_phrase()
  for start, status in pairs {
    ["HTTP/1.1 200 OK"] = 200, ["HTTP/1.1 404"] = 404, ["HTTP/2 201 "] = 201,
    ["HTTP/1.0 503 Service Unavailable"] = 503,
  } do
    local r = parse(start .. "\nA: b\n\nx").response
    lu.assertEquals({ r.status, r.body, r.method }, { status, "x" })
  end
end

function T.test_the_lines_of_fields_are_known()
  local r = parse "\nGET / HTTP/1.1\nHost: a\nB: c\n\n".request
  lu.assertEquals({ r.fields[1].line, r.fields[2].line }, { 3, 4 })
end

function T.test_a_folded_line_goes_on_with_one_space()
  local request = parse("GET / HTTP/1.1\nA: b\n   c\n\td \nE:\n f\n\n").request
  lu.assertEquals(fields(request), "A=b c d|E=f")
end

function T.test_the_body_ends_where_its_length_says()
  local head = "POST / HTTP/1.1\nHost: a\nContent-Length: "
  lu.assertEquals(parse(head .. "3\n\nabc\r\n").request.body, "abc", "an editor's last line end")
  local longer = parse(head .. "3\n\nabcdef")
  lu.assertEquals(longer.request.body, "abc")
  lu.assertStrContains(longer.notes[1], "3 bytes after the end of the body")
  local shorter = parse(head .. "9\n\nabc")
  lu.assertEquals(shorter.request.body, "abc")
  lu.assertStrContains(shorter.notes[1], "has 3 bytes where Content-Length says 9")
  for _, bad in ipairs { "x", "-1", "1.5", "", "3, 3", "9999999999999999" } do
    refused(head .. bad .. "\n\nabc", "line 1: Content-Length is not one whole number")
  end
  refused(head .. "3\nContent-Length: 4\n\nabc", "Content-Length is not one")
end

function T.test_chunks_are_put_together()
  local head = "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
  lu.assertEquals(parse(head .. "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\n\r\n").request.body, "hello!")
  for _, text in ipairs { "{}", "5\r\nhel", "zz\r\nhello\r\n0\r\n", "5\r\nhello0\r\n" } do
    local c = parse(head .. text)
    lu.assertEquals(c.request.body, text)
    lu.assertStrContains(c.notes[1], "has no chunks any more")
  end
end

function T.test_no_empty_line_means_no_body()
  lu.assertEquals(parse("GET / HTTP/1.1\nHost: a").request.body, "")
end

local CURL = [[
*   Trying 127.0.0.1:8080...
* Connected to localhost (127.0.0.1) port 8080 (#0)
> POST /a?b=c HTTP/1.1
> Host: localhost:8080
> Content-Length: 5
> Empty:
>
} [5 bytes data]
* We are completely uploaded and fine
< HTTP/1.1 100 Continue
<
< HTTP/1.1 201 Created
< A: b
< Content-Length: 8
<
{ [7 bytes data]
< line
* Connection #0 to host localhost left intact
]]

function T.test_what_curl_v_shows_is_taken_apart()
  local text = CURL:gsub("\n([<>])\n", "\n%1 \n"):gsub("([<>] [^\n]*)", "%1\r")
  local c = parse(text)
  lu.assertEquals({ c.request.method, c.request.target }, { "POST", "/a?b=c" })
  lu.assertEquals(fields(c.request), "Host=localhost:8080|Content-Length=5|Empty=")
  lu.assertNil(c.request.body, "curl does not show what it sends")
  lu.assertEquals({ c.response.status, fields(c.response) }, { 201, "A=b|Content-Length=8" })
  lu.assertEquals(c.response.body, "< line\r\n")
end

function T.test_a_request_of_curl_without_a_body_has_an_empty_one()
  lu.assertEquals(parse("> GET / HTTP/1.1\r\n> Host: a\r\n> \r\n").request.body, "")
end

function T.test_two_requests_are_one_too_many()
  refused("> GET / HTTP/1.1\n> \n< HTTP/1.1 302 Found\n< \n> GET /b HTTP/1.1\n> \n",
    "line 5: a second request begins here")
end

function T.test_what_tcpdump_shows_is_taken_apart()
  local c = parse("22:10:01.123456 IP localhost.1 > localhost.2: Flags [S], length 0\n"
    .. "E..<..@.@.<.........0.........\n"
    .. "22:10:01.123459 IP localhost.1 > localhost.2: Flags [P.], length 60: HTTP: POST /x "
    .. "HTTP/1.1\n"
    .. "E..l..@.@...........POST /x HTTP/1.1\nHost: a\nContent-Length: 2\n\nhi\n"
    .. "22:10:01.123499 IP localhost.2 > localhost.1: Flags [P.], length 60: HTTP\n"
    .. "E..l..@.@..........?HTTP/1.1 201 Created\nContent-Length: 3\n\nyes\n")
  lu.assertEquals({ c.request.method, c.request.target, c.request.body }, { "POST", "/x", "hi" })
  lu.assertEquals({ c.response.status, c.response.body }, { 201, "yes" })
  lu.assertEquals({ c.request.fields[1].line, c.response.fields[1].line }, { 5, 11 })
  lu.assertEquals(c.notes, {})
  refused("22:10:01.123456 IP localhost.1 > localhost.2: Flags [S], length 0\nE..<..@\n",
    "no packet holds the first line of a message")
end

function T.test_http2_with_its_pseudo_headers_is_read()
  local head = ":method: GET\n:path: /a?b\n:authority: x.example\n:scheme: http\n"
  local r = parse(head .. "A: b\n\n").request
  lu.assertEquals({ r.method, r.target, fields(r) }, { "GET", "/a?b", "Host=x.example|A=b" })
  lu.assertEquals(capture.url(r), "http://x.example/a?b")
  lu.assertEquals(parse(":status: 204\nA: b\n").response.status, 204)
  refused(":method: GET\n:authority: x\n\n", "line 1: the message begins as in HTTP/2, but has no")
  refused(":method: GET\n:method: GET\n\n", "line 2: :method stands there twice")
end

function T.test_the_address_comes_from_target_host_and_scheme()
  local function url(target, host, scheme)
    return capture.url({ target = target, fields = { { "hOsT", host } } }, scheme)
  end
  lu.assertEquals(url("/a?b", "x.example:8443"), "https://x.example:8443/a?b")
  lu.assertEquals(url("/", "x.example", "http"), "http://x.example/")
  lu.assertEquals(url("http://y.example/b", "x.example"), "http://y.example/b")
  lu.assertEquals(url("*", "x.example"), "https://x.example")
  for _, bad in ipairs { { "/", "" }, { "x.example:443", "x.example" } } do
    local found, message = url(bad[1], bad[2])
    lu.assertNil(found)
    lu.assertIsString(message)
  end
end

function T.test_what_is_no_message_is_refused_with_its_line()
  refused("", "line 1: there is no message")
  refused("\n\n\r\n", "line 1: there is no message")
  refused("hello", 'line 1: "hello" is neither a request line')
  refused("POST /a", "neither a request line")
  refused("POST /a b HTTP/1.1", "neither a request line")
  refused("HTTP/1.1 20 OK", "neither a request line")
  refused("HTTP/1.1 2000 OK", "neither a request line")
  refused("POST / HTTP/1.1\\r\\nHost: a\\r\\n", "line ends are written out as \\r\\n")
  refused("GET / HTTP/1.1\nHost: a\nthis\n\n", 'line 3: "this" has no colon')
  refused("GET / HTTP/1.1\nHost : a\n\n", 'line 2: there is a space between the name "Host "')
  refused("GET / HTTP/1.1\nHo st: a\n\n", 'line 2: "Ho st" can\'t be the name of a header')
  refused("GET / HTTP/1.1\n: a\n\n", "can't be the name of a header")
  refused("GET / HTTP/1.1\n a\n\n", "line 2: it begins with white space")
  refused("GET / HTTP/1.1\nA: b\0c\n\n", "line 2: the value of A holds a control character (0x00)")
  refused("GET / HTTP/1.1\nA: b\rc\n\n", "line 2: the value of A holds a control character (0x0d)")
  refused("GET / HTTP/1.1\nA: b\n \27[31m\n\n", "line 3: the value of A holds a control character")
  refused("GET / HTTP/1.1\nHost: a\nHost: b\n\n", "the message has Host twice")
  refused(("x"):rep((64 << 20) + 1), "larger than 64 MiB")
end

-- Whatever a capture holds: a message or a refusal, never an error, and quickly.
function T.test_no_bytes_can_break_the_reading()
  math.randomseed(9421)
  local seeds = {
    "POST /a?b=c HTTP/1.1\r\nHost: x.example\r\nContent-Length: 3\r\nA: b\r\n c\r\n\r\nabc",
    "> GET / HTTP/1.1\r\n> Host: a\r\n> \r\n< HTTP/1.1 200 OK\r\n< A: b\r\n< \r\n{ [1 byte data]\n",
    ":method: GET\n:path: /\n:authority: x\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n0\r\n\r\n",
    "22:10:01.123456 IP a > b: Flags\nE..<POST / HTTP/1.1\nHost: a\n\nhi\n22:10:01.2 IP b > a:\n",
  }
  local alphabet = { "\r", "\n", "\0", ":", " ", "\t", "> ", "< ", "HTTP/1.1", "\xff", "9", "%" }
  for i = 1, 4000 do
    local text = seeds[i % #seeds + 1]
    for _ = 1, math.random(1, 6) do
      local at, piece = math.random(1, #text), alphabet[math.random(#alphabet)]
      text = text:sub(1, at - 1) .. piece .. text:sub(at + math.random(0, 3))
    end
    local found, message = capture.parse(text)
    lu.assertTrue(found and (found.request or found.response) ~= nil or type(message) == "string")
    if found and found.request then
      capture.url(found.request)
    end
  end
end

function T.test_a_long_capture_is_read_quickly()
  local started = os.clock()
  local lines = ("A: b\n"):rep(50000)
  lu.assertEquals(#parse("GET / HTTP/1.1\n" .. lines .. "\n").request.fields, 50000)
  parse("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n" .. ("1\r\na\r\n"):rep(100000) .. "0\r\n")
  parse("> GET / HTTP/1.1\n> \n" .. ("* noise\n"):rep(100000))
  lu.assertTrue(os.clock() - started < 20)
end

function T.test_a_terminal_can_show_every_refusal()
  local _, message = capture.parse "\27[31m\xff"
  lu.assertEquals(message, 'line 1: "\\x1b[31m\\xff" is neither a request line'
    .. " (POST /path HTTP/1.1) nor a status line (HTTP/1.1 200 OK)")
end

local SHOWN = "* Connected to h (127.0.0.1) port %s (#0)\n%s> POST /a HTTP/1.1\n> Host: h\n"
  .. "> Content-Length: 3\n> \n} [3 bytes data]\n< HTTP/1.1 200 OK\n< Content-Length: 132\n< \n"

function T.test_curl_shows_the_scheme_by_its_lines_about_tls()
  for scheme, text in pairs {
    http = SHOWN:format("18123", ""), https = SHOWN:format("8443", "* ALPN: offers h2,http/1.1\n"),
    none = SHOWN:format("443", ""),
  } do
    lu.assertEquals(parse(text).request.scheme or "none", scheme)
  end
  lu.assertEquals(parse(SHOWN:format("80", "* Trying tls.example:80\n")).request.scheme, "http")
  lu.assertNil(parse("> GET / HTTP/1.1\n> Host: h\n> \n").request.scheme)
end

function T.test_a_note_about_a_body_stands_with_its_message()
  local c = parse(SHOWN:format("80", ""))
  lu.assertNil(c.request.note)
  lu.assertStrContains(c.response.note, "Content-Length says 132")
end

support.run(T)
