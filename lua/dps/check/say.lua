-- Findings and rules in words, for people or for programs. It prints nothing.

local say = {}

local json = require "dps.json"

local WIDTH = 100
local ALIKE = 3 -- findings of one rule at one line that are shown; a loop makes many

local function fold(text)
  return (text:gsub("%c", "?"))
end

---`campaign.lua:12: fallback offer "Summer", selectionConstraint.endDate: it ended ... [expired]`,
---and `"Summer" (offers.csv:17)` where a row is known
---@param finding dps.check.Finding
---@return string
function say.finding(finding)
  local parts = {}
  if finding.title then
    parts[1] = finding.title .. (finding.name and ' "' .. finding.name .. '"' or "")
      .. (finding.source and (" (%s:%d)"):format(finding.source, finding.source_line) or "")
  end
  parts[#parts + 1] = finding.path
  local what = #parts > 0 and table.concat(parts, ", ") .. ": " or ""
  return fold(("%s: %s%s [%s]"):format(finding.where or "?", what, finding.message, finding.rule))
end

---A line for each finding, but only the first few of those that one rule has at one line.
---@param findings dps.check.Finding[]
---@return string[]
function say.findings(findings)
  local lines, alike, order = {}, {}, {}
  for _, finding in ipairs(findings) do
    local key = finding.rule .. "\0" .. (finding.where or "?")
    alike[key] = (alike[key] or 0) + 1
    if alike[key] <= ALIKE then
      lines[#lines + 1] = say.finding(finding)
    elseif alike[key] == ALIKE + 1 then
      order[#order + 1] = { key = key, finding = finding }
    end
  end
  for _, more in ipairs(order) do
    lines[#lines + 1] = ("%s: and %d more like these [%s] (--json has all)"):format(
      more.finding.where or "?", alike[more.key] - ALIKE, more.finding.rule)
  end
  return lines
end

local FIELDS = { "rule", "file", "line", "resource", "name", "id", "path",
  "source", "source_line", "message" }

---One JSON line.
---@param finding dps.check.Finding
---@return string
function say.json(finding)
  local line = {}
  for _, name in ipairs(FIELDS) do
    line[name] = finding[name]
  end
  return assert(json.encode(line, { sorted = true }))
end

---@param findings dps.check.Finding[]
---@param count integer  objects that were looked at
---@param failed boolean?  the script did not come to its end
---@return string
function say.summary(findings, count, failed)
  local objects = count == 1 and "1 object" or count .. " objects"
  if failed then
    return ("the script did not come to its end; until then %s looked at, %s"):format(objects,
      #findings == 1 and "1 finding" or #findings .. " findings")
  elseif #findings == 0 then
    return objects .. " looked at, nothing found"
  end
  return ("%s looked at, %s (dps check --explain RULE says more)"):format(objects,
    #findings == 1 and "1 finding" or #findings .. " findings")
end

---@param list dps.check.Rule[]
---@param off table<string, boolean>
---@return string  a line for each rule
function say.rules(list, off)
  local lines = {}
  for i, rule in ipairs(list) do
    lines[i] = ("%-23s %s%s"):format(rule.name, rule.help, off[rule.name] and " (off)" or "")
  end
  return table.concat(lines, "\n")
end

-- Words in lines of at most WIDTH bytes.
local function wrap(text)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    if line ~= "" and #line + #word + 1 > WIDTH then
      lines[#lines + 1], line = line, ""
    end
    line = line == "" and word or line .. " " .. word
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

---@param rule dps.check.Rule
---@return string
function say.explain(rule)
  return rule.name .. ": " .. rule.help .. "\n\n" .. wrap(rule.explain)
    .. "\n\nTo turn it off: --off " .. rule.name .. ", or \"off\": [\"" .. rule.name
    .. "\"] in .dps/check.json."
end

return say
