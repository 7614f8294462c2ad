-- Text with places for values: {{name}}, {{a.b}}, {{{name}}} (as it is), {{#list}} ... {{/list}},
-- {{^list}} ... {{/list}} (where there is none), {{.}} and {{! a remark }}. The syntax is that of
-- mustache(5), but what has no value is an error, with the template's line and column. \{{ stands
-- for {{, which Journey Optimizer's own personalization uses. It reads no file.

local err = require "dps.err"
local suggest = require "dps.suggest"
local values_of = require "dps.schema.value"

local find, format, match, sub = string.find, string.format, string.match, string.sub

local template = {}

local DEEPEST = 50 -- sections inside each other
local LONGEST_NAME = 256
local LONGEST = 4 * 1024 * 1024 -- bytes of text that come out

---@class dps.Template
---@field name string   what messages call it
---@field text string
---@field body table    strings, and tables for what is filled in

-- Messages ----------------------------------------------------------------------------------------

local function place(self, at)
  local line, start = 1, 1
  local newline = find(self.text, "\n", 1, true)
  while newline and newline < at do
    line, start = line + 1, newline + 1
    newline = find(self.text, "\n", start, true)
  end
  return format("%s:%d:%d", self.name, line, (utf8.len(self.text, start, at - 1) or at - start) + 1)
end

local function fail(self, at, hint, text, ...)
  err.raise { kind = "invalid", message = place(self, at) .. ": " .. format(text, ...),
    hint = hint }
end

local SYNTAX = "write {{name}}, {{{name}}}, {{#name}} ... {{/name}}, or \\{{ for {{ itself"

-- Reading -----------------------------------------------------------------------------------------

local NAME = "^[%w_-]+$"

local function path_of(self, at, name)
  if name == "." then return {} end
  local path = {}
  for part in (name .. "."):gmatch "([^.]*)%." do
    if not find(part, NAME) then
      fail(self, at, SYNTAX, '"%s" is no name of a value', sub(name, 1, 60))
    end
    path[#path + 1] = part
  end
  return path
end

-- A tag that stands alone on its line takes the line away with it, as mustache has it.
local function alone(text, from, last)
  local start = from
  while start > 1 and find(text, "^[ \t]", start - 1) do start = start - 1 end
  if start > 1 and sub(text, start - 1, start - 1) ~= "\n" then return from, last end
  local next = match(text, "^[ \t]*\r?\n()", last) or match(text, "^[ \t]*()$", last)
  if not next then return from, last end
  return start, next
end

-- One tag: its kind ("", "{", "#", "^", "/", "!"), its name, and where the text goes on.
local function read_tag(self, at)
  local text = self.text
  local kind = match(text, "^{{([{#^/!]?)", at)
  local close = kind == "{" and "}}}" or "}}"
  local from = at + 2 + #kind
  local last = find(text, close, from, true)
  if last and kind == "!" then return kind, "", last + #close end
  local inner = sub(text, from, math.min(last or 0, from + LONGEST_NAME) - 1)
  if not last or find(inner, "{{", 1, true) then
    fail(self, at, SYNTAX, "this {{%s is never closed with %s", kind, close)
  elseif last - from > LONGEST_NAME then
    fail(self, at, SYNTAX, '"%s..." is no name of a value', sub(inner, 1, 40))
  end
  return kind, match(inner, "^%s*(.-)%s*$"), last + #close
end

local function open_section(self, stack, kind, name, at)
  if #stack >= DEEPEST then
    fail(self, at, "flatten the template", "more than %d sections inside each other", DEEPEST)
  end
  local section = { path = path_of(self, at, name), name = name, at = at, body = {},
    inverted = kind == "^", section = true }
  table.insert(stack[#stack].body, section)
  stack[#stack + 1] = section
end

local function close_section(self, stack, name, at)
  local open = stack[#stack]
  if not open.section then
    fail(self, at, SYNTAX, "{{/%s}} closes nothing", sub(name, 1, 60))
  elseif open.name ~= name then
    fail(self, at, SYNTAX, "{{/%s}} stands where {{/%s}} is due", sub(name, 1, 60), open.name)
  end
  stack[#stack] = nil
end

local function add_tag(self, stack, kind, name, at)
  if kind == "#" or kind == "^" then
    open_section(self, stack, kind, name, at)
  elseif kind == "/" then
    close_section(self, stack, name, at)
  elseif kind ~= "!" then
    table.insert(stack[#stack].body,
      { path = path_of(self, at, name), name = name, at = at, raw = kind == "{" })
  end
end

local function add_text(stack, text)
  if text ~= "" then table.insert(stack[#stack].body, text) end
end

local function parse(self)
  local text, from = self.text, 1
  local stack = { { body = self.body } }
  while true do
    local at = find(text, "{{", from, true)
    if not at then break end
    if at > from and sub(text, at - 1, at - 1) == "\\" then
      add_text(stack, sub(text, from, at - 2) .. "{{")
      from = at + 2
    else
      local kind, name, last = read_tag(self, at)
      local start, next = at, last
      if kind ~= "" and kind ~= "{" then start, next = alone(text, at, last) end
      add_text(stack, sub(text, from, math.max(start, from) - 1))
      add_tag(self, stack, kind, name, at)
      from = next
    end
  end
  add_text(stack, sub(text, from))
  local open = stack[#stack]
  if open.section then fail(self, open.at, SYNTAX, "{{#%s}} is never closed", open.name) end
  return self
end

---Reads a template. Raises kind "invalid" with line and column for what is none.
---@param text string
---@param name string?  what messages call it: a file's path; "template" when absent
---@return dps.Template
function template.parse(text, name)
  if type(text) ~= "string" then
    err.misuse("a template must be a string, not a " .. type(text))
  end
  local self = { name = name or "template", text = text, body = {} }
  local _, bad = utf8.len(text)
  if bad then fail(self, bad, "save the template as UTF-8", "byte 0x%02X is not UTF-8",
    text:byte(bad)) end
  return parse(self)
end

-- Values ------------------------------------------------------------------------------------------

local function names_of(scopes)
  local names = {}
  for i = #scopes, 1, -1 do
    for name in next, type(scopes[i]) == "table" and scopes[i] or {} do
      if type(name) == "string" then names[#names + 1] = name end
    end
  end
  table.sort(names)
  return names
end

local function missing(self, node, scopes)
  local names = names_of(scopes)
  local nearest = suggest.nearest(node.path[1], names)
  local known = nearest and format("did you mean {{%s}}?", nearest)
    or #names > 0 and "known: " .. table.concat(names, ", ", 1, math.min(#names, 20))
    or "there is none"
  fail(self, node.at, "add it to the values of the template, or correct its name here",
    "{{%s}} has no value (%s)", node.name, known)
end

-- The first name is looked for from the innermost scope outwards, the rest of the path inside it.
local function look_up(self, node, scopes)
  local path = node.path
  if #path == 0 then return scopes[#scopes] end
  local value
  for i = #scopes, 1, -1 do
    local scope = scopes[i]
    if type(scope) == "table" then value = scope[path[1]] end
    if value ~= nil then break end
  end
  for i = 2, #path do
    if value == nil then break end
    value = type(value) == "table" and value[path[i]] or nil
  end
  if value == nil then missing(self, node, scopes) end
  return value
end

local function text_of(self, node, value)
  local kind = math.type(value) or type(value)
  if kind == "string" then return value end
  if kind == "integer" then return format("%d", value) end
  if kind == "float" and value - value == 0 then return format("%.14g", value) end
  if kind == "table" and values_of.is_date(value) then return tostring(value) end
  local what = kind == "float" and "not a finite number" or "a " .. kind
  fail(self, node.at, "a place takes text or a number; a list, true and false are for {{#name}}",
    "{{%s}} is %s", node.name, what)
end

-- Writing -----------------------------------------------------------------------------------------

local HTML = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function json_escape(char)
  return format("\\u%04x", char:byte())
end

local ESCAPES = {
  html = function(text) return (text:gsub("[&<>\"']", HTML)) end,
  json = function(text) return (text:gsub('[%c"\\]', json_escape)) end,
  none = function(text) return text end,
}

local function append(self, out, node, text)
  out.size = out.size + #text
  if out.size > LONGEST then
    fail(self, node and node.at or 1, "make the lists shorter", "more than %d MiB of text come out",
      LONGEST >> 20)
  end
  out[#out + 1] = text
end

local render_body

local function render_scope(self, out, body, scopes, scope)
  scopes[#scopes + 1] = scope
  render_body(self, out, body, scopes)
  scopes[#scopes] = nil
end

local function is_list(value)
  return type(value) == "table" and not values_of.is_date(value)
    and (next(value) == nil or rawlen(value) > 0)
end

local function render_section(self, out, node, scopes)
  local value = look_up(self, node, scopes)
  local empty = value == false or values_of.is_null(value) or is_list(value) and next(value) == nil
  if node.inverted then
    if empty then render_body(self, out, node.body, scopes) end
  elseif is_list(value) then
    for _, item in ipairs(value) do render_scope(self, out, node.body, scopes, item) end
  elseif not empty then
    render_scope(self, out, node.body, scopes, value)
  end
end

function render_body(self, out, body, scopes)
  for _, node in ipairs(body) do
    if type(node) == "string" then
      append(self, out, nil, node)
    elseif node.section then
      render_section(self, out, node, scopes)
    else
      local text = text_of(self, node, look_up(self, node, scopes))
      append(self, out, node, node.raw and text or out.escape(text))
    end
  end
end

---Fills a template in.
---@param self dps.Template
---@param values table
---@param escape "html"|"json"|"none"  what values go through; {{{name}}} never does
---@return string  raises kind "invalid" for what has no value, or one that is no text
function template.render(self, values, escape)
  if type(values) ~= "table" then
    err.misuse("the values of a template must be a table, not a " .. type(values))
  end
  local out = { size = 0, escape = ESCAPES[escape] }
  render_body(self, out, self.body, { values })
  return table.concat(out)
end

return template
