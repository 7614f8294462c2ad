-- Events that Adobe I/O sends to a webhook: whether Adobe signed them, and whether they are for
-- this client. Two signatures (RSA-SHA256 over the raw body, base64) stand in headers, each with
-- the path of its public key below https://static.adobeioevents.com; one that verifies is enough,
-- so that keys can change (Adobe I/O Events, "Signature verification").

local base64 = require "dps.base64"
local err = require "dps.err"
local json = require "dps.json"
local message = require "dps.signature.message"
local options = require "dps.options"

local event = {}

event.KEYS = "https://static.adobeioevents.com"

---A request of Adobe I/O Events as it came.
---@class dps.Event
---@field headers table  by name, or a list of "Name: value"
---@field body string  the raw bytes, before anything has parsed them

---Whose events count, and which keys.
---@class dps.EventOptions
---@field client_id string   the credential's, which the event must be for
---@field keys dps.Key[]|fun(path: string, url: string): dps.Key?  from dps.key with alg
---                          "rsa-v1_5-sha256"; or who finds the key of a path

local HINTS = {
  missing = "take headers and body from the request as it came, headers of this event among them",
  ["unknown-key"] = "fetch the key from the URL above, and give it with alg = \"rsa-v1_5-sha256\"",
  ["bad-signature"] = "give the raw bytes of the body, before anything has parsed them",
  malformed = "give the raw bytes of the body, before anything has parsed them",
  recipient = "this event is another client's: do not act on it",
}

local function fail(reason, detail)
  err.raise { kind = "refused", operation = "verify_event", reason = reason,
    message = reason .. ": " .. detail, hint = HINTS[reason] }
end

local function value_of(headers, name)
  for _, field in ipairs(headers) do
    if field[1]:lower() == name then
      return field[2]
    end
  end
  return nil
end

-- Only a path of Adobe's own place for keys: whoever can name a key could else name its own.
local PATH = "^/[%w%-._/]+%.pem$"

local function keys_for(keys, path)
  if type(keys) == "table" then
    return keys
  elseif not path or not path:find(PATH) or path:find("..", 1, true) then
    return {}
  end
  return { keys(path, event.KEYS .. path) }
end

local function one_verifies(headers, body, keys, n)
  local text = value_of(headers, ("x-adobe-digital-signature-%d"):format(n))
  local signature = text and base64.decode(text)
  local found = keys_for(keys, value_of(headers, ("x-adobe-public-key%d-path"):format(n)))
  for _, key in ipairs(signature and found or {}) do
    if key:verify(body, signature) then
      return true
    end
  end
  return false, text ~= nil, found[1] ~= nil
end

local function check_signatures(headers, body, keys)
  local signed, known = false, false
  for n = 1, 2 do
    local verifies, has, found = one_verifies(headers, body, keys, n)
    if verifies then
      return
    end
    signed, known = signed or has, known or found
  end
  if not signed then
    fail("missing", "neither x-adobe-digital-signature-1 nor -2 is there")
  elseif not known then
    fail("unknown-key", "there is no key for " .. event.KEYS
      .. (value_of(headers, "x-adobe-public-key1-path") or ""))
  end
  fail("bad-signature", "neither signature is of this body")
end

local function check_options(opts)
  opts = options.check("verify_event", opts, { "client_id", "keys" })
  if type(opts.client_id) ~= "string" or opts.client_id == "" then
    err.misuse "verify_event: client_id must be the credential's client id"
  elseif type(opts.keys) ~= "function" and not (type(opts.keys) == "table" and opts.keys[1]) then
    err.misuse "verify_event: keys must be a list of keys, or a function that finds one by path"
  end
  return opts
end

---Verifies an event of Adobe I/O. Raises kind "refused" with `err.reason`: "missing",
---"unknown-key", "bad-signature", "malformed" or "recipient".
---@param given dps.Event|string  a table, or the text of an HTTP message
---@param opts dps.EventOptions  both are needed
---@return table event  decoded
function event.verify(given, opts)
  opts = check_options(opts)
  local headers, body = message.parts("verify_event", given)
  check_signatures(headers, body, opts.keys)
  local value = json.decode(body)
  if type(value) ~= "table" then
    fail("malformed", "the body is no JSON object")
  elseif value.recipient_client_id ~= opts.client_id then
    fail("recipient", ("it is for client %s"):format(tostring(value.recipient_client_id)))
  end
  return value
end

return event
