-- A captured message: an HTTP message as curl -v, tcpdump -A, a proxy's log or an editor shows it,
-- read strictly, with the line of whatever is wrong. It reads bytes; what a signature makes of
-- them is not its business. Pure.
--
-- Taken: HTTP/1.1 as on the wire, with CRLF or LF; HTTP/2 with its ":method: POST" lines; curl's
-- "> " and "< "; tcpdump's packet lines. Content-Length and chunks say where the body ends.

local body = require "dps.capture.body"
local peel = require "dps.capture.peel"

local capture = {}

local LONGEST = 64 << 20 -- bytes

---@class dps.capture.Field  a field line: name, value without white space around it
---@field [1] string
---@field [2] string
---@field line integer

---@class dps.capture.Message
---@field method string?    a request's, as sent
---@field target string?    a request's, as sent
---@field status integer?   a response's
---@field start string      the start line
---@field scheme string?    where HTTP/2 says it, or curl
---@field fields dps.capture.Field[]
---@field body string?      nil: the capture does not show it
---@field note string?      what a person should know of how its body was read

---@class dps.Capture
---@field request dps.capture.Message?
---@field response dps.capture.Message?
---@field notes string[]    what a person should know of how it was read

local function wrong(number, message, ...)
  error({ ("line %d: "):format(number) .. message:format(...) }, 0)
end

local function shown(text)
  text = #text > 60 and text:sub(1, 60) .. "..." or text
  return '"' .. text:gsub("[%c\x7f-\xff]", function(char)
    return ("\\x%02x"):format(char:byte())
  end) .. '"'
end

-- Start lines -------------------------------------------------------------------------------------

local NO_START = "%s is neither a request line (POST /path HTTP/1.1) nor a status line"
  .. " (HTTP/1.1 200 OK)"

local function start_line(line)
  local words = line[1]
  local method, target = words:match "^([%w!#$%%&'*+%-.^_`|~]+) ([^%s%c]+) HTTP/[%d.]+ ?$"
  if method then
    return { method = method, target = target, start = words }
  end
  local status = words:match "^HTTP/[%d.]+ ([1-9]%d%d)$" or words:match "^HTTP/[%d.]+ ([1-9]%d%d) "
  if status then
    return { status = math.tointeger(tonumber(status)), start = words }
  end
  if words:find "\\r\\n" or words:find "HTTP/1%.%d\\n" then
    wrong(line.number, "its line ends are written out as \\r\\n: make them real ones,"
      .. " such as with printf '%%b'")
  end
  wrong(line.number, NO_START, shown(words))
end

-- Fields ------------------------------------------------------------------------------------------

local TOKEN = "^[%w!#$%%&'*+%-.^_`|~]+$"

local function check_value(name, value, number)
  local control = value:match "[%z\1-\8\10-\31\127]"
  if control then
    wrong(number, "the value of %s holds a control character (0x%02x)", name, control:byte())
  end
  return value
end

local function field_of(line)
  local name, value = line[1]:match "^([^:]*):[ \t]*(.-)[ \t]*$"
  if not name then
    wrong(line.number, "%s has no colon: it is no header, and no empty line stands before it",
      shown(line[1]))
  elseif name:find "%s$" then
    wrong(line.number, "there is a space between the name %s and its colon", shown(name))
  elseif not name:find(TOKEN) then
    wrong(line.number, "%s can't be the name of a header", shown(name))
  end
  return { name, check_value(name, value, line.number), line = line.number }
end

