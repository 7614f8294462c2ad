-- dps verify: explains the signatures of a captured message: whether each is valid, the base line
-- by line, and where one is not, which line differs or what makes it valid.

local native = require "dps.native"
local base = require "dps.signature.base"
local base64 = require "dps.base64"
local captured = require "dps.command.captured"
local key = require "dps.key"
local diagnose = require "dps.signature.diagnose"
local profiles = require "dps.signature.profiles"
local tell = require "dps.signature.tell"

local DIFFERS = 5

local OPTIONS = {
  { "--key", "a key that may have signed, for its keyid or for any; may be given again",
    "[KEYID=]FILE", key = "keys", many = true },
  { "--required", "a component that must be covered, or several with commas; may be given again",
    "COMPONENT", key = "required", many = true },
  { "--profile", "demand what a profile covers: fapi2", "NAME", key = "profile" },
  { "--tag", "only signatures with this tag count", "TAG", key = "tag" },
  { "--label", "only this signature counts", "LABEL", key = "label" },
  { "--window", "demand that it was created at most so long ago, and has not expired", "SECONDS",
    key = "window" },
  { "--signed", "the message as its sender had it, to be compared with line by line", "FILE",
    key = "signed" },
  { "--json", "one JSON object instead of text", key = "json" },
}
table.move(captured.OPTIONS, 1, #captured.OPTIONS, #OPTIONS + 1, OPTIONS)

-- Policy ------------------------------------------------------------------------------------------

local function seconds(text)
  local n = text and math.tointeger(tonumber(text:match "^%d+$"))
  if text and (not n or n == 0) then
    captured.refuse(('--window "%s" is no number of seconds'):format(text),
      "write a whole number, such as --window 300")
  end
  return n
end

local function keys_of(options)
  local list, any = {}, false
  for i, text in ipairs(options.keys or {}) do
    local made, for_any = key.named(text, options.alg)
    list[i], any = made, any or for_any
  end
  if #list == 0 then
    captured.refuse("a key is needed to verify with",
      "say --key FILE, or --key KEYID=FILE; a public key will do")
  end
  return list, any and #list == 1
end

local function policy_of(options)
  local keys, any = keys_of(options)
  local profile = options.profile and profiles.find(options.profile)
  return {
    keys = keys, any_keyid = any, tag = options.tag, label = options.label,
    components = captured.components(options.required) or profile and profile.required or {},
    params = profile and profile.demanded or {},
    window = seconds(options.window) or 0,
  }
end

-- A capture is usually old. Unless a window is asked for, a signature is judged as of the moment
-- when it was made.
local function policy_for(policy, signature, options)
  local own = {}
  for name, value in pairs(policy) do
    own[name] = value
  end
  own.label = signature.label
  own.now = not options.window and signature.created or nil
  return own
end

-- Judging -----------------------------------------------------------------------------------------

-- The bytes of one signature, out of the header.
local function bytes_of(message, label)
  for _, field in ipairs(message.headers) do
    local text = field[1]:lower() == "signature"
      and ("," .. field[2]:gsub("%s", "")):match("," .. label:gsub("%p", "%%%0") .. "=:([%w+/=]*):")
    if text then
      return base64.decode(text)
    end
  end
  return nil
end

local function key_of(policy, signature)
  for _, each in ipairs(policy.keys) do
    if policy.any_keyid or each:keyid() == signature.keyid then
      return each
    end
  end
  return policy.keys[1]
end

local function guesses_of(message, policy, signature)
  local asking = {
    keys = policy.keys, any_keyid = policy.any_keyid, label = policy.label, window = 0,
    now = signature.created, components = {}, params = {},
  }
  local function answer(guess)
    local found, reason = native.verify_message(guess, asking)
    return found ~= nil, reason
  end
  local used = key_of(policy, signature)
  return {
    holds = function(guess)
      local ok, reason = answer(guess)
      return ok or reason == "digest-mismatch" or reason == "digest-unsupported"
    end,
    whole = function(guess)
      return (answer(guess))
    end,
    bytes = function(text, signed)
      return used ~= nil and used:verify(text, signed)
    end,
    signature = bytes_of(message, signature.label),
  }
end

local function explain(judgement, message, policy)
  local signature = judgement.signature
  local guesses = guesses_of(message, policy, signature)
  local finding
  if signature.reason == "bad-signature" then
    finding = diagnose.signature(message, signature, guesses)
  elseif signature.reason == "digest-mismatch" then
    finding = diagnose.body(message, guesses)
  end
  judgement.finding, judgement.searched = finding, true
  if finding and finding.message and signature.reason == "bad-signature" then
    local _, _, _, found = native.verify_message(finding.message, policy)
    found = found or native.verify_message(finding.message, policy)
    local signed = found and found[1] and found[1].base
    judgement.found_rows = signed and base.compare(signed, signature.base)
  end
end

local SIGNATURE_FIELDS = { ["signature"] = true, ["signature-input"] = true }

-- The sender's copy, with the signature that came where it has none of its own.
local function with_signature(signed, message)
  local headers, has = {}, false
  for i, field in ipairs(signed.headers) do
    headers[i], has = field, has or SIGNATURE_FIELDS[field[1]:lower()]
  end
  for _, field in ipairs(has and {} or message.headers) do
    if SIGNATURE_FIELDS[field[1]:lower()] then
      headers[#headers + 1] = field
    end
  end
  local copy = {}
  for name, value in pairs(signed) do
    copy[name] = value
  end
  copy.headers = headers
  return copy
end

-- A captured request does not say its scheme; the sender's may have been another than here.
local function verify_senders(message, signed, policy)
  local sent = with_signature(signed, message)
  local found, _, _, all = native.verify_message(sent, policy)
  if found or not sent.target_uri then
    return found, all
  end
  sent.target_uri = sent.target_uri:gsub("^https:", "http:")
  return native.verify_message(sent, policy) or nil, all
end

local function compare(judgement, message, signed, policy)
  local found, all = verify_senders(message, signed, policy)
  local theirs = (found or all or {})[1]
  judgement.signed_valid = found ~= nil
  if theirs and theirs.base then
    judgement.signed_rows = base.compare(theirs.base, judgement.signature.base or "")
  else
    table.insert(judgement.notes, "the sender's message gives no base: "
      .. (theirs and theirs.detail or "it has no such signature"))
  end
end

local function time_note(judgement, options)
  local signature, now = judgement.signature, native.now()
  if options.window or not (signature.expires and signature.expires < now) then
    return
  end
  table.insert(judgement.notes, "it has expired by now; it is judged as of when it was created"
    .. " (--window judges it as of now)")
end

local function judge(message, signature, policy, options, signed)
  local own = policy_for(policy, signature, options)
  local found, reason, detail, all = native.verify_message(message, own)
  local judged = (found or all)[1] or signature
  judged.reason, judged.detail = reason, detail or ""
  local judgement = { signature = judged, valid = found ~= nil, notes = {} }
  time_note(judgement, options)
  if signed then
    compare(judgement, message, signed, own)
  elseif not judgement.valid then
    explain(judgement, message, own)
  end
  return judgement
end

-- What is looked at in one message: first everything, to know what there is.
local function signatures_of(message, policy)
  local found, reason, detail, all = native.verify_message(message, policy)
  local list = {}
  for _, one in ipairs(found or all or {}) do
    if (not policy.label or one.label == policy.label) and (not policy.tag or one.tag == policy.tag)
    then
      list[#list + 1] = one
    end
  end
  return list, reason, detail
end

local function uncovered_of(message, judgements)
  local covered, names, seen = {}, {}, {}
  for _, judgement in ipairs(judgements) do
    local components = judgement.valid and judgement.signature.components or ""
    for _, id in ipairs(base.components(components)) do
      covered[id:match '^"([^"]*)"'] = true
    end
  end
  for _, field in ipairs(message.headers) do
    local name = field[1]:lower()
    local host = name == "host" and (covered["@target-uri"] or covered["@authority"])
    if not (covered[name] or SIGNATURE_FIELDS[name] or host or seen[name]) then
      names[#names + 1], seen[name] = name, true
    end
  end
  if message.body ~= "" and not (covered["content-digest"] or covered["digest"]) then
    table.insert(names, 1, "the body")
  end
  return names
end

-- The draft that came before RFC 9421 has one header of the same name, and no other.
local function draft_note(message)
  for _, field in ipairs(message.headers) do
    local name = field[1]:lower()
    if (name == "signature" or name:find "authorization$") and field[2]:find 'signature="'
      and field[2]:find 'headers="' then
      return ("%s has the form of the expired draft-cavage, as Kong's and APISIX's plugins take it;"
        .. " RFC 9421 replaced it, and dps verify reads that one"):format(field[1])
    end
  end
  return nil
end

local function report_of(options)
  local policy = policy_of(options)
  local message, notes = captured.message(options.message, options)
  local signed = options.signed
    and captured.message(options.signed, { response = options.response, scheme = "https" })
  local list, reason, detail = signatures_of(message, policy)
  local report = { judgements = {}, notes = notes, valid = #list > 0 }
  for i, signature in ipairs(list) do
    local judgement = judge(message, signature, policy, options, signed)
    report.judgements[i], report.valid = judgement, report.valid and judgement.valid
    report.reason = report.reason or judgement.signature.reason
    report.detail = report.detail or (not judgement.valid and judgement.signature.detail or nil)
  end
  if #list == 0 then
    report.reason, report.detail = reason or "missing", detail or ""
    notes[#notes + 1] = draft_note(message)
  end
  report.uncovered = uncovered_of(message, report.judgements)
  return report
end

local function verify(options)
  local report = report_of(options)
  if options.json then
    local json = require "dps.json"
    print(json.encode(tell.fields(report, json.array), { sorted = true }))
  else
    print(tell.text(report, math.floor(native.now())))
  end
  return report.valid and 0 or DIFFERS
end

---@type dps.Command
return {
  name = "verify",
  help = "Explain the signatures (RFC 9421) of a captured HTTP message.",
  arguments = { { "MESSAGE", "a file with the message; - reads standard input", key = "message" } },
  options = OPTIONS,
  epilog = "MESSAGE is HTTP as it was sent, or what curl -v or tcpdump -A printed. Exit code 0:"
    .. " every signature that counts is valid; 5: one is not; 2: something can't be read.",
  start = function(options)
    return verify(options)
  end,
}
