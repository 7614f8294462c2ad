-- The local library: what each verb answers, what it refuses and how, and that a failure undoes
-- itself alone.
local driver = require "library_driver"
local json = require "dps.json"
local lu = require "luaunit"
local native = require "dps.native"
local support = require "support"

local T = {}

local OFFERS = "/offers?offer-type=fallback"
local path = driver.path

-- Verbs -------------------------------------------------------------------------------------------

function T.test_the_documented_sample_creates_a_fallback_and_returns_a_receipt()
  local before = math.floor(native.now() * 1000)
  local receipt, headers = driver.new():expect(201, "POST", OFFERS, driver.SAMPLE)
  lu.assertEquals(headers["Content-Type"], "application/json")
  lu.assertEquals(math.type(receipt.etag), "integer")
  lu.assertEquals(receipt.etag, 1)
  lu.assertStrMatches(receipt.id, "dps:fallback%-offer:%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x%x")
  lu.assertStrMatches(receipt.sandboxId, "%x+%-%x+%-%x+%-%x+%-%x+")
  lu.assertEquals({ receipt.createdByClientId, receipt.lastModifiedByClientId },
    { "client1", "client1" })
  lu.assertStrContains(receipt.createdBy, "client1")
  lu.assertStrMatches(receipt.createdDate, "%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ")
  lu.assertEquals(receipt.lastModifiedDate, receipt.createdDate)
  lu.assertTrue(require "dps.date.wire".parse(receipt.createdDate) >= before)
end

function T.test_get_returns_the_entity_without_what_is_write_only()
  local d = driver.new()
  local id = d:create()
  local entity = d:expect(200, "GET", path(id))
  local sent = driver.offer()
  lu.assertEquals(entity.representations, sent.representations)
  lu.assertEquals({ entity.name, entity.description, entity.status },
    { sent.name, sent.description, sent.status })
  lu.assertEquals({ entity.id, entity.etag }, { id, 1 })
  lu.assertEquals(entity.schemas,
    { "https://ns.adobe.com/experience/offer-management/fallback-offer;version=0.8" })
  lu.assertStrMatches(entity.created, "%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%+00:00")
  lu.assertEquals(entity.modified, entity.created)
  lu.assertNil(entity.selectionConstraint)
  lu.assertNil(entity.rank)
  lu.assertNil(entity.createdDate)
end

function T.test_the_documented_patch_changes_the_offer_and_returns_a_receipt()
  local d = driver.new()
  local id = d:create()
  local receipt = d:expect(200, "PATCH", path(id), [[
    [{"op":"replace","path":"/name","value":"Updated fallback offer"},
     {"op":"replace","path":"/description","value":"Updated fallback offer description"}] ]])
  lu.assertEquals({ receipt.id, receipt.etag }, { id, 2 })
  local entity = d:expect(200, "GET", path(id))
  lu.assertEquals({ entity.name, entity.description, entity.etag },
    { "Updated fallback offer", "Updated fallback offer description", 2 })
end

function T.test_delete_answers_200_with_nothing_and_then_all_is_404()
  local d = driver.new()
  local id = d:create()
  local body, headers = d:expect(200, "DELETE", path(id))
  lu.assertEquals(body, "")
  lu.assertNil(headers["Content-Type"])
  local problem, answered = d:expect(404, "GET", path(id))
  lu.assertEquals({ problem.title, problem.status }, { "Not Found", 404 })
  lu.assertEquals(answered["Content-Type"], "application/problem+json")
  d:expect(404, "PATCH", path(id), "[]")
  d:expect(404, "DELETE", path(id))
end

function T.test_placements_are_created_used_updated_and_deleted()
  local d = driver.new()
  local sample =
    { name = "New placement", description = "Placement description", componentType = "html",
    channel = "https://ns.adobe.com/xdm/channel-types/email", itemCount = 1,
      allowDuplicatePlacements = false,
    returnContent = true, returnMetaData = { offerName = false } }
  local id = d:expect(201, "POST", "/placements", sample).id
  lu.assertStrMatches(id, "dps:offer%-placement:%x+")
  lu.assertEquals(d:expect(200, "GET", "/placements/" .. id).returnMetaData, { offerName = false })
  local representations = driver.offer().representations
  representations[1].placement = id
  local offer = d:create { representations = representations }
  d:expect(200, "PATCH", "/placements/" .. id, '[{"op":"replace","path":"/itemCount","value":3}]')
  lu.assertEquals(d:expect(200, "GET", "/placements/" .. id).itemCount, 3)
  lu.assertStrContains(d:expect(409, "DELETE", "/placements/" .. id).detail, "in use by fallback")
  d:expect(200, "DELETE", path(offer))
  d:expect(200, "DELETE", "/placements/" .. id)
end

