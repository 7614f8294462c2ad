-- What tests of the rules of dps check share: a service that holds some entities, plans, and
-- findings in short.
local plans = require "dps.check.plan"
local resources = require "dps.resource"
local rules = require "dps.check.rules"
local err = require "dps.err"

local WEB, MAIL = "https://ns.adobe.com/xdm/channel-types/web",
  "https://ns.adobe.com/xdm/channel-types/email"
local NOW = 1780272000000 -- 2026-06-01T00:00:00Z

-- A service that holds these entities, by kind and id.
local function service(held)
  return {
    get = function(kind, id)
      local entity = held[kind] and held[kind][id]
      return entity or err.raise { kind = "http", status = 404, message = "not found" }
    end,
    named = function(kind, name)
      local found = {}
      for _, entity in pairs(held[kind] or {}) do
        found[#found + 1] = entity.name == name and entity or nil
      end
      return found
    end,
    all = function(kind)
      local key
      return function()
        local entity
        key, entity = next(held[kind] or {}, key)
        return entity
      end
    end,
    total = function(kind) return held.totals and held.totals[kind] or 0 end,
  }
end

local PLACEMENTS = {
  hero = { id = "hero", name = "Hero", channel = WEB, componentType = "imagelink" },
  mail = { id = "mail", name = "Mail", channel = MAIL, componentType = "html" },
}

local function new_plan(held, zone)
  held = held or {}
  held.placement = held.placement or PLACEMENTS
  return plans.new { now = NOW, zone = zone, reader = service(held) }
end

-- "rule path" of each finding of a rule, in order.
local function found(plan, name)
  local list = {}
  for _, finding in ipairs(rules.run({ rules.find(rules.own(), name) }, plan)) do
    list[#list + 1] = finding.path or "-"
  end
  return table.concat(list, " "), rules.run({ rules.find(rules.own(), name) }, plan)
end

local count = 0
local function write(plan, kind, value, verb)
  count = count + 1
  local id = "dry:" .. kind .. ":" .. count
  plan:record({ verb = verb or "create", resource = resources.by_name[kind] }, id, value)
  return id
end

local function image(placement)
  return { channel = WEB, placement = placement or "hero", components = {
    { type = "imagelink", format = "image/png", deliveryURL = "https://shop.adobe.com/hero.png" },
  } }
end

local function offer(changes)
  local value = { name = "Offer " .. count, status = "approved", representations = { image() } }
  for name, item in pairs(changes or {}) do
    value[name] = item
  end
  return value
end

local function window(from, to)
  return { startDate = from and from .. "T00:00:00.000+00:00",
    endDate = to and to .. "T00:00:00.000+00:00" }
end

local function dated(from, to, changes)
  local value = offer(changes)
  value.selectionConstraint = window(from, to)
  return value
end

return {
  WEB = WEB, MAIL = MAIL, NOW = NOW, new_plan = new_plan, found = found,
  write = write, image = image, offer = offer, window = window, dated = dated,
}
