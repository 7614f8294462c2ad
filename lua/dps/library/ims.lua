-- The local library's token endpoint, POST /ims/token/v3: answers as Adobe's IMS does to an OAuth
-- Server-to-Server credential (contract 5.1). Without a credential it takes any client.
--
-- What the documents leave open (contract section 10, number 30), and what this does:
--
--   an unknown client id          400 invalid_client, "invalid client_id parameter"
--   a wrong client secret         401 invalid_client, "invalid client_secret parameter"
--   a scope that it does not have 400 invalid_scope
--   another grant type            400 unsupported_grant_type
--   no form, or one twice         400 invalid_request
--   parameters in the query       taken, where the form does not have them
--   too many tokens at once       429 with Retry-After

local answer = require "dps.library.answer"
local native = require "dps.native"
local routes = require "dps.library.routes"

local ims = {}

local PATH = "/ims/token/v3"

---@class dps.library.Ims
---@field tokens dps.library.Tokens
---@field credential { client_id: string, client_secret: userdata?, scopes: string? }?
local Ims = {}
Ims.__index = Ims

-- application/x-www-form-urlencoded; nil where it is none, or has a name twice.
local function parse_form(text)
  local form = {}
  for pair in text:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    name, value = routes.decode(name, true), routes.decode(value, true)
    if not name or not value or form[name] then
      return nil
    end
    form[name] = value
  end
  return form
end

local function is_form(headers)
  local media = ((headers["content-type"] or "") .. ";"):match "^%s*([^;%s]+)%s*;"
  return media ~= nil and media:lower() == "application/x-www-form-urlencoded"
end

local function parameters_of(request, query)
  local form = (request.body == "" or is_form(request.headers)) and parse_form(request.body)
  local rest = form and parse_form(query)
  if not rest then
    return nil
  end
  for name, value in pairs(form) do
    rest[name] = value
  end
  return rest
end

local function check_scopes(credential, asked)
  local has = {}
  for scope in (credential.scopes or ""):gmatch "[^,%s]+" do
    has[scope] = true
  end
  for scope in (asked or ""):gmatch "[^,%s]+" do
    if credential.scopes and not has[scope] then
      return 400, "invalid_scope", "the scope is not one of the credential's"
    end
  end
  return nil
end

-- A secret is compared in C, in a time that tells nothing.
local function check_client(credential, form)
  if form.client_id ~= credential.client_id then
    return 400, "invalid_client", "invalid client_id parameter"
  elseif not credential.client_secret
    or not native.secret.matches(credential.client_secret, form.client_secret) then
    return 401, "invalid_client", "invalid client_secret parameter"
  end
  return check_scopes(credential, form.scope)
end

---@return integer|nil status  nil when all is well
---@return string? error
---@return string? description
local function check(self, form)
  if not form then
    return 400, "invalid_request", "the body must be application/x-www-form-urlencoded"
  elseif form.grant_type ~= "client_credentials" then
    return 400, "unsupported_grant_type", "grant_type must be client_credentials"
  elseif (form.client_id or "") == "" then
    return 400, "invalid_client", "invalid client_id parameter"
  elseif (form.client_secret or "") == "" then
    return 401, "invalid_client", "invalid client_secret parameter"
  end
  if self.credential then
    return check_client(self.credential, form)
  end
  return nil
end

local ERROR = '{"error":"%s","error_description":"%s"}'
local TOKEN = '{"access_token":"%s","token_type":"bearer","expires_in":%d}'

local function json(context, status, body)
  local result = answer.json(context, status, body)
  result.headers["Cache-Control"] = "no-store" -- RFC 6749, section 5.1
  return result
end

local function refuse(context, status, error, description)
  return json(context, status, ERROR:format(error, description))
end

---@param request dps.library.Request
---@return boolean  it is for this endpoint
function ims.is_asked(request)
  local target = request.target
  return target:sub(1, #PATH) == PATH and target:match "^[^?]*" == PATH
end

---@param context dps.library.Context
---@param request dps.library.Request
---@return dps.library.Answer
function Ims:answer(context, request)
  if request.method ~= "POST" then
    local result = refuse(context, 405, "invalid_request", "this path takes POST")
    result.headers.Allow = "POST"
    return result
  end
  local form = parameters_of(request, request.target:match "%?(.*)$" or "")
  local status, error, description = check(self, form)
  if status then
    return refuse(context, status, error, description)
  end
  local token = self.tokens:issue(form.client_id)
  if not token then
    local result = refuse(context, 429, "too_many_requests", "too many tokens are valid at once")
    result.headers["Retry-After"] = "1"
    return result
  end
  return json(context, 200, TOKEN:format(token, self.tokens.lifetime))
end

---@param tokens dps.library.Tokens
---@param credential table?  as native.token.credentials gives it
---@return dps.library.Ims
function ims.new(tokens, credential)
  return setmetatable({ tokens = tokens, credential = credential }, Ims)
end

return ims
