-- If-Match (RFC 9110 section 13.1.1) against an object's etag. dps documents none; the predecessor
-- took `If-Match: "<etag>"` and answered 409 (contract 3). A bare number is taken too. Pure.

local answer = require "dps.library.answer"

local precondition = {}

local function holds(header, etag)
  for tag in (header .. ","):gmatch "%s*([^,]-)%s*," do
    local plain = tag:gsub("^W/", ""):gsub('^"(.*)"$', "%1")
    if tag == "*" or plain == tostring(etag) then
      return true
    end
  end
  return false
end

---@param context dps.library.Context
---@param request dps.library.Request
---@param row dps.library.Object
---@return dps.library.Answer|nil  nil: it holds, or there is none
function precondition.refusal(context, request, row)
  local header, status = request.headers["if-match"], context.settings.if_match
  if not header or status == "ignore" or holds(header, row.etag) then
    return nil
  end
  local text = "the object has changed: its etag is %d, and If-Match says %s"
  return answer.problem(context, status, text:format(row.etag, header))
end

return precondition
