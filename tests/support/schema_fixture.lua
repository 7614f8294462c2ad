-- What the tests of dps.schema share: a description with every sort of field, a good value for it,
-- and, where there is no engine, the three things that the schema asks of dps.json.
local schema = require "dps.schema"

local has_json, json = pcall(require, "dps.json")
if not has_json then
  local array_mt = {}
  json = {
    null = io.stdout,
    array = function(t) return setmetatable(t, array_mt) end,
    is_array = function(t) return getmetatable(t) == array_mt end,
  }
  package.loaded["dps.json"] = json
end

local fixture = { json = json }

fixture.CREATE = { verb = "create", refuse_unknown = true, entities = true }
fixture.STORED = { verb = "stored" }

local function later_than_start(value, report)
  local from = schema.instant(rawget(value, "start"))
  local to = schema.instant(rawget(value, "stop"))
  if from and to and to < from then
    report("stop", "stop is before start")
  end
end

fixture.FIELDS = {
  { name = "name", type = "string", required = true, non_blank = true, create_trimmed = true },
  { name = "note", type = "string", max_bytes = 2000 },
  { name = "code", type = "string", pattern = "^%u%d+$", pattern_says = "is no code; write A1" },
  { name = "status", type = "string", enum = { "draft", "approved", "archived" },
    create_enum = { "draft", "approved" }, create_enum_says = "later" },
  { name = "count", type = "integer", min = 1, max = 30 },
  { name = "on", type = "boolean" },
  { name = "link", type = "uri" },
  { name = "spot", type = "reference", to = "placement" },
  { name = "tags", type = "array", items = { type = "reference", to = "tag" }, max_items = 3 },
  { name = "span", type = "object", check = later_than_start, fields = {
    { name = "start", type = "date", required = true },
    { name = "stop", type = "date" },
    { name = "rank", type = "object", fields = { { name = "priority", type = "integer" } } },
  } },
  { name = "parts", type = "array", min_items = 1, unique_by = "spot", unique_says = "one each",
    items = { type = "object", fields = {
      { name = "spot", type = "reference", to = "placement" },
      { name = "kind", type = "string", required = true },
    } } },
  { name = "extra", type = "object", open = true },
  { name = "words", type = "object", open = true, values = { type = "string" } },
}

---@return table  that fits the description, made anew
function fixture.fresh()
  return {
    name = "n", note = "text", code = "A1", status = "draft", count = 30, on = false,
    link = "https://a.example/x", spot = "dps:offer-placement:1", tags = { "a", "b" },
    span = { start = "2026-01-01T00:00:00Z", stop = "2026-01-02T00:00:00.000+01:00",
      rank = { priority = 0 } },
    parts = { { spot = "p1", kind = "k" }, { spot = "p2", kind = "k" } },
    extra = { a = { 1, 2, { b = true } }, c = 1.5 }, words = { a = "b" },
  }
end

---@param changes table  fields to put in place of the good ones
---@return table
function fixture.with(changes)
  local value = fixture.fresh()
  for key, item in pairs(changes) do
    value[key] = item
  end
  return value
end

return fixture
