-- New priorities with the fewest updates: proven against every possibility on small sets.

local lu = require "luaunit"
local err = require "dps.err"
local rank = require "dps.rank"
local support = require "support"

local T = {}

-- Items with the priorities of today, best first as they should stand.
local function items(...)
  local list = {}
  for i = 1, select("#", ...) do
    list[i] = { name = "n" .. i, priority = (select(i, ...)) or nil }
  end
  return list
end

local function changes(plan)
  local words = {}
  for i, change in ipairs(plan.changes) do
    words[i] = ("%s:%s>%d"):format(change.item.name, change.from or "-", change.to)
  end
  return table.concat(words, " ")
end

local function refused(expected, ...)
  local ok, e = pcall(rank.rerank, ...)
  lu.assertFalse(ok, "no error")
  lu.assertTrue(err.is(e, "invalid"), tostring(e))
  lu.assertStrContains(err.block(e), expected)
end

function T.test_what_stands_right_already_needs_no_update()
  local plan = rank.rerank(items(30, 20, 10))
  lu.assertEquals(plan, { changes = {}, priorities = { 30, 20, 10 }, kept = 3 })
end

function T.test_one_that_moves_up_is_the_only_update()
  lu.assertEquals(changes(rank.rerank(items(10, 40, 30, 20), { spacing = 10 })), "n1:10>50")
  lu.assertEquals(changes(rank.rerank(items(40, 10, 30, 20))), "n2:10>35")
end

function T.test_one_that_moves_down_takes_the_room_below()
  lu.assertEquals(changes(rank.rerank(items(30, 20, 40), { spacing = 10 })), "n3:40>10")
  lu.assertEquals(changes(rank.rerank(items(30, 5, 40), { spacing = 10 })), "n3:40>2")
end

function T.test_new_ones_go_into_the_gaps()
  lu.assertEquals(changes(rank.rerank(items(40, false, false, 10))), "n2:->30 n3:->20")
  lu.assertEquals(changes(rank.rerank(items(false, 3, false), { spacing = 2 })), "n1:->5 n3:->1")
end

