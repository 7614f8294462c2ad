-- What the service says when it refuses: three families of bodies read alike, a request id wherever
-- it stands, and advice for the refusals that users really meet.
local hint = require "dps.hint"
local json = require "dps.json"
local lu = require "luaunit"
local problem = require "dps.problem"
local resource = require "dps.resource"
local support = require "support"

local T = {}

local function read(body, lines)
  return problem.read(type(body) == "table" and json.encode(body) or body, lines or "")
end

function T.test_the_gateways_family_is_read()
  local words, id, code = read({ error_code = "403010", message = "Oauth token is missing." },
    "X-Request-Id: r1\r\n")
  lu.assertEquals({ words, id, code }, { "Oauth token is missing. (403010)", "r1", "403010" })
end

function T.test_the_problem_family_is_read_detail_before_title_before_message()
  local body = {
    type = "https://ns.adobe.com/aep/errors/ODE-0001-404", title = "Not Found", status = 404,
    detail = "The following scope was not found", message = "not this", requestId = "r2",
  }
  lu.assertEquals({ read(body) }, { "The following scope was not found "
    .. "(https://ns.adobe.com/aep/errors/ODE-0001-404)", "r2",
    "https://ns.adobe.com/aep/errors/ODE-0001-404" })
  body.detail = nil
  lu.assertStrContains((read(body)), "Not Found (")
  body.title = nil
  lu.assertStrContains((read(body)), "not this (")
end

function T.test_the_token_endpoints_family_is_read()
  lu.assertEquals((read { error = "invalid_scope", error_description = "The metascopes differ." }),
    "The metascopes differ.")
  lu.assertEquals((read { error = "invalid_client" }), "invalid_client")
end

function T.test_other_bodies_are_read_too()
  lu.assertEquals((read { errorMessage = "Supplied version=[1]" }), "Supplied version=[1]")
  lu.assertEquals((read "<html><head><title>x</title></head><body>Bad  gateway</body></html>"),
    "Bad gateway")
  lu.assertEquals((read ""), "no explanation was given")
  lu.assertEquals((read "[]"), "[]")
  lu.assertEquals((read '{"title":7,"message":["x"]}'), '{"title":7,"message":["x"]}')
end

function T.test_a_request_id_is_found_wherever_it_stands()
  for _, body in ipairs {
    { title = "x", requestId = "r" }, { title = "x", report = { requestId = "r" } },
    { title = "x", report = { additionalContext = { ["x-request-id"] = "r" } } },
  } do
    lu.assertEquals(select(2, read(body)), "r")
    lu.assertEquals(select(2, read(body, "x-request-id: h\r\n")), "h")
  end
  for _, body in ipairs { { report = "r" }, { report = { additionalContext = 1 } }, { 1 } } do
    lu.assertNil((select(2, read(body))))
  end
end

function T.test_a_code_comes_from_the_chain_where_the_body_has_none()
  local chain = { { serviceId = "dps", errorCode = "DPS-409" } }
  lu.assertEquals(select(3, read { title = "x", ["error-chain"] = chain }), "DPS-409")
  lu.assertEquals(select(3, read { title = "x", type = "about:blank", report = {
    errorChain = chain } }), "DPS-409")
  lu.assertNil(select(3, read { title = "x", ["error-chain"] = { "x" } }))
end

function T.test_what_is_wrong_place_by_place_is_kept()
  local problems = select(4, read { title = "x", report = { additionalContext = { problems = {
    { path = "name", message = "is missing" }, { path = 7 }, "x" } } } })
  lu.assertEquals(problems, { { path = "name", message = "is missing" } })
end

local SETTINGS = { sandbox = "stage", api_key = "key1", ims_org = "A@AdobeOrg" }

