-- A client that signs, over a server that is not ours: what arrives verifies, whatever the
-- profile; a clock that is off is named; settings that do not go together are refused before
-- anything is sent.

local lu = require "luaunit"
local native = require "dps.native"
local clock = require "dps.signing.clock"
local err = require "dps.err"
local json = require "dps.json"
local task = require "dps.task"
local badserver = require "badserver"
local support = require "support"

local T = {}

local KEYS = "tests/vectors/rfc9421/keys/"
local folder = support.tmpdir()

local function file_of(name, text, mode)
  local path = folder .. "/" .. name
  support.write(path, text)
  os.execute(("chmod %s '%s'"):format(mode or "600", path))
  return path
end

local function bytes_of(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local ED25519 = file_of("ed25519.pem", bytes_of(KEYS .. "test-key-ed25519.private.pem"))
local RSA = file_of("rsa.pem", bytes_of(KEYS .. "test-key-rsa.private.pem"))
local P256 = file_of("p256.pem", bytes_of(KEYS .. "test-key-ecc-p256.private.pem"))
local SECRET = file_of("secret", "a shared secret of some length")
local PUBLIC = file_of("public.pem", bytes_of(KEYS .. "test-key-ed25519.public.pem"), "644")

-- What arrives -----------------------------------------------------------------------------------

-- The request as the server got it, as a message; the token, hidden in answers, is put back.
local function message_of(server, echo)
  local headers = {}
  for name, value in pairs(echo.headers) do
    if name == "authorization" then value = value:gsub("%*+$", badserver.TOKEN) end
    headers[#headers + 1] = { name, value }
  end
  return {
    method = echo.method, target_uri = server.url .. echo.target, headers = headers,
    body = echo.body,
  }
end

local COMPONENTS = {
  "@method", "@target-uri", "authorization", "content-type!", "content-digest!", "x-gw-ims-org-id",
  "x-sandbox-name", "x-api-key",
}

local function policy(key)
  return {
    keys = { key }, window = 60, tag = "fapi-2-request", components = COMPONENTS,
    params = { "created", "expires", "nonce", "keyid", "tag" },
  }
end

local function post(ops, path)
  return (ops.request { method = "POST", path = path or "/offers", query = { b = "1", a = "2 3" },
    body = { name = "Caf\u{e9}", list = { 1, 2 } } })
end

local function get(ops)
  return (ops.request { method = "GET", path = "/offers/dps:fallback-offer:1" })
end

T.test_with_a_key_alone_writes_are_signed_by_fapi2 = badserver.with(function(server)
  local ops = server:operations("echo", { sign_key = ED25519 })
  local key = assert(native.key { file = ED25519 })
  local found = assert(native.verify_message(message_of(server, post(ops)), policy(key)))
  lu.assertEquals(found[1].label, "dps")
  lu.assertEquals(found[1].keyid, key:thumbprint())
  lu.assertEquals(found[1].expires - found[1].created, 300)
  lu.assertEquals(#found[1].nonce, 24)
  lu.assertNil(get(ops).headers.signature)
end)

T.test_scope_all_signs_reads_too = badserver.with(function(server)
  local ops = server:operations("echo", { sign_key = ED25519, sign_scope = "all" })
  local key = assert(native.key { file = ED25519 })
  lu.assertNotNil(native.verify_message(message_of(server, get(ops)), policy(key)))
end)

T.test_every_kind_of_key_signs = badserver.with(function(server)
  local cases = {
    { ED25519, nil, "ed25519" }, { RSA, nil, "rsa-pss-sha512" },
    { RSA, "rsa-v1_5-sha256", "rsa-v1_5-sha256" }, { P256, nil, "ecdsa-p256-sha256" },
    { SECRET, nil, "hmac-sha256", "shared" },
  }
  for _, case in ipairs(cases) do
    local settings = { sign_key = case[1], sign_alg = case[2], sign_keyid = case[4] }
    local key = assert(native.key { file = case[1], alg = case[2], keyid = case[4] })
    local echo = post(server:operations("echo", settings))
    local found = assert(native.verify_message(message_of(server, echo), policy(key)))
    lu.assertEquals(found[1].key_alg, case[3])
  end
end)

T.test_many_at_once_have_a_nonce_each = badserver.with(function(server)
  local ops = server:operations("echo", { sign_key = ED25519 })
  local key, tasks, nonces = assert(native.key { file = ED25519 }), {}, {}
  for i = 1, 40 do tasks[i] = task.spawn(post, ops) end
  for _, one in ipairs(tasks) do
    local found = assert(native.verify_message(message_of(server, one:wait()), policy(key)))
    lu.assertNil(nonces[found[1].nonce])
    nonces[found[1].nonce] = true
  end
end)

T.test_custom_signs_what_it_is_told = badserver.with(function(server)
  local ops = server:operations("echo", {
    sign_key = ED25519, sign_profile = "custom", sign_scope = "all", sign_label = "gw",
    sign_components = '@method @authority @path "@query-param";name="a" content-digest host date',
    sign_params = "created alg", sign_tag = "mine", sign_digest = "sha-512", sign_expires = "60",
  })
  local wanted = { keys = { assert(native.key { file = ED25519 }) }, tag = "mine", label = "gw" }
  local echo = post(ops)
  local found = assert(native.verify_message(message_of(server, echo), wanted))
  lu.assertStrMatches(found[1].components, '%("@method" "@authority" "@path" "@query%-param"'
    .. ';name="a" "content%-digest" "host" "date"%);created=%d+;alg="ed25519";tag="mine"')
  lu.assertStrContains(echo.headers["content-digest"], "sha-512=:")
  echo = ops.request { method = "GET", path = "/x", query = { a = "1" } }
  found = assert(native.verify_message(message_of(server, echo), wanted))
  lu.assertNotStrContains(found[1].components, "content-digest")
end)

T.test_component_that_a_request_lacks_stops_it_unsent = badserver.with(function(server)
  local ops = server:operations("echo", {
    sign_key = ED25519, sign_profile = "custom", sign_components = "@method x-schema-id",
  })
  local e = badserver.failure(post, ops)
  lu.assertEquals({ e.kind, e.sent }, { "refused", "no" })
  lu.assertStrContains(e.message, "x-schema-id")
  lu.assertEquals(server:count "echo", 0)
  local echo = ops.request { method = "POST", path = "/x", body = {}, headers = {
    ["x-schema-id"] = "s" } }
  lu.assertStrContains(echo.headers["signature-input"], '"x-schema-id"')
end)

-- The gateways ------------------------------------------------------------------------------------

local function gateway(server, name)
  return server:operations("echo", {
    sign_key = SECRET, sign_profile = "hmac-auth", sign_gateway = name, sign_keyid = "joe",
  })
end

-- openssl's MAC of a text under the secret, in base64.
local function mac(text)
  support.write(folder .. "/text", text)
  local pipe = assert(io.popen(("openssl dgst -sha256 -mac HMAC -macopt key:'%s' -binary '%s/text'"
    .. " | openssl base64 -A"):format(bytes_of(SECRET), folder)))
  local line = pipe:read "a"
  pipe:close()
  return line
end

T.test_kong_finds_its_form_beside_the_bearer = badserver.with(function(server)
  local ops = gateway(server, "kong")
  for _, echo in ipairs { post(ops), get(ops) } do
    local headers = echo.headers
    local digest = headers.digest and "\ndigest: " .. headers.digest or ""
    local text = ("@request-target: %s %s\nhost: %s\ndate: %s%s"):format(echo.method:lower(),
      echo.target, headers.host, headers.date, digest)
    lu.assertEquals(headers["proxy-authorization"], ('hmac username="joe", algorithm="hmac-sha256",'
      .. ' headers="@request-target host date%s", signature="%s"')
      :format(headers.digest and " digest" or "", mac(text)))
    lu.assertStrContains(headers.authorization, "Bearer ")
  end
end)

function T.test_gateways_date_and_digest_of_the_scripts_own_are_signed_and_not_sent_twice()
  local key = assert(native.key { file = SECRET, keyid = "joe" })
  local date, digest = "Wed, 01 Jan 2025 00:00:00 GMT", "SHA-256=of-its-own"
  local made = assert(native.sign_message(assert(native.signer { key = key, form = "kong" }), {
    method = "POST", target_uri = "https://h/x", body = "{}",
    headers = { { "Host", "h" }, { "DATE", date }, { "digest", digest } },
  }))
  local text = ("@request-target: post /x\nhost: h\ndate: %s\ndigest: %s"):format(date, digest)
  lu.assertEquals(made.headers, { ('Proxy-Authorization: hmac username="joe", '
    .. 'algorithm="hmac-sha256", headers="@request-target host date digest", signature="%s"')
    :format(mac(text)) })
end

T.test_apisix_finds_its_form_in_the_bearers_place = badserver.with(function(server)
  local ops = gateway(server, "apisix")
  for _, echo in ipairs { post(ops), get(ops) } do
    local headers = echo.headers
    local digest = headers.digest and "digest: " .. headers.digest .. "\n" or ""
    local text = ("joe\n%s %s\nhost: %s\ndate: %s\n%s"):format(echo.method, echo.target,
      headers.host, headers.date, digest)
    lu.assertEquals(headers.authorization, ('Signature keyId="joe",algorithm="hmac-sha256",'
      .. 'headers="@request-target host date%s",signature="%s"')
      :format(headers.digest and " digest" or "", mac(text)))
  end
end)

T.test_sigv4_goes_in_the_bearers_place_with_every_request = badserver.with(function(server)
  local ops = server:operations("echo", {
    sign_key = SECRET, sign_profile = "sigv4", sign_region = "eu-west-1",
    sign_keyid = "AKIDEXAMPLE",
  })
  for _, echo in ipairs { post(ops), get(ops) } do
    lu.assertStrMatches(echo.headers.authorization, "AWS4%-HMAC%-SHA256 Credential=AKIDEXAMPLE/%d+/"
      .. "eu%-west%-1/execute%-api/aws4_request, SignedHeaders=.*host.*, Signature=%x+")
  end
end)

-- The clock ---------------------------------------------------------------------------------------

local function hex(text)
  return (text:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

-- Operations whose service gives this answer.
local function answered(server, lines, body, settings)
  local head = table.concat(lines, "\r\n") .. "\r\nContent-Length: " .. #body .. "\r\n\r\n"
  return server:operations("_verbatim/" .. hex(head .. body), settings)
end

local function date_at(seconds)
  return os.date("!%a, %d %b %Y %H:%M:%S GMT", math.floor(seconds))
end

local function refused_at(server, status, offset, settings)
  local lines = { ("HTTP/1.1 %d x"):format(status), "Date: " .. date_at(native.now() - offset) }
  return answered(server, lines, '{"message":"signature is not valid"}', settings)
end

T.test_clock_that_is_off_is_named_where_a_signature_is_refused = badserver.with(function(server)
  local settings = { sign_key = ED25519 }
  for _, status in ipairs { 401, 403 } do
    local e = badserver.failure(post, refused_at(server, status, 3600, settings))
    lu.assertEquals(e.kind, "auth")
    lu.assertStrMatches(err.hint(e), "this machine's clock is .* ahead of the service's.*")
    e = badserver.failure(post, refused_at(server, status, -7230, settings))
    lu.assertStrMatches(err.hint(e), "this machine's clock is 2 hours.* behind the service's.*")
  end
end)

T.test_body_of_a_refusal_is_decoded_once = badserver.with(function(server)
  local decode, times = json.decode, 0
  json.decode = function(...)
    times = times + 1
    return decode(...)
  end
  local body = '{"message":"no","reason":"unknown-key"}'
  local ops = answered(server, { "HTTP/1.1 401 x" }, body, { sign_key = ED25519 })
  local done, e = pcall(badserver.failure, post, ops)
  json.decode = decode
  lu.assertTrue(done, tostring(e))
  lu.assertEquals({ e.reason, times }, { "unknown-key", 1 })
  lu.assertStrContains(err.hint(e), "set DPS_SIGN_KEYID")
end)

T.test_clock_is_not_named_where_it_is_not_to_blame = badserver.with(function(server)
  for _, case in ipairs {
    { 401, 3600, {} }, { 403, 5, { sign_key = ED25519 } }, { 404, 3600, { sign_key = ED25519 } },
  } do
    local e = badserver.failure(post, refused_at(server, table.unpack(case)))
    lu.assertNotStrContains(err.hint(e), "clock")
  end
  local e = badserver.failure(get, refused_at(server, 401, 3600, { sign_key = ED25519 }))
  lu.assertNotStrContains(err.hint(e), "clock")
end)

function T.test_how_far_and_in_which_direction()
  local function words(off)
    return clock.words("HTTP/1.1 401 x\r\nDate: Wed, 25 Nov 2026 22:00:00 GMT\r\n\r\n",
      1795644000 + off)
  end
  lu.assertEquals(clock.parse "Wed, 25 Nov 2026 22:00:00 GMT", 1795644000)
  lu.assertEquals(words(3600), "this machine's clock is 1 hour ahead of the service's")
  lu.assertEquals(words(-61.2), "this machine's clock is 1 minute 1 second behind the service's")
  lu.assertEquals(words(90061), "this machine's clock is 1 day 1 hour ahead of the service's")
  lu.assertNil(words(30))
  lu.assertNil(words(-30))
  lu.assertNil(clock.words("Date: yesterday\r\n", 0))
  lu.assertNil(clock.words("", 0))
end

-- Settings ----------------------------------------------------------------------------------------

-- What each does not go together with, and a part of what is said.
local REFUSED = {
  { { sign_profile = "fapi2" }, "DPS_SIGN_PROFILE is fapi2, but no key is set" },
  { { sign_keyid = "x" }, "DPS_SIGN_KEYID is set, but no key to sign with" },
  { { sign_key = SECRET }, "DPS_SIGN_KEYID is not set" },
  { { sign_key = ED25519, sign_alg = "hmac-sha256" }, "can't be used" },
  { { sign_key = ED25519, sign_alg = "ecdsa-p256-sha256" }, "can't be used" },
  { { sign_key = P256, sign_alg = "ed25519" }, "can't be used" },
  { { sign_key = "/nowhere/key.pem" }, "/nowhere/key.pem" },
  { { sign_key = file_of("empty", "") }, "empty" },
  { { sign_key = file_of("open", bytes_of(ED25519), "644") }, "chmod 600" },
  { { sign_key = file_of("pub", bytes_of(PUBLIC)) }, "public" },
  { { sign_key = ED25519, sign_key_command = "echo x" }, "both set" },
  { { sign_key_command = "false" }, "DPS_SIGN_KEY_COMMAND gave no key" },
  { { sign_key = ED25519, sign_components = "@method" }, "DPS_SIGN_COMPONENTS means nothing" },
  { { sign_key = ED25519, sign_tag = "x" }, "DPS_SIGN_TAG means nothing" },
  { { sign_key = ED25519, sign_profile = "custom" }, "DPS_SIGN_COMPONENTS is not set" },
  { { sign_key = ED25519, sign_profile = "custom", sign_components = "@metod" }, "@metod" },
  { { sign_key = ED25519, sign_profile = "custom", sign_components = "@method @method" },
    "@method" },
  { { sign_key = ED25519, sign_profile = "custom", sign_components = "@status" }, "@status" },
  { { sign_key = ED25519, sign_profile = "custom", sign_components = "@method",
    sign_params = "tag" }, "DPS_SIGN_TAG is not set" },
  { { sign_key = SECRET, sign_profile = "hmac-auth", sign_keyid = "u" },
    "DPS_SIGN_GATEWAY is not set" },
  { { sign_key = SECRET, sign_profile = "hmac-auth", sign_gateway = "kong" },
    "DPS_SIGN_KEYID is not set" },
  { { sign_key = ED25519, sign_profile = "hmac-auth", sign_gateway = "kong", sign_keyid = "u" },
    "needs a shared secret" },
  { { sign_key = SECRET, sign_profile = "sigv4", sign_keyid = "u" }, "DPS_SIGN_REGION is not set" },
  { { sign_key = SECRET, sign_profile = "sigv4", sign_keyid = "u", sign_region = "x",
    sign_scope = "writes" }, "DPS_SIGN_SCOPE means nothing" },
  { { verify_key = "/nowhere/key.pem" }, "/nowhere/key.pem" },
  { { verify_key = file_of("no key", "-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----") },
    "DPS_VERIFY_KEY" },
  { { verify_key = file_of("open secret", "a shared secret", "644") }, "chmod 600" },
}

T.test_settings_that_do_not_go_together_are_refused_unsent = badserver.with(function(server)
  for i, case in ipairs(REFUSED) do
    local ops = server:operations("echo", case[1])
    local e = badserver.failure(post, ops)
    lu.assertEquals(e.kind, "refused", i)
    lu.assertStrContains(e.message, case[2], nil, nil, tostring(i))
  end
  lu.assertEquals(server:count "echo", 0)
end)

local BAD_VALUES = {
  { sign_profile = "fapi3" }, { sign_alg = "md5" }, { sign_scope = "some" },
  { sign_label = "Dps" }, { sign_label = "a b" }, { sign_expires = "0" }, { sign_expires = "1.5" },
  { sign_expires = "soon" }, { sign_digest = "md5" }, { sign_gateway = "nginx" },
  { sign_region = "a/b" }, { sign_params = "created created" }, { sign_params = "x" },
  { sign_components = " " }, { sign_components = '"@method' }, { sign_components = "a\nb\n\1" },
  { sign_keyid = "a\nX-Evil: 1" }, { sign_tag = "caf\u{e9}" }, { verify_keyid = "x" },
  { sign_key = "a\nb" }, { sign_key_command = "" },
}

T.test_values_that_can_not_be_are_refused = badserver.with(function(server)
  for i, settings in ipairs(BAD_VALUES) do
    local ok, e = pcall(server.operations, server, "echo", settings)
    lu.assertFalse(ok, i)
    lu.assertEquals(e.kind, "refused", i)
    lu.assertStrContains(e.message:lower(), (next(settings):gsub("_", ".")), true)
  end
end)

-- Of what belongs into a file, and may be a key, not a byte is shown.
function T.test_key_where_its_path_goes_is_not_shown()
  for _, given in ipairs { bytes_of(ED25519), '{"kty":"OKP","d":"c2VjcmV0"}', "a\nb",
    "-----BEGIN PRIVATE KEY-----c2VjcmV0" } do
    local ok, e = pcall(badserver.operations, "http://127.0.0.1:1", { sign_key = given })
    lu.assertFalse(ok)
    lu.assertStrContains(e.message, "is no path")
    for _, part in ipairs { "BEGIN", "MC4C", "kty", "c2Vj", '"a' } do
      lu.assertNotStrContains(e.message, part)
    end
  end
end

function T.test_profile_none_signs_nothing_whatever_is_set()
  local signing = require "dps.signing"
  lu.assertNil(signing.of { sign_profile = "none", sign_key = "/nowhere", sign_keyid = "x" })
  lu.assertNil(signing.of {})
end

T.test_key_from_a_command = badserver.with(function(server)
  local ops = server:operations("echo", { sign_key_command = { "cat", ED25519 } })
  lu.assertStrContains(post(ops).headers["signature-input"], 'tag="fapi-2-request"')
end)

support.run(T)
