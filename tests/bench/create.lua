-- create.lua COUNT [IN_FLIGHT]: what scripts/bench measures. Each offer is a fresh table and a call
-- of its own, and its id is read, as a script would. Prints one line of JSON; judges no speed.

local dps = require "dps"
local native = require "dps.native"

local count, in_flight = tonumber(arg[1]) or 1000, tonumber(arg[2]) or 32
local images = "https://images.example.com/campaigns/summer/fallback-%06d.png"
local landing = "https://www.example.com/campaigns/summer?offer=%06d"
local description = "Shown to everybody who qualifies for no personalized offer of the summer "
  .. "campaign; one of many in a bench"

-- About 700 bytes as JSON, as many as the body of raw_client.c.
local function offer(n)
  return {
    name = ("Summer campaign fallback %06d"):format(n),
    description = description,
    status = "approved",
    rank = { priority = 1 },
    selectionConstraint = {
      startDate = "2022-06-10T00:30:00.000+00:00",
      endDate = "2022-06-30T00:30:00.000+00:00",
      profileConstraintType = "none",
    },
    representations = {
      {
        channel = "https://ns.adobe.com/xdm/channel-types/web",
        placement = "offerPlacement1234",
        components = {
          {
            type = "imagelink",
            format = "image/png",
            language = { "en-us" },
            deliveryURL = images:format(n),
            linkURL = landing:format(n),
          },
        },
      },
    },
  }
end

local started, ids = 0, 0

local function work()
  while started < count do
    started = started + 1
    local receipt = dps.create_fallback(offer(started))
    if receipt.id ~= "" then
      ids = ids + 1
    end
  end
end

local began, used = native.monotonic(), os.clock()
local tasks = {}
for i = 1, math.min(in_flight, count) do
  tasks[i] = dps.spawn(work)
end
for _, task in ipairs(tasks) do
  task:wait()
end
local seconds, cpu = native.monotonic() - began, os.clock() - used
assert(ids == count, "an answer had no id")
print(('{"offers":%d,"seconds":%.6f,"cpu_seconds":%.6f,"us_cpu_per_offer":%.3f,"per_second":%.0f}')
  :format(count, seconds, cpu, cpu * 1e6 / count, count / seconds))
