-- Which row of dps.each the code that runs is at work on, its tasks among it, and what the rows
-- name: two rows that write an object of one name would make two of it, or undo each other's work.
-- A coroutine of the script's own has no row.

local intents = require "dps.intent"

local row = {}

---@class dps.each.Claim
---@field number integer  of the row
---@field place string
---@field text string?    what an ensure makes of it; nil for a create

local seats = setmetatable({}, { __mode = "k" }) -- by coroutine

---The coroutine that runs works on this row from now on.
---@param seat dps.each.Seat
function row.enter(seat)
  seats[coroutine.running()] = seat
end

---The same function, to be run by a task of its own for the row at hand.
---@param f function
---@return function
function row.carry(f)
  local seat = seats[coroutine.running()]
  if not seat then return f end
  return function(...)
    row.enter(seat)
    return f(...)
  end
end

local function key_of(client, intent)
  local settings = client.settings
  return table.concat({ settings.base_url, settings.ims_org or "", settings.sandbox or "",
    intent.resource.name, intent.name }, "\0")
end

local function refuse(intent, place)
  intents.fail(intent, {
    kind = "invalid", sent = "no",
    message = ('%s has a %s of this name too; nothing was sent for this one'):format(place,
      intent.resource.title),
    hint = "give one of the two another name, or delete one",
  })
end

---Says that the row at hand writes an object under its name. Raises kind "invalid" where another
---row does, unless both ensure the very same.
---@param client dps.Client
---@param intent dps.Intent
---@param text fun(): string?  what an ensure makes of it, as text
function row.claim(client, intent, text)
  local seat = seats[coroutine.running()]
  if not seat or not intent.name then return end
  local key, said = key_of(client, intent), text and text() or nil
  local claim = seat.claims[key]
  if not claim then
    seat.claims[key] = { number = seat.number, place = seat.place, text = said }
  elseif claim.number ~= seat.number and (said == nil or said ~= claim.text) then
    refuse(intent, claim.place)
  end
end

---What an earlier run noted of the row at hand.
---@return string?  nil where there was none
function row.noted()
  local seat = seats[coroutine.running()]
  return seat and seat.noted
end

return row
