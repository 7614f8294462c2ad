-- What is told of errors beside their fields: what each kind comes to and what to do about it, by
-- asking dps itself, and the exit codes of src/dps.h.

local err = require "dps.err"
local page = require "page"
local report = require "dps.report"
local source = require "source"

local function kind_rows(to)
  local kinds = source.alias({ "err.lua" }, "dps.ErrorKind")
  to:heading(2, "What to do")
  to:add("As the block at the end of a run says it, unless there is something better to say. The"
    .. " exit code is the one of a script that does not catch it.", "",
    "| kind | exit code | what to do |", "|---|---|---|")
  for _, option in ipairs(kinds.options) do
    local made = err.new { kind = option.name:match '"(.*)"' }
    local code = report.describe(made)
    to:add(("| `%s` | %d | %s |"):format(made.kind, code, page.cell(err.hint(made))))
  end
  to:add("", "Where the service answered with an HTTP status:", "", "| status | what to do |",
    "|---|---|")
  local otherwise = err.hint(err.new { kind = "http" })
  for status = 400, 599 do
    local hint = err.hint(err.new { kind = "http", status = status })
    if hint ~= otherwise then to:add(("| %d | %s |"):format(status, page.cell(hint))) end
  end
end

local function exit_rows(to, problems)
  to:heading(2, "Exit codes")
  to:add("| code | |", "|---|---|")
  local list = source.text "src/dps.h":match "enum dps_exit (%b{})"
  for name, code, meaning in list:gmatch "(DPS_%u+) = (%d+),?[ ]*([^\n]*)" do
    local text = meaning:match "^/%* (.*) %*/$"
    if not text then problems[#problems + 1] = "src/dps.h: " .. name .. " has no comment" end
    to:add(("| %s | %s |"):format(code, text))
  end
end

---@param to table  the page
---@param problems string[]  is added to
return function(to, problems)
  kind_rows(to)
  exit_rows(to, problems)
end