-- Line folding is replaced by one space (RFC 9112, section 5.2).
local function add_field(fields, line)
  if not line[1]:find "^[ \t]" then
    fields[#fields + 1] = field_of(line)
    return
  end
  local last = fields[#fields]
  if not last then
    wrong(line.number, "it begins with white space, but there is no header before it to go on with")
  end
  local more = check_value(last[1], line[1]:match "^[ \t]*(.-)[ \t]*$", line.number)
  last[2] = last[2] .. (last[2] ~= "" and more ~= "" and " " or "") .. more
end

---The values of a field, in order.
---@param message dps.capture.Message
---@param name string  lower case
---@return string[]
function capture.values(message, name)
  local found = {}
  for _, field in ipairs(message.fields) do
    if field[1]:lower() == name then
      found[#found + 1] = field[2]
    end
  end
  return found
end

-- HTTP/2 ------------------------------------------------------------------------------------------

local function pseudo_of(lines)
  local pseudo, n = {}, 0
  for i, line in ipairs(lines) do
    local name, value = line[1]:match "^:(%l+):[ \t]*(.-)[ \t]*$"
    if not name then
      break
    elseif pseudo[name] then
      wrong(line.number, ":%s stands there twice", name)
    end
    pseudo[name], n = check_value(":" .. name, value, line.number), i
  end
  return pseudo, n
end

local function from_pseudo(pseudo, number)
  if pseudo.status then
    local status = math.tointeger(tonumber(pseudo.status:match "^[1-9]%d%d$"))
    return { status = status or wrong(number, "%s is no status", shown(pseudo.status)),
      start = "HTTP/2 " .. pseudo.status, fields = {} }
  end
  for _, name in ipairs { "method", "path", "authority" } do
    if (pseudo[name] or "") == "" then
      wrong(number, "the message begins as in HTTP/2, but has no :%s", name)
    end
  end
  return {
    method = pseudo.method, target = pseudo.path, scheme = pseudo.scheme,
    start = ("%s %s HTTP/2"):format(pseudo.method, pseudo.path),
    fields = { { "Host", pseudo.authority, line = number } },
  }
end

-- Messages ----------------------------------------------------------------------------------------

local function head_of(lines)
  local pseudo, n = pseudo_of(lines)
  local message
  if n > 0 then
    message = from_pseudo(pseudo, lines[1].number)
  else
    message, n = start_line(lines[1]), 1
    message.fields = {}
  end
  for i = n + 1, #lines do
    add_field(message.fields, lines[i])
  end
  return message
end

local function has_body(message)
  local length = capture.values(message, "content-length")[1]
  return length ~= "0" and (length or capture.values(message, "transfer-encoding")[1])
end

local function read_body(message, part, notes)
  if not part.rest then
    message.body = not has_body(message) and "" or nil
    return
  end
  local coding = table.concat(capture.values(message, "transfer-encoding"), ","):lower()
  local lengths = capture.values(message, "content-length")
  local text, note = body.read(part.rest, lengths, coding:find "chunked%s*$" ~= nil)
  if not text then
    wrong(part.lines[1].number, "%s", note)
  end
  message.body, message.note, notes[#notes + 1] = text, note, note
end

local function check_host(message, part)
  if message.method and #capture.values(message, "host") > 1 then
    wrong(part.lines[1].number, "the message has Host twice")
  end
end

local function add_message(result, part, scheme)
  local message = head_of(part.lines)
  message.scheme = message.scheme or scheme
  local kind = message.method and "request" or "response"
  if result[kind] and not (kind == "response" and result[kind].status < 200) then
    wrong(part.lines[1].number, "a second %s begins here: keep one of them in the capture", kind)
  end
  check_host(message, part)
  read_body(message, part, result.notes)
  result[kind] = message
end

local function read(text)
  local parts, form, scheme = peel.parts(text)
  local result = { notes = {} }
  for _, part in ipairs(parts) do
    if part.lines[1] then
      add_message(result, part, scheme)
    end
  end
  if not (result.request or result.response) then
    wrong(1, form == "tcpdump" and "no packet holds the first line of a message: capture whole"
      .. " packets (tcpdump -A -s 0)" or "there is no message")
  end
  return result
end

---Reads a capture.
---@param text string
---@return dps.Capture|nil
---@return string? message  "line 3: ..."
function capture.parse(text)
  if #text > LONGEST then
    return nil, ("it is larger than %d MiB"):format(LONGEST >> 20)
  end
  local done, result = pcall(read, text)
  if done then
    return result
  elseif type(result) == "table" then
    return nil, result[1]
  end
  error(result, 0)
end

-- Addresses ---------------------------------------------------------------------------------------

---The absolute URI that a request was sent to, from its target, its Host and a scheme
---(RFC 9112, section 3.3).
---@param message dps.capture.Message
---@param scheme string?  "https" when neither this nor the capture says another
---@return string|nil
---@return string? message
function capture.url(message, scheme)
  local target = message.target
  if target:find "^%a[%w+.-]*://" then
    return target
  end
  local host = capture.values(message, "host")[1] or ""
  if host == "" then
    return nil, "the message has no Host, so it does not say whom it was sent to"
  end
  local origin = (scheme or message.scheme or "https") .. "://" .. host
  if target == "*" then
    return origin
  elseif target:sub(1, 1) == "/" then
    return origin .. target
  end
  return nil, ("the request target %s is neither a path nor a URL"):format(shown(target))
end

return capture
