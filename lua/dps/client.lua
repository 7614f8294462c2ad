-- One target (base URL, organisation, sandbox) and the pipeline of a call to it: gate, request,
-- classify, decode. What is sent, and to which resource, is dps.operation's; this file knows no
-- resource.

local native = require "dps.native"
local auth = require "dps.auth"
local config = require "dps.config"
local gate = require "dps.gate"
local hint = require "dps.hint"
local intents = require "dps.intent"
local json = require "dps.json"
local outcome = require "dps.outcome"
local problem = require "dps.problem"
local refused = require "dps.signing.refused"
local signing = require "dps.signing"
local answers = require "dps.signing.answer"
local clock = require "dps.signing.clock"

local client = {}

---@class dps.Client
---@field settings table   dps.config's
---@field run dps.Run
---@field http userdata?   native client, made at the first call
---@field auth dps.Auth?    whom it calls as, likewise
---@field signing dps.Signing?    how it signs, once there is http
---@field verifier dps.Verifier?  what answers must pass
---@field lines string[]?   header lines of every request, likewise
---@field pass fun(intent: dps.Intent, send: function): any  the gate
---@field overlay dps.Overlay?  what a dry run would have written
---@field sender fun(intent: dps.Intent): any  what the gate sends with
local Client = {}
Client.__index = Client

local BODY_KEPT = 4096

local function header_lines(settings, found)
  return {
    "Accept: application/json",
    "Expect:",
    "x-api-key: " .. (settings.api_key or found.api_key),
    "x-gw-ims-org-id: " .. (settings.ims_org or found.ims_org),
    "x-sandbox-name: " .. settings.sandbox,
  }
end

-- Whom a client calls as whose gateway adds the bearer token: the signature says it.
local NOBODY = {
  found = {}, ready = function() end, refused = function() return false end,
  accepted = function() end, hint = function() end,
}

-- Made at the first call, so that a script which makes none needs no settings.
function Client:connect()
  local settings = self.settings
  local sign = signing.of(settings)
  local who = sign and not sign.bearer and NOBODY or auth.of(settings, self.run)
  config.require_target(settings, who ~= nil, who and who.found)
  self.auth, self.signing, self.verifier = who, sign, answers.verifier(settings)
  self.lines = header_lines(settings, who.found)
  self.http = native.http {
    headers = self.lines, token = who.token, dry_run = self.run.dry_run,
    keeps_sent = self.verifier ~= nil,
    timeout = settings.timeout, connect_timeout = settings.connect_timeout,
    direct = settings.base_url:find "^http:" ~= nil, -- plain http is spoken to loopback only
    ca_file = settings.ca_file, client_cert = settings.client_cert,
    client_key = settings.client_key, signer = sign and sign.signer, sigv4 = sign and sign.sigv4,
  }
  if sign and self.run.verbose then
    io.stderr:write(sign.about, "\n")
  end
end

local function fail(intent, fields)
  fields.name = intent.name or intent.id
  fields.attempts = intent.attempts or 1
  intents.fail(intent, fields)
end

local OWN_WORDS = {
  [outcome.TOO_LARGE] = "the answer is larger than 32 MiB, or its headers than 64 KiB",
  [outcome.CANCELLED] = "the call was cancelled",
  [outcome.REPEAT_REFUSED] = "the connection was closed after the request had been sent",
}

local LOOK_FIRST = "the service got the request, but its answer can't be used: look for the object"
  .. " by name before it is sent again"
local ASK_FOR_LESS = "ask for less at once, such as a page of fewer rows (limit)"

local TRUST = "dps talks to no server that it can't verify: where a company's own authority or"
  .. " proxy stands in between, put its certificate into a PEM file and name that in DPS_CA_FILE"

local SIGN_SETTINGS = "nothing was sent: check DPS_SIGN_COMPONENTS and the other settings of"
  .. " signing"

-- What was written, though the answer is lost, must not be written twice.
local function hint_after(intent)
  return not outcome.is_read(intent.method) and LOOK_FIRST or nil
end

local function hint_of(intent, code, name)
  if name == "PEER_FAILED_VERIFICATION" then
    return TRUST
  end
  if code == outcome.UNSIGNED then
    return SIGN_SETTINGS
  end
  return code == outcome.TOO_LARGE and (hint_after(intent) or ASK_FOR_LESS) or nil
end

local function fail_transport(intent, code, words, sent, status, lines)
  local kind, retryable, name = outcome.of_curl(code, sent, intent.method)
  words = OWN_WORDS[code] or words
  if code == outcome.UNSIGNED then
    words = "the request can't be signed: " .. words
  end
  fail(intent, {
    kind = kind, message = code > 0 and ("%s (%s)"):format(words, name) or words, sent = sent,
    retryable = retryable, status = status > 0 and status or nil,
    request_id = problem.header(lines, "x-request-id"),
    hint = hint_of(intent, code, name),
  })
end

local function redirect_hint(status, lines)
  local to = status // 100 == 3 and problem.header(lines, "location")
  return to and ("the service sent dps on to %s, where dps does not go: check DPS_BASE_URL")
    :format(to) or nil
end

-- Where a signature was refused, the clock is the first thing to look at.
local function clock_hint(self, intent, status, lines)
  local signed = self.signing and (self.signing.all or not outcome.is_read(intent.method))
  local words = signed and (status == 401 or status == 403) and clock.words(lines, native.now())
  return words and words .. ", and a signature that is too old or from the future is refused: set"
    .. " the clock, then run it again" or nil
end

