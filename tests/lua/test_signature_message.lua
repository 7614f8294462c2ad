-- Messages that scripts pass: every form of headers, and misuse named by its place.

local lu = require "luaunit"
local capture = require "dps.capture"
local message = require "dps.signature.message"
local support = require "support"

local T = {}

local function check(given, addressing)
  return message.check("verify", given, addressing or {})
end

local function pairs_of(made)
  local list = {}
  for i, field in ipairs(made.headers) do
    list[i] = field[1] .. "=" .. field[2]
  end
  table.sort(list)
  return table.concat(list, "|")
end

function T.test_headers_come_in_three_forms()
  for _, headers in ipairs {
    { ["Content-Type"] = "a/b", ["X-List"] = { "c", "d" }, Age = 5 },
    { "Content-Type: a/b", "X-List:c", "X-List:\t d ", "Age: 5" },
    { { "Content-Type", "a/b" }, { "X-List", "c" }, { "X-List", "d" }, { "Age", "5" } },
  } do
    local made = check {
      method = "POST", url = "https://x.example/a", headers = headers, body = "",
    }
    lu.assertEquals(pairs_of(made), "Age=5|Content-Type=a/b|X-List=c|X-List=d")
    lu.assertEquals({ made.method, made.target_uri, made.body },
      { "POST", "https://x.example/a", "" })
  end
end

function T.test_a_response_can_carry_its_request()
  local made = check { status = 201, headers = {}, body = "x",
    request = { method = "GET", url = "https://x.example/" } }
  lu.assertEquals({ made.status, made.request.method, made.request.target_uri },
    { 201, "GET", "https://x.example/" })
end

function T.test_text_is_read_as_a_capture()
  local made = check("GET /a HTTP/1.1\nHost: x.example\n\n", { scheme = "http" })
  lu.assertEquals({ made.method, made.target_uri, made.body }, { "GET", "http://x.example/a", "" })
  made = check("GET /a HTTP/1.1\nHost: x\n\n", { url = "https://y.example/b" })
  lu.assertEquals(made.target_uri, "https://y.example/b")
end

function T.test_what_a_capture_does_not_show_is_unknown()
  local captured = assert(capture.parse("> POST / HTTP/1.1\n> Host: x\n> Content-Length: 5\n> \n"
    .. "< HTTP/1.1 200 OK\n< Content-Length: 0\n< \n"))
  local request = message.of_capture(captured, {})
  lu.assertEquals(request.body, false)
  local response = message.of_capture(captured, { response = true })
  lu.assertEquals({ response.status, response.body, response.request.method }, { 200, "", "POST" })
  local none, wrong = message.of_capture(assert(capture.parse "GET / HTTP/1.1\nHost: x\n\n"),
    { response = true })
  lu.assertNil(none)
  lu.assertEquals(wrong, "the capture shows no response")
end

local function misuse(given, says)
  local ok, e = pcall(check, given)
  lu.assertFalse(ok)
  lu.assertEquals(e.kind, "invalid")
  lu.assertStrContains(e.message, says)
end

function T.test_misuse_is_named_by_its_place()
  local url = "https://x.example/"
  misuse(nil, "verify: the message must be a table, or the text of one, got nil")
  misuse({}, "verify: message needs method and url (a request), or status (a response)")
  misuse({ method = "GET" }, "needs method and url")
  misuse({ method = "GET", url = "/a" }, "message.url must be absolute")
  misuse({ method = "GET", uri = url }, 'unknown option "uri" (did you mean "url"?)')
  misuse({ status = "200" }, "message.status must be a whole number")
  misuse({ method = "GET", url = url, headers = "A: b" }, "message.headers must be a table")
  misuse({ method = "GET", url = url, headers = { "A" } }, "message.headers[1] must be a line")
  misuse({ method = "GET", url = url, headers = { { "A" } } }, "message.headers[1] must be a line")
  misuse({ method = "GET", url = url, headers = { A = true } },
    "message.headers.A must be a string, not a boolean")
  misuse({ method = "GET", url = url, body = {} }, "message.body must be the exact bytes")
  misuse({ status = 200, request = { method = "GET" } }, "message.request needs method and url")
  misuse("GET /\n\n", "verify: the message can't be read: line 1: ")
  misuse("GET / HTTP/1.1\n\n", "verify: the message can't be read: the message has no Host")
end

support.run(T)
