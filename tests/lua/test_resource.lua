-- The descriptions of fallback offers and placements: the documented samples pass, each documented
-- rule that a table alone can break is caught, and addresses are what the documents print.
local lu = require "luaunit"
local resource = require "dps.resource"
local schema = require "dps.schema"
local support = require "support"

local T = {}

local CHANNEL_MISSING = " | channel is missing; write one such as"
  .. ' "https://ns.adobe.com/xdm/channel-types/web"'
local PLACEMENT_MISSING = " | placement is missing; write the id of a placement, which"
  .. " dps.list_placements finds"
local FORMAT_MISSING = ' | format is missing; write one such as "image/png" or "text/html"'

local CREATE = { verb = "create", refuse_unknown = true, entities = true }
local STORED = { verb = "stored" }
local WEB = "https://ns.adobe.com/xdm/channel-types/web"

local function fallback_sample()
  return {
    name = "Test Fallback Offer DPS",
    description = "Fallback Offer description",
    status = "approved",
    selectionConstraint = {
      startDate = "2022-06-10T00:30:00.000+00:00",
      endDate = "2032-06-06T23:29:21.402+00:00",
      profileConstraintType = "none",
    },
    representations = { {
      components = {
        { deliveryURL = "https://mysite.com", type = "imagelink", format = "image/png" },
      },
      channel = WEB,
      placement = "offerPlacement1234",
    } },
    rank = { priority = 1 },
  }
end

local function placement_sample()
  return {
    name = "New placement", description = "Placement description", componentType = "html",
    channel = "https://ns.adobe.com/xdm/channel-types/email", itemCount = 1,
    allowDuplicatePlacements = false, returnContent = true,
    returnMetaData = {
      decisionName = false, offerName = false, offerAttributes = false, offerPriority = false,
      placementName = false, channelType = false, contentType = false,
    },
  }
end

local SAMPLES = { fallback = fallback_sample, placement = placement_sample }

local function problems(name, value, mode)
  local list = {}
  local found = schema.check(resource.by_name[name].fields, value, mode or CREATE)
  for i, problem in ipairs(found) do
    list[i] = problem.path .. " | " .. problem.message
  end
  return list
end

-- The one problem of a sample after `change`.
local function broken(name, change, path, message)
  local value = SAMPLES[name]()
  change(value)
  lu.assertEquals(problems(name, value), { path .. " | " .. message })
end

function T.test_the_documented_samples_have_no_problem()
  for name, sample in pairs(SAMPLES) do
    lu.assertEquals(problems(name, sample()), {})
    lu.assertEquals(problems(name, sample(), STORED), {})
  end
end

function T.test_the_documented_samples_go_on_the_wire_as_they_are()
  for name, sample in pairs(SAMPLES) do
    local fields = resource.by_name[name].fields
    lu.assertEquals(schema.shape(fields, sample()), sample())
    lu.assertTrue(select(2, schema.check(fields, sample(), CREATE)))
  end
end

function T.test_a_name_where_an_id_goes_is_told_with_calls_that_exist_only()
  broken("fallback", function(value) value.tags = { "my tag" } end, "tags[1]",
    'tags[1] "my tag" looks like a name; write dps.ref("tag", "my tag"), or its id')
  broken("fallback", function(value) value.representations[1].placement = "my place" end,
    "representations[1].placement", 'placement "my place" looks like a name; write'
    .. ' dps.ref("placement", "my place"), or its id')
end

function T.test_the_minimal_fallback_passes()
  lu.assertEquals(problems("fallback", { name = "F1", status = "draft", representations = { {
    channel = WEB, placement = "dps:offer-placement:1", components = {
      { type = "imagelink", format = "image/png", deliveryURL = "https://a.example/x.png" },
    } } } }), {})
end