local function fail_status(self, intent, status, text, lines)
  local kind, retryable = outcome.of_status(status, intent.method)
  local words, id, code, problems, reason = problem.read(text, lines)
  local unsigned = refused.hint(status, reason)
  fail(intent, {
    kind = kind, status = status, message = words, request_id = id, retryable = retryable,
    sent = "yes", body = text:sub(1, BODY_KEPT), problems = problems,
    reason = unsigned and reason or nil,
    hint = clock_hint(self, intent, status, lines) or unsigned
      or status == 401 and self.auth:hint() or redirect_hint(status, lines) or hint.of {
      status = status, code = code, words = words, resource = intent.resource,
      method = intent.method, verb = intent.verb, problems = problems, value = intent.value,
      settings = self.settings, wait = problem.header(lines, "retry-after"),
    },
  })
end

local function fail_decode(intent, status, text, lines, why)
  fail(intent, {
    kind = "decode", status = status, message = why, sent = "yes", retryable = false,
    request_id = problem.header(lines, "x-request-id"), body = text:sub(1, BODY_KEPT),
    hint = hint_after(intent),
  })
end

local function decode(intent, status, text, lines)
  if text == "" then
    return nil
  end
  local value, why = json.decode(text)
  if value == nil then
    local type_ = problem.header(lines, "content-type")
    fail_decode(intent, status, text, lines,
      ("the answer is no JSON (%s): %s"):format(type_ or "no content type", why))
  end
  return value
end

function Client:trace(intent, started, text)
  if not started then
    return
  end
  io.stderr:write(("%s %s: %s, %.0f ms\n"):format(intent.method, intent.target, text,
    (native.monotonic() - started) * 1000))
end

-- An answer that nobody vouches for says nothing of what became of a write.
local function check_signature(self, intent, status, text, lines)
  if not self.verifier then
    return
  end
  local request = answers.request(intent, self.lines)
  local reason, detail = self.verifier(request, status, text, lines)
  if not reason then
    return
  end
  local read = outcome.is_read(intent.method)
  fail(intent, {
    kind = read and "auth" or "unknown", status = status, sent = "yes", retryable = false,
    message = ("the answer is not validly signed: %s (%s)"):format(detail, reason),
    request_id = problem.header(lines, "x-request-id"), body = text:sub(1, BODY_KEPT),
    hint = read and answers.hint(reason) or nil,
  })
end

-- One sending, under the token that is good now.
local function exchange(self, intent)
  self.auth:ready(intent)
  local started = self.run.verbose and native.monotonic()
  local url, name = self.settings.base_url .. intent.target, intent.name or intent.id
  local status, text, lines, more, answered, answer_lines =
    self.http:request(intent.method, url, intent.body, intent.headers, intent.operation, name)
  intent.sent = status and answered
  self:trace(intent, started, status or lines)
  return status, text, lines, more, answered, answer_lines
end

---Sends an intent and gives what the service answered. Raises an error object for everything but a
---2xx with JSON, or with nothing, in it. A 401 means that nothing was done, so a write too is sent
---again, once, under a new token; one that must be signed and is not sends only a read again, but
---the token goes.
---@param intent dps.Intent
---@return any value       decoded; nil for an empty body
---@return integer status
---@return string text      the body
---@return string lines     the answer's header lines
function Client:send(intent)
  local status, text, lines, more, answered, answer_lines = exchange(self, intent)
  if status == 401 and self.auth:refused(more) then
    if not outcome.is_read(intent.method) then
      check_signature(self, intent, status, text, lines)
    end
    intent.attempts = 2
    status, text, lines, more, answered, answer_lines = exchange(self, intent)
  end
  if status then
    check_signature(self, intent, status, text, lines)
  end
  if not status then
    return fail_transport(intent, text, lines, more, answered, answer_lines)
  end
  if status ~= 401 then
    self.auth:accepted(more)
  end
  if status < 200 or status > 299 then
    return fail_status(self, intent, status, text, lines)
  end
  return decode(intent, status, text, lines), status, text, lines
end

---Passes an intent through the gate.
---@param intent dps.Intent
---@return any value
---@return integer? status  nil where a dry run answers, like what follows
---@return string? text
---@return string? lines
function Client:call(intent)
  if not self.http then
    self:connect() -- a dry run is refused what the real one is refused
    if self.run.dry_run and not self.run.watch then
      self:note(("dry run, sandbox %s: nothing is written"):format(self.settings.sandbox))
    end
  end
  return self.pass(intent, self.sender)
end

---An answer that is JSON but not what was asked for.
---@param intent dps.Intent
---@param why string
function Client.refuse_answer(intent, status, text, lines, why)
  return fail_decode(intent, status or 0, text or "", lines or "", why)
end

---What a person should know before the rest; programs read it in the lines themselves.
---@param text string
function Client:note(text)
  if not self.run.quiet and not self.run.json then
    io.stderr:write(text, "\n")
  end
end

---Something that went on, but that a person should know.
function Client:warn(text)
  if not self.run.quiet then
    io.stderr:write(self.run.json and json.encode { warning = text } or "warning: " .. text, "\n")
  end
end

---@param settings table  dps.config's
---@param run dps.Run
---@param named boolean?  one of several: a dry run's lines name its sandbox
---@return dps.Client
function client.new(settings, run, named)
  local self = setmetatable({ settings = settings, run = run }, Client)
  self.pass, self.overlay = gate.new {
    dry_run = run.dry_run, json = run.json, say = print,
    watch = run.watch and function(...) run.watch(self, ...) end,
    sandbox = settings.sandbox, named = named,
  }
  self.sender = function(intent)
    return self:send(intent)
  end
  return self
end

local default

---The client that `dps` itself uses: the settings of this run.
---@return dps.Client
function client.default()
  if not default then
    local run = require "dps.run"
    default = client.new(config.load { flags = run.flags, env = run.env }, run)
  end
  return default
end

return client