function T.test_ids_may_be_percent_encoded_and_offer_type_may_be_in_any_case()
  local d = driver.new()
  local id = d:create()
  local encoded = id:gsub(":", "%%3A")
  lu.assertEquals(d:expect(200, "GET", "/offers/" .. encoded .. "?offer-type=FALLBACK").id, id)
  lu.assertEquals(d:expect(200, "GET", "/offers/" .. id .. "?x=1&offer%2Dtype=Fallback").id, id)
end

function T.test_unknown_fields_are_dropped_at_every_depth()
  local d = driver.new()
  local offer = driver.offer { wrong = 1, id = "mine", etag = 7 }
  offer.representations[1].wrong = 2
  offer.representations[1].components[1].wrong = 3
  local id = d:expect(201, "POST", OFFERS, offer).id
  local entity = d:expect(200, "GET", path(id))
  lu.assertNotEquals(id, "mine")
  lu.assertNil(entity.wrong)
  lu.assertEquals(entity.representations, driver.offer().representations)
end

function T.test_free_attributes_and_empty_arrays_are_kept_as_they_are()
  local d = driver.new()
  local id =
    d:create { characteristics = { colour = "red", ["a/b"] = "c" }, labels = json.array {} }
  local answer = d.lib:handle { driver.request("GET", path(id)) }[1].body
  lu.assertStrContains(answer, '"labels":[]')
  lu.assertEquals(json.decode(answer).characteristics, { colour = "red", ["a/b"] = "c" })
end

-- Refusals ----------------------------------------------------------------------------------------

function T.test_headers_are_checked_with_the_gateways_codes()
  local d = driver.new()
  local cases = {
    { { ["authorization"] = false }, 403, "403010", "Oauth token is missing." },
    { { ["authorization"] = "" }, 403, "403010", "Oauth token is missing." },
    { { ["authorization"] = "Bearer" }, 401, "401013", "Oauth token is not valid" },
    { { ["authorization"] = "Bearer  two-spaces" }, 401, "401013", "Oauth token is not valid" },
    { { ["authorization"] = "Bearer a b" }, 401, "401013", "Oauth token is not valid" },
    { { ["authorization"] = "Basic abc" }, 401, "401013", "Oauth token is not valid" },
    { { ["x-api-key"] = false }, 403, "403000", "Api Key is required" },
    { { ["x-gw-ims-org-id"] = false }, 400, "400003", "Missing header: x-gw-ims-org-id" },
    { { ["x-sandbox-name"] = false }, 400, "400003", "Missing header: x-sandbox-name" },
    { { ["x-sandbox-name"] = "" }, 400, "400003", "Missing header: x-sandbox-name" },
  }
  for _, case in ipairs(cases) do
    local body, headers = d:expect(case[2], "GET", OFFERS, nil, case[1])
    lu.assertEquals(body, { error_code = case[3], message = case[4] })
    lu.assertEquals(headers["Content-Type"], "application/json")
  end
  for _, name in ipairs { "a b", "-a", "a/b", ("a"):rep(257), "\xFF" } do
    lu.assertEquals(d:expect(400, "GET", OFFERS, nil, { ["x-sandbox-name"] = name }).error_code,
      "400003")
  end
end

local function assert_problem(d, status, detail, ...)
  local problem, headers = d:expect(status, ...)
  lu.assertEquals(headers["Content-Type"], "application/problem+json")
  lu.assertEquals(problem.status, status)
  lu.assertStrContains(problem.detail, detail)
  lu.assertStrMatches(problem.type, "https://ns%.adobe%.com/aep/errors/.*%-" .. status)
  lu.assertIsTable(problem["error-chain"][1])
  return problem, headers
end

function T.test_a_content_type_that_is_no_json_is_refused()
  local d = driver.new()
  local id = d:create()
  for _, media in ipairs { "text/plain", "application/jsonx", "x application/json",
    "application/json-patch+json", false } do
    local problem =
      assert_problem(d, 400, "A valid content-type must be specified", "POST", OFFERS,
      driver.SAMPLE,
      { ["content-type"] = media })
    lu.assertEquals(problem.title, "BadRequestError")
  end
  for _, media in ipairs { "application/json; charset=utf-8", "Application/JSON;x=\"y\"",
    " application/json " } do
    d:expect(201, "POST", OFFERS, driver.SAMPLE, { ["content-type"] = media })
  end
  d:expect(200, "PATCH", path(id), "[]", { ["content-type"] = "application/json-patch+json" })
  d:expect(200, "GET", path(id), nil, { ["content-type"] = false })
end

