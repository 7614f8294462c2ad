-- Signatures of answers: with DPS_VERIFY_KEY set, an answer counts only when it is signed by that
-- key, lately, over its status, its body, and the request that it answers (RFC 9421, section 2.4).
-- It says what is wrong; what follows from it is dps.client's.

local native = require "dps.native"
local err = require "dps.err"
local value = require "dps.config.value"

local answer = {}

local POLICY = {
  components = { "@status", "content-digest!" }, params = { "created" }, window = 300, future = 30,
  tied = true,
}

local CHECK_KEY = "check DPS_VERIFY_KEY, and whether something in between changes answers"
local HINTS = {
  ["component-missing"] = "the service must sign what it answers with the answer: @status and"
    .. ' content-digest, "@method";req and "@target-uri";req, and "signature";req of a signed'
    .. " request",
  ["bad-signature"] = CHECK_KEY .. " or gives an answer to another request",
}

local function load_key(settings)
  local key, reason, detail = native.key { file = settings.verify_key, public = true,
    keyid = settings.verify_keyid }
  if not key then
    err.raise {
      kind = "refused",
      message = ("the key of DPS_VERIFY_KEY (%s) can't be used: %s")
        :format(value.show(settings.verify_key), detail),
      hint = reason == "key-file" and "give a file with the service's public key in PEM or as a JWK"
        or "give the service's public key in PEM or as a JWK, or the secret that is shared with it",
    }
  end
  return key
end

---@class dps.SentRequest  what an answer must be the answer to
---@field method string
---@field target_uri string   as it was sent
---@field headers string[]    those that are no secret
---@field body string

---@alias dps.Verifier fun(request: dps.SentRequest, status: integer, text: string, lines: string):
---  string?, string?  nil for an answer that is validly signed, else the reason (a word of a closed
---  list) and a sentence

-- "Name:" keeps libcurl from sending a line of its own, and is none itself.
local function add_lines(to, lines)
  for _, line in ipairs(lines or {}) do
    if type(line) == "string" and line:find ":%s*%S" then
      to[#to + 1] = line
    end
  end
end

---A request as it left. Lines with a secret in them are not there, nor is the token's.
---@param intent dps.Intent
---@param shared string[]  the client's header lines
---@return dps.SentRequest
function answer.request(intent, shared)
  local headers, sent = {}, intent.sent or { url = "", lines = "" }
  add_lines(headers, intent.headers)
  add_lines(headers, shared)
  for line in sent.lines:gmatch "[^\n]+" do
    headers[#headers + 1] = line
  end
  return { method = intent.method, target_uri = sent.url, headers = headers,
    body = intent.body or "" }
end

---What to do about an answer that is not validly signed.
---@param reason string
---@return string
function answer.hint(reason)
  return HINTS[reason] or CHECK_KEY
end

---What looks at answers, for these settings; nil where answers need no signature. Loads the key.
---Raises kind "refused" for one that can't be used.
---@param settings dps.Settings
---@return dps.Verifier?
function answer.verifier(settings)
  if not settings.verify_key then return nil end
  local policy = { keys = { load_key(settings) }, any_keyid = settings.verify_keyid == nil }
  for name, wanted in pairs(POLICY) do policy[name] = wanted end
  return function(request, status, text, lines)
    -- The answer to a HEAD may have the digest of the body that a GET would get.
    local body = request.method ~= "HEAD" and text
    local message = { status = status, headers = lines, body = body, request = request }
    local found, reason, detail = native.verify_message(message, policy)
    if not found then return reason, detail end
  end
end

return answer
