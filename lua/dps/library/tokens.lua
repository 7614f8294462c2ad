-- The access tokens that the local library has given out, in memory: which are good, whose they
-- are, and until when. Knows no HTTP.

local native = require "dps.native"

local tokens = {}

---@class dps.library.Tokens
---@field lifetime integer  seconds
---@field count integer    of those known
---@field known table<string, { client: string, expires: number }>
local Tokens = {}
Tokens.__index = Tokens

local MOST = 10000 -- tokens kept; a client that asks without end pushes out what has expired

local function forget_expired(self)
  local now = native.now()
  for token, entry in pairs(self.known) do
    if entry.expires <= now then
      self.known[token] = nil
      self.count = self.count - 1
    end
  end
end

---@param client string  its id
---@return string|nil token  nil where too many are good at once
function Tokens:issue(client)
  if self.count >= MOST then
    forget_expired(self)
  end
  if self.count >= MOST then
    return nil
  end
  local token = "dps-local." .. native.random(32):gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end)
  self.known[token] = { client = client, expires = native.now() + self.lifetime }
  self.count = self.count + 1
  return token
end

---@param token string
---@return string|nil client  nil for a token that is not known or has expired
function Tokens:client_of(token)
  local entry = self.known[token]
  return entry and entry.expires > native.now() and entry.client or nil
end

---@param lifetime integer  seconds
---@return dps.library.Tokens
function tokens.new(lifetime)
  return setmetatable({ lifetime = lifetime, count = 0, known = {} }, Tokens)
end

return tokens