function T.test_a_fallback_needs_name_status_and_a_representation()
  lu.assertEquals(problems("fallback", {}), {
    "name | name is missing; it is required",
    "status | status is missing; write one of draft, approved",
    "representations | representations is missing; it is required",
  })
  broken("fallback", function(v) v.representations = {} end, "representations",
    "representations is empty; it needs at least 1 item")
end

function T.test_a_placement_needs_name_type_and_channel()
  lu.assertEquals(problems("placement", {}), {
    "name | name is missing; it is required",
    "componentType | componentType is missing; write one of html, text, imagelink, json",
    "channel" .. CHANNEL_MISSING,
  })
end

function T.test_each_representation_and_component_is_complete()
  local value = fallback_sample()
  value.representations = { { components = { {} } }, {} }
  lu.assertEquals(problems("fallback", value), {
    "representations[1].channel" .. CHANNEL_MISSING,
    "representations[1].placement" .. PLACEMENT_MISSING,
    "representations[1].components[1].type | type is missing; write one of html, text, imagelink, "
      .. "json",
    "representations[1].components[1].format" .. FORMAT_MISSING,
    "representations[2].channel" .. CHANNEL_MISSING,
    "representations[2].placement" .. PLACEMENT_MISSING,
    "representations[2].components | components is missing; it is required",
  })
end

function T.test_each_type_of_component_has_its_content()
  for _, case in ipairs {
    { "html", "content" }, { "text", "content" }, { "json", "content" },
    { "imagelink", "deliveryURL" },
  } do
    local kind, member = case[1], case[2]
    broken("fallback", function(v)
      v.representations[1].components[1] = { type = kind, format = "a/b" }
    end, "representations[1].components[1]." .. member,
      ('%s is missing: a component of type "%s" needs it'):format(member, kind))
  end
end

function T.test_a_placement_is_used_once_in_an_offer()
  broken("fallback", function(v)
    v.representations[2] = fallback_sample().representations[1]
  end, "representations[2].placement", 'placement "offerPlacement1234" is used in '
    .. "representations[1] too; an offer has at most one representation for a placement")
end

function T.test_only_draft_and_approved_are_created()
  for _, status in ipairs { "archived", "pending", "rejected" } do
    broken("fallback", function(v) v.status = status end, "status", ('status "%s" can\'t be given '
      .. "on create; allowed: draft, approved (an offer is archived later, with an update)")
      :format(status))
    local value = fallback_sample()
    value.status = status
    lu.assertEquals(problems("fallback", value, STORED), {})
  end
  broken("fallback", function(v) v.status = "aproved" end, "status",
    'status "aproved" is unknown (did you mean "approved"? allowed: draft, approved)')
end

