-- The body of a captured message: what stands after its headers, as its own framing says. A capture
-- is often a little more than the message (an editor's last line end) or less (cut off by a log);
-- what was done about it is told, never silent. Pure.

local body = {}

local NOT_ONE_LENGTH = "Content-Length is not one whole number"

-- The last chunk and its trailer section end the body (RFC 9112, section 7.1).
local function next_chunk(text, at)
  local size, data = text:match("^(%x+)[^\r\n]*\r?\n()", at)
  local n = size and #size <= 8 and tonumber(size, 16)
  if not n then
    return nil
  elseif n == 0 then
    return 0, "", data
  end
  local after = text:match("^\r?\n()", data + n)
  return after and n, text:sub(data, data + n - 1), after
end

local function unchunk(text)
  local parts, at = {}, 1
  repeat
    local n, data, after = next_chunk(text, at)
    if not n then
      return nil
    end
    parts[#parts + 1], at = data, after
  until n == 0
  return table.concat(parts)
end

local function by_length(text, length)
  if #text < length then
    return text, ("the body has %d bytes where Content-Length says %d: the capture may be cut off")
      :format(#text, length)
  end
  local rest = text:sub(length + 1)
  if rest:find "^[\r\n]*$" then
    return text:sub(1, length)
  end
  local words = "%d bytes after the end of the body (Content-Length: %d) are left out"
  return text:sub(1, length), words:format(#rest, length)
end

---@param text string    all that follows the empty line
---@param lengths string[]   the values of Content-Length
---@param chunked boolean    Transfer-Encoding ends in chunked
---@return string|nil body
---@return string? note  what a person should know; what is wrong when there is no body
function body.read(text, lengths, chunked)
  if chunked then
    local whole = unchunk(text)
    return whole or text, not whole and text ~= ""
      and "the body is taken as it stands: it has no chunks any more" or nil
  end
  local length = lengths[1] and #lengths[1] <= 15 and math.tointeger(tonumber(
    lengths[1]:match "^%d+$"))
  for _, other in ipairs(lengths) do
    if other ~= lengths[1] or not length then
      return nil, NOT_ONE_LENGTH
    end
  end
  if length then
    return by_length(text, length)
  end
  return text
end

return body
