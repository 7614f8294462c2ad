-- The HTTP binding, called in ways that dps's own Lua never calls it: what a script passes and then
-- changes, drops or closes is no longer there for C to read.
local dps = require "dps"
local lu = require "luaunit"
local native = require "dps.native"
local support = require "support"

local T = {}

local server = assert(native.serve {})
local URL = server:url() .. "/"

local function refused(words, f, ...)
  local ok, why = pcall(f, ...)
  lu.assertFalse(ok)
  lu.assertStrContains(why, words)
end

local function client(options)
  options = options or {}
  options.timeout = 5
  return native.http(options)
end

function T.test_header_lines_are_those_of_the_call_whatever_becomes_of_their_table()
  local http = client { in_flight = 1 }
  local lines, numbers = {}, { 12345678.5, 23456789.5 }
  for i = 1, 20 do
    lines[i] = ("X-%d: "):format(i) .. ("y"):rep(100)
  end
  local tasks = {}
  for i = 1, 4 do
    tasks[i] = dps.spawn(function()
      return (http:request("GET", URL, nil, i % 2 == 0 and lines or numbers))
    end)
  end
  dps.spawn(function()
    for i = 1, 20 do
      lines[i], numbers[i] = nil, nil
    end
    collectgarbage()
    collectgarbage()
  end)
  for _, task in ipairs(tasks) do
    lu.assertEquals(task:wait(), 404)
  end
end

function T.test_header_line_or_method_that_would_begin_another_request_is_refused()
  local http = client()
  for _, line in ipairs { "A: b\r\nC: d", "A: b\n", "A: b\0c" } do
    refused("a header line holds CR, LF or NUL", http.request, http, "GET", URL, nil, { line })
    refused("a header line holds CR, LF or NUL", native.http, { headers = { line } })
  end
  for _, method in ipairs { "", "get", "GET ", "GET / HTTP/1.1\r\nX: y\r\n\r\nGET" } do
    refused("not a method in upper case", http.request, http, method, URL)
  end
  refused("holds a NUL byte", http.request, http, "GET", URL .. "\0x")
end

function T.test_numbers_that_no_setting_can_have_are_refused()
  for _, name in ipairs { "timeout", "connect_timeout", "max_body", "in_flight" } do
    for _, value in ipairs { 0, -1, 0 / 0, 1 / 0, -1 / 0, 1e300, 0.0004 } do
      refused("http: " .. name .. " is out of range", native.http, { [name] = value })
    end
  end
end

function T.test_secret_that_was_closed_is_refused()
  local secret = native.public_token "abcdefgh"
  do
    local _ <close> = secret
  end
  refused("the secret has been closed", native.http, { token = secret })
end

function T.test_finalizers_take_their_own_type_only()
  local close = getmetatable(client()).__gc
  refused("dps.http expected", close, {})
  refused("dps.http expected", close, io.stdout)
end

support.run(T)
