-- What the service says when it refuses: the body families of contract 4.1 reduced to words, a code
-- and a request id. It decides nothing; what a status means is dps.outcome.

local json = require "dps.json"

local problem = {}

local EXCERPT = 200

-- Precedence of contract 4.1.
local WORDS = { "detail", "title", "message", "errorMessage", "error_description", "error" }

local function first_text(body, names)
  for _, name in ipairs(names) do
    local value = body[name]
    if type(value) == "string" and value ~= "" then
      return value
    end
  end
end

local function without_tags(html)
  return html:gsub("<[^>]*>", " "):gsub("%s+", " "):match "^%s*(.-)%s*$"
end

-- Of a page, what a browser would show; its title where that is nothing.
local function excerpt(text)
  local shown = text:gsub("<[Hh][Ee][Aa][Dd][ >].-</[Hh][Ee][Aa][Dd]>", "")
  local words = without_tags(shown)
  words = words ~= "" and words or without_tags(text)
  return #words > EXCERPT and words:sub(1, EXCERPT) .. "..." or words
end

local IDS = { "requestId", "request_id", "x-request-id" }

local function inside(value, name)
  return type(value) == "table" and type(value[name]) == "table" and value[name] or {}
end

local function request_id_of(body)
  local report = inside(body, "report")
  return first_text(body, IDS) or first_text(report, IDS)
    or first_text(inside(report, "additionalContext"), IDS)
end

-- Where a body names no code of its own, the chain of services that it came through may.
local function chained_code(body)
  local chains = { inside(body, "error-chain"), inside(inside(body, "report"), "errorChain") }
  for _, chain in ipairs(chains) do
    local code = first_text(inside(chain, 1), { "errorCode" })
    if code then
      return code
    end
  end
end

local function code_of(body)
  local code = first_text(body, { "error_code", "type" })
  return code and code ~= "about:blank" and code or chained_code(body)
end

-- What was wrong, place by place, where the service says so.
local function problems_of(body)
  local given = inside(inside(inside(body, "report"), "additionalContext"), "problems")
  local problems = {}
  for i in ipairs(given) do
    local path, message = inside(given, i).path, inside(given, i).message
    if type(path) == "string" and type(message) == "string" then
      problems[#problems + 1] = { path = path, message = message }
    end
  end
  return #problems > 0 and problems or nil
end

---The value of one header among raw header lines.
---@param lines string
---@param name string  lower case
---@return string?
function problem.header(lines, name)
  for key, value in lines:gmatch "([^\r\n:]+):[ \t]*([^\r\n]*)" do
    if key:lower() == name then
      return value
    end
  end
end

---@param text string   the body
---@param lines string  the answer's header lines
---@return string words        never empty
---@return string? request_id
---@return string? code         error_code, or the type of the problem
---@return dps.Problem[]? problems
---@return string? reason       one word for programs, as the local library gives of a signature
function problem.read(text, lines)
  local id = problem.header(lines, "x-request-id")
  local body = json.decode(text)
  if type(body) ~= "table" then
    local words = excerpt(text)
    return words ~= "" and words or "no explanation was given", id
  end
  local words = first_text(body, WORDS) or excerpt(text)
  local code = code_of(body)
  return code and words .. " (" .. code .. ")" or words, id or request_id_of(body), code,
    problems_of(body), first_text(body, { "reason" })
end

return problem
