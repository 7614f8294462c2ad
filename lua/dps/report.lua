-- A failure that nobody caught, worded for people or for programs, and the exit code it comes to.
-- It prints nothing.

local err = require "dps.err"

local report = {}

-- Exit codes of the command line (dps.h, enum dps_exit), by kind of an error that nobody caught;
-- everything else is 1.
local CODES = { invalid = 4, refused = 2, limit = 6 }

local function is_ours(line)
  return line:find "^\t@?dps/" or line:find "^\t%[C%]: in %?" or line:find "^\t%(%.%.%.tail"
    or line:find "^\t%[C%]: in function 'dps%." or line == "\t[C]: in function 'error'"
end

-- Only the script's own frames help its author.
local function own_frames(traceback)
  local lines = {}
  for line in (traceback or ""):gmatch "[^\n]+" do
    if line:sub(1, 1) == "\t" and not is_ours(line) then
      lines[#lines + 1] = line
    end
  end
  local script = false
  for _, line in ipairs(lines) do
    script = script or not line:find "^\t%[C%]"
  end
  return script and "\nstack traceback:\n" .. table.concat(lines, "\n") or ""
end

-- What a script raised, in words: a table, or nothing at all, has none of its own.
local function words_of(failure)
  local ok, text = pcall(tostring, failure)
  if failure == nil or not ok or text:find "^[%w_.]+: 0x" then
    return ("error() was called with %s instead of a message"):format(
      failure == nil and "nothing" or "a " .. type(failure))
  end
  return text
end

-- What Lua's own functions say about an argument names the file that passed it on.
local function at_own_line(text, frames)
  local rest = text:match "^dps/[%w_/]+%.lua:%d+: (bad argument .*)"
  local where = rest and frames:match "\n\t([^\n]-:%d+): in"
  return where and where .. ": " .. rest or text
end

---@param failure any         an error object, or whatever the script raised
---@param traceback string?   of where it was raised
---@return integer code       exit code
---@return string text        without a newline at the end
---@return boolean ours       an error object, and one that a script has not made useless
function report.describe(failure, traceback)
  local ours, text = err.is(failure), nil
  if ours then
    ours, text = pcall(err.block, failure)
  end
  if ours then
    return CODES[failure.kind] or 1, text, true
  end
  local frames = own_frames(traceback)
  return 1, at_own_line(words_of(failure), frames) .. frames, false
end

local FIELDS = {
  "kind", "message", "where", "operation", "resource", "name", "status", "request_id", "attempts",
  "retryable", "sent", "reason",
}

-- JSON holds UTF-8 only, and a failure must be told whatever is in it.
local function clean(value)
  if type(value) == "string" and not utf8.len(value) then
    return (value:gsub("[\x80-\xFF]", "?"))
  end
  return value
end

local function clean_problems(problems)
  local copies = {}
  for i, problem in ipairs(problems) do
    copies[i] = { path = clean(problem.path), message = clean(problem.message) }
  end
  return copies
end

---The same for programs.
---@param failure any
---@param traceback string?
---@return integer code
---@return table fields  for one JSON line
function report.fields(failure, traceback)
  local code, text, ours = report.describe(failure, traceback)
  if not ours then
    return code, { error = { kind = "script", message = clean(text) }, exit = code }
  end
  local fields = { hint = err.hint(failure) }
  for _, name in ipairs(FIELDS) do
    fields[name] = clean(failure[name])
  end
  fields.problems = failure.problems and clean_problems(failure.problems)
  return code, { error = fields, exit = code }
end

return report
