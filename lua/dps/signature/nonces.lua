-- Nonces that were seen, for as long as a signature with one could still be accepted; a ceiling
-- keeps their number finite. Pure: the time is an argument.

local nonces = {}

---@class dps.signature.Nonces
---@field until_ table<string, integer>  last second of each
---@field count integer
---@field most integer
local Nonces = {}
Nonces.__index = Nonces

---@param most integer?  default 100000
---@return dps.signature.Nonces
function nonces.new(most)
  return setmetatable({ until_ = {}, count = 0, most = most or 100000 }, Nonces)
end

local function forget(self, now)
  for nonce, last in pairs(self.until_) do
    if last < now then
      self.until_[nonce] = nil
      self.count = self.count - 1
    end
  end
end

---Remembers a nonce.
---@param nonce string   with whose it is: other signers may have the same
---@param now integer    seconds
---@param last integer   the last second when it would be accepted
---@return "new"|"seen"|"full"  full: too many are remembered to take one more
function Nonces:see(nonce, now, last)
  local known = self.until_[nonce]
  if known and known >= now then
    return "seen"
  end
  if not known and self.count >= self.most then
    forget(self, now)
  end
  if not known and self.count >= self.most then
    return "full"
  end
  self.count = self.count + (self.until_[nonce] and 0 or 1)
  self.until_[nonce] = last
  return "new"
end

return nonces
