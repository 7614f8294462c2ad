-- What an error says: of a table that is wrong, and of an id that nothing has.
local dps = require "dps"

local ok, err = pcall(dps.create_fallback, { name = "Free delivery", status = "aproved" })
print(ok, err.kind, err.operation, err.where)
for _, problem in ipairs(err.problems) do
  print(problem.path, problem.message)
end

local found, failure = pcall(dps.get_fallback, "dps:fallback-offer:0000000000000000")
print(found, failure.kind, failure.status)
