-- Requests that must be signed (dps serve --verify-key): what a gateway before the service checks
-- by RFC 9421 and the FAPI 2.0 profile. Says yes, or one reason of the closed list.

local err = require "dps.err"
local key = require "dps.key"
local native = require "dps.native"
local nonces = require "dps.signature.nonces"
local profiles = require "dps.signature.profiles"

local signed = {}

local FUTURE = 30 -- seconds that created may lie ahead

---@class dps.library.SignedOptions
---@field keys string[]        names of key files, "KEYID=FILE" each or just "FILE"
---@field window integer?      seconds since created at most; default 300
---@field tag string?          default "fapi-2-request"
---@field required string[]?   default: the profile's
---@field all boolean?         reads must be signed too

---@class dps.library.Signed
---@field policy table         native.verify_message's
---@field public_url string?
---@field all boolean
---@field nonces dps.signature.Nonces
local Signed = {}
Signed.__index = Signed

---@class dps.library.SignedResult
---@field reason string?   nil: accepted, or nothing to check
---@field detail string?
---@field keyid string?    of what was accepted
---@field checked boolean? there was something to check

local READS = { GET = true, HEAD = true, OPTIONS = true }

local function load_keys(names)
  local list, any = {}, false
  for i, name in ipairs(names) do
    list[i], any = key.named(name)
  end
  return list, any and #list == 1
end

---Loads the keys. Raises kind "refused" for one that can't be used.
---@param given dps.library.SignedOptions
---@param public_url string?  what clients sign in place of http://HOST: scheme, host, a prefix
---@return dps.library.Signed
function signed.new(given, public_url)
  local profile = profiles.by_name.fapi2
  local keys, any = load_keys(given.keys)
  return setmetatable({
    policy = {
      keys = keys, any_keyid = any, tag = given.tag or profile.tag, window = given.window or 300,
      future = FUTURE, components = given.required or profile.required, params = profile.demanded,
    },
    public_url = public_url,
    all = given.all == true,
    nonces = nonces.new(),
  }, Signed)
end

---The URL that a client called.
---@param public_url string?  in place of the Host that came
---@param request dps.library.Request
---@return string
function signed.target_uri(public_url, request)
  local path = request.target:gsub("^%a[%w+.-]*://[^/?]*", "")
  return (public_url or "http://" .. (request.headers.host or "")) .. path
end

local function message_of(self, request)
  local made = {
    method = request.method, headers = {}, body = request.body,
    target_uri = signed.target_uri(self.public_url, request),
  }
  for name, value in pairs(request.headers) do
    table.insert(made.headers, { name, value })
  end
  return made
end

-- Without a nonce what was signed, its parameters included, can come only once: within one second
-- the same request is the same. The field is no id, as its label and what else stands in it are not
-- signed; nor are the bytes of a signature, of which ECDSA has two for each.
local function check_replay(self, signature, now)
  local id = signature.nonce or signature.base
  local last = signature.created + self.policy.window + FUTURE
  local seen = self.nonces:see((signature.keyid or "") .. "\0" .. id, now, last)
  if seen == "seen" then
    return "replay", signature.nonce and "this nonce was seen before"
      or "the same was signed before, and it has no nonce"
  elseif seen == "full" then
    return "limit", "too many nonces are remembered; wait a little"
  end
end

local function verify(self, request, now)
  self.policy.now = now
  local found, reason, detail = native.verify_message(message_of(self, request), self.policy)
  for _, signature in ipairs(found or {}) do
    reason, detail = check_replay(self, signature, now)
    if reason then
      break
    end
  end
  return { reason = reason, detail = detail, keyid = found and found[1].keyid, checked = true }
end

---Checks a request's signature where one is asked for, and remembers its nonce.
---@param request dps.library.Request
---@param now integer  seconds since 1970
---@return dps.library.SignedResult
function Signed:check(request, now)
  if READS[request.method] and not self.all then
    return {}
  elseif request.too_large then
    return { reason = "limit", detail = "the body is larger than this server takes" }
  end
  local ok, result = pcall(verify, self, request, now)
  if ok then
    return result
  end
  return { reason = "malformed", detail = err.is(result) and result.message or tostring(result) }
end

---What a signature must cover, as the Accept-Signature field says it (RFC 9421, section 5.1).
---@param request dps.library.Request
---@return string
function Signed:wanted(request)
  local list = {}
  for _, component in ipairs(self.policy.components) do
    local name, mark = component:match "^(.-)([?!]?)$"
    if mark == "" or mark == "!" and request.body ~= "" then
      list[#list + 1] = '"' .. name .. '"'
    end
  end
  return ('sig=(%s);created;keyid;nonce;tag="%s"'):format(table.concat(list, " "), self.policy.tag)
end

return signed
