-- Opens a local library: reads its options, its database, its faults and who may get tokens, and
-- begins with an export where one is named. What it then does is in dps.library.

local dump = require "dps.library.dump"
local edge = require "dps.library.edge"
local faults = require "dps.library.faults"
local ims = require "dps.library.ims"
local native = require "dps.native"
local options = require "dps.options"
local rate = require "dps.library.rate"
local resource = require "dps.resource"
local routes = require "dps.library.routes"
local storage = require "dps.library.store"
local switches = require "dps.library.switches"
local tokens = require "dps.library.tokens"
local uuid = require "dps.library.uuid"

local opening = {}

---@class dps.library.Options  and every switch of dps.library.switches by its name
---@field db string?       path of the database, made when absent; nil: in memory
---@field reset boolean?   what the database holds is thrown away first
---@field empty boolean?   sandboxes used for the first time hold nothing at all
---@field strict boolean?  every strict_... switch is on
---@field import string?   path of an export to begin with
---@field faults string?   of dps.library.faults, a line each
---@field auth "any"|"strict"|nil    strict: only tokens of its own endpoint are good; default any
---@field credentials string?        the Developer Console's file of the one client that gets
---  tokens; nil: every client does
---@field token_lifetime integer?    seconds
---@field edge string?     signatures and journal: dps.library.EdgeOptions as JSON

local OWN = {
  "db", "reset", "empty", "strict", "import", "faults", "auth", "credentials", "token_lifetime",
  "edge",
}
local KNOWN = table.move(OWN, 1, #OWN, #switches.all + 1, switches.names())

-- Who may get tokens, and whether they are asked for ----------------------------------------------

local LIFETIME = 86399 -- seconds, as the documents show it

local function read_credential(path)
  if path == nil then
    return nil
  end
  local credential, why = native.token.credentials(path)
  if credential and not credential.client_secret then
    credential, why = nil, path .. ": there is no client secret in it"
  end
  return credential, why
end

local function open_authority(self, given)
  local credential, why = read_credential(given.credentials)
  if why then
    return nil, why
  end
  local issued = tokens.new(given.token_lifetime or LIFETIME)
  self.ims = ims.new(issued, credential)
  self.client_of = given.auth == "strict" and function(token)
    return issued:client_of(token)
  end or nil
  return self
end

-- An export to begin with -------------------------------------------------------------------------

local IMPORT = "%s can't be imported: %s"

local function read_file(path)
  local file, message = io.open(path, "rb")
  local text
  if file then
    text, message = file:read "a"
    file:close()
  end
  return text, message
end

local function import(self, path)
  local text, message = read_file(path)
  if not text then
    return nil, IMPORT:format(path, message)
  end
  local context = {
    now = math.floor(native.now() * 1000), actor = "import", client = "import",
  }
  self.store:begin(true)
  local count, why = dump.read(self.store, context, text, function(name, id)
    return self.store:add_sandbox(name, id or uuid.new())
  end)
  local done, problem = self.store:commit()
  if not count or not done then
    return nil, IMPORT:format(path, why or problem)
  end
  return true
end

-- All of it ---------------------------------------------------------------------------------------

local function open_settings(self, given)
  local message
  self.settings, message = switches.read(given)
  if self.settings then
    self.faults, message = faults.parse_all(given.faults)
  end
  return self.faults, message
end

local function open_edge(self, given)
  local message
  self.edge, message = edge.open(given.edge)
  return self.edge, message
end

local function open_store(self, given)
  local message
  self.store, message = storage.open(given.db, given.reset)
  if not self.store or not given.import then
    return self.store, message
  end
  local done, why = import(self, given.import)
  if not done then
    self.store:close()
  end
  return done, why
end

---The parts of a library, as dps.library has them.
---@param given dps.library.Options?
---@return table|nil
---@return string? message  a sentence that says what is wrong and what to do
function opening.open(given)
  given = options.check("dps.library.open", given, KNOWN)
  local self = { sandboxes = {}, empty = given.empty == true }
  for _, open in ipairs { open_settings, open_authority, open_edge, open_store } do
    local done, message = open(self, given)
    if not done then
      return nil, message
    end
  end
  self.rate = rate.new(self.settings.rate)
  self.routes = routes.new(resource.all, self.settings.allow_put)
  return self
end

return opening
