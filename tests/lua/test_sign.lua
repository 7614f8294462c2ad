-- Signing as Lua sees it (native.key, signer, sign_message, verify_message): the published vectors
-- go through, keys stay out of reach, and what is wrong is said by a word of a closed list.
local lu = require "luaunit"
local native = require "dps.native"
local support = require "support"

local KEYS = "tests/vectors/rfc9421/keys/"

local folder, files = support.tmpdir(), 0

-- A file of the owner's alone, as keys must be.
local function file_of(text, mode)
  files = files + 1
  local path = ("%s/%d"):format(folder, files)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
  os.execute(("chmod %s %s"):format(mode or "600", path))
  return path
end

local function bytes_of(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function private(name, fields)
  fields = fields or {}
  fields.file = file_of(bytes_of(KEYS .. name))
  return assert(native.key(fields))
end

local function ed25519(keyid)
  return private("test-key-ed25519.private.pem", { keyid = keyid or "test-key-ed25519" })
end

local function public_ed25519(keyid)
  return assert(native.key {
    text = bytes_of(KEYS .. "test-key-ed25519.public.pem"), keyid = keyid or "test-key-ed25519",
  })
end

local function request()
  return {
    method = "POST",
    target_uri = "https://gateway.example.com/data/core/dps/offers?offer-type=fallback",
    headers = {
      "Authorization: Bearer test-token", { "Content-Type", "application/json" },
      "x-gw-ims-org-id: ORG@AdobeOrg", "x-sandbox-name: dev",
    },
    body = '{"name":"Fallback A","rank":{"priority":0}}',
  }
end

local FAPI2 = { "created", "expires", "nonce", "keyid", "tag" }
local CREATED, NONCE = 1735689600, "AAECAwQFBgcICQoLDA0ODw=="

local function fapi2(key)
  return assert(native.signer {
    key = key, params = FAPI2, tag = "fapi-2-request", digest = "sha-256",
  })
end

local function signed(key, message)
  message = message or request()
  local made = assert(native.sign_message(fapi2(key or ed25519()), message, CREATED, NONCE))
  for _, line in ipairs(made.headers) do
    message.headers[#message.headers + 1] = line
  end
  return message, made
end

local T = {}

-- Keys --------------------------------------------------------------------------------------------

function T.test_key_is_known_by_its_algorithm_and_id_and_by_nothing_else()
  local key = ed25519 "mine"
  lu.assertEquals(key:alg(), "ed25519")
  lu.assertEquals(key:keyid(), "mine")
  lu.assertTrue(key:can_sign())
  lu.assertEquals(tostring(key), "ed25519 key mine")
  lu.assertFalse(getmetatable(key))
  lu.assertFalse(public_ed25519():can_sign())
end

function T.test_keyid_is_the_thumbprint_when_none_is_given()
  local key = private "test-key-ed25519.private.pem"
  lu.assertEquals(key:keyid(), key:thumbprint())
  -- RFC 8037, appendix A.3, has another key; this one is openssl's and sha256sum's:
  -- {"crv":"Ed25519","kty":"OKP","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}
  lu.assertEquals(key:keyid(), "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U")
end

function T.test_public_half_can_be_given_away_and_read_again()
  local jwk = ed25519():public_jwk()
  local again = assert(native.key { text = jwk })
  lu.assertFalse(again:can_sign())
  lu.assertNotNil(native.verify_message((signed()), { keys = { again }, any_keyid = true,
    now = CREATED }))
end

function T.test_shared_secret_is_every_byte_of_its_file()
  local key = assert(native.key { file = file_of "john-secret-key\n", keyid = "john" })
  local other = assert(native.key { file = file_of "john-secret-key", keyid = "john" })
  lu.assertEquals(key:alg(), "hmac-sha256")
  lu.assertNotEquals(key:thumbprint(), other:thumbprint())
  lu.assertNil(key:public_jwk())
end

function T.test_key_from_a_secrets_handle()
  local handle = native.secret.public "john-secret-key"
  local key = assert(native.key { secret = handle, keyid = "john" })
  lu.assertEquals(key:alg(), "hmac-sha256")
end

function T.test_key_that_can_sign_is_not_taken_from_a_text()
  for _, text in ipairs { bytes_of(KEYS .. "test-key-ed25519.private.pem"), "a shared secret" } do
    local key, reason, why = native.key { text = text }
    lu.assertNil(key)
    lu.assertEquals(reason, "key-unfit")
    lu.assertStrContains(why, "give a file")
  end
end

function T.test_files_that_can_sign_are_their_owners_alone()
  local open = file_of(bytes_of(KEYS .. "test-key-ed25519.private.pem"), "644")
  for _, public in ipairs { false, true } do
    local key, reason, why = native.key { file = open, public = public }
    lu.assertNil(key)
    lu.assertEquals(reason, "key-file")
    lu.assertStrContains(why, "chmod 600")
  end
  local pub = file_of(bytes_of(KEYS .. "test-key-ed25519.public.pem"), "644")
  lu.assertNotNil(native.key { file = pub, public = true })
end

function T.test_what_is_no_key_is_refused_with_a_reason()
  local private_pem = bytes_of(KEYS .. "test-key-ed25519.private.pem")
  local cases = {
    { { file = "/nowhere/key" }, "key-file" },
    { { file = "/nowhere/key", public = true }, "key-file" },
    { { file = file_of "" }, "key-file" },
    { { file = file_of(private_pem), alg = "hmac-sha256" }, "key-unfit" },
    { { file = file_of(private_pem), alg = "rsa-pss-sha512" }, "key-unfit" },
    { { file = file_of "not a key", alg = "ed25519" }, "key-malformed" },
    { { file = file_of "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
      "key-malformed" },
    { { text = '{"kty":"OKP"}' }, "key-malformed" },
  }
  for i, case in ipairs(cases) do
    local key, reason, why = native.key(case[1])
    lu.assertNil(key, i)
    lu.assertEquals(reason, case[2], i .. ": " .. tostring(why))
    lu.assertTrue(#why > 0, i)
  end
end

function T.test_misused_key_is_raised()
  for _, wrong in ipairs { {}, { file = "a", text = "b" }, { file = 5 }, { file = {} },
    { text = "x", alg = "md5" }, { text = "x", form = "pgp" }, { secret = "x" } } do
    lu.assertFalse(pcall(native.key, wrong))
  end
end

-- Signing -----------------------------------------------------------------------------------------

function T.test_published_vectors_come_out_byte_for_byte()
  local _, made = signed()
  lu.assertEquals(made.headers[1],
    "Content-Digest: sha-256=:kAJ0IfjHqe9AH0qXMo5v+aXbhKMktujBLhYsghEKA/c=:")
  lu.assertEquals(made.headers[3], "Signature: dps=:5uORCR4zKyeHKFc4xDxSEEyXRny5wfPmfxLqAJfcw+VM"
    .. "V0dfgjtpUM6te2+PTqM3c+8WVnhgaGWzQp+g+wy8CA==:")
  lu.assertEquals(#made.base, 541)
  lu.assertStrContains(made.base, '"authorization": Bearer test-token\n')
  lu.assertStrContains(native.mask_base(made.base), '"authorization": ***\n')
  local secret = private("test-shared-secret.secret", { keyid = "test-shared-secret" })
  local _, by_secret = signed(secret)
  lu.assertEquals(by_secret.signature, "dps=:Mz5W/Z0JAWI89zVTW6Q9auu52YARlqKyLabMSKNPfGU=:")
end

function T.test_headers_in_one_string_are_the_same_as_a_list()
  local message = request()
  message.headers = "Authorization: Bearer test-token\r\nContent-Type: application/json\r\n"
    .. "x-gw-ims-org-id:ORG@AdobeOrg\r\nx-sandbox-name:  dev \r\n\r\n"
  local made = assert(native.sign_message(fapi2(ed25519()), message, CREATED, NONCE))
  local _, same = signed()
  lu.assertEquals(made, same)
end

function T.test_server_gives_scheme_and_target_instead_of_the_uri()
  local message = request()
  message.target_uri, message.scheme = nil, "https"
  message.request_target = "/data/core/dps/offers?offer-type=fallback"
  message.headers[#message.headers + 1] = "Host: gateway.example.com"
  local made = assert(native.sign_message(fapi2(ed25519()), message, CREATED, NONCE))
  local _, same = signed()
  lu.assertEquals(made.signature, same.signature)
end

function T.test_message_that_gives_no_uri_lacks_the_component_and_nothing_else()
  for _, headers in ipairs { {}, { "Host: " }, { "Host: a b" }, { "Host: a", "Host: b" } } do
    local message = { method = "GET", scheme = "https", request_target = "/x", headers = headers }
    local signer = assert(native.signer { key = ed25519(), components = { "@target-uri" } })
    local made, reason = native.sign_message(signer, message)
    lu.assertNil(made)
    lu.assertEquals(reason, "component-absent")
    signer = assert(native.signer { key = ed25519(), components = { "@method" } })
    lu.assertNotNil(native.sign_message(signer, message))
  end
end

function T.test_components_with_a_mark_may_be_missing()
  local signer = assert(native.signer {
    key = ed25519(), params = { "created" },
    components = { "@method", "x-not-there?", "x-sandbox-name" },
  })
  local made = assert(native.sign_message(signer, request(), CREATED))
  lu.assertEquals(made.signature_input, 'dps=("@method" "x-sandbox-name");created=1735689600')
  lu.assertNil(made.content_digest)
end

function T.test_what_cannot_be_signed_is_said()
  local signer = assert(native.signer { key = ed25519(), components = { "x-not-there" } })
  local made, reason, why = native.sign_message(signer, request())
  lu.assertNil(made)
  lu.assertEquals(reason, "component-absent")
  lu.assertStrContains(why, "x-not-there")
  for _, spec in ipairs { { components = { "@metod" } }, { components = { "@method", "@method" } },
    { params = { "tag" }, tag = "\n" }, { key = public_ed25519() }, { label = "UPPER" } } do
    spec.key = spec.key or ed25519()
    local refused, word, sentence = native.signer(spec)
    lu.assertNil(refused)
    lu.assertTrue(#word > 0 and #sentence > 0)
  end
end

function T.test_misused_signers_and_messages_are_raised()
  local key = ed25519()
  for _, spec in ipairs { {}, { key = "k" }, { key = key, form = "soap" },
    { key = key, params = { "x" } }, { key = key, components = "@method" },
    { key = key, components = { 5 } },
    { key = key, lifetime = 0 }, { key = key, digest = "md5" } } do
    lu.assertFalse(pcall(native.signer, spec))
  end
  local signer = fapi2(key)
  for _, message in ipairs { 5, { method = 5 }, { headers = 5 }, { headers = { 5 } },
    { headers = { { "a" } } }, { headers = { "no colon" } }, { status = 5 }, { body = 5 },
    { request = 5 } } do
    lu.assertFalse(pcall(native.sign_message, signer, message))
  end
end

-- Verifying ---------------------------------------------------------------------------------------

local function policy(fields)
  fields = fields or {}
  fields.keys = fields.keys or { public_ed25519() }
  fields.now = fields.now or CREATED + 10
  return fields
end

function T.test_signed_message_verifies_and_says_what_it_is()
  local found = assert(native.verify_message((signed()), policy {
    window = 300, tag = "fapi-2-request", params = { "created", "nonce", "keyid" },
    components = {
      "@method", "@target-uri", "authorization", "content-digest!", "x-request-id?",
    },
  }))
  lu.assertEquals(#found, 1)
  local one = found[1]
  lu.assertEquals(
    { one.label, one.keyid, one.nonce, one.created, one.expires, one.tag, one.key_alg },
    { "dps", "test-key-ed25519", NONCE, CREATED, CREATED + 300, "fapi-2-request", "ed25519" })
  lu.assertNil(one.reason)
  lu.assertEquals(#one.base, 541)
end

-- What changes, and the word for it.
local CHANGES = {
  { "bad-signature", function(m) m.method = "PUT" end },
  { "bad-signature", function(m) m.headers[4] = "x-sandbox-name: prod" end },
  { "bad-signature", function(m) m.target_uri = m.target_uri .. "&x=1" end },
  { "digest-mismatch", function(m) m.body = m.body .. " " end },
  { "component-absent", function(m) table.remove(m.headers, 1) end },
  { "missing", function(m) m.headers = { "x-sandbox-name: dev" } end },
  { "malformed", function(m) m.headers[#m.headers - 1] = "Signature-Input: dps=(" end },
  { "expired", nil, { now = CREATED + 301 } },
  { "expired", nil, { window = 5 } },
  { "not-yet-valid", nil, { now = CREATED - 60 } },
  { "unknown-key", nil, { keys = {} } },
  { "tag", nil, { tag = "other" } },
  { "component-missing", nil, { components = { "x-api-key" } } },
  { "parameter-missing", nil, { params = { "alg" } } },
}

function T.test_each_change_has_its_word()
  for i, change in ipairs(CHANGES) do
    local message = signed()
    if change[2] then change[2](message) end
    local wanted = {}
    for name, value in pairs(change[3] or {}) do wanted[name] = value end
    local found, reason, why, all = native.verify_message(message, policy(wanted))
    lu.assertNil(found, i)
    lu.assertEquals(reason, change[1], i .. ": " .. tostring(why))
    lu.assertTrue(#why > 0, i)
    lu.assertIsTable(all, i)
  end
end

function T.test_policy_can_be_used_again()
  local wanted = policy { components = { "content-digest!", "x-request-id?" } }
  for _ = 1, 2 do lu.assertNotNil(native.verify_message((signed()), wanted)) end
  lu.assertEquals(wanted.components, { "content-digest!", "x-request-id?" })
  local bare = { method = "GET", target_uri = "https://a.example/", headers = {} }
  local signer = assert(native.signer { key = ed25519(), components = { "@method" },
    params = { "created", "keyid" } })
  for _, line in ipairs(assert(native.sign_message(signer, bare, CREATED)).headers) do
    bare.headers[#bare.headers + 1] = line
  end
  lu.assertNotNil(native.verify_message(bare, wanted))
end

function T.test_key_is_found_by_its_id_among_several()
  local other = private("test-shared-secret.secret", { keyid = "test-shared-secret" })
  local keys = { other, public_ed25519() }
  lu.assertNotNil(native.verify_message((signed()), policy { keys = keys }))
  lu.assertNotNil(native.verify_message((signed(other)), policy { keys = keys }))
  local _, reason = native.verify_message((signed()), policy { keys = { public_ed25519 "x" } })
  lu.assertEquals(reason, "unknown-key")
  lu.assertNotNil(native.verify_message((signed()),
    policy { keys = { public_ed25519 "x" }, any_keyid = true }))
end

function T.test_response_is_tied_to_its_request()
  local key = ed25519()
  local message = { status = 201, headers = { "Content-Type: application/json" }, body = "{}",
    request = request() }
  local signer = assert(native.signer { key = key, params = { "created", "keyid" },
    digest = "sha-512",
    components = { "@status", '"@method";req', '"@target-uri";req', "content-digest" } })
  for _, line in ipairs(assert(native.sign_message(signer, message, CREATED)).headers) do
    message.headers[#message.headers + 1] = line
  end
  lu.assertNotNil(native.verify_message(message, policy()))
  message.request.method = "PATCH"
  local _, reason = native.verify_message(message, policy())
  lu.assertEquals(reason, "bad-signature")
  message.request = nil
  _, reason = native.verify_message(message, policy())
  lu.assertEquals(reason, "component-absent")
end

-- The headers of a real answer begin with its status line.
function T.test_raw_lines_of_an_answer_are_taken_with_their_status_line()
  local message = { status = 200, body = "", headers = "HTTP/1.1 200 OK: really\r\nX-A: 1\r\n" }
  local signer = assert(native.signer { key = ed25519(), params = { "created" },
    components = { "@status", "x-a" } })
  local made = assert(native.sign_message(signer, message, CREATED))
  message.headers = message.headers .. table.concat(made.headers, "\r\n") .. "\r\n\r\n"
  lu.assertNotNil(native.verify_message(message, policy()))
end

function T.test_misused_policy_is_raised()
  for _, wrong in ipairs { 5, {}, { keys = 5 }, { keys = { 5 } },
    { keys = {}, components = 5 }, { keys = {}, params = { "x" } }, { keys = {}, window = "x" } } do
    lu.assertFalse(pcall(native.verify_message, request(), wrong))
  end
end

support.run(T)