function T.test_a_body_that_cannot_be_used_is_refused()
  local d = driver.new()
  local id = d:create()
  for _, body in ipairs { "", "{", '{"a":}', "[1,]", "\xFF", '{"a":"\xC3"}' } do
    assert_problem(d, 400, "not JSON", "POST", OFFERS, body)
  end
  for _, body in ipairs { "[]", "7", '"text"', "null", "true" } do
    assert_problem(d, 400, "object", "POST", OFFERS, body)
  end
  for _, body in ipairs { "{}", "7", "null", '{"op":"add"}' } do
    assert_problem(d, 400, "array", "PATCH", path(id), body)
  end
  local request = driver.request("POST", OFFERS)
  request.too_large = true
  lu.assertEquals(d.lib:handle({ request })[1].status, 413)
end

function T.test_paths_and_methods_that_are_not_there_are_refused()
  local d = driver.new()
  for _, target in ipairs { "", "/", "/nothing", "/offers/", "/offers/a/b", "//offers",
    "/placements//x", "/offersx" } do
    assert_problem(d, 404, "nothing at this path", "GET", target)
  end
  local outside = driver.request("GET", "")
  outside.target, outside.headers = "/data/core/ods/decisions", {}
  lu.assertEquals(d.lib:handle({ outside })[1].status, 404)
  local _, headers = assert_problem(d, 405, "GET, POST", "PUT", "/placements", "{}")
  lu.assertEquals(headers["Allow"], "GET, POST")
  _, headers = assert_problem(d, 405, "DELETE", "POST", path "x", "{}")
  lu.assertEquals(headers["Allow"], "DELETE, GET, PATCH")
end

function T.test_offer_type_is_needed_known_and_right()
  local d = driver.new()
  local id = d:create()
  assert_problem(d, 400, "offer-type is missing", "GET", "/offers")
  assert_problem(d, 400, "offer-type is missing", "GET", "/offers/" .. id)
  assert_problem(d, 400, "'surprise'", "POST", "/offers?offer-type=surprise", driver.SAMPLE)
  d:expect(404, "GET", "/placements/" .. id)
end

function T.test_ids_with_spaces_and_broken_encoding_are_refused()
  local d = driver.new()
  assert_problem(d, 400, "space", "GET", path "a%20b")
  assert_problem(d, 400, "control", "GET", path "a%00b")
  assert_problem(d, 400, "percent", "GET", path "a%zz")
  assert_problem(d, 400, "percent", "GET", OFFERS .. "&limit=%")
  assert_problem(d, 404, "?", "GET", path "a%FFb")
end

function T.test_what_the_schema_refuses_is_422_with_every_problem_and_its_path()
  local d = driver.new()
  local offer = driver.offer { status = "loud", rank = { priority = -1 } }
  offer.representations[1].components[1].format = nil
  local problem = assert_problem(d, 422, "status", "POST", OFFERS, offer)
  local paths = {}
  for i, one in ipairs(problem.report.additionalContext.problems) do
    lu.assertIsString(one.message)
    paths[i] = one.path
  end
  lu.assertItemsEquals(paths,
    { "status", "rank.priority", "representations[1].components[1].format" })
  lu.assertStrContains(problem.detail, "and 2 more")
end

function T.test_references_must_exist_be_of_the_right_kind_and_in_the_same_sandbox()
  local d = driver.new()
  local other = d:create()
  local function offer_with(placement)
    local offer = driver.offer()
    offer.representations[1].placement = placement
    return offer
  end
  local problem =
    assert_problem(d, 422, "no placement with the id 'nope'", "POST", OFFERS, offer_with "nope")
  lu.assertEquals(problem.report.additionalContext.problems[1].path, "representations[1].placement")
  assert_problem(d, 422, "is a fallback offer, not a placement", "POST", OFFERS, offer_with(other))
  local elsewhere = d:expect(201, "POST", "/placements", { name = "p", componentType = "html",
    channel = "https://ns.adobe.com/xdm/channel-types/web" }, { ["x-sandbox-name"] = "stage" }).id
  assert_problem(d, 422, elsewhere, "POST", OFFERS, offer_with(elsewhere))
end

function T.test_a_patch_that_cannot_be_is_refused_and_changes_nothing()
  local d = driver.new()
  local id = d:create()
  local cases = {
    { 400, "operation 1", '[{"op":"merge","path":"/name"}]' },
    { 422, "operation 2",
      '[{"op":"replace","path":"/name","value":"x"},{"op":"remove","path":"/nothing"}]' },
    { 409, "test", '[{"op":"test","path":"/name","value":"another"}]' },
    { 422, "status", '[{"op":"replace","path":"/status","value":"loud"}]' },
    { 422, "name", '[{"op":"remove","path":"/name"}]' },
    { 422, "'nope'", '[{"op":"replace","path":"/representations/0/placement","value":"nope"}]' },
    { 422, "'id'", '[{"op":"add","path":"/id","value":"mine"}]' },
    { 422, "'created'", '[{"op":"add","path":"/created","value":"2020"}]' },
    { 422, "/etag", '[{"op":"test","path":"/etag","value":1}]' },
    { 422, "object", '[{"op":"replace","path":"","value":[1]}]' },
  }
  for _, case in ipairs(cases) do
    assert_problem(d, case[1], case[2], "PATCH", path(id), case[3])
  end
  local entity = d:expect(200, "GET", path(id))
  lu.assertEquals({ entity.etag, entity.name }, { 1, "Test Fallback Offer DPS" })
