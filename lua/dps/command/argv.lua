-- Which words of a command line are the command's own and which the script's: what follows the
-- script is the script's, dashes too, so it is cut off before anybody looks for options. Pure.

local argv = {}

-- What is known of a flag; empty for any other word.
local function about(options, flag)
  for _, option in ipairs(options) do
    if option[1] == flag then
      return option
    end
  end
  return {}
end

-- The place of the script in `dps run OPTIONS SCRIPT ARGS`: the first word that is neither an
-- option nor its value.
local function script_place(words, options)
  local i = 2
  while words[i] do
    local word = words[i]
    if word == "--" then
      return i + 1
    end
    if word == "-" or word:sub(1, 1) ~= "-" then
      return i
    end
    i = i + (about(options, word)[3] and 2 or 1)
  end
  return nil
end

---@param words string[]  the command's name first
---@param options dps.command.Option[]
---@return string[] own    up to the script
---@return string[] args   what follows it
function argv.cut(words, options)
  local place = script_place(words, options)
  if not place then
    return words, {}
  end
  return table.move(words, 1, place, 1, {}), table.move(words, place + 1, #words, 1, {})
end

---A guarded option after the script; `--` before the script says that all of this is its own.
---@param own string[]   as cut
---@param args string[]  as cut
---@param options dps.command.Option[]
---@return string|nil  what is wrong
function argv.misplaced(own, args, options)
  if own[#own - 1] == "--" then
    return nil
  end
  local name = "dps " .. tostring(own[1])
  for _, word in ipairs(args) do
    local flag = word:match "^%-%-[%w-]+"
    if about(options, flag).guarded then
      return ("%s stands after the script; write %s %s ... %s, or %s -- %s %s"
        .. " if it is the script's own"):format(flag, name, flag, own[#own], name, own[#own], flag)
    end
  end
end

return argv
