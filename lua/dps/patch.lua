-- JSON Patch (RFC 6902) over JSON Pointer (RFC 6901), on Lua values as dps.json makes them. Pure:
-- the document and the operations given are never changed, and a patch applies wholly or not at
-- all. Only `copy` can make a document grow faster than the patch is long; what it may copy has a
-- ceiling.

local json = require "dps.json"

local patch = {}

local MAX_COPIED = 16 * 1024 * 1024 -- bytes, roughly, that the `copy`s of one patch may add
local MAX_DEPTH = 512
local PER_VALUE = 16 -- what a value costs beside its text

---@alias dps.patch.fault
---| "malformed" the patch itself is wrong
---| "absent"    it names a place that the document does not have
---| "differs"   a `test` found something else
---| "large"     `copy` made too much, or nested too deep

-- Every function below that can fail ends the whole patch; the fault is carried as an error value
-- and caught in patch.apply, so that no step can forget to look.
local function fail(kind, format, ...)
  error({ kind = kind, message = format:format(...) }, 0)
end

-- Values ------------------------------------------------------------------------------------------

-- Marks every array, so that one stays an array when its last item goes.
---@param budget? table {left = bytes}; nil when what is copied is bounded by what was sent
local function copy(value, budget, depth)
  if depth > MAX_DEPTH then
    fail("large", "the result is nested deeper than %d levels", MAX_DEPTH)
  end
  if budget then
    budget.left = budget.left - PER_VALUE - (type(value) == "string" and #value or 0)
    if budget.left < 0 then
      fail("large", "the patch copies more than %d bytes", MAX_COPIED)
    end
  end
  if type(value) ~= "table" then
    return value
  end
  local result = json.is_array(value) and json.array {} or {}
  for key, item in pairs(value) do
    result[key] = copy(item, budget, depth + 1)
  end
  return result
end

local equal

local function same_members(a, b)
  for key, item in pairs(a) do
    if not equal(item, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

-- Equality as RFC 6902 section 4.6 has it: numbers by value, objects without regard to order.
function equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  return json.is_array(a) == json.is_array(b) and same_members(a, b)
end

---Whether two JSON values are the same (RFC 6902, section 4.6): numbers by value, objects whatever
---the order of their members.
---@param a any
---@param b any
---@return boolean
function patch.equal(a, b)
  return equal(a, b)
end

-- Pointers ----------------------------------------------------------------------------------------

---@param member string  which member of the operation holds it, for messages
---@return string[] tokens  none for the whole document
local function parse_pointer(text, member)
  if type(text) ~= "string" then
    fail("malformed", "'%s' must be a JSON Pointer in a string", member)
  elseif text ~= "" and text:sub(1, 1) ~= "/" then
    fail("malformed", "'%s' must be empty or begin with '/', not '%s'", member, text)
  elseif text:find "~[^01]" or text:find "~$" then
    fail("malformed", "'%s' holds a '~' that is neither '~0' nor '~1': '%s'", member, text)
  end
  local tokens = { text = text }
  for token in text:gmatch "/([^/]*)" do
    tokens[#tokens + 1] = token:gsub("~1", "/"):gsub("~0", "~")
  end
  return tokens
end

local function absent(tokens)
  fail("absent", "there is nothing at '%s'", tokens.text)
end

-- The Lua index of an array token, 1..count; nil when the token is none.
local function array_index(token, count)
  if not (token == "0" or token:find "^[1-9]%d*$") or #token > 9 then
    return nil
  end
  local index = math.tointeger(tonumber(token)) + 1
  return index <= count and index or nil
end

local function child_key(container, token)
  if type(container) ~= "table" then
    return nil
  elseif json.is_array(container) then
    return array_index(token, #container)
  end
  return container[token] ~= nil and token or nil
end

-- The value that the first `count` tokens lead to.
local function walk(document, tokens, count)
  local value = document.root
  for i = 1, count do
    local key = child_key(value, tokens[i])
    if key == nil then
      absent(tokens)
    end
    value = value[key]
  end
  return value
end

local function read(document, tokens)
  return walk(document, tokens, #tokens)
end

-- Changes -----------------------------------------------------------------------------------------

local function insert(list, token, value, tokens)
  local index = token == "-" and #list + 1 or array_index(token, #list + 1)
  if not index then
    absent(tokens)
  end
  table.insert(list, index, value)
end

local function add(document, tokens, value)
  if #tokens == 0 then
    document.root = value
    return
  end
  local parent, last = walk(document, tokens, #tokens - 1), tokens[#tokens]
  if type(parent) ~= "table" then
    absent(tokens)
  elseif json.is_array(parent) then
    insert(parent, last, value, tokens)
  else
    parent[last] = value
  end
end

local function remove(document, tokens)
  if #tokens == 0 then
    fail("malformed", "the whole document can't be removed or moved")
  end
  local parent = walk(document, tokens, #tokens - 1)
  local key = child_key(parent, tokens[#tokens])
  if key == nil then
    absent(tokens)
  end
  local value = parent[key]
  if json.is_array(parent) then
    table.remove(parent, key)
  else
    parent[key] = nil
  end
  return value
end

local function replace(document, tokens, value)
  if #tokens == 0 then
    document.root = value
    return
  end
  local parent = walk(document, tokens, #tokens - 1)
  local key = child_key(parent, tokens[#tokens])
  if key == nil then
    absent(tokens)
  end
  parent[key] = value
end

local function need_value(operation)
  if operation.value == nil then
    fail("malformed", "'%s' needs a 'value'", operation.op)
  end
  return operation.value
end

local function given_value(operation)
  return copy(need_value(operation), nil, 1)
end

local function source(operation)
  return parse_pointer(operation.from, "from")
end

local function inside(from, path)
  return path.text:sub(1, #from.text + 1) == from.text .. "/"
end

local apply_operation = {
  add = function(document, path, operation)
    add(document, path, given_value(operation))
  end,
  remove = function(document, path)
    remove(document, path)
  end,
  replace = function(document, path, operation)
    replace(document, path, given_value(operation))
  end,
  move = function(document, path, operation)
    local from = source(operation)
    if inside(from, path) then
      fail("malformed", "'%s' can't be moved into itself", from.text)
    end
    if from.text == path.text then
      read(document, from)
      return
    end
    add(document, path, remove(document, from))
  end,
  copy = function(document, path, operation)
    local value = copy(read(document, source(operation)), document.budget, #path + 1)
    add(document, path, value)
  end,
  test = function(document, path, operation)
    if not equal(read(document, path), given_value(operation)) then
      fail("differs", "the value at '%s' is not the one that 'test' expects", path.text)
    end
  end,
}

-- A patch -----------------------------------------------------------------------------------------

local function operation_of(operation)
  local run = apply_operation[operation.op]
  if not run then
    local op = type(operation.op) == "string" and "'" .. operation.op .. "'" or "nothing"
    fail("malformed", "'op' must be add, remove, replace, move, copy or test, not %s", op)
  end
  return run
end

local function apply_one(document, operation)
  if type(operation) ~= "table" or json.is_array(operation) then
    fail("malformed", "an operation must be an object")
  end
  local run = operation_of(operation)
  run(document, parse_pointer(operation.path, "path"), operation)
end

local function check_one(operation)
  if type(operation) ~= "table" or json.is_array(operation) then
    fail("malformed", "an operation must be an object")
  end
  operation_of(operation)
  parse_pointer(operation.path, "path")
  if operation.op == "add" or operation.op == "replace" or operation.op == "test" then
    need_value(operation)
  elseif operation.op ~= "remove" then
    source(operation)
  end
end

---What is wrong with operations as such, whatever they are applied to.
---@param operations any
---@return { path: string, message: string }[] problems  paths as "[2]"; empty when well made
function patch.check(operations)
  if not json.is_list(operations) then
    return { { path = "", message = "must be a list of RFC 6902 operations" } }
  end
  local problems = {}
  for index, operation in ipairs(operations) do
    local ok, fault = pcall(check_one, operation)
    if not ok and type(fault) ~= "table" then error(fault, 0) end
    if not ok then
      problems[#problems + 1] = { path = ("[%d]"):format(index), message = fault.message }
    end
  end
  return problems
end

---Applies a JSON Patch.
---@param document any  as decoded by dps.json; stays as it is
---@param operations table[]  the operations in order; none is fine
---@return any document  the new one; nil when any operation failed
---@return string? message
---@return integer? index  the operation that failed; nil when the patch is no array
---@return dps.patch.fault? fault
function patch.apply(document, operations)
  if not json.is_list(operations) then
    return nil, "a JSON Patch is an array of operations", nil, "malformed"
  end
  local work = { root = copy(document, nil, 1), budget = { left = MAX_COPIED } }
  for index, operation in ipairs(operations) do
    local ok, fault = pcall(apply_one, work, operation)
    if not ok and type(fault) ~= "table" then
      error(fault, 0)
    elseif not ok then
      return nil, fault.message, index, fault.kind
    end
  end
  return work.root
end

return patch
