-- What to do about a request whose signature the other side did not accept, where its answer names
-- one reason of the closed list, as the local library's does. Pure.

local refused = {}

local DEMANDS = "sign what is demanded there: DPS_SIGN_PROFILE, or DPS_SIGN_COMPONENTS and"
  .. " DPS_SIGN_PARAMS with the profile custom"
local CHANGED = "something in between changes requests: put the request as it came there before"
  .. " dps verify"

local HINTS = {
  ["missing"] = "requests must be signed there: set DPS_SIGN_KEY to the key's file",
  ["tag"] = DEMANDS,
  ["parameter-missing"] = DEMANDS,
  ["component-missing"] = DEMANDS,
  ["component-absent"] = CHANGED,
  ["unknown-key"] = "set DPS_SIGN_KEYID to the name that the receiver has for the key",
  ["alg"] = "set DPS_SIGN_ALG to the algorithm that the receiver has for this key",
  ["not-yet-valid"] = "compare the clocks of both sides",
  ["expired"] = "compare the clocks of both sides",
  ["bad-signature"] = "check that DPS_SIGN_KEY is the key that the receiver knows by this keyid; if"
    .. " it is, " .. CHANGED,
  ["digest-mismatch"] = CHANGED,
  ["replay"] = "it was sent twice by something in between: look whether the first one was done",
}

---@param status integer
---@param reason string?  what the answer's body says
---@return string? hint   what to do; nil where it is not about a signature
function refused.hint(status, reason)
  return status == 401 and HINTS[reason] or nil
end

return refused
