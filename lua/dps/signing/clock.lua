-- A clock that is off is the usual cause of signatures that are refused: how far this machine's is
-- from the service's, by the answer's Date (RFC 9110, section 6.6.1). It asks nobody.

local date = require "dps.date.wire"
local problem = require "dps.problem"

local clock = {}

local TOLERATED = 30 -- seconds; gateways allow a minute or five

local MONTHS = {}
for i, name in ipairs { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
  "Dec" } do
  MONTHS[name] = i
end

---The time of an IMF-fixdate, such as "Wed, 25 Nov 2026 22:15:26 GMT".
---@param text string
---@return number? seconds  since 1970
function clock.parse(text)
  local day, month, year, time =
    text:match "^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d:%d%d:%d%d) GMT%s*$"
  if not day or not MONTHS[month] then return nil end
  local ms = date.parse(("%s-%02d-%sT%sZ"):format(year, MONTHS[month], day, time))
  return ms and ms / 1000
end

local UNITS = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } }

-- The two largest units: "1 hour 2 minutes".
local function span(seconds)
  local parts = {}
  for _, unit in ipairs(UNITS) do
    local n = seconds // unit[1]
    if n > 0 and #parts < 2 then
      parts[#parts + 1] = ("%d %s%s"):format(n, unit[2], n == 1 and "" or "s")
    end
    seconds = seconds - n * unit[1]
  end
  return table.concat(parts, " ")
end

---What to say of the clock, where it is more than 30 s off; else nil.
---@param lines string  the answer's header lines
---@param now number    seconds since 1970, by this machine
---@return string?
function clock.words(lines, now)
  local theirs = clock.parse(problem.header(lines, "date") or "")
  local off = theirs and math.floor(math.abs(now - theirs) + 0.5)
  if not off or off <= TOLERATED then return nil end
  return ("this machine's clock is %s %s the service's"):format(span(off),
    now > theirs and "ahead of" or "behind")
end

return clock
