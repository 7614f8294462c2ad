-- What the local library does where the documents are silent, and what its switches make of that.
local driver = require "library_driver"
local json = require "dps.json"
local lu = require "luaunit"
local support = require "support"

local T = {}

local OFFERS = "/offers?offer-type=fallback"
local path = driver.path
local at_moment = driver.at_moment

local function patch(...)
  local operations = json.array {}
  for i, given in ipairs { ... } do
    operations[i] = { op = given[1], path = given[2], value = given[3], from = given.from }
  end
  return operations
end

local function placement(changes)
  local body = {
    name = "p", componentType = "imagelink", channel = "https://ns.adobe.com/xdm/channel-types/web",
  }
  for name, value in pairs(changes or {}) do
    body[name] = value
  end
  return body
end

-- If-Match ----------------------------------------------------------------------------------------

function T.test_if_match_holds_for_the_etag_in_every_spelling()
  for _, header in ipairs { '"1"', "1", "*", 'W/"1"', '"7", "1"', ' "1" ' } do
    local d = driver.new()
    local id = d:create()
    d:expect(200, "PATCH", path(id), patch { "replace", "/name", "n" }, { ["if-match"] = header })
    d:expect(409, "PATCH", path(id), patch { "replace", "/name", "m" }, { ["if-match"] = '"1"' })
    lu.assertEquals(d:expect(200, "GET", path(id)).name, "n")
  end
end

function T.test_if_match_guards_put_and_delete_and_says_what_it_is()
  local d = driver.new()
  local id = d:create()
  local problem = d:expect(409, "DELETE", path(id), nil, { ["if-match"] = '"2"' })
  lu.assertStrContains(problem.detail, 'its etag is 1, and If-Match says "2"')
  d:expect(404, "DELETE", path "none", nil, { ["if-match"] = '"2"' })
  d:expect(200, "DELETE", path(id), nil, { ["if-match"] = '"1"' })
  local made = d:expect(201, "POST", "/exd-placements", { name = "x", status = "active" }).id
  d:expect(409, "PUT", "/exd-placements/" .. made, { status = "archived" }, { ["if-match"] = "9" })
end

function T.test_if_match_can_be_412_or_nothing_at_all()
  local d = driver.new { if_match = "412" }
  d:expect(412, "DELETE", path(d:create()), nil, { ["if-match"] = '"2"' })
  d = driver.new { if_match = "ignore" }
  d:expect(200, "DELETE", path(d:create()), nil, { ["if-match"] = '"2"' })
end

function T.test_the_etag_is_a_header_where_that_is_asked_for()
  local d = driver.new { etag_header = true }
  local id = d:create()
  local _, headers = d:expect(200, "GET", path(id))
  lu.assertEquals(headers.ETag, '"1"')
  _, headers = d:expect(200, "PATCH", path(id), "[]")
  lu.assertEquals(headers.ETag, '"2"')
  d = driver.new()
  _, headers = d:expect(200, "GET", path(d:create()))
  lu.assertNil(headers.ETag)
end

-- Statuses and methods ----------------------------------------------------------------------------

function T.test_statuses_of_success_can_be_chosen()
  local d = driver.new { create_status = "200", delete_status = "204" }
  local id = d:expect(200, "POST", OFFERS, driver.SAMPLE).id
  lu.assertEquals(d:expect(204, "DELETE", path(id)), "")
end

function T.test_a_patch_can_test_the_etag_where_that_is_asked_for()
  local d = driver.new { patch_etag = true }
  local id = d:create()
  d:expect(200, "PATCH", path(id), patch({ "test", "/etag", 1 }, { "replace", "/name", "n" }))
  d:expect(409, "PATCH", path(id), patch({ "test", "/etag", 1 }, { "replace", "/name", "m" }))
  d:expect(422, "PATCH", path(id), patch { "replace", "/etag", 9 })
  lu.assertEquals(d:expect(200, "GET", path(id)).etag, 2)
