-- Priorities from scores, orderings, tiers and rules: who is above whom, what is refused, and that
-- a ranking is a total order whatever it is made of.

local lu = require "luaunit"
local err = require "dps.err"
local rank = require "dps.rank"
local support = require "support"

local T = {}

local OFFERS = {
  { name = "Summer", tier = "silver", margin = 0.4, stock = 10, season = "summer" },
  { name = "Winter", tier = "gold", margin = 0.1, stock = 50, season = "winter" },
  { name = "Delivery", tier = "bronze", margin = 0.9, stock = 0, season = "any" },
  { name = "Outlet", tier = "gold", margin = 0.3, stock = 5, season = "winter" },
}

local function names(ranking)
  local list = {}
  for i, item in ipairs(ranking.order) do list[i] = type(item) == "table" and item.name or item end
  return table.concat(list, " ")
end

local function refused(expected, f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok, "no error")
  lu.assertTrue(err.is(e, "invalid"), tostring(e))
  lu.assertStrContains(err.block(e), expected)
end

-- Who is above whom -------------------------------------------------------------------------------

function T.test_the_higher_score_has_the_higher_priority_from_0()
  local ranking = rank.by_score(OFFERS, "margin")
  lu.assertEquals(names(ranking), "Delivery Summer Outlet Winter")
  lu.assertEquals(ranking.priorities, { 2, 0, 3, 1 })
  lu.assertEquals(ranking:of(OFFERS[3]), 3)
  lu.assertEquals(math.type(ranking:of(OFFERS[3])), "integer")
end

function T.test_a_score_may_be_a_function()
  local ranking = rank.by_score(OFFERS, function(offer) return -offer.stock end)
  lu.assertEquals(names(ranking), "Delivery Outlet Summer Winter")
end

function T.test_weights_add_up_fields()
  local ranking = rank.by_score(OFFERS, { margin = 10, stock = -1 })
  lu.assertEquals(names(ranking), "Delivery Outlet Summer Winter") -- 9, -2, -6, -49
  lu.assertStrContains(rank.explain(ranking, OFFERS[1]),
    "score -6 = 10 x margin 0.4 + -1 x stock 10")
end

function T.test_names_alone_can_be_ranked()
  local ranking = rank.by_score({ "b", "aaa", "cc" }, string.len)
  lu.assertEquals(names(ranking), "aaa cc b")
  lu.assertEquals(ranking:of "cc", 1)
end

function T.test_an_ordering_is_best_first()
  local order = { "Winter", "Delivery", "Outlet", "Summer" }
  local ranking = rank.by_order(OFFERS, order)
  lu.assertEquals(names(ranking), table.concat(order, " "))
  lu.assertEquals(ranking:of(OFFERS[2]), 3)
  lu.assertEquals(names(rank.by_order(OFFERS, { "any", "winter", "summer" },
    { key = "season", by = "name" })), "Delivery Outlet Winter Summer")
end

function T.test_others_can_be_below_what_an_ordering_names()
  local ranking = rank.by_order(OFFERS, { "Outlet" }, { others = "last", by = "name" })
  lu.assertEquals(names(ranking), "Outlet Delivery Summer Winter")
end

function T.test_tiers_come_first_and_the_score_counts_within()
  local ranking = rank.by_tier(OFFERS, { "gold", "silver", "bronze" }, { score = "margin" })
  lu.assertEquals(names(ranking), "Outlet Winter Summer Delivery")
end

function T.test_a_band_keeps_the_tiers_apart()
  local options = { score = "margin", band = 100, spacing = 10, from = 1000 }
  local ranking = rank.by_tier(OFFERS, { "gold", "none", "silver", "bronze" }, options)
  lu.assertEquals(ranking.priorities, { 1100, 1300, 1000, 1310 })
end

function T.test_a_band_that_is_too_narrow_is_refused()
  refused('"Outlet" does not fit: its band has room for the priorities 10 to 14', rank.by_tier,
    OFFERS, { "gold", "silver", "bronze" }, { score = "margin", band = 5, spacing = 5 })
