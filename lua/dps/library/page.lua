-- One page of a list: rows from the database, links to the pages beside it (contract section 2,
-- "Response").

local answer = require "dps.library.answer"
local query = require "dps.library.query"
local resource = require "dps.resource"
local select = require "dps.library.select"

local page = {}

-- A page is a hint of size, not a promise: very large objects make it shorter, so that an answer
-- has a ceiling.
local MAX_BYTES = 16 * 1024 * 1024

local function run(store, statement)
  return store:rows(statement.sql, table.unpack(statement.values, 1, statement.values.n))
end

---@class dps.library.PageOf  what a page is taken from
---@field store dps.library.Store
---@field sandbox integer
---@field place dps.library.Place
---@field found dps.library.Query

---@param of dps.library.PageOf
local function rows_behind(of, place, limit)
  return run(of.store, select.page(of.sandbox, of.place, of.found, place, limit))
end

---@param row any[]  number, bytes, sort values
---@return dps.library.Cursor
local function place_of(row, count, backward)
  local values = table.move(row, 3, count + 2, 1, { n = count })
  return { backward = backward, seq = row[1], values = values }
end

-- How many of the rows fit, the first one always.
local function fitting(rows, limit)
  local bytes = 0
  for i, row in ipairs(rows) do
    bytes = bytes + row[2]
    if i > limit or i > 1 and bytes > MAX_BYTES then
      return i - 1
    end
  end
  return #rows
end

local function reverse(rows)
  local turned = {}
  for i = #rows, 1, -1 do
    turned[#turned + 1] = rows[i]
  end
  return turned
end

-- The rows of the page in order, and whether there are more behind them in the direction of the
-- walk.
local function fetch(of)
  local found = of.found
  local rows = rows_behind(of, found.cursor, found.limit + 1)
  local count = fitting(rows, found.limit)
  local more = count < #rows
  rows = table.move(rows, 1, count, 1, {})
  local backward = found.cursor and found.cursor.backward
  return backward and reverse(rows) or rows, more
end

local function is_any(of, place)
  return #rows_behind(of, place, 1) > 0
end

-- Places that the links before and behind the page start from; nil where there is no page.
local function neighbours(of, rows, more)
  local cursor, count = of.found.cursor, #of.found.order
  if #rows == 0 then
    return nil, nil
  end
  local before, after = place_of(rows[1], count, true), place_of(rows[#rows], count, false)
  if not cursor then
    return nil, more and after or nil
  elseif cursor.backward then
    return more and before or nil, is_any(of, after) and after or nil
  end
  return is_any(of, before) and before or nil, more and after or nil
end

local LINK = '"%s":{"href":"%s","type":"application/json"}'

-- The link's text holds nothing that JSON would escape: query.href leaves only unreserved
-- characters.
local function link(of, name, start)
  return LINK:format(name, query.href(of.place, of.found, start))
end

-- The links in the order self, next, prev; nil when a row's sort values are too long to travel in
-- one.
local function links(of, before, after)
  local result = { link(of, "self", of.found.start) }
  local ends = { next = after, prev = before }
  for _, name in ipairs { "next", "prev" } do
    local place = ends[name]
    local start = place and query.format_cursor(place, of.found.order_text)
    if place and not start then
      return nil
    elseif start then
      result[#result + 1] = link(of, name, start)
    end
  end
  return table.concat(result, ",")
end

local function entities(of, rows)
  local texts = {}
  for i, row in ipairs(rows) do
    local object = of.store:by_seq(row[1])
    texts[i] = answer.entity(object, resource.by_name[object.kind].utc)
  end
  return table.concat(texts, ",")
end

-- Without filters the number is kept; with them it is counted once for as long as nothing is
-- written, so that a walk through many pages counts once.
local function total(of)
  if #of.found.terms == 0 then
    return of.store:count(of.sandbox, of.place.name)
  end
  local statement = select.count(of.sandbox, of.place, of.found)
  return of.store:counted(statement.sql, statement.values)
end

---@param of dps.library.PageOf
---@return string|nil JSON  nil when the order is by values that are too long for a link
function page.render(of)
  local rows, more = fetch(of)
  local joined = links(of, neighbours(of, rows, more))
  if not joined then
    return nil
  end
  return ('{"results":[%s],"count":%d,"total":%d,"_links":{%s}}'):format(
    entities(of, rows), #rows, total(of), joined)
end

return page
