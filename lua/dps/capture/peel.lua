-- What tools put around a message when they show it: the marks of curl -v, the packet lines of
-- tcpdump -A. Takes them off and keeps the line numbers. Pure; knows no header field.

local peel = {}

---@class dps.capture.Part  the lines of one message
---@field lines { [1]: string, number: integer }[]  without line ends, up to the empty line
---@field rest string?      what follows the empty line; nil: the capture does not show it

local METHODS = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" }

---@param text string
---@param at integer  a place in it
---@return string|nil line
---@return integer? after
local function next_line(text, at)
  local line, after = text:match("^([^\n]*)\n()", at)
  if not line and at <= #text then
    line, after = text:sub(at), #text + 1
  end
  return line and (line:gsub("\r$", "")), after
end

-- Lines until the empty one, from a place on; what follows is the rest.
local function message_at(text, at, number)
  local part = { lines = {} }
  while true do
    local line, after = next_line(text, at)
    if not line then
      part.rest = ""
      return part
    elseif line == "" then
      part.rest = text:sub(after)
      return part
    end
    part.lines[#part.lines + 1] = { line, number = number }
    at, number = after, number + 1
  end
end

-- Empty lines before a message are none of it (RFC 9112, section 2.2).
local function plain(text)
  local at, number = 1, 1
  while true do
    local line, after = next_line(text, at)
    if line ~= "" then
      return message_at(text, at, number)
    end
    at, number = after, number + 1
  end
end

-- curl -v ----------------------------------------------------------------------------------------

-- The first of each direction is enough to know it by; a body may well hold lines like these.
local function is_curl(text)
  local first = text:match "^%s*([^\r\n]*)"
  return first:find "^[*<>{}] " ~= nil or first:find "^%s+%% Total" ~= nil
    or first:find "^Note: Unnecessary use of" ~= nil
end

local NOISE = { "^%*", "^[{}] %[%d+ bytes data%]$", "^ *%% Total", "^ *Dload", "^ *%d+ +%d" }

local function is_noise(line)
  for _, pattern in ipairs(NOISE) do
    if line:find(pattern) then
      return true
    end
  end
  return false
end

-- The answer's body stands without a mark between curl's own lines, or right before one.
local function answer_body(text, at)
  while true do
    local line, after = next_line(text, at)
    if not line or not is_noise(line) then
      break
    end
    at = after
  end
  return (text:sub(at):gsub("%* Connection #%d+ to host [^\n]* left intact\r?\n?$", ""))
end

-- A line of a body may look marked too: a message opens with a start line.
local function take_marked(found, mark, line, number)
  local open = found.open[mark]
  if not open and line:find "HTTP/%d" then
    open = { lines = {} }
    found.open[mark] = open
    table.insert(found[mark], open)
  end
  if open and line ~= "" then
    open.lines[#open.lines + 1] = { line, number = number }
  end
  return open
end

local function curl(text)
  local found = { [">"] = {}, ["<"] = {}, open = {} }
  local at, number = 1, 1
  while true do
    local line, after = next_line(text, at)
    if not line then
      return found
    end
    local mark, words = line:match "^([<>]) (.*)$"
    local part = mark and take_marked(found, mark, words, number)
    if part and words == "" then
      found.open[mark] = nil
      part.rest = mark == "<" and answer_body(text, after) or nil
    end
    at, number = after, number + 1
  end
end

-- What curl says of a connection with TLS; a name of a host may look like it elsewhere.
local TLS = { "^%* ALPN", "^%* SSL connection", "^%* TLSv", "^%* %(?TLS", "^%* schannel:" }

local function is_tls(line)
  for _, pattern in ipairs(TLS) do
    if line:find(pattern) then
      return true
    end
  end
  return false
end

-- The scheme by curl's own lines before the request; nil where they don't show it. To port 443 the
-- lines about TLS may have been left out.
local function curl_scheme(text)
  local connected
  for line in text:gmatch "[^\r\n]+" do
    if line:find "^> " then
      break
    elseif is_tls(line) then
      return "https"
    end
    connected = connected or line:find "^%* Connected to " and not line:find " port 443%f[%D]"
  end
  return connected and "http" or nil
end

-- tcpdump -A -------------------------------------------------------------------------------------

local PACKET = "^%d%d:%d%d:%d%d%.%d+ IP"

-- The start line, without the bytes of the packet's own headers before it.
local function after_packet_header(line)
  local answer = line:match "HTTP/%d%.%d %d%d%d.*$"
  for _, method in ipairs(METHODS) do
    local request = line:match("(" .. method .. " %S+ HTTP/%d%.%d)$")
    if request then
      return request
    end
  end
  return answer
end

-- The message that begins in a packet, if one does. A line end of tcpdump's own stands behind it.
local function in_packet(text, number)
  local at = 1
  while true do
    local line, after = next_line(text, at)
    if not line then
      return nil
    end
    local start = not line:find(PACKET) and after_packet_header(line)
    if start then
      local part = message_at(text, after, number + 1)
      table.insert(part.lines, 1, { start, number = number })
      return part
    end
    at, number = after, number + 1
  end
end

local function tcpdump(text)
  local parts, from, number = {}, 1, 1
  repeat
    local before = text:find("\n%d%d:%d%d:%d%d%.%d+ IP", from)
    local packet = text:sub(from, before or #text)
    parts[#parts + 1] = in_packet(packet, number)
    number = number + select(2, packet:gsub("\n", ""))
    from = before and before + 1
  until not before
  return parts
end

---@param text string  a capture
---@return dps.capture.Part[] parts  in the order of the capture; of curl -v the requests first
---@return string form  "plain", "curl" or "tcpdump"
---@return string? scheme  where the tool says it
function peel.parts(text)
  if is_curl(text) then
    local found = curl(text)
    return table.move(found["<"], 1, #found["<"], #found[">"] + 1, found[">"]), "curl",
      curl_scheme(text)
  elseif text:find(PACKET) or text:find "^%S+ link%-type" then
    return tcpdump(text), "tcpdump"
  end
  return { plain(text) }, "plain"
end

return peel
