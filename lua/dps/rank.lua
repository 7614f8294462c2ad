-- Priorities for offers: worked out from scores, an ordering, tiers or rules, and changed later
-- with the fewest updates. A priority is a whole number from 0, and the higher one wins (contract
-- 7, rules 10 and 11). Pure: it reads the items it is given, changes none and calls nothing.

local err = require "dps.err"
local items_of = require "dps.rank.item"
local options_of = require "dps.options"
local ranking = require "dps.rank.ranking"
local suggest = require "dps.suggest"

local format = string.format

---Priorities for offers: worked out from scores, an ordering, tiers or rules, and changed later
---with the fewest updates. A priority is a whole number from 0, and the higher one wins. Nothing
---here calls the service or changes what it is given.
---@class dps.rank
local rank = {}

---What rank.by_order takes beside the options of all.
---@class dps.rank.OrderOptions: dps.rank.Options
---@field key? string|fun(item: any): any  the field by which `order` calls the items, or a
---  function; "name" when absent
---@field others? "last"  what is not in `order` is below the rest; an error when absent

---What rank.by_rules takes beside the options of all.
---@class dps.rank.ClassOptions: dps.rank.Options
---@field score? string|function|table<string, number>  what counts within a tier or a rule, as for
---  rank.by_score
---@field band? integer  each tier or rule has that many priorities of its own, so that a new item
---  in one moves nothing in another; as many as it needs when absent

---What rank.by_tier takes.
---@class dps.rank.TierOptions: dps.rank.ClassOptions
---@field tier? string|fun(item: any): any  the field that holds the tier, or a function; "tier"
---  when absent

---A rule of rank.by_rules.
---@class dps.rank.Rule
---@field name string  what rank.explain calls it
---@field when table<string, any>|fun(item: any): boolean  fields and the values they must have,
---  such as { season = "winter" }; or a function

