-- dps.key: a key for signatures as a handle. A script can pass it on and ask for its id; whatever
-- is secret in it stays in native code.

local native = require "dps.native"
local err = require "dps.err"
local options = require "dps.options"

local key = {}

---Where a key comes from: one of file, text and secret, and what is to be known of it.
---@class dps.KeySource
---@field file string?      PEM, DER, JWK, or the bytes of a shared secret. What can sign must be
---                         readable by its owner only
---@field text string?      a public key as PEM or JWK
---@field secret dps.Secret?  a secret's handle
---@field keyid string?     default: the JWK's kid, else its RFC 7638 thumbprint
---@field alg string?       "ed25519", "hmac-sha256", "ecdsa-p256-sha256", "ecdsa-p384-sha384",
---                         "rsa-pss-sha512", "rsa-v1_5-sha256"; default: by the key's type, for RSA
---                         "rsa-pss-sha512"
---@field form string?      "pem", "der", "jwk", "secret"; default: found out
---@field passphrase dps.Secret?  for an encrypted PEM

---A key as a handle. Its methods are called with a colon: `key:keyid()`.
---@class dps.Key: userdata
---@field keyid fun(self): string  what signatures call it; "" for a shared secret without one
---@field alg fun(self): string  its algorithm, such as "ed25519"
---@field can_sign fun(self): boolean  whether it holds what signs; else it only verifies
---@field verify fun(self, bytes: string, signature: string): boolean  of these very bytes
---@field thumbprint fun(self): string?  RFC 7638
---@field public_jwk fun(self): string?  its public half as JSON; nil for a shared secret

local KNOWN = { "file", "text", "secret", "keyid", "alg", "form", "passphrase" }

local HINTS = {
  ["key-file"] = "check the name of the file, and that its owner alone can read it (chmod 600)",
  ["key-empty"] = "give a file that holds the key",
  ["key-malformed"] = "give a PEM, DER or JWK file; for a shared secret say alg \"hmac-sha256\"",
  ["key-encrypted"] = "to verify, the public half will do: openssl pkey -in key.pem -pubout; to"
    .. " sign, give its passphrase",
  ["key-passphrase"] = "check the passphrase",
  ["key-unfit"] = "give a key of the type that the algorithm needs",
}

local function check_source(source)
  local n = 0
  for _, name in ipairs { "file", "text", "secret" } do
    n = n + (source[name] ~= nil and 1 or 0)
  end
  if n ~= 1 then
    err.misuse "key: give one of file, text and secret"
  end
  if source.file == "" then
    err.raise { kind = "refused", reason = "key-file",
      message = "the name of a key's file is empty",
      hint = "name the file, such as job.pem" }
  end
  for _, name in ipairs { "file", "text", "keyid", "alg", "form" } do
    if source[name] ~= nil and type(source[name]) ~= "string" then
      err.misuse(("key: %s must be a string, not a %s"):format(name, type(source[name])))
    end
  end
end

---Loads a key; raises kind "refused" with `err.reason` for one that can't be used.
---@param source dps.KeySource|string  a string is the name of a file
---@return dps.Key key
function key.load(source)
  if type(source) == "string" then
    source = { file = source }
  end
  source = options.check("key", source, KNOWN)
  check_source(source)
  local given = { public = true } -- what can sign is refused all the same where others can read it
  for name, value in pairs(source) do
    given[name] = value
  end
  local made, reason, detail = native.key(given)
  if made then
    return made
  end
  err.raise { kind = "refused", reason = reason, hint = HINTS[reason],
    message = ("the key %scan't be used: %s"):format(source.file and source.file .. " " or "",
      detail) }
end

local function exists(name)
  local file = io.open(name, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

---A key as command lines name one. A keyid may end in "=", and a file that exists is no keyid.
---@param text string  "KEYID=FILE", or "FILE" alone
---@param alg string?
---@return dps.Key key
---@return boolean any  no keyid was given, so it may stand for any
function key.named(text, alg)
  local keyid, file
  if not exists(text) then
    keyid, file = text:match "^(.+)=(.-)$"
  end
  return key.load { file = file or text, keyid = keyid, alg = alg }, keyid == nil
end

return key
