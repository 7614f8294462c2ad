-- New priorities for a set that has some already, with as few updates as can be. What may keep its
-- priority is the heaviest chain of priorities that leaves enough room between and below; the rest
-- is spread over the gaps. Changes nothing itself.

local err = require "dps.err"
local items_of = require "dps.rank.item"
local options_of = require "dps.options"
local ranking = require "dps.rank.ranking"

local format = string.format
local HIGHEST = ranking.HIGHEST
local WHO = "rank.rerank"

---An item that must get another priority.
---@class dps.rank.Change
---@field item any       as it was given
---@field from integer?  nil: it has no priority yet
---@field to integer     the new one

---Where the priorities of today stand, and how new ones are spread.
---@class dps.rank.RerankOptions
---@field current? string|table<any, integer>|fun(item: any): integer?  a field, a table by item, or
---  a function; `priority`, else `rank.priority`, when absent
---@field spacing? integer  distance between what is put above or below all that stays; 1 when
---  absent
---@field from? integer     the lowest priority; 0 when absent

---What to update so that the items stand in the order given.
---@class dps.rank.Plan
---@field changes dps.rank.Change[]  best first; only what must change
---@field priorities integer[]       of all items, best first
---@field kept integer               how many keep theirs

-- Where an item's priority stands: its own field, or rank.priority as Adobe writes it.
local function own_priority(item)
  if type(item) ~= "table" then return nil end
  local nested = type(item.rank) == "table" and item.rank.priority
  return item.priority ~= nil and item.priority or nested or nil
end

local function reader(current)
  if current == nil then return own_priority end
  if type(current) == "table" then
    return function(item)
      return current[item]
    end
  end
  return (items_of.reader(WHO, "current", current))
end

