-- Lists: the walk over `_links.next` as contract section 2 warns: links are relative to
-- the base URL and not to the host, never lead to another origin, never twice to the same place;
-- rows that come twice are given once.

local filter = require "dps.filter"
local intents = require "dps.intent"
local json = require "dps.json"
local problem = require "dps.problem"
local url = require "dps.url"

local pages = {}

local MAX_PAGES = 100000
local REMEMBERED = 16384 -- more than a sandbox may hold of anything (contract 6)

local function origin_and_path(address)
  return address:match "^(%a[%w+.-]*://[^/?#]*)(.*)$"
end

local function straight(target)
  local path = target:match "^[^?#]*"
  return url.stays_below(path) and not target:find "[\\%s%c]" and target or nil
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
  intents.fail(self.intent, {
    kind = "decode", message = message, sent = "yes", retryable = false, status = self.status,
    request_id = self.request_id,
    hint = "the rows so far were right; the list is not complete",
  })
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

-- The entities of a page; nil when it is none.
local function rows_of(page)
  local rows = type(page) == "table" and page.results
  if not json.is_list(rows) then
    return nil
  end
  for _, row in ipairs(rows) do
    if type(row) ~= "table" then
      return nil
    end
  end
  return rows
end

-- Each page is a call of its own: its intent says where it went.
function Walk:fetch(target)
  local overlay = self.client.overlay
  self.written = self.written or overlay and overlay:count(self.intent.resource)
  self.pages = self.pages + 1
  if self.pages > MAX_PAGES then
    fail(self, ("stopped after %d pages"):format(MAX_PAGES))
  end
  local intent = setmetatable({ target = target }, { __index = self.intent })
  local page, status, text, lines = self.client:call(intent)
  local rows = rows_of(page)
  if not rows then
    self.client.refuse_answer(intent, status, text, lines, "the answer has no results")
  end
  self.status, self.request_id = status, problem.header(lines, "x-request-id")
  self.rows, self.at = rows, 0
  self.total = math.type(page.total) == "integer" and page.total or self.total
  self.first, self.link, self.visited[target] = nil, next_link(page), true
end

function Walk:finish()
  local came = self.given + self.others
  if self.total and self.total ~= came and not self.done then
    self.client:warn(("%s: the service counts %d rows, %d came; were some written meanwhile?")
      :format(self.intent.operation, self.total, came))
  end
  self.done = true
end

-- Whether an id came before. Of a very long list only the latest ids are remembered, twice
-- REMEMBERED at most, so that memory stays as it is however many rows come.
function Walk:came_before(id)
  if self.seen[id] or self.seen_before[id] then
    return true
  end
  if self.remembered == REMEMBERED then
    self.seen_before, self.seen, self.remembered = self.seen, {}, 0
  end
  self.seen[id], self.remembered = true, self.remembered + 1
  return false
end

-- Another resource's objects share the path, and have a member that none of these has.
function Walk:is_other(row)
  local mark = self.intent.resource.unmarked
  if not mark or row[mark] ~= true then
    return false
  end
  self.others = self.others + 1
  return true
end

function Walk:row()
  local row
  repeat
    self.at = self.at + 1
    row = self.rows[self.at]
    local again = row and (row.id and self:came_before(row.id) or self:is_other(row))
  until not again
  return row
end

-- What a dry run would have written comes last, so that a script finds what it has created before.
function Walk:unwritten()
  local overlay = self.client.overlay
  self.dry = self.dry or overlay and overlay:added(self.intent.resource, self.asked, self.written,
    function(id) return self.seen[id] or self.seen_before[id] or false end) or {}
  self.at_dry = self.at_dry + 1
  return self.dry[self.at_dry]
end

-- A row of the service's, as a dry run would have left it; what that has deleted counts as come.
function Walk:shown(row)
  local overlay = self.client.overlay
  local shown = row
  if overlay then shown = overlay:shown(self.intent.resource, row, self.asked) end
  local counter = shown and "given" or "others"
  self[counter] = self[counter] + 1
  return shown
end

function Walk:next()
  while true do
    local row = self:row()
    while row == nil and (self.first or self.link) do
      self:fetch(self.first or self:follow())
      row = self:row()
    end
    if row == nil then
      self:finish()
      return self:unwritten()
    end
    local shown = self:shown(row)
    if shown then return shown end
  end
end

---An iterator over all rows of all pages.
---@param client dps.Client
---@param intent dps.Intent
---@param given dps.Filter
---@return fun(): table?
function pages.iterate(client, intent, given)
  local walk = setmetatable({
    client = client, intent = intent, first = filter.target(intent, given),
    asked = client.overlay and filter.matcher(given) or nil,
    rows = {}, at = 0, at_dry = 0,
    pages = 0, given = 0, others = 0, visited = {},
    seen = {}, seen_before = {}, remembered = 0,
  }, Walk)
  return function()
    return walk:next()
  end
end

return pages
