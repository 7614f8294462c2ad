-- What dps.each tells: a line for each row that failed, and the summary; for people, or as JSON
-- lines for programs. It counts nothing and decides nothing.

local err = require "dps.err"
local json = require "dps.json"
local run = require "dps.run"

local say = {}

local SORTED = { sorted = true }

---@class dps.each.Told     what a summary is made of
---@field name string       what messages call the rows
---@field result dps.each.Result

---What a failure says, whatever was raised.
---@param failure any
---@return string
function say.words(failure)
  if err.is(failure) then return failure.message end
  return tostring(failure)
end

local function label(row)
  local name = type(row) == "table" and (row.name or row.id) or row
  return type(name) == "string" and name:sub(1, 80) or nil
end

---Where a row stands: "offers.csv:12"; "rows, row 12" where it has no line.
---@param name string  of the rows
---@param seat { line: integer?, number: integer }
---@return string
function say.place(name, seat)
  return seat.line and ("%s:%d"):format(name, seat.line)
    or ("%s, row %d"):format(name, seat.number)
end

local function failure_for_programs(name, seat)
  return json.encode({ row = { source = name, line = seat.line, name = label(seat.row),
    status = seat.status, error = say.words(seat.failure),
    kind = err.is(seat.failure) and seat.failure.kind or nil } }, SORTED) or "{}"
end

local function failure_for_people(seat)
  local text, at = say.words(seat.failure), seat.place .. ": "
  if text:sub(1, #at) == at then text = text:sub(#at + 1) end
  local what = label(seat.row)
  return at .. (what and what .. ": " or "") .. seat.status .. ": " .. text:gsub("%s*\n%s*", " ")
end

---A row that failed.
---@param name string  of the rows
---@param seat dps.each.Seat
function say.failure(name, seat)
  io.stderr:write(run.json and failure_for_programs(name, seat) or failure_for_people(seat), "\n")
end

local LAST = { failed = 1, unknown = 2 }

local function sorted_statuses(counts)
  local names = {}
  for name in pairs(counts) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    local x, y = LAST[a] or 0, LAST[b] or 0
    if x ~= y then return x < y end
    return a < b
  end)
  return names
end

local function summary_for_programs(told)
  return json.encode({ rows = { source = told.name, total = told.result.total,
    counts = told.result.counts } }, SORTED)
end

local function summary_for_people(told)
  local result, parts = told.result, {}
  for i, name in ipairs(sorted_statuses(result.counts)) do
    parts[i] = ("%d %s"):format(result.counts[name], name)
  end
  return ("%s: %d row%s%s%s"):format(told.name, result.total, result.total == 1 and "" or "s",
    #parts > 0 and ": " or "", table.concat(parts, ", "))
end

---A dry run writes no results.
---@param out string|dps.rows.Writer  where they would go
function say.left_alone(out)
  if run.quiet or run.json then return end
  local path = type(out) == "string" and out or out.path
  io.stderr:write(("dry run: %s is left as it is\n"):format(path))
end

---How it ended.
---@param told dps.each.Told
function say.summary(told)
  if run.quiet then return end
  io.stderr:write((run.json and summary_for_programs or summary_for_people)(told), "\n")
end

return say