-- The items by level, lowest first; those of a level share a priority. Only a ranking has any.
local function levels_of(items)
  local levels, above = {}, nil
  local order = ranking.is(items) and items.order or items_of.check_list(WHO, items)
  for i = #order, 1, -1 do
    local priority = ranking.is(items) and items:of(order[i]) or nil
    if not priority or priority ~= above then levels[#levels + 1] = { wanted = priority } end
    table.insert(levels[#levels], { item = order[i], place = i })
    above = priority
  end
  return levels, #order
end

local function read_current(levels, read)
  local problems = {}
  for _, level in ipairs(levels) do
    for _, entry in ipairs(level) do
      local value = read(entry.item)
      entry.from = math.type(value) == "float" and math.tointeger(value) or value
      if value ~= nil and (math.type(entry.from) ~= "integer" or entry.from < 0) then
        problems[#problems + 1] = { path = format("[%d]", entry.place), message = format(
          "the priority of %s is %s; it must be a whole number from 0, or nil where it has none",
          items_of.label(entry.item, entry.place), type(value) == "number" and tostring(value)
            or "a " .. type(value)) }
      end
    end
  end
  items_of.refuse(WHO, problems)
end

-- What keeps its priority -------------------------------------------------------------------------

-- Level n can have the priority p when n levels fit below it and the rest above it. Of two levels
-- that keep theirs, the upper must be as many higher as there are levels from one to the other: so
-- p - n must not fall from level to level.
local function candidates_of(levels, from)
  local all = {}
  for n, level in ipairs(levels) do
    local weights = {}
    for _, entry in ipairs(level) do
      local slack = entry.from and entry.from - n
      if slack and slack >= from - 1 and entry.from <= HIGHEST - (#levels - n) then
        weights[slack] = (weights[slack] or 0) + 1
      end
    end
    all[n] = {}
    for slack, weight in pairs(weights) do
      table.insert(all[n], { level = n, slack = slack, weight = weight })
    end
  end
  return all
end

-- Numbers the slacks 1, 2, 3 ... in their order.
local function number_slacks(all)
  local slacks, numbers = {}, {}
  for _, candidates in ipairs(all) do
    for _, candidate in ipairs(candidates) do slacks[#slacks + 1] = candidate.slack end
  end
  table.sort(slacks)
  local count = 0
  for i, slack in ipairs(slacks) do
    if slack ~= slacks[i - 1] then count = count + 1 end
    numbers[slack] = count
  end
  return numbers, count
end

-- A Fenwick tree: the heaviest chain that ends at a slack of at most `number`.
local function heaviest(tree, number)
  local best
  while number > 0 do
    local chain = tree[number]
    if chain and (not best or chain.total > best.total) then best = chain end
    number = number - (number & -number)
  end
  return best
end

local function enter(tree, number, count, chain)
  while number <= count do
    if not tree[number] or tree[number].total < chain.total then tree[number] = chain end
    number = number + (number & -number)
  end
end

-- The priority of each level that keeps one: those on the heaviest chain.
local function kept_levels(levels, from)
  local all = candidates_of(levels, from)
  local numbers, count = number_slacks(all)
  local tree = {}
  for _, candidates in ipairs(all) do
    for _, candidate in ipairs(candidates) do
      candidate.below = heaviest(tree, numbers[candidate.slack])
      candidate.total = candidate.weight + (candidate.below and candidate.below.total or 0)
    end
    for _, candidate in ipairs(candidates) do
      enter(tree, numbers[candidate.slack], count, candidate)
    end
  end
  local kept, chain = {}, heaviest(tree, count)
  while chain do
    kept[chain.level] = chain.slack + chain.level
    chain = chain.below
  end
  return kept
end

-- What moves --------------------------------------------------------------------------------------

-- The t-th of k priorities between two that are kept, or on from the only one there is.
local function between(low, high, t, k, settings)
  local from, spacing = settings.from, settings.spacing
  if not low and not high then
    low = from - spacing
  elseif not low and high - spacing * k >= from then
    return high - spacing * (k - t + 1)
  elseif not low then
    low = from - 1
  end
  if not high and low + spacing * k <= HIGHEST then return low + spacing * t end
  high = high or HIGHEST + 1
  local step, rest = (high - low) // (k + 1), (high - low) % (k + 1)
  return low + step * t + rest * t // (k + 1)
end

-- What a ranking says itself, where all of it fits into the gap.
local function as_ranked(levels, first, last, low, high)
  if not levels[first].wanted then return nil end
  if low and levels[first].wanted <= low or high and levels[last].wanted >= high then return nil end
  return function(i)
    return levels[i].wanted
  end
end

local function fill(levels, kept, settings)
  local priorities, n = {}, 1
  while n <= #levels do
    local first, last = n, n
    if kept[n] then
      priorities[n] = kept[n]
    else
      while last < #levels and not kept[last + 1] do last = last + 1 end
      local low, high = kept[first - 1], kept[last + 1]
      local give = as_ranked(levels, first, last, low, high) or function(i)
        return between(low, high, i - first + 1, last - first + 1, settings)
      end
      for i = first, last do priorities[i] = give(i) end
    end
    n = last + 1
  end
  return priorities
end

local function plan_of(levels, priorities, count)
  local plan = { changes = {}, priorities = {}, kept = 0 }
  for n = #levels, 1, -1 do
    for i = #levels[n], 1, -1 do
      local entry = levels[n][i]
      plan.priorities[entry.place] = priorities[n]
      if entry.from ~= priorities[n] then
        table.insert(plan.changes, { item = entry.item, from = entry.from, to = priorities[n] })
      end
    end
  end
  plan.kept = count - #plan.changes
  return plan
end

---Works out which items must get another priority so that the set stands in the order given, and
---which: as few as can be. Items without a priority yet get one in between: the one that a
---ranking gave them, where it fits. Items that share a priority in a ranking share one afterwards.
---@param items any[]|dps.Ranking  best first
---@param options? dps.rank.RerankOptions
---@return dps.rank.Plan
return function(items, options)
  options = options_of.check(WHO, options, { "current", "spacing", "from" })
  local settings = {
    spacing = ranking.whole(WHO, "spacing", options.spacing or 1, 1),
    from = ranking.whole(WHO, "from", options.from or 0, 0),
  }
  local levels, count = levels_of(items)
  if settings.from + #levels > HIGHEST then
    err.misuse(WHO .. ": there is no room for that many above from")
  end
  read_current(levels, reader(options.current))
  local kept = kept_levels(levels, settings.from)
  return plan_of(levels, fill(levels, kept, settings), count)
end
