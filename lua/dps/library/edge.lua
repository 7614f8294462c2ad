-- What stands around the service: who may come in by signature, how answers are signed, what the
-- request journal says of it all. Knows no resource.

local answer = require "dps.library.answer"
local err = require "dps.err"
local journal = require "dps.library.journal"
local json = require "dps.json"
local key = require "dps.key"
local native = require "dps.native"
local signed = require "dps.library.signed"

local edge = {}

---@class dps.library.EdgeOptions  of dps serve; it comes as JSON text, since an option of the
---                                library is one scalar
---@field signed dps.library.SignedOptions?
---@field answer_key string?  "[KEYID=]FILE"
---@field journal string?     name of a file
---@field public_url string?  what clients sign in place of http://HOST: scheme, host, a prefix

---@class dps.library.Edge
---@field signed dps.library.Signed?
---@field signer userdata?
---@field public_url string?  without a slash at its end
---@field journal dps.library.Journal?
---@field results table<dps.library.Request, dps.library.SignedResult>
local Edge = {}
Edge.__index = Edge

local CODE = "401090" -- the local library's own: Adobe's gateway has no such check
local TEACHES = { missing = true, tag = true, ["component-missing"] = true,
  ["parameter-missing"] = true }

-- As FAPI 2.0 message signing has it for responses. What the request had to tell it from others to
-- its URL goes along, so that no answer passes for that to another (RFC 9421, section 2.4).
local ANSWER = {
  components = { "@status", "content-type?", "content-digest?", '"@method";req',
    '"@target-uri";req', '"signature";req?', '"content-digest";req?' },
  params = { "created", "keyid", "tag" }, tag = "fapi-2-response", label = "dps",
  digest = "sha-256",
}

local function signer_of(name)
  local given = { key = key.named(name) }
  for field, value in pairs(ANSWER) do
    given[field] = value
  end
  local signer, _, detail = native.signer(given)
  if not signer then
    err.raise { kind = "refused", message = "answers can't be signed: " .. detail,
      hint = "give --answer-key a private key, as KEYID=FILE where it has no id of its own" }
  end
  return signer
end

local function open(self, given)
  self.public_url = given.public_url and given.public_url:gsub("/$", "")
  self.signed = given.signed and signed.new(given.signed, self.public_url)
  self.signer = given.answer_key and signer_of(given.answer_key)
  if given.journal then
    local file, why = journal.open(given.journal)
    self.journal = file or err.raise { kind = "refused", message = why }
  end
end

---@param text string?  dps.library.EdgeOptions as JSON
---@return dps.library.Edge|nil
---@return string? message  what is wrong with a key or a file
function edge.open(text)
  local self = setmetatable({ results = {} }, Edge)
  local ok, why = pcall(open, self, text and json.decode(text) or {})
  if ok then
    return self
  end
  return nil, err.is(why) and why.message or tostring(why)
end

local function refusal(self, context, request, result)
  local made = answer.json(context, 401, json.encode({
    error_code = CODE, reason = result.reason,
    message = ("Signature is not accepted: %s (%s)"):format(result.reason, result.detail or ""),
  }, { sorted = true }))
  made.headers["Accept-Signature"] = TEACHES[result.reason] and self.signed:wanted(request) or nil
  return made
end

---Before a request is looked at: an answer where its signature does not let it in.
---@param context dps.library.Context
---@param request dps.library.Request
---@return dps.library.Answer|nil
function Edge:before(context, request)
  if not self.signed then
    return nil
  end
  local result = self.signed:check(request, context.now // 1000)
  self.results[request] = result
  return result.reason and refusal(self, context, request, result) or nil
end

local function headers_of(map)
  local list = {}
  for name, value in pairs(map) do
    list[#list + 1] = { name, value }
  end
  return list
end

local function sign(self, request, made)
  local message = {
    status = made.status, body = made.body, headers = headers_of(made.headers),
    request = {
      method = request.method, headers = headers_of(request.headers), body = request.body,
      target_uri = signed.target_uri(self.public_url, request),
    },
  }
  local done, lines = pcall(native.sign_message, self.signer, message)
  for _, line in ipairs(done and lines and lines.headers or {}) do
    local name, value = line:match "^([^:]+): ?(.*)$"
    made.headers[name] = value
  end
end

---When the answers are known: signs and notes them.
---@param batch dps.library.Request[]
---@param answers dps.library.Answer[]  signed in place
function Edge:after(batch, answers)
  local now = self.journal and math.floor(native.now() * 1000)
  for i, request in ipairs(batch) do
    if self.signer then
      sign(self, request, answers[i])
    end
    if now then
      self.journal:write(request, answers[i], now, self.results[request])
    end
    self.results[request] = nil
  end
  if now then
    self.journal:flush()
  end
end

return edge
