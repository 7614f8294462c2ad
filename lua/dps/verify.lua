-- dps.verify: whether a message is what its signer signed (RFC 9421), for scripts that receive
-- signed messages. What counts as signed is the policy's to say; the cryptography is native code.

local native = require "dps.native"
local err = require "dps.err"
local message = require "dps.signature.message"
local options = require "dps.options"
local base = require "dps.signature.base"
local reasons = require "dps.signature.reasons"

local verify = {}

---What counts as signed.
---@class dps.VerifyOptions
---@field keys dps.Key[]|fun(keyid: string?, signature: table): dps.Key?  from dps.key; or who
---                          looks one up
---@field required string[]? components that must be covered, such as "@method" or "x-tenant"; with
---                          ? at its end only where the message has it, with ! only where it has a
---                          body. Default for a request: @method, @target-uri, content-digest!,
---                          authorization?; for a response: @status, content-digest!, and of the
---                          request that it answers, where that is given: @method;req,
---                          @target-uri;req, and signature;req or content-digest;req if it has one
---@field parameters string[]?  that must be there; default { "created" }
---@field window integer?    seconds since created at most; default 300; 0: any
---@field future integer?    seconds that created may lie ahead; default 30
---@field tag string?        only signatures with this tag count
---@field label string?      only this signature counts
---@field seen (fun(nonce: string, signature: dps.VerifiedSignature): boolean)?  remembers a nonce;
---                          true when it was there before
---@field now integer?       seconds since 1970; default: the clock
---@field url string?        of a message given as text: the URL as its sender had it
---@field scheme string?     of a message given as text: "https" or "http"; default "https"

---A signature that was accepted.
---@class dps.VerifiedSignature
---@field keyid string?      whom the signature names
---@field alg string         the key's algorithm
---@field label string       its name in both headers
---@field tag string?        what it is for, such as "fapi-2-request"
---@field nonce string?      what tells it from the same one sent again
---@field created integer?   seconds since 1970
---@field expires integer?   seconds since 1970
---@field components string[]  what is covered: `"@method"`, `"content-digest";req`

local KNOWN = {
  "keys", "required", "parameters", "window", "future", "tag", "label", "seen", "now", "url",
  "scheme",
}

---What must be covered when nothing is said.
verify.REQUEST = { "@method", "@target-uri", "content-digest!", "authorization?" }
verify.RESPONSE = { "@status", "content-digest!" }

local function check_strings(name, list)
  if list == nil then
    return
  elseif type(list) ~= "table" then
    err.misuse(("verify: %s must be a list of strings"):format(name))
  end
  for i, one in ipairs(list) do
    if type(one) ~= "string" then
      err.misuse(("verify: %s[%d] must be a string, not a %s"):format(name, i, type(one)))
    end
  end
end

local function check_seconds(given, name)
  local n = given[name]
  if n ~= nil and (math.type(n) ~= "integer" or n < 0) then
    err.misuse(("verify: %s must be a whole number of seconds"):format(name))
  end
end

local function is_key(value)
  return type(value) == "userdata" and pcall(function() return value:can_sign() end)
end

local function check_key(name, key)
  if not is_key(key) then
    err.misuse(("verify: %s must be a key, not a %s%s"):format(name, type(key),
      type(key) == "string" and ("; make one with dps.key %q"):format(key) or ""))
  end
end

local function check_keys(keys)
  if type(keys) == "userdata" then
    check_key("keys", keys)
    return { keys }
  elseif type(keys) ~= "table" and type(keys) ~= "function" or type(keys) == "table" and not keys[1]
  then
    err.misuse "verify: keys must be a list of keys (from dps.key), or a function that finds one"
  end
  for i, key in ipairs(type(keys) == "table" and keys or {}) do
    check_key(("keys[%d]"):format(i), key)
  end
  return keys
end

local function policy_of(given, made)
  check_strings("required", given.required)
  check_strings("parameters", given.parameters)
  for _, name in ipairs { "window", "future", "now" } do
    check_seconds(given, name)
  end
  return {
    keys = check_keys(given.keys), window = given.window or 300, future = given.future,
    now = given.now, tag = given.tag, label = given.label,
    components = given.required or (made.status and verify.RESPONSE or verify.REQUEST),
    params = given.parameters or { "created" },
    tied = made.request ~= nil and not given.required,
  }
end

-- With a function for keys the message is looked at twice: first for the ids of its keys.
local function find_keys(made, policy)
  local look_up = policy.keys
  if type(look_up) ~= "function" then
    return
  end
  policy.keys = {}
  local _, _, _, found = native.verify_message(made, policy)
  for _, signature in ipairs(found or {}) do
    local key = look_up(signature.keyid, signature)
    if key ~= nil then
      check_key("what keys returns", key)
      table.insert(policy.keys, key)
    end
  end
end

local function fail(reason, detail)
  err.raise {
    kind = "refused", reason = reason, operation = "verify", hint = reasons.hints[reason],
    message = detail ~= "" and ("%s: %s"):format(reason, detail) or reason,
  }
end

---A signature as scripts see it.
---@param found table  one of native.verify_message's
---@return dps.VerifiedSignature
function verify.describe(found)
  return {
    label = found.label, keyid = found.keyid, alg = found.key_alg, tag = found.tag,
    nonce = found.nonce, created = found.created, expires = found.expires,
    components = base.components(found.components),
  }
end

local function check_replay(signature, seen)
  if not seen then
    return
  elseif not signature.nonce then
    fail("parameter-missing", "it has no nonce, so a replay can't be told")
  elseif seen(signature.nonce, signature) then
    fail("replay", ("the nonce of %q was seen before"):format(signature.label))
  end
end

---Verifies a signed message. Returns who signed it and what is covered; raises kind "refused" with
---`err.reason`, one word of dps.SignatureReason, for what is not accepted. Of several signatures
---that count (by label, by tag, or all) every one must pass.
---@param given dps.Message|string  a table, or the text of an HTTP message
---@param opts dps.VerifyOptions  `keys` is needed
---@return dps.VerifiedSignature signature  the first
---@return dps.VerifiedSignature[] all
function verify.message(given, opts)
  opts = options.check("verify", opts, KNOWN)
  local made = message.check("verify", given, { url = opts.url, scheme = opts.scheme })
  local policy = policy_of(opts, made)
  find_keys(made, policy)
  local found, reason, detail = native.verify_message(made, policy)
  if not found then
    fail(reason, detail)
  end
  local all = {}
  for i, one in ipairs(found) do
    all[i] = verify.describe(one)
    check_replay(all[i], opts.seen)
  end
  return all[1], all
end

return verify
