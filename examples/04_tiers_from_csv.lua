-- Shows how to give offers their priorities from a spreadsheet: by tier first, by margin within
-- each tier, with room between. Run again after a change to the file, it updates the fewest offers.

local dps = require "dps"
local rank, rows = dps.rank, dps.rows

local WEB = "https://ns.adobe.com/xdm/channel-types/web"
local TIERS = { "gold", "silver", "bronze" } -- best first

-- The file named on the command line, or the one beside this script. What the columns hold is said
-- here, so that a typing error in the file is an error with its line.
local file = arg[1] or (arg[0]:match "^.*/" or "") .. "04_tiers_from_csv.csv"
local offers = {}
for row in rows.from(file, { columns = {
  name = "text", tier = { type = "text", values = TIERS }, margin = "number", picture = "text",
} }) do
  offers[#offers + 1] = row
end

-- Of two offers with the same margin the one whose name comes first is above the other. Each tier
-- has a thousand priorities of its own: a new offer in one of them moves nothing in another.
local ranking = rank.by_tier(offers, TIERS, { score = "margin", by = "name", spacing = 10,
  band = 1000 })
print(rank.explain(ranking))

-- What is there already keeps its priority where it can.
local existing = {}
for offer in dps.list_personalized() do existing[offer.name] = offer end
local plan = rank.rerank(ranking, { spacing = 10, current = function(row)
  return existing[row.name] and existing[row.name].rank.priority
end })

-- The placement is found by its name; the first run creates it.
local placement = dps.ensure_placement {
  name = "Homepage hero", channel = WEB, componentType = "imagelink",
}

local function create(row, priority)
  return dps.create_personalized {
    name = row.name,
    status = "draft",
    representations = { dps.representation.image(placement, row.picture) },
    selectionConstraint = {
      startDate = dps.date("2026-12-01", "Europe/Paris"),
      endDate = dps.date("2027-01-01", "Europe/Paris"),
      profileConstraintType = "none",
    },
    rank = { priority = priority },
  }
end

dps.each(plan.changes, function(change)
  local offer = existing[change.item.name]
  if not offer then return create(change.item, change.to), "created" end
  return dps.update_personalized(offer.id, { { op = "replace", path = "/rank/priority",
    value = change.to } }), "updated"
end, { name = file })
print(("%d of %d offers keep their priority"):format(plan.kept, #offers))
