-- Shows a whole campaign built from nothing: tags, placements, a rule, offers, a fallback, a
-- collection, a decision. Run it again and nothing changes; with the word "down" it takes all away.

local dps = require "dps"

local CHANNEL = "https://ns.adobe.com/xdm/channel-types/"

-- What an offer shows in the two placements of this campaign.
local function shown(headline, picture)
  return {
    {
      channel = CHANNEL .. "web", placement = dps.ref("placement", "Summer: home page"),
      components = { { type = "imagelink", format = "image/png", deliveryURL = picture } },
    },
    {
      channel = CHANNEL .. "email", placement = dps.ref("placement", "Summer: newsletter"),
      components = { { type = "html", format = "text/html",
        content = "<h1>" .. headline .. "</h1>" } },
    },
  }
end

local function offer(name, headline, picture, priority)
  return {
    name = name,
    status = "approved",
    tags = { dps.ref("tag", "Summer") },
    rank = { priority = priority },
    selectionConstraint = {
      startDate = "2027-06-01T00:00:00+02:00",
      endDate = "2027-08-31T23:59:59+02:00",
      profileConstraintType = "eligibilityRule",
      eligibilityRule = dps.ref("rule", "Summer: lives in Paris"),
    },
    representations = shown(headline, picture),
  }
end

-- In the order in which they need each other. A name stands for the object that has it.
local campaign = {
  { "tag", { name = "Summer", description = "Offers of the summer campaign" } },
  { "placement", {
    name = "Summer: home page", componentType = "imagelink", channel = CHANNEL .. "web",
  } },
  { "placement", {
    name = "Summer: newsletter", componentType = "html", channel = CHANNEL .. "email",
  } },
  { "rule", {
    name = "Summer: lives in Paris",
    condition = {
      type = "PQL", format = "pql/text", value = 'homeAddress.city.equals("Paris", false)',
    },
  } },
  { "personalized", offer("Summer: sunglasses", "Sunglasses for two",
    "https://example.com/sunglasses.png", 20) },
  { "personalized", offer("Summer: ice cream", "Ice cream for free",
    "https://example.com/ice-cream.png", 10) },
  { "fallback", {
    name = "Summer: anybody", status = "approved",
    representations = shown("Summer is here", "https://example.com/summer.png"),
  } },
  { "collection", {
    name = "Summer: all offers", filterType = "any-tags", ids = { dps.ref("tag", "Summer") },
  } },
  { "decision", {
    name = "Summer: what to show",
    status = "draft",
    startDate = "2027-06-01T00:00:00+02:00",
    endDate = "2027-08-31T23:59:59+02:00",
    fallback = dps.ref("fallback", "Summer: anybody"),
    criteria = { {
      placements = {
        dps.ref("placement", "Summer: home page"), dps.ref("placement", "Summer: newsletter"),
      },
      rank = { priority = 0 },
      optionSelection = { filter = dps.ref("collection", "Summer: all offers") },
    } },
  } },
}

local function build()
  for _, part in ipairs(campaign) do
    local kind, wanted = part[1], part[2]
    local object, outcome = dps["ensure_" .. kind](wanted)
    print(outcome, kind, wanted.name, object.id)
  end
end

-- What others need goes last. A name that nothing has is an error of kind "invalid": it is gone.
local function tear_down()
  for i = #campaign, 1, -1 do
    local kind, name = campaign[i][1], campaign[i][2].name
    local done, problem = pcall(dps["delete_" .. kind], dps.ref(kind, name))
    if not done and problem.kind ~= "invalid" then error(problem, 0) end
    print(done and "deleted" or "not there", kind, name)
  end
end

if arg[1] == "down" then tear_down() else build() end
