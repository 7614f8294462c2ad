-- dps.request: a call for what has no operation yet. It goes to the same base URL, with the same
-- headers, through the same gate as every operation; it checks the envelope and leaves the body to
-- the script.

local native = require "dps.native"
local err = require "dps.err"
local json = require "dps.json"
local options = require "dps.options"
local url = require "dps.url"

local request = {}

local METHODS = { GET = true, HEAD = true, POST = true, PUT = true, PATCH = true, DELETE = true }
local WITH_BODY = { POST = true, PUT = true, PATCH = true }
-- What identifies the call, what the answer is read as, and what frames the message.
local OURS = {
  ["authorization"] = true, ["x-api-key"] = true, ["x-gw-ims-org-id"] = true,
  ["x-sandbox-name"] = true, ["accept"] = true, ["accept-encoding"] = true, ["host"] = true,
  ["content-length"] = true, ["transfer-encoding"] = true, ["connection"] = true,
  ["keep-alive"] = true, ["expect"] = true, ["te"] = true, ["trailer"] = true,
  ["upgrade"] = true, ["proxy-authorization"] = true, ["proxy-connection"] = true,
}
local SCALARS = { string = true, number = true, boolean = true }

local function refuse(path, message)
  err.raise {
    kind = "invalid", operation = "request", problems = { { path = path, message = message } },
  }
end

local function check_method(method)
  if not METHODS[method] then
    refuse("method", "must be GET, HEAD, POST, PUT, PATCH or DELETE, in upper case")
  end
  return method
end

-- Below the base URL, always: neither another host nor a way up.
local function check_path(path)
  if type(path) ~= "string" or not path:find "^/[%w%-._~:/@!$&'()*+,;=%%]*$" then
    refuse("path", 'must begin with "/" and hold no "?", "#" or blanks, such as "/tags";'
      .. " it is added to the base URL")
  end
  if not url.stays_below(path) then
    refuse("path", 'must not hold "//", "." or ".." as a part, or an encoded "." or "/"')
  end
  return path
end

local function check_names(path, given, example)
  if given ~= nil and type(given) ~= "table" then
    refuse(path, "must be a table, such as " .. example)
  end
  for name in pairs(given or {}) do
    if type(name) ~= "string" then
      refuse(path, "must have names, such as " .. example)
    end
  end
end

-- One parameter, or one for each value of a list.
local function add_parameter(parameters, name, given)
  for _, value in ipairs(json.is_list(given) and given or { given }) do
    if not SCALARS[type(value)] then
      refuse("query." .. name, "must be a text, a number or a boolean, or a list of them")
    end
    parameters[#parameters + 1] = { name, value }
  end
end

local function query_text(given)
  check_names("query", given, "{ limit = 5 }")
  local parameters = {}
  for _, parameter in ipairs(url.parameters(given or {})) do
    add_parameter(parameters, parameter[1], parameter[2])
  end
  local text = url.query(parameters)
  return text == "" and "" or "?" .. text
end

-- A POST without a body says so by a length of 0 (RFC 9110, section 8.6).
local function body_text(method, body)
  if body ~= nil and method == "HEAD" then
    refuse("body", "goes with no HEAD request")
  end
  if body == nil then
    return WITH_BODY[method] and "" or nil
  elseif type(body) == "string" then
    return body
  end
  local text, why, path = json.encode(body)
  if not text then
    refuse("body" .. (path ~= "" and "." .. path or ""), why)
  end
  return text
end

local function header_line(name, value)
  if not name:find "^[%w!#$%%&'*+%-.^_`|~]+$" then
    refuse("headers", "a header's name may hold letters, digits and - only")
  end
  if OURS[name:lower()] then
    refuse("headers." .. name, "is set by dps itself")
  end
  if native.secret.is(value) then
    if not native.secret.is_text(value) then
      refuse("headers." .. name, "is a secret with a line break or another control character")
    end
    return native.secret.line(name, value)
  end
  if type(value) ~= "string" or value:find "[%c\x80-\xff]" or not value:find "%S" then
    refuse("headers." .. name, "must be a text of visible ASCII characters, without line ends")
  end
  return name .. ": " .. value
end

-- "Content-Type:" keeps libcurl from naming a form's type where there is no body.
local function header_lines(given, body)
  check_names("headers", given, '{ ["x-schema-id"] = "..." }')
  local lines, typed = {}, false
  for _, header in ipairs(url.parameters(given or {})) do
    local name, value = header[1], header[2]
    lines[#lines + 1] = header_line(name, value)
    typed = typed or name:lower() == "content-type"
  end
  if body and not typed then
    lines[#lines + 1] = body == "" and "Content-Type:" or "Content-Type: application/json"
  end
  return lines
end

---@class dps.RequestOptions  all of the request that dps does not add by itself
---@field method "GET"|"HEAD"|"POST"|"PUT"|"PATCH"|"DELETE"  in upper case
---@field path string  below the base URL, such as "/tags"
---@field query table<string, string|number|boolean|table>?  parameters; a list gives one for each
---  of its values
---@field body any  what is written as JSON; a string goes as it is
---@field headers table<string, string|dps.Secret>?  beside those of dps, which can't be set here

---Sends one request below the base URL and gives the decoded answer, for what has no call of its
---own yet. Raises as other calls do. In a dry run everything but GET and HEAD is only announced,
---and the answer is { dry = true }.
---@param client_of fun(): dps.Client
---@param given dps.RequestOptions  what to send
---@return any answer       decoded JSON; nil for an empty body
---@return integer? status
function request.send(client_of, given)
  options.check("request", given, { "method", "path", "query", "body", "headers" })
  if given == nil then
    refuse("method", 'is missing; write dps.request{ method = "GET", path = "/tags" }')
  end
  local intent = {
    verb = "request", operation = "request", method = check_method(given.method),
    target = check_path(given.path) .. query_text(given.query), value = given.body,
    body = body_text(given.method, given.body),
  }
  intent.name = intent.method .. " " .. intent.target
  intent.headers = header_lines(given.headers, intent.body)
  local answer, status = client_of():call(intent)
  return answer, status
end

return request
