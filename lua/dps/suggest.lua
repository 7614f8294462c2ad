-- "Did you mean": the nearest of some known names to a word that is not one of them.
-- Pure text; it never decides whether a word is allowed.

local suggest = {}

local byte, find, gsub, lower = string.byte, string.find, string.gsub, string.lower
local min = math.min

local LONGEST_WORD = 64

-- start_date, Start-Date and startDate differ in fashion only.
local function plain(word)
  return lower((gsub(word, "[_%-%s]", "")))
end

local function swapped(a, b, i, j)
  return i > 1 and j > 1 and byte(a, i) == byte(b, j - 1) and byte(a, i - 1) == byte(b, j)
end

-- One row of the distance table: from the row above and the one above that.
local function next_row(a, b, i, above, higher)
  local row = { [0] = i }
  for j = 1, #b do
    local cost = byte(a, i) == byte(b, j) and 0 or 1
    local steps = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost)
    if swapped(a, b, i, j) then
      steps = min(steps, higher[j - 2] + 1)
    end
    row[j] = steps
  end
  return row
end

-- Damerau-Levenshtein distance (optimal string alignment): letters added, lost, changed, and
-- neighbours swapped.
local function distance(a, b)
  local row, above = { [0] = 0 }, nil
  for j = 1, #b do
    row[j] = j
  end
  for i = 1, #a do
    row, above = next_row(a, b, i, row, above), row
  end
  return row[#b]
end

---The name nearest to `word`: at most a third of the word's letters may differ; case, "_" and "-"
---do not count. Of equals, the first in the list.
---@param word any        what somebody wrote; anything but a string has no neighbour
---@param names string[]  what is known
---@return string|nil
function suggest.nearest(word, names)
  if type(word) ~= "string" or #word > LONGEST_WORD then
    return nil
  end
  local wanted = plain(word)
  local best, best_distance = nil, #wanted // 3 + 1
  for _, name in ipairs(names) do
    local candidate = plain(name)
    if math.abs(#candidate - #wanted) < best_distance then
      local steps = distance(wanted, candidate)
      if steps < best_distance then
        best, best_distance = name, steps
      end
    end
  end
  return best
end

-- How far a word is from a name; a part of it, either way round, is near.
local function farness(wanted, candidate)
  if find(candidate, wanted, 1, true) or find(wanted, candidate, 1, true) then
    return 0.5 + math.abs(#candidate - #wanted) / 1000
  end
  return distance(wanted, candidate)
end

---The names near to `word`, the nearest first: a third of its letters may differ, or one holds the
---other.
---@param word string
---@param names string[]
---@param most integer
---@return string[]
function suggest.several(word, names, most)
  local wanted, near = plain(word), {}
  for i, name in ipairs(#word <= LONGEST_WORD and names or {}) do
    local candidate = plain(name)
    local far = #candidate > 0 and #candidate <= 4 * LONGEST_WORD and farness(wanted, candidate)
    if far and far <= math.max(#wanted // 3, 1) then
      near[#near + 1] = { name = name, far = far, at = i }
    end
  end
  table.sort(near, function(a, b)
    return a.far < b.far or a.far == b.far and a.at < b.at
  end)
  local found = {}
  for i = 1, min(most, #near) do
    found[i] = near[i].name
  end
  return found
end

return suggest
