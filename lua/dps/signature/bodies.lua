-- What usually becomes of a body on the way, undone: the texts that it may have been when its
-- Content-Digest was made. JSON is laid out anew without being decoded, so numbers, the order of
-- members and escapes stay as they are. Pure; hashes nothing.

local bodies = {}

---@class dps.signature.Body
---@field words string   "... was the body that the digest was made of", without the rest
---@field text string

local LARGEST = 1 << 20 -- bytes of a body that is laid out anew

-- Tokens of a JSON text: strings whole, punctuation one by one, what stands between as one word.
-- nil when it is none, or none that ends.
local function tokens_of(text)
  local list, at = {}, 1
  while true do
    at = text:match("^%s*()", at)
    local char = text:sub(at, at)
    local after
    if char == "" then
      return list
    elseif char == '"' then
      local from = at + 1
      repeat
        after = text:match('^[^"\\]*"()', from)
        from = not after and text:match('^[^"\\]*\\.()', from)
      until after or not from
    else
      after = text:match("^[%[%]{},:]()", at) or text:match("^[%w+%-.]+()", at)
    end
    if not after then
      return nil
    end
    list[#list + 1] = text:sub(at, after - 1)
    at = after
  end
end

local function compact(tokens)
  return table.concat(tokens)
end

-- As Python's json.dumps writes it: a space after each colon and comma.
local function spaced(tokens)
  local list = {}
  for i, token in ipairs(tokens) do
    list[i] = (token == ":" or token == ",") and token .. " " or token
  end
  return table.concat(list)
end

local CLOSES = { ["["] = "]", ["{"] = "}" }

local function pretty(indent)
  return function(tokens)
    local list, depth = {}, 0
    local function line_end()
      return "\n" .. indent:rep(depth)
    end
    for i, token in ipairs(tokens) do
      if CLOSES[token] then
        depth = depth + 1
        list[i] = token .. (tokens[i + 1] == CLOSES[token] and "" or line_end())
      elseif token == "]" or token == "}" then
        depth = depth - 1
        list[i] = (CLOSES[tokens[i - 1]] == token and "" or line_end()) .. token
      else
        list[i] = token == "," and "," .. line_end() or token == ":" and ": " or token
      end
    end
    return table.concat(list)
  end
end

local LAYOUTS = {
  { "without white space (as JSON.stringify writes it)", compact },
  { "with a space after each colon and comma (as Python's json.dumps writes it)", spaced },
  { "indented by two spaces", pretty "  " },
  { "indented by four spaces", pretty "    " },
  { "indented by tabs", pretty "\t" },
}

local function utf16_escape(code)
  if code < 0x10000 then
    return ("\\u%04x"):format(code)
  end
  code = code - 0x10000
  return ("\\u%04x\\u%04x"):format(0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff))
end

local function escaped(text)
  return (text:gsub(utf8.charpattern, function(char)
    return #char > 1 and utf16_escape(utf8.codepoint(char)) or nil
  end))
end

local function unescape_slashes(text)
  return (text:gsub("\\/", "/"))
end

-- Each applies to a text and gives another, or the same when there is nothing to undo.
local ENDS = {
  { "without the line end at its end", function(text) return (text:gsub("\r?\n$", "")) end },
  { "with a line end at its end", function(text) return text .. "\n" end },
  { "with LF for each CRLF", function(text) return (text:gsub("\r\n", "\n")) end },
  { "with CRLF for each LF",
    function(text) return (text:gsub("\r\n", "\n"):gsub("\n", "\r\n")) end },
  { "without its byte order mark", function(text) return (text:gsub("^\xef\xbb\xbf", "")) end },
  { "empty", function() return "" end },
}

local SPELLINGS = {
  { "", function(text) return text end },
  { ", other letters than ASCII written as \\u escapes", escaped },
  { ", slashes not escaped", unescape_slashes },
}

---@param text string  the body as it came
---@return fun(): dps.signature.Body?  one after the other; none is the text itself
function bodies.variants(text)
  return coroutine.wrap(function()
    local seen = { [text] = true }
    local function give(words, variant)
      if not seen[variant] then
        seen[variant] = true
        coroutine.yield { words = words, text = variant }
      end
    end
    for _, rule in ipairs(ENDS) do
      give(rule[1], rule[2](text))
    end
    local tokens = #text <= LARGEST and utf8.len(text) and tokens_of(text)
    for _, layout in ipairs(tokens and #tokens > 0 and LAYOUTS or {}) do
      for _, spelling in ipairs(SPELLINGS) do
        local variant = spelling[2](layout[2](tokens))
        give(layout[1] .. spelling[1], variant)
        give(layout[1] .. spelling[1] .. ", with a line end at its end", variant .. "\n")
      end
    end
  end)
end

return bodies
