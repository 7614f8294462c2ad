-- A page of Markdown: its lines, its headings with the anchors that readers see, and links by key
-- to headings of any page. A link to what no page has is an error.

local page = {}
page.__index = page

local places = {} -- key -> file and anchor

---@param file string   from lua/, such as "reference/date.md"
---@param title string
---@return table
function page.new(file, title)
  local self = setmetatable({ file = file, lines = {}, anchors = {}, contents = {} }, page)
  self:heading(1, title)
  return self
end

---@param ... string  lines
function page:add(...)
  for _, line in ipairs { ... } do self.lines[#self.lines + 1] = line end
end

-- As GitHub makes them.
local function anchor_of(self, text)
  local anchor = text:lower():gsub("[^%w %-_\x80-\xFF]", ""):gsub(" ", "-")
  local count = self.anchors[anchor]
  self.anchors[anchor] = (count or 0) + 1
  return count and anchor .. "-" .. count or anchor
end

---@param level integer
---@param text string
---@param key string?  what links call it
function page:heading(level, text, key)
  if #self.lines > 0 and self.lines[#self.lines] ~= "" then self:add "" end
  self:add(("#"):rep(level) .. " " .. text, "")
  local anchor = anchor_of(self, text)
  if key then
    assert(not places[key], key .. " stands on two pages")
    places[key] = { file = self.file, anchor = anchor }
  end
end

-- Up to the full stop that ends the first sentence.
local function first_sentence(text)
  return text:match "^(.-[%w)`\"}])%.%s" or text:gsub("%.$", "")
end

---A line of the contents.
---@param key string  of a heading
---@param text string?
function page:mention(key, text)
  table.insert(self.contents, ("| %s | %s |"):format(page.link(key, "`" .. key .. "`"),
    page.cell(first_sentence(text or ""))))
end

---Puts the contents, and what else there is to see first, below the title.
---@param ... string  lines
function page:open(...)
  local lines = { ... }
  if #self.contents > 1 then
    table.move({ "| call | |", "|---|---|", table.unpack(self.contents) }, 1, #self.contents + 2,
      #lines + 1, lines)
    lines[#lines + 1] = ""
  end
  table.move(self.lines, 3, #self.lines, #lines + 1, lines)
  table.move(lines, 1, #lines, 3, self.lines)
end

---A link that the end of all pages resolves.
---@param key string
---@param label string?
---@return string
function page.link(key, label)
  return "\1" .. key .. "\2" .. (label or key) .. "\3"
end

---@param text string
---@return string
function page.cell(text)
  return (text:gsub("|", "\\|"))
end

local function resolve(self, key, label, problems)
  local place = places[key]
  if not place then
    problems[#problems + 1] = ("lua/%s: there is nothing about %s"):format(self.file, key)
    return label
  end
  local folder = self.file:match "^(.*/)" or ""
  local file = place.file ~= self.file and (place.file:sub(1, #folder) == folder
    and place.file:sub(#folder + 1) or ("../"):rep(select(2, folder:gsub("/", ""))) .. place.file)
  return ("[%s](%s#%s)"):format(label, file or "", place.anchor)
end

---The page as it is written, its links resolved; to be asked for when all pages are there.
---@param problems string[]  is added to
---@return string[] lines
function page:finish(problems)
  local lines = {}
  for i, line in ipairs(self.lines) do
    lines[i] = line:gsub("\1(.-)\2(.-)\3", function(key, label)
      return resolve(self, key, label, problems)
    end)
  end
  return lines
end

return page
