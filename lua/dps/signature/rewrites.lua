-- What gateways and proxies usually do to a request, undone: the requests that this one may have
-- been when it was signed. The likeliest first: one change, then two, then more. Pure; whether one
-- of them verifies is for the caller to try.

local rewrites = {}

---@class dps.signature.Rewrite
---@field changes string[]  in words: what was otherwise when it was signed
---@field request table     method, url, fields

---@class dps.signature.Choice  one thing as it may have been
---@field value string
---@field words string|nil  nil: as it came

local MOST = 4000 -- requests that are tried

-- Fields ------------------------------------------------------------------------------------------

local function value_of(request, name)
  for _, field in ipairs(request.fields) do
    if field[1]:lower() == name then
      return field[2]
    end
  end
  return nil
end

local function first_of(list)
  return list and list:match "^%s*([^,%s]+)"
end

local function forwarded(request, key)
  local value = value_of(request, "forwarded") or ""
  local found = (";" .. value:match "^[^,]*"):match(";%s*" .. key .. "=([^;]+)")
  return found and found:gsub('"', "")
end

-- Choices -----------------------------------------------------------------------------------------

local function new_choices(value)
  local list, seen = { { value = value } }, { [value] = true }
  return list, function(other, words, ...)
    if other and other ~= "" and not seen[other] then
      seen[other] = true
      list[#list + 1] = { value = other, words = words:format(...) }
    end
  end
end

local function scheme_choices(_, scheme)
  local list, add = new_choices(scheme)
  local words = "the scheme was %s"
  for _, other in ipairs { "https", "http" } do
    add(other, words, other)
  end
  return list
end

local PORTS = { "443", "80", "8443", "8080" }

local function authority_choices(request, authority)
  local list, add = new_choices(authority)
  for _, name in ipairs { "x-forwarded-host", "x-original-host", "x-forwarded-server" } do
    local host = first_of(value_of(request, name))
    add(host, "the host was %s (as %s says)", host, name)
  end
  local host = forwarded(request, "host")
  add(host, "the host was %s (as forwarded says)", host)
  local bare = authority:gsub(":%d+$", "")
  add(bare, "the host was %s, without the port", bare)
  for _, port in ipairs(PORTS) do
    add(bare .. ":" .. port, "the host was %s, with the port", bare .. ":" .. port)
  end
  return list
end

local ORIGINAL_PATHS = {
  "x-original-uri", "x-original-url", "x-rewrite-url", "x-envoy-original-path",
  "x-forwarded-uri",
}

local function original_targets(request, add, part)
  for _, name in ipairs(ORIGINAL_PATHS) do
    local value = value_of(request, name)
    local target = value and value:gsub("^%a[%w+.-]*://[^/?]*", "")
    local found = target and target:match(part)
    add(found, "it was %s (as %s says)", found, name)
  end
end

local function hex_case(change)
  return function(text)
    return (text:gsub("%%%x%x", change))
  end
end

local UNRESERVED = "^[%w%-._~]$"

local function decode_unreserved(text)
  return (text:gsub("%%(%x%x)", function(hex)
    local char = string.char(tonumber(hex, 16))
    return char:find(UNRESERVED) and char or nil
  end))
end

local function encode_delimiters(text)
  return (text:gsub("[:@!$'()*,;]", function(char)
    return ("%%%02X"):format(char:byte())
  end))
end

local SPELLINGS = {
  { "%s was percent-encoded with upper-case digits", hex_case(string.upper) },
  { "%s was percent-encoded with lower-case digits", hex_case(string.lower) },
  { "%s had no letters, digits or - . _ ~ percent-encoded", decode_unreserved },
  { "%s had : @ ! $ ' ( ) * , ; percent-encoded", encode_delimiters },
  { "%s had none of : @ ! $ ' ( ) * , ; percent-encoded", function(text)
    return (text:gsub("%%(%x%x)", function(hex)
      local char = string.char(tonumber(hex, 16))
      return char:find "[:@!$'()*,;]" and char or nil
    end))
  end },
}

local function add_spellings(add, what, text)
  for _, spelling in ipairs(SPELLINGS) do
    add(spelling[2](text), spelling[1], what)
  end
end

local function path_choices(request, path)
  local list, add = new_choices(path)
  original_targets(request, add, "^/[^?]*")
  local prefix = (first_of(value_of(request, "x-forwarded-prefix")) or ""):gsub("/$", "")
  add(prefix .. path, "the path began with %s (as x-forwarded-prefix says)", prefix)
  add(path:match "^(.+)/$", "the path had no slash at its end")
  add(path:find "[^/]$" and path .. "/", "the path had a slash at its end")
  local rest = path:match "^/[^/]+(/.+)$"
  while rest do
    add(rest, "the path began with %s, without %s before it", rest:match "^/[^/]*",
      path:sub(1, #path - #rest))
    rest = rest:match "^/[^/]+(/.+)$"
  end
  add(path:gsub("//+", "/"), "the path had no double slashes")
  add_spellings(add, "the path", path)
  return list
end

-- Queries -----------------------------------------------------------------------------------------

local MOST_PERMUTED = 5

local function pairs_of(query)
  local list = {}
  for pair in query:sub(2):gmatch "[^&]+" do
    list[#list + 1] = pair
  end
  return list
end

local function permute(list, from, visit)
  if from >= #list then
    return visit(list)
  end
  for i = from, #list do
    list[from], list[i] = list[i], list[from]
    permute(list, from + 1, visit)
    list[from], list[i] = list[i], list[from]
  end
end

local ORDER = "the query's parameters stood in another order: %s"

local function add_orders(add, query)
  local list = pairs_of(query)
  local function add_order(ordered)
    local text = "?" .. table.concat(ordered, "&")
    add(text, ORDER, text)
  end
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  add_order(sorted)
  if #list <= MOST_PERMUTED then
    permute(list, 1, add_order)
  end
end

-- A parameter that a gateway may have added.
local function add_omissions(add, query)
  local list = pairs_of(query)
  for i, pair in ipairs(list) do
    local others = table.move(list, 1, #list, 1, {})
    table.remove(others, i)
    add(#others > 0 and "?" .. table.concat(others, "&") or "", "the query did not have %s", pair)
  end
end

local function query_choices(request, query)
  local list, add = new_choices(query)
  original_targets(request, add, "%?.*$")
  if query ~= "" then
    add((query:gsub("%+", "%%20")), "the query had %%20 for each +")
    add((query:gsub("%%20", "+")), "the query had + for each %%20")
    add_spellings(add, "the query", query)
    list[#list + 1] = { value = "", words = "there was no query" }
    add_orders(add, query)
    add_omissions(add, query)
  end
  return list
end

-- Header fields -----------------------------------------------------------------------------------

local FIELD_RULES = {
  { "had one space where there are several", function(v) return (v:gsub("[ \t]+", " ")) end },
  { "had a space after each comma", function(v) return (v:gsub(",[ \t]*", ", ")) end },
  { "had no space after its commas", function(v) return (v:gsub(",[ \t]+", ",")) end },
  { "had a space after each semicolon", function(v) return (v:gsub(";[ \t]*", "; ")) end },
  { "had no space after its semicolons", function(v) return (v:gsub(";[ \t]+", ";")) end },
  { "was in lower case", string.lower },
}
local TYPE_RULES = {
  { "had no parameters", function(v) return (v:gsub("%s*;.*$", "")) end },
  { "had ;charset=utf-8", function(v) return (v:gsub("%s*;.*$", "")) .. ";charset=utf-8" end },
  { "had ; charset=utf-8", function(v) return (v:gsub("%s*;.*$", "")) .. "; charset=utf-8" end },
  { "had ;charset=UTF-8", function(v) return (v:gsub("%s*;.*$", "")) .. ";charset=UTF-8" end },
  { "had ; charset=UTF-8", function(v) return (v:gsub("%s*;.*$", "")) .. "; charset=UTF-8" end },
}

-- The trap of Adobe's services: the same body in another sandbox.
local SANDBOX_RULES = {}
for i, name in ipairs { "dev", "stage", "prod" } do
  SANDBOX_RULES[i] = { "was " .. name, function() return name end }
end
local RULES_OF = { ["content-type"] = TYPE_RULES, ["x-sandbox-name"] = SANDBOX_RULES }

local function with_value(fields, at, value)
  local copy = table.move(fields, 1, #fields, 1, {})
  copy[at] = { fields[at][1], value }
  return copy
end

local function add_field_choices(list, request, at)
  local field = request.fields[at]
  local name, seen = field[1]:lower(), { [field[2]] = true }
  for _, rules in ipairs { FIELD_RULES, RULES_OF[name] or {} } do
    for _, rule in ipairs(rules) do
      local value = rule[2](field[2])
      if not seen[value] then
        seen[value] = true
        list[#list + 1] = { value = with_value(request.fields, at, value),
          words = ("%s %s"):format(name, rule[1]) }
      end
    end
  end
end

local function field_choices(request, _, covers)
  local list = { { value = request.fields } }
  for i, field in ipairs(request.fields) do
    if covers(field[1]:lower()) then
      add_field_choices(list, request, i)
    end
  end
  return list
end

-- Methods -----------------------------------------------------------------------------------------

local function method_choices(request)
  local list, add = new_choices(request.method)
  add(request.method:upper(), "the method was written in upper case")
  add(request.method:lower(), "the method was written in lower case")
  local override = value_of(request, "x-http-method-override")
  add(override, "the method was %s (as x-http-method-override says)", override)
  for _, other in ipairs { "GET", "HEAD", "POST", "PUT", "PATCH" } do
    add(other, "the method was %s", other)
  end
  return list
end

-- The search --------------------------------------------------------------------------------------

---What of a request can have been otherwise: how to find it, and the components that show it.
local AXES = {
  scheme = { scheme_choices, "@target-uri", "@scheme" },
  authority = { authority_choices, "@target-uri", "@authority", "host" },
  path = { path_choices, "@target-uri", "@path", "@request-target" },
  query = { query_choices, "@target-uri", "@query", "@query-param", "@request-target" },
  method = { method_choices, "@method", "@request-target" },
  fields = { field_choices },
}
local NAMES = { "scheme", "authority", "path", "query", "method", "fields" }
local FEW = 12 -- choices of one axis that are tried together with those of others

local function matters(axis, covers)
  for i = 2, #axis do
    if covers(axis[i]) then
      return true
    end
  end
  return #axis == 1
end

local function choices_of(request, covers)
  local scheme, authority, path, query =
    (request.url or ""):match "^(%a[%w+.-]*)://([^/?]*)([^?]*)(.*)$"
  if not scheme then
    return nil -- a response
  end
  local given = { scheme = scheme, authority = authority, path = path, query = query,
    method = request.method, fields = request.fields }
  local choices = {}
  for name, axis in pairs(AXES) do
    choices[name] = matters(axis, covers) and axis[1](request, given[name], covers)
      or { { value = given[name] } }
  end
  return choices
end

-- The Host field goes with the host.
local function fields_with_host(fields, authority)
  for i, field in ipairs(fields) do
    if field[1]:lower() == "host" then
      return with_value(fields, i, authority)
    end
  end
  return fields
end

local function build(picked)
  local changes = {}
  for _, name in ipairs(NAMES) do
    changes[#changes + 1] = picked[name].words
  end
  local authority = picked.authority
  return {
    changes = changes,
    request = {
      method = picked.method.value,
      fields = authority.words and fields_with_host(picked.fields.value, authority.value)
        or picked.fields.value,
      url = ("%s://%s%s%s"):format(picked.scheme.value, authority.value, picked.path.value,
        picked.query.value),
    },
  }
end

-- Every way to change exactly n things; the first names are changed first.
local function combine(choices, picked, at, n, most, visit)
  local name = NAMES[at]
  if not name then
    return n == 0 and visit(picked)
  end
  picked[name] = choices[name][1]
  combine(choices, picked, at - 1, n, most, visit)
  for i = 2, n > 0 and math.min(#choices[name], most) or 1 do
    picked[name] = choices[name][i]
    combine(choices, picked, at - 1, n - 1, most, visit)
  end
end

---@param request table  method, url (absolute), fields ({ name, value } each)
---@param covers fun(name: string): boolean  whether a signature looks at this component
---@return fun(): dps.signature.Rewrite?  one after the other; none is the request itself
function rewrites.of(request, covers)
  return coroutine.wrap(function()
    local choices, given = choices_of(request, covers), 0
    for n = 1, choices and #NAMES or 0 do
      combine(choices, {}, #NAMES, n, n == 1 and MOST or FEW, function(picked)
        given = given + 1
        if given <= MOST then
          coroutine.yield(build(picked))
        end
      end)
      if given > MOST then
        return
      end
    end
  end)
end

return rewrites
