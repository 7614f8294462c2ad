-- dps.client: the same operations on another sandbox, apart from the first; mistakes are told where
-- they are written.
local lu = require "luaunit"
local dps = require "dps"
local err = require "dps.err"
local support = require "support"

local T = {}

local function tag_names(target)
  local names = {}
  for tag in target.list_tags() do
    names[#names + 1] = tag.name
  end
  table.sort(names)
  return names
end

local function failure_of(f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok, "must fail")
  return e
end

function T.test_two_sandboxes_are_apart()
  local stage, other = dps.client { sandbox = "stage" }, dps.client { sandbox = "other" }
  stage.create_tag { name = "only in stage" }
  lu.assertEquals(tag_names(stage), { "only in stage" })
  lu.assertEquals(tag_names(other), {})
  lu.assertEquals(tag_names(dps), {})
  lu.assertEquals(stage.request { method = "GET", path = "/tags" }.total, 1)
end

function T.test_each_has_names_of_its_own()
  local stage = dps.client { sandbox = "names-a" }
  local other = dps.client { sandbox = "names-b" }
  local here, there = stage.create_tag { name = "T" }.id, other.create_tag { name = "T" }.id
  local reference = dps.ref("tag", "T")
  lu.assertEquals(stage.get_tag(reference).id, here)
  lu.assertEquals(other.get_tag(reference).id, there)
end

function T.test_an_object_goes_from_one_to_the_other()
  local from, to = dps.client { sandbox = "from" }, dps.client { sandbox = "to" }
  from.create_tag { name = "moves", description = "along" }
  for tag in from.list_tags() do
    to.ensure_tag { name = tag.name, description = tag.description }
  end
  lu.assertEquals(tag_names(to), { "moves" })
end

function T.test_a_client_without_options_is_as_dps_itself()
  dps.create_tag { name = "default" }
  lu.assertEquals(tag_names(dps.client()), { "default" })
  dps.delete_tag(dps.ref("tag", "default"))
end

function T.test_mistakes_are_told_where_they_are_written()
  for _, case in ipairs {
    { { sandbx = "x" }, 'unknown option "sandbx" (did you mean "sandbox"?)' },
    { { sandbox = "My Sandbox" }, "is no sandbox name" },
    { { base_url = "http://example.com" }, "others could read the token" },
    { { timeout = "soon" }, "timeout: " },
    { { profile = 7 }, "profile must be the name of a profile" },
    { "stage", "must be a table" },
  } do
    local e = failure_of(dps.client, case[1])
    lu.assertTrue(err.is(e, "invalid"), tostring(e))
    lu.assertStrContains(tostring(e), case[2])
    lu.assertStrContains(tostring(e), "test_targets.lua")
  end
  local stage = dps.client { sandbox = "stage" }
  lu.assertStrContains(failure_of(function() return stage.create_fallbak end),
    "did you mean create_fallback?")
  lu.assertStrContains(tostring(failure_of(function() stage:create_tag { name = "x" } end)),
    "with a dot")
end

function T.test_what_dps_has_for_every_client_is_said_at_the_line()
  local stage = dps.client { sandbox = "stage" }
  local e = failure_of(function() return stage.ref("placement", "Hero") end)
  lu.assertTrue(err.is(e, "invalid"))
  lu.assertStrContains(tostring(e), "this client has no ref of its own: dps.ref works with every")
  lu.assertStrContains(tostring(e), "test_targets.lua")
end

function T.test_an_entity_is_created_anew_elsewhere_from_its_copy()
  local from, to = dps.client { sandbox = "from" }, dps.client { sandbox = "to" }
  local placement = from.ensure_placement { name = "Moved", componentType = "html",
    channel = "https://ns.adobe.com/xdm/channel-types/web" }
  local entity = from.get_placement(placement)
  local e = failure_of(to.ensure_placement, entity)
  lu.assertStrContains(err.hint(e), 'write ensure_placement(dps.copy("placement", entity))')
  local copy = dps.copy("placement", entity)
  lu.assertEquals({ copy.id, copy.etag, copy.created }, {})
  local _, outcome = to.ensure_placement(copy)
  lu.assertEquals(outcome, "created")
  lu.assertStrContains(tostring(failure_of(dps.copy, "placemnt", entity)), "there is no kind")
  lu.assertStrContains(tostring(failure_of(dps.copy, "placement", 1)), "an entity is needed")
end

function T.test_with_local_nothing_leads_elsewhere()
  local away = dps.client { sandbox = "away", base_url = "https://example.com/data/core/dps" }
  lu.assertStrContains(tostring(away), "http://127.0.0.1:")
  away.create_tag { name = "stays here" }
  lu.assertEquals(tag_names(away), { "stays here" })
end

support.run(T)
