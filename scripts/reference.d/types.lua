-- Types of annotations in words, with links to what the reference says about them.

local annotations = require "annotations"
local page = require "page"

local types = {}

local PLAIN = { ["file*"] = "open file", any = "anything", T = "table", userdata = "handle",
  ["dps.Resource"] = "table" }

local function code(text)
  return "`" .. text .. "`"
end

local function one(text)
  local item = text:match "^(.*)%[%]$"
  local value = text:match "^table<[%w.]+, (.*)>$"
  if text:find '^"' or text == "true" or text == "false" then
    return code(text)
  elseif text:find "^fun%(" or text:find "^{" and not item then
    return code(text)
  elseif item then
    local of = types.words(item:match "^%((.*)%)$" or item)
    return of == "anything" and "list" or "list of " .. of
  elseif value then
    return value == "any" and "table" or "table of " .. types.words(value)
  elseif text:find "^dps%." and not PLAIN[text] then
    return page.link(text)
  end
  return PLAIN[text] or text
end

---@param text string
---@return string
function types.words(text)
  local parts = annotations.union(text)
  for i, part in ipairs(parts) do parts[i] = one(part) end
  local last = table.remove(parts)
  return #parts > 0 and table.concat(parts, ", ") .. " or " .. last or last
end

return types
