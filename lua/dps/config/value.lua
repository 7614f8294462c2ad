-- The kinds of values that settings have. A check is given what a flag, a variable or a profile
-- says, and returns the value to use, or nil and what is wrong with it. Pure: none looks at a file,
-- and none ever sees a secret.

local words = require "dps.words"

local find, match = string.find, string.match

local value = {}

local MAX_SHOWN = 40
local MAX_HEADER = 1024
local MAX_URL = 2048
local MAX_PATH = 4096
local MAX_COMMAND = 4096
local MIN_SECONDS, MAX_SECONDS = 0.001, 86400

---A value as a message may show it: short, and printable. Values of URLs are never shown: people
---put passwords and tokens into them.
---@param given any
---@return string
function value.show(given)
  local text = tostring(given):gsub("[^ -~]", "?")
  return '"' .. (#text > MAX_SHOWN and text:sub(1, MAX_SHOWN - 3) .. "..." or text) .. '"'
end

local show = value.show

local function name_of_byte(text, at)
  local char = text:sub(at, at)
  if char == "\r" or char == "\n" then return "a line break" end
  if char == "\0" then return "a NUL byte" end
  if char == " " then return "a blank" end
  return char:find "%c" and "a control character" or "a character that is not ASCII"
end

local function check_text(given, ceiling)
  if type(given) ~= "string" then return nil, "must be a string, not a " .. type(given) end
  if given == "" then return nil, "is empty; give a value, or leave it out" end
  if #given > ceiling then return nil, ("is longer than %d bytes"):format(ceiling) end
  return given
end

---What a header line takes: CR and LF would begin another one (RFC 9110, section 5.5).
---@param given any
---@return string? text
---@return string? fault
function value.header(given)
  local text, fault = check_text(given, MAX_HEADER)
  if not text then return nil, fault end
  local at = find(text, "[^ -~]")
  if at then
    return nil, ("%s has %s at byte %d; in a header line only printable ASCII will do")
      :format(show(text), name_of_byte(text, at), at)
  end
  if find(text, "^ ") or find(text, " $") then
    return nil, show(text) .. " begins or ends with a blank; remove it"
  end
  return text
end

---A sandbox's technical name, not the title that the product shows.
---@param given any
---@return string? name
---@return string? fault
function value.sandbox(given)
  local text, fault = value.header(given)
  if not text then return nil, fault end
  if not find(text, "^[%w._-]+$") then
    return nil, show(text) .. " is no sandbox name: give the technical name (letters, digits and"
      .. ' hyphens), such as "dev"'
  end
  return text
end

---The path of a file. What is none may be a key, so it is not shown.
---@param given any
---@return string? path
---@return string? fault
function value.file(given)
  local text, fault = check_text(given, MAX_PATH)
  if not text then return nil, fault end
  if find(text, "%c") or find(text, "^{") or find(text, "-----BEGIN", 1, true) then
    return nil, "is no path but what a file may hold, such as a key: write it to a file that is its"
      .. " owner's alone (chmod 600), and give the path"
  end
  return text
end

---A number of seconds, also as text.
---@param given any
---@return number? seconds
---@return string? fault
function value.seconds(given)
  local number = given
  if type(given) == "string" then
    number = (match(given, "^%d+%.?%d*$") or match(given, "^%.%d+$")) and tonumber(given)
  end
  if type(number) == "number" and number >= MIN_SECONDS and number <= MAX_SECONDS then
    return number
  end
  return nil, ("%s is no number of seconds from %g to %d; give one such as 60")
    :format(show(given), MIN_SECONDS, MAX_SECONDS)
end

---A check for one of some words.
---@param ... string
---@return fun(given: any): string?, string?
function value.choice(...)
  local allowed, known = { ... }, {}
  for _, word in ipairs(allowed) do known[word] = true end
  return function(given)
    if known[given] then return given end
    return nil, show(given) .. " is none of: " .. table.concat(allowed, ", ")
  end
end

local function check_words(given)
  for _, word in ipairs(given) do
    local _, fault = check_text(word, MAX_COMMAND)
    if fault and word ~= "" then return nil, "has a word that " .. fault end
    if find(word, "%z") then return nil, "has a word with a NUL byte" end
  end
  if #given == 0 or given[1] == "" then return nil, "names no command" end
  return given
end

---A command and its arguments, as one text (cut by dps.words; no shell sees it) or as a list.
---@param given any
---@return string[]? words
---@return string? fault
function value.command(given)
  if type(given) == "table" then return check_words(given) end
  local text, fault = check_text(given, MAX_COMMAND)
  if not text then return nil, fault end
  local list, why = words.split(text)
  if not list then return nil, why end
  return check_words(list)
end

---OAuth scopes (RFC 6749, section 3.3): a text with commas or blanks between them, or a list.
---@param given any
---@return string? scopes  comma between them, as Adobe's IMS has it
---@return string? fault
function value.scopes(given)
  for i = 1, type(given) == "table" and #given or 0 do
    if type(given[i]) ~= "string" then return nil, "has an item that is no string" end
  end
  given = type(given) == "table" and table.concat(given, ",") or given
  local text, fault = check_text(given, MAX_HEADER)
  if not text then return nil, fault end
  local list = {}
  for scope in text:gmatch "[^%s,]+" do
    if find(scope, "[^!#-Z%[%]%^_-~]") then return nil, show(scope) .. " is no scope" end
    list[#list + 1] = scope
  end
  if #list == 0 then return nil, "names no scope" end
  return table.concat(list, ",")
end

-- URLs --------------------------------------------------------------------------------------------

local function is_octet(digits)
  return (digits == "0" or not find(digits, "^0")) and #digits <= 3 and tonumber(digits) <= 255
end

-- Exactly the loopback addresses and their one name; nothing that a resolver would have to explain.
local function is_loopback(host)
  if host == "localhost" or host == "[::1]" then return true end
  local a, b, c = match(host, "^127%.(%d+)%.(%d+)%.(%d+)$")
  return a ~= nil and is_octet(a) and is_octet(b) and is_octet(c)
end

local function check_authority(authority)
  if find(authority, "@", 1, true) then
    return nil, "names a user before the host; leave that out, the token is set on its own"
  end
  local host, rest = match(authority, "^(%[[%x:.]+%])(.*)$")
  if not host then host, rest = match(authority, "^([%w._-]+)(.*)$") end
  if not host then return nil, "names no host" end
  local port = rest == "" and 443 or tonumber(match(rest, "^:(%d%d?%d?%d?%d?)$"))
  if not port or port < 1 or port > 65535 then
    return nil, "may have nothing but a port from 1 to 65535 behind its host"
  end
  return host:lower(), rest
end

local function check_path(path)
  if find(path, "%%%X") or find(path, "%%%x%X") or find(path, "%%%x?$") then
    return nil, "has a % that is not followed by two hexadecimal digits"
  end
  for segment in path:gmatch "[^/]+" do
    if segment == "." or segment == ".." then return nil, 'has a "." or ".." in its path' end
  end
  return (path:gsub("/+$", ""))
end

local function split_url(text)
  local at = find(text, '[^!-~]') or find(text, '["<>\\^`{|}]')
  if at then
    local what = find(text, "^[^!-~]", at) and name_of_byte(text, at) or text:sub(at, at)
    return nil, ("has %s at byte %d"):format(what, at)
  end
  local scheme, authority, path = match(text, "^(%a[%w+.-]*)://([^/?#]*)(.*)$")
  scheme = scheme and scheme:lower()
  if scheme ~= "https" and scheme ~= "http" then
    return nil, 'must begin with "https://" (or "http://" for this machine itself)'
  end
  if find(path, "[?#]") then return nil, "has a query or a fragment; end it with the path" end
  return scheme, authority, path
end

---An https URL without a query, or an http one to this machine. Trailing slashes go.
---@param given any
---@return string? url
---@return string? fault
function value.url(given)
  local text, fault = check_text(given, MAX_URL)
  if not text then return nil, fault end
  local scheme, authority, path = split_url(text)
  if not scheme then return nil, authority end
  local host, port = check_authority(authority)
  if not host then return nil, port end
  path, fault = check_path(path)
  if not path then return nil, fault end
  if scheme == "http" and not is_loopback(host) then
    return nil, ("uses plain http to %s, where others could read the token; use https (http is for"
      .. " 127.0.0.1, [::1] and localhost)"):format(show(host))
  end
  return scheme .. "://" .. host .. port .. path
end

return value
