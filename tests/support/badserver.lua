-- The misbehaving server (badserver.c) as a child process, clients whose base URL is one of its
-- behaviours, and what every error that comes of it must keep to. Ends the server with the test.
local lu = require "luaunit"
local native = require "dps.native"
local err = require "dps.err"
local json = require "dps.json"
local support = require "support"
local task = require "dps.task"

local badserver = {
  -- Visible ASCII as in a real bearer; long enough to be hidden where it comes back.
  TOKEN = "eyJhbGciOiJub25lIn0.c2VjcmV0LXBhcnQ.c2lnbmF0dXJl-_42",
  VERBS = { "create", "get", "list", "update", "delete" },
}

local START_SECONDS = 5

---The fallback offer of Adobe's create sample.
---@return table
function badserver.sample()
  return {
    name = "Test Fallback Offer DPS",
    description = "Fallback Offer description",
    status = "approved",
    representations = { {
      channel = "https://ns.adobe.com/xdm/channel-types/web",
      placement = "offerPlacement1234",
      components = {
        { type = "imagelink", format = "image/png", deliveryURL = "https://mysite.com" },
      },
    } },
    selectionConstraint = {
      startDate = "2022-06-10T00:30:00.000+00:00",
      endDate = "2032-12-10T00:30:00.000+00:00",
      profileConstraintType = "none",
    },
    rank = { priority = 1 },
  }
end

-- --- clients ---

local function no_environment()
  return nil
end

local function settings_of(base_url, given)
  local flags = {
    base_url = base_url, sandbox = "dev", ims_org = "O@AdobeOrg", api_key = "k", timeout = 5,
  }
  for name, value in pairs(given or {}) do
    flags[name] = value
  end
  return require("dps.config").load { flags = flags, env = no_environment }
end

---Operations on a base URL, such as ops.create_fallback, and ops.request; ops.client is the client.
---@param base_url string
---@param settings table?  flags that replace the usual ones
---@return table<string, function>
function badserver.operations(base_url, settings)
  local client = require("dps.client").new(settings_of(base_url, settings), {
    flags = {}, dry_run = false, verbose = false, quiet = false, json = false,
    token = native.public_token(badserver.TOKEN),
  })
  local function client_of()
    return client
  end
  local ops = require("dps.operation").all(client_of)
  ops.client = client
  function ops.request(given)
    return require("dps.request").send(client_of, given)
  end
  return ops
end

-- --- the server ---

local Server = {}
Server.__index = Server

local function first_line(path)
  local file = io.open(path)
  local line = file and file:read "L"
  if file then
    file:close()
  end
  return line and line:match "^(http://%S+)\n$"
end

local function await_url(path)
  local deadline = native.monotonic() + START_SECONDS
  repeat
    local url = first_line(path)
    if url then
      return url
    end
    native.sleep(0.002)
  until native.monotonic() > deadline
  error "badserver did not start"
end

local function start()
  local program = assert(os.getenv "DPS_BADSERVER", "DPS_BADSERVER is not set")
  local path = support.tmpdir() .. "/url"
  local pipe = assert(io.popen(("exec '%s' >'%s'"):format(program, path), "w"))
  return setmetatable({ pipe = pipe, url = await_url(path) }, Server)
end

---@param behaviour string  a name of badserver_answers.c
function Server:base(behaviour)
  return self.url .. "/" .. behaviour
end

function Server:operations(behaviour, settings)
  return badserver.operations(self:base(behaviour), settings)
end

---What arrived so far: { behaviour, method, target, body_bytes, connection } each.
---@return table[]
function Server:log()
  return (badserver.operations(self.url).request { method = "GET", path = "/_log" })
end

---How many requests a behaviour got.
function Server:count(behaviour)
  return (badserver.operations(self.url).request { method = "GET", path = "/_count/" .. behaviour })
end

---The names of all behaviours, without those that begin with "_".
---@return string[]
function Server:names()
  local _, e = pcall(badserver.operations(self.url).request, { method = "GET", path = "/" })
  local names = {}
  for name in e.body:gmatch "[^\n]+" do
    if name:sub(1, 1) ~= "_" then
      names[#names + 1] = name
    end
  end
  return names
end

---A test that gets a server of its own, which ends with it.
---@param test fun(server: table)
---@return fun()
function badserver.with(test)
  return function()
    local server <close> = setmetatable(start(), {
      __index = Server, __close = function(self) self.pipe:close() end,
    })
    test(server)
  end
end

-- --- errors ---

---Nothing that a person or a program gets to see may hold the token.
function badserver.assert_no_token(...)
  for i = 1, select("#", ...) do
    local text = select(i, ...)
    if text ~= nil then
      lu.assertNotStrContains(text, badserver.TOKEN)
      lu.assertNotStrContains(text, "c2VjcmV0LXBhcnQ")
    end
  end
end

local function texts_of(e)
  return tostring(e), err.block(e), e.message, e.body, e.request_id, e.name, json.encode(e, {})
end

---Calls, and gives the error object that must come of it.
---@return dps.Error
function badserver.failure(f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok, "must fail")
  lu.assertTrue(err.is(e), tostring(e))
  badserver.assert_no_token(texts_of(e))
  lu.assertNotStrContains(tostring(e), "\n")
  lu.assertStrContains(err.block(e), "\nwhat to do: ")
  return e
end

-- A wanted false means: must not be there. `says` is a part of the message, `hint` of the advice.
local function check_field(e, name, wanted, what)
  if name == "says" or name == "hint" then
    local text = name == "says" and e.message or err.hint(e)
    return lu.assertStrContains(text, wanted, nil, nil, what)
  end
  local got = e[name]
  if wanted == false and name ~= "retryable" then
    wanted = nil
  end
  lu.assertEquals(got, wanted, what .. ": " .. name .. " of " .. tostring(e))
end

---@param e dps.Error
---@param wanted table  fields; request_id = true: the server's own
function badserver.check(e, wanted, what)
  for name, value in pairs(wanted) do
    if name == "request_id" and value then
      lu.assertStrMatches(e.request_id or "none", "bad%-%d+", nil, nil, what)
    else
      check_field(e, name, value, what or "")
    end
  end
end

---Fails as said.
function badserver.fails(wanted, f, ...)
  local e = badserver.failure(f, ...)
  badserver.check(e, wanted, "")
  return e
end

-- --- verbs ---

local ID = "dps:fallback-offer:1"

local CALLS = {
  create = function(ops) return ops.create_fallback(badserver.sample()) end,
  get = function(ops) return ops.get_fallback(ID) end,
  update = function(ops)
    return ops.update_fallback(ID, { { op = "replace", path = "/name", value = "x" } })
  end,
  delete = function(ops) return ops.delete_fallback(ID) end,
  list = function(ops)
    local rows = {}
    for row in ops.list_fallbacks() do
      rows[#rows + 1] = row
    end
    return rows
  end,
}

---One call of a verb.
function badserver.call(verb, ops)
  return CALLS[verb](ops)
end

---All verbs at once: { ok, result or error } by verb.
function badserver.all_verbs(ops)
  local tasks, results = {}, {}
  for _, verb in ipairs(badserver.VERBS) do
    tasks[verb] = task.spawn(function()
      return pcall(badserver.call, verb, ops)
    end)
  end
  for verb, one in pairs(tasks) do
    results[verb] = table.pack(one:wait())
  end
  return results
end

return badserver
