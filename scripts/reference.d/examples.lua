-- The example of a page: a script of examples/ beside this file, and what it printed a moment ago.

local source = require "source"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return (file:read "a":gsub("\n$", ""))
end

---@param name string     of the script
---@param folder string   where what it printed is, as NAME.txt
---@return string ...  lines
return function(name, folder)
  local script = assert(source.text("scripts/reference.d/examples/" .. name .. ".lua"))
  return "```lua", (script:gsub("\n$", "")), "```", "", "prints", "", "```",
    (read(folder .. "/" .. name .. ".txt"):gsub("\t", "    ")), "```", ""
end
