-- Random UUIDs, as the service's sandboxes and request ids look.

local native = require "dps.native"

local uuid = {}

---@return string  "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
function uuid.new()
  return ("%08x-%04x-%04x-%04x-%012x"):format(("I4I2I2I2I6"):unpack(native.random(16)))
end

return uuid
