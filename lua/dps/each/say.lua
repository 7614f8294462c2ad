-- What dps.each tells: a line for each row that failed, and the summary; for people, or as JSON
-- lines for programs. It counts nothing and decides nothing.

local err = require "dps.err"
local json = require "dps.json"
local run = require "dps.run"

local say = {}

local SORTED = { sorted = true }

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
  return json.encode({ rows = {
    source = told.name, total = told.result.total, counts = told.result.counts, ended = told.ended,
    left = told.left, results = told.out and told.out.path, whole = told.out and told.whole,
  } }, SORTED)
end

local function left_words(told)
  if not told.ended or told.left == 0 then return "" end
  return told.left and ("; %d not begun"):format(told.left) or "; the rest was not begun"
end

local function summary_for_people(told)
  local result, parts = told.result, {}
  for i, name in ipairs(sorted_statuses(result.counts)) do
    parts[i] = ("%d %s"):format(result.counts[name], name)
  end
  return ("%s: %s%d row%s%s%s%s"):format(told.name, told.ended and told.ended .. ": " or "",
    result.total, result.total == 1 and "" or "s", #parts > 0 and ": " or "",
    table.concat(parts, ", "), left_words(told))
end

-- How to go on where something is left to do.
local function advice(told)
  local result = told.result
  if not told.ended and result.failed + result.unknown == 0 then return nil end
  if not told.out then
    return told.ended and "before it is run again, take out the rows that are done, or ensure"
      .. " instead of create; { out = \"results.csv\" } notes what is done" or nil
  elseif told.out.broken then
    return ("%s has what became of %d rows only"):format(told.out.path, told.out:count())
  elseif not told.whole then
    return ("%s has what became of the rows that were begun; the rest is not in it"):format(
      told.out.path)
  end
  return ("%s has all rows and what became of them: %srun the script again with it in their place,"
    .. " and what is done is skipped"):format(told.out.path,
      result.failed > 0 and "correct those that failed, then " or "")
end

-- How to do so without meeting the same again.
local function slower(told)
  if told.turned == 0 then return nil end
  return ("%d row%s turned away because too many calls came at once (429): wait a little, and let"
    .. " fewer be on their way, { at_once = %d }"):format(told.turned,
      told.turned == 1 and " was" or "s were", math.max(told.at_once // 4, 1))
end

---How it ended, and how to go on.
---@param told dps.each.Told
function say.summary(told)
  if run.quiet then return end
  if run.json then
    io.stderr:write(summary_for_programs(told), "\n")
    return
  end
  io.stderr:write(summary_for_people(told), "\n")
  for _, what in pairs { advice(told) or false, slower(told) or false } do
    io.stderr:write(what and "what to do: " .. what .. "\n" or "")
  end
end

---A dry run writes no results.
---@param out string|dps.rows.Writer  where they would go
function say.left_alone(out)
  if run.quiet or run.json then return end
  local path = type(out) == "string" and out or out.path
  io.stderr:write(("dry run: %s is left as it is\n"):format(path))
end

return say
