-- Pages about modules: each public function with its parameters and results, each class with its
-- fields and methods, out of the annotations. What is public and says nothing of itself is a
-- problem, and so is what a module holds and no source has.

local page = require "page"
local source = require "source"
local types = require "types"

local modules = {}

local function set_of(list)
  local set = {}
  for _, name in ipairs(list or {}) do set[name] = true end
  return set
end

local function sentence(text)
  return text ~= "" and text:sub(1, 1):upper() .. text:sub(2) .. (text:find "[.:]$" and "" or ".")
    or nil
end

local function complain(problems, block, text, ...)
  problems[#problems + 1] = ("%s:%d: %s"):format(block.file, block.line, text:format(...))
end

local function signature(called, block, skip)
  local names = {}
  for _, arg in ipairs(block.args) do
    local optional = false
    for _, param in ipairs(block.params) do
      optional = optional or param.name == arg and param.optional
    end
    names[#names + 1] = not skip[arg] and arg .. (optional and "?" or "") or nil
  end
  return called .. "(" .. table.concat(names, ", ") .. ")"
end

local function param_of(block, name)
  for _, param in ipairs(block.params) do
    if param.name == name then return param end
  end
end

local function check(problems, called, block, skip)
  if not block.prose[1] then complain(problems, block, "%s has no prose", called) end
  for _, arg in ipairs(block.args) do
    local param = param_of(block, arg)
    if not skip[arg] and not (param and param.text ~= "") then
      complain(problems, block, "%s: nothing says what %s is", called, arg)
    end
  end
end

local function said(text)
  return text ~= "" and ": " .. text or ""
end

local function result_line(results, i)
  local result = results[i]
  local kind = types.words(result.type) .. (result.optional and " or nil" or "")
  local name = result.name ~= "" and result.name ~= "..." and "**" .. result.name .. "**, " or ""
  return ("- %s %s%s%s"):format(i == 1 and "returns" or "and", name, kind, said(result.text))
end

local function add_function(to, problems, called, block, skip)
  skip = skip or {}
  check(problems, called, block, skip)
  to:mention(called, block.prose[1])
  to:heading(3, "`" .. signature(called, block, skip) .. "`", called)
  to:add(table.concat(block.prose, "\n\n"), "")
  for _, param in ipairs(block.params) do
    if not skip[param.name] then
      to:add(("- **%s**%s %s%s"):format(param.name, param.optional and "?" or "",
        types.words(param.type), said(param.text)))
    end
  end
  for i in ipairs(block.returns) do to:add(result_line(block.returns, i)) end
  if #block.params + #block.returns == 0 then to.lines[#to.lines] = nil end
end

local function add_value(to, problems, called, field, block)
  if field.text == "" then complain(problems, block, "nothing says what %s is", called) end
  to:mention(called, sentence(field.text))
  to:heading(3, "`" .. called .. "`", called)
  to:add(sentence(field.text))
end

-- Classes -----------------------------------------------------------------------------------------

local function field_rows(to, problems, block)
  to:add("| field | type | |", "|---|---|---|")
  for _, field in ipairs(block.fields) do
    if field.text == "" then
      complain(problems, block, "%s: nothing says what %s is", block.class, field.name)
    end
    to:add(("| `%s`%s | %s | %s |"):format(field.name, field.optional and "?" or "",
      page.cell(types.words(field.type)), page.cell(field.text)))
  end
end

local function alias_rows(to, block)
  to:add("| value | |", "|---|---|")
  for _, option in ipairs(block.options) do
    to:add(("| `%s` | %s |"):format(option.name, page.cell(option.text)))
  end
end

local function add_methods(to, problems, about)
  local methods = about.receiver and source.methods(about.files, about.receiver) or {}
  if about.receiver and #methods == 0 then
    problems[#problems + 1] = about.class .. ": no methods of " .. about.receiver .. " were found"
  end
  local hidden = set_of(about.hidden)
  for _, method in ipairs(methods) do
    if not hidden[method.name] then
      add_function(to, problems, about.call .. ":" .. method.name, method)
    end
  end
end

local function class_body(to, problems, block)
  if block.parent and block.parent:find "^dps%." then
    to:add("", "Beside these it has what " .. page.link(block.parent) .. " has.")
  end
  if #block.fields > 0 then
    to:add ""
    field_rows(to, problems, block)
  elseif #block.options > 0 then
    to:add ""
    alias_rows(to, block)
  elseif block.alias then
    to:add("", "`" .. block.type .. "`")
  end
end

local function add_class(to, problems, about)
  local block = source.class(about.files, about.class) or source.alias(about.files, about.class)
  if not block then
    problems[#problems + 1] = "no source has the class " .. about.class
    return
  end
  to:heading(about.level or 2, about.class, about.class)
  local said_of = { table.unpack(block.prose) }
  said_of[#said_of + 1] = sentence(block.text)
  if #said_of == 0 then complain(problems, block, "%s has no prose", about.class) end
  to:add(table.concat(said_of, "\n\n"))
  class_body(to, problems, block)
  add_methods(to, problems, about)
end

-- Modules -----------------------------------------------------------------------------------------

-- The names that the module itself has, in the order in which its sources annotate them.
local function public_names(about, problems)
  local module, names, seen = require(about.module), {}, set_of(about.hidden)
  for _, name in ipairs(source.names(about.files)) do
    if rawget(module, name) ~= nil and not seen[name] then
      names[#names + 1], seen[name] = name, true
    end
  end
  for name in next, module do
    if type(name) == "string" and not seen[name] then
      problems[#problems + 1] = ("%s.%s is public, and no annotation of %s is about it"):format(
        about.module, name, table.concat(about.files, ", "))
    end
  end
  return names
end

local function add_module(to, problems, about)
  local block = source.class(about.files, about.module)
  if not block or not block.prose[1] then
    problems[#problems + 1] = about.module .. " has no class with prose of what it is"
    return
  end
  to:heading(2, about.module, about.module)
  to:add(table.concat(block.prose, "\n\n"), "",
    ("In what follows: `local %s = %s`."):format(about.as, about.module))
  for _, name in ipairs(public_names(about, problems)) do
    local member, called = source.member(about.files, name), about.as .. "." .. name
    if member.args then
      add_function(to, problems, called, member)
    else
      if not member.prose[1] then complain(problems, member, "%s has no prose", called) end
      to:mention(called, member.prose[1])
      to:heading(3, "`" .. called .. "`", called)
      to:add(table.concat(member.prose, "\n\n"))
    end
  end
end

-- Members of dps itself, which stand in files of other names.
local function add_members(to, problems, about)
  if about.title then
    to:heading(2, about.title)
    to:add(about.about)
  end
  local facade = source.class({ "init.lua" }, "dps")
  for _, each in ipairs(about.members) do
    local called = "dps." .. each[1]
    local block = each.files and source.member(each.files, each[2])
    if block and block.args then
      add_function(to, problems, called, block, set_of(each.skip))
    elseif each.files then
      problems[#problems + 1] = called .. ": no annotated function was found"
    else
      for _, field in ipairs(facade.fields) do
        if field.name == each[1] then add_value(to, problems, called, field, facade) end
      end
    end
  end
end

---@param to table      the page
---@param sections table[]  of public.lua
---@param problems string[]  is added to
function modules.add(to, sections, problems)
  for _, about in ipairs(sections) do
    local add = about.module and add_module or about.class and add_class or add_members
    add(to, problems, about)
  end
end

---What the facade says it has must stand on a page.
---@param pages table[]  of public.lua
---@param problems string[]  is added to
function modules.check_facade(pages, problems)
  local known = {}
  for _, each in ipairs(pages) do
    for _, about in ipairs(each.sections) do
      if about.module then known[about.module:match "[^.]+$"] = true end
      for _, member in ipairs(about.members or {}) do known[member[1]] = true end
    end
  end
  for _, field in ipairs(source.class({ "init.lua" }, "dps").fields) do
    if not known[field.name] then
      problems[#problems + 1] = ("dps.%s is on no page"):format(field.name)
    end
  end
end

return modules