end

function T.test_a_strict_patch_has_documented_operations()
  local d = driver.new { strict_patch = true }
  local id = d:create()
  local move = patch { "move", "/labels", from = "/tags" }
  lu.assertStrContains(d:expect(400, "PATCH", path(id), move).detail, "'move'")
  d:expect(400, "PATCH", path(id), "[]")
  d:expect(200, "PATCH", path(id), patch { "replace", "/name", "n" })
end

function T.test_strict_media_takes_the_documented_type_alone()
  local d = driver.new { strict_media = true }
  local id = d:create()
  d:expect(400, "PATCH", path(id), "[]", { ["content-type"] = "application/json-patch+json" })
  d:expect(200, "PATCH", path(id), "[]")
end

-- Deletes -----------------------------------------------------------------------------------------

function T.test_what_is_referred_to_stays_unless_dangling_is_allowed()
  local d = driver.new()
  for i = 1, 5 do
    d:create { name = "o" .. i }
  end
  local detail = d:expect(409, "DELETE", "/placements/" .. driver.PLACEMENT).detail
  lu.assertStrContains(detail, "is in use by fallback offer 'o1'")
  lu.assertStrContains(detail, "and more")
  d:expect(201, "POST", OFFERS, driver.SAMPLE, { ["x-sandbox-name"] = "other" })
  for _, offer in ipairs(d:expect(200, "GET", OFFERS).results) do
    d:expect(200, "DELETE", path(offer.id))
  end
  d:expect(200, "DELETE", "/placements/" .. driver.PLACEMENT)
  d = driver.new { allow_dangling = true }
  local id = d:create()
  d:expect(200, "DELETE", "/placements/" .. driver.PLACEMENT)
  d:expect(422, "PATCH", path(id), patch { "replace", "/name", "n" })
end

function T.test_a_reference_that_was_taken_away_holds_nothing_any_more()
  local d = driver.new()
  local other = d:expect(201, "POST", "/placements", placement()).id
  local id = d:create()
  d:expect(200, "PATCH", path(id), patch { "replace", "/representations/0/placement", other })
  d:expect(200, "DELETE", "/placements/" .. driver.PLACEMENT)
  d:expect(409, "DELETE", "/placements/" .. other)
end

function T.test_strict_deletes_keep_what_is_approved()
  local d = driver.new { strict_deletes = true }
  local id = d:create()
  lu.assertStrContains(d:expect(409, "DELETE", path(id)).detail, "is approved; archive it")
  d:expect(200, "PATCH", path(id), patch { "replace", "/status", "archived" })
  d:expect(200, "DELETE", path(id))
end

-- Status, names, dates ----------------------------------------------------------------------------

function T.test_archived_is_the_end_where_status_is_strict()
  local d = driver.new { strict_status = true }
  local id = d:create()
  d:expect(200, "PATCH", path(id), patch { "replace", "/status", "draft" })
  d:expect(200, "PATCH", path(id), patch { "replace", "/status", "archived" })
  d:expect(200, "PATCH", path(id), patch { "replace", "/name", "still" })
  lu.assertStrContains(d:expect(422, "PATCH", path(id), patch { "replace", "/status", "draft" })
    .detail, "status: a fallback offer that is archived can't become draft")
  local lax = driver.new()
  id = lax:create()
  lax:expect(200, "PATCH", path(id), patch { "replace", "/status", "archived" })
  lax:expect(200, "PATCH", path(id), patch { "replace", "/status", "draft" })
end

function T.test_a_decision_is_completed_from_live_only()
  local d = driver.new { strict_status = true }
  local fallback = d:create()
  local id = d:expect(201, "POST", "/offer-decisions", {
    name = "d", status = "draft", fallback = fallback,
    criteria = { { placements = { driver.PLACEMENT }, rank = { priority = 0 } } },
  }).id
  local function becomes(status, answer)
    d:expect(answer, "PATCH", "/offer-decisions/" .. id, patch { "replace", "/status", status })
  end
  becomes("complete", 422)
  becomes("live", 200)
  becomes("complete", 200)
  becomes("live", 422)
  becomes("archived", 200)
