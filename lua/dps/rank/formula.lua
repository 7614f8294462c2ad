-- Ranking formulas: PQL text with Lua values put in as PQL literals, never as bare text. It knows
-- where strings and brackets begin and end, and no more of the language; Adobe's service checks the
-- rest. Source of the literals: Experience Platform, "Profile Query Language (PQL) overview".

local err = require "dps.err"
local suggest = require "dps.suggest"
local values_of = require "dps.schema.value"

local format = string.format

local formula = {}

local LONGEST = 8 * 1024 -- characters; contract 6, "Ranking formula"
local FIELD = { __name = "dps.rank.field" }
local FIELD_PATTERN = "^[%a_][%w_]*$"

local function misuse(text, ...)
  err.misuse("rank.formula: " .. format(text, ...))
end

-- Literals ----------------------------------------------------------------------------------------

-- The page shows strings in double quotes, and escapes nothing; a backslash before a quote is what
-- the languages around it do, and is not confirmed.
local function string_literal(text, name)
  local bad = text:find "%c"
  if bad then
    misuse("{{%s}} has a control character (0x%02X); PQL has no way to write one", name,
      text:byte(bad))
  elseif not utf8.len(text) then
    misuse("{{%s}} is not UTF-8", name)
  end
  return '"' .. text:gsub('["\\]', "\\%0") .. '"'
end

-- PQL has decimals and no exponents: the shortest one that is this number again.
local function number_literal(number, name)
  if math.type(number) == "integer" then return format("%d", number) end
  if number - number ~= 0 then misuse("{{%s}} is not a finite number", name) end
  for digits = 0, 17 do
    local text = format("%." .. digits .. "f", number)
    if tonumber(text) == number then return (text:gsub("^%-(0%.?0*)$", "%1")) end
  end
  misuse("{{%s}} is %.17g, which has too many decimals for PQL; round it", name, number)
end

local literal

local function list_literal(list, name)
  local parts = {}
  for key in next, list do
    if math.type(key) ~= "integer" or key < 1 or key > #list then
      misuse("{{%s}} is a table with names; a list, or one value, is needed", name)
    end
  end
  for i, value in ipairs(list) do
    if type(value) == "table" then misuse("{{%s}} holds a table; PQL's lists hold values", name) end
    parts[i] = literal(value, name)
  end
  return "[" .. table.concat(parts, ", ") .. "]"
end

-- A date stands for the day that its own zone has.
local function date_literal(value)
  local day = "^(%d%d%d%d)%-(%d%d)%-(%d%d)T"
  local year, month, number = tostring(value):match(day)
  if not year then year, month, number = values_of.is_date(value):match(day) end
  return format("date(%d, %d, %d)", tonumber(year), tonumber(month), tonumber(number))
end

local function table_literal(value, name)
  if rawequal(getmetatable(value), FIELD) then return value.path end
  return values_of.is_date(value) and date_literal(value) or list_literal(value, name)
end

function literal(value, name)
  local kind = type(value)
  if kind == "string" then return string_literal(value, name) end
  if kind == "number" then return number_literal(value, name) end
  if kind == "boolean" then return tostring(value) end
  if kind == "table" then return table_literal(value, name) end
  misuse("{{%s}} is a %s, which PQL has no literal for", name, kind)
end

-- Text --------------------------------------------------------------------------------------------

local function place(text, at)
  local line, start = 1, 1
  for newline in text:sub(1, at - 1):gmatch "\n()" do line, start = line + 1, newline end
  return format("line %d, column %d", line, (utf8.len(text, start, at - 1) or at - start) + 1)
end

-- Where the string that begins at `from` ends.
local function skip_string(text, from)
  local at = from + 1
  while true do
    at = text:find('["\\]', at)
    if not at then misuse("%s: this quote is never closed", place(text, from)) end
    if text:sub(at, at) == '"' then return at end
    at = at + 2
  end
end

