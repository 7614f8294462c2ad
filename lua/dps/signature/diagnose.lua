-- Why a signature does not verify: which usual change of the message on the way, or which usual
-- mistake of the signer, would make it valid. It only asks whether a guess verifies; what it finds
-- explains a refusal and never lifts it. Pure.

local base = require "dps.signature.base"
local bodies = require "dps.signature.bodies"
local rewrites = require "dps.signature.rewrites"

local diagnose = {}

---@class dps.signature.Finding
---@field changes string[]       in words: what was otherwise when it was signed, or how it was
---@field message table?         the message that verifies, where one does
---@field mistake string?        of the signer's, with the section of the RFC that has it otherwise

---@class dps.signature.Guesses  how to ask
---@field holds fun(message: table): boolean    the signature verifies for this message, whatever
---                                             its body
---@field whole fun(message: table): boolean    the same, and Content-Digest is the body's
---@field bytes fun(text: string, signature: string): boolean  the signature of these bytes
---@field signature string?     the bytes of the signature

-- The message on the way --------------------------------------------------------------------------

local function changed(message, request)
  local copy = {}
  for name, value in pairs(message) do
    copy[name] = value
  end
  copy.method, copy.target_uri, copy.headers = request.method, request.url, request.fields
  return copy
end

local function covers_of(components)
  local names = {}
  for _, id in ipairs(components) do
    names[id:match '^"([^"]*)"' or id] = true
  end
  return function(name)
    return names[name] == true
  end
end

local function undo_rewrites(message, components, guesses)
  local request = { method = message.method, url = message.target_uri, fields = message.headers }
  for rewrite in rewrites.of(request, covers_of(components)) do
    local guess = changed(message, rewrite.request)
    if guesses.holds(guess) then
      return { changes = rewrite.changes, message = guess }
    end
  end
  return nil
end

---The body that Content-Digest was made of.
---@param message table  its signature verifies, its digest does not
---@param guesses dps.signature.Guesses
---@return dps.signature.Finding|nil
function diagnose.body(message, guesses)
  for variant in bodies.variants(message.body) do
    local guess = changed(message, { method = message.method, url = message.target_uri,
      fields = message.headers })
    guess.body = variant.text
    if guesses.whole(guess) then
      return { changes = { "the body was " .. variant.words }, message = guess }
    end
  end
  return nil
end

-- The signer --------------------------------------------------------------------------------------

local function without_quotes(text)
  local lines = {}
  for i, line in ipairs(base.lines(text)) do
    lines[i] = ("%s: %s"):format(line.name, line.value)
  end
  return table.concat(lines, "\n")
end

local MISTAKES = {
  { "the signer puts a line end behind the last line of the base; there is none (section 2.5)",
    function(text) return text .. "\n" end },
  { "the signer ends the lines of the base with CRLF; it is LF (section 2.5)",
    function(text) return (text:gsub("\n", "\r\n")) end },
  { 'the signer leaves out the last line, "@signature-params" (section 2.5)',
    function(text) return (text:gsub('\n?"@signature%-params"[^\n]*$', "")) end },
  { 'the signer writes the label into the line "@signature-params"; it is not part of it'
    .. " (section 2.5)", function(text, label)
      return (text:gsub('\n("@signature%-params": )', "\n%1" .. label:gsub("%%", "%%%%") .. "="))
    end },
  { 'the signer writes the parameters without the list of components in "@signature-params"'
    .. " (section 2.3)", function(text)
      return (text:gsub('("@signature%-params": )%b();?', "%1"))
    end },
  { "the signer writes the names of components without quotes (section 2.5)", without_quotes },
  { "the signer leaves out the space after the colons (section 2.5)", function(text)
    local lines = {}
    for i, line in ipairs(base.lines(text)) do
      lines[i] = line.id .. ":" .. line.value
    end
    return table.concat(lines, "\n")
  end },
}

-- An integer of ECDSA's DER form, padded to n bytes.
local function der_integer(der, at, n)
  local length = der:byte(at + 1)
  if der:byte(at) ~= 2 or not length or at + 1 + length > #der then
    return nil
  end
  local digits = der:sub(at + 2, at + 1 + length):gsub("^%z+", "")
  return #digits <= n and ("\0"):rep(n - #digits) .. digits or nil, at + 2 + length
end

-- r and s out of a DER sequence, as RFC 9421 section 3.3.4 has them.
local function from_der(der)
  local at = der:byte(1) == 0x30 and (der:byte(2) == 0x81 and 4 or 3)
  for _, n in ipairs { 32, 48 } do
    local r, after = der_integer(der, at or 0, n)
    local s = r and der_integer(der, after, n)
    if s then
      return r .. s
    end
  end
  return nil
end

local DER = "the signer writes the ECDSA signature in DER; it is r and s, one behind the other"
  .. " (section 3.3.4)"

local function signer_mistake(text, label, guesses)
  local signature = guesses.signature
  if not signature then
    return nil
  end
  local raw = #signature > 8 and from_der(signature)
  if raw and guesses.bytes(text, raw) then
    return DER
  end
  for _, mistake in ipairs(MISTAKES) do
    local other = mistake[2](text, label)
    if other ~= text and guesses.bytes(other, signature) then
      return mistake[1]
    end
  end
  return nil
end

---Looks for what makes a bad signature valid. Ends after some thousand guesses.
---@param message table       as native.verify_message takes it
---@param signature table     one of native.verify_message's: label, components, base
---@param guesses dps.signature.Guesses
---@return dps.signature.Finding|nil
function diagnose.signature(message, signature, guesses)
  local mistake = signature.base and signer_mistake(signature.base, signature.label, guesses)
  if mistake then
    return { changes = { mistake }, mistake = mistake }
  end
  local found = undo_rewrites(message, base.components(signature.components), guesses)
  if found and found.message.body and not guesses.whole(found.message) then
    local inner = diagnose.body(found.message, guesses)
    found.changes[#found.changes + 1] = inner and inner.changes[1]
    found.message = inner and inner.message or found.message
  end
  return found
end

return diagnose
