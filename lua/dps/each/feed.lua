-- What dps.each pulls its rows from: a list, rows of a file, or an iterator of the script's own.

local err = require "dps.err"
local source = require "dps.rows.source"

local feed = {}

---@class dps.each.Feed
---@field pull fun(): any, integer?, dps.Error?, table?  the next row; its line; why it is no good;
---  the row as it was read
---@field close fun()
---@field calls boolean   to pull may call the service, or whatever else the script likes
---@field count integer?  of all rows, where it is known

local function nothing() end

local function of_rows(rows, keep)
  return {
    pull = function() return rows:try(keep) end, close = function() rows:close() end, calls = false,
  }
end

-- What an iterator gives beside a row and its line is its own.
local function of_function(f)
  return {
    pull = function()
      local row, line = f()
      return row, math.type(line) == "integer" and line or nil
    end, close = nothing, calls = true,
  }
end

local function of_list(list)
  local i = 0
  return {
    pull = function()
      i = i + 1
      return list[i], list[i] ~= nil and i or nil
    end, close = nothing, calls = false, count = #list,
  }
end

---@param who string
---@param from any
---@param keep boolean?  rows are wanted as they were read, too
---@return dps.each.Feed
function feed.new(who, from, keep)
  if source.is(from) then return of_rows(from, keep) end
  if type(from) == "function" then return of_function(from) end
  if type(from) == "table" then return of_list(from) end
  err.misuse(who .. ": rows are needed: a list, an iterator, or what rows.from gives, not a "
    .. type(from))
end

return feed
