-- Misbehaviour on request: answers that are refused, late, lost, cut or no JSON, so that a program
-- can be tried against a bad day of the service. A fault is a line of words; pure.
--
--   503 first=3 method=POST path=/offers retry-after=2
--   lost first=1 path=/offers

local answer = require "dps.library.answer"

local faults = {}

---@class dps.library.Fault
---@field kind string           "status" or a name below
---@field status integer?
---@field first integer?        only so many of the requests that match
---@field skip integer?         so many that match go by before
---@field method string?
---@field path string?          how the path below the base begins
---@field seconds number?       the answer is so late
---@field retry_after integer?  what Retry-After says
---@field seen integer          requests that matched so far

-- Whether the request is carried out all the same, and what becomes of its answer.
local KINDS = {
  status = { performs = false },
  reset = { performs = false, ending = "reset" },
  lost = { performs = true, ending = "reset" },
  cut = { performs = true, ending = "cut" },
  slow = { performs = true },
  empty = { performs = true, body = "" },
  garbage = { performs = true, body = '{"id": "dps:\xFF\xFE, <html>' },
}
local NAMES = "a status from 400 to 599, reset, lost, cut, slow, empty or garbage"
local DEFAULT_SECONDS = 1 -- of `slow`
local MAX_SECONDS = 600

local function whole(text)
  return text:find "^%d+$" and #text <= 9 and math.tointeger(tonumber(text)) or nil
end

local READERS = {
  first = whole,
  skip = whole,
  ["retry-after"] = whole,
  seconds = function(text)
    local seconds = tonumber(text)
    return seconds and seconds >= 0 and seconds <= MAX_SECONDS and seconds or nil
  end,
  method = function(text)
    return text:find "^%a+$" and text:upper() or nil
  end,
  path = function(text)
    return text:find "^/" and text or nil
  end,
}

local function read_kind(fault, word)
  local status = whole(word)
  if status and status >= 400 and status <= 599 then
    fault.kind, fault.status = "status", status
    return true
  end
  fault.kind = word
  return KINDS[word] ~= nil and word ~= "status"
end

---Reads one fault.
---@param text string
---@return dps.library.Fault|nil
---@return string? message
function faults.parse(text)
  local fault = { seen = 0 }
  local first, rest = text:match "^%s*(%S+)%s*(.*)$"
  if not first or not read_kind(fault, first) then
    return nil, ("'%s' is no fault; begin with %s"):format(text, NAMES)
  end
  for word in rest:gmatch "%S+" do
    local name, given = word:match "^([%a-]+)=(.+)$"
    local read = READERS[name]
    local value = read and read(given)
    if value == nil then
      return nil, ("'%s' in the fault '%s' is not understood; it may say first=N skip=N method=POST"
        .. " path=/offers seconds=N retry-after=N"):format(word, text)
    end
    fault[name:gsub("-", "_")] = value
  end
  return fault
end

---Reads many, a line each.
---@param text string?
---@return dps.library.Fault[]|nil
---@return string? message
function faults.parse_all(text)
  local all = {}
  for line in (text or ""):gmatch "[^\n]+" do
    local fault, message = faults.parse(line)
    if not fault then
      return nil, message
    end
    all[#all + 1] = fault
  end
  return all
end

local function matches(fault, method, path)
  return (not fault.method or fault.method == method)
    and (not fault.path or path:sub(1, #fault.path) == fault.path)
end

-- Counts the request, and says whether its turn has come.
local function is_due(fault)
  fault.seen = fault.seen + 1
  local skip = fault.skip or 0
  return fault.seen > skip and (not fault.first or fault.seen <= skip + fault.first)
end

---The fault that a request meets.
---@param all dps.library.Fault[]
---@param method string
---@param path string  below the base
---@return dps.library.Fault|nil
function faults.choose(all, method, path)
  for _, fault in ipairs(all) do
    if matches(fault, method, path) and is_due(fault) then
      return fault
    end
  end
  return nil
end

---@param fault dps.library.Fault
---@return boolean  whether the request is carried out
function faults.performs(fault)
  return KINDS[fault.kind].performs
end

---The answer to a request that is not carried out.
---@param fault dps.library.Fault
---@param context dps.library.Context
---@return dps.library.Answer
function faults.refusal(fault, context)
  local headers = { ["Retry-After"] = fault.retry_after and tostring(fault.retry_after) }
  return answer.problem(context, fault.status or 503, "a fault that was asked for",
    { headers = headers })
end

---What a fault makes of an answer; it is changed and returned.
---@param fault dps.library.Fault
---@param result dps.library.Answer
---@return dps.library.Answer
function faults.spoil(fault, result)
  local kind = KINDS[fault.kind]
  result.body = kind.body or result.body
  result.ending = kind.ending
  result.delay = fault.seconds or fault.kind == "slow" and DEFAULT_SECONDS or nil
  return result
end

return faults
