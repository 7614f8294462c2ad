-- Error objects: the one shape in which every operation of dps fails. This file makes them, raises
-- them with the script's own file and line, and words them for people (one line or a block).
-- It never decides what is an error, never retries, and never holds a token or a key.

local err = {}

local getinfo = debug.getinfo
local find, format, gsub, sub = string.find, string.format, string.gsub, string.sub

---What went wrong, in one word.
---@alias dps.ErrorKind
---| "invalid"    # the table is wrong; nothing was sent
---| "auth"       # 401, 403
---| "conflict"   # 409, 412
---| "http"       # any other status that is not 2xx
---| "transport"  # no answer: name look-up, connection, TLS, reset
---| "timeout"    # no answer in time
---| "decode"     # an answer that is not what the service documents
---| "cancelled"  # the task or the run was stopped
---| "limit"      # a ceiling was reached (also an answer above its ceiling)
---| "refused"    # dps itself declined: settings, safety rules
---| "unknown"    # a write whose fate is not known

---One thing that is wrong.
---@class dps.Problem
---@field path string      where in the table, such as `representations[1].components[2].format`
---@field message string   what is wrong, what is allowed, what to do

---What a call raises and `pcall` catches. `tostring(err)` is one line. An error that nobody catches
---ends the script and is told as a block that ends with what to do.
---@class dps.Error
---@field kind dps.ErrorKind      what went wrong
---@field message string          the same for people, without a line end
---@field status integer?         HTTP status of the last answer; never invented
---@field problems dps.Problem[]? all of them at once (kind "invalid")
---@field attempts integer?       how often the request was sent
---@field request_id string?      the service's id of the request
---@field retryable boolean?      whether the same call may succeed later
---@field sent "no"|"maybe"|"yes"|nil  whether the service can have seen the request
---@field body string?            the answer as it came, known secrets hidden
---@field where string?           the script's own position, such as "campaign.lua:12"
---@field operation string?       such as "create_fallback"
---@field resource string?        such as "fallback offer"
---@field name string?            the name of the object concerned
---@field reason string?          one word of a closed list, of a signature dps.SignatureReason
---@field hint string?            what to do, when the general hint would be poorer

local KINDS = {
  invalid = true, auth = true, conflict = true, http = true, transport = true, timeout = true,
  decode = true, cancelled = true, limit = true, refused = true, unknown = true,
}

local FIELDS = {
  kind = true, message = true, status = true, problems = true, attempts = true,
  request_id = true, retryable = true, sent = true, body = true, where = true,
  operation = true, resource = true, name = true, reason = true, hint = true,
}

local FAILED = "the service failed: before a create is sent again, look whether the object exists"

-- What to do, by what went wrong: the status where it says more than the kind.
local HINTS = {
  [400] = "the service refused the request as it is: compare the fields with the message above",
  [401] = "the access token is missing, expired or not valid here: get a new one and set"
    .. " DPS_ACCESS_TOKEN",
  [403] = "the credential may not do this in this sandbox: add it to a role with the right"
    .. " (such as Manage offers), and check DPS_SANDBOX, DPS_IMS_ORG and DPS_API_KEY",
  [404] = "check the id and the sandbox (DPS_SANDBOX); the object may have been deleted",
  [409] = "somebody else changed it at the same moment: read it again, then repeat the change",
  [412] = "it changed since it was read: read it again, then repeat the change",
  [422] = "the service understood the request but not its values: see the message above",
  [429] = "too many calls at once: wait a little, then run the rest with fewer in flight (a smaller"
    .. " at_once of dps.each)",
  [500] = FAILED,
  [502] = FAILED,
  [503] = "the service is not available now: try again later; before a create is sent again, look"
    .. " whether the object exists",
  [504] = FAILED,
  invalid = "correct the table at this line and run the script again; nothing was sent",
  auth = "check the access token, and the rights of the credential in this sandbox",
  conflict = "somebody else changed it at the same moment: read it again, then repeat the change",
  http = "see the service's message above; its support asks for the request id",
  transport = "check the network, DPS_BASE_URL and the proxy settings, then run it again",
  timeout = "try again later; DPS_TIMEOUT and DPS_CONNECT_TIMEOUT (seconds) allow more time",
  decode = "the answer was not the service's own: check DPS_BASE_URL and any proxy in between",
  cancelled = "the run was stopped before this call was done",
  limit = "a ceiling was reached: raise it if that much is intended",
  refused = "dps declined by itself and sent nothing: change the setting named above",
  unknown = "it may or may not exist now: look for it by name before it is sent again",
}

