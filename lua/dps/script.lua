-- Loads a user's script: text only, from a file, standard input or memory. It says in plain words
-- why one cannot be loaded, and never runs it.

local err = require "dps.err"

local script = {}

local MAX_BYTES = 16 * 1024 * 1024

local function refuse(message, hint)
  err.raise { kind = "refused", message = message, hint = hint }
end

local function read_all(file, name)
  local text, why = file:read(MAX_BYTES + 1)
  if why then
    refuse(("%s can't be read: %s"):format(name, why), "name a Lua file: dps run campaign.lua")
  elseif text and #text > MAX_BYTES then
    refuse(name .. " is larger than 16 MiB",
      "keep the data in a file of its own, such as a CSV file")
  end
  return text or ""
end

local function read(path)
  if path == "-" then
    return read_all(io.stdin, "standard input")
  end
  local file <close>, why = io.open(path, "rb")
  if not file then
    refuse(('the script "%s" can\'t be opened: %s'):format(path, why:sub(#path + 3)),
      "check the path: it is looked up from the folder you are in")
  end
  return read_all(file, ('"%s"'):format(path))
end

local function absolute(search_path, places)
  for place in search_path:gmatch "[^;]+" do
    if place:sub(1, 1) == "/" then
      places[#places + 1] = place
    end
  end
  return table.concat(places, ";")
end

-- A script may require the modules that stand beside it; otherwise only absolute places are
-- searched, so that what happens to lie in the current folder is never run by chance.
local function search_beside(path)
  local folder = path:match "^(.*)/[^/]*$" or "."
  package.path = absolute(package.path, { folder .. "/?.lua", folder .. "/?/init.lua" })
  package.cpath = absolute(package.cpath, {})
end

-- The library's own chunks are called "dps/...", and errors point at what is none of them.
local function apart_from_ours(path)
  return path:find "^dps/" and "./" .. path or path
end

local QUOTES = { ["“"] = true, ["”"] = true, ["‘"] = true, ["’"] = true, ["„"] = true }

-- What stands at the first byte of a character that Lua can't read, outside of strings.
local function stumbled_over(text, number)
  local at = 1
  for _ = 2, number do
    at = (text:find("\n", at, true) or #text) + 1
  end
  while true do
    at = text:find("[\xE2\n]", at)
    if not at or text:sub(at, at) == "\n" then
      return nil
    end
    local _, why = load(text:sub(1, at - 1), "=", "t")
    if not (why and why:find("unfinished", 1, true)) then
      return text:sub(at, at + 2)
    end
    at = at + 1
  end
end

-- Word processors and web pages put them where plain quotes belong.
local function quote_advice(text, why)
  local number = why:match ":(%d+): [^\n]* near '<\\226>'$"
  local found = number and stumbled_over(text, math.tointeger(tonumber(number)))
  return found and QUOTES[found]
    and ("\nwhat to do: a typographic quote (%s) stands there; use plain quotes"):format(found)
    or ""
end

---Makes a chunk of a script's text. A first line that begins with # (#!/usr/bin/env) and a byte
---order mark are skipped.
---@param name string  for messages, such as "campaign.lua"
---@param text string
---@return function chunk  raises kind "refused" for bytecode, a string for a syntax error
function script.compile(name, text)
  if text:sub(1, 4) == "\27Lua" then
    refuse(('"%s" is Lua bytecode, not a script'):format(name), "run the text it was made from")
  end
  text = text:gsub("^\xEF\xBB\xBF", ""):gsub("^#[^\n]*", "", 1)
  local chunk, why = load(text, "@" .. apart_from_ours(name), "t")
  if not chunk then
    error(why .. quote_advice(text, why), 0)
  end
  return chunk
end

---Loads a script and sets the global `arg` (0 is the script itself) and where `require` looks.
---@param path string  "-" is standard input
---@param args string[]
---@return function chunk  raises kind "refused" for what is no script, a string for a syntax error
function script.load(path, args)
  local text = read(path)
  _G.arg = table.move(args, 1, #args, 1, { [0] = path })
  search_beside(apart_from_ours(path))
  return script.compile(path == "-" and "stdin" or path, text)
end

return script
