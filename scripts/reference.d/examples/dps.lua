-- Rows that become offers, one of which names a placement that is not there.
local dps = require "dps"
local WEB = "https://ns.adobe.com/xdm/channel-types/web"

dps.create_placement { name = "Homepage hero", componentType = "html", channel = WEB }

local rows = {
  { name = "Free delivery", placement = "Homepage hero" },
  { name = "Gift card", placement = "Homepage heor" },
}
local result = dps.each(rows, function(row)
  return dps.ensure_fallback {
    name = row.name, status = "draft",
    representations = { {
      placement = dps.ref("placement", row.placement), channel = WEB,
      components = { { type = "html", format = "text/html", content = "<b>New</b>" } },
    } },
  }
end, { exit_code = false })
print(result.total, result.failed)

local answer, status = dps.request { method = "GET", path = "/offers",
  query = { ["offer-type"] = "fallback", limit = 1 } }
print(status, answer.total)
