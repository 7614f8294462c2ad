-- Placements by name, id and receipt, against a local library: each is looked up once.

local dps = require "dps"
local err = require "dps.err"
local lu = require "luaunit"
local support = require "support"
local representation = dps.representation

local T = {}

local WEB = "https://ns.adobe.com/xdm/channel-types/web"

local function new(name)
  return dps.create_placement { name = name, channel = WEB, componentType = "html" }
end

-- The calls that go out while f runs.
local function counting(f)
  local calls = {}
  local client = setmetatable({}, { __index = function(_, name)
    return function(...)
      calls[#calls + 1] = name
      return dps[name](...)
    end
  end })
  f(client)
  return calls
end

function T.test_a_placement_is_found_by_its_name_and_asked_for_once()
  local receipt = new "Mail header / top"
  local calls = counting(function(client)
    for _ = 1, 3 do
      local made = representation.html("Mail header / top", "<b>x</b>", { client = client })
      lu.assertEquals({ made.placement, made.channel }, { receipt.id, WEB })
    end
  end)
  lu.assertEquals(calls, { "list_placements" })
end

function T.test_a_placement_is_found_by_its_id_or_its_receipt()
  local receipt = new "By id"
  for _, given in ipairs { receipt.id, receipt, dps.get_placement(receipt.id) } do
    lu.assertEquals(representation.html(given, "x").placement, receipt.id)
  end
end

function T.test_a_name_that_could_be_an_id_is_tried_as_both()
  local receipt = new "hero"
  local calls = counting(function(client)
    lu.assertEquals(representation.html("hero", "x", { client = client }).placement, receipt.id)
  end)
  lu.assertEquals(calls, { "get_placement", "list_placements" })
end

function T.test_a_reference_is_taken_where_a_name_is()
  new "By reference"
  local one = representation.html(dps.ref("placement", "By reference"), "x")
  lu.assertEquals(dps.get_placement(one.placement).name, "By reference")
  local _, e = pcall(representation.html, dps.ref("tag", "By reference"), "x")
  lu.assertStrContains(tostring(e), "is no placement")
  _, e = pcall(representation.html, dps.ref("placement", "Nothing"), "x")
  lu.assertStrContains(tostring(e), 'there is no placement with the name "Nothing"')
end

function T.test_a_name_in_the_place_of_an_id_is_told_of_dps_ref()
  local _, e = pcall(dps.create_fallback, { name = "Named", status = "draft", representations = { {
    channel = WEB, placement = "Hero",
    components = { { type = "html", format = "text/html", content = "x" } },
  } } })
  lu.assertStrContains(tostring(err.block(e)), 'write dps.ref("placement", "Hero")')
end

function T.test_a_placement_that_is_not_there_says_so()
  local ok, e = pcall(representation.html, "Nowhere at all", "x")
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(e), 'there is no placement with the id or name "Nowhere at all"')
end

function T.test_what_does_not_fit_is_known_from_the_placement_itself()
  new "Html only"
  local ok, e = pcall(representation.text, "Html only", "x")
  lu.assertFalse(ok)
  lu.assertStrContains(tostring(e), 'placement "Html only" shows components of type "html"')
end

function T.test_an_offer_with_it_is_created()
  new "Whole way"
  local receipt = dps.create_fallback { name = "With a representation", status = "draft",
    representations = { representation.html("Whole way", "<b>x</b>", { language = "en-us" }) } }
  local stored = dps.get_fallback(receipt.id).representations[1]
  lu.assertEquals({ stored.channel, stored.components[1].content,
    stored.components[1].language[1] },
    { WEB, "<b>x</b>", "en-us" })
end

support.run(T)