end

function T.test_the_first_rule_that_holds_decides()
  local ranking = rank.by_rules(OFFERS, {
    { name = "winter in stock", when = function(offer)
      return offer.season == "winter" and offer.stock > 9
    end },
    { name = "winter", when = { season = "winter" } },
    { name = "rich", when = { margin = 0.9 } },
  })
  lu.assertEquals(names(ranking), "Winter Outlet Delivery Summer")
  lu.assertStrContains(rank.explain(ranking, OFFERS[4]), 'rule "winter" (2 of 3)')
  lu.assertStrContains(rank.explain(ranking, OFFERS[1]), "no rule")
end

function T.test_spacing_leaves_room_and_from_is_the_lowest()
  lu.assertEquals(rank.by_score(OFFERS, "margin", { spacing = 10, from = 5 }).priorities,
    { 25, 5, 35, 15 })
  lu.assertEquals(rank.by_score(OFFERS, "margin", { spacing = 10.0 }).priorities[3], 30)
end

function T.test_nothing_to_rank_is_an_empty_ranking()
  local ranking = rank.by_score({}, "margin")
  lu.assertEquals({ ranking.order, ranking.priorities, ranking.ties }, { {}, {}, {} })
  lu.assertEquals(rank.explain(ranking), "")
end

function T.test_the_items_are_left_as_they_were()
  local row = setmetatable({ name = "a", margin = 1 }, { __newindex = error })
  local list = { row, { name = "b", margin = 2 } }
  rank.by_score(list, "margin")
  lu.assertIs(list[1], row)
end

-- Ties --------------------------------------------------------------------------------------------

local TIED = {
  { name = "b", score = 1, cost = 3 }, { name = "a", score = 1, cost = 3 },
  { name = "c", score = 1, cost = 1 }, { name = "d", score = 0, cost = 1 },
}

function T.test_ties_are_reported_unless_a_key_decides()
  refused('[1]: "b", "a", "c" are tied (score 1)', rank.by_score, TIED, "score")
  refused('what to do: name a field that decides, as in { by = "name" }', rank.by_score, TIED,
    "score")
end

function T.test_named_keys_break_ties_one_after_the_other()
  lu.assertEquals(names(rank.by_score(TIED, "score", { by = "name" })), "a b c d")
  lu.assertEquals(names(rank.by_score(TIED, "score", { by = { "-cost", "name" } })), "a b c d")
  lu.assertEquals(names(rank.by_score(TIED, "score", { by = { "cost", "-name" } })), "c b a d")
end

function T.test_what_is_tied_still_is_reported_too()
  refused('"b", "a" are tied', rank.by_score, TIED, "score", { by = "cost" })
end

function T.test_ties_can_share_a_priority()
  local ranking = rank.by_score(TIED, "score", { ties = "share", spacing = 5 })
  lu.assertEquals(ranking.priorities, { 5, 5, 5, 0 })
  lu.assertEquals(ranking.ties, { { priority = 5, items = { TIED[1], TIED[2], TIED[3] } } })
  lu.assertStrContains(rank.explain(ranking, TIED[2]), 'shares its priority with "b"')
end

function T.test_ties_can_stay_in_the_order_given()
  local ranking = rank.by_score(TIED, "score", { ties = "order" })
  lu.assertEquals(names(ranking), "b a c d")
  lu.assertEquals(ranking.ties, {})
end

function T.test_text_is_ordered_by_bytes_on_every_machine()
  local list = { { name = "é" }, { name = "Z" }, { name = "a" }, { name = "a " }, { name = "" } }
  local ranking = rank.by_score(list, function() return 0 end, { by = "name" })
  lu.assertEquals({ ranking.order[1].name, names(ranking) }, { "", " Z a a  é" })
end

