-- Priorities by tier and margin, a new order with one update, a formula.
local rank = require("dps").rank

local offers = {
  { name = "Free delivery", tier = "gold", margin = 0.2 },
  { name = "Ten percent", tier = "silver", margin = 0.4 },
  { name = "Gift card", tier = "gold", margin = 0.3 },
}
local ranking = rank.by_tier(offers, { "gold", "silver" }, { score = "margin", spacing = 10 })
print(rank.explain(ranking))
print(ranking:of(offers[1]))

local plan = rank.rerank({ "A", "B", "C" }, { current = { A = 30, B = 40, C = 10 } })
for _, change in ipairs(plan.changes) do print(change.item, change.from, change.to) end

local formula = "if(offer.characteristics.get({{key}}) = {{city}}, 2, 1)"
print(rank.formula(formula, { key = "city", city = 'Saint "Jo"' }))
