-- Shows the campaign of 06_campaign.lua in Decisioning, to which Adobe moves people over: decision
-- items, an item collection, a ranking formula, a selection strategy. "down" takes all away.

local dps = require "dps"

local CATALOG = "summerCatalog" -- the catalog that holds your items

-- An item's fields lie below Adobe's own name; yours would lie below your organisation's.
local function item(name, description, priority)
  return {
    _experience = { decisioning = {
      offeritem = { lifecycleStatus = "approved" },
      decisionitem = {
        itemName = name,
        itemDescription = description,
        itemPriority = priority,
        itemCatalogID = CATALOG,
        itemCalendarConstraints = {
          startDate = "2027-06-01T00:00:00+02:00", endDate = "2027-08-31T23:59:59+02:00",
        },
        itemConstraints = {
          profileConstraintType = "eligibilityRule",
          eligibilityRule = dps.ref("eligibility_rule", "Summer: lives in Paris"),
        },
      },
    } },
  }
end

-- Which items of the catalog the collection holds, as the product's own editor writes it.
local NAMED_SUMMER = dps.json.encode({
  operator = "starts with",
  value = { left = "_experience.decisioning.decisionitem.itemName", right = "Summer:" },
}, { sorted = true })

local function pql(text)
  return { type = "PQL", format = "pql/text", value = text }
end

-- In the order in which they need each other: kind, name, table.
local campaign = {
  { "channel_placement", "Summer: home page", {
    name = "Summer: home page", channel = "https://ns.adobe.com/xdm/channel-types/web",
    status = "active",
  } },
  { "eligibility_rule", "Summer: lives in Paris", {
    name = "Summer: lives in Paris", condition = pql 'homeAddress.city.equals("Paris", false)',
  } },
  { "item", "Summer: sunglasses", item("Summer: sunglasses", "Sunglasses for two", 20) },
  { "item", "Summer: ice cream", item("Summer: ice cream", "Ice cream for free", 10) },
  { "item_collection", "Summer: all items", {
    name = "Summer: all items",
    constraints = { { itemCatalogId = CATALOG, uiModel = NAMED_SUMMER } },
  } },
  { "formula", "Summer: by priority", {
    name = "Summer: by priority", returnType = { type = "integer" },
    expression = pql "if(offer.rank.priority.isNotNull(), offer.rank.priority, 0)",
  } },
  { "strategy", "Summer: what to show", {
    name = "Summer: what to show",
    rank = { priority = 1, order = {
      orderEvaluationType = "scoringFunction",
      ["function"] = dps.ref("formula", "Summer: by priority"),
    } },
    profileConstraint = { profileConstraintType = "none" },
    optionSelection = { filter = dps.ref("item_collection", "Summer: all items") },
  } },
}

local function build()
  for _, part in ipairs(campaign) do
    local kind, name, wanted = part[1], part[2], part[3]
    local object, outcome = dps["ensure_" .. kind](wanted)
    print(outcome, kind, name, object.id)
  end
end

-- What others need goes last. A name that nothing has is an error of kind "invalid": it is gone.
local function tear_down()
  for i = #campaign, 1, -1 do
    local kind, name = campaign[i][1], campaign[i][2]
    local done, problem = pcall(dps["delete_" .. kind], dps.ref(kind, name))
    if not done and problem.kind ~= "invalid" then error(problem, 0) end
    print(done and "deleted" or "not there", kind, name)
  end
end

if arg[1] == "down" then tear_down() else build() end
