-- The bodies that the library answers with: receipts and entities (contract 1.0), problems and
-- gateway errors (contract 4.1). Text in, text out; never looks into the database.

local date = require "dps.date.wire"
local json = require "dps.json"

local answer = {}

---@class dps.library.Answer
---@field status integer
---@field headers table<string, string>
---@field body string

---@class dps.library.Context  what is known of the request that is being answered
---@field request_id string
---@field now integer             milliseconds since the epoch
---@field org string?             these four once the headers have been checked
---@field client string?
---@field actor string?
---@field sandbox dps.library.Sandbox?
---@field settings table<string, any>?  of dps.library.switches

local TITLES = {
  [400] = "BadRequestError",
  [404] = "Not Found",
  [405] = "Method Not Allowed",
  [409] = "Conflict",
  [413] = "Payload Too Large",
  [412] = "Precondition Failed",
  [422] = "Unprocessable Entity",
  [429] = "RequestRateTooLarge",
  [500] = "Internal Server Error",
  [503] = "Service Unavailable",
}
---The error statuses that the library gives, in order.
---@return integer[]
function answer.statuses()
  local found = { 401, 403 }
  for status in pairs(TITLES) do
    found[#found + 1] = status
  end
  table.sort(found)
  return found
end

local SERVICE = "dps-local"
local CODE = "DPS-LOCAL-%d"

-- What came in a header or a path can be no UTF-8, and JSON has nothing else.
local function clean(value)
  return value and (utf8.len(value) and value or value:gsub("[\x80-\xFF]", "?"))
end

local function text(value)
  return json.encode(value) or json.encode(clean(value))
end

---@param media? string  nil when there is no body
---@return dps.library.Answer
local function make(context, status, body, media)
  return {
    status = status,
    headers = { ["x-request-id"] = context.request_id, ["Content-Type"] = media },
    body = body,
  }
end

---@param context dps.library.Context
---@param body string  JSON
---@return dps.library.Answer
function answer.json(context, status, body)
  return make(context, status, body, "application/json")
end

---@param context dps.library.Context
---@return dps.library.Answer
function answer.empty(context, status)
  return make(context, status, "")
end

---An error of the gateway, family G.
---@param code string  its first three digits are the HTTP status
---@return dps.library.Answer
function answer.gateway(context, code, message)
  local body = ('{"error_code":%s,"message":%s}'):format(text(code), text(message))
  return answer.json(context, tonumber(code:sub(1, 3)), body)
end

local function report(context, problems)
  local sandbox = context.sandbox or {}
  return {
    tenantInfo = {
      sandboxName = sandbox.name,
      sandboxId = sandbox.id,
      imsOrgId = clean(context.org),
    },
    additionalContext = { problems = problems and json.array(problems) },
    requestId = context.request_id,
  }
end

---An error of the service, family P.
---@param context dps.library.Context
---@param detail string  what is wrong, for people
---@param extra? {problems: dps.Problem[]?, headers: table<string, string>?}
---@return dps.library.Answer
function answer.problem(context, status, detail, extra)
  local code = CODE:format(status)
  local result = make(context, status, json.encode({
    type = "https://ns.adobe.com/aep/errors/" .. code,
    title = TITLES[status],
    status = status,
    detail = clean(detail),
    report = report(context, extra and extra.problems),
    ["error-chain"] = { {
      serviceId = SERVICE,
      errorCode = code,
      invokingServiceId = SERVICE,
      unixTimeStampMs = context.now,
    } },
  }, { sorted = true }), "application/problem+json")
  for name, value in pairs(extra and extra.headers or {}) do
    result.headers[name] = value
  end
  return result
end

-- What is written in one moment is written a hundred times in a row.
local last_moment, last_text

local function in_utc(moment)
  if moment ~= last_moment then
    last_moment, last_text = moment, date.format_z(moment)
  end
  return last_text
end

local RECEIPT = '{"etag":%d,"id":%s,"sandboxId":%s,"createdBy":%s,"lastModifiedBy":%s,'
  .. '"createdDate":"%s",'
  .. '"lastModifiedDate":"%s","createdByClientId":%s,"lastModifiedByClientId":%s}'

---What a write returns.
---@param object dps.library.Object
---@param sandbox dps.library.Sandbox
---@return string JSON
function answer.receipt(object, sandbox)
  return RECEIPT:format(object.etag, text(object.id), text(sandbox.id), text(object.created_by),
    text(object.modified_by), in_utc(object.created), in_utc(object.modified),
    text(object.created_client), text(object.modified_client))
end

local ENTITY = '{"created":"%s","modified":"%s","etag":%d,%s"createdBy":%s,'
  .. '"lastModifiedBy":%s,"id":%s'

---What a read returns. The stored body is JSON already and goes in as it is.
---@param object dps.library.Object
---@param utc "Z"|nil  how moments end: the newer resources say Z, the others +00:00 (contract 1.0)
---@return string JSON
function answer.entity(object, utc)
  local created, modified = object.created, object.modified
  local format = utc and date.format_z or date.format
  local first = format(created)
  local last = modified == created and first or format(modified)
  local schemas = object.schema ~= "" and '"schemas":[' .. text(object.schema) .. "]," or ""
  local head = ENTITY:format(first, last, object.etag, schemas,
    text(object.created_by), text(object.modified_by), text(object.id))
  return head .. (object.body == "{}" and "}" or "," .. object.body:sub(2))
end

---Adds the etag as a header, where the library is told to.
---@param context dps.library.Context
---@param object dps.library.Object
---@param result dps.library.Answer
---@return dps.library.Answer result
function answer.tagged(context, object, result)
  if context.settings.etag_header then
    result.headers.ETag = ('"%d"'):format(object.etag)
  end
  return result
end

---The names that an entity or receipt has beside the resource's own fields; nobody can write them.
answer.envelope = {
  id = true, etag = true, schemas = true, sandboxId = true, created = true, modified = true,
  createdBy = true, lastModifiedBy = true, createdDate = true, lastModifiedDate = true,
  createdByClientId = true, lastModifiedByClientId = true,
}

return answer