function T.test_long_type_names_are_stored_but_not_created()
  for _, kind in ipairs { "component-text",
    "https://ns.adobe.com/experience/offer-management/content-component-html" } do
    local value = fallback_sample()
    value.representations[1].components[1].type = kind
    lu.assertEquals(problems("fallback", value, STORED), {})
    lu.assertEquals(#problems("fallback", value), 1)
  end
end

function T.test_formats_are_content_types()
  for _, format in ipairs { "image/svg+xml", "text/html", "application/vnd.a-b.c+json" } do
    local value = fallback_sample()
    value.representations[1].components[1].format = format
    lu.assertEquals(problems("fallback", value), {})
  end
  local path = "representations[1].components[1].format"
  local function set(format)
    return function(v) v.representations[1].components[1].format = format end
  end
  broken("fallback", set "png", path, 'format "png" is not a content type; write "image/png"')
  broken("fallback", set "JPG", path, 'format "JPG" is not a content type; write "image/jpeg"')
  for _, format in ipairs { "image/", "/png", "image/svg+", "image/png ", "a/b/c", "" } do
    broken("fallback", set(format), path, ('format "%s" is not a content type; write one such as '
      .. '"image/png" or "text/html"'):format(format))
  end
end

function T.test_channels_are_adobes_channel_types()
  local path = "representations[1].channel"
  local function set(channel)
    return function(v) v.representations[1].channel = channel end
  end
  for wrong, right in pairs {
    web = "web", email = "email", ["https://ns.adobe.com/xdm/channels/web"] = "web",
    ["http://ns.adobe.com/xdm/channel-types/mobile"] = "mobile",
  } do
    broken("fallback", set(wrong), path, ('channel "%s" is not a channel address; write '
      .. '"https://ns.adobe.com/xdm/channel-types/%s"'):format(wrong, right))
  end
  for _, channel in ipairs { "mobile", "push", "in-app", "x.y_z" } do
    local value = fallback_sample()
    set("https://ns.adobe.com/xdm/channel-types/" .. channel)(value)
    lu.assertEquals(problems("fallback", value), {})
  end
  local value = fallback_sample()
  set "https://ns.adobe.com/xdm/channels/web"(value)
  lu.assertEquals(problems("fallback", value, STORED), {})
end

function T.test_rank_and_dates_are_checked_on_a_fallback_too()
  for wrong, got in pairs {
    [1.5] = "1.5", [-1] = "-1", ["1"] = 'the string "1"; write 1 without quotes',
  } do
    broken("fallback", function(v) v.rank.priority = wrong end, "rank.priority",
      "priority must be a whole number of 0 or more, got " .. got)
  end
  local path = "selectionConstraint.endDate"
  broken("fallback", function(v) v.selectionConstraint.endDate = "2022-06-10T00:29:59Z" end, path,
    "endDate is before startDate")
  broken("fallback", function(v) v.selectionConstraint.endDate = "2022-06-10T02:30:00+02:00" end,
    path, "endDate is the same moment as startDate; it must be later")
  broken("fallback", function(v) v.selectionConstraint.endDate = "2026-12-01T09:00:00" end, path,
    'endDate "2026-12-01T09:00:00" has no offset; write Z or +01:00 at the end')
end

function T.test_a_mistyped_key_is_named_with_its_neighbour()
  broken("fallback", function(v) v.rank.prioritiy = 2 end, "rank.prioritiy",
    'unknown field "prioritiy" (did you mean "priority"?)')
  broken("fallback", function(v) v.representation = {} end, "representation",
    'unknown field "representation" (did you mean "representations"?)')
  broken("placement", function(v) v.returnMetaData.offername = true end,
    "returnMetaData.offername", 'unknown field "offername" (did you mean "offerName"?)')
end

function T.test_a_placement_gives_1_to_30_items()
  for _, count in ipairs { 0, 31, 1.5 } do
    broken("placement", function(v) v.itemCount = count end, "itemCount",
      "itemCount must be a whole number from 1 to 30, got " .. tostring(count))
  end
end

function T.test_content_has_at_most_300_kb()
  broken("fallback", function(v)
    v.representations[1].components[1] = { type = "html", format = "text/html",
      content = ("x"):rep(10 * 1024 * 1024) }
  end, "representations[1].components[1].content",
    "content has 10.0 MB; at most 300 KB is allowed; shorten it or link to it")
end

function T.test_languages_are_bcp_47()
  local function set(language)
    local value = fallback_sample()
    value.representations[1].components[1].language = { language }
    return value
  end
  for _, language in ipairs { "en", "en-us", "zh-Hant-TW", "de-CH-1996", "sl-rozaj" } do
    lu.assertEquals(problems("fallback", set(language)), {})
  end
  for _, language in ipairs { "", "e", "1n", "en_US", "en-", "-en", "english-languages",
    "en us" } do
    lu.assertEquals(#problems("fallback", set(language)), 1, language)
  end
end

function T.test_free_attributes_are_strings()
  local value = fallback_sample()
  value.characteristics = { colour = "red", ["any name"] = "x" }
  value.labels, value.tags = { "core/C1" }, { "dps:tag:1" }
  lu.assertEquals(problems("fallback", value), {})
  broken("fallback", function(v) v.characteristics = { size = 5 } end, "characteristics.size",
    "characteristics.size must be a string, got 5; put it in quotes")
end

function T.test_placement_objects_stand_for_their_ids()
  local value = fallback_sample()
  value.representations[1].placement = { id = "dps:offer-placement:1", name = "Top" }
  lu.assertEquals(problems("fallback", value), {})
  local shaped = schema.shape(resource.by_name.fallback.fields, value)
  lu.assertEquals(shaped.representations[1].placement, "dps:offer-placement:1")
end

local function each_field(fields, visit)
  for _, field in ipairs(fields) do
    visit(field)
    each_field(field.fields or {}, visit)
    each_field(field.items and { field.items } or {}, visit)
  end
end

function T.test_what_is_never_returned_is_marked_in_the_fallback_only()
  local hidden = {}
  for _, field in ipairs(resource.by_name.fallback.fields) do
    hidden[#hidden + 1] = field.write_only and field.name or nil
  end
  lu.assertEquals(hidden, { "selectionConstraint", "rank" })
  local offer = require "dps.resource.offer"
  lu.assertNil(offer.rank.write_only)
end

function T.test_every_description_is_complete_and_every_field_has_a_source()
  for _, description in ipairs(resource.all) do
    for _, key in ipairs { "name", "plural", "title", "about", "path", "query", "id_prefix",
      "source", "fields" } do
      lu.assertNotNil(description[key], description.name .. "." .. key)
    end
    lu.assertIs(resource.by_name[description.name], description)
    each_field(description.fields, function(field)
      lu.assertNotNil(field.source or not field.name, tostring(field.name))
    end)
  end
end

function T.test_what_is_referred_to_comes_first()
  local seen = {}
  for _, description in ipairs(resource.all) do
    each_field(description.fields, function(field)
      local known = resource.by_name[field.to]
      lu.assertTrue(not known or seen[field.to] == true, tostring(field.to))
    end)
    seen[description.name] = true
  end
end

function T.test_targets_are_those_of_the_documents()
  local fallback, placement = resource.by_name.fallback, resource.by_name.placement
  lu.assertEquals(resource.collection_target(fallback), "/offers?offer-type=fallback")
  lu.assertEquals(resource.collection_target(fallback, "limit=2"),
    "/offers?offer-type=fallback&limit=2")
  lu.assertEquals(resource.collection_target(placement), "/placements")
  lu.assertEquals(resource.collection_target(placement, ""), "/placements")
  lu.assertEquals(resource.collection_target(placement, "limit=2"), "/placements?limit=2")
  lu.assertEquals(resource.item_target(fallback, "fallbackOffer1234"),
    "/offers/fallbackOffer1234?offer-type=fallback")
  lu.assertEquals(resource.item_target(placement, "dps:offer-placement:15d9"),
    "/placements/dps:offer-placement:15d9")
end

function T.test_an_id_cant_leave_its_path_segment()
  lu.assertEquals(resource.item_target(resource.by_name.placement, "a/b?c#d%e f\u{FC}"),
    "/placements/a%2Fb%3Fc%23d%25e%20f%C3%BC")
end

function T.test_ids_are_opaque_but_for_what_breaks_a_request()
  for _, id in ipairs { "x", "dps::19a7426d533db126", "xcore:fallback-offer:124e2e764b1ac1b9",
    "dry:fallback:1", "...", "%2F", "\u{FC}" } do
    lu.assertTrue(resource.check_id(id))
  end
  for _, id in ipairs { "", "a/b", "a?b", "a#b", "a b", "a\tb", "a\nb", "a\0", "\127", ".", "..",
    ("x"):rep(2000), 5, {}, true } do
    local ok, message = resource.check_id(id)
    lu.assertNil(ok)
    lu.assertIsString(message)
  end
  lu.assertNil((resource.check_id(nil)))
end

support.run(T)
