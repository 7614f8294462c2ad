-- The local Offer Library: opens its database, answers batches of requests. One batch is one
-- transaction, and answers are given out after it is committed. Knows no resource: descriptions
-- (dps.resource) drive everything below.
--
-- What the documents leave open (the numbers are of contract section 10), and what this does. Where
-- a switch stands, dps.library.switches can have it otherwise.
--
--  1  status of a success     POST 201; GET, PATCH, PUT 200; DELETE 200 with an empty body (switch)
--  2  If-Match                409 when it does not hold (switch); no ETag header (switch)
--  3  etag in a `test`        a patch sees the resource's own fields only: `test /etag` finds
--                             nothing (422, switch); writing id, etag, created ... is refused (422)
--  4  move, copy, no ops      all six operations; an empty array is accepted and raises the etag
--                             (switch)
--     a patch that fails      400 malformed, 422 a place that is not there, 409 a `test` that
--                             differs
--  5  media types             application/json; PATCH also application/json-patch+json (switch);
--                             parameters such as charset are ignored
--  6  PUT                     where it is documented, else 405 (switch)
--  7  delete of what is used  409, and who uses it (switch); what is live can go (switch)
--  8  offer-type              400 when missing or unknown; its case does not count
--  9  id of the other type    404
-- 10  write-only fields       checked, kept for later patches, never returned, no filter sees them
--                             (switch)
-- 11  transitions, names      neither enforced nor kept unique (switches)
-- 12  read after write        at once
-- 13  error bodies            contract 4.1: family G for the four headers, P for the rest
--     x-request-id            on every answer; the caller's own where it can stand in a header
-- 14  rate                    no limit (switch)
--     body size               413 above the server's ceiling; 413 also when a patch makes more
-- 15  limit                   1 to 1000 (switch), default 50, else 400; -modified when no order is
--                             given
-- 16  comma in a value        %2C
--     `~`                     PCRE2's dialect; the whole value, in any case (section 2, [X],
--                             switches); 400 for a pattern that is wrong or takes too long
--     comparisons             text by case, numbers by size, dates as moments; `!=` also finds
--                             what lacks the field; a path through an array holds when it holds
--                             for any item; an unknown field is one that no object has
-- 17  equal sort values       the order of creation breaks ties: links lose and double nothing,
--                             whatever is created or deleted meanwhile. A row whose sort value
--                             changes during the walk moves, as with the service (section 2);
--                             order by id where that matters
-- 18  orderBy                 taken like orderby, which is what links say
-- 19  %3A in ids              decoded
-- 20  slashes                 a trailing or a double slash is another path: 404
-- 23  dates that are over     taken (switch); an end before its start is refused
-- 24  guardrails              not enforced (switch)
-- 27  what has to fit         a representation need not fit its placement (switch)
-- 28  PUT of /exd-placements  changes what it names, but the name; there is no PATCH
--  -  tokens                  any well-formed one; with `auth = "strict"` those of ims.lua alone:
--                             401013 for one that is unknown or has expired, 403003 where the key
--                             is not its client's
--  -  x-sandbox-name          400 when missing or ill-formed; other services would take `prod`
--  -  unknown fields          ignored and dropped, at every depth
--  -  references              checked on every write, where the library knows the kind
--  -  createdBy               <api key>@techacct.adobe.com
--  -  unknown parameters      ignored, `offset` among them
--  -  signatures              dps serve --verify-key: 401, family G, code 401090 with a reason

local answer = require "dps.library.answer"
local born = require "dps.library.born"
local dump = require "dps.library.dump"
local faults = require "dps.library.faults"
local gateway = require "dps.library.gateway"
local ims = require "dps.library.ims"
local native = require "dps.native"
local opening = require "dps.library.opening"
local rate = require "dps.library.rate"
local resource = require "dps.resource"
local routes = require "dps.library.routes"
local storage = require "dps.library.store"
local uuid = require "dps.library.uuid"
local verbs = require "dps.library.verbs"
local write = require "dps.library.write"

local library = {}

---@class dps.library.Request
---@field method string
---@field target string                   undecoded: "/data/core/dps/offers?offer-type=fallback"
---@field headers table<string, string>   names in lower case
---@field body string
---@field too_large boolean?              the body passed the server's ceiling and was thrown away

---@class dps.library.Library
---@field store dps.library.Store
---@field routes dps.library.Routes
---@field empty boolean
---@field faults dps.library.Fault[]
---@field rate dps.library.Rate?
---@field settings table<string, any>     of dps.library.switches
---@field ims dps.library.Ims
---@field client_of (fun(token: string): string?)?  where only its own tokens are good
---@field edge dps.library.Edge
---@field sandboxes table<string, dps.library.Sandbox>  those known to be in the database
local Library = {}
Library.__index = Library

local UNAVAILABLE = "the local library's database can't be used now: %s"

local function new_context(self, request)
  return {
    request_id = gateway.request_id(request.headers) or uuid.new(),
    now = math.floor(native.now() * 1000),
    settings = self.settings,
  }
end

local function unavailable(context, why)
  return answer.problem(context, 503, UNAVAILABLE:format(why),
    { headers = { ["Retry-After"] = "1" } })
end

-- Sandboxes ---------------------------------------------------------------------------------------

-- Born on first use, with what every new library holds.
local function add_sandbox(self, context, name)
  local sandbox = self.store:add_sandbox(name, uuid.new())
  local planter = { sandbox = sandbox, now = context.now, actor = "dps", client = "dps" }
  for type, objects in pairs(self.empty and {} or born) do
    for _, object in ipairs(objects) do
      write.plant(self.store, planter, resource.by_name[type], object.id, object.fields)
    end
  end
  return true, sandbox
