-- The body of a request: its media type, its size, its JSON, and whether it is what the verb takes.

local answer = require "dps.library.answer"
local gateway = require "dps.library.gateway"
local json = require "dps.json"

local body = {}

local BAD_TYPE = "A valid content-type must be specified"
local TOO_LARGE = "the body is larger than the local library takes"

---@return any value  nil when the body can't be used
---@return dps.library.Answer? refusal
local function read(context, request)
  if request.too_large then
    return nil, answer.problem(context, 413, TOO_LARGE)
  elseif not gateway.is_json(request.headers, request.method, context.settings.strict_media) then
    return nil, answer.problem(context, 400, BAD_TYPE)
  end
  local value, message = json.decode(request.body)
  if value == nil then
    return nil, answer.problem(context, 400, "the body is not JSON: " .. tostring(message))
  end
  return value
end

---@param value any
---@return boolean
function body.is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

---@param context dps.library.Context
---@param request dps.library.Request
---@return table|nil object
---@return dps.library.Answer? refusal
function body.object(context, request)
  local value, refusal = read(context, request)
  if not refusal and not body.is_object(value) then
    refusal = answer.problem(context, 400, "the body must be a JSON object")
  end
  return not refusal and value or nil, refusal
end

---@param context dps.library.Context
---@param request dps.library.Request
---@return table[]|nil operations
---@return dps.library.Answer? refusal
function body.operations(context, request)
  local value, refusal = read(context, request)
  if not refusal and not json.is_array(value) then
    refusal = answer.problem(context, 400, "the body must be a JSON array of RFC 6902 operations")
  end
  return not refusal and value or nil, refusal
end

return body
