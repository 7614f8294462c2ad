-- The annotated sources of lua/dps/, read once each, and what is found in them by name.

local annotations = require "annotations"

local source = {}

local ROOT = arg[0]:match "^(.*/)scripts/[^/]*/[^/]*$" or "./"

---The whole text of a file of the project.
---@param path string  from the root
---@return string|nil
function source.text(path)
  local file <close> = io.open(ROOT .. path, "rb")
  return file and file:read "a"
end

local read = {}

-- A file that is not there has nothing: what it held is then missed by its name.
local function blocks_of(file)
  if not read[file] then
    read[file] = annotations.read(source.text("lua/dps/" .. file) or "")
    for _, block in ipairs(read[file]) do block.file = "lua/dps/" .. file end
  end
  return read[file]
end

local function find(files, fits)
  for _, file in ipairs(files) do
    for _, block in ipairs(blocks_of(file)) do
      if fits(block) then return block end
    end
  end
end

---An annotated function, or value, by its own name; "" is what a file returns.
---@param files string[]
---@param name string
---@return reference.Block|nil
function source.member(files, name)
  return find(files, function(block) return block.name == name and not block.method end)
end

---@param files string[]
---@param name string
---@return reference.Block|nil
function source.class(files, name)
  return find(files, function(block) return block.class == name end)
end

---@param files string[]
---@param name string
---@return reference.Block|nil
function source.alias(files, name)
  return find(files, function(block) return block.alias == name end)
end

---The methods whose receiver is the local `owner`, in order.
---@param files string[]
---@param owner string
---@return reference.Block[]
function source.methods(files, owner)
  local list = {}
  for _, file in ipairs(files) do
    for _, block in ipairs(blocks_of(file)) do
      if block.owner == owner and block.method then list[#list + 1] = block end
    end
  end
  return list
end

---All annotated names of some files, in order.
---@param files string[]
---@return string[]
function source.names(files)
  local list = {}
  for _, file in ipairs(files) do
    for _, block in ipairs(blocks_of(file)) do
      if block.name and block.name ~= "" and not block.method then
        list[#list + 1] = block.name
      end
    end
  end
  return list
end

return source
