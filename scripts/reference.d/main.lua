-- Writes README.md and types/*.lua into a folder (see scripts/reference): the reference for people
-- and the annotations for editors (LuaLS).

local folder = assert(arg[1], "usage: main.lua FOLDER")

local function write(name, lines)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  assert(file:write(table.concat(lines, "\n"), "\n"))
  assert(file:close())
end

write("README.md", require "resources"())
require "editors"(write)
