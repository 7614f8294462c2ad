-- Where an address leads: its scheme, host and port (RFC 6454). Pure; it takes addresses that have
-- passed dps.config.value.

local origin = {}

local PORTS = { http = ":80", https = ":443" }

---@param address string
---@return string  such as "https://example.com"; a port only where it is not the scheme's
function origin.of(address)
  local scheme, host = address:lower():match "^(%a+)://([^/?#]*)"
  local port = PORTS[scheme]
  if port and host:sub(-#port) == port then
    host = host:sub(1, -#port - 1)
  end
  return scheme .. "://" .. host
end

---@param address string
---@param others string[]  where nil stands for none
---@return boolean  it leads where one of them leads
function origin.is_among(address, others)
  for _, other in pairs(others) do
    if origin.of(other) == origin.of(address) then
      return true
    end
  end
  return false
end

return origin
