-- How many requests a second are answered, where that is limited. Adobe publishes no rate for dps
-- (contract 6); the shape of the refusal is that of other AEP services (contract 4.2). Pure.

local answer = require "dps.library.answer"

local rate = {}

---@class dps.library.Rate  a bucket that fills with time
---@field limit integer  requests a second, and how many at once
---@field left number
---@field at integer?    when it was last filled, in milliseconds

---@param limit integer?  nil: no limit
---@return dps.library.Rate|nil
function rate.new(limit)
  return limit and { limit = limit, left = limit } or nil
end

---@param bucket dps.library.Rate?
---@param context dps.library.Context
---@return dps.library.Answer|nil  nil: the request may go on
function rate.refusal(bucket, context)
  if not bucket then
    return nil
  end
  local passed = math.max(0, context.now - (bucket.at or context.now)) / 1000
  bucket.left, bucket.at = math.min(bucket.limit, bucket.left + passed * bucket.limit), context.now
  if bucket.left >= 1 then
    bucket.left = bucket.left - 1
    return nil
  end
  return answer.problem(context, 429, ("more than %d requests a second"):format(bucket.limit),
    { headers = { ["Retry-After"] = "1" } })
end

return rate