end

local function sandbox_of(self, context, name)
  local sandbox = self.sandboxes[name] or self.store:sandbox(name)
    or self.store:atomically(add_sandbox, self, context, name)
  self.sandboxes[name] = sandbox
  return sandbox
end

-- One request -------------------------------------------------------------------------------------

local function run_verb(self, context, route, request)
  local result = verbs.run[route.verb](self.store, context, route, request)
  return result.status < 400, result
end

local READS = { get = true, list = true }

local function perform(self, context, route, request)
  if READS[route.verb] then
    local _, result = run_verb(self, context, route, request)
    return result
  end
  return self.store:atomically(run_verb, self, context, route, request)
end

local function identify(self, context, headers)
  context.org, context.client = headers["x-gw-ims-org-id"], headers["x-api-key"]
  context.actor = context.client .. "@techacct.adobe.com"
  context.sandbox = sandbox_of(self, context, headers["x-sandbox-name"])
end

-- What calls at one place say beside the four headers of every call (contract 1.0).
local function missing_header(place, headers)
  for name in pairs(place.main.headers or {}) do
    if (headers[name] or "") == "" then
      return name
    end
  end
  return nil
end

---@return dps.library.Answer
local function answer_one(self, context, request)
  if ims.is_asked(request) then
    return self.ims:answer(context, request)
  end
  if not self.routes:is_below(request.target) then
    return answer.problem(context, 404,
      "there is nothing at this path; the service is below " .. routes.BASE)
  end
  local refusal = self.edge:before(context, request)
  if refusal then
    return refusal
  end
  local code, message = gateway.check(request.headers, self.client_of)
  if code then
    return answer.gateway(context, code, message)
  end
  identify(self, context, request.headers)
  local route, fault = self.routes:resolve(request.method, request.target)
  if not route then
    return answer.problem(context, fault.status, fault.detail,
      { headers = { Allow = fault.allow } })
  end
  local missing = missing_header(route.place, request.headers)
  if missing then
    return answer.problem(context, 400, "Missing header: " .. missing)
  end
  return perform(self, context, route, request)
end

local function failed(context, why)
  if getmetatable(why) == storage.Failure then
    return unavailable(context, why.message)
  end
  return answer.problem(context, 500, "the local library failed: " .. tostring(why))
end

-- Batches -----------------------------------------------------------------------------------------

-- A first look into a sandbox writes too: the sandbox is born. Tokens are in no database.
local function writes(self, request)
  local may = request.method ~= "GET"
    or not self.sandboxes[request.headers["x-sandbox-name"]]
  return may and not ims.is_asked(request)
end

local function first_write(self, batch)
  for i, request in ipairs(batch) do
    if writes(self, request) then
      return i
    end
  end
  return nil
end

-- Without the right to write (another process has it), what only reads is still answered. Once
-- SQLite has given up the transaction, nothing is: it would happen outside of any.
local function respond_well(self, context, request, obstacle)
  if self.store.lost then
    return unavailable(context, "the transaction was lost")
  elseif obstacle and writes(self, request) then
    return unavailable(context, obstacle)
  end
  local done, result = pcall(answer_one, self, context, request)
  return done and result or failed(context, result)
end

-- A fault comes from the command line, or from the request itself.
local function fault_of(self, request)
  local asked = request.headers["x-dps-fault"]
  if asked then
    return faults.parse(asked)
  elseif #self.faults > 0 then
    return faults.choose(self.faults, request.method, routes.below(request.target) or "")
  end
end

local function respond(self, request, obstacle)
  local context = new_context(self, request)
  local fault, wrong = fault_of(self, request)
  if wrong then
    return answer.problem(context, 400, wrong)
  elseif not fault then
    return rate.refusal(self.rate, context) or respond_well(self, context, request, obstacle)
  end
  local result = faults.performs(fault) and respond_well(self, context, request, obstacle)
    or faults.refusal(fault, context)
  return faults.spoil(fault, result)
end

-- Everything from the first write on may tell of what was not kept.
local function withdraw(self, batch, answers, from, why)
  self.sandboxes = {}
  for i = from, #batch do
    answers[i] = unavailable(new_context(self, batch[i]), why)
  end
end

---Answers a batch: all of it inside one transaction, each write inside a savepoint of its own.
---@param batch dps.library.Request[]
---@return dps.library.Answer[] answers  in the order of the batch
function Library:handle(batch)
  local answers, first = {}, first_write(self, batch)
  local _, obstacle = self.store:begin(first ~= nil)
  if obstacle then
    self.store:begin(false)
  end
  for i, request in ipairs(batch) do
    answers[i] = respond(self, request, obstacle)
  end
  local committed, message = self.store:commit()
  if not committed then
    withdraw(self, batch, answers, first or 1, message)
  end
  self.edge:after(batch, answers)
  return answers
end

---Closes the database.
function Library:close()
  self.store:close()
end

---Writes everything that the library holds as JSON (dps.library.dump).
---@param put fun(...: string)
function Library:export(put)
  dump.write(self.store, put)
end

---@param given dps.library.Options?
---@return dps.library.Library|nil
---@return string? message  a sentence that says what is wrong and what to do
function library.open(given)
  local parts, message = opening.open(given)
  return parts and setmetatable(parts, Library), message
end

return library