function T.test_a_key_may_be_a_date_object()
  local mt = { __dps_date = function(self) return self.text end }
  local function on(day)
    return setmetatable({ text = "2026-12-" .. day .. "T00:00:00.000+00:00" }, mt)
  end
  local list = { { name = "late", ends = on "31" }, { name = "soon", ends = on "01" } }
  local ranking = rank.by_score(list, function() return 1 end, { by = "ends" })
  lu.assertEquals(names(ranking), "soon late")
end

function T.test_a_key_is_only_needed_where_it_decides()
  local list = { { name = "a", score = 1 }, { name = "b", score = 2 } }
  lu.assertEquals(names(rank.by_score(list, "score", { by = "cost" })), "b a")
  list[3] = { name = "c", score = 2, cost = 1 }
  refused("[2].cost: is missing", rank.by_score, list, "score", { by = "cost" })
  list[2].cost = "1"
  refused("one is a number, the other is text", rank.by_score, list, "score", { by = "cost" })
end

-- Explanation -------------------------------------------------------------------------------------

function T.test_a_ranking_explains_itself_line_by_line()
  local ranking = rank.by_tier(OFFERS, { "gold", "silver", "bronze" },
    { tier = "tier", by = "name", spacing = 10 })
  lu.assertEquals(rank.explain(ranking), table.concat({
    '30  "Outlet": tier "gold" (1 of 3)',
    '20  "Winter": tier "gold" (1 of 3); equal to "Outlet", name decides',
    '10  "Summer": tier "silver" (2 of 3)',
    '0  "Delivery": tier "bronze" (3 of 3)',
  }, "\n"))
  lu.assertEquals(ranking:explain(OFFERS[1]), '10  "Summer": tier "silver" (2 of 3)')
end

-- What is refused ---------------------------------------------------------------------------------

