-- A call on its way: what every part of the pipeline knows it by, and how any of them refuses it.
-- It carries no behaviour of a verb.

local err = require "dps.err"

local intent = {}

---@class dps.Intent     a call that is ready to be sent
---@field verb "create"|"get"|"list"|"update"|"delete"|"request"
---@field operation string         such as "create_fallback"
---@field resource dps.Resource?
---@field id string?               of the object, where it has one
---@field name string?             of the object, for messages
---@field method string
---@field target string            below the base URL, encoded
---@field value any                what the body says
---@field body string?             the bytes to send
---@field headers string[]?        header lines of this request

---Raises an error object that says which call it was.
---@param self dps.Intent
---@param fields table  as for err.new; a name in it goes before the intent's own
function intent.fail(self, fields)
  fields.operation = self.operation
  fields.resource = self.resource and self.resource.title
  fields.name = fields.name or self.name
  err.raise(fields)
end

---Raises kind "invalid".
---@param self dps.Intent
---@param problems dps.Problem[]
function intent.invalid(self, problems)
  intent.fail(self, { kind = "invalid", problems = problems })
end

return intent
