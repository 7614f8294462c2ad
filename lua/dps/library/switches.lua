-- What Adobe's documents leave open (contract section 10, by its numbers), as switches: what the
-- local library does unless told otherwise, and what it can do instead. One table for the command
-- line, the library and its list of what it covers. Pure.

local switches = {}

---@class dps.library.Switch
---@field name string              as an option of dps.library.open
---@field flag string              on the command line
---@field values string[]?         what it takes; none: it is on or off
---@field number boolean?          it takes a whole number from 1
---@field default string|integer|boolean|nil
---@field question string          number in contract section 10
---@field help string

---@return dps.library.Switch
local function switch(question, name, help, more)
  local result = {
    name = name, flag = "--" .. name:gsub("_", "-"), question = question, help = help,
  }
  for key, value in pairs(more or { default = false }) do
    result[key] = value
  end
  return result
end

---@type dps.library.Switch[]
switches.all = {
  switch("1", "create_status", "status of a create", { values = { "200", "201" },
    default = "201" }),
  switch("1", "delete_status", "status of a delete", { values = { "200", "202", "204" },
    default = "200" }),
  switch("2", "if_match", "answer to an If-Match that does not hold",
    { values = { "ignore", "409", "412" }, default = "409" }),
  switch("2", "etag_header", "send the etag as a header too"),
  switch("3", "patch_etag", "a patch can test /etag"),
  switch("4", "strict_patch", "refuse move, and patches without operations"),
  switch("5", "strict_media", "PATCH takes application/json alone"),
  switch("6", "allow_put", "PUT on every resource, not only where it is documented"),
  switch("7", "allow_dangling", "what others refer to can be deleted"),
  switch("7", "strict_deletes", "refuse to delete what is live or approved"),
  switch("10", "strict_fallbacks", "refuse constraints and rank of a fallback offer"),
  switch("11", "strict_status", "refuse to leave archived, and complete from other than live"),
  switch("11", "strict_names", "a name may be used once for each resource"),
  switch("14", "rate", "requests a second; more are answered 429 with Retry-After",
    { number = true }),
  switch("15", "max_limit", "largest page", { number = true, default = 1000 }),
  switch("16", "regex_part", "~ matches a part of a value too"),
  switch("16", "regex_case", "~ tells upper from lower case"),
  switch("23", "strict_dates", "refuse to create what has ended already"),
  switch("24", "guardrails", "refuse what passes the product's guardrails (what one object and"
    .. " a sandbox may hold)"),
  switch("27", "strict_representations",
    "channel and type fit the placement; a decision's fallback covers its placements"),
}

---@type table<string, dps.library.Switch>
switches.by_name = {}
for _, each in ipairs(switches.all) do
  switches.by_name[each.name] = each
end

---Names of all switches.
---@return string[]
function switches.names()
  local names = {}
  for i, each in ipairs(switches.all) do
    names[i] = each.name
  end
  return names
end

local function read_number(each, value)
  local number = math.tointeger(tonumber(value))
  if not number or number < 1 then
    return nil, ("%s takes a whole number from 1, not '%s'"):format(each.flag, value)
  end
  return number
end

local function read_choice(each, value)
  for _, choice in ipairs(each.values) do
    if choice == tostring(value) then
      return math.tointeger(tonumber(choice)) or choice
    end
  end
  return nil, ("%s takes %s, not '%s'"):format(each.flag, table.concat(each.values, ", "), value)
end

local function read(each, value)
  if value == nil then
    value = each.default
  end
  if value == nil then
    return nil
  elseif each.number then
    return read_number(each, value)
  elseif each.values then
    return read_choice(each, value)
  end
  return value and true or false
end

---Settings from what was given; `strict` turns every strict_... on.
---@param given table<string, any>
---@return table<string, any>|nil settings  by the names of the switches
---@return string? message
function switches.read(given)
  local settings = {}
  for _, each in ipairs(switches.all) do
    local value = given[each.name]
    if given.strict and each.name:find "^strict_" then
      value = true
    end
    local setting, message = read(each, value)
    if message then
      return nil, message
    end
    settings[each.name] = setting
  end
  return settings
end

return switches
