-- Drives the local library's behaviour without a socket: requests in, decoded answers out.
local json = require "dps.json"
local library = require "dps.library"
local lu = require "luaunit"
local native = require "dps.native"

local driver = {}
driver.__index = driver

driver.PLACEMENT = "offerPlacement1234"

-- The documented create sample of a fallback offer.
driver.SAMPLE = [[{
  "name": "Test Fallback Offer DPS",
  "description": "Fallback Offer description",
  "status": "approved",
  "representations": [{
    "channel": "https://ns.adobe.com/xdm/channel-types/web",
    "placement": "offerPlacement1234",
    "components": [{
      "type": "imagelink", "format": "image/png", "language": ["en-us"],
      "deliveryURL": "https://mysite.com"
    }]
  }],
  "selectionConstraint": {
    "startDate": "2022-07-27T05:00:00.000+00:00",
    "endDate": "2023-07-29T05:00:00.000+00:00",
    "profileConstraintType": "none"
  },
  "rank": {"priority": 1}
}]]

---A library that is driven by the methods below.
---@param options table?  as dps.library.open takes them
function driver.new(options)
  local lib, message = library.open(options or {})
  return setmetatable({ lib = assert(lib, message) }, driver)
end

---The headers of a good request.
---@param changes table?  false takes one away
---@return table<string, string>
function driver.headers(changes)
  local headers = {
    ["authorization"] = "Bearer eyJhbGciOi.J9-_~+/AA==",
    ["x-api-key"] = "client1",
    ["x-gw-ims-org-id"] = "ABCD@AdobeOrg",
    ["x-sandbox-name"] = "prod",
    ["content-type"] = "application/json",
  }
  for name, value in pairs(changes or {}) do
    headers[name] = value or nil
  end
  return headers
end

---@param path string   below the base
---@param body any?     a table is encoded, a string goes as it is
---@param headers table?  changes to the usual ones
function driver.request(method, path, body, headers)
  return {
    method = method,
    target = "/data/core/dps" .. path,
    headers = driver.headers(headers),
    body = type(body) == "table" and json.encode(body) or body or "",
  }
end

---One request as a batch of its own.
---@return any body    decoded; the text when it is empty
---@return integer status
---@return table<string, string> headers
function driver:call(method, path, body, headers)
  local answer = self.lib:handle({ driver.request(method, path, body, headers) })[1]
  return answer.body ~= "" and assert(json.decode(answer.body)) or "", answer.status, answer.headers
end

---As call, and the status must be the one expected.
---@return any body
---@return table<string, string> headers
function driver:expect(status, method, path, body, headers)
  local decoded, got, answered = self:call(method, path, body, headers)
  lu.assertEquals(got, status, decoded ~= "" and json.encode(decoded) or nil)
  return decoded, answered
end

---A fallback offer table; `changes` replaces members.
function driver.offer(changes)
  local offer = json.decode(driver.SAMPLE)
  for name, value in pairs(changes or {}) do
    offer[name] = value
  end
  return offer
end

---Creates a fallback offer.
---@return string id
function driver:create(changes, headers)
  return self:expect(201, "POST", "/offers?offer-type=fallback", driver.offer(changes), headers).id
end

function driver.path(id)
  return "/offers/" .. id .. "?offer-type=fallback"
end

---@param text string
---@return string  percent-encoded wholly, as a client should
function driver.escape(text)
  return (text:gsub("[^%w%-._~]", function(char)
    return ("%%%02X"):format(char:byte())
  end))
end

---A library with offers of the names given, or with the changes given.
function driver.library_with(...)
  local d = driver.new()
  for _, changes in ipairs { ... } do
    d:create(type(changes) == "string" and { name = changes } or changes)
  end
  return d
end

function driver.names_of(entities)
  local names = {}
  for i, entity in ipairs(entities) do
    names[i] = entity.name
  end
  return names
end

---Runs an action while the clock stands still.
---@param seconds number  since the epoch
function driver.at_moment(seconds, action)
  local now = native.now
  native.now = function()
    return seconds
  end
  local ok, message = pcall(action)
  native.now = now
  assert(ok, message)
end

---Every entity of a list, by its links.
---@param path string
---@param each? fun(page: table, number: integer)  called after each page
---@return table[] entities
function driver:walk(path, each)
  local all, number = {}, 0
  while path do
    local page = self:expect(200, "GET", path)
    table.move(page.results, 1, #page.results, #all + 1, all)
    number = number + 1
    if each then
      each(page, number)
    end
    path = page._links.next and page._links.next.href
  end
  return all
end

return driver
