-- What the local library covers of the contract, and what it does not, as lines of text. What can
-- be is read off the tables that the library itself works by. Pure.

local answer = require "dps.library.answer"
local places = require "dps.library.places"
local query = require "dps.library.query"
local resource = require "dps.resource"
local switches = require "dps.library.switches"

local coverage = {}

local NOT = {
  "delivery, batch delivery and migration: Adobe serves them at other base URLs",
  "the predecessor API, which Adobe's documents call xcore",
  "permissions: every caller may do everything (no 403 for a role)",
  "schemas of the organisation's own fields: what an item has below _tenant is taken as it is",
  "unified tags, catalogs, channel configurations, ranking strategies of AI: any id is taken",
  "PQL and uiModel: kept as text, never evaluated",
  "If-None-Match, and answers in any other media type than JSON",
  "delays between a write and the reads that see it",
  "capping counters: nothing is delivered, so nothing is counted",
}

local function methods(place)
  local item = { "GET" }
  item[#item + 1] = place.patch and "PATCH" or nil
  item[#item + 1] = place.put and "PUT" or nil
  item[#item + 1] = "DELETE"
  return table.concat(item, " ")
end

local function query_text(description)
  local name, value = next(description.query)
  if name then
    return ("?%s=%s"):format(name, value)
  end
  local mark = description.marker and next(description.marker)
  return mark and (" (%s)"):format(mark) or ""
end

local function add_resources(lines)
  for _, description in ipairs(resource.all) do
    local place = places.of(description)
    local own = { patch = description.update_method ~= "PUT", put = description.put }
    lines[#lines + 1] = ("  %-18s %-40s GET POST | {id}: %s"):format(description.name,
      place.path .. query_text(description), methods(own))
  end
end

local function says(each)
  if each.values then
    return table.concat(each.values, "|")
  end
  return each.number and "N" or ""
end

local function default_of(each)
  return each.default == false and "off" or each.default == nil and "none" or tostring(each.default)
end

local function add_switches(lines)
  for _, each in ipairs(switches.all) do
    lines[#lines + 1] = ("  %-38s %-5s %s"):format(
      each.flag .. " " .. says(each), default_of(each), each.help)
  end
end

local function add_guardrails(lines)
  for _, description in ipairs(resource.all) do
    local limits, parts = description.guardrails or {}, {}
    for _, name in ipairs { "count", "live", "bytes" } do
      parts[#parts + 1] = limits[name] and ("%s %d"):format(name, limits[name]) or nil
    end
    if #parts > 0 then
      lines[#lines + 1] = ("  %-18s %s"):format(description.name, table.concat(parts, ", "))
    end
  end
end

local function add(lines, title, body)
  lines[#lines + 1] = title
  if type(body) == "function" then
    body(lines)
  else
    for _, line in ipairs(body) do
      lines[#lines + 1] = "  " .. line
    end
  end
end

---@return string
function coverage.text()
  local lines = {}
  add(lines, "Resources and methods:", add_resources)
  add(lines, "Lists:", {
    "filters: field, !field, " .. table.concat(query.operators(), " ")
      .. "; a comma or a repeated property= means and",
    "orderby (orderBy), limit, links self, next, prev; unknown parameters are ignored",
  })
  add(lines, "Updates:", {
    "JSON Patch (RFC 6902): add remove replace move copy test; PUT where it is documented",
    "etag + 1 for each; If-Match",
  })
  add(lines, "Errors:", { "statuses " .. table.concat(answer.statuses(), " ")
    .. ", bodies as the gateway and as the service write them, x-request-id on all" })
  add(lines, "Switches for what Adobe's documents leave open, and what holds without them:",
    add_switches)
  add(lines, "Guardrails (with --guardrails; lengths and sizes of fields too):", add_guardrails)
  add(lines, "Not covered:", NOT)
  return table.concat(lines, "\n") .. "\n"
end

return coverage
