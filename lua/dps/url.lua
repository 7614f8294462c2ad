-- What goes into a URL, written from Lua values (RFC 3986): percent-encoding, queries, and whether
-- a path stays where it is put. It reads none.

local url = {}

local function percent(char)
  return ("%%%02X"):format(char:byte())
end

---Percent-encodes all but RFC 3986's unreserved characters.
---@param text string
---@param also string?  more characters that stay, such as ":"; none that means something to Lua
---@return string
function url.escape(text, also)
  return (text:gsub("[^%w%-._~" .. (also or "") .. "]", percent))
end

---The members of a table as parameters, in the order of their names.
---@param values table<string, any>
---@return { [1]: string, [2]: any }[]
function url.parameters(values)
  local parameters = {}
  for name, value in pairs(values) do
    parameters[#parameters + 1] = { name, value }
  end
  table.sort(parameters, function(a, b)
    return a[1] < b[1]
  end)
  return parameters
end

---@param parameters { [1]: string, [2]: any }[]  names and values; a nil value leaves one out
---@return string  without "?"; empty for none
function url.query(parameters)
  local parts = {}
  for _, parameter in ipairs(parameters) do
    local name, value = parameter[1], parameter[2]
    if value ~= nil then
      parts[#parts + 1] = url.escape(name) .. "=" .. url.escape(tostring(value))
    end
  end
  return table.concat(parts, "&")
end

---Whether a path stays below what it is added to, however a server reads it: no "." and "..", plain
---or encoded or before ";", no encoded "/", and no "//", which would begin a host.
---@param path string  encoded, without a query
---@return boolean
function url.stays_below(path)
  local lower = path:lower()
  return path:find "^/" ~= nil and not path:find "//" and not path:find "[\\?#%s%c]"
    and not lower:find "%%2[ef]" and not lower:find "%%5c"
    and not (path .. "/"):find "/%.%.?[/;]"
end

return url
