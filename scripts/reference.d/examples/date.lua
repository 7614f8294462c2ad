-- A step, a series, business days, a gap, and a text that is no date.
local date = require("dps").date

local start = date("2026-12-01 09:00", "Europe/Paris")
print(start:wire(), start:plus { months = 3 })
for day in date.every { months = 1, on = "last friday", from = start, count = 2 } do
  print(day:format "%A %e %B %Y, %H:%M")
end

local calendar = date.business { holidays = { "--12-25" } }
print(calendar:plus(date("2026-12-24", "Europe/Paris"), 1):format "%F")

local december = date.range(date("2026-12-01", "UTC"), date("2027-01-01", "UTC"))
local sale = date.range(date("2026-12-10", "UTC"), date("2026-12-24", "UTC"))
for _, gap in ipairs(december:gaps { sale }) do
  print(gap.from:format "%F", gap.to:format "%F")
end
print(date.try("2026-02-30", "UTC"))
