-- The request journal (dps serve --journal): a JSON line for each request, with what came of it and
-- what was found out about its signature. No header, no body, and so no secret gets into it.

local date = require "dps.date"
local json = require "dps.json"

local journal = {}

---@class dps.library.Journal
---@field file file*
local Journal = {}
Journal.__index = Journal

---@param path string  appended to
---@return dps.library.Journal|nil
---@return string? message
function journal.open(path)
  local file, why = io.open(path, "ab")
  if not file then
    return nil, ("the journal %s can't be written: %s"):format(path, why:gsub("^.-: ", ""))
  end
  return setmetatable({ file = file }, Journal)
end

local function clean(text)
  return text and (utf8.len(text) and text or text:gsub("[\x80-\xff]", "?"))
end

-- A query may carry what is no business of a journal's, but for the service's own parameters.
local function target_of(target)
  return clean(target:find "^/data/core/" and target or target:gsub("%?.*$", ""))
end

---@param request dps.library.Request
---@param answer dps.library.Answer
---@param now integer  milliseconds since 1970
---@param signature dps.library.SignedResult?
function Journal:write(request, answer, now, signature)
  local checked = signature and (signature.reason or signature.checked)
  self.file:write(json.encode({
    time = date.format_z(now), method = clean(request.method), target = target_of(request.target),
    status = answer.status, request_id = clean((answer.headers or {})["x-request-id"]),
    sandbox = clean(request.headers["x-sandbox-name"]),
    signature = checked and (signature.reason or "valid") or nil,
    detail = checked and clean(signature.detail) or nil,
    keyid = checked and clean(signature.keyid) or nil,
  }, { sorted = true }), "\n")
end

---What was written is on its way to the disk.
function Journal:flush()
  self.file:flush()
end

return journal