end

function T.test_names_are_unique_for_each_resource_where_that_is_strict()
  local d = driver.new { strict_names = true }
  local id = d:create { name = "a" }
  lu.assertStrContains(d:expect(422, "POST", OFFERS, driver.offer { name = "a" }).detail, id)
  local other = d:create { name = "b" }
  d:expect(422, "PATCH", path(other), patch { "replace", "/name", "a" })
  d:expect(200, "PATCH", path(id), patch { "replace", "/description", "same name" })
  d:expect(201, "POST", "/tags", { name = "a" })
  d:expect(201, "POST", OFFERS, driver.offer { name = "a" }, { ["x-sandbox-name"] = "other" })
end

function T.test_what_is_over_can_not_be_created_where_dates_are_strict()
  local d = driver.new { strict_dates = true }
  at_moment(1700000000, function()
    local problem = d:expect(422, "POST", OFFERS, driver.SAMPLE)
    lu.assertStrContains(problem.detail, "selectionConstraint.endDate is in the past")
  end)
  at_moment(1660000000, function()
    d:expect(201, "POST", OFFERS, driver.SAMPLE)
  end)
end

function T.test_a_strict_fallback_has_no_constraints()
  local d = driver.new { strict_fallbacks = true }
  lu.assertStrContains(d:expect(422, "POST", OFFERS, driver.SAMPLE).detail,
    "a fallback offer has no selectionConstraint")
  local offer = driver.offer()
  offer.selectionConstraint, offer.rank = nil, nil
  d:expect(201, "POST", OFFERS, offer)
end

-- What has to fit ---------------------------------------------------------------------------------

function T.test_a_representation_fits_its_placement_where_that_is_strict()
  local d = driver.new { strict_representations = true }
  local html = d:expect(201, "POST", "/placements", placement { componentType = "html" }).id
  local mail = d:expect(201, "POST", "/placements",
    placement { channel = "https://ns.adobe.com/xdm/channel-types/email" }).id
  for id, says in pairs { [html] = "components[1].type: the placement",
    [mail] = "representations[1].channel: the placement" } do
    local offer = driver.offer()
    offer.representations[1].placement = id
    lu.assertStrContains(d:expect(422, "POST", OFFERS, offer).detail, says)
  end
  d:create()
end

function T.test_a_fallback_covers_the_placements_of_its_decision_where_that_is_strict()
  local d = driver.new { strict_representations = true }
  local fallback = d:create()
  local other = d:expect(201, "POST", "/placements", placement()).id
  local decision = { name = "d", status = "draft", fallback = fallback,
    criteria = { { placements = { driver.PLACEMENT, other }, rank = { priority = 0 } } } }
  lu.assertStrContains(d:expect(422, "POST", "/offer-decisions", decision).detail,
    "criteria[1].placements[2]: the fallback offer")
  decision.criteria[1].placements = { driver.PLACEMENT }
  d:expect(201, "POST", "/offer-decisions", decision)
end

-- Guardrails and rates ----------------------------------------------------------------------------

function T.test_guardrails_limit_sizes_and_lengths()
  local d = driver.new { guardrails = true }
  d:create()
  local long = driver.offer()
  long.representations[1].components[1].deliveryURL = "https://x.example/" .. ("a"):rep(1100)
  lu.assertStrContains(d:expect(422, "POST", OFFERS, long).detail, "the guardrail is 1024")
  local many = { name = "many" , filterType = "any-tags", ids = {} }
  for i = 1, 501 do
    many.ids[i] = d:expect(201, "POST", "/tags", { name = "t" .. i }).id
  end
  lu.assertStrContains(d:expect(422, "POST", "/offer-collections", many).detail,
    "ids: 501 entries; the guardrail is 500")
  many.ids[501] = nil
  d:expect(201, "POST", "/offer-collections", many)
  driver.new():expect(201, "POST", OFFERS, long)
