-- Rows written and read back with their types, and one that is not as it should be.
local rows = require("dps").rows

local out = rows.to("offers.csv", { columns = { "name", "priority", "ends" } })
out:write { name = "Free delivery", priority = 10, ends = "2026-12-31" }
out:write { name = "Ten percent, today", ends = "2026-12-24" }
out:close()

local columns = { name = "text", priority = "integer?", ends = "date" }
for row, line in rows.from("offers.csv", { columns = columns, zone = "Europe/Paris" }) do
  print(line, row.name, row.priority, row.ends)
end

local typed = { format = "csv", columns = { name = "text", priority = "integer" } }
print(pcall(rows.parse("name,priority\nGift card,high\n", typed)))