-- A second net: secrets live in C and do not get here, but a service may echo what it was sent.
local SECRETS = {
  "([Bb][Ee][Aa][Rr][Ee][Rr]%s+)([%w%-%._~%+/]+)",
  "(access_token[\"']?%s*[:=]%s*[\"']?)([^\"'%s&,}]+)",
  "(refresh_token[\"']?%s*[:=]%s*[\"']?)([^\"'%s&,}]+)",
  "(client_secret[\"']?%s*[:=]%s*[\"']?)([^\"'%s&,}]+)",
}
local SHORTEST_SECRET = 12
local LINE_CEILING, NAME_CEILING, SUMMARY_CEILING = 2000, 80, 3

local function hide_token(label, token)
  if #token >= SHORTEST_SECRET then
    return label .. "[hidden]"
  end
end

local function hide_secrets(text)
  for _, pattern in ipairs(SECRETS) do
    text = gsub(text, pattern, hide_token)
  end
  return text
end

local function show_control(char)
  return format("\\x%02x", char:byte(-1))
end

-- One line that can be shown on any terminal, whatever a service or a script put into it.
local function fold(text, ceiling)
  ceiling = ceiling or LINE_CEILING
  if #text > ceiling then
    local cut = ceiling
    while cut > 1 and find(text, "^[\x80-\xBF]", cut + 1) do
      cut = cut - 1
    end
    text = sub(text, 1, cut) .. "..."
  end
  text = gsub(text, "[\t\r\n]%s*", " ")
  text = gsub(text, "\xC2[\x80-\x9F]", show_control)
  return (gsub(text, "%c", show_control))
end

local function problem_line(problem)
  if problem.path == nil or problem.path == "" then
    return problem.message
  end
  return problem.path .. ": " .. problem.message
end