end

function T.test_a_patch_sees_write_only_fields_and_nobody_else_does()
  local d = driver.new()
  local id = d:create()
  d:expect(200, "PATCH", path(id), '[{"op":"test","path":"/rank/priority","value":1},'
    .. '{"op":"replace","path":"/rank/priority","value":5}]')
  d:expect(200, "PATCH", path(id),
    '[{"op":"test","path":"/rank/priority","value":5},{"op":"remove","path":"/rank"}]')
  local entity = d:expect(200, "GET", path(id))
  lu.assertEquals(entity.etag, 3)
  lu.assertNil(entity.rank)
end

function T.test_a_patch_may_archive_what_a_create_may_not()
  local d = driver.new()
  assert_problem(d, 422, "archived", "POST", OFFERS, driver.offer { status = "archived" })
  d:expect(200, "PATCH", path(d:create()), '[{"op":"replace","path":"/status","value":"archived"}]')
end

function T.test_request_ids_are_echoed_or_made()
  local d = driver.new()
  local _, headers = d:expect(200, "GET", OFFERS, nil, { ["x-request-id"] = "my-id:1" })
  lu.assertEquals(headers["x-request-id"], "my-id:1")
  local problem, again = d:expect(404, "GET", path "none", nil, { ["x-request-id"] = "my-id:2" })
  lu.assertEquals({ problem.report.requestId, again["x-request-id"] }, { "my-id:2", "my-id:2" })
  local _, one = d:expect(403, "GET", OFFERS, nil, { ["authorization"] = false })
  local _, two = d:expect(200, "GET", OFFERS, nil, { ["x-request-id"] = "bad id\r\n" })
  lu.assertNotEquals(one["x-request-id"], two["x-request-id"])
  lu.assertTrue(#one["x-request-id"] >= 16 and not two["x-request-id"]:find "[^%w-]")
end

function T.test_bytes_that_are_no_text_never_break_an_answer()
  local d = driver.new()
  local id = d:create(nil, { ["x-api-key"] = 'k"\\\xFF', ["x-gw-ims-org-id"] = "\xFE@AdobeOrg" })
  lu.assertStrContains(d:expect(200, "GET", path(id)).createdBy, 'k"\\?')
  d:expect(404, "GET", path "x", nil, { ["x-gw-ims-org-id"] = "\xFE" })
  d:expect(400, "GET", "/offers?offer-type=%FF%C0")
  d:expect(200, "GET", OFFERS .. "&property=name==%FF")
end

-- Sandboxes and births ----------------------------------------------------------------------------

function T.test_sandboxes_are_kept_apart()
  local d = driver.new()
  local id = d:create()
  d:expect(404, "GET", path(id), nil, { ["x-sandbox-name"] = "stage" })
  lu.assertEquals(d:expect(200, "GET", OFFERS, nil, { ["x-sandbox-name"] = "stage" }).total, 0)
  local receipt = d:expect(201, "POST", OFFERS, driver.SAMPLE, { ["x-sandbox-name"] = "stage" })
  lu.assertNotEquals(receipt.sandboxId, d:expect(201, "POST", OFFERS, driver.SAMPLE).sandboxId)
end

function T.test_every_sandbox_is_born_with_the_documented_placement_unless_empty()
  local d = driver.new()
  for _, sandbox in ipairs { "prod", "stage" } do
    local placement =
      d:expect(200, "GET", "/placements/" .. driver.PLACEMENT, nil,
      { ["x-sandbox-name"] = sandbox })
    lu.assertEquals(placement.componentType, "imagelink")
    lu.assertStrContains(placement.channel, "/web")
  end
  local empty = driver.new { empty = true }
  empty:expect(404, "GET", "/placements/" .. driver.PLACEMENT)
  empty:expect(422, "POST", OFFERS, driver.SAMPLE)
end

function T.test_what_a_library_is_born_with_passes_its_own_checks()
  local resource, schema = require "dps.resource", require "dps.schema"
  for type, objects in pairs(require "dps.library.born") do
    for _, object in ipairs(objects) do
      lu.assertEquals(
        schema.check(resource.by_name[type].fields, object.fields, { verb = "create" }), {})
    end
  end
end

support.run(T)
