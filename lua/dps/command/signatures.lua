-- The options of dps serve about signatures: of requests, of its answers, and in its journal.

local err = require "dps.err"

local signatures = {}

---@type dps.command.Option[]
signatures.OPTIONS = {
  { "--verify-key", "demand signed writes (RFC 9421), by this key; may be given again",
    "[KEYID=]FILE", key = "verify_keys", many = true },
  { "--verify-scope", "what must be signed: writes (default) or all", "SCOPE",
    key = "verify_scope" },
  { "--verify-required", "components to be covered, in place of FAPI 2.0's; with commas",
    "COMPONENTS", key = "verify_required" },
  { "--verify-tag", "the signature's tag (default fapi-2-request)", "TAG", key = "verify_tag" },
  { "--verify-window", "how old a signature may be (default 300)", "SECONDS",
    key = "verify_window" },
  { "--public-url", "what clients sign in place of this address, where a proxy stands before it",
    "URL", key = "public_url" },
  { "--answer-key", "sign the answers with this key", "[KEYID=]FILE", key = "answer_key" },
  { "--journal", "append a JSON line for each request, with what was wrong with its signature",
    "FILE", key = "journal" },
}

local function refuse(message, hint)
  err.raise { kind = "refused", message = message, hint = hint }
end

local SCOPES = { writes = false, all = true }

local function window_of(text)
  local seconds = math.tointeger(tonumber(text:match "^%d+$"))
  if not seconds or seconds == 0 then
    refuse(('--verify-window "%s" is no number of seconds'):format(text),
      "write a whole number, such as --verify-window 300")
  end
  return seconds
end

local function public_url_of(url)
  if url and not url:find "^https?://[^/?#]+[^?#]*$" then
    refuse(("--public-url %s is no http or https URL of a host"):format(url),
      "write what clients call, up to /data/core/dps, such as https://gateway.example.com")
  end
  return url
end

local function components_of(text)
  local list = {}
  for name in (text or ""):gmatch "[^,%s]+" do
    list[#list + 1] = name
  end
  return text and list
end

local VERIFYING = { "verify_scope", "verify_required", "verify_tag", "verify_window" }

-- What a signature must have; nil where none is demanded.
local function signed_of(options)
  if not options.verify_keys or #options.verify_keys == 0 then
    for _, name in ipairs(VERIFYING) do
      if options[name] then
        refuse(("--%s needs --verify-key"):format(name:gsub("_", "-")),
          "say which key signs: --verify-key FILE")
      end
    end
    return nil
  end
  local scope = options.verify_scope or "writes"
  if SCOPES[scope] == nil then
    refuse(('--verify-scope "%s" is neither writes nor all'):format(scope), "use one of them")
  end
  return {
    keys = options.verify_keys, all = SCOPES[scope], tag = options.verify_tag,
    required = components_of(options.verify_required),
    window = options.verify_window and window_of(options.verify_window),
  }
end

---What stands around the service, as text, since the options of a library are scalars. Raises kind
---"refused".
---@param options table  of the command line
---@return string|nil  dps.library.EdgeOptions as JSON
function signatures.edge(options)
  local public_url = public_url_of(options.public_url)
  local given = {
    signed = signed_of(options), answer_key = options.answer_key, journal = options.journal,
    public_url = public_url,
  }
  return next(given) and require("dps.json").encode(given, { sorted = true }) or nil
end

return signatures
