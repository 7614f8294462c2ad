-- How a client signs: from the settings to what native.http takes, and what is to be said of it. It
-- decides what goes with what, words what does not, and holds no key: keys are made, kept and used
-- in C. Signatures of answers are dps.signing.answer's.

local native = require "dps.native"
local err = require "dps.err"
local value = require "dps.config.value"

local signing = {}

local COMMAND_SECONDS = 30
local PARAMS = { "created", "expires", "nonce", "keyid" }

---@class dps.Signing
---@field profile "fapi2"|"custom"|"hmac-auth"|"sigv4"
---@field all boolean        reads are signed too
---@field bearer boolean     the bearer token goes beside the signature
---@field signer userdata?   of native.http's
---@field sigv4 table?       of native.http's: provider, key_id, secret
---@field about string       one line for people: profile, algorithm, keyid

local function refuse(message, hint)
  err.raise { kind = "refused", message = message, hint = hint }
end

local ENV = {}
for _, setting in ipairs(require "dps.config.signing") do ENV[setting.name] = setting.env end

-- The profiles. Each says what it must have, and what has no meaning in it.
local PROFILES = {
  fapi2 = {
    needs = {}, all = false, bearer = true,
    not_for = { "sign_components", "sign_params", "sign_tag", "sign_gateway", "sign_region",
      "sign_service" },
    why = "fapi2 has a list of its own; DPS_SIGN_PROFILE=custom takes yours",
  },
  custom = {
    needs = { { "sign_components", 'what is signed, such as "@method @authority @path authorization'
      .. ' content-digest"' } },
    all = false, bearer = true, not_for = { "sign_gateway", "sign_region", "sign_service" },
  },
  ["hmac-auth"] = {
    needs = { { "sign_gateway", "kong or apisix" },
      { "sign_keyid", "the user's name at the gateway" } },
    all = true, bearer = true,
    not_for = { "sign_params", "sign_label", "sign_tag", "sign_digest", "sign_region",
      "sign_service" },
  },
  sigv4 = {
    needs = { { "sign_region", "such as us-east-1" }, { "sign_keyid", "the access key id" } },
    all = true, bearer = false,
    not_for = { "sign_components", "sign_params", "sign_label", "sign_tag", "sign_digest",
      "sign_gateway", "sign_alg", "sign_scope" },
    why = "with sigv4 the signature is AWS's, of every request",
  },
}

local function has_key(settings)
  return settings.sign_key ~= nil or settings.sign_key_command ~= nil
end

local function profile_of(settings)
  local name = settings.sign_profile or has_key(settings) and "fapi2" or "none"
  if name ~= "none" and not has_key(settings) then
    refuse(("DPS_SIGN_PROFILE is %s, but no key is set"):format(name),
      "set DPS_SIGN_KEY to the key's file, or DPS_SIGN_KEY_COMMAND to what prints it")
  end
  return name
end

-- Without this, a setting that is set and ignored would be taken for one that works.
local function check_fit(settings, name, profile)
  for _, setting in ipairs(profile.not_for) do
    if settings[setting] ~= nil then
      refuse(("%s means nothing in the signing profile %s"):format(ENV[setting], name),
        profile.why or "unset it, or choose another DPS_SIGN_PROFILE")
    end
  end
  for _, need in ipairs(profile.needs) do
    local setting, what = need[1], need[2]
    if settings[setting] == nil then
      refuse(("%s is not set; the signing profile %s needs it: %s")
        :format(ENV[setting], name, what), "set " .. ENV[setting])
    end
  end
end

-- Without a key or a profile that signs, what belongs to signing was meant for something.
local function check_unused(settings)
  for _, setting in ipairs { "sign_keyid", "sign_alg", "sign_components", "sign_gateway",
    "sign_region" } do
    if settings[setting] ~= nil and settings.sign_profile ~= "none" then
      refuse(ENV[setting] .. " is set, but no key to sign with",
        "set DPS_SIGN_KEY to the key's file, or DPS_SIGN_KEY_COMMAND to what prints it")
    end
  end
end

-- Keys --------------------------------------------------------------------------------------------

local KEY_HINTS = {
  ["key-file"] = "name a file with the key in it, readable by its owner alone",
  ["key-encrypted"] = "set DPS_SIGN_PASSPHRASE in the environment, or give a key without one",
  ["key-passphrase"] = "check DPS_SIGN_PASSPHRASE",
  ["key-unfit"] = "check DPS_SIGN_ALG and the key's type: ed25519, P-256, P-384 and RSA keys in"
    .. " PEM, or a file of random bytes for hmac-sha256",
  ["key-empty"] = "write the key into it: openssl genpkey -algorithm ed25519",
  ["key-malformed"] = "give a private key in PEM or as a JWK: openssl genpkey -algorithm ed25519",
}

local function refuse_key(where, reason, detail)
  refuse(("the key of %s can't be used: %s"):format(where, detail), KEY_HINTS[reason])
end

-- The handle of what the command prints, or the file's path; and where that came from.
local function key_source(settings)
  if settings.sign_key and settings.sign_key_command then
    refuse("DPS_SIGN_KEY and DPS_SIGN_KEY_COMMAND are both set", "set one of them")
  end
  if settings.sign_key then
    return { file = settings.sign_key }, "DPS_SIGN_KEY (" .. value.show(settings.sign_key) .. ")"
  end
  local secret, why = native.secret.command(settings.sign_key_command, COMMAND_SECONDS)
  if not secret then
    refuse("DPS_SIGN_KEY_COMMAND gave no key: " .. why, "run that command by hand to see why")
  end
  return { secret = secret }, "DPS_SIGN_KEY_COMMAND"
