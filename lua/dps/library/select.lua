-- From a read list query to SQL. Nothing a caller wrote becomes part of a statement: values and
-- JSON paths are bound, what is composed here is fixed text and parameter numbers.

local date = require "dps.date.wire"
local shape = require "dps.library.shape"

local select = {}

-- Members of an entity that are columns of the database: how they compare, and whether a row can
-- lack them.
local COLUMNS = {
  id = { sql = "id", kind = "text" },
  etag = { sql = "etag", kind = "number" },
  created = { sql = "created", kind = "moment" },
  modified = { sql = "modified", kind = "moment" },
  createdBy = { sql = "created_by", kind = "text" },
  lastModifiedBy = { sql = "modified_by", kind = "text" },
  schemas = { sql = "schema", kind = "text" },
}
local NAME = { sql = "name", kind = "text", nullable = true }
local STATUS = { sql = "status", kind = "text", nullable = true }

local COMPARE = {
  ["=="] = "=", ["!="] = "=", ["<="] = "<=", [">="] = ">=", ["<"] = "<", [">"] = ">",
}

---@class dps.library.Binder  collects the values of a statement
---@field values table  nil for NULL; `n` of them
---@field flags integer of regular expressions
local Binder = {}
Binder.__index = Binder

---@return string  the parameter that stands for the value
function Binder:bind(value)
  local values = self.values
  values.n = values.n + 1
  values[values.n] = value
  return "?" .. values.n
end

local function column_of(place, path)
  local text = table.concat(path, ".")
  return text == shape.name_field(place.main) and NAME
    or text == shape.status_field(place.main) and STATUS
    or COLUMNS[text]
end

local function json_path(steps)
  return '$."' .. table.concat(steps, '"."') .. '"'
end

local function to_number(text)
  return text:find "^%-?%d+%.?%d*[eE]?[+-]?%d*$" and tonumber(text) or nil
end

local function to_moment(term)
  local moment = date.parse(term.value)
  if not moment then
    local hint = "'%s' compares a date with something that is none (a + must be written %%2B)"
    error({ status = 400, detail = hint:format(term.text) }, 0)
  end
  return moment
end

-- Filters -----------------------------------------------------------------------------------------

local function member(fields, name)
  for _, field in ipairs(fields or {}) do
    if field.name == name then
      return field
    end
  end
  return nil
end

