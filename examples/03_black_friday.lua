-- A retail calendar: a Black Friday offer for each country, from midnight in that country's own
-- zone to the end of the Monday after it. dps run examples/03_black_friday.lua [YEAR]
local dps = require "dps"
local date = dps.date

local year = math.tointeger(arg[1]) or date.now().year

local countries = {
  { name = "France", zone = "Europe/Paris", url = "https://example.com/fr" },
  { name = "United Kingdom", zone = "Europe/London", url = "https://example.com/uk" },
  { name = "New York", zone = "America/New_York", url = "https://example.com/us" },
  { name = "Japan", zone = "Asia/Tokyo", url = "https://example.com/jp" },
  { name = "New Zealand", zone = "Pacific/Auckland", url = "https://example.com/nz" },
}

for _, country in ipairs(countries) do
  local thanksgiving = date({ year = year, month = 11 }, country.zone):on "fourth thursday"
  local from = thanksgiving:plus { days = 1 }
  local to = from:plus { days = 3 }:end_of "day"

  dps.create_fallback {
    name = "Black Friday " .. year .. ", " .. country.name,
    status = "draft",
    representations = { {
      channel = "https://ns.adobe.com/xdm/channel-types/web",
      placement = "offerPlacement1234",
      components = { { type = "imagelink", format = "image/png", deliveryURL = country.url } },
    } },
    selectionConstraint = { startDate = from, endDate = to, profileConstraintType = "none" },
  }
  print(("%-15s %s = %s"):format(country.name, from:format "%A %e %B %Y %H:%M %Z", from:wire()))
end
