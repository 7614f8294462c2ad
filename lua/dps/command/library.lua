-- The local Offer Library of this process, for the commands that carry one.

local native = require "dps.native"
local err = require "dps.err"

local library = {}

---@param options table  native.serve's: port, library
---@return userdata server
function library.start(options)
  if options.library.db == "" then
    err.raise { kind = "refused", message = "the name of the database file is empty",
      hint = "name a file, or leave the option out to keep nothing" }
  end
  local server, why = native.serve(options)
  if not server then
    err.raise { kind = "refused", message = "the local Offer Library can't start: " .. why,
      hint = "change what is named above and start it again" }
  end
  return server
end

---@param server userdata
---@return string  what DPS_BASE_URL takes
function library.base_url(server)
  return server:url() .. "/data/core/dps"
end

return library
