-- The verbs by the names that routes give them, and those that only read: list and get, for any
-- resource that has a description. Each takes the library's store, the context of the request, its
-- route and the request, and returns an answer.

local answer = require "dps.library.answer"
local native = require "dps.native"
local page = require "dps.library.page"
local query = require "dps.library.query"
local resource = require "dps.resource"
local write = require "dps.library.write"

local verbs = {}

-- List --------------------------------------------------------------------------------------------

local WRONG_PATTERN = "'%s' holds no regular expression: %s"

local function pattern_fault(found)
  for _, term in ipairs(found.terms) do
    local good, message = true, nil
    if term.op == "~" then
      good, message = native.regex_check(term.value)
    end
    if not good then
      return { status = 400, detail = WRONG_PATTERN:format(term.text, message) }
    end
  end
  return nil
end

local INTERRUPT = 9 -- SQLite's code for a statement that a ceiling has ended

-- What a list may raise that is the caller's doing.
local function list_fault(fault)
  if type(fault) ~= "table" then
    return nil
  elseif fault.code == INTERRUPT then
    return { status = 400, detail = fault.message .. "; use a simpler one, or other filters first" }
  end
  return fault.status and fault or nil
end

local function list(store, context, route)
  local found, fault = query.parse(route.parameters, context.settings)
  fault = fault or pattern_fault(found)
  if fault then
    return answer.problem(context, fault.status, fault.detail)
  end
  local of = {
    store = store,
    sandbox = context.sandbox.key,
    place = route.place,
    found = found,
  }
  local done, text = pcall(page.render, of)
  if not done then
    fault = list_fault(text) or error(text, 0)
    return answer.problem(context, fault.status, fault.detail)
  elseif not text then
    return answer.problem(context, 400, "the values to order by are too long; use another orderby")
  end
  return answer.json(context, 200, text)
end

-- Get ---------------------------------------------------------------------------------------------

local function get(store, context, route)
  local row = store:find(context.sandbox.key, route.place.name, route.id)
  if not row then
    return write.not_found(context, route)
  end
  local description = resource.by_name[row.kind]
  return answer.tagged(context, row,
    answer.json(context, 200, answer.entity(row, description.utc)))
end

---@type table<string, fun(store: dps.library.Store, context: dps.library.Context,
---route: dps.library.Route, request: dps.library.Request): dps.library.Answer>
verbs.run = {
  list = list, get = get, create = write.create, update = write.update, replace = write.replace,
  delete = write.delete,
}

return verbs
