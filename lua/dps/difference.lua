-- Differences in words, for people: what the operations of a patch change, place by place, with
-- what is there and what comes. It finds no difference itself (dps.diff).

local json = require "dps.json"

local difference = {}

local SHOWN = 60 -- bytes of a value
local SORTED = { sorted = true }

---A value on one short line.
---@param value any  nil is "nothing"
---@return string
function difference.show(value)
  local text = value == nil and "nothing" or json.encode(value, SORTED) or "?"
  if #text <= SHOWN then
    return text
  end
  local cut = SHOWN
  while cut > 1 and text:find("^[\x80-\xBF]", cut + 1) do
    cut = cut - 1
  end
  return text:sub(1, cut) .. "..."
end

---What a JSON Pointer (RFC 6901) leads to; nil where that is nothing.
---@param document any
---@param pointer string
---@return any
function difference.at(document, pointer)
  for token in pointer:gmatch "/([^/]*)" do
    if type(document) ~= "table" then
      return nil
    end
    token = token:gsub("~1", "/"):gsub("~0", "~")
    document = document[json.is_array(document) and (math.tointeger(token) or -1) + 1 or token]
  end
  return document
end

---The path of an operation as people write it: "representations[1].placement".
---@param pointer string
---@return string
function difference.path(pointer)
  local path = ""
  for token in pointer:gmatch "/([^/]*)" do
    local index = math.tointeger(tonumber(token:match "^%d+$"))
    token = token:gsub("~1", "/"):gsub("~0", "~")
    path = index and ("%s[%d]"):format(path, index + 1)
      or path == "" and token or path .. "." .. token
  end
  return path
end

---What each operation of a patch changes. The patch is one of dps.diff's, or at the least one that
---names each place once.
---@param before table
---@param operations table[]
---@return { path: string, old: string, new: string }[]
function difference.of(before, operations)
  local list = {}
  for _, step in ipairs(operations) do
    if step.op ~= "test" then
      local old = step.op ~= "add" and difference.at(before, step.path) or nil
      list[#list + 1] = {
        path = difference.path(step.path), old = difference.show(old),
        new = difference.show(step.value),
      }
    end
  end
  return list
end

return difference
