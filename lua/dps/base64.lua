-- Base64 (RFC 4648, section 4: the padded standard alphabet) to bytes. Pure. Anything else is none:
-- the other alphabet, white space, padding that is missing or in the middle.

local base64 = {}

local VALUES = {}
for i = 1, 64 do
  VALUES[("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):byte(i)] = i - 1
end

local function group(text, at)
  local a, b, c, d = text:byte(at, at + 3)
  return VALUES[a] << 18 | VALUES[b] << 12 | (VALUES[c] or 0) << 6 | (VALUES[d] or 0)
end

---@param text string
---@return string|nil bytes  nil for what is no base64
function base64.decode(text)
  local digits, padding = text:match "^([%w+/]*)(=?=?)$"
  if not digits or #text % 4 ~= 0 then
    return nil
  end
  local parts = {}
  for at = 1, #text, 4 do
    parts[#parts + 1] = (">I3"):pack(group(text, at))
  end
  local bytes = table.concat(parts)
  return bytes:sub(1, #bytes - #padding)
end

return base64
