-- What dps verify found out about a message, in words for people and as a table for programs. It
-- verifies nothing. Pure; secrets never get into either.

local base = require "dps.signature.base"
local date = require "dps.date.wire"
local reasons = require "dps.signature.reasons"

local tell = {}

---@class dps.signature.Judgement  of one signature
---@field signature table    one of native.verify_message's
---@field valid boolean
---@field finding dps.signature.Finding?  what would make it valid
---@field searched boolean?  that was looked for
---@field found_rows dps.signature.Row[]? the base as it was signed, by that finding
---@field signed_rows dps.signature.Row[]? the base of --signed beside that of the message
---@field signed_valid boolean?           whether the message of --signed verifies
---@field notes string[]

---@class dps.signature.Report
---@field valid boolean
---@field reason string?     of the whole
---@field detail string?
---@field judgements dps.signature.Judgement[]
---@field uncovered string[] names of header fields that no valid signature covers
---@field notes string[]     of the capture

-- Words -------------------------------------------------------------------------------------------

local function moment(seconds)
  return date.format_z(seconds * 1000):gsub("%.%d+", "")
end

local UNITS = { { 172800, 86400, "days" }, { 7200, 3600, "hours" }, { 120, 60, "minutes" } }

local function ago(seconds)
  local amount = math.abs(seconds)
  for _, unit in ipairs(UNITS) do
    if amount >= unit[1] then
      return ("%d %s %s"):format(amount // unit[2], unit[3], seconds < 0 and "ahead" or "ago")
    end
  end
  return ("%d seconds %s"):format(amount, seconds < 0 and "ahead" or "ago")
end

local function shown(text)
  return base.shown("", text)
end

local function add(lines, name, text)
  if text then
    lines[#lines + 1] = ("  %-9s %s"):format(name, text)
  end
end

local function about(lines, signature, now)
  add(lines, "key", signature.key_alg and ("%s (%s)"):format(signature.keyid
    and shown(signature.keyid) or "without keyid", signature.key_alg)
    or signature.keyid and shown(signature.keyid))
  add(lines, "created", signature.created and ("%s (%s)"):format(moment(signature.created),
    ago(now - signature.created)))
  add(lines, "expires", signature.expires and ("%s (%s)"):format(moment(signature.expires),
    ago(now - signature.expires)))
  add(lines, "tag", signature.tag and shown(signature.tag))
end

-- One signature -----------------------------------------------------------------------------------

local function add_rows(lines, title, rows)
  lines[#lines + 1] = "  " .. title
  lines[#lines + 1] = base.rows_text(rows)
end

local function add_finding(lines, judgement)
  local finding = judgement.finding
  if not finding then
    return
  elseif finding.mistake then
    lines[#lines + 1] = "  found     " .. finding.mistake
    return
  end
  lines[#lines + 1] = "  found     it is valid if this was so when it was signed:"
  for _, change in ipairs(finding.changes) do
    lines[#lines + 1] = "              " .. shown(change)
  end
  if judgement.found_rows then
    add_rows(lines, "the base as it was signed, line by line:", judgement.found_rows)
  end
end

local function add_signed(lines, judgement)
  if not judgement.signed_rows then
    return
  end
  local same = true
  for _, row in ipairs(judgement.signed_rows) do
    same = same and row.same
  end
  add_rows(lines, "the sender's message beside this one, line by line:", judgement.signed_rows)
  if same then
    lines[#lines + 1] = "  both give the same base: what was signed is another message, or the key"
      .. " is another one"
  elseif not judgement.signed_valid then
    lines[#lines + 1] = "  the sender's message does not verify either: it is not what was signed,"
      .. " or the key is another one"
  end
end

local function add_base(lines, judgement)
  local signature = judgement.signature
  if not signature.base then
    lines[#lines + 1] = "  covers    " .. shown(signature.components)
  elseif not (judgement.found_rows or judgement.signed_rows) then
    lines[#lines + 1] = "  base"
    lines[#lines + 1] = base.masked(signature.base, "    ")
  end
end

local BY_KEY = {
  ["hmac-sha256"] = "all bytes of the key's file are the secret, a line end at its end too",
  ["rsa-pss-sha512"] = "RSA-PSS needs a salt of 64 bytes (section 3.3.1); some libraries take the"
    .. " longest",
}

-- What helps most, by what was found.
local function advice(judgement)
  local signature, finding = judgement.signature, judgement.finding
  local reason = signature.reason
  if finding and finding.mistake then
    return "mend the signer: it does not follow RFC 9421 there"
  elseif finding and reason == "bad-signature" then
    return "have whatever stands in between pass the message on as it came, or verify what was"
      .. " signed: --url here, --public-url in dps serve"
  elseif reason == "bad-signature" and judgement.searched then
    local more = BY_KEY[signature.key_alg]
    return "none of the usual changes explains it: compare with the sender's own copy (--signed"
      .. " FILE), and check that this is the signer's key" .. (more and "; " .. more or "")
  elseif reason == "bad-signature" then
    return "mend what differs above"
  end
  return reasons.hints[reason] or "see the reason"
end

local function judgement_text(judgement, now)
  local signature = judgement.signature
  local reason = signature.reason
  local lines = { ("signature %s: %s"):format(shown(signature.label),
    judgement.valid and "valid" or "NOT valid (" .. reason .. ")") }
  add(lines, "reason", not judgement.valid and signature.detail ~= "" and shown(signature.detail))
  about(lines, signature, now)
  for _, note in ipairs(judgement.notes) do
    add(lines, "note", shown(note))
  end
  add_base(lines, judgement)
  add_finding(lines, judgement)
  add_signed(lines, judgement)
  if not judgement.valid then
    lines[#lines + 1] = "  what to do: " .. advice(judgement)
  end
  return table.concat(lines, "\n")
end

---The report for people.
---@param report dps.signature.Report
---@param now number  seconds since 1970
---@return string  without a line end
function tell.text(report, now)
  local parts = {}
  for i, judgement in ipairs(report.judgements) do
    parts[i] = judgement_text(judgement, now)
  end
  if #parts == 0 then
    parts[1] = ("not valid (%s): %s\n  what to do: %s"):format(report.reason, shown(report.detail),
      reasons.hints[report.reason] or "see the reason")
  end
  if #report.uncovered > 0 and report.valid then
    parts[#parts + 1] = "not covered, so anybody on the way may have changed it: "
      .. shown(table.concat(report.uncovered, ", "))
  end
  for _, note in ipairs(report.notes) do
    parts[#parts + 1] = "note: " .. note
  end
  return table.concat(parts, "\n")
end

-- Programs ----------------------------------------------------------------------------------------

local function clean(value)
  return value and (utf8.len(value) and value or value:gsub("[\x80-\xff]", "?"))
end

local function base_fields(text)
  local list = {}
  for i, line in ipairs(base.lines(text)) do
    list[i] = { component = line.id, value = base.shown(line.name, line.value) }
  end
  return list
end

local function row_fields(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = {
      component = row.id, same = row.same, how = row.how,
      signed = row.signed and base.shown(row.name, row.signed),
      received = row.received and base.shown(row.name, row.received),
    }
  end
  return list
end

local function judgement_fields(judgement)
  local signature, finding = judgement.signature, judgement.finding
  local components = base.components(signature.components)
  return {
    label = signature.label, keyid = clean(signature.keyid), alg = signature.key_alg,
    tag = clean(signature.tag), nonce = clean(signature.nonce), created = signature.created,
    expires = signature.expires, valid = judgement.valid, reason = signature.reason,
    detail = clean(signature.detail), components = components,
    base = signature.base and base_fields(signature.base),
    found = finding and { changes = finding.changes, mistake = finding.mistake,
      lines = judgement.found_rows and row_fields(judgement.found_rows) },
    compared = judgement.signed_rows and row_fields(judgement.signed_rows),
    signed_valid = judgement.signed_valid, notes = judgement.notes,
  }
end

---The report for programs. Lists may be empty: the caller marks them for JSON.
---@param report dps.signature.Report
---@param array fun(list: table): table  marks a list that may be empty
---@return table
function tell.fields(report, array)
  local signatures = {}
  for i, judgement in ipairs(report.judgements) do
    local fields = judgement_fields(judgement)
    fields.notes, fields.components = array(fields.notes), array(fields.components)
    signatures[i] = fields
  end
  return {
    valid = report.valid, reason = report.reason, detail = clean(report.detail),
    signatures = array(signatures), uncovered = array(report.uncovered),
    notes = array(report.notes),
  }
end

return tell
