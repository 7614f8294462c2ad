-- Tables that no call can be made of, and every problem that dps finds in them: what this prints is
-- bad_tables.txt. Each message says what is wrong, what is allowed and what to write.

local dps = require "dps"

local WEB = "https://ns.adobe.com/xdm/channel-types/web"
local HERO = "https://example.com/hero.png"

-- A good offer; `change` spoils it in one way.
local function offer(change)
  local good = {
    name = "Free delivery", status = "approved",
    representations = { {
      channel = WEB, placement = "offerPlacement1234",
      components = { { type = "imagelink", format = "image/png", deliveryURL = HERO } },
    } },
    selectionConstraint = {
      startDate = "2026-01-01T00:00:00Z", endDate = "2026-02-01T00:00:00Z",
      profileConstraintType = "none",
    },
    rank = { priority = 1 },
  }
  change(good, good.representations[1], good.representations[1].components[1])
  return good
end

local cases = {
  { "name is missing", function(o) o.name = nil end },
  { "name is empty", function(o) o.name = "" end },
  { "name is blank", function(o) o.name = " \t " end },
  { "name is padded", function(o) o.name = "Free delivery " end },
  { "name is a number", function(o) o.name = 2026 end },
  { "status is missing", function(o) o.status = nil end },
  { "status is unknown", function(o) o.status = "aproved" end },
  { "status in capitals", function(o) o.status = "Approved" end },
  { "status is another language's", function(o) o.status = "live" end },
  { "status archived on create", function(o) o.status = "archived" end },
  { "no representations", function(o) o.representations = nil end },
  { "empty representations", function(o) o.representations = {} end },
  { "one representation, not in a list", function(o) o.representations = o.representations[1] end },
  { "two for one placement", function(o, r) o.representations[2] = r end },
  { "channel is missing", function(_, r) r.channel = nil end },
  { "channel is a short word", function(_, r) r.channel = "web" end },
  { "placement is missing", function(_, r) r.placement = nil end },
  { "placement is empty", function(_, r) r.placement = "" end },
  { "placement is a name", function(_, r) r.placement = "Homepage hero" end },
  { "placement is a table without id", function(_, r) r.placement = { name = "Hero" } end },
  { "no components", function(_, r) r.components = nil end },
  { "empty components", function(_, r) r.components = {} end },
  { "component without type", function(_, _, c) c.type = nil end },
  { "component without format", function(_, _, c) c.format = nil end },
  { "second component without format", function(_, r)
    r.components[2] = { type = "html", content = "x" }
  end },
  { "component of unknown type", function(_, _, c) c.type = "image" end },
  { "format is a file ending", function(_, _, c) c.format = "png" end },
  { "image without deliveryURL", function(_, _, c) c.deliveryURL = nil end },
  { "html without content", function(_, _, c) c.type, c.format = "html", "text/html" end },
  { "deliveryURL without https", function(_, _, c) c.deliveryURL = "www.example.com/a.png" end },
  { "deliveryURL with a space", function(_, _, c) c.deliveryURL = "https://a.example/a b" end },
  { "linkURL is javascript", function(_, _, c) c.linkURL = "javascript:alert(1)" end },
  { "language is a string", function(_, _, c) c.language = "en-us" end },
  { "language with an underscore", function(_, _, c) c.language = { "en_US" } end },
  { "priority 1.5", function(o) o.rank.priority = 1.5 end },
  { "priority -1", function(o) o.rank.priority = -1 end },
  { 'priority "1"', function(o) o.rank.priority = "1" end },
  { "priority NaN", function(o) o.rank.priority = 0 / 0 end },
  { "priority infinite", function(o) o.rank.priority = 1 / 0 end },
  { "priority is missing", function(o) o.rank = {} end },
  { "rank is a number", function(o) o.rank = 1 end },
  { "key prioritiy", function(o) o.rank = { prioritiy = 1 } end },
  { "key of another case", function(o) o.Name = "x" end },
  { "priority beside rank", function(o) o.priority, o.rank = 1, nil end },
  { "end before start", function(o) o.selectionConstraint.endDate = "2025-12-31T00:00:00Z" end },
  { "end equals start", function(o)
    o.selectionConstraint.endDate = "2026-01-01T01:00:00+01:00"
  end },
  { "date without offset", function(o)
    o.selectionConstraint.startDate = "2026-01-01T00:00:00"
  end },
  { "date alone", function(o) o.selectionConstraint.startDate = "2026-01-01" end },
  { "date of the 31st of June", function(o)
    o.selectionConstraint.startDate = "2026-06-31T00:00:00Z"
  end },
  { "date the German way", function(o) o.selectionConstraint.startDate = "01.01.2026" end },
  { "date as a number", function(o) o.selectionConstraint.startDate = 1767225600 end },
  { "a function for a value", function(o) o.description = print end },
  { "a function in characteristics", function(o) o.characteristics = { colour = print } end },
  { "a cycle", function(o) o.characteristics = { self = o } end },
  { "a cycle in representations", function(_, r) r.components[2] = r end },
  { "a list with a gap", function(o, r) o.representations = { r, nil, { channel = WEB } } end },
  { "a list with a name in it", function(o) o.representations.channel = WEB end },
  { "a table for the description", function(o) o.description = { "x" } end },
  { "null for the description", function(o) o.description = dps.null end },
  { "a boolean key", function(o) o[true] = 1 end },
  { "an id", function(o) o.id = "dps:fallback-offer:1" end },
  { "a nameless value", function(o) o[1] = "Free delivery" end },
  { "10 MB of content", function(_, _, c)
    c.type, c.format, c.content = "html", "text/html", ("x"):rep(10 * 1024 * 1024)
  end },
  { "invalid UTF-8 in the name", function(o) o.name = "Caf\xE9" end },
  { "invalid UTF-8 in a label", function(o) o.labels = { "\xff" } end },
  { "nothing but an empty table", function(o) for key in pairs(o) do o[key] = nil end end },
  { "everything at once", function(o, r, c)
    o.name, o.status, o.prioritiy, o.rank.priority = nil, "on", 1, -1
    r.placement, c.format, c.deliveryURL = nil, nil, "hero.png"
    o.selectionConstraint.endDate = "2025-01-01"
  end },
}