end

-- What everybody may read is told as what it is, not for its mode.
local function public_key(source)
  if not source.file then return nil end
  source.public = true
  local key = native.key(source)
  return key and not key:can_sign() and key or nil
end

local function load_key(settings)
  local source, where = key_source(settings)
  source.keyid, source.alg = settings.sign_keyid, settings.sign_alg
  source.passphrase = native.secret.named "DPS_SIGN_PASSPHRASE"
  local key, reason, detail = native.key(source)
  key = key or public_key(source)
  if not key then refuse_key(where, reason, detail) end
  if not key:can_sign() then
    refuse(("the key of %s is a public one, which can't sign"):format(where),
      "give the private key")
  end
  return key, where
end

-- A shared secret has no keyid of its own: its thumbprint would help to guess it.
local function check_keyid(key, where, params)
  for _, name in ipairs(params) do
    if name == "keyid" and key:keyid() == "" then
      refuse(("DPS_SIGN_KEYID is not set, and the key of %s is a shared secret, which has no id of"
        .. " its own"):format(where), "set DPS_SIGN_KEYID to the name that the receiver has for it")
    end
  end
end

-- Signers -----------------------------------------------------------------------------------------

-- Fields of the body are there when it is.
local BODY_FIELDS = { ["content-digest"] = true, ["content-type"] = true, ["content-length"] = true,
  digest = true }

local function components_of(list)
  local components = {}
  for i, name in ipairs(list or {}) do
    local bare = name:gsub('"', "")
    components[i] = BODY_FIELDS[bare] and name .. "?" or name
  end
  return #components > 0 and components or nil
end

local SHAPES = {}

function SHAPES.fapi2(settings)
  local params = { table.unpack(PARAMS) }
  params[#params + 1] = "tag"
  return { label = settings.sign_label, params = params, tag = "fapi-2-request" }
end

function SHAPES.custom(settings)
  local params = { table.unpack(settings.sign_params or PARAMS) }
  local tagged = table.concat(params, " "):find "%f[%a]tag%f[%A]"
  if settings.sign_tag and not tagged then
    params[#params + 1] = "tag"
  elseif tagged and not settings.sign_tag then
    refuse("DPS_SIGN_PARAMS has tag, but DPS_SIGN_TAG is not set", "set DPS_SIGN_TAG")
  end
  return { label = settings.sign_label, params = params, tag = settings.sign_tag,
    components = components_of(settings.sign_components) }
end

SHAPES["hmac-auth"] = function(settings)
  return { form = settings.sign_gateway, params = {},
    components = components_of(settings.sign_components) }
end

local SIGNER_HINTS = {
  ["component-invalid"] = "check DPS_SIGN_COMPONENTS: names of header fields, or @method"
    .. " @target-uri @authority @scheme @path @query @query-param",
  ["key-unfit"] = "give the secret that the gateway has for this user, as the bytes of a file",
  invalid = "check DPS_SIGN_KEYID, DPS_SIGN_LABEL and DPS_SIGN_TAG: printable ASCII",
}

local function make_signer(settings, name, all)
  local key, where = load_key(settings)
  local shape = SHAPES[name](settings)
  check_keyid(key, where, shape.params)
  shape.key, shape.reads, shape.lifetime = key, all, settings.sign_expires
  shape.digest = settings.sign_digest or "sha-256"
  local signer, reason, detail = native.signer(shape)
  if not signer then
    refuse("requests can't be signed so: " .. detail, SIGNER_HINTS[reason])
  end
  return signer, key
end

-- The secret of AWS is a text: its file may end with a line.
local function sigv4_secret(settings)
  local source, where = key_source(settings)
  local secret, why = source.secret, "it is empty"
  if source.file then
    secret, why = native.secret.file(source.file)
  end
  if not secret then refuse_key(where, "key-file", why) end
  if not native.secret.is_text(secret) then
    refuse(("what %s holds is no secret access key: it has control characters"):format(where))
  end
  return secret
end

local function make_sigv4(settings)
  return {
    provider = ("aws:amz:%s:%s"):format(settings.sign_region,
      settings.sign_service or "execute-api"),
    key_id = settings.sign_keyid, secret = sigv4_secret(settings),
  }
end

---How a client with these settings signs; nil where it does not. Loads the key. Raises kind
---"refused" for settings that do not go together and for a key that can't be used.
---@param settings dps.Settings
---@return dps.Signing?
function signing.of(settings)
  local name = profile_of(settings)
  if name == "none" then return check_unused(settings) end
  local profile = PROFILES[name]
  check_fit(settings, name, profile)
  local all = profile.all
  if settings.sign_scope then all = settings.sign_scope == "all" end
  local self = { profile = name, all = all,
    bearer = profile.bearer and settings.sign_gateway ~= "apisix" }
  if name == "sigv4" then
    self.sigv4 = make_sigv4(settings)
    self.about = ("signing: sigv4, keyid %s"):format(settings.sign_keyid)
    return self
  end
  local key
  self.signer, key = make_signer(settings, name, all)
  self.about = ("signing: %s, %s, keyid %s, %s"):format(name, key:alg(), key:keyid(),
    all and "all requests" or "writes")
  return self
end

return signing