local function options_for(who, given, more)
  local allowed = table.move(ranking.OPTIONS, 1, #ranking.OPTIONS, 1, {})
  table.move(more or {}, 1, #(more or {}), #allowed + 1, allowed)
  given = options_of.check(who, given, allowed)
  return given, ranking.options(who, given)
end

-- An entry for each item, with the marks and the reason that `judge` gives; it may also return a
-- fault instead. All faults are told at once.
local function judge_all(who, items, judge)
  local entries, problems = {}, {}
  for i, item in ipairs(items) do
    local marks, reason, more = judge(item, i)
    if marks then
      entries[i] = { item = item, index = i, marks = marks, reason = reason, keys = {} }
      for key, value in pairs(more or {}) do entries[i][key] = value end
    else
      problems[#problems + 1] = reason
    end
  end
  items_of.refuse(who, problems)
  return entries
end

-- Scores ------------------------------------------------------------------------------------------

local function number_text(number)
  local text = format("%.6g", number)
  return text == "-0" and "0" or text
end

local function weighted(who, weights)
  local fields = {}
  for field, weight in pairs(weights) do
    if type(field) ~= "string" or type(weight) ~= "number" or weight - weight ~= 0 then
      err.misuse(who .. ": weights are numbers by the names of fields, as { margin = 0.7 }")
    end
    fields[#fields + 1] = field
  end
  if #fields == 0 then err.misuse(who .. ": weights must name one field at least") end
  table.sort(fields, items_of.text_before)
  return function(item, index)
    local sum, parts = 0, {}
    for i, field in ipairs(fields) do
      local number = type(item) == "table" and item[field] or nil
      local fault = items_of.number_fault(number, item, field)
      if fault then return nil, { path = format("[%d].%s", index, field), message = fault } end
      sum = sum + weights[field] * number
      parts[i] = format("%s x %s %s", number_text(weights[field]), field, number_text(number))
    end
    local fault = items_of.number_fault(sum)
    if fault then return nil, { path = format("[%d]", index), message = "the sum " .. fault } end
    return sum, format("score %s = %s", number_text(sum), table.concat(parts, " + "))
  end
end

-- function(item, index): score, reason; nothing and a problem where there is none.
local function scorer(who, score)
  if type(score) == "table" then return weighted(who, score) end
  local read, field = items_of.reader(who, "score", score)
  local named = type(score) == "string"
  return function(item, index)
    local number = read(item)
    local fault = items_of.number_fault(number, item, named and field or nil)
    if fault then
      return nil, { path = format("[%d]%s", index, named and "." .. field or ""),
        message = named and fault or "the score " .. fault }
    end
    return number, format("%s %s", field, number_text(number))
  end
end

---The higher the score, the higher the priority. Raises kind "invalid" for scores that are no
---numbers, and for ties.
---@param items any[]  tables, or names
---@param score string|function|table<string, number>  the field that holds it, a function(item), or
---  weights of fields: { margin = 0.7, returns = -0.3 }
---@param options? dps.rank.Options  ties and spacing
---@return dps.Ranking
function rank.by_score(items, score, options)
  local who = "rank.by_score"
  local _, settings = options_for(who, options)
  local score_of = scorer(who, score)
  return ranking.new(judge_all(who, items_of.check_list(who, items), function(item, index)
    local number, reason = score_of(item, index)
    if not number then return nil, reason end
    return { number }, reason
  end), settings)
end

-- Orderings ---------------------------------------------------------------------------------------

local function places_of(who, what, list)
  if type(list) ~= "table" or #list == 0 then
    err.misuse(format("%s: %s must be a list of names, best first", who, what))
  end
  local places = {}
  for i, name in ipairs(list) do
    if type(name) ~= "string" and type(name) ~= "number" then
      err.misuse(format("%s: %s[%d] must be a name, not a %s", who, what, i, type(name)))
    elseif places[name] then
      err.misuse(format('%s: "%s" is in %s twice', who, name, what))
    end
    places[name] = i
  end
  return places
end

local function unplaced(value, list, where, path)
  if value == nil then return { path = path, message = "is missing" } end
  if type(value) ~= "string" and type(value) ~= "number" then
    return { path = path, message = "must be a name, not a " .. type(value) }
  end
  local nearest = suggest.nearest(value, list)
  return { path = path, message = format('"%s" is not %s%s', value, where,
    nearest and format(' (did you mean "%s"?)', nearest) or "") }
end

local function refuse_unused(who, order, used)
  local problems = {}
  for i, name in ipairs(order) do
    if not used[name] then
      problems[#problems + 1] = { path = format("order[%d]", i),
        message = format('no item is named "%s"', name) }
    end
  end
  items_of.refuse(who, problems)
end

---What stands first in `order` has the highest priority.
---@param items any[]  tables, or names
---@param order string[]  best first: what the items are called. A name without an item is an error
---@param options? dps.rank.OrderOptions  what the items are called by, ties and spacing
---@return dps.Ranking
function rank.by_order(items, order, options)
  local who = "rank.by_order"
  local given, settings = options_for(who, options, { "key", "others" })
  if given.others ~= nil and given.others ~= "last" then
    err.misuse(who .. ': others can only be "last"')
  end
  local places, used = places_of(who, "order", order), {}
  local read, field = items_of.reader(who, "key", given.key or "name")
  local entries = judge_all(who, items_of.check_list(who, items), function(item, index)
    local key = read(item)
    local place = key ~= nil and places[key]
    if place then
      used[key] = true
      return { -place }, format("place %d of %d in the order given", place, #order)
    elseif given.others then
      return { -#order - 1 }, "not in the order given"
    end
    return nil, unplaced(key, order, "in the order given", format("[%d].%s", index, field))
  end)
  refuse_unused(who, order, used)
  return ranking.new(entries, settings)
end

-- Tiers and rules ---------------------------------------------------------------------------------

-- Within a class the score counts, if there is one. With bands, the lowest class begins at `from`
-- and each one above it `band` higher, so that what happens in one class moves no other.
local function classify(who, items, count, given, settings, class_of)
  local score_of = given.score ~= nil and scorer(who, given.score)
  local band = given.band and ranking.whole(who, "band", given.band, 1)
  return ranking.new(judge_all(who, items_of.check_list(who, items), function(item, index)
    local class, reason = class_of(item, index)
    if not class then return nil, reason end
    local base = band and settings.from + band * (count - class)
    local more = { base = base, ceiling = base and base + band }
    if not score_of then return { -class }, reason, more end
    local number, why = score_of(item, index)
    if not number then return nil, why end
    return { -class, number }, reason .. ", " .. why, more
  end), settings)
end

---Every item of a higher tier is above every item of a lower one.
---@param items any[]  tables
---@param tiers string[]  best first, such as { "gold", "silver", "bronze" }
---@param options? dps.rank.TierOptions  where the tier stands, what counts within one, spacing
---@return dps.Ranking
function rank.by_tier(items, tiers, options)
  local who = "rank.by_tier"
  local given, settings = options_for(who, options, { "tier", "score", "band" })
  local places = places_of(who, "tiers", tiers)
  local read, field = items_of.reader(who, "tier", given.tier or "tier")
  return classify(who, items, #tiers, given, settings, function(item, index)
    local tier = read(item)
    local place = tier ~= nil and places[tier]
    if place then return place, format('tier "%s" (%d of %d)', tier, place, #tiers) end
    return nil, unplaced(tier, tiers, "a tier", format("[%d].%s", index, field))
  end)
end

local function check_rules(who, rules)
  if type(rules) ~= "table" or #rules == 0 then
    err.misuse(who .. ": rules must be a list, best first: { { name =, when = }, ... }")
  end
  for i, rule in ipairs(rules) do
    local when = type(rule) == "table" and rule.when
    if type(rule) ~= "table" or type(rule.name) ~= "string"
      or type(when) ~= "function" and type(when) ~= "table" then
      err.misuse(format("%s: rules[%d] must be { name = text, when = function(item) or a table of"
        .. " fields and their values }", who, i))
    end
    options_of.check(format("%s: rules[%d]", who, i), rule, { "name", "when" })
  end
end

local function holds(rule, item)
  if type(rule.when) == "function" then return rule.when(item) end
  if type(item) ~= "table" then return false end
  for field, value in pairs(rule.when) do
    if item[field] ~= value then return false end
  end
  return true
end

---The first rule that holds for an item says where it stands; what no rule holds for is last.
---@param items any[]  tables, or names
---@param rules dps.rank.Rule[]  best first
---@param options? dps.rank.ClassOptions  what counts within a rule, ties and spacing
---@return dps.Ranking
function rank.by_rules(items, rules, options)
  local who = "rank.by_rules"
  local given, settings = options_for(who, options, { "score", "band" })
  check_rules(who, rules)
  return classify(who, items, #rules + 1, given, settings, function(item)
    for i, rule in ipairs(rules) do
      if holds(rule, item) then
        return i, format('rule "%s" (%d of %d)', rule.name, i, #rules)
      end
    end
    return #rules + 1, "no rule"
  end)
end

-- Words, changes, formulas ------------------------------------------------------------------------

---Why the items of a ranking have their priorities: a line for each, best first.
---@param of dps.Ranking  what the functions above give
---@param item any?  only this one's line
---@return string  without a newline at the end
function rank.explain(of, item)
  if not ranking.is(of) then
    err.misuse("rank.explain: a ranking is needed, as rank.by_score and the like return it")
  end
  return ranking.explain(of, item)
end

---New priorities for a set that has some already, with as few updates as can be. An item without
---one gets one in between: the one that a ranking gave it, where it fits. Items that share a
---priority in a ranking share one afterwards. It sends nothing: the plan says what to update.
---@param items any[]|dps.Ranking  best first
---@param options? dps.rank.RerankOptions  where the priorities of today stand, and spacing
---@return dps.rank.Plan
function rank.rerank(items, options)
  return require "dps.rank.rerank"(items, options)
end

---The text of a ranking formula (PQL) with `{{name}}` replaced by values: text becomes a string
---with its quotes escaped, a number a number, a list [ ... ], a date date(year, month, day),
---rank.field a bare name. Raises kind "invalid" for a placeholder without a value, a value without
---a placeholder, what PQL can't write, quotes and brackets that do not match, and more than 8192
---characters.
---@param text string  such as "if(offer.characteristics.get({{key}}) = {{city}}, 2, 1)"
---@param values? table<string, any>  by the names in the text
---@return string
function rank.formula(text, values)
  return require("dps.rank.formula").fill(text, values)
end

---A formula that gives the value of the first condition that holds.
---@param cases table[]  { condition, value } each, both PQL; a value may also be a number
---@param otherwise number|string  the value where none holds
---@return string
function rank.cases(cases, otherwise)
  return require("dps.rank.formula").cases(cases, otherwise)
end

---The name of a field, to be put into a formula as such and not as text.
---@param path string  such as "homeAddress.city"
---@return table
function rank.field(path)
  return require("dps.rank.formula").field(path)
end

return rank
