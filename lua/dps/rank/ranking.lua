-- What a ranking is, once it is known what counts: items are put in order by their marks, then by
-- the keys that break ties; levels become priorities. Knows nothing of where the marks come from.

local err = require "dps.err"
local items_of = require "dps.rank.item"

local format = string.format
local label, text_before = items_of.label, items_of.text_before

-- The largest whole number that every reader of JSON keeps exactly.
local HIGHEST = (1 << 53) - 1

local ranking = {}

ranking.OPTIONS = { "by", "ties", "spacing", "from" }
ranking.HIGHEST = HIGHEST

---How equal items are told apart, and how far apart the priorities are.
---@class dps.rank.Options
---@field by? string|string[]  fields that break ties, first one first: "name" puts A above B, and
---  "-margin" the higher margin above the lower
---@field ties? "refuse"|"share"|"order"  what is tied still is an error (default), shares a
---  priority (Adobe then draws at random), or stays in the order it was given
---@field spacing? integer  distance between neighbours; 1 when absent, 10 leaves room to insert
---@field from? integer     the lowest priority; 0 when absent

---Items with their priorities.
---@class dps.Ranking
---@field order any[]            the items, best first
---@field priorities integer[]   of the items, in the order in which they were given
---@field ties table[]           what shares a priority: { priority =, items = {...} }
local Ranking = {}
Ranking.__index = Ranking
Ranking.__name = "dps.ranking"

---@class dps.rank.Entry   one item on its way through a ranking
---@field item any
---@field index integer    its place in the list that was given
---@field marks number[]   what counts, most important first; higher is better
---@field keys table       of the tie-break fields
---@field reason string    why it has these marks
---@field base integer?    the lowest priority of its band

-- Options -----------------------------------------------------------------------------------------

local function whole(who, name, value, low)
  local number = math.type(value) == "float" and math.tointeger(value) or value
  if math.type(number) ~= "integer" or number < low or number > HIGHEST then
    err.misuse(format("%s: %s must be a whole number from %d, not %s", who, name, low,
      type(value) == "number" and tostring(value) or "a " .. type(value)))
  end
  return number
end
ranking.whole = whole

local TIES = { refuse = true, share = true, order = true }

local function tie_keys(who, by)
  local keys = {}
  for i, name in ipairs(type(by) == "table" and by or { by }) do
    if type(name) ~= "string" or not name:find "^%-?[^-]" then
      err.misuse(who .. ': by must be the name of a field, such as "name" or "-margin"')
    end
    local field = name:match "^%-?(.*)$"
    local read = items_of.reader(who, "by", field)
    keys[i] = { field = field, down = name:sub(1, 1) == "-", read = read }
  end
  return keys
end

---The common options, checked and with their defaults.
---@param who string
---@param options dps.rank.Options
---@return table
function ranking.options(who, options)
  local ties = options.ties == nil and "refuse" or options.ties
  if not TIES[ties] then
    err.misuse(who .. ': ties must be "refuse", "share" or "order"')
  end
  return {
    who = who, ties = ties, keys = tie_keys(who, options.by),
    spacing = whole(who, "spacing", options.spacing or 1, 1),
    from = whole(who, "from", options.from or 0, 0),
  }
end

-- Order -------------------------------------------------------------------------------------------

-- A key of an entry: only asked for when the marks are equal. `false` stands for one that is
-- missing or of no use; that is told once the order is known, for those that it matters to.
local function key_of(entry, n, key)
  local value = entry.keys[n]
  if value == nil then
    local fault
    value, fault = items_of.key(key.read(entry.item))
    if fault then
      value = false
      entry.fault = { path = format("[%d].%s", entry.index, key.field), message = fault }
    end
    entry.keys[n] = value
  end
  return value
end

-- -1, 0 or 1. What has no key is below what has one, numbers are above text: a total order also
-- over what is refused later, since table.sort can't live without.
local function compare_keys(a, b)
  if a == b then return 0 end
  if not a or not b then return a and -1 or 1 end
  if type(a) ~= type(b) then return type(a) == "number" and -1 or 1 end
  local before
  if type(a) == "string" then before = text_before(a, b) else before = a < b end
  return before and -1 or 1
end

local function compare(a, b, keys)
  for i, mark in ipairs(a.marks) do
    if mark ~= b.marks[i] then return mark > b.marks[i] and -1 or 1, "marks" end
  end
  for n, key in ipairs(keys) do
    local x, y = key_of(a, n, key), key_of(b, n, key)
    local way = compare_keys(x, y)
    if way ~= 0 then
      return (key.down and x and y) and -way or way, key.field, type(x) ~= type(y)
    end
  end
  return 0
end

local function sort(entries, keys)
  table.sort(entries, function(a, b)
    local way = compare(a, b, keys)
    return way < 0 or way == 0 and a.index < b.index
  end)
end

