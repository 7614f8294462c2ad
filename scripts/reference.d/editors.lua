-- The annotations for editors with LuaLS, from the resources' descriptions.

local resources = require "dps.resource"
local notes = require "notes"

local function camel(word)
  return (("_" .. word):gsub("_+(%w)", string.upper))
end

local SIMPLE = {
  string = "string", uri = "string", integer = "integer", boolean = "boolean",
  date = "string|table", reference = "dps.Id",
}

local class_of

local function lua_type(field, name, classes)
  local values = field.create_enum or field.enum
  if field.type == "array" then
    local item = lua_type(field.items, name, classes)
    return (item:find "|" and "(" .. item .. ")" or item) .. "[]"
  elseif field.type == "object" and field.open == true and field.values then
    return ("table<string, %s>"):format(lua_type(field.values, name, classes))
  elseif field.type == "object" and field.fields then
    return class_of(field.fields, name, classes)
  elseif field.type == "object" then
    return "table<string, any>"
  elseif field.type == "string" and values then
    return '"' .. table.concat(values, '"|"') .. '"'
  end
  return SIMPLE[field.type]
end

function class_of(fields, name, classes)
  local lines = { "---@class " .. name }
  classes[#classes + 1] = lines
  for _, field in ipairs(fields) do
    if not field.read_only then
      local key = field.name:find "^[%a_][%w_]*$" and field.name or ('["%s"]'):format(field.name)
      local text = notes(field, true):gsub("`", "")
      lines[#lines + 1] = ("---@field %s%s %s%s"):format(key, field.required and "" or "?",
        lua_type(field, name .. "." .. camel(field.name), classes),
        text ~= "" and " # " .. text or "")
    end
  end
  return name
end

local OPERATIONS = [[
---@class dps
---@field create_NAME fun(NAME: CLASS): dps.Receipt
---@field get_NAME fun(id: dps.Id): CLASS.Entity
---@field list_PLURAL fun(options: dps.ListOptions?): fun(): CLASS.Entity?
---@field update_NAME fun(id: dps.Id, changes: CLASS|dps.PatchOperation[], options: dps.UpdateOptions?): dps.Receipt
---@field delete_NAME fun(id: dps.Id): true
---@field ensure_NAME fun(NAME: CLASS): CLASS.Entity, "created"|"updated"|"unchanged", string[]? # the last: what the service never gives back, not compared
]]

local function annotate(description)
  local class = "dps." .. camel(description.name)
  local classes = {}
  class_of(description.fields, class, classes)
  local out = { "---@meta", ("-- The %s: made by scripts/reference from lua/dps/resource/%s.lua.")
    :format(description.title, description.name), "" }
  for _, lines in ipairs(classes) do
    out[#out + 1] = table.concat(lines, "\n") .. "\n"
  end
  out[#out + 1] = ("---@class %s.Entity: %s, dps.Entity\n"):format(class, class)
  out[#out + 1] = (OPERATIONS:gsub("NAME", description.name):gsub("PLURAL", description.plural)
    :gsub("CLASS", class):gsub("\n$", ""))
  return out
end

local SHARED = [[
---@meta
-- What all operations share: made by scripts/reference.

---@alias dps.Id string|dps.Receipt|dps.Entity|dps.Ref

---@class dps.Receipt
---@field id string
---@field etag integer?
---@field createdDate string?
---@field lastModifiedDate string?
---@field unchanged boolean? # an update found nothing to write
---@field dry boolean? # a dry run wrote nothing

---@class dps.Entity
---@field id string
---@field etag integer?
---@field created string?
---@field modified string?
---@field schemas string[]?
---@field createdBy string?
---@field lastModifiedBy string?

---@class dps.ListOptions
---@field limit integer? # rows of one page
---@field order_by string? # such as "name" or "-modified"
---@field property { [1]: string, [2]: string?, [3]: string|number|boolean? }[]? # all must hold; "~" takes a regular expression for the whole value

---@class dps.UpdateOptions
---@field guard boolean? # fail where somebody changed the same place meanwhile

---@class dps.PatchOperation
---@field op "add"|"remove"|"replace"|"move"|"copy"|"test"
---@field path string # RFC 6901
---@field value any
---@field from string?
]]

---@param write fun(name: string, lines: string[])
return function(write)
  write("types/dps.lua", { (SHARED:gsub("\n$", "")) })
  for _, description in ipairs(resources.all) do
    write("types/" .. description.name .. ".lua", annotate(description))
  end
end
