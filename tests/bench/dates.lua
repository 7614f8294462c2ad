-- A million wall clocks of a named zone, one a line: each is read, and written twice, in the zone
-- and in UTC. dps run tests/bench/dates.lua FILE ZONE; dates.py does the same work.
local date = require "dps.date"

local path, zone = arg[1], arg[2]
local count, bytes = 0, 0
for line in io.lines(path) do
  local d = date(line, zone)
  bytes = bytes + #tostring(d) + #d:wire()
  count = count + 1
end
print(count, bytes)
