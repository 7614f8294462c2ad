-- The columns of a CSV file: whether their names can be used, whether they are the ones that a
-- script wants, and a quick way to make a row of them. Reads no file.

local results = require "dps.rows.results"
local suggest = require "dps.suggest"

local columns = {}

---What is wrong with a column's name.
---@param name any
---@param seen table<string, boolean>  the names before it; this one is added
---@return string? fault
function columns.fault(name, seen)
  if type(name) ~= "string" then return "a name must be a string, not a " .. type(name) end
  if name == "" then return "this column has no name; name it, or delete the column" end
  if seen[name] then return ("a second column is named %q; rename one"):format(name) end
  seen[name] = true
end

---Names as a script gives them.
---@param option string  for messages: "header", "columns"
---@param given any
---@return string[]? names
---@return string? fault
function columns.given(option, given)
  if type(given) ~= "table" or #given == 0 then
    return nil, option .. ": an array with the names of the columns is needed"
  end
  local names, seen = {}, {}
  for i, name in ipairs(given) do
    local fault = columns.fault(name, seen)
    if fault then return nil, ("%s[%d]: %s"):format(option, i, fault) end
    names[i] = name
  end
  return names
end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end

local function list(names)
  local shown = {}
  for i, name in ipairs(names) do shown[i] = ("%q"):format(name) end
  return table.concat(shown, ", ")
end

-- Excel writes semicolons where the comma is the decimal point.
local function other_separator(names)
  local other = #names == 1 and names[1]:match "[;\t|,]"
  return other and ("there is one column only, %q; is the separator %q? then say"
    .. " { separator = %q }"):format(names[1]:sub(1, 60), other, other):gsub("\\9", "\\t")
end

local function unknown(name, wanted)
  local nearest = suggest.nearest(name, wanted)
  return ("unknown column %q (%s)"):format(name, nearest and ("did you mean %q?"):format(nearest)
    or "columns names " .. list(wanted) .. ": add it there, or take it out of the file")
end

---Whether a file has the columns that a script wants, in whatever order. Those in which dps.each
---notes what became of a row may stand beside them.
---@param names string[]   the file's
---@param wanted string[]
---@return string? fault   what is wrong with them
function columns.mismatch(names, wanted)
  local known, there = set_of(wanted), set_of(names)
  local faults, missing = {}, {}
  for _, name in ipairs(names) do
    if not known[name] and not results.is_name(name) then
      faults[#faults + 1] = unknown(name, wanted)
    end
  end
  for _, name in ipairs(wanted) do
    if not there[name] then missing[#missing + 1] = name end
  end
  if #missing > 0 then faults[#faults + 1] = "missing: " .. list(missing) end
  return #faults > 0 and (other_separator(names) or table.concat(faults, "; ")) or nil
end

---A constructor written for these columns makes a row in one step, without growing a table.
---@param names string[]
---@return fun(values: string[]): table<string, string>
function columns.row_maker(names)
  local fields = {}
  for i, name in ipairs(names) do fields[i] = ("[%q]=v[%d]"):format(name, i) end
  return load("local v = ... return {" .. table.concat(fields, ",") .. "}", "=row", "t", {})
end

return columns
