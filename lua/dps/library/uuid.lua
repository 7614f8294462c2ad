-- Random UUIDs, as the service's sandboxes and request ids look. They name things and guard none,
-- so the system's chance is asked for once in a while only.

local native = require "dps.native"

local uuid = {}

local BYTES, AT_ONCE = 16, 64
local pool, at = "", 1

---@return string  "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
function uuid.new()
  if at > #pool then
    pool, at = native.random(BYTES * AT_ONCE), 1
  end
  local a, b, c, d, e = ("I4I2I2I2I6"):unpack(pool, at)
  at = at + BYTES
  return ("%08x-%04x-%04x-%04x-%012x"):format(a, b, c, d, e)
end

return uuid