function T.test_every_score_that_is_no_number_is_named()
  local bad = { { name = "a" }, { name = "b", margin = "0.4" }, { name = "c", margin = 0 / 0 },
    { name = "d", margin = math.huge }, { name = "e", margn = 1 }, { name = "f", margin = 1 } }
  local ok, e = pcall(rank.by_score, bad, "margin")
  lu.assertFalse(ok)
  lu.assertEquals(#e.problems, 5)
  lu.assertEquals(e.problems[1],
    { path = "[1].margin", message = "is missing; a number is needed" })
  lu.assertStrContains(e.problems[2].message, 'is the text "0.4"; a number is needed')
  lu.assertStrContains(e.problems[5].message, 'did you mean "margn"?')
  lu.assertEquals(e.operation, "rank.by_score")
  refused("[1].margin: is missing", rank.by_score, bad, { margin = 1 })
end

function T.test_sums_that_overflow_are_refused()
  refused("the sum is infinite", rank.by_score, { { m = 1e308 } }, { m = 1e10 })
end

function T.test_names_that_fit_nothing_are_refused_with_the_nearest()
  refused('[4].tier: "gold" is not a tier (did you mean "Gold"?)', rank.by_tier, OFFERS,
    { "Gold", "silver", "bronze" })
  refused('order[2]: no item is named "Sumer"', rank.by_order, OFFERS,
    { "Winter", "Sumer" }, { others = "last", by = "name" })
  refused('[1].name: "Summer" is not in the order given (did you mean "Sumer"?)', rank.by_order,
    OFFERS, { "Winter", "Sumer" })
  refused("[1].tier: is missing", rank.by_tier, { { name = "x" } }, { "gold" })
end

function T.test_what_is_no_list_of_items_is_refused()
  refused("a list of items is needed, not a nil", rank.by_score, nil, "x")
  refused('this table has the key "name"', rank.by_score, { name = "x" }, "x")
  refused("the list has a hole at [2]", rank.by_score, { 1, nil, 3 }, function() return 1 end)
  refused('[2]: "Summer" is in the list twice (see [1])', rank.by_score,
    { OFFERS[1], OFFERS[1] }, "margin")
  refused('"Delivery" is not among the items', rank.by_score({ OFFERS[1] }, "margin").of,
    rank.by_score({ OFFERS[1] }, "margin"), OFFERS[3])
end

function T.test_options_that_mean_nothing_are_refused()
  refused('unknown option "spaceing" (did you mean "spacing"?)', rank.by_score, OFFERS, "margin",
    { spaceing = 1 })
  for _, spacing in ipairs { 0, -1, 1.5, "10", 1 << 60, 0 / 0 } do
    refused("spacing must be a whole number from 1", rank.by_score, OFFERS, "margin",
      { spacing = spacing })
  end
  refused("from must be a whole number from 0", rank.by_score, OFFERS, "margin", { from = -1 })
  refused("ties must be", rank.by_score, OFFERS, "margin", { ties = "random" })
  refused("by must be", rank.by_score, OFFERS, "margin", { by = "-" })
  refused("others can only be", rank.by_order, OFFERS, { "a" }, { others = "first" })
  refused("weights must name", rank.by_score, OFFERS, {})
  refused("weights are numbers", rank.by_score, OFFERS, { margin = "1" })
  refused('"gold" is in tiers twice', rank.by_tier, OFFERS, { "gold", "gold" })
  refused("rules[1] must be", rank.by_rules, OFFERS, { { name = "x" } })
  refused("rules[1]", rank.by_rules, OFFERS, { { name = "x", when = {}, priority = 1 } })
  refused("a ranking is needed", rank.explain, OFFERS)
end

function T.test_priorities_stay_within_what_json_keeps()
  local highest = (1 << 53) - 1
  lu.assertEquals(rank.by_score({ "a" }, string.len, { from = highest }).priorities, { highest })
  refused("above 2^53", rank.by_score, { "a", "bb" }, string.len, { from = highest })
end

-- Property: a ranking is a total order ------------------------------------------------------------

local function random_items(count)
  local list = {}
  for i = 1, count do
    list[i] = { name = "n" .. i, score = math.random(0, 4), cost = math.random(0, 2) / 2,
      tier = ("ab"):sub(math.random(2)):sub(1, 1) }
  end
  return list
end

local MAKERS = {
  function(list, options) return rank.by_score(list, "score", options) end,
  function(list, options) return rank.by_score(list, { score = 1.5, cost = -2 }, options) end,
  function(list, options) return rank.by_tier(list, { "b", "a" }, options) end,
  function(list, options)
    return rank.by_rules(list, { { name = "r", when = { cost = 0.5 } } }, options)
  end,
}

local function check_total(list, ranking)
  local seen = {}
  for i, item in ipairs(list) do
    local priority = ranking:of(item)
    lu.assertTrue(math.type(priority) == "integer" and priority >= 0)
    lu.assertNil(seen[priority], "two items share a priority")
    seen[priority] = true
    lu.assertEquals(ranking.priorities[i], priority)
  end
  for i = 2, #list do
    lu.assertTrue(ranking:of(ranking.order[i - 1]) > ranking:of(ranking.order[i]))
  end
  lu.assertEquals(#ranking.order, #list)
end

function T.test_a_ranking_is_a_total_order()
  math.randomseed(7)
  for _ = 1, 200 do
    local list = random_items(math.random(0, 30))
    local make = MAKERS[math.random(#MAKERS)]
    local by = { "cost", "-name" }
    local ranking = make(list, { by = by, spacing = math.random(1, 9), from = math.random(0, 9) })
    check_total(list, ranking)
    check_total(list, make(list, { ties = "order" }))
  end
end

function T.test_with_a_deciding_key_the_order_given_does_not_matter()
  math.randomseed(8)
  for _ = 1, 50 do
    local list = random_items(20)
    local make = MAKERS[math.random(#MAKERS)]
    local before = make(list, { by = "name" }).order
    table.sort(list, function(a, b) return a.name > b.name end)
    lu.assertEquals(make(list, { by = "name" }).order, before)
  end
end

support.run(T)
