-- dps.verify and dps.key for scripts that receive signed messages: published messages pass, and
-- what does not says one reason; a script that does not look at the result is stopped.

local lu = require "luaunit"
local base64 = require "dps.base64"
local dps = require "dps"
local support = require "support"

local T = {}

local VECTORS = "tests/vectors/signed/"
local CREATED = 1767323045

local function read(name)
  local file = assert(io.open(VECTORS .. name, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local folder = support.tmpdir()

-- What can sign must be its owner's alone, which a checkout does not keep.
local function private(name)
  local path = support.write(folder .. "/" .. name, read("keys/" .. name))
  assert(os.execute("chmod 600 '" .. path .. "'"))
  return path
end

local ed25519 = dps.key { file = VECTORS .. "keys/ed25519.pub", keyid = "ed25519" }

local function verify(changes, text)
  local options = { keys = { ed25519 }, now = CREATED + 10 }
  for name, value in pairs(changes or {}) do
    options[name] = value
  end
  return dps.verify(text or read "npm-ed25519.http", options)
end

local function refused(reason, ...)
  local ok, e = pcall(verify, ...)
  lu.assertFalse(ok, reason)
  lu.assertEquals({ e.kind, e.reason }, { "refused", reason }, tostring(e))
  lu.assertStrContains(tostring(e), "test_verify.lua:")
  lu.assertStrContains(tostring(e), reason)
  return e
end

local function edited(pattern, with)
  local text, n = read("npm-ed25519.http"):gsub(pattern, with)
  assert(n > 0, pattern)
  return text
end

function T.test_who_signed_and_what_is_covered()
  local signed, all = verify()
  lu.assertEquals({ signed.keyid, signed.alg, signed.label, signed.tag, signed.nonce },
    { "ed25519", "ed25519", "npm", "fapi-2-request", "n-ed25519" })
  lu.assertEquals({ signed.created, signed.expires }, { CREATED, CREATED + 300 })
  lu.assertEquals(signed.components, { '"@method"', '"@target-uri"', '"authorization"',
    '"content-type"', '"content-digest"', '"x-gw-ims-org-id"', '"x-sandbox-name"' })
  lu.assertEquals(all, { signed })
end

function T.test_a_table_is_a_message_too()
  local text = read "npm-ed25519.http"
  local headers = {}
  for name, value in text:match "\r\n(.-)\r\n\r\n":gmatch "([^\r\n:]+): ([^\r\n]*)" do
    headers[name] = value
  end
  local message = {
    method = "POST", headers = headers, body = text:match "\r\n\r\n(.*)$",
    url = "https://gateway.example.com/data/core/dps/offers?offer-type=fallback",
  }
  lu.assertEquals(dps.verify(message, { keys = { ed25519 }, now = CREATED }).keyid, "ed25519")
  message.body = message.body .. " "
  local ok, e = pcall(dps.verify, message, { keys = { ed25519 }, now = CREATED })
  lu.assertEquals({ ok, e.reason }, { false, "digest-mismatch" })
end

function T.test_one_reason_out_of_a_closed_list()
  refused("missing", nil, edited("\r\nSignature[^\r]*", ""))
  refused("malformed", nil, edited('npm=%("', 'npm=("@'):gsub("keyid=", "keyid"))
  refused("tag", { tag = "other" })
  refused("component-missing", { required = { "x-api-key" } })
  refused("parameter-missing", { parameters = { "alg" } })
  refused("component-absent", nil, edited("\r\nx%-sandbox%-name: dev", ""))
  refused("component-invalid", nil, edited('%("@method"', '("@method" "@method"'))
  refused("unknown-key", { keys = { dps.key(VECTORS .. "keys/p256.pub"), ed25519 } },
    edited('keyid="ed25519"', 'keyid="other"'))
  refused("alg", nil, edited(";tag=", ';alg="hmac-sha256";tag='))
  refused("not-yet-valid", { now = CREATED - 31 })
  refused("expired", { now = CREATED + 301 })
  refused("expired", { now = CREATED + 61, window = 60 })
  refused("bad-signature", nil, edited("sandbox%-name: dev", "sandbox-name: prod"))
  refused("bad-signature", { scheme = "http" })
  refused("digest-mismatch", nil, edited("Fallback A", "Fallback B"))
end

function T.test_by_default_a_signature_must_cover_what_was_asked()
  refused("component-missing", nil, read "npm-parts.http")
  lu.assertEquals(verify({ required = { "@path" }, now = CREATED }, read "npm-parts.http").tag,
    "reads")
end

function T.test_keys_can_be_looked_up()
  local asked = {}
  local signed = verify { keys = function(keyid, signature)
    asked[#asked + 1] = keyid .. "/" .. signature.tag
    return ed25519
  end }
  lu.assertEquals({ signed.keyid, asked }, { "ed25519", { "ed25519/fapi-2-request" } })
  refused("unknown-key", { keys = function() end })
end

function T.test_a_nonce_is_handed_to_who_remembers_it()
  local nonces = {}
  local function seen(nonce)
    local before = nonces[nonce]
    nonces[nonce] = true
    return before
  end
  verify { seen = seen }
  refused("replay", { seen = seen })
  lu.assertEquals(nonces, { ["n-ed25519"] = true })
  pcall(verify, { seen = seen }, edited("n%-ed25519", "n-other"))
  lu.assertNil(nonces["n-other"], "what does not verify is not remembered")
end

function T.test_a_response_is_verified_with_its_request()
  local text = read "npm-response.http"
  local message = { status = 201, headers = {}, body = text:match "\r\n\r\n(.*)$" }
  for name, value in text:match "\r\n(.-)\r\n\r\n":gmatch "([^\r\n:]+): ([^\r\n]*)" do
    table.insert(message.headers, { name, value })
  end
  local options = { keys = { ed25519 }, now = CREATED }
  lu.assertEquals(select(2, pcall(dps.verify, message, options)).reason, "component-absent")
  message.request = { method = "POST",
    url = "https://gateway.example.com/data/core/dps/offers?offer-type=fallback",
    headers = { read("npm-ed25519.http"):match "(Content%-Digest: [^\r]*)" }, body = false }
  lu.assertEquals(dps.verify(message, options).tag, "fapi-2-response")
end

-- RFC 9421, section 2.4: its answer covers all of the request but the query.
function T.test_what_ties_a_response_to_its_request_is_demanded_unless_a_list_says_otherwise()
  local rfc = "tests/vectors/rfc9421/"
  local head, body = support.read(rfc .. "2.4.http"):match "^(.-)\r?\n\r?\n(.*)$"
  local asked, sent = support.read(rfc .. "2.4-request.http"):match "^(.-)\r?\n\r?\n(.*)$"
  local function lines_of(text)
    local lines = {}
    for line in text:gmatch "\n([^\r\n]+)" do lines[#lines + 1] = line end
    return lines
  end
  local message = { status = 503, headers = lines_of(head), body = body, request = {
    method = "POST", url = "https://example.com/foo?param=Value&Pet=dog",
    headers = lines_of(asked), body = sent,
  } }
  local options = { now = 1618884479, keys = { dps.key {
    file = rfc .. "keys/test-key-ecc-p256.public.pem", keyid = "test-key-ecc-p256" } } }
  local _, e = pcall(dps.verify, message, options)
  lu.assertEquals(e.reason, "component-missing")
  lu.assertStrContains(e.message, '"@target-uri";req is not covered')
  options.required = { "@status", "content-digest", "@method;req", "@path;req",
    "content-digest;req" }
  lu.assertEquals(dps.verify(message, options).label, "reqres")
  message.request.url = "https://example.com/foo"
  options.required = nil
  lu.assertEquals(dps.verify(message, options).label, "reqres")
end

local function misuse(says, f, ...)
  local ok, e = pcall(f, ...)
  lu.assertFalse(ok)
  lu.assertEquals(e.kind, "invalid")
  lu.assertStrContains(e.message, says)
end

function T.test_misuse_is_an_error_of_the_script()
  misuse('unknown option "kyes"', dps.verify, "", { kyes = {} })
  misuse("keys must be a list of keys", verify, { keys = {} })
  misuse("keys must be a list of keys", verify, { keys = "key.pem" })
  misuse("required must be a list", verify, { required = "@method" })
  misuse("required[1] must be a string", verify, { required = { 1 } })
  misuse("window must be a whole number", verify, { window = -1 })
  misuse("the message can't be read: line 1", verify, nil, "hello")
  misuse("give one of file, text and secret", dps.key, {})
  misuse("file must be a string", dps.key, { file = 1 })
  misuse('unknown option "path"', dps.key, { path = "x" })
end

-- Keys --------------------------------------------------------------------------------------------

function T.test_a_key_tells_its_id_and_nothing_secret()
  local key = dps.key(private "ed25519.pem")
  lu.assertEquals({ key:alg(), key:can_sign(), #key:keyid() }, { "ed25519", true, 43 })
  lu.assertEquals(tostring(key), "ed25519 key " .. key:keyid())
  lu.assertFalse(pcall(function() return key .. "" end))
  lu.assertFalse(getmetatable(key))
  lu.assertFalse(dps.key({ text = read "keys/p256.pub", keyid = "k" }):can_sign())
end

function T.test_a_key_that_can_not_be_used_says_why()
  local open = support.write(folder .. "/open.pem", read "keys/ed25519.pem")
  assert(os.execute("chmod 644 '" .. open .. "'"))
  local empty = support.write(folder .. "/empty", "")
  for reason, source in pairs {
    ["key-file"] = open,
    ["key-unfit"] = { file = VECTORS .. "keys/p256.pub", alg = "ed25519" },
    ["key-malformed"] = { text = "no key", alg = "ed25519" },
  } do
    local ok, e = pcall(dps.key, source)
    lu.assertEquals({ ok, e.kind, e.reason }, { false, "refused", reason }, tostring(e))
  end
  for _, name in ipairs { folder .. "/none.pem", folder, empty } do
    local ok, e = pcall(dps.key, name)
    lu.assertEquals({ ok, e.kind }, { false, "refused" })
    lu.assertStrContains(e.message, name)
  end
end

function T.test_a_key_verifies_bare_bytes()
  local key = dps.key { file = VECTORS .. "keys/rsa.pub", alg = "rsa-v1_5-sha256" }
  lu.assertFalse(key:verify("text", "no signature"))
  lu.assertFalse(key:verify("text", ("x"):rep(256)))
  lu.assertFalse(key:verify("", ""))
end

function T.test_base64_is_strict()
  for text, bytes in pairs { [""] = "", ["YQ=="] = "a", ["YWI="] = "ab", ["YWJj"] = "abc",
    ["+/+/"] = "\xfb\xff\xbf" } do
    lu.assertEquals(base64.decode(text), bytes)
  end
  for _, text in ipairs { "Y", "YQ", "YQ=", "YQ===", "=YQ=", "YQ==YQ==", "-_-_", "YW Jj",
    "YWJj\n" } do
    lu.assertNil(base64.decode(text), text)
  end
end

-- Events of Adobe I/O -----------------------------------------------------------------------------

local EVENT = '{"event":{"id":1},"recipient_client_id":"client-1"}'

-- As Adobe does: RSA-SHA256 over the body, made by openssl.
local function signature_of(body)
  local text = support.write(folder .. "/event", body)
  local pipe = assert(io.popen(("openssl dgst -sha256 -sign '%s' '%s' | base64 -w0"):format(
    private "rsa.pem", text)))
  local signature = pipe:read "a"
  assert(pipe:close())
  return signature
end

local rsa = dps.key { file = VECTORS .. "keys/rsa.pub", alg = "rsa-v1_5-sha256" }

local function event(changes, body)
  local message = { body = body or EVENT, headers = {
    ["x-adobe-digital-signature-1"] = signature_of "something else",
    ["x-adobe-digital-signature-2"] = signature_of(EVENT),
    ["x-adobe-public-key1-path"] = "/prod/keys/pub-key-1.pem",
    ["x-adobe-public-key2-path"] = "/prod/keys/pub-key-2.pem",
  } }
  local options = { client_id = "client-1", keys = { rsa } }
  for name, value in pairs(changes or {}) do
    if name:find "^x%-" then
      message.headers[name] = value or nil
    else
      options[name] = value
    end
  end
  return dps.verify_event(message, options)
end

function T.test_an_event_is_good_when_one_signature_is()
  lu.assertEquals(event().event.id, 1)
  local asked = {}
  event { keys = function(path, url)
    asked[#asked + 1] = url
    return path:find "2" and rsa or nil
  end }
  lu.assertEquals(asked, { "https://static.adobeioevents.com/prod/keys/pub-key-1.pem",
    "https://static.adobeioevents.com/prod/keys/pub-key-2.pem" })
end

local function bad_event(reason, ...)
  local ok, e = pcall(event, ...)
  lu.assertEquals({ ok, e.kind, e.reason }, { false, "refused", reason }, tostring(e))
end

function T.test_an_event_that_is_none_says_why()
  bad_event("bad-signature", nil, EVENT .. " ")
  bad_event("bad-signature", { ["x-adobe-digital-signature-2"] = "no base64" })
  bad_event("bad-signature", { ["x-adobe-digital-signature-2"] = false })
  bad_event("missing", { ["x-adobe-digital-signature-1"] = false,
    ["x-adobe-digital-signature-2"] = false })
  bad_event("unknown-key", { keys = function() end })
  bad_event("recipient", { client_id = "client-2" })
  local function no_path(path)
    error("asked for " .. path)
  end
  for _, path in ipairs { "@evil.example/key.pem", "/../key.pem", "//evil.example/key.pem?x",
    "/key.pem#", "https://evil.example/key.pem", "/prod/keys/key.der" } do
    bad_event("unknown-key", { keys = no_path, ["x-adobe-public-key1-path"] = path,
      ["x-adobe-public-key2-path"] = path })
  end
end

function T.test_an_event_as_text()
  local text = "POST /hook HTTP/1.1\r\nHost: x\r\nx-adobe-digital-signature-1: "
    .. signature_of(EVENT) .. "\r\n\r\n" .. EVENT
  lu.assertEquals(dps.verify_event(text, { client_id = "client-1", keys = { rsa } }).event.id, 1)
end

function T.test_what_is_no_key_is_told_with_how_to_make_one()
  for says, keys in pairs {
    ['keys[1] must be a key, not a string; make one with dps.key "job.pub"'] = { "job.pub" },
    ["keys[2] must be a key, not a number"] = { ed25519, 7 },
    ["keys must be a key, not a userdata"] = io.stdout,
    ["what keys returns must be a key, not a string"] = function() return "job.pub" end,
  } do
    local ok, e = pcall(verify, { keys = keys })
    lu.assertFalse(ok, says)
    lu.assertStrContains(tostring(e), says)
    lu.assertStrContains(tostring(e), "test_verify.lua:")
  end
end

support.run(T)