end

function T.test_guardrails_limit_how_many_there_are()
  local d = driver.new { guardrails = true }
  local tag = require "dps.resource".by_name.tag
  local most = tag.guardrails.count
  tag.guardrails.count = 3
  for i = 1, 3 do
    d:expect(201, "POST", "/tags", { name = "t" .. i })
  end
  local problem = d:expect(422, "POST", "/tags", { name = "t4" })
  local last = d:expect(200, "GET", "/tags?limit=1").results[1].id
  d:expect(200, "PATCH", "/tags/" .. last, patch { "replace", "/name", "renamed" })
  d:expect(200, "DELETE", "/tags/" .. last)
  d:expect(201, "POST", "/tags", { name = "t4" })
  tag.guardrails.count = most
  lu.assertStrContains(problem.detail, "there are 3 already; the guardrail is 3")
end

function T.test_a_rate_is_kept_and_recovers()
  local d = driver.new { rate = 3 }
  at_moment(1700000000, function()
    for _ = 1, 3 do
      d:expect(200, "GET", OFFERS)
    end
    local problem, headers = d:expect(429, "GET", OFFERS)
    lu.assertEquals({ problem.title, headers["Retry-After"] }, { "RequestRateTooLarge", "1" })
  end)
  at_moment(1700000000.5, function()
    d:expect(200, "GET", OFFERS)
    d:expect(429, "GET", OFFERS)
  end)
end

function T.test_the_largest_page_can_be_smaller()
  local d = driver.new { max_limit = 2 }
  for i = 1, 3 do
    d:create { name = "n" .. i }
  end
  lu.assertEquals(d:expect(200, "GET", OFFERS).count, 2)
  d:expect(400, "GET", OFFERS .. "&limit=3")
end

function T.test_regular_expressions_can_match_parts_and_tell_case()
  local d = driver.new { regex_part = true, regex_case = true }
  d:create { name = "Summer sale" }
  lu.assertEquals(d:expect(200, "GET", OFFERS .. "&property=name~sale").total, 1)
  lu.assertEquals(d:expect(200, "GET", OFFERS .. "&property=name~summer").total, 0)
end

-- Switches themselves -----------------------------------------------------------------------------

function T.test_strict_turns_every_strict_switch_on()
  local d = driver.new { strict = true }
  d:expect(422, "POST", OFFERS, driver.SAMPLE)
  for _, each in ipairs(require "dps.library.switches".all) do
    if each.name:find "^strict_" then
      lu.assertTrue(d.lib.settings[each.name])
    end
  end
  lu.assertFalse(d.lib.settings.guardrails)
end

function T.test_values_that_a_switch_does_not_take_are_refused_in_words()
  local library = require "dps.library"
  for _, case in ipairs {
    { { if_match = "500" }, "--if-match takes ignore, 409, 412, not '500'" },
    { { rate = "fast" }, "--rate takes a whole number from 1, not 'fast'" },
    { { max_limit = 0 }, "--max-limit takes a whole number from 1, not '0'" },
  } do
    local opened, message = library.open(case[1])
    lu.assertNil(opened)
    lu.assertEquals(message, case[2])
  end
end

function T.test_the_list_of_what_is_covered_names_every_resource_and_switch()
  local text = require "dps.library.coverage".text()
  for _, description in ipairs(require "dps.resource".all) do
    lu.assertStrContains(text, "  " .. description.name .. " ")
    lu.assertStrContains(text, description.path)
  end
  for _, each in ipairs(require "dps.library.switches".all) do
    lu.assertStrContains(text, each.flag)
  end
  lu.assertStrContains(text, "Not covered:")
end

support.run(T)
