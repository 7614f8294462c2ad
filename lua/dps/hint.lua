-- What to do about a refusal, by the code or the words that the service gave: advice for what users
-- really meet (contract 4.2, 5.1, 9). What a status means in general is said in dps.err.

local hint = {}

---@class dps.Refusal
---@field status integer
---@field method string?
---@field code string?      error_code or type of the body
---@field words string      what the service said
---@field resource dps.Resource?
---@field value any         what the request's body said
---@field settings dps.Settings
---@field verb string?       such as "list"
---@field wait string?       Retry-After, as it came
---@field problems dps.Problem[]?  what was wrong, place by place

local SET_UP = "in Adobe's Developer Console add the Experience Platform API to the project, with"
  .. " the product profile AEP-Default-All-Users"

local function role(refusal)
  local right = refusal.resource and refusal.resource.permission
  return ("add the API credential to a role%s that may work in the sandbox %s (Permissions > Roles"
    .. " > API credentials); a new role takes some minutes")
    :format(right and (" with " .. right) or "", refusal.settings.sandbox)
end

local function set(name)
  return function(refusal)
    return ("check DPS_%s (%s): it must belong to the same credential as the access token")
      :format(name:upper(), tostring(refusal.settings[name]))
  end
end

-- By the gateway's error_code.
local CODES = {
  ["400003"] = "a header that every call carries did not arrive: a proxy in between may drop it",
  ["401013"] = "the access token is expired, or another organisation's: get a new one and set"
    .. " DPS_ACCESS_TOKEN; check DPS_IMS_ORG",
  ["403000"] = "the API key did not arrive: check DPS_API_KEY and any proxy in between",
  ["403003"] = set "api_key",
  ["403010"] = "the access token did not arrive: set DPS_ACCESS_TOKEN to the token alone; a proxy"
    .. " in between may drop the Authorization header",
  ["403025"] = function(refusal)
    return ("the credential has no product profile for this: %s; then %s (check DPS_SANDBOX too)")
      :format(SET_UP, role(refusal))
  end,
  ["403027"] = "the user of this token has no region: use an OAuth Server-to-Server credential",
}

-- By what the service itself says; the first that is found in its words (lower case, plain).
local WORDS = {
  { 403, "sandbox", function(refusal)
    return ("check DPS_SANDBOX (%s): the technical name of a sandbox that the credential may use")
      :format(refusal.settings.sandbox)
  end },
  { 403, "", role },
  { 404, "sandbox", function(refusal)
    return ("there may be no sandbox %s: check DPS_SANDBOX, the technical name and not the title")
      :format(refusal.settings.sandbox)
  end },
  { 400, "not an exd rule", "pass the id of an eligibility rule (dps.create_eligibility_rule); a"
    .. " decision rule will not do here" },
  { 422, "not an exd rule", "pass the id of an eligibility rule (dps.create_eligibility_rule); a"
    .. " decision rule will not do here" },
  { nil, "tagid", "tags are named by their UUID here, not by their name" },
  { nil, "one of the tags is invalid", "tags are named by their UUID here, not by their name" },
  { nil, "without a declared profileconstrainttype",
    'give profileConstraintType = "eligibilityRule" beside the rule' },
  { 500, "deserialization", "a field that the service needs is missing or has another type: compare"
    .. " the table with the reference (lua/README.md)" },
  { 400, "schema-id", "check DPS_ITEM_SCHEMA: the id of the schema of decision items" },
}

local function by_words(refusal)
  local words = refusal.words:lower()
  for _, row in ipairs(WORDS) do
    local status, part, advice = table.unpack(row, 1, 3)
    if (not status or status == refusal.status) and words:find(part, 1, true) then
      return advice
    end
  end
end

-- What a conflict means beside a lost race, by the method.
local CONFLICTS = {
  POST = function(resource)
    return ("one of that name may exist already, which dps.ensure_%s finds; or somebody else wrote"
      .. " at the same moment: read it again, then repeat the call"):format(resource.name)
  end,
  DELETE = function()
    return "it may be live or approved (archive it first), or something may refer to it (delete"
      .. " that first); or somebody else changed it meanwhile: read it again, then repeat"
  end,
}

local function conflict(refusal)
  local advice = refusal.status == 409 and refusal.resource and CONFLICTS[refusal.method]
  return advice and advice(refusal.resource) or nil
end

local PATH = "/data/core/dps"

-- A list and a create have no id that could be wrong.
local function misses_path(refusal)
  local base_url = refusal.settings.base_url
  return (refusal.verb == "list" or refusal.verb == "create") and base_url
    and not base_url:find(PATH, 1, true)
end

local function not_found(refusal)
  if refusal.status ~= 404 or not refusal.resource then
    return nil
  elseif misses_path(refusal) then
    return ("check DPS_BASE_URL (%s): its path is usually %s"):format(refusal.settings.base_url,
      PATH)
  end
  return ("check the id and the sandbox (%s): it may have been deleted, or be of another kind than"
    .. " a %s"):format(refusal.settings.sandbox, refusal.resource.title)
end

local search

-- A bare word where an id goes, which the service has quoted back: a name, most likely.
local function search_field(refusal, field, value)
  if field.type == "reference" then
    local kind = type(field.to) == "table" and field.to[1] or field.to
    return type(value) == "string" and not value:find "[:%s]"
      and refusal.words:find(value, 1, true)
      and ('"%s" is taken for an id; if it is a name, write dps.ref("%s", "%s")')
        :format(value, kind, value) or nil
  elseif type(value) ~= "table" then
    return nil
  end
  for _, item in ipairs(field.items and value or {}) do
    local advice = search_field(refusal, field.items, item)
    if advice then
      return advice
    end
  end
  return search(refusal, field.fields or {}, value)
end

function search(refusal, fields, value)
  for _, field in ipairs(fields) do
    local advice = search_field(refusal, field, value[field.name])
    if advice then
      return advice
    end
  end
end

local function name_for_id(refusal)
  local status = refusal.status == 400 or refusal.status == 404 or refusal.status == 422
  return status and refusal.resource and type(refusal.value) == "table"
    and search(refusal, refusal.resource.fields, refusal.value) or nil
end

local READS = { GET = true, HEAD = true }

-- The general advice is about writes.
local function failed_read(refusal)
  return refusal.status >= 500 and READS[refusal.method] and "the service failed, and nothing was"
    .. " written: try again later; its support asks for the request id" or nil
end

local function named_values(refusal)
  return refusal.status == 422 and refusal.problems and "the service understood the request but not"
    .. " the values named above: correct them and run the script again" or nil
end

-- The general advice says how to have fewer in flight.
local function too_many(refusal)
  local seconds = refusal.status == 429 and refusal.wait and refusal.wait:match "^%d+$"
  return seconds and ("too many calls at once: the service wants %s s of rest; then run what is"
    .. " left with fewer in flight (a smaller at_once of dps.each)"):format(seconds) or nil
end

---Advice that says more than the status alone; nil where there is none.
---@param refusal dps.Refusal
---@return string?
function hint.of(refusal)
  local advice = CODES[refusal.code] or by_words(refusal) or name_for_id(refusal)
    or not_found(refusal) or conflict(refusal) or failed_read(refusal) or named_values(refusal)
    or too_many(refusal)
  if type(advice) == "function" then
    return advice(refusal)
  end
  return advice
end

return hint
