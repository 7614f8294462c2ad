-- A token that somebody gave: it can't be renewed here, only read again from where it came, in case
-- somebody else renews it there.

local native = require "dps.native"

local given = {}

---@class dps.auth.Given: dps.Auth
---@field where string             where the token is from, for messages
---@field again (fun(): userdata?)?  reads it again; nil where it can't be
---@field dead integer?            the serial that was refused, with nothing new to be had
local Given = {}
Given.__index = Given

function Given:ready() end

function Given:accepted() end

-- Whoever of many comes first reads it; the others find that another serial stands there.
function Given:refused(serial)
  if self.token:serial() ~= serial then
    return true
  end
  if self.dead == serial or not self.again then
    return false
  end
  local handle = self.again()
  local changed = handle and self.token:set(handle) or false
  self.dead = not changed and serial or nil
  return changed
end

function Given:hint()
  return ("the access token (%s) is missing, expired or not valid here: get a new one; with"
    .. " DPS_CREDENTIALS dps gets and renews tokens by itself"):format(self.where)
end

---@param handle userdata  a secret
---@param where string
---@param again (fun(): userdata?)?
---@return dps.auth.Given
function given.new(handle, where, again)
  local token = native.token.new()
  local self = setmetatable({ token = token, found = {}, where = where, again = again }, Given)
  token:set(handle)
  return self
end

return given
