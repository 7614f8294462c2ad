-- Shows how to create one fallback offer: the sample of Adobe's documentation, with its dates, its
-- rank and its picture worked out by the script, and its placement looked up by name.

local dps = require "dps"

local WEB = "https://ns.adobe.com/xdm/channel-types/web"
local DAY = 86400 -- seconds

-- Today at midnight, UTC: the seconds that have gone by since then are taken away.
local function start_of_today()
  local now = os.time()
  return now - now % DAY
end

-- The form in which Adobe writes dates.
local function as_date(time)
  return os.date("!%Y-%m-%dT%H:%M:%S.000+00:00", time)
end

-- Offers with a higher rank are shown first. A rank is a whole number, so the sum is rounded.
local function rank_of(scores)
  local sum = 0
  for _, score in pairs(scores) do sum = sum + score end
  return math.floor(sum + 0.5)
end

-- The placement says where the offer goes. The first run creates it, later runs find it.
local function placement_named(name)
  for placement in dps.list_placements { property = { { "name", "==", name } } } do
    if placement.name == name then return placement.id end
  end
  return dps.create_placement { name = name, channel = WEB, componentType = "imagelink" }.id
end

-- How the offer looks in that placement: here a picture.
local function picture(placement, address)
  return {
    channel = WEB,
    placement = placement,
    components = { { type = "imagelink", format = "image/png", deliveryURL = address } },
  }
end

local today = start_of_today()
local receipt = dps.create_fallback {
  name = "Test Fallback Offer DPS",
  description = "Fallback Offer description",
  status = "approved",
  representations = { picture(placement_named "Homepage hero", "https://mysite.com") },
  selectionConstraint = {
    startDate = as_date(today),
    endDate = as_date(today + 30 * DAY),
    profileConstraintType = "none",
  },
  rank = { priority = rank_of { season = 0.5, margin = 0.3, stock = 0.2 } },
}
print("created " .. receipt.id .. ", etag " .. receipt.etag)

-- What comes back has no dates and no rank: the service takes them for a fallback and keeps them.
local offer = dps.get_fallback(receipt.id)
print("read back: " .. offer.name .. ", " .. offer.status)
