-- Lists: the walk over `_links.next` as contract section 2 warns: links are relative to
-- the base URL and not to the host, never lead to another origin, never twice to the same place;
-- rows that come twice are given once.

local err = require "dps.err"
local filter = require "dps.filter"
local problem = require "dps.problem"

local pages = {}

local MAX_PAGES = 100000

local function origin_and_path(url)
  return url:match "^(%a[%w+.-]*://[^/?#]*)(.*)$"
end

-- A target with nothing in it that could lead up from the base URL, or another way.
local function straight(target)
  local path = target:match "^/[^/\\%s%c?][^\\%s%c?]*"
  local clean = path and not target:find "[\\%s%c]" and not path:lower():find "%%2[ef]"
  return clean and not (path .. "/"):find "/%.%.?/" and target or nil
end

-- What follows the base URL, or nil when the link leads elsewhere.
local function target_of(base_url, href)
  local origin, rest = origin_and_path(href)
  local base_origin, base_path = origin_and_path(base_url)
  if origin then
    if origin:lower() ~= base_origin:lower() or rest:sub(1, #base_path + 1) ~= base_path .. "/" then
      return nil
    end
    return straight(rest:sub(#base_path + 1))
  end
  return straight(href)
end

local function next_link(page)
  local links = type(page._links) == "table" and page._links or {}
  local link = type(links.next) == "table" and links.next or {}
  return type(link.href) == "string" and link.href or nil
end

local Walk = {}
Walk.__index = Walk

local function fail(self, message)
  err.raise {
    kind = "decode", message = message, operation = self.intent.operation, sent = "yes",
    resource = self.intent.resource.title, retryable = false, status = self.status,
    request_id = self.request_id,
    hint = "the rows so far were right; the list is not complete",
  }
end

-- Looked at only when the rows before it are used up, so that a bad link costs none of them.
function Walk:follow()
  local target = target_of(self.client.settings.base_url, self.link)
  if not target then
    fail(self, "the next page is not below " .. self.client.settings.base_url
      .. "; the access token is not sent there")
  end
  if self.visited[target] then
    fail(self, "the link to the next page leads back to a page that was read before")
  end
  return target
end

-- Each page is a call of its own: its intent says where it went.
function Walk:fetch(target)
  self.pages = self.pages + 1
  if self.pages > MAX_PAGES then
    fail(self, ("stopped after %d pages"):format(MAX_PAGES))
  end
  local intent = setmetatable({ target = target }, { __index = self.intent })
  local page, status, text, lines = self.client:call(intent)
  if type(page) ~= "table" or type(page.results) ~= "table" then
    self.client.refuse_answer(intent, status, text, lines, "the answer has no results")
  end
  self.status, self.request_id = status, problem.header(lines, "x-request-id")
  self.rows, self.at = page.results, 0
  self.total = math.type(page.total) == "integer" and page.total or self.total
  self.first, self.link, self.visited[target] = nil, next_link(page), true
end

function Walk:finish()
  if self.total and self.total ~= self.given and not self.done then
    self.client:warn(("%s: the service counts %d rows, %d came; were some written meanwhile?")
      :format(self.intent.operation, self.total, self.given))
  end
  self.done = true
end

function Walk:row()
  self.at = self.at + 1
  local row = self.rows[self.at]
  local id = type(row) == "table" and row.id
  if id and self.seen[id] then
    return self:row()
  end
  if id then
    self.seen[id] = true
  end
  return row
end

-- What a dry run would have written comes last, so that a script finds what it has just created.
function Walk:unwritten()
  self.dry = self.dry or self.client.unwritten(self.intent)
  local row
  repeat
    row = table.remove(self.dry, 1)
  until row == nil or filter.matches(self.asked, row)
  return row
end

function Walk:next()
  local row = self:row()
  while row == nil and (self.first or self.link) do
    self:fetch(self.first or self:follow())
    row = self:row()
  end
  if row == nil then
    self:finish()
    return self:unwritten()
  end
  self.given = self.given + 1
  return row
end

---An iterator over all rows of all pages.
---@param client dps.Client
---@param intent dps.Intent
---@param given { limit: integer?, order_by: string?, property: table[]? }
---@return fun(): table?
function pages.iterate(client, intent, given)
  local walk = setmetatable({
    client = client, intent = intent, asked = given, first = filter.target(intent, given),
    rows = {}, at = 0,
    pages = 0, given = 0, seen = {}, visited = {},
  }, Walk)
  return function()
    return walk:next()
  end
end

return pages
