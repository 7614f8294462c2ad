-- What a failed request for a token means, and what to do about it, in words. Pure.

local outcomes = require "dps.outcome"

local failure = {}

---@class dps.auth.Failure
---@field kind dps.ErrorKind
---@field message string
---@field hint string
---@field retryable boolean      it may pass by itself
---@field retry_after number?    seconds that the endpoint asked for
---@field status integer?

local CONSOLE = " in the Developer Console"
local SCOPES = "ask for the scopes that the credential shows" .. CONSOLE .. " (DPS_SCOPES, comma"
  .. " between them), and add the Experience Platform API to its project where some are missing"
local ID = "the client id is unknown: compare DPS_CLIENT_ID, or the file of DPS_CREDENTIALS, with"
  .. " the credential" .. CONSOLE .. "; it may have been deleted"
local SECRET = "the client secret is wrong or was rotated: retrieve it" .. CONSOLE .. " and set it"
  .. " anew (DPS_CLIENT_SECRET, or the file of DPS_CREDENTIALS)"
local CLIENT = "compare client id and client secret with the credential" .. CONSOLE
  .. "; a secret may have been rotated, a credential deleted"
local FLOW = "the credential is not for this flow: add an OAuth Server-to-Server credential to the"
  .. " project" .. CONSOLE .. "; service account (JWT) credentials have ended"
local ENDPOINT = "check DPS_TOKEN_URL (Adobe's is https://ims-na1.adobelogin.com/ims/token/v3) and"
  .. " any proxy in between"
local RIGHTS = "add the credential to a product profile of Experience Platform, and to a role under"
  .. " Permissions"
local LATER = "try again later; a token cache (DPS_TOKEN_CACHE) makes many runs ask for one token"

-- By the endpoint's own word for it (RFC 6749, section 5.2, and IMS).
local HINTS = {
  invalid_scope = SCOPES,
  unauthorized_client = FLOW,
  unsupported_grant_type = FLOW,
  invalid_grant = FLOW,
  access_denied = RIGHTS,
  invalid_request = CLIENT,
}

local function hint_of(outcome)
  local said = outcome.description or ""
  if outcome.error == "invalid_client" then
    return said:find "secret" and SECRET or said:find "client_id" and ID or CLIENT
  end
  return HINTS[outcome.error] or outcome.status == 403 and RIGHTS
    or outcome.status == 429 and LATER or outcome.status >= 500 and LATER
    or (outcome.status == 400 or outcome.status == 401) and CLIENT or ENDPOINT
end

-- Without the host's path: what is asked is the same everywhere.
local function host_of(url)
  return url:match "^%a+://([^/]+)" or "the token endpoint"
end

local function seconds(text)
  local number = tonumber((text or ""):match "^%d+$")
  return number or text and 5 or nil
end

local TRUST = "dps asks no endpoint that it can't verify: where a company's own authority or proxy"
  .. " stands in between, put its certificate into a PEM file and name that in DPS_CA_FILE; a clock"
  .. " of this machine that is far off has the same effect"
local NETWORK = "check the network, DPS_TOKEN_URL and the proxy settings, then run it again"

local function unreachable(outcome, host)
  local kind, retryable, name = outcomes.of_curl(outcome.code, "no", "GET")
  local large = outcome.code == outcomes.TOO_LARGE
  return {
    kind = kind, retryable = retryable,
    message = large and ("%s answered more than a token endpoint does"):format(host)
      or ("no access token: %s can't be reached: %s (%s)"):format(host, outcome.words, name),
    hint = large and ENDPOINT or name == "PEER_FAILED_VERIFICATION" and TRUST or NETWORK,
  }
end

local function refused(outcome, host)
  local status = outcome.status
  local words = (outcome.error and ": " .. outcome.error or "")
    .. (outcome.description and ": " .. outcome.description or "")
  return {
    kind = (status == 429 or status >= 500 or status < 400) and "http" or "auth", status = status,
    retryable = status == 429 or status >= 500, retry_after = seconds(outcome.retry_after),
    message = ("no access token: %s answered %d%s"):format(host, status, words),
    hint = hint_of(outcome),
  }
end

local FAULTS = {
  not_json = "its answer is no JSON",
  missing = "there is no access_token in its answer",
  unusable = "its access_token can't stand in a header",
  no_bearer = "its token is of another type than bearer",
  expired = "its token has expired already (expires_in)",
  no_memory = "memory ran out",
}

local function unusable(outcome, host)
  return {
    kind = "decode", status = outcome.status, retryable = false, hint = ENDPOINT,
    message = ("no access token: %s answered %d, but %s"):format(host, outcome.status,
      FAULTS[outcome.fault]),
  }
end

---@param outcome table  of native.token, one that is not ok
---@param url string     of the endpoint
---@return dps.auth.Failure
function failure.of(outcome, url)
  local host = host_of(url)
  if outcome.code ~= 0 then
    return unreachable(outcome, host)
  end
  return outcome.fault == "refused" and refused(outcome, host) or unusable(outcome, host)
end

---What an error object is made of. The call itself was not sent.
---@param self dps.auth.Failure
---@param intent dps.Intent
---@param attempts integer
---@return table
function failure.fields(self, intent, attempts)
  return {
    name = intent.name or intent.id,
    kind = self.kind, message = self.message, hint = self.hint, status = self.status,
    retryable = self.retryable, attempts = attempts, sent = "no",
  }
end

return failure
