-- The rules of dps check: those of dps itself, by families, and the project's own, one function in
-- a file each. Knows their names and explanations; what they look at is in the families.

local rules = {}

local err = require "dps.err"
local script = require "dps.script"
local suggest = require "dps.suggest"

local FAMILIES = { "dates", "cover", "rank", "fit", "size", "names", "urls" }

---@class dps.check.Rule
---@field name string      such as "cover-gap"
---@field help string      what it finds, in a few words
---@field explain string   why that is a fault, and what to do
---@field check fun(plan: dps.check.Plan, say: dps.check.Say)

---@alias dps.check.Say fun(object: dps.check.Object, path: string?, message: string)

---What a project's own rule calls for each fault: the path of the field, such as
---"selectionConstraint.endDate" (or nil), and what is wrong with it.
---@alias dps.check.Report fun(path: string?, message: string)

---What a project's own rule is: a function that its file returns. It is called for each object that
---the script would write.
---@alias dps.OwnRule fun(object: dps.check.Object, report: dps.check.Report, plan: dps.check.Plan)

---The rules of dps itself, in the order in which they are listed.
---@return dps.check.Rule[]
function rules.own()
  local list = {}
  for _, family in ipairs(FAMILIES) do
    for _, rule in ipairs(require("dps.check." .. family)) do
      list[#list + 1] = rule
    end
  end
  return list
end

local function refuse(message, hint)
  err.raise { kind = "refused", message = message, hint = hint }
end

local EXAMPLE = "a rule is a file that returns function(object, report, plan)"

local function read(path)
  local file <close>, why = io.open(path, "rb")
  if not file then
    refuse(('the rule "%s" can\'t be opened: %s'):format(path, why:sub(#path + 3)),
      "check --rule-file and .dps/check.json (its paths start at the folder that holds .dps);"
        .. " " .. EXAMPLE)
  end
  return file:read "a" or ""
end

-- The comment that a file opens with.
local function opening(text)
  local lines = {}
  for line in text:gmatch "([^\n]*)\n?" do
    local words = line:match "^%-%-+ ?(.*)$"
    if not words then
      break
    end
    lines[#lines + 1] = words
  end
  return table.concat(lines, " ")
end

-- What goes wrong in it is the project's to mend, so it is named with the rule.
local function guarded(name, f, ...)
  local ok, failure = pcall(f, ...)
  if not ok then
    refuse(("the rule %s failed: %s"):format(name, tostring(failure)),
      "correct the rule; " .. EXAMPLE)
  end
  return failure
end

---A rule out of a file of the project. Its name is the file's; the comment it opens with explains
---it.
---@param path string
---@return dps.check.Rule
function rules.from_file(path)
  local name = path:match "([^/]+)%.lua$"
  if not name or not name:find "^[%w_-]+$" then
    refuse(('"%s" is no rule: its name must be like my-rule.lua'):format(path), EXAMPLE)
  end
  local text = read(path)
  local f = guarded(name, script.compile(path, text))
  if type(f) ~= "function" then
    refuse(("the rule %s returned a %s"):format(name, type(f)), EXAMPLE)
  end
  local words = opening(text)
  return {
    name = name, help = words ~= "" and words or "a rule of this project",
    explain = words ~= "" and words or "This project's own rule, in " .. path .. ".",
    check = function(plan, say)
      for _, object in ipairs(plan.objects) do
        guarded(name, f, object, function(field, message)
          say(object, field, message)
        end, plan)
      end
    end,
  }
end

local function names_of(list)
  local names = {}
  for i, rule in ipairs(list) do
    names[i] = rule.name
  end
  return names
end

---@param list dps.check.Rule[]
---@param name string
---@return dps.check.Rule  raises kind "refused" for a name that no rule has
function rules.find(list, name)
  for _, rule in ipairs(list) do
    if rule.name == name then
      return rule
    end
  end
  local nearest = suggest.nearest(name, names_of(list))
  refuse(('there is no rule "%s"%s'):format(name, nearest and (' (did you mean "%s"?)')
    :format(nearest) or ""), "dps check --rules lists them")
end

---@class dps.check.Finding
---@field rule string
---@field where string       "campaign.lua:12"
---@field file string?
---@field line integer?
---@field resource string?   such as "fallback"
---@field title string?      such as "fallback offer"
---@field name string?       of the object
---@field id string?
---@field source string?     the file of the row that the object was made of, such as "offers.csv"
---@field source_line integer?
---@field path string?       such as "selectionConstraint.endDate"
---@field message string

local function finding(rule, object, path, message)
  local file, line = (object.where or ""):match "^(.*):(%d+)$"
  return {
    rule = rule.name, where = object.where, file = file, line = math.tointeger(tonumber(line)),
    resource = object.resource, title = object.title, name = object.name, id = object.id,
    path = path ~= "" and path or nil, message = tostring(message),
    source = object.row and object.row.source, source_line = object.row and object.row.line,
  }
end

local KEYS = { "file", "line", "source", "source_line", "place" }
local NONE = { file = "", line = 0, source = "", source_line = 0 }

local function before(a, b)
  for _, key in ipairs(KEYS) do
    local x, y = a[key] or NONE[key], b[key] or NONE[key]
    if x ~= y then
      return x < y
    end
  end
  return false
end

---@param list dps.check.Rule[]
---@param plan dps.check.Plan
---@return dps.check.Finding[]  by file and line, those of one line by the row
function rules.run(list, plan)
  plan:order()
  local findings = {}
  for _, rule in ipairs(list) do
    rule.check(plan, function(object, path, message)
      findings[#findings + 1] = finding(rule, object, path, message)
      findings[#findings].place = #findings
    end)
  end
  table.sort(findings, before)
  return findings
end

return rules
