-- Shows how to create many fallback offers from a spreadsheet saved as CSV: one row, one offer.
-- A row that fails is listed with its line in the file, and the other rows go on.

local dps = require "dps"
local csv = require "dps.csv"

local CHANNELS = "https://ns.adobe.com/xdm/channel-types/"

-- The file named on the command line, or the one that stands beside this script. It is read whole:
-- if something is wrong with it, nothing is sent.
local file = arg[1] or (arg[0]:match "^.*/" or "") .. "02_from_csv.csv"
local rows, lines = csv.read(file)

-- The ids of the placements by their names.
local placements = {}
for placement in dps.list_placements {} do
  placements[placement.name] = placement.id
end

local function create_placement(row)
  local receipt = dps.create_placement {
    name = row.placement,
    channel = CHANNELS .. row.channel,
    componentType = row.type,
  }
  placements[row.placement] = receipt.id
end

-- Placements that the file needs and that do not exist yet are created. pcall catches the error of a
-- row that fails; it is kept by the row's number.
local problems = {}
for i, row in ipairs(rows) do
  if not placements[row.placement] then
    local ok, problem = pcall(create_placement, row)
    if not ok then problems[i] = problem end
  end
end

-- A picture has an address and a link; HTML and text have their content in the row.
local function component_of(row)
  local component = { type = row.type, format = row.format, language = { row.language } }
  if row.type == "imagelink" then
    component.deliveryURL = row.delivery_url
    component.linkURL = row.link_url
  else
    component.content = row.content
  end
  return component
end

-- Puts the columns of a row where Adobe's documents want them.
local function create_offer(row)
  return dps.create_fallback {
    name = row.name,
    description = row.description,
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
    rank = { priority = tonumber(row.priority) },
  }
end

-- Each row becomes a task, so that many offers are on their way at the same time.
local tasks = {}
for i, row in ipairs(rows) do
  if not problems[i] then tasks[i] = dps.spawn(pcall, create_offer, row) end
end
for i, task in pairs(tasks) do
  local ok, problem = task:wait()
  if not ok then problems[i] = problem end
end

local failed = 0
for i, row in ipairs(rows) do
  local problem = problems[i]
  if problem then
    failed = failed + 1
    print(("%s:%d: %s: %s"):format(file, lines[i], row.name, problem.message or problem))
  end
end

print(("%d offers created, %d failed"):format(#rows - failed, failed))
if failed > 0 then
  os.exit(3) -- the code by which dps says that some rows failed
end
