-- A command line cut into words by a shell's rules of quoting, and nothing else of a shell: no
-- variable, no pattern, no pipe. What a shell would act on is refused, so that a line never means
-- something else here than it does there. Pure.

local words = {}

local find, match, sub = string.find, string.match, string.sub

-- What a shell acts on outside of quotes, and in double quotes.
local ACTIVE = "[|&;<>()$`*?%[{}\n]"
local ACTIVE_QUOTED = "[$`\n]"

local function refuse_active(char)
  if char == "\n" then return nil, "holds a line break" end
  return nil, ('holds "%s", on which a shell would act, and no shell runs it: put it in single'
    .. " quotes, or write sh -c '...'"):format(char)
end

local readers = {}

readers["'"] = function(line, at)
  local text, after = match(line, "^'([^']*)'()", at)
  if not text then return nil, "has a single quote without its end" end
  return text, after
end

-- In double quotes a backslash stands for itself but before these (POSIX shell, 2.2.3).
local function unescape(char)
  return find(char, '["\\$`]') and char or "\\" .. char
end

local function end_of_quote(line, at)
  local after = at + 1
  while sub(line, after, after) ~= '"' do
    if after > #line then return nil end
    after = after + (sub(line, after, after) == "\\" and 2 or 1)
  end
  return after
end

readers['"'] = function(line, at)
  local last = end_of_quote(line, at)
  if not last then return nil, "has a double quote without its end" end
  local text = sub(line, at + 1, last - 1)
  local active = match((text:gsub("\\.", "")), ACTIVE_QUOTED)
  if active then return refuse_active(active) end
  text = text:gsub("\\(.)", unescape)
  return text, last + 1
end

readers["\\"] = function(line, at)
  local char = sub(line, at + 1, at + 1)
  if char == "" then return nil, "ends with a backslash" end
  return char, at + 2
end

local function read_plain(line, at)
  local text, after = match(line, "^([^%s'\"\\]+)()", at)
  local active = match(text, ACTIVE) or match(text, "^[~#]")
  if active then return refuse_active(active) end
  return text, after
end

-- One word from `at` on, which is no blank.
local function read_word(line, at)
  local word = ""
  while at <= #line and not find(line, "^%s", at) do
    local part, after = (readers[sub(line, at, at)] or read_plain)(line, at)
    if not part then return nil, after end
    word, at = word .. part, after
  end
  return word, at
end

---@param line string
---@return string[]? list
---@return string? fault  begins with a verb: "has ...", "holds ..."
function words.split(line)
  local list, at = {}, find(line, "%S")
  while at do
    local word, after = read_word(line, at)
    if not word then return nil, after end
    list[#list + 1] = word
    at = find(line, "%S", after)
  end
  return list
end

return words
