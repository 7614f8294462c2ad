-- The options table of a call: what is not known is refused, so that a typing error in a script
-- is an error and never a silently different run.

local options = {}

local err = require "dps.err"
local suggest = require "dps.suggest"

local function unknown_key(given, known)
  local found
  for key in next, given do
    if not known[key] then
      if type(key) ~= "string" then
        return key
      end
      found = (found == nil or key < found) and key or found
    end
  end
  return found
end

local function show(allowed)
  return "known: " .. (#allowed > 0 and table.concat(allowed, ", ") or "none")
end

-- { "date" } where { type = "date" } is meant.
local function refuse_unnamed(function_name, value, allowed)
  err.misuse(("%s: %s stands there without a name; options are written name = value (%s)"):format(
    function_name, type(value) == "string" and ('"%s"'):format(value) or "a " .. type(value),
    show(allowed)))
end

---Raises kind "invalid" when `given` has an option that is not allowed.
---@param function_name string  such as "list_fallbacks"
---@param given table|nil       the options as the script passed them
---@param allowed string[]      names of the options
---@return table  the options; an empty table for nil
function options.check(function_name, given, allowed)
  if given == nil then
    return {}
  end
  if type(given) ~= "table" then
    err.misuse(function_name .. ": the options must be a table, got a " .. type(given))
  end
  local metatable = getmetatable(given)
  if type(metatable) == "table" and metatable.__name then
    err.misuse(("%s: the options must be a plain table, got a %s"):format(function_name,
      metatable.__name))
  end
  local known = {}
  for _, name in ipairs(allowed) do
    known[name] = true
  end
  local key = unknown_key(given, known)
  if type(key) == "string" then
    local nearest = suggest.nearest(key, allowed)
    err.misuse(function_name .. ': unknown option "' .. key .. '" ('
      .. (nearest and 'did you mean "' .. nearest .. '"?' or show(allowed)) .. ")")
  elseif key ~= nil then
    refuse_unnamed(function_name, given[key], allowed)
  end
  return given
end

return options