local cycle = { name = "Summer" }
cycle.again = { cycle }

local function send(body)
  return function() dps.request { method = "POST", path = "/tags", body = body } end
end

local function update(changes)
  return function() dps.update_fallback("dps:fallback-offer:1", changes) end
end

-- Other calls.
local others = {
  { "a placement of nothing", function() dps.create_placement {} end },
  { "a placement for 31 offers", function()
    dps.create_placement { name = "Hero", channel = WEB, componentType = "html", itemCount = 31 }
  end },
  { "a placement with a switch in quotes", function()
    dps.create_placement { name = "Hero", channel = WEB, componentType = "html",
      returnContent = "true" }
  end },
  { "a changed field that is unknown", update { nmae = "Summer" } },
  { "changes that are no operations", update { { path = "/name" } } },
  { "an id that is none", function() dps.get_fallback(nil) end },
  { "an id with a slash", function() dps.delete_fallback "offers/1" end },
  { "a limit of 0", function() dps.list_fallbacks { limit = 0 } end },
  { "an unknown operator", function()
    dps.list_fallbacks { property = { { "name", "=", "x" } } }
  end },
  { "request: a cycle", send(cycle) },
  { "request: NaN", send { rank = { 0 / 0 } } },
  { "request: a function", send { name = print } },
  { "request: a gap", send { labels = { "a", nil, "c" } } },
  { "request: a list and names", send { "a", name = "b" } },
  { "request: invalid UTF-8", send { name = "Caf\xE9" } },
  { "request: an unknown method", function() dps.request { method = "get", path = "/tags" } end },
  { "request: a whole address", function()
    dps.request { method = "GET", path = "https://example.com/tags" }
  end },
}

local function show(words, f, ...)
  local ok, problem = pcall(f, ...)
  print("# " .. words)
  assert(not ok, "this was accepted")
  assert(problem.kind == "invalid", tostring(problem))
  for _, one in ipairs(problem.problems) do
    print(one.path .. ": " .. one.message)
  end
end

for _, case in ipairs(cases) do
  show(case[1], dps.create_fallback, offer(case[2]))
end
for _, case in ipairs(others) do
  show(case[1], case[2])
end