local function summary(problems)
  local lines = {}
  for i = 1, math.min(#problems, SUMMARY_CEILING) do
    lines[i] = problem_line(problems[i])
  end
  local rest = #problems - #lines
  if rest > 0 then
    lines[#lines + 1] = "and " .. rest .. " more"
  end
  return table.concat(lines, "; ")
end

-- Whether the message says of itself all that stands in the problems.
local function tells_all(self)
  for _, problem in ipairs(self.problems) do
    if not find(self.message, problem_line(problem), 1, true) then
      return false
    end
  end
  return true
end

-- `create_fallback "Summer sale" failed`
local function headline(self)
  if not self.operation then
    return nil
  end
  local name = self.name and format(' "%s"', fold(self.name, NAME_CEILING)) or ""
  return self.operation .. name .. " failed"
end

local function one_line(self)
  local line = self.kind .. ": " .. fold(self.message)
  if self.status and self.problems and not tells_all(self) then
    line = line .. "; " .. fold(summary(self.problems))
  end
  local head = headline(self)
  if head then
    line = head .. ": " .. line
  end
  return self.where and self.where .. ": " .. line or line
end

local metatable = { __name = "dps.error", __tostring = one_line }

local function check_fields(fields)
  if not KINDS[fields.kind] then
    error("dps bug: unknown error kind " .. tostring(fields.kind), 3)
  end
  for key in pairs(fields) do
    if not FIELDS[key] then
      error("dps bug: unknown error field " .. tostring(key), 3)
    end
  end
end

---Makes an error object; does not raise it. An unknown kind or field is a bug and raises a string.
---Without a message, the message is made of the problems.
---@param fields table  kind and the fields of dps.Error
---@return dps.Error
function err.new(fields)
  check_fields(fields)
  local self = {}
  for key, value in pairs(fields) do
    self[key] = value
  end
  local message = self.message or self.problems and summary(self.problems) or self.kind
  self.message = hide_secrets(tostring(message))
  self.body = self.body and hide_secrets(self.body)
  self.hint = self.hint and hide_secrets(self.hint)
  return setmetatable(self, metatable)
end

---Whether `value` is an error object of dps, and of this kind if one is given.
---@param value any
---@param kind dps.ErrorKind?
---@return boolean
function err.is(value, kind)
  if type(value) ~= "table" or not rawequal(getmetatable(value), metatable) then
    return false
  end
  return kind == nil or value.kind == kind
end

-- Chunks of the library itself share the folder of this file: "@dps/", or a path when unpacked.
local OWN = gsub(getinfo(1, "S").source, "err%.lua$", "")

local function position(info)
  local source = info.source
  local first = sub(source, 1, 1)
  local chunk = (first == "@" or first == "=") and sub(source, 2) or info.short_src
  return chunk .. ":" .. info.currentline
end

---The script's own position: the innermost Lua frame of the running coroutine outside of dps.
---@return string|nil  such as "campaign.lua:12"; nil where no script is on the stack
function err.where()
  local level = 2
  local info = getinfo(level, "Sl")
  while info do
    if info.what ~= "C" and sub(info.source, 1, #OWN) ~= OWN then
      return position(info)
    end
    level = level + 1
    info = getinfo(level, "Sl")
  end
  return nil
end

---Makes an error object, adds where the script stands, and raises it.
---@param fields table  as for err.new
function err.raise(fields)
  local self = err.new(fields)
  self.where = self.where or err.where()
  error(self, 0)
end

---Raises kind "invalid" for a call that is wrong in itself, whatever it is about.
---@param message string  begins with the function's name
function err.misuse(message)
  err.raise { kind = "invalid", message = message, hint = "correct this call" }
end

-- `create_fallback failed for fallback offer "Summer sale"`, as much of it as is known. Before
-- there is an operation nothing has failed: a setting, a file or an option is declined.
local function block_title(self)
  local where = self.where and self.where .. ": " or ""
  if not self.operation then
    return self.problems and where .. self.kind or one_line(self)
  end
  local what = {}
  what[1] = self.resource
  what[#what + 1] = self.name and format('"%s"', fold(self.name, NAME_CEILING))
  local object = #what > 0 and " for " .. table.concat(what, " ") or ""
  return where .. self.operation .. " failed" .. object
end

local function add_wrongs(lines, self)
  for _, problem in ipairs(self.problems or {}) do
    lines[#lines + 1] = "  " .. fold(problem_line(problem))
  end
  local more = self.status and not (self.problems and tells_all(self))
  if self.operation and (#lines == 1 or more) then
    lines[#lines + 1] = "  " .. self.kind .. ": " .. fold(self.message)
  end
end

local SENT = {
  no = "the service did not get the request",
  maybe = "the service may have got the request",
  yes = "the service got the request",
}

local function add_answer(lines, self)
  local parts = {}
  if self.status then
    parts[#parts + 1] = "HTTP status " .. self.status
  end
  if self.request_id then
    parts[#parts + 1] = "request id " .. fold(self.request_id, NAME_CEILING)
  end
  if self.attempts and self.attempts > 1 then
    parts[#parts + 1] = self.attempts .. " attempts"
  end
  if self.sent and not self.status then
    parts[#parts + 1] = SENT[self.sent]
  end
  if #parts > 0 then
    lines[#lines + 1] = "  " .. table.concat(parts, ", ")
  end
end

---What to do about an error: its own hint, or the general one for its status or kind.
---@param self dps.Error
---@return string
function err.hint(self)
  local by_status = self.kind ~= "unknown" and HINTS[self.status]
  return self.hint or by_status or HINTS[self.kind]
end

---The error as several lines for people: where and what failed, each thing that was wrong,
---what the service said, what to do. Any other value is given as text.
---@param self dps.Error|any
---@return string  without a newline at the end
function err.block(self)
  if not err.is(self) then
    return tostring(self)
  end
  local lines = { block_title(self) }
  add_wrongs(lines, self)
  add_answer(lines, self)
  lines[#lines + 1] = "what to do: " .. fold(err.hint(self))
  return table.concat(lines, "\n")
end

return err
