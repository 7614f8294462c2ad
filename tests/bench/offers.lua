-- A million rows of a CSV file into offers as they would be created: typed columns, dates of a
-- named zone, every table checked. dps run tests/bench/offers.lua FILE ZONE; offers.py does the
-- same work.
local fallback = require("dps.resource").by_name.fallback
local rows = require "dps.rows"
local schema = require "dps.schema"

local path, zone = arg[1], arg[2]
local CREATE = { verb = "create", refuse_unknown = true, entities = true }
local CHANNELS = "https://ns.adobe.com/xdm/channel-types/"

local function offer_of(row)
  return {
    name = row.name,
    status = row.status,
    representations = { {
      channel = CHANNELS .. row.channel,
      placement = row.placement,
      components = { { type = row.type, format = row.format, deliveryURL = row.url,
        language = { row.language } } },
    } },
    rank = { priority = row.priority },
    selectionConstraint = { startDate = row.start_date, endDate = row.end_date },
  }
end

local count, bytes, sum = 0, 0, 0
for row in rows.from(path, { zone = zone, columns = {
  name = "text", placement = "text", channel = "text", type = "text", format = "text",
  url = "text", language = "text", start_date = "date", end_date = "date", priority = "integer",
  status = "text",
} }) do
  local offer = offer_of(row)
  local problems = schema.check(fallback.fields, offer, CREATE)
  if #problems > 0 then error(problems[1].path .. ": " .. problems[1].message) end
  local constraint = offer.selectionConstraint
  bytes = bytes + #tostring(constraint.startDate) + #tostring(constraint.endDate)
  count, sum = count + 1, sum + offer.rank.priority
end
print(count, bytes, sum)
