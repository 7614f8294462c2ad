-- A call on its way: what every part of the pipeline knows it by, and how any of them refuses it.
-- It carries no behaviour of a verb.

local err = require "dps.err"

local intent = {}

---@class dps.Intent     a call that is ready to be sent
---@field verb "create"|"get"|"list"|"update"|"delete"|"ensure"|"request"
---  and "unchanged", for dps check alone
---@field operation string         such as "create_fallback"
---@field resource dps.Resource?
---@field id string?               of the object, where it has one
---@field name string?             of the object, for messages
---@field method string
---@field target string            below the base URL, encoded
---@field value any                what the body says
---@field body string?             the bytes to send
---@field headers string[]?        header lines of this request
---@field base table?              the entity that a change begins from, where it was read
---@field after table?             what it is to become
---@field described table?         what the script says of the object that ensure_ compares
---@field sent { url: string, lines: string }?  native.http's, where answers are verified
---@field attempts integer?        how often it was sent, where that is more than once

---Raises an error object that says which call it was.
---@param self dps.Intent
---@param fields table  as for err.new; a name in it goes before the intent's own
function intent.fail(self, fields)
  fields.operation = self.operation
  fields.resource = self.resource and self.resource.title
  fields.name = fields.name or self.name
  err.raise(fields)
end

-- An entity that was read is no table to create from.
local function hint_of(self, problems)
  for _, problem in ipairs(problems) do
    if self.resource and problem.message:find("is given by the service", 1, true) then
      return ('to create it anew, write %s(dps.copy("%s", entity)); ids in it are those of the'
        .. " sandbox that it was read from"):format(self.operation, self.resource.name)
    end
  end
end

---Raises kind "invalid".
---@param self dps.Intent
---@param problems dps.Problem[]
function intent.invalid(self, problems)
  intent.fail(self, { kind = "invalid", problems = problems, hint = hint_of(self, problems) })
end

---What a resource's calls say beside what every call says. The values are settings; one that is
---missing raises kind "refused".
---@param client dps.Client
---@param self dps.Intent
---@return string[]
function intent.headers(client, self)
  local lines = {}
  for header, setting in pairs(self.resource.headers or {}) do
    local value = client.settings[setting]
    if not value then
      local name = "DPS_" .. setting:upper()
      intent.fail(self, {
        kind = "refused",
        message = ("calls for a %s say %s, and %s is not set"):format(self.resource.title, header,
          name),
        hint = ("set %s in the environment, or %s in the profile"):format(name, setting),
      })
    end
    lines[#lines + 1] = header .. ": " .. value
  end
  return lines
end

return intent
