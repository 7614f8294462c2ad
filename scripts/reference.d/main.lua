-- Writes the reference into a folder (see scripts/reference): README.md and reference/*.md for
-- people, types/*.lua for editors (LuaLS). What is public and not described ends it with a list.

local folder, printed = assert(arg[1], "usage: main.lua FOLDER EXAMPLES"), assert(arg[2])

local example = require "examples"
local modules = require "modules"
local page = require "page"
local public = require "public"

local function write(name, lines)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  assert(file:write(table.concat(lines, "\n"), "\n"))
  assert(file:close())
end

local problems, pages = {}, {}
for i, about in ipairs(public) do
  pages[i] = page.new("reference/" .. about.file, about.title)
  if about.before then require(about.before)(pages[i], problems) end
  modules.add(pages[i], about.sections, problems)
  if about.after then require(about.after)(pages[i], problems) end
  if about.example then
    pages[i]:open(example(about.example, printed))
  elseif not about.before then -- what comes before is there to be read first
    pages[i]:open()
  end
end
modules.check_facade(public, problems)

write("README.md", require "resources"(public))
for _, each in ipairs(pages) do write(each.file, each:finish(problems)) end
require "editors"(write)

if #problems > 0 then
  io.stderr:write("reference: ", table.concat(problems, "\nreference: "), "\n")
  os.exit(1)
end
