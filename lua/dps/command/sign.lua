-- dps sign: signs a captured message as dps run would sign a request, and prints the header lines;
-- with --explain also what exactly was signed. It sends nothing.

local native = require "dps.native"
local base = require "dps.signature.base"
local captured = require "dps.command.captured"
local err = require "dps.err"

-- Those with a setting in DPS_SIGN_... have its name as their key.
local OPTIONS = {
  { "--key", "the private key or shared secret (DPS_SIGN_KEY)", "FILE", key = "sign_key" },
  { "--keyid", "what the signature calls the key (DPS_SIGN_KEYID)", "ID", key = "sign_keyid" },
  { "--profile", "fapi2, custom or hmac-auth (DPS_SIGN_PROFILE)", "NAME", key = "sign_profile" },
  { "--components", 'what is signed, such as "@method @path content-digest"; makes the profile'
    .. " custom", "LIST", key = "sign_components" },
  { "--params", "parameters, such as \"created keyid tag\"", "LIST", key = "sign_params" },
  { "--label", "name of the signature in both headers (dps)", "LABEL", key = "sign_label" },
  { "--tag", "what the signature is for (custom)", "TAG", key = "sign_tag" },
  { "--expires", "seconds from created on (300)", "SECONDS", key = "sign_expires" },
  { "--digest", "sha-256 or sha-512", "NAME", key = "sign_digest" },
  { "--gateway", "kong or apisix (hmac-auth)", "NAME", key = "sign_gateway" },
  { "--created", "when it is signed, in seconds since 1970; default: now", "SECONDS",
    key = "created" },
  { "--nonce", "default: random", "TEXT", key = "nonce" },
  { "--explain", "on standard error: the base, line by line", key = "explain" },
  { "--message", "print the whole message, signed", key = "whole" },
  { "--json", "one JSON object instead of text", key = "json" },
}
table.move(captured.OPTIONS, 1, #captured.OPTIONS, #OPTIONS + 1, OPTIONS)

-- Settings ----------------------------------------------------------------------------------------

local IS_OPTION = { alg = true }
for _, option in ipairs(OPTIONS) do
  IS_OPTION[option.key:match "^sign_(.*)$" or ""] = true
end

-- The settings and the signer speak of variables; here most are options as well.
local function in_options(text)
  return text and (text:gsub("%-%-sign%-(%l+)", "--%1"):gsub("DPS_SIGN_(%u+)(=?)",
    function(name, is)
      if not IS_OPTION[name:lower()] then
        return nil
      end
      return is == "=" and ("--%s "):format(name:lower())
        or ("--%s (DPS_SIGN_%s)"):format(name:lower(), name)
    end))
end

local function reworded(action, ...)
  local ok, result = pcall(action, ...)
  if ok then
    return result
  elseif err.is(result) then
    result.message = in_options(result.message)
    result.hint = in_options(result.hint or "correct this option and run it again")
  end
  error(result, 0)
end

local function settings_of(options)
  local flags = { sign_alg = options.alg }
  for _, option in ipairs(OPTIONS) do
    if option.key:find "^sign_" then
      flags[option.key] = options[option.key]
    end
  end
  if flags.sign_components and not flags.sign_profile then
    flags.sign_profile = "custom"
  end
  return require("dps.config").load { flags = flags }
end

local function signer_of(options)
  local signing = require("dps.signing").of(settings_of(options))
  if not signing or not signing.signer then
    captured.refuse(signing and "sigv4 is made by libcurl as a request is sent, and not here"
      or "a key is needed to sign with", "say --key FILE")
  end
  return signing.signer
end

local function seconds(text)
  local n = text and math.tointeger(tonumber(text:match "^%d+$"))
  if text and not n then
    captured.refuse(("--created %q is no number of seconds"):format(text),
      "write seconds since 1970, as date +%s prints them")
  end
  return n
end

-- The message -------------------------------------------------------------------------------------

local function check_message(message, options)
  local label = options.sign_label or "dps"
  local pattern = ",%s*" .. label:gsub("%p", "%%%0") .. "="
  for _, field in ipairs(message.headers) do
    local name = field[1]:lower()
    if name == "signature-input" and ("," .. field[2]):find(pattern) then
      captured.refuse(("the message has a signature %q already"):format(label),
        "say another --label, or take that one out")
    end
    if name == "content-digest" and message.body == false then
      return
    end
  end
  if message.body == false then
    captured.refuse("the capture does not show the body, so it can't be signed",
      "give the exact body with --body FILE")
  end
end

local HINTS = {
  ["component-absent"] = "put this header into the message, or say with --components what is signed"
    .. " instead",
}

local ASSUMED = "nothing in the message shows the scheme: assumed https (--scheme)"

local function covers_scheme(made)
  return made.base and made.base:find '"@target%-uri"' or made.base and made.base:find '"@scheme"'
end

local function sign(options)
  local signer = reworded(signer_of, options)
  local message, notes, assumed = captured.message(options.message, options)
  check_message(message, options)
  local made, reason, detail = native.sign_message(signer, message, seconds(options.created),
    options.nonce)
  if not made then
    err.raise { kind = "refused", reason = reason, message = ("%s: %s: %s"):format(options.message,
      reason, detail), hint = HINTS[reason] or "see the reason" }
  end
  if assumed and covers_scheme(made) then
    notes[#notes + 1] = ASSUMED
  end
  return made, message, notes
end

-- Printing ----------------------------------------------------------------------------------------

local function print_json(made)
  local json = require "dps.json"
  local fields = { headers = json.array(made.headers), signature_input = made.signature_input,
    signature = made.signature, content_digest = made.content_digest }
  if made.base then
    fields.base = json.array {}
    for i, line in ipairs(base.lines(made.base)) do
      fields.base[i] = { component = line.id, value = base.shown(line.name, line.value) }
    end
  end
  print(json.encode(fields, { sorted = true }))
end

local function print_message(made, message)
  local lines = { message.start }
  for _, field in ipairs(message.headers) do
    lines[#lines + 1] = field[1] .. ": " .. field[2]
  end
  table.move(made.headers, 1, #made.headers, #lines + 1, lines)
  io.stdout:write(table.concat(lines, "\r\n"), "\r\n\r\n", message.body or "")
end

local function print_made(made, message, options)
  if options.json then
    print_json(made)
  elseif options.whole then
    print_message(made, message)
  else
    print(table.concat(made.headers, "\n"))
  end
end

local function main(options)
  local made, message, notes = sign(options)
  print_made(made, message, options)
  for _, note in ipairs(notes) do
    io.stderr:write("note: ", note, "\n")
  end
  if options.explain and made.base then
    io.stderr:write("signed, line by line (secrets are hidden):\n", base.masked(made.base, "  "),
      "\n")
  elseif options.explain then
    io.stderr:write("hmac-auth has no such base; what it covers stands in its header\n")
  end
  return 0
end

---@type dps.Command
return {
  name = "sign",
  help = "Sign a captured HTTP message (RFC 9421) and print its header lines.",
  arguments = { { "MESSAGE", "a file with the message; - reads standard input", key = "message" } },
  options = OPTIONS,
  epilog = "MESSAGE is HTTP as it would be sent, or what curl -v printed. Whatever is not said here"
    .. " comes from the environment, as for dps run.",
  start = main,
}
