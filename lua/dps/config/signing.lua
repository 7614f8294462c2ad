-- Settings of request signing: with which key, and what of a request. What goes with what is
-- dps.signing's to say, which makes a signer of them; the passphrase is a secret (config/secrets).

local value = require "dps.config.value"

local show = value.show

local MAX_LIST = 4096
local MAX_EXPIRES = 86400

-- A list as a variable has it: words between blanks or commas, where quotes may stand around a name
-- and parameters behind it: @method "@query-param";name="limit" x-request-id?
local function split(text)
  local list, at = {}, 1
  while at <= #text do
    local start = text:find("[^%s,]", at)
    if not start then break end
    local stop, quoted = start, false
    while stop <= #text do
      local char = text:sub(stop, stop)
      if char == '"' then quoted = not quoted end
      if not quoted and char:find "[%s,]" then break end
      stop = stop + 1
    end
    if quoted then return nil, "has a quote that is not closed" end
    list[#list + 1], at = text:sub(start, stop - 1), stop
  end
  return list
end

local function check_words(list)
  for _, word in ipairs(list) do
    if type(word) ~= "string" then return nil, "must be a list of names" end
    if word == "" or word:find "[^!-~ ]" then
      return nil, show(word) .. " is no name: in it only printable ASCII will do"
    end
  end
  if #list == 0 then return nil, "names nothing" end
  return list
end

local function words(given)
  if type(given) == "table" then return check_words(given) end
  if type(given) ~= "string" then return nil, "must be names with blanks between them" end
  if #given > MAX_LIST then return nil, "is too long" end
  local list, fault = split(given)
  if not list then return nil, fault end
  return check_words(list)
end

local PARAMS = {
  created = true, expires = true, nonce = true, keyid = true, alg = true, tag = true,
}

local function params(given)
  local list, fault = words(given)
  if not list then return nil, fault end
  local seen = {}
  for _, name in ipairs(list) do
    if not PARAMS[name] then
      return nil, show(name) .. " is no parameter of a signature; there are: created expires nonce"
        .. " keyid alg tag"
    end
    if seen[name] then return nil, show(name) .. " stands there twice" end
    seen[name] = true
  end
  return list
end

-- A key of a dictionary (RFC 9651, section 3.1.2).
local function label(given)
  if type(given) == "string" and #given <= 64 and given:find "^[%l*][%l%d_.*-]*$" then
    return given
  end
  return nil, show(given) .. " is no label: small letters, digits and _ - . *, a letter first"
end

local function seconds(given)
  local number = math.tointeger(type(given) == "string" and given:find "^%d+$" and tonumber(given)
    or given)
  if number and number >= 1 and number <= MAX_EXPIRES then return number end
  return nil, ("%s is no whole number of seconds from 1 to %d; give one such as 300")
    :format(show(given), MAX_EXPIRES)
end

local function word(given)
  if type(given) == "string" and #given <= 64 and given:find "^[%w][%w-]*$" then return given end
  return nil, show(given) .. " is no name of AWS's: letters, digits and hyphens"
end

---@type dps.Setting[]
return {
  { name = "sign_profile", env = "DPS_SIGN_PROFILE",
    check = value.choice("none", "fapi2", "custom", "hmac-auth", "sigv4"),
    help = "how requests are signed; fapi2 when absent and there is a key, else none" },
  { name = "sign_key", env = "DPS_SIGN_KEY", check = value.file,
    help = "the private key or shared secret" },
  { name = "sign_key_command", env = "DPS_SIGN_KEY_COMMAND", check = value.command,
    help = "prints the private key or shared secret" },
  { name = "sign_keyid", env = "DPS_SIGN_KEYID", check = value.header,
    help = "what the signature calls the key; the key's own id when absent" },
  { name = "sign_alg", env = "DPS_SIGN_ALG", check = value.choice("ed25519", "hmac-sha256",
    "ecdsa-p256-sha256", "ecdsa-p384-sha384", "rsa-pss-sha512", "rsa-v1_5-sha256"),
    help = "the algorithm; by the key's type when absent" },
  { name = "sign_scope", env = "DPS_SIGN_SCOPE", check = value.choice("writes", "all"),
    help = "which requests; all with hmac-auth and sigv4, else writes when absent" },
  { name = "sign_components", env = "DPS_SIGN_COMPONENTS", check = words,
    takes = "names with blanks between them",
    help = "what of a request is signed (custom, hmac-auth)" },
  { name = "sign_params", env = "DPS_SIGN_PARAMS", check = params,
    takes = "names with blanks between them",
    help = "its parameters (custom); created expires nonce keyid when absent" },
  { name = "sign_label", env = "DPS_SIGN_LABEL", check = label,
    takes = "small letters, digits and _ - . *",
    help = "the signature's name in both headers; dps when absent" },
  { name = "sign_tag", env = "DPS_SIGN_TAG", check = value.header,
    help = "what the signature is for (custom)" },
  { name = "sign_expires", env = "DPS_SIGN_EXPIRES", check = seconds, default = 300,
    takes = "seconds, 1 to 86400",
    help = "how long a signature is good" },
  { name = "sign_digest", env = "DPS_SIGN_DIGEST", check = value.choice("sha-256", "sha-512"),
    help = "the digest of the body; sha-256 when absent" },
  { name = "sign_gateway", env = "DPS_SIGN_GATEWAY", check = value.choice("kong", "apisix"),
    help = "whose plugin (hmac-auth)" },
  { name = "sign_region", env = "DPS_SIGN_REGION", check = word,
    takes = "name",
    help = "AWS's region (sigv4)" },
  { name = "sign_service", env = "DPS_SIGN_SERVICE", check = word,
    takes = "name",
    help = "AWS's service (sigv4); execute-api when absent" },
  { name = "verify_key", env = "DPS_VERIFY_KEY", check = value.file,
    help = "an answer counts only when it is signed by this key" },
  { name = "verify_keyid", env = "DPS_VERIFY_KEYID", check = value.header, needs = "verify_key",
    needs_why = "it says which key that is",
    help = "the keyid that such an answer must name; any when absent" },
}
