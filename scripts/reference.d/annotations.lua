-- Reads the annotations of a Lua source (LuaLS): each block of --- lines, with its prose, its
-- parameters, results and fields, and the function or table that it stands above. Lines that follow
-- a tag belong to it.

local annotations = {}

---@class reference.Item   a parameter, a result or a field
---@field name string
---@field type string
---@field optional boolean
---@field text string       "" where nothing is said

---@class reference.Block
---@field line integer       its first one
---@field prose string[]     paragraphs
---@field params reference.Item[]
---@field returns reference.Item[]
---@field fields reference.Item[]
---@field options reference.Item[]   of an alias: its values
---@field class string?
---@field parent string?
---@field alias string?
---@field text string        what stands behind the name of a class or an alias
---@field owner string?      of a function: the table before its name
---@field name string?       of a function; "" for one that the file returns
---@field args string[]?     of a function
---@field method boolean?

local OPENING, CLOSING = { ["("] = true, ["["] = true, ["{"] = true, ["<"] = true },
  { [")"] = true, ["]"] = true, ["}"] = true, [">"] = true }

-- f(at, char) for each character that stands in no bracket and no quotes, until it gives a value.
local function outside(text, f)
  local depth, quoted = 0, false
  for at = 1, #text do
    local char = text:sub(at, at)
    if char == '"' then quoted = not quoted end
    if CLOSING[char] and not quoted then depth = depth - 1 end
    local found = depth == 0 and not quoted and f(at, char)
    if found then return found end
    if OPENING[char] and not quoted then depth = depth + 1 end
  end
end

-- Where a type ends: at a blank that no colon, comma or bar is before or behind.
local function type_end(text)
  return outside(text, function(at, char)
    return char == " " and not text:find("^[:,|]", at - 1) and not text:find("^ +|", at) and at - 1
  end) or #text
end

---@param text string
---@return string kind
---@return string rest  with the blanks before it
local function cut(text)
  local stop = type_end(text)
  return text:sub(1, stop), text:sub(stop + 1)
end

local function words(rest)
  return (rest:gsub("^%s+#?%s*", ""))
end

---The parts of a type between its bars.
---@param text string
---@return string[]
function annotations.union(text)
  local parts, from = {}, 1
  outside(text, function(at, char)
    if char == "|" then
      parts[#parts + 1], from = text:sub(from, at - 1), at + 1
    end
  end)
  parts[#parts + 1] = text:sub(from)
  return parts
end

local function item(name, kind, text)
  local optional = name:sub(-1) == "?"
  local kept = {}
  for _, part in ipairs(annotations.union(kind)) do
    if part == "nil" then
      optional = true
    elseif part:sub(-1) == "?" and not part:find "^fun%(" then
      optional, part = true, part:sub(1, -2)
    end
    kept[#kept + 1] = part ~= "nil" and (part:match "^%((fun%b().*)%)$" or part) or nil
  end
  return { name = name:gsub("%?$", ""), type = table.concat(kept, "|"), optional = optional,
    text = text }
end

local tags = {}

local function named(block, list, rest)
  local name, more = rest:match "^(%S+)%s*(.*)$"
  local kind, text = cut(more)
  table.insert(block[list], item(name, kind ~= "" and kind or "any", words(text)))
  return block[list][#block[list]]
end

function tags.param(block, rest) return named(block, "params", rest) end

function tags.field(block, rest)
  if rest:find "^private " then return { text = "" } end
  return named(block, "fields", rest)
end

-- A name stands one blank behind the type.
tags["return"] = function(block, rest)
  local kind, more = cut(rest)
  local name, text = more:match "^ ([%w_.]+)(.*)$"
  table.insert(block.returns, item(name or "", kind, words(text or more)))
  return block.returns[#block.returns]
end

function tags.class(block, rest)
  block.class, block.parent, block.text = rest:match "^([%w_.]+):?%s?([%w_.]*)%s*(.*)$"
  return block
end

function tags.alias(block, rest)
  local name, more = rest:match "^([%w_.]+)%s*(.*)$"
  block.alias, block.type, block.text = name, cut(more)
  block.text = words(block.text)
  return block
end

local function new(line)
  return { line = line, prose = {}, params = {}, returns = {}, fields = {}, options = {},
    text = "" }
end

local function add(text, more)
  return text == "" and more or text .. " " .. more
end

-- One line of a block; `current` is the tag that it may go on with.
local function read_line(block, line, current)
  local text = line:sub(4)
  local tag, rest = text:match "^@(%a+)%s*(.*)$"
  local value, meaning = text:match '^|%s*(%b"")%s*#?%s*(.*)$'
  if tag then
    return tags[tag] and tags[tag](block, rest) or { text = "" }
  elseif value then
    table.insert(block.options, { name = value, type = "", text = meaning })
    return block.options[#block.options]
  end
  text = text:gsub("^%s+", "")
  if current then
    current.text = add(current.text, text)
    return current
  elseif text == "" then
    block.prose[#block.prose + 1] = ""
  else
    local last = math.max(#block.prose, 1)
    block.prose[last] = add(block.prose[last] or "", text)
  end
end

local function arguments(text)
  local list = {}
  for name in text:gmatch "[%w_.]+" do list[#list + 1] = name end
  return list
end

-- What the line below a block begins.
local function subject(block, line)
  local owner, sign, name, args = line:match "^function ([%w_.]+)([.:])([%w_]+)(%b())"
  if not owner then
    args, owner, sign, name = line:match "^return function(%b())", nil, ".", ""
  end
  if args then
    block.owner, block.name, block.args = owner, name, arguments(args)
    block.method = sign == ":"
  else
    block.owner, block.name = line:match "^([%w_]+)%.([%w_]+) = "
  end
  return block
end

---All blocks of a source, in order.
---@param text string
---@return reference.Block[]
function annotations.read(text)
  local blocks, block, current, number = {}, nil, nil, 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    if line:find "^%-%-%-" and not line:find "^%-%-%-%-" then
      block = block or new(number)
      current = read_line(block, line, current)
    elseif block then
      blocks[#blocks + 1] = subject(block, line)
      block, current = nil, nil
    end
  end
  return blocks
end

return annotations