-- Parts a path behind every array on its way: each part is a path inside one item of the array
-- before it. Returns the description of the last step as well, if there is one.
local function segments_of(fields, path)
  local segments, field = { {} }, nil
  for _, step in ipairs(path) do
    field = member(fields, step)
    table.insert(segments[#segments], step)
    if field and field.type == "array" then
      segments[#segments + 1] = {}
      field = field.items
    end
    fields = field and field.fields
  end
  return segments, field
end

-- A regular expression sees text: numbers and true as they are written, moments as an entity says
-- them. `matches` is the database's own (lua_regex.h).
local AS_TEXT = {
  text = "@",
  number = "CAST(@ AS TEXT)",
  moment = "strftime('%Y-%m-%dT%H:%M:%f', @ / 1000.0, 'unixepoch') || '+00:00'",
}

local function match_test(binder, term, subject)
  return ("matches(%s, %s, %s)"):format(
    binder:bind(term.value), binder:bind(binder.flags), subject)
end

local function column_test(binder, column, term)
  if term.op == "exists" then
    return column.sql .. " IS NOT NULL"
  elseif term.op == "~" then
    local subject = AS_TEXT[column.kind]:gsub("@", column.sql)
    return match_test(binder, term, subject)
  end
  local value = term.value
  if column.kind == "moment" then
    value = to_moment(term)
  elseif column.kind == "number" then
    value = to_number(value)
  end
  return ("%s %s %s"):format(column.sql, COMPARE[term.op], binder:bind(value))
end

-- A value in JSON has a type of its own, and what it is compared with is only text: text compares
-- with text, numbers with what reads as a number, true and false with their names.
local TYPED = "CASE @kind WHEN 'text' THEN @value @op @text WHEN 'integer' THEN @value @op @number"
  .. " WHEN 'real' THEN @value @op @number WHEN 'true' THEN 'true' @op @text"
  .. " WHEN 'false' THEN 'false' @op @text END"

local function typed_test(binder, kind, value, term)
  return (TYPED:gsub("@(%l+)", {
    kind = kind,
    value = value,
    op = COMPARE[term.op],
    text = binder:bind(term.value),
    number = binder:bind(to_number(term.value)),
  }))
end

local function moment_test(binder, value, term)
  local moment = date.format(to_moment(term)) -- SQLite reads fewer ways of writing one
  return ("julianday(%s) %s julianday(%s)"):format(value, COMPARE[term.op], binder:bind(moment))
end

local MATCHED = "CASE WHEN @kind IN ('text', 'integer', 'real') THEN @value"
  .. " WHEN @kind IN ('true', 'false') THEN @kind END"

local function value_test(binder, kind, value, term, field)
  if term.op == "exists" then
    return ("coalesce(%s, 'null') <> 'null'"):format(kind)
  elseif term.op == "~" then
    local subject = MATCHED:gsub("@(%l+)", { kind = kind, value = value })
    return match_test(binder, term, subject)
  elseif field and field.type == "date" then
    return moment_test(binder, value, term)
  end
  return typed_test(binder, kind, value, term)
end

-- Whether any item of the arrays on the path passes.
local function json_test(binder, source, segments, at, term, field)
  local steps = segments[at]
  if #steps == 0 then -- the items themselves
    local each = source:match "^(.*)%.value$"
    return value_test(binder, each .. ".type", source, term, field)
  end
  local path = binder:bind(json_path(steps))
  local last = at == #segments or term.op == "exists" and #segments[at + 1] == 0
  if last then
    return value_test(binder, ("json_type(%s, %s)"):format(source, path),
      ("json_extract(%s, %s)"):format(source, path), term, field)
  end
  local each = "e" .. at
  local test = json_test(binder, each .. ".value", segments, at + 1, term, field)
  if #segments[at + 1] > 0 then -- an item that is plain text would be malformed JSON
    test = ("CASE %s.type WHEN 'object' THEN %s END"):format(each, test)
  end
  return ("EXISTS (SELECT 1 FROM json_each(%s, %s) AS %s WHERE %s)"):format(
    source, path, each, test)
end

-- "!=" is the opposite of "==", so it also finds what lacks the field; "!" before a filter turns it
-- round.
local function condition(binder, place, term)
  local column = column_of(place, term.path)
  local test
  if column then
    test = column_test(binder, column, term)
  else
    local segments, field = segments_of(place.fields, term.path)
    test = json_test(binder, "body", segments, 1, term, field)
  end
  if term.negated ~= (term.op == "!=") then
    return ("NOT coalesce(%s, 0)"):format(test)
  end
  return "(" .. test .. ")"
end

-- Order -------------------------------------------------------------------------------------------

---@class dps.library.Key  one sort key
---@field sql string
---@field descending boolean
---@field nullable boolean

local function sort_key(binder, place, by)
  local column = column_of(place, by.path)
  if column then
    return { sql = column.sql, nullable = column.nullable == true, descending = by.descending }
  end
  local sql = ("json_extract(body, %s)"):format(binder:bind(json_path(by.path)))
  return { sql = sql, nullable = true, descending = by.descending }
end

-- The row's number ends every order: it makes it total, so that rows with equal values are neither
-- lost nor doubled between two pages.
local function sort_keys(binder, place, order)
  local keys = {}
  for i, by in ipairs(order) do
    keys[i] = sort_key(binder, place, by)
  end
  keys[#keys + 1] = { sql = "seq", nullable = false, descending = keys[#keys].descending }
  return keys
end

local function order_by(keys, backward)
  local parts = {}
  for i, key in ipairs(keys) do
    parts[i] = key.sql .. (key.descending ~= backward and " DESC" or " ASC")
  end
  return table.concat(parts, ", ")
end

-- Rows whose key lies behind a value, in SQLite's order: what is absent comes first.
local function beyond(key, parameter, absent, backward)
  local descending = key.descending ~= backward
  if descending then
    local below = ("%s < %s"):format(key.sql, parameter)
    return absent and "0" or key.nullable and ("(%s OR %s IS NULL)"):format(below, key.sql) or below
  end
  return absent and key.sql .. " IS NOT NULL" or ("%s > %s"):format(key.sql, parameter)
end

-- Rows behind a place: behind in the first key, or equal there and behind in the second, and so on.
-- The condition on the first key alone is said once more in front, since that is what an index can
-- use.
local function behind(binder, keys, place, backward)
  local alternatives, equal = {}, {}
  local first
  for i, key in ipairs(keys) do
    local value = key.sql == "seq" and place.seq or place.values[i]
    local parameter = binder:bind(value)
    equal[i] = ("%s IS %s"):format(key.sql, parameter)
    local parts = table.move(equal, 1, i - 1, 1, {})
    parts[i] = beyond(key, parameter, value == nil, backward)
    alternatives[i] = "(" .. table.concat(parts, " AND ") .. ")"
    if i == 1 and not key.nullable then
      first = ("%s %s %s"):format(key.sql, key.descending ~= backward and "<=" or ">=", parameter)
    end
  end
  local any = "(" .. table.concat(alternatives, " OR ") .. ")"
  return first and first .. " AND " .. any or any
end

-- Statements --------------------------------------------------------------------------------------

---@class dps.library.Statement
---@field sql string
---@field values table  with `n`

local function where(binder, sandbox, place, found)
  local parts = { "sandbox = " .. binder:bind(sandbox), "type = " .. binder:bind(place.name) }
  for i, term in ipairs(found.terms) do
    parts[i + 2] = condition(binder, place, term)
  end
  return table.concat(parts, " AND ")
end

local function new_binder(found)
  return setmetatable({ values = { n = 0 }, flags = found.flags }, Binder)
end

---How many objects pass the filters.
---@param sandbox integer
---@param place dps.library.Place
---@param found dps.library.Query
---@return dps.library.Statement
function select.count(sandbox, place, found)
  local binder = new_binder(found)
  local sql = "SELECT count(*) FROM objects WHERE " .. where(binder, sandbox, place, found)
  return { sql = sql, values = binder.values }
end

---The rows behind a place: number, bytes of the body, then the sort values.
---@param sandbox integer
---@param place dps.library.Place
---@param found dps.library.Query
---@param from dps.library.Cursor?  nil: from the beginning
---@param limit integer
---@return dps.library.Statement
function select.page(sandbox, place, found, from, limit)
  local binder = new_binder(found)
  local backward = from ~= nil and from.backward
  local keys = sort_keys(binder, place, found.order)
  local columns = { "seq", "size" }
  for i = 1, #keys - 1 do
    columns[i + 2] = keys[i].sql
  end
  local conditions = where(binder, sandbox, place, found)
  if from then
    conditions = conditions .. " AND " .. behind(binder, keys, from, backward)
  end
  local sql = ("SELECT %s FROM objects WHERE %s ORDER BY %s LIMIT %s"):format(
    table.concat(columns, ", "), conditions, order_by(keys, backward), binder:bind(limit))
  return { sql = sql, values = binder.values }
end

return select