-- { status, code, words, resource, part of the advice }
local ADVICE = {
  { 403, "403003", "Api Key is invalid", "tag", "check DPS_API_KEY (key1)" },
  { 403, "403010", "Oauth token is missing.", "tag", "DPS_ACCESS_TOKEN" },
  { 401, "401013", "Oauth token is not valid", "tag", "get a new one" },
  { 403, "403025", "Profile is not valid", "tag", "AEP-Default-All-Users" },
  { 403, "403000", "Api Key is required", "tag", "DPS_API_KEY" },
  { 403, "403027", "User region is missing", "tag", "Server-to-Server" },
  { 400, "400003", "Missing header", "tag", "proxy" },
  { 403, nil, "Access denied", "decision", "a role with Manage decisions that may work in the"
    .. " sandbox stage" },
  { 403, nil, "Access denied", "formula", "Manage ranking strategies" },
  { 403, nil, "Access denied", "strategy", "a role that may work" },
  { 403, nil, "Sandbox is not accessible", "tag", "check DPS_SANDBOX (stage)" },
  { 404, nil, "Sandbox not found", "tag", "technical name and not the title" },
  { 404, nil, "Not Found", "fallback", "another kind than a fallback offer" },
  { 400, nil, "Rule r1 is not an ExD rule", "item", "dps.create_eligibility_rule" },
  { 422, nil, "Invalid [tagId] id", "item", "UUID" },
  { 400, nil, "At least one of the tags is invalid", "item", "UUID" },
  { 400, nil, "Cannot specify eligibilityRule without a declared profileConstraintType", "item",
    'profileConstraintType = "eligibilityRule"' },
  { 500, nil, "Error during deserialization", "item", "lua/README.md" },
}

for i, row in ipairs(ADVICE) do
  local status, code, words, name, part = table.unpack(row, 1, 5)
  T[("test_%02d_%s_%s_has_advice"):format(i, status, words:gsub("%W", "_"))] = function()
    lu.assertStrContains(hint.of { status = status, code = code, words = words,
      resource = resource.by_name[name], settings = SETTINGS }, part)
  end
end

function T.test_a_conflict_is_explained_by_what_was_asked()
  local function advice(method)
    return hint.of { status = 409, method = method, words = "Conflict", settings = SETTINGS,
      resource = resource.by_name.tag }
  end
  lu.assertStrContains(advice "POST", "dps.ensure_tag finds")
  lu.assertStrContains(advice "DELETE", "delete that first")
  lu.assertNil(advice "PATCH")
end

function T.test_a_list_that_is_not_found_names_the_base_url_where_its_path_is_missing()
  local function advice(verb, base_url)
    return hint.of { status = 404, method = "GET", verb = verb, words = "no such route",
      resource = resource.by_name.tag, settings = { sandbox = "stage", base_url = base_url } }
  end
  local bare, whole = "http://127.0.0.1:8123", "http://127.0.0.1:8123/data/core/dps"
  lu.assertStrContains(advice("list", bare), "check DPS_BASE_URL (" .. bare .. ")")
  lu.assertStrContains(advice("list", bare), "/data/core/dps")
  lu.assertStrContains(advice("create", bare), "DPS_BASE_URL")
  lu.assertStrContains(advice("list", whole), "check the id")
  lu.assertStrContains(advice("get", bare), "check the id")
end

function T.test_a_read_that_failed_is_not_advised_about_writes()
  local function advice(method)
    return hint.of { status = 503, method = method, words = "x", settings = SETTINGS }
  end
  lu.assertStrContains(advice "GET", "nothing was written")
  lu.assertNil(advice "POST")
end

function T.test_values_that_are_named_above_are_to_be_corrected()
  lu.assertStrContains(hint.of { status = 422, method = "POST", words = "x", settings = SETTINGS,
    problems = { { path = "name", message = "is missing" } } }, "named above")
end

function T.test_where_the_status_says_it_all_there_is_no_other_advice()
  for _, status in ipairs { 400, 401, 409, 412, 422, 429, 500, 503 } do
    lu.assertNil(hint.of { status = status, words = "whatever", settings = SETTINGS,
      resource = resource.by_name.tag })
  end
  lu.assertNil(hint.of { status = 404, words = "whatever", settings = SETTINGS })
end

support.run(T)
