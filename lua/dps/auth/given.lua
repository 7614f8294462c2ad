-- A token that somebody gave: it can't be renewed here, only read again from where it came, in case
-- somebody else renews it there.

local native = require "dps.native"

local given = {}

---@class dps.auth.Given: dps.Auth
---@field handle userdata          what the token was set to
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
  self.handle = changed and handle or self.handle
  self.dead = not changed and serial or nil
  return changed
end

-- How long ago, in the largest unit that says something.
local function ago(seconds)
  for _, unit in ipairs { { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" } } do
    if seconds >= 2 * unit[1] then
      return ("%d %s ago"):format(seconds // unit[1], unit[2])
    end
  end
  return ("%d s ago"):format(seconds)
end

-- A token that says of itself when it ends is taken at its word here, and nowhere else.
function Given:hint()
  local ends = native.secret.ends(self.handle)
  local over = ends and native.now() - ends or 0
  return ("the access token (%s) %s: get a new one; with DPS_CREDENTIALS dps gets and renews tokens"
    .. " by itself"):format(self.where, over > 0 and "expired " .. ago(over)
    or "is missing, expired or not valid here")
end

---@param handle userdata  a secret
---@param where string
---@param again (fun(): userdata?)?
---@return dps.auth.Given
function given.new(handle, where, again)
  local token = native.token.new()
  local self = setmetatable({
    token = token, handle = handle, found = {}, where = where, again = again,
  }, Given)
  token:set(handle)
  return self
end

return given
