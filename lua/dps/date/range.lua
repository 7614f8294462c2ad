-- A stretch of time from one date to another, the second not included: what it contains, what it
-- shares with another, and what several of them leave open.

local range = {}

local value = require "dps.date.value"

---A stretch of time, its end not included: where one ends and the next begins there is neither a
---gap nor an overlap. `a == b` where both ends are the same.
---@class dps.date.Range
---@field from dps.Date  the first moment
---@field to dps.Date    the first moment after it
local Range = { __name = "dps.date.range" }
Range.__index = Range

function Range.__eq(a, b)
  return a.from == b.from and a.to == b.to
end

function Range.__tostring(self)
  return tostring(self.from) .. "/" .. tostring(self.to)
end

---@param from dps.Date
---@param to dps.Date  not before `from`
---@return dps.date.Range
function range.new(from, to)
  value.expect("date.range", from, "from")
  value.expect("date.range", to, "to")
  if to < from then
    value.refuse("date.range", ("the end %s is before the start %s"):format(to, from))
  end
  return setmetatable({ from = from, to = to }, Range)
end

---Whether a date lies in it.
---@param date dps.Date  any moment
---@return boolean
function Range:contains(date)
  value.expect("contains", date)
  return self.from <= date and date < self.to
end

---Whether the two share a moment.
---@param other dps.date.Range  another one
---@return boolean
function Range:overlaps(other)
  return self.from < other.to and other.from < self.to
end

---What the two share.
---@param other dps.date.Range  another one
---@return dps.date.Range|nil  nil where they share nothing
function Range:intersection(other)
  local from = self.from < other.from and other.from or self.from
  local to = other.to < self.to and other.to or self.to
  return from < to and range.new(from, to) or nil
end

---Seconds from start to end.
---@return number
function Range:length()
  return self.to - self.from
end

---What `others` do not cover of this range.
---@param others dps.date.Range[]  in any order
---@return dps.date.Range[]  in order
function Range:gaps(others)
  local sorted, open, at = {}, {}, self.from
  for i, other in ipairs(others) do
    sorted[i] = other
  end
  table.sort(sorted, function(a, b) return a.from < b.from end)
  for _, other in ipairs(sorted) do
    if other.from > at and at < self.to then
      open[#open + 1] = range.new(at, other.from < self.to and other.from or self.to)
    end
    at = other.to > at and other.to or at
  end
  if at < self.to then
    open[#open + 1] = range.new(at, self.to)
  end
  return open
end

return range
