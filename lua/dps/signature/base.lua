-- Signature bases (RFC 9421, section 2.5) before people: line by line, secrets hidden, and two of
-- them held against each other. It makes no base and verifies nothing. Pure.

local base = {}

---@class dps.signature.Line
---@field id string      the component as it was listed: `"@query-param";name="Pet"`
---@field name string    without quotes and parameters
---@field value string   as it was signed; show it with base.shown only

---@class dps.signature.Row  one component of two bases
---@field id string
---@field name string
---@field signed string|nil    the value in the sender's base; nil: not in it
---@field received string|nil  in the receiver's
---@field same boolean
---@field how string|nil       what differs, in words

-- Values that nobody may see; what src/sign_base.h hides, too.
local SECRET = {
  ["authorization"] = true, ["proxy-authorization"] = true, ["cookie"] = true,
  ["set-cookie"] = true, ["x-api-key"] = true,
}
local HIDDEN = "***"

-- The end of an identifier: the colon outside of any quoted string.
local function colon_of(line)
  local at, quoted = 1, false
  while at <= #line do
    local char = line:sub(at, at)
    if quoted and char == "\\" then
      at = at + 1
    elseif char == '"' then
      quoted = not quoted
    elseif char == ":" and not quoted then
      return at
    end
    at = at + 1
  end
  return nil
end

---@param text string  a base
---@return dps.signature.Line[]
function base.lines(text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local colon = colon_of(line)
    local id = colon and line:sub(1, colon - 1) or line
    lines[#lines + 1] = {
      id = id, name = id:match '^"([^"]*)"' or id,
      value = colon and line:sub(colon + 1):gsub("^ ", "") or "",
    }
  end
  return lines
end

---The components of a serialised inner list, parameters and all: what a signature covers.
---@param list string  `("@method" "content-digest";req);created=1`
---@return string[]    `"@method"`, `"content-digest";req`
function base.components(list)
  local found, at = {}, list:match "^%(%s*()"
  while at do
    local from = at
    local after = list:match('^"[^"]*"()', at)
    while after and list:find("^;", after) do
      after = list:match('^;[%w_.*-]+="[^"\\]*"()', after) or list:match("^;[%w_.*-]+=?[^;%s)]*()",
        after)
    end
    at = after and list:match("^%s*()", after)
    found[#found + 1] = after and list:sub(from, after - 1)
  end
  return found
end

local function printable(value)
  return (value:gsub("[%c\x7f-\xff]", function(char)
    return ("\\x%02x"):format(char:byte())
  end))
end

---A value as people may see it.
---@param name string   of its component
---@param value string
---@return string
function base.shown(name, value)
  return SECRET[name] and HIDDEN or printable(value)
end

-- What differs ------------------------------------------------------------------------------------

local function squeezed(text)
  return (text:gsub("%s+", ""))
end

local function undone(text)
  return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local function sorted_pairs_of(query)
  local list = {}
  for pair in query:gsub("^%?", ""):gmatch "[^&]+" do
    list[#list + 1] = pair
  end
  table.sort(list)
  return table.concat(list, "&")
end

-- From the narrowest likeness on.
local LIKENESSES = {
  { string.lower, "only upper and lower case differ" },
  { squeezed, "only white space differs" },
  { undone, "only the percent-encoding differs" },
  { function(text) return (text:gsub("/$", "")) end, "only a slash at the end differs" },
}

local function url_parts(url)
  local scheme, authority, path, query = url:match "^(%a[%w+.-]*)://([^/?]*)([^?]*)(.*)$"
  if not scheme then
    return nil
  end
  local host, port = authority:match "^(.-):(%d*)$"
  return { ["the scheme"] = scheme, ["the host"] = host or authority, ["the port"] = port or "",
    ["the path"] = path, ["the query"] = query }
end

local URL_ORDER = { "the scheme", "the host", "the port", "the path", "the query" }

local function listed(names)
  local last = table.remove(names)
  return #names == 0 and last or table.concat(names, ", ") .. " and " .. last
end

local function url_difference(signed, received)
  local a, b = url_parts(signed), url_parts(received)
  if not (a and b) then
    return nil
  end
  local names = {}
  for _, part in ipairs(URL_ORDER) do
    if a[part] ~= b[part] then
      names[#names + 1] = part
    end
  end
  local many = #names > 1
  if #names == 1 and names[1] == "the query"
      and sorted_pairs_of(a["the query"]) == sorted_pairs_of(b["the query"]) then
    return "only the order of the query's parameters differs"
  end
  return #names > 0 and listed(names) .. (many and " differ" or " differs") or nil
end

local function first_difference(signed, received)
  local at = 1
  while at <= #signed and signed:byte(at) == received:byte(at) do
    at = at + 1
  end
  return at == 1 and "the values differ" or ("they differ from character %d on"):format(at)
end

local function difference(name, signed, received)
  if SECRET[name] then
    return ("the values (hidden) differ: %d bytes were signed, %d came"):format(#signed, #received)
  end
  for _, likeness in ipairs(LIKENESSES) do
    if likeness[1](signed) == likeness[1](received) then
      return likeness[2]
    end
  end
  if name == "@query" and sorted_pairs_of(signed) == sorted_pairs_of(received) then
    return "only the order of the parameters differs"
  end
  return url_difference(signed, received) or first_difference(signed, received)
end

-- Two bases ---------------------------------------------------------------------------------------

local function by_id(lines)
  local found = {}
  for _, line in ipairs(lines) do
    found[line.id] = line
  end
  return found
end

local function row_of(line, signed, received)
  local row = {
    id = line.id, name = line.name, signed = signed and signed.value,
    received = received and received.value,
  }
  row.same = row.signed == row.received
  if not row.same then
    row.how = not signed and "it was not signed" or not received and "it is missing here"
      or difference(row.name, row.signed, row.received)
  end
  return row
end

---Holds the base of the message as it was signed against the one of the message as it came.
---@param signed string
---@param received string
---@return dps.signature.Row[] rows  in the order of the signed one, what only came at the end
---@return boolean same
function base.compare(signed, received)
  local ours, theirs = base.lines(signed), base.lines(received)
  local known, others, rows = by_id(ours), by_id(theirs), {}
  for _, line in ipairs(ours) do
    rows[#rows + 1] = row_of(line, line, others[line.id])
  end
  for _, line in ipairs(theirs) do
    if not known[line.id] then
      rows[#rows + 1] = row_of(line, nil, line)
    end
  end
  return rows, signed == received
end

---A base as people may see it.
---@param text string
---@param indent string?
---@return string  without a line end
function base.masked(text, indent)
  local shown = {}
  for i, line in ipairs(base.lines(text)) do
    shown[i] = ("%s%s: %s"):format(indent or "", line.id, base.shown(line.name, line.value))
  end
  return table.concat(shown, "\n")
end

local function show_row(row)
  if row.same then
    return ("    %s: %s"):format(row.id, base.shown(row.name, row.signed))
  end
  local lines = { "  ! " .. row.id }
  for _, side in ipairs { "signed", "received" } do
    local value = row[side] and base.shown(row.name, row[side])
    lines[#lines + 1] = value and ("  !   %-9s %s"):format(side .. ":",
      value ~= "" and value or "(empty)")
  end
  lines[#lines + 1] = "  !   " .. row.how
  return table.concat(lines, "\n")
end

---The rows as text, those that differ marked.
---@param rows dps.signature.Row[]
---@return string  without a line end
function base.rows_text(rows)
  local shown = {}
  for i, row in ipairs(rows) do
    shown[i] = show_row(row)
  end
  return table.concat(shown, "\n")
end

return base
