-- What a receiver demands of a signature, by profile (for the signing side see dps.signing). Data.

local err = require "dps.err"

local profiles = {}

---@class dps.signature.Profile
---@field required string[]  components of a request; "!": where it has a body, "?": where it has
---                          such a field
---@field demanded string[]  parameters
---@field tag string

---@type table<string, dps.signature.Profile>
profiles.by_name = {
  -- FAPI 2.0 message signing, section 5.6.1: requests to a resource server.
  fapi2 = {
    required = { "@method", "@target-uri", "authorization", "content-digest!" },
    demanded = { "created", "keyid", "tag" },
    tag = "fapi-2-request",
  },
}

---Raises kind "refused" for an unknown name.
---@param name string
---@return dps.signature.Profile
function profiles.find(name)
  local found = profiles.by_name[name]
  if found then
    return found
  end
  err.raise { kind = "refused", message = ("there is no profile %q to verify by"):format(name),
    hint = "use fapi2, or say what must be covered with --required" }
end

return profiles
