-- The columns in which dps.each notes what became of a row: names that no table of offers has by
-- itself, so that nothing of the user's is overwritten, and a file that has them can be the input
-- of the next run.

local values = require "dps.schema.value"

local results = {}

results.STATUS, results.ID, results.ERROR = "dps_status", "dps_id", "dps_error"
results.names = { results.STATUS, results.ID, results.ERROR }

local OWN = { [results.STATUS] = true, [results.ID] = true, [results.ERROR] = true }
local NOT_DONE = { [""] = true, failed = true, unknown = true }

---@param name any
---@return boolean
function results.is_name(name)
  return OWN[name] or false
end

---What an earlier run noted of a row.
---@param row any
---@return string?  "" where it was not begun; nil where no run noted anything
function results.status(row)
  local status = type(row) == "table" and rawget(row, results.STATUS) or nil
  if status == nil or values.is_null(status) then return nil end
  return tostring(status)
end

---Whether there is nothing left to do.
---@param status string?
---@return boolean
function results.is_done(status)
  return status ~= nil and not NOT_DONE[status]
end

---The row as it was before any run; the same table where it has none of these columns.
---@param row any
---@return any
function results.without(row)
  local has = false
  for _, name in ipairs(results.names) do
    has = has or type(row) == "table" and rawget(row, name) ~= nil
  end
  if not has then return row end
  local copy = setmetatable({}, getmetatable(row))
  for name, value in next, row do
    if not OWN[name] then copy[name] = value end
  end
  return copy
end

return results
