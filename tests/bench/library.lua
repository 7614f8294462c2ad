-- library.lua fill COUNT | list PAGE | ensure COUNT TASKS: what scripts/bench --library measures of
-- the calls that a campaign makes over and over. Prints one line of JSON; judges no speed.

local dps = require "dps"
local native = require "dps.native"

local what, count, tasks = arg[1], tonumber(arg[2]) or 1000, tonumber(arg[3]) or 32

local function offer(n)
  return {
    name = ("Summer campaign fallback %06d"):format(n), status = "approved",
    description = "One of many in a bench", rank = { priority = n },
    selectionConstraint = {
      startDate = "2026-06-10T00:30:00.000+02:00", endDate = "2026-06-30T00:30:00.000+02:00",
    },
    representations = { {
      channel = "https://ns.adobe.com/xdm/channel-types/web", placement = "offerPlacement1234",
      components = { {
        type = "imagelink", format = "image/png", language = { "en-us" },
        deliveryURL = ("https://images.example.com/summer/%06d.png"):format(n),
      } },
    } },
  }
end

-- Calls f(1) to f(count), as many at once as there are tasks.
local function each(f)
  local started, running = 0, {}
  local function work()
    while started < count do
      started = started + 1
      f(started)
    end
  end
  for i = 1, math.min(tasks, count) do
    running[i] = dps.spawn(work)
  end
  for _, task in ipairs(running) do
    task:wait()
  end
end

local function kilobytes()
  collectgarbage()
  return collectgarbage "count"
end

local measures = {}

function measures.fill()
  each(function(n) dps.create_fallback(offer(n)) end)
  return count, {}
end

-- Memory is looked at after the first tenth of the rows and after the last.
function measures.list()
  local rows, early = 0, nil
  for entity in dps.list_fallbacks { limit = count, order_by = "id" } do
    rows = rows + (entity.id and 1 or 0)
    early = early or rows == 1000 and kilobytes() or nil
  end
  return rows, { early_kb = early, late_kb = kilobytes() }
end

function measures.ensure()
  local outcomes = { created = 0, updated = 0, unchanged = 0 }
  each(function(n)
    local _, outcome = dps.ensure_fallback(offer(n))
    outcomes[outcome] = outcomes[outcome] + 1
  end)
  return count, outcomes
end

local began, used = native.monotonic(), os.clock()
local done, figures = measures[what]()
figures.count, figures.seconds = done, native.monotonic() - began
figures.cpu_seconds = os.clock() - used
print(dps.json.encode(figures, { sorted = true }))
