-- What is on the wire, seen from a server that is not ours: the exact request of each call, that a
-- script cannot change what identifies it, that many share few connections, that no token comes
-- back.

local lu = require "luaunit"
local json = require "dps.json"
local task = require "dps.task"
local badserver = require "badserver"
local support = require "support"

local T = {}

-- Adobe's documented sample of a create, as JSON text of its own.
local SAMPLE = [[{
  "name": "Test Fallback Offer DPS",
  "description": "Fallback Offer description",
  "status": "approved",
  "representations": [ {
    "channel": "https://ns.adobe.com/xdm/channel-types/web",
    "placement": "offerPlacement1234",
    "components": [
      { "type": "imagelink", "format": "image/png", "deliveryURL": "https://mysite.com" }
    ]
  } ],
  "selectionConstraint": {
    "startDate": "2022-06-10T00:30:00.000+00:00",
    "endDate": "2032-12-10T00:30:00.000+00:00",
    "profileConstraintType": "none"
  },
  "rank": { "priority": 1 }
}]]

-- The request that the server saw, whatever the operation made of the echo.
local function seen(f, ...)
  local ok, result = pcall(f, ...)
  return ok and result or json.decode(result.body)
end

local function headers(server, more)
  local expected = {
    host = server.url:match "//(.+)$", accept = "application/json",
    authorization = "Bearer " .. ("*"):rep(#badserver.TOKEN), ["x-api-key"] = "k",
    ["x-gw-ims-org-id"] = "O@AdobeOrg", ["x-sandbox-name"] = "dev",
  }
  for name, value in pairs(more or {}) do
    expected[name] = value
  end
  return expected
end

T.test_a_create_is_exactly_what_adobe_documents = badserver.with(function(server)
  local ops = server:operations "echo"
  local request = seen(ops.create_fallback, badserver.sample())
  lu.assertEquals(request.method, "POST")
  lu.assertEquals(request.target, "/echo/offers?offer-type=fallback")
  lu.assertEquals(json.decode(request.body), json.decode(SAMPLE))
  lu.assertEquals(request.headers, headers(server, {
    ["content-type"] = "application/json", ["content-length"] = tostring(#request.body),
  }))
end)

T.test_integers_and_dates_of_a_create_are_written_as_documented = badserver.with(function(server)
  local request = seen(server:operations("echo").create_fallback, badserver.sample())
  lu.assertStrContains(request.body, '"priority":1}')
  lu.assertStrContains(request.body, '"startDate":"2022-06-10T00:30:00.000+00:00"')
  lu.assertStrContains(request.body, '"deliveryURL":"https://mysite.com"')
end)

-- verb, method, target, and the body where there is one
local REQUESTS = {
  { "get", "GET", "/echo/offers/dps:fallback-offer:1?offer-type=fallback" },
  { "list", "GET", "/echo/offers?offer-type=fallback" },
  { "delete", "DELETE", "/echo/offers/dps:fallback-offer:1?offer-type=fallback" },
  { "update", "PATCH", "/echo/offers/dps:fallback-offer:1?offer-type=fallback",
    { { op = "replace", path = "/name", value = "x" } } },
}

T.test_each_verb_has_its_method_target_headers_and_body = badserver.with(function(server)
  local ops = server:operations "echo"
  local answers = {}
  ops.client.send = function(self, intent)
    local value, status, text, lines = getmetatable(self).__index.send(self, intent)
    answers[#answers + 1] = value
    return value, status, text, lines
  end
  for i, row in ipairs(REQUESTS) do
    pcall(badserver.call, row[1], ops)
    local request = answers[i]
    lu.assertEquals({ request.method, request.target }, { row[2], row[3] })
    lu.assertEquals(request.body ~= "" and json.decode(request.body) or nil, row[4])
    lu.assertEquals(request.headers, headers(server, row[4] and {
      ["content-type"] = "application/json", ["content-length"] = tostring(#request.body),
    }))
  end
end)

T.test_ids_and_values_cannot_leave_their_place_in_the_target = badserver.with(function(server)
  local ops = server:operations "echo"
  local request = seen(ops.get_fallback, "a%2F..&x=1+\xC3\xBC")
  lu.assertEquals(request.target, "/echo/offers/a%252F..%26x%3D1%2B%C3%BC?offer-type=fallback")
  for _, id in ipairs { "", ".", "..", "a/b", "a?b", "a#b", "a b", "a\r\nX: y", "a\0b" } do
    badserver.fails({ kind = "invalid", sent = false }, ops.get_fallback, id)
  end
  request = seen(ops.request, { method = "GET", path = "/tags",
    query = { property = { "name==a b&c", "x" }, limit = 5, ["n\n"] = "\r\nX: y" } })
  lu.assertEquals(request.target,
    "/echo/tags?limit=5&n%0A=%0D%0AX%3A%20y&property=name%3D%3Da%20b%26c&property=x")
end)

-- --- dps.request ---

T.test_a_request_of_the_scripts_own_has_our_headers_and_its_own = badserver.with(function(server)
  local ops = server:operations "echo"
  local request = ops.request { method = "PUT", path = "/exd-placements/dps:a:1",
    body = { a = json.array {} }, headers = { ["x-schema-id"] = "https://ns.adobe.com/a" } }
  lu.assertEquals({ request.method, request.target, request.body },
    { "PUT", "/echo/exd-placements/dps:a:1", '{"a":[]}' })
  lu.assertEquals(request.headers, headers(server, { ["content-type"] = "application/json",
    ["content-length"] = "8", ["x-schema-id"] = "https://ns.adobe.com/a" }))
end)

T.test_a_write_without_a_body_says_length_zero_and_no_type = badserver.with(function(server)
  for _, method in ipairs { "POST", "PUT", "PATCH" } do
    local request = server:operations("echo").request { method = method, path = "/tags" }
    lu.assertEquals(request.headers, headers(server, { ["content-length"] = "0" }), method)
  end
end)

T.test_a_head_request_has_no_answer_and_takes_no_body = badserver.with(function(server)
  local ops = server:operations "ok"
  local value, status = ops.request { method = "HEAD", path = "/offers" }
  lu.assertNil(value)
  lu.assertEquals(status, 200)
  badserver.fails({ kind = "invalid", says = "body" }, ops.request,
    { method = "HEAD", path = "/offers", body = {} })
  lu.assertEquals(server:log()[1].method, "HEAD")
end)

T.test_methods_take_turns_on_one_connection = badserver.with(function(server)
  local ops = server:operations "echo"
  for method in ("POST HEAD GET DELETE HEAD PATCH GET PUT POST"):gmatch "%S+" do
    local body = method == "POST" and { a = 1 } or nil
    local answer = ops.request { method = method, path = "/tags", body = body }
    if method ~= "HEAD" then
      lu.assertEquals({ answer.method, answer.body }, { method, body and '{"a":1}' or "" })
    end
  end
  for i, row in ipairs(server:log()) do
    lu.assertEquals(row.connection, 1, "request " .. i)
  end
end)

T.test_a_large_body_goes_without_asking_first = badserver.with(function(server)
  local body = '"' .. ("x"):rep(3 * 1024 * 1024) .. '"'
  local request = server:operations("echo").request { method = "POST", path = "/tags", body = body }
  lu.assertTrue(request.body == body, "3 MiB arrive as they are")
  lu.assertNil(request.headers.expect)
end)

local HEADERS_REFUSED = {
  { Authorization = "Bearer x" }, { ["AUTHORIZATION"] = "x" }, { ["x-api-key"] = "x" },
  { ["X-Gw-Ims-Org-Id"] = "x" }, { ["X-Sandbox-Name"] = "prod" }, { Host = "127.0.0.2" },
  { ["Content-Length"] = "1" }, { ["Transfer-Encoding"] = "chunked" }, { Connection = "close" },
  { Accept = "text/html" }, { Expect = "100-continue" }, { ["X-A"] = "b\r\nX-Sandbox-Name: prod" },
  { ["X-A"] = "b\nc" }, { ["X-A"] = "b\rc" }, { ["X-A"] = "b\0c" }, { ["X-A\r\nX-B"] = "c" },
  { ["X-A: b\nX-B"] = "c" }, { ["X A"] = "b" }, { [""] = "b" }, { "X-A: b" }, { ["X-A"] = "" },
  { ["X-A"] = 5 }, "X-A: b",
}

local PATHS_REFUSED = {
  "tags", "", "//127.0.0.2/x", "/tags//x", "/../x", "/tags/..", "/tags/../../x", "/./x",
  "/%2e%2e/x", "/%2E./x", "/..%2fx", "/..%5cx", "/a/..;b=1/x", "/tags?x=1", "/tags#x", "/a b",
  "/a\r\nX: y", "/a\0b", "/\\127.0.0.2/x", "http://127.0.0.2:1/x", "https://127.0.0.2/x",
  "@127.0.0.2/x", ":1/x", false, 5, {},
}

T.test_a_request_cannot_change_what_identifies_it_or_break_a_header = badserver.with(
  function(server)
    local ops = server:operations "echo"
    for _, given in ipairs(HEADERS_REFUSED) do
      badserver.fails({ kind = "invalid", sent = false, status = false }, ops.request,
        { method = "GET", path = "/tags", headers = given })
    end
    lu.assertEquals(server:log(), json.array {})
  end)

T.test_a_request_cannot_leave_the_base_url = badserver.with(function(server)
  local ops = server:operations "echo"
  for _, path in ipairs(PATHS_REFUSED) do
    badserver.fails({ kind = "invalid", sent = false, says = "path: " }, ops.request,
      { method = "GET", path = path })
  end
  lu.assertEquals(server:log(), json.array {})
end)

T.test_a_request_is_refused_for_a_method_a_query_or_a_body_that_cannot_be_sent = badserver.with(
  function(server)
    local ops = server:operations "echo"
    for _, given in ipairs {
      {}, { method = "get", path = "/a" }, { method = "TRACE", path = "/a" },
      { method = "GET\r\nX: y", path = "/a" }, { method = "GET", path = "/a", query = "x=1" },
      { method = "GET", path = "/a", query = { "x" } },
      { method = "GET", path = "/a", query = { x = print } },
      { method = "GET", path = "/a", query = { x = { {} } } },
      { method = "GET", path = "/a", query = { x = { name = "y" } } },
      { method = "GET", path = "/a", headers = { "x" } },
      { method = "POST", path = "/a", body = { print } },
      { method = "POST", path = "/a", body = 0 / 0 },
    } do
      badserver.fails({ kind = "invalid", sent = false }, ops.request, given)
    end
    badserver.fails({ kind = "invalid", sent = false, says = 'did you mean "path"?' }, ops.request,
      { method = "GET", paht = "/a" })
    lu.assertEquals(server:log(), json.array {})
  end)

-- --- many at once ---

T.test_forty_calls_at_once_are_all_answered_over_at_most_32_connections = badserver.with(
  function(server)
    local ops, tasks, ids = server:operations "slow100", {}, {}
    for i = 1, 40 do
      tasks[i] = task.spawn(ops.create_fallback, badserver.sample())
    end
    for i = 1, 40 do
      ids[tasks[i]:wait().id] = true
    end
    local n, highest = 0, 0
    for _ in pairs(ids) do
      n = n + 1
    end
    for _, row in ipairs(server:log()) do
      highest = math.max(highest, row.connection)
    end
    lu.assertEquals({ n, server:count "slow100" }, { 40, 40 })
    lu.assertTrue(highest > 1 and highest <= 32, highest .. " connections")
  end)

T.test_calls_one_after_another_share_one_connection = badserver.with(function(server)
  for _ = 1, 5 do
    badserver.call("create", server:operations "ok")
  end
  for _, row in ipairs(server:log()) do
    lu.assertEquals(row.connection, 1)
  end
end)

-- --- the token ---

T.test_an_answer_that_echoes_the_token_has_asterisks_instead = badserver.with(function(server)
  local request = server:operations("echo").request { method = "POST", path = "/tags",
    body = { note = "so " .. badserver.TOKEN .. " it is" } }
  local stars = ("*"):rep(#badserver.TOKEN)
  lu.assertEquals(request.headers.authorization, "Bearer " .. stars)
  lu.assertEquals(request.body, '{"note":"so ' .. stars .. ' it is"}')
end)

T.test_an_error_that_echoes_the_token_has_asterisks_instead = badserver.with(function(server)
  local e = badserver.failure(badserver.call, "create", server:operations "echo")
  lu.assertStrContains(e.body, ("*"):rep(#badserver.TOKEN))
end)

support.run(T)
