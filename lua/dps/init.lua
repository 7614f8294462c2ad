-- The facade: what a script reaches as `dps`. Modules load when they are first used, so a script
-- pays only for what it touches. It holds no behaviour of its own.

local native = require "dps.native"

---@class dps  the operations themselves: lua/types/
---@field request fun(options: dps.RequestOptions): any, integer?  what has no operation yet
---@field ref fun(kind: string, name: string): dps.Ref  a name where an id goes
---@field copy fun(kind: string, entity: table): table  to create the same again
---@field client fun(options: dps.ClientOptions?): dps  the same on another target
---@field key fun(source: dps.KeySource|string): dps.Key  a key for signatures
---@field verify fun(message: dps.Message|string, options: dps.VerifyOptions): dps.VerifiedSignature
---@field verify_event fun(message: dps.Event|string, options: dps.EventOptions): table
---@field spawn fun(f: function, ...): dps.Task  run beside the others
---@field sleep fun(seconds: number)
---@field each fun(rows: any, f: function, options: dps.each.Options?): dps.each.Result
---@field array fun(list: table?): table  written as [] even when empty
---@field raw fun(value: table): table  passes unchecked
---@field null lightuserdata  JSON's null: in an update it takes a field away
---@field csv dps.csv
---@field date dps.date
---@field rows dps.rows  tables in and out of files
---@field json dps.json
---@field rank dps.rank  priorities
---@field representation dps.representation  text, html, json, images
---@field secret dps.secret  handles of tokens and keys
---@field version string  of dps, such as "0.1.0"
local dps = { version = native.version }

local function client_of()
  return require("dps.client").default()
end

local MODULES = {
  csv = "dps.csv", date = "dps.date", json = "dps.json", rank = "dps.rank",
  representation = "dps.representation", rows = "dps.rows", secret = "dps.secret",
}

local MEMBERS = {
  spawn = function() return require("dps.task").spawn end,
  sleep = function() return require("dps.task").sleep end,
  each = function() return require "dps.each" end,
  array = function() return require("dps.json").array end,
  null = function() return require("dps.json").null end,
  client = function() return require("dps.target").new end,
  ref = function() return require("dps.ref").new end,
  copy = function() return require "dps.copy" end,
  raw = function() return require("dps.schema").raw end,
  key = function() return require("dps.key").load end,
  verify = function() return require("dps.verify").message end,
  verify_event = function() return require("dps.event").verify end,
  request = function()
    local send = require("dps.request").send
    return function(options)
      return send(client_of, options)
    end
  end,
}

local loaded = false

-- What a script has put in the place of an operation stays.
local function load_operations()
  for name, f in pairs(loaded and {} or require("dps.operation").all(client_of)) do
    dps[name] = rawget(dps, name) or f
  end
  loaded = true
end

local function all_names()
  local names = {}
  for _, members in ipairs { dps, MODULES, MEMBERS } do
    for name in pairs(members) do
      names[#names + 1] = name
    end
  end
  return names
end

local function unknown(owner, name, names)
  local nearest = require("dps.suggest").nearest(tostring(name), names)
  local where = require("dps.err").where()
  error(("%s%s has no %s%s"):format(where and where .. ": " or "", owner, tostring(name),
    nearest and (" (did you mean %s.%s?)"):format(owner, nearest) or ""), 0)
end

-- A module's functions, told like dps's own when one is misspelt.
local function load_module(name)
  local module = require(MODULES[name])
  local metatable = getmetatable(module) or {}
  metatable.__index = metatable.__index or function(_, key)
    local names = {}
    for known in pairs(module) do
      names[#names + 1] = tostring(known)
    end
    unknown("dps." .. name, key, names)
  end
  return setmetatable(module, metatable)
end

local function find(_, name)
  local member = MODULES[name] and load_module(name) or MEMBERS[name] and MEMBERS[name]()
  if member ~= nil then
    dps[name] = member
    return member
  end
  load_operations()
  return rawget(dps, name) or unknown("dps", name, all_names())
end

return setmetatable(dps, { __index = find })