-- Entries with nothing to tell them apart form a level. Best first.
local function levels_of(entries, settings)
  local levels = {}
  for i, entry in ipairs(entries) do
    local above = entries[i - 1]
    local way, decided, mixed = -1, nil, false
    if above then way, decided, mixed = compare(above, entry, settings.keys) end
    if mixed and not (above.fault or entry.fault) then
      entry.fault = { path = format("[%d].%s", entry.index, decided),
        message = format("can't be compared with that of %s: one is a number, the other is text",
          label(above.item, above.index)) }
    end
    entry.decided = decided ~= "marks" and decided or nil
    if way == 0 and settings.ties ~= "order" then
      table.insert(levels[#levels], entry)
    else
      entry.by_order = way == 0
      levels[#levels + 1] = { entry }
    end
  end
  return levels
end

local function refuse_faults(entries, settings)
  local problems = {}
  for _, entry in ipairs(entries) do
    problems[#problems + 1] = entry.fault
  end
  items_of.refuse(settings.who, problems)
end

local function refuse_ties(levels, settings)
  local problems = {}
  for _, level in ipairs(settings.ties == "refuse" and levels or {}) do
    local names = {}
    for i, entry in ipairs(level) do names[i] = label(entry.item, entry.index) end
    if #names > 1 then
      problems[#problems + 1] = { path = format("[%d]", level[1].index),
        message = format("%s are tied (%s)", table.concat(names, ", "), level[1].reason) }
    end
  end
  items_of.refuse(settings.who, problems, 'name a field that decides, as in { by = "name" }; or say'
    .. ' { ties = "share" } (Adobe draws at random among equals) or { ties = "order" }')
end

-- Priorities --------------------------------------------------------------------------------------

-- From the lowest level up; a band begins anew at its own base.
local function number_levels(levels, settings)
  local base, next = nil, settings.from
  for i = #levels, 1, -1 do
    local level = levels[i]
    local first = level[1]
    if first.base and first.base ~= base then
      base, next = first.base, first.base
    end
    if next > HIGHEST or first.ceiling and next >= first.ceiling then
      items_of.refuse(settings.who, { { path = format("[%d]", first.index), message = format(
        "%s does not fit: %s", label(first.item, first.index), first.ceiling
          and format("its band has room for the priorities %d to %d", first.base, first.ceiling - 1)
          or "its priority would be above 2^53") } }, "take a wider band, or a smaller spacing")
    end
    for _, entry in ipairs(level) do entry.priority = next end
    next = next + settings.spacing
  end
end

---@param entries dps.rank.Entry[]
---@param settings table  of ranking.options
---@return dps.Ranking
function ranking.new(entries, settings)
  sort(entries, settings.keys)
  local levels = levels_of(entries, settings)
  refuse_faults(entries, settings)
  refuse_ties(levels, settings)
  number_levels(levels, settings)
  local self = setmetatable({ order = {}, priorities = {}, ties = {} }, Ranking)
  self._entries, self._of = entries, {}
  for i, entry in ipairs(entries) do
    self.order[i], self.priorities[entry.index] = entry.item, entry.priority
    self._of[entry.item] = entry
  end
  for _, level in ipairs(levels) do
    local tied = { priority = level[1].priority, items = {} }
    for i, entry in ipairs(level) do tied.items[i] = entry.item end
    if #level > 1 then self.ties[#self.ties + 1] = tied end
  end
  return self
end

---Whether a value is a ranking.
---@param value any
---@return boolean
function ranking.is(value)
  return type(value) == "table" and rawequal(getmetatable(value), Ranking)
end

local function entry_of(self, item)
  local entry = item ~= nil and self._of[item]
  if not entry then
    err.misuse(format("ranking:of: %s is not among the items that were ranked",
      item == nil and "nil" or label(item)))
  end
  return entry
end

---The priority of one of the items: a whole number from 0, and the higher one wins.
---@param item any  the very table that was ranked, or the name
---@return integer
function Ranking:of(item)
  return entry_of(self, item).priority
end

-- Words -------------------------------------------------------------------------------------------

local function describe(self, place)
  local entry, above = self._entries[place], self._entries[place - 1]
  local text = format("%d  %s: %s", entry.priority, label(entry.item, entry.index), entry.reason)
  local other = above and label(above.item, above.index)
  if above and entry.priority == above.priority then
    return text .. "; shares its priority with " .. other
  elseif above and entry.decided then
    return text .. format("; equal to %s, %s decides", other, entry.decided)
  elseif above and entry.by_order then
    return text .. format("; equal to %s, which was given first", other)
  end
  return text
end

---Why the items have their priorities: a line for each, best first.
---@param item any?  only this one's line
---@return string  without a newline at the end
function Ranking:explain(item)
  local wanted, lines = item ~= nil and entry_of(self, item) or nil, {}
  for place, entry in ipairs(self._entries) do
    if not wanted or wanted == entry then lines[#lines + 1] = describe(self, place) end
  end
  return table.concat(lines, "\n")
end

ranking.explain = Ranking.explain

return ranking