function T.test_a_gap_that_is_too_narrow_makes_a_neighbour_move()
  local plan = rank.rerank(items(2, false, 1))
  lu.assertEquals(plan.kept, 1)
  lu.assertEquals(#plan.changes, 2)
end

function T.test_nothing_goes_below_0_or_from()
  lu.assertEquals(rank.rerank(items(1, 0, false)).priorities, { 2, 1, 0 })
  lu.assertEquals(rank.rerank(items(false, 3), { from = 5 }).priorities, { 6, 5 })
end

function T.test_without_any_priorities_a_set_is_spaced_from_the_lowest()
  lu.assertEquals(rank.rerank(items(false, false, false), { spacing = 10, from = 3 }).priorities,
    { 23, 13, 3 })
  lu.assertEquals(rank.rerank({}), { changes = {}, priorities = {}, kept = 0 })
end

function T.test_priorities_are_read_where_adobe_has_them_or_where_the_script_says()
  local offers = { { name = "a", rank = { priority = 1 } },
    { name = "b", rank = { priority = 4.0 } } }
  lu.assertEquals(changes(rank.rerank(offers)), "a:1>5")
  lu.assertEquals(changes(rank.rerank(offers, { current = { [offers[2]] = 7 } })), "a:->8")
  lu.assertEquals(rank.rerank(offers, { current = function(o) return #o.name end }).kept, 1)
  lu.assertEquals(rank.rerank({ { old = 2 }, { old = 1 } }, { current = "old" }).kept, 2)
end

function T.test_a_ranking_can_be_given_and_its_ties_stay_shared()
  local list = { { name = "a", s = 1, priority = 7 }, { name = "b", s = 2, priority = 3 },
    { name = "c", s = 1, priority = 2 }, { name = "d", s = 1, priority = 2 } }
  local plan = rank.rerank(rank.by_score(list, "s", { ties = "share" }))
  lu.assertEquals(changes(plan), "a:7>2")
  lu.assertEquals(plan.priorities, { 3, 2, 2, 2 })
end

function T.test_what_a_ranking_gave_is_taken_where_it_fits()
  local list = { { name = "a", tier = "x" }, { name = "b", tier = "x" }, { name = "c",
    tier = "y" } }
  local ranking = rank.by_tier(list, { "x", "y" }, { by = "name", band = 100, spacing = 10 })
  lu.assertEquals(rank.rerank(ranking).priorities, { 110, 100, 0 })
  list[1].priority, list[3].priority = 200, 50
  lu.assertEquals(rank.rerank(ranking).priorities, { 200, 100, 50 })
  list[1].priority = 90
  lu.assertEquals(changes(rank.rerank(ranking)), "b:->70")
end

function T.test_what_is_no_priority_is_refused()
  refused('[2]: the priority of "n2" is -1; it must be a whole number from 0', items(1, -1))
  refused("is 1.5", items(1.5))
  refused("is a string", items "5")
  refused("is nan", { { name = "x", priority = -(0 / 0) } })
  refused('unknown option "space"', items(1), { space = 2 })
  refused("a list of items is needed", 5)
end

-- Proof -------------------------------------------------------------------------------------------

-- Whether the items of a set can keep theirs: there is room between and below them for the rest.
local function can_stay(current, keep)
  local n, below, place_below = #current, nil, nil
  for place = n, 1, -1 do -- from the lowest up; the lowest has the number 0
    if keep & (1 << (place - 1)) ~= 0 then
      local priority, number = current[place], n - place
      if not priority or priority < number then return false end
      if below and priority - below < number - place_below then return false end
      below, place_below = priority, number
    end
  end
  return true
end

local function most_that_can_stay(current)
  local most = 0
  for keep = 0, (1 << #current) - 1 do
    local count = 0
    for bit = 0, #current - 1 do count = count + (keep >> bit & 1) end
    if count > most and can_stay(current, keep) then most = count end
  end
  return most
end

local function check_plan(list, plan, spacing)
  for i, priority in ipairs(plan.priorities) do
    lu.assertTrue(math.type(priority) == "integer" and priority >= 0)
    if i > 1 then lu.assertTrue(plan.priorities[i - 1] > priority, "not in order") end
  end
  lu.assertEquals(#plan.priorities, #list)
  lu.assertEquals(plan.kept + #plan.changes, #list)
  lu.assertEquals(rank.rerank(list, { current = function(item)
    for i, other in ipairs(list) do
      if other == item then return plan.priorities[i] end
    end
  end, spacing = spacing }).changes, {}, "a second run changes something")
end

function T.test_no_other_plan_has_fewer_updates()
  math.randomseed(3)
  for _ = 1, 1500 do
    local current, list, n = {}, {}, math.random(0, 8)
    for i = 1, n do
      current[i] = math.random(5) > 1 and math.random(0, 12)
      list[i] = { priority = current[i] or nil }
    end
    local plan = rank.rerank(list, { spacing = math.random(1, 5) })
    local shown = {}
    for i = 1, n do shown[i] = tostring(current[i]) end
    lu.assertEquals(plan.kept, most_that_can_stay(current), table.concat(shown, " "))
    check_plan(list, plan, 1)
  end
end

function T.test_ten_thousand_offers_take_no_time()
  math.randomseed(4)
  local list = {}
  for i = 1, 10000 do list[i] = { priority = math.random(0, 1000000) } end
  local plan = rank.rerank(list)
  check_plan({ table.unpack(list, 1, 10) }, rank.rerank({ table.unpack(list, 1, 10) }), 1)
  lu.assertEquals(#plan.priorities, 10000)
  lu.assertTrue(plan.kept > 150)
end

support.run(T)
