-- A message as scripts write it, or as a capture shows it, made into the one shape that the signing
-- code takes (src/lua_message.h). Pure; verifies nothing.

local capture = require "dps.capture"
local err = require "dps.err"
local options = require "dps.options"

local message = {}

---A request or a response, as a table.
---@class dps.Message
---@field method string?    a request's
---@field url string?       a request's: absolute, as its sender had it
---@field status integer?   a response's
---@field headers table     { ["content-type"] = "..." }, a value may be a list; or a list of
---                         "Name: value" or { name, value }
---@field body string|false|nil  false: not known, so no Content-Digest is checked
---@field request dps.Message?   what a response answers

local KNOWN = { "method", "url", "status", "headers", "body", "request" }
local LINE = "^([^:%s]+):[ \t]*(.-)[ \t]*$"

local function entry_of(where, given)
  if type(given) == "string" and given:find(LINE) then
    return { given:match(LINE) }
  elseif type(given) == "table" and type(given[1]) == "string" and type(given[2]) == "string" then
    return { given[1], given[2] }
  end
  err.misuse(where .. ' must be a line such as "Content-Type: application/json", or'
    .. " { name, value }")
end

local function add_named(list, where, name, value)
  if type(name) ~= "string" then
    err.misuse(where .. " mixes names and numbers")
  elseif type(value) == "string" or math.type(value) == "integer" then
    list[#list + 1] = { name, tostring(value) }
    return
  elseif type(value) ~= "table" then
    err.misuse(("%s.%s must be a string, not a %s"):format(where, name, type(value)))
  end
  for _, one in ipairs(value) do
    add_named(list, where, name, one)
  end
end

local function headers_of(where, given)
  if type(given) ~= "table" then
    err.misuse(where .. " must be a table, got " .. type(given))
  end
  local list = {}
  if given[1] ~= nil then
    for i, one in ipairs(given) do
      list[i] = entry_of(("%s[%d]"):format(where, i), one)
    end
    return list
  end
  for name, value in pairs(given) do
    add_named(list, where, name, value)
  end
  return list
end

local function check_kind(where, given)
  if given.status == nil and (type(given.method) ~= "string" or type(given.url) ~= "string") then
    err.misuse(where .. " needs method and url (a request), or status (a response)")
  elseif given.url and not given.url:find "^%a[%w+.-]*://[^/]" then
    err.misuse(("%s.url must be absolute, such as https://host/path; it is %q"):format(where,
      given.url))
  elseif given.status and math.type(given.status) ~= "integer" then
    err.misuse(where .. ".status must be a whole number")
  end
end

local function of_table(where, given)
  options.check(where, given, KNOWN)
  check_kind(where, given)
  if given.body and type(given.body) ~= "string" then
    err.misuse(where .. ".body must be the exact bytes, as a string, not a " .. type(given.body))
  end
  return {
    method = given.method, target_uri = given.url, status = given.status, body = given.body,
    headers = headers_of(where .. ".headers", given.headers or {}),
    request = given.request and of_table(where .. ".request", given.request),
  }
end

---@class dps.signature.Addressing  what a capture does not say of itself
---@field url string?     the whole URL, instead of Host and target
---@field scheme string?  "https" when not given
---@field response boolean?  the response of a capture that shows both

local function of_message(captured, given)
  local made = { headers = captured.fields, body = captured.body or false, start = captured.start }
  if captured.status then
    made.status = captured.status
    return made
  end
  made.method = captured.method
  local url, wrong = given.url, nil
  if not url then
    url, wrong = capture.url(captured, given.scheme)
  end
  made.target_uri = url
  return url and made, wrong
end

---@param captured dps.Capture
---@param given dps.signature.Addressing
---@return table|nil  as native.verify_message takes it
---@return string? message
function message.of_capture(captured, given)
  local request, wrong
  if captured.request then
    request, wrong = of_message(captured.request, given)
  end
  if captured.response and (given.response or not captured.request) then
    local made = of_message(captured.response, given)
    made.request = request or nil
    return made
  elseif given.response then
    return nil, "the capture shows no response"
  end
  return request or nil, wrong
end

---Header fields and body alone, out of a table or the text of a capture.
---@param name string  the calling function's
---@param given {headers: table, body: string}|string
---@return {[1]: string, [2]: string}[] headers
---@return string body
function message.parts(name, given)
  if type(given) == "string" then
    local captured, wrong = capture.parse(given)
    local one = captured and (captured.request or captured.response)
    if not one or not one.body then
      err.misuse(("%s: the message can't be read: %s"):format(name, wrong or "it shows no body"))
    end
    return one.fields, one.body
  elseif type(given) ~= "table" or type(given.body) ~= "string" then
    err.misuse(name .. ": the message must be a table with headers and body, or the text of one")
  end
  return headers_of(name .. ": message.headers", given.headers), given.body
end

---A message out of what a script passes: a table, or the text of a capture.
---@param name string  the calling function's
---@param given dps.Message|string
---@param addressing dps.signature.Addressing
---@return table  as native.verify_message takes it; raises kind "invalid" for what is none
function message.check(name, given, addressing)
  if type(given) == "table" then
    return of_table(name .. ": message", given)
  elseif type(given) ~= "string" then
    err.misuse(name .. ": the message must be a table, or the text of one, got " .. type(given))
  end
  local captured, wrong = capture.parse(given)
  local made
  if captured then
    made, wrong = message.of_capture(captured, addressing)
  end
  return made or err.misuse(name .. ": the message can't be read: " .. wrong)
end

return message
