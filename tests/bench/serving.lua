-- serving.lua COUNT SIZE get | list [NAME=VALUE...]: what tests/bench/serving.sh asks a library of
-- SIZE fallback offers, 16 at a time. Prints the seconds it took.

local dps = require "dps"
local native = require "dps.native"

local count, size, what = tonumber(arg[1]), tonumber(arg[2]), arg[3]

local query = { ["offer-type"] = "fallback", limit = 50 }
for i = 4, #arg do
  local name, value = arg[i]:match "^(%w+)=(.*)$"
  query[name] = value
end

local function one(n)
  if what == "get" then
    dps.get_fallback("o" .. n * 7919 % size + 1)
    return
  end
  local answer = dps.request { method = "GET", path = "/offers", query = query }
  assert(answer.count > 0, "the list is empty")
end

local began, started, tasks = native.monotonic(), 0, {}
for i = 1, 16 do
  tasks[i] = dps.spawn(function()
    while started < count do
      started = started + 1
      one(started)
    end
  end)
end
for _, task in ipairs(tasks) do
  task:wait()
end
print(("%.6f"):format(native.monotonic() - began))
