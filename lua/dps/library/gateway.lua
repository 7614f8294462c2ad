-- What Adobe's gateway looks at before the service sees a request: the four headers (contract 1.0,
-- 4.2). Pure. Any well-formed bearer token is good here, unless the library asks for its own.

local gateway = {}

local MAX_REQUEST_ID = 128
local MAX_SANDBOX = 256

-- Callers say the same in every request, so what was good is remembered: few and not too long.
local REMEMBERED, LONGEST = 64, 4096

local function remembering(test)
  local good, count = {}, 0
  return function(value)
    if good[value] then
      return true
    elseif not test(value) then
      return false
    elseif #value <= LONGEST then
      if count >= REMEMBERED then
        good, count = {}, 0
      end
      good[value], count = true, count + 1
    end
    return true
  end
end

local function is_given(value)
  return value ~= ""
end

-- RFC 6750 section 2.1: one space, one token68. The scheme's case does not matter (RFC 9110, 11.1).
local is_bearer = remembering(function(value)
  local scheme, token = value:match "^(%a+) ([%w%-._~+/]+=*)$"
  return token ~= nil and scheme:lower() == "bearer"
end)

local INVALID_TOKEN, INVALID_KEY = "Oauth token is not valid", "Api Key is invalid"

-- A token that is not known, or has expired, and a key that is not its client's.
local function check_token(headers, client_of)
  local client = client_of(headers.authorization:match " (.*)$")
  if not client then
    return "401013", INVALID_TOKEN
  elseif headers["x-api-key"] ~= client then
    return "403003", INVALID_KEY
  end
  return nil
end

local is_sandbox = remembering(function(value)
  return #value <= MAX_SANDBOX and value:find "^%w[%w-]*$" ~= nil
end)

-- A request without a sandbox name goes to production at other Adobe services (contract 1.0,
-- "Trap"). A program that forgets the header must find out here, so it is refused like a missing
-- organisation.
local CHECKS = {
  { "authorization", "403010", "Oauth token is missing.", is_given },
  { "authorization", "401013", INVALID_TOKEN, is_bearer },
  { "x-api-key", "403000", "Api Key is required", is_given },
  { "x-gw-ims-org-id", "400003", "Missing header: x-gw-ims-org-id", is_given },
  { "x-sandbox-name", "400003", "Missing header: x-sandbox-name", is_given },
  { "x-sandbox-name", "400003", "Missing header: x-sandbox-name (this is none)", is_sandbox },
}

---@param headers table<string, string>  names in lower case
---@param client_of (fun(token: string): string?)?  the client that a token was given to; nil: any
---  token will do
---@return string|nil code  nil when all is well
---@return string? message
function gateway.check(headers, client_of)
  for _, check in ipairs(CHECKS) do
    if not check[4](headers[check[1]] or "") then
      return check[2], check[3]
    end
  end
  if client_of then
    return check_token(headers, client_of)
  end
  return nil
end

---The caller's own request id when it can stand in a header.
---@param headers table<string, string>
---@return string|nil
function gateway.request_id(headers)
  local id = headers["x-request-id"]
  return id and #id <= MAX_REQUEST_ID and id:find "^[!-~]+$" and id or nil
end

local JSON_MEDIA = { ["application/json"] = true }
local PATCH_MEDIA = { ["application/json"] = true, ["application/json-patch+json"] = true }

---@param headers table<string, string>
---@param method string
---@param strict boolean?  PATCH takes no other type than the documented one
---@return boolean
function gateway.is_json(headers, method, strict)
  local given = headers["content-type"] or ""
  local accepted = method == "PATCH" and not strict and PATCH_MEDIA or JSON_MEDIA
  if accepted[given] then
    return true
  end
  local media = (given .. ";"):match "^%s*([^;%s]+)%s*;"
  return media ~= nil and accepted[media:lower()] == true
end

return gateway
