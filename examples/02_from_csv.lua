-- Shows how to create many fallback offers from a spreadsheet saved as CSV: one row, one offer.
-- Run it again after a failure: offers that exist already, by their names, are left alone.

local dps = require "dps"
local csv = require "dps.csv"

local CHANNELS = "https://ns.adobe.com/xdm/channel-types/"

-- The columns that the file must have. A misspelled one is an error, so that no date gets lost.
local COLUMNS = {
  "name", "description", "placement", "channel", "type", "format", "content", "delivery_url",
  "link_url", "language", "start_date", "end_date", "priority", "status",
}

-- The file named on the command line, or the one that stands beside this script. It is read whole:
-- if something is wrong with it, nothing is sent. Excel may write semicolons: add separator = ";".
local file = arg[1] or (arg[0]:match "^.*/" or "") .. "02_from_csv.csv"
local rows, lines = csv.read(file, { columns = COLUMNS })

-- What is there already: placements by name, and the names of the offers.
local placements, exists = {}, {}
for placement in dps.list_placements { limit = 1000 } do
  placements[placement.name] = placement.id
end
for offer in dps.list_fallbacks { limit = 1000 } do
  exists[offer.name] = true
end

-- Placements that the file needs and that do not exist yet are created first. Where one can't be
-- created, its rows fail below with the reason.
local reasons = {}
for _, row in ipairs(rows) do
  if not placements[row.placement] then
    local ok, result = pcall(dps.create_placement, {
      name = row.placement,
      channel = CHANNELS .. row.channel,
      componentType = row.type,
    })
    if ok then placements[row.placement] = result.id else reasons[row.placement] = result end
  end
end

-- An empty field of the file is no value at all.
local function value(text)
  return text ~= "" and text or nil
end

-- A picture has an address and a link; HTML and text have their content in the row.
local function component_of(row)
  return {
    type = row.type,
    format = row.format,
    language = { row.language },
    deliveryURL = value(row.delivery_url),
    linkURL = value(row.link_url),
    content = value(row.content),
  }
end

-- Puts the columns of a row where Adobe's documents want them.
local function create_offer(row)
  if not placements[row.placement] then error(reasons[row.placement], 0) end
  local receipt = dps.create_fallback {
    name = row.name,
    description = value(row.description),
    status = row.status,
    representations = { {
      channel = CHANNELS .. row.channel,
      placement = placements[row.placement],
      components = { component_of(row) },
    } },
    selectionConstraint = {
      startDate = row.start_date,
      endDate = row.end_date,
      profileConstraintType = "none",
    },
    rank = { priority = tonumber(row.priority) or row.priority },
  }
  return receipt
end

-- Each new row becomes a task, so that many offers are on their way at the same time. pcall catches
-- the error of a row that fails.
local tasks, count = {}, { created = 0, existing = 0, failed = 0, unknown = 0 }
for i, row in ipairs(rows) do
  if exists[row.name] then
    count.existing = count.existing + 1
  else
    exists[row.name] = true -- a second row of this name is no second offer
    tasks[i] = dps.spawn(pcall, create_offer, row)
  end
end

-- The tasks are waited for in the order of the rows. problem is set where ok is false. "unknown"
-- means that the row was sent and no answer came: it may exist now, so look before the next run.
for i = 1, #rows do
  local ok, problem = true, nil
  if tasks[i] then ok, problem = tasks[i]:wait() end
  if not ok then
    local kind = problem.kind == "unknown" and "unknown" or "failed"
    count[kind] = count[kind] + 1
    local why = problem.message or problem
    print(("%s:%d: %s: %s: %s"):format(file, lines[i], rows[i].name, kind, why))
  elseif tasks[i] then
    count.created = count.created + 1
  end
end

print(("%d offers created, %d existed already, %d failed, %d unknown")
  :format(count.created, count.existing, count.failed, count.unknown))
if count.failed + count.unknown > 0 then
  os.exit(3) -- the code by which dps says that some rows failed
end
