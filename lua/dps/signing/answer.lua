-- Signatures of answers: with DPS_VERIFY_KEY set, an answer counts only when it is signed by that
-- key, lately, over its status and its body. It says what is wrong; what follows from it is
-- dps.client's.

local native = require "dps.native"
local err = require "dps.err"
local value = require "dps.config.value"

local answer = {}

local POLICY = {
  components = { "@status", "content-digest!" }, params = { "created" }, window = 300, future = 30,
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

---@alias dps.Verifier fun(request: { method: string, target_uri: string }, status: integer,
---  text: string, lines: string): string?, string?  nil for an answer that is validly signed, else
---  the reason (a word of a closed list) and a sentence

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
