-- Tokens of an OAuth Server-to-Server credential: when to get one, how often to try, and when to
-- give up. The requests are native.token's, one for all who wait; this file never sees a token.

local native = require "dps.native"
local err = require "dps.err"
local failures = require "dps.auth.failure"
local intents = require "dps.intent"

local oauth = {}

---@class dps.auth.OAuth: dps.Auth
---@field run dps.Run
---@field url string
---@field reread fun(): userdata  the client secret, as it is now; raises where it is gone
---@field told integer          the outcome that was traced last
---@field suspect integer?      serial of the token that was got because one had been refused
---@field failure dps.auth.Failure?  the last one that will not pass by itself
---@field rest_until number     native.monotonic() time before which nothing is asked for early
local OAuth = {}
OAuth.__index = OAuth

local ATTEMPTS = 4
local FIRST_PAUSE, LONGEST_PAUSE = 0.25, 60
local REST = 30 -- seconds until what was final, or early renewal that failed, is tried again

local function say(self, text)
  if not self.run.quiet and not self.run.json then
    io.stderr:write(text, "\n")
  end
end

-- Once for each outcome, by whoever of the many that wait is first.
local function trace(self, outcome)
  if outcome.number <= self.told then
    return
  end
  self.told = outcome.number
  if self.run.verbose then
    local what = outcome.cached and "found in the token cache" or outcome.ok and outcome.status
      or outcome.status ~= 0 and outcome.status or outcome.words or "no answer"
    io.stderr:write(("POST %s: %s%s\n"):format(self.url, what,
      outcome.ok and (", good for %d s"):format(outcome.lifetime) or ""))
  end
  if outcome.warning then
    say(self, "warning: " .. outcome.warning)
  end
end

-- Seconds until the next try; nil where there is none.
local function pause_before(failure, attempt)
  local pause = math.max(failure.retry_after or 0, FIRST_PAUSE * 2 ^ (attempt - 1))
  if not failure.retryable or attempt >= ATTEMPTS or pause > LONGEST_PAUSE then
    return nil
  end
  return pause
end

local function give_up(self, failure, intent, attempt)
  self.failure, self.rest_until = failure, native.monotonic() + REST
  intents.fail(intent, failures.fields(failure, intent, attempt))
end

local function wait(self, failure, pause)
  if pause > 1 then
    say(self, ("waiting %.0f s: %s"):format(pause, failure.message))
  end
  if not native.sleep(pause) then
    err.raise { kind = "cancelled", message = "the wait for an access token was cancelled" }
  end
end

-- One outcome newer than `after`.
local function fetch(self, after)
  local outcome = self.token:fetch(after)
  if not outcome then
    err.raise { kind = "cancelled", message = "the wait for an access token was cancelled" }
  end
  trace(self, outcome)
  return outcome
end

-- Until there is a token, or a failure that stays.
local function obtain(self, intent)
  local after = self.token:outcome().number
  for attempt = 1, ATTEMPTS do
    local outcome = fetch(self, after)
    if outcome.ok then
      self.failure = nil
      return
    end
    local failure = failures.of(outcome, self.url)
    local pause = pause_before(failure, attempt)
    if not pause then
      give_up(self, failure, intent, attempt)
    end
    after = outcome.number
    wait(self, failure, pause)
  end
end

-- While the old one is good, a failure is no reason to stop: it is tried again a little later.
local function renew_early(self)
  if native.monotonic() < self.rest_until then
    return
  end
  local outcome = fetch(self, self.token:outcome().number)
  if not outcome.ok then
    self.rest_until = native.monotonic() + REST
  end
end

-- A secret may have been rotated since the start. Where it can't be read now, the old one may do.
local function use_current_secret(self)
  local ok, handle = pcall(self.reread)
  if ok then
    self.token:use(handle)
  end
end

function OAuth:ready(intent)
  local state = self.token:state()
  if state == "fresh" then
    return
  elseif state == "ageing" then
    return renew_early(self)
  elseif self.failure and native.monotonic() < self.rest_until then
    intents.fail(intent, failures.fields(self.failure, intent, 1))
  end
  if state == "stale" then
    use_current_secret(self)
  end
  obtain(self, intent)
end

-- A token that was got because the one before was refused, and is refused as well, is not replaced
-- again: that would go on for ever.
function OAuth:refused(serial)
  if serial == self.suspect then
    return false
  end
  if serial == self.token:serial() then
    self.token:evict(serial)
    self.suspect = serial + 1
  end
  return true
end

function OAuth:accepted(serial)
  if serial == self.suspect then
    self.suspect = nil
  end
end

function OAuth:hint()
  return "the service refused a token that was got just now: check that DPS_IMS_ORG and DPS_API_KEY"
    .. " are those of the same credential, and that DPS_TOKEN_URL and DPS_BASE_URL belong together"
end

---@param options table  of native.token.new
---@param given { found: table, run: dps.Run, reread: fun(): userdata }
---@return dps.auth.OAuth
function oauth.new(options, given)
  return setmetatable({
    token = native.token.new(options), url = options.url, found = given.found, run = given.run,
    reread = given.reread, told = 0, rest_until = 0,
  }, OAuth)
end

return oauth