local function filled(text, at, values, used)
  local name, last = text:match("^{{%s*([%a_][%w_]*)%s*}}()", at)
  if not name then misuse('%s: a placeholder is written {{name}}', place(text, at)) end
  local value = values[name]
  if value == nil then
    local names = {}
    for known in pairs(values) do names[#names + 1] = tostring(known) end
    table.sort(names)
    local nearest = suggest.nearest(name, names)
    misuse("%s: there is no value for {{%s}}%s", place(text, at), name,
      nearest and format(" (did you mean {{%s}}?)", nearest) or "")
  end
  used[name] = true
  return literal(value, name), last
end

local CLOSES = { ["("] = ")", ["["] = "]" }

local function check_bracket(text, at, open)
  local char = text:sub(at, at)
  if CLOSES[char] then
    open[#open + 1] = { at = at, close = CLOSES[char] }
  elseif #open == 0 or open[#open].close ~= char then
    misuse('%s: this "%s" closes nothing', place(text, at), char)
  else
    open[#open] = nil
  end
end

local function minus_apart(before, piece)
  return piece:sub(1, 1) == "-" and before:sub(-1) == "-" and " " .. piece or piece
end

-- Walks over the text once: strings are stepped over, brackets counted, placeholders filled.
local function walk(text, values, used)
  local parts, open, from, at = {}, {}, 1, 1
  while true do
    at = text:find('["{()%[%]]', at)
    if not at then break end
    local char = text:sub(at, at)
    if char == '"' then
      local close = skip_string(text, at)
      if text:sub(at, close):find "{{%s*[%a_][%w_]*%s*}}" then
        misuse("%s: a placeholder stands inside quotes; write it without, they are added",
          place(text, at))
      end
      at = close + 1
    elseif char ~= "{" then
      check_bracket(text, at, open)
      at = at + 1
    elseif text:sub(at + 1, at + 1) == "{" then
      local piece, last = filled(text, at, values, used)
      local before = text:sub(from, at - 1)
      parts[#parts + 1] = before
      parts[#parts + 1] = minus_apart(before, piece)
      from, at = last, last
    else
      at = at + 1
    end
  end
  if #open > 0 then misuse("%s: this bracket is never closed", place(text, open[#open].at)) end
  parts[#parts + 1] = text:sub(from)
  return table.concat(parts)
end

local function check_length(text)
  local length = utf8.len(text)
  if not length then misuse "the text is not UTF-8" end
  if length > LONGEST then
    misuse("the formula has %d characters; Adobe takes %d at most", length, LONGEST)
  end
  return text
end

local function check_values(values)
  if values == nil then return {} end
  if type(values) ~= "table" then misuse("the values must be a table, not a %s", type(values)) end
  return values
end

---PQL with `{{name}}` replaced by values: text becomes a string literal with its quotes escaped,
---a number a number, a list [ ... ], a date object date(year, month, day), rank.field a bare name.
---Raises kind "invalid" for a placeholder without a value, a value without a placeholder, what PQL
---has no literal for, quotes and brackets that do not match, and more than 8192 characters.
---@param text string
---@param values? table<string, any>
---@return string
function formula.fill(text, values)
  if type(text) ~= "string" or not text:find "%S" then misuse "the formula must be PQL text" end
  values = check_values(values)
  local used = {}
  local result = walk(text, values, used)
  for name in pairs(values) do
    if not used[name] then misuse("the formula has no {{%s}}", tostring(name)) end
  end
  return check_length(result)
end

local function as_pql(value, what)
  if type(value) == "number" then return number_literal(value, what) end
  if type(value) ~= "string" or not value:find "%S" then
    misuse("%s must be PQL text%s", what, what:find "condition" and "" or ", or a number")
  end
  return (walk(value, {}, {}))
end

---Nested if(): the value of the first condition that holds, else `otherwise`.
---@param cases table[]  { condition, value } each
---@param otherwise number|string
---@return string
function formula.cases(cases, otherwise)
  if type(cases) ~= "table" or #cases == 0 then
    misuse "a list of { condition, value } is needed"
  end
  local text = as_pql(otherwise, "what otherwise holds")
  for i = #cases, 1, -1 do
    local case = type(cases[i]) == "table" and cases[i] or {}
    text = format("if(%s, %s, %s)", as_pql(case[1], format("the condition of case %d", i)),
      as_pql(case[2], format("the value of case %d", i)), text)
  end
  return check_length(text)
end

---A field's name, which a formula takes as it is.
---@param path string
---@return table
function formula.field(path)
  local good = type(path) == "string" and path ~= ""
  for part in (good and path .. "." or ""):gmatch "([^.]*)%." do
    good = good and part:find(FIELD_PATTERN) ~= nil
  end
  if not good then
    err.misuse 'rank.field: a path of names is needed, such as "homeAddress.city"'
  end
  return setmetatable({ path = path }, FIELD)
end

return formula
