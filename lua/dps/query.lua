-- The query of a URL, written from Lua values (RFC 3986, section 3.4). It reads none.

local query = {}

local function percent(char)
  return ("%%%02X"):format(char:byte())
end

---Percent-encodes all but RFC 3986's unreserved characters.
---@param text string
---@return string
function query.escape(text)
  return (text:gsub("[^%w%-._~]", percent))
end

---@param parameters { [1]: string, [2]: any }[]  names and values; a nil value leaves one out
---@return string  without "?"; empty for none
function query.encode(parameters)
  local parts = {}
  for _, parameter in ipairs(parameters) do
    local name, value = parameter[1], parameter[2]
    if value ~= nil then
      parts[#parts + 1] = query.escape(name) .. "=" .. query.escape(tostring(value))
    end
  end
  return table.concat(parts, "&")
end

return query
