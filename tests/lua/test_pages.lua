-- Long lists: memory stays as it is however many rows come, rows that come twice are given once,
-- and a path that two resources share is told apart.
local lu = require "luaunit"
local operation = require "dps.operation"
local support = require "support"

local T = {}

-- A service with `total` rows, `size` to a page. row(n) makes one.
local function service(total, size, row)
  local client = { settings = { base_url = "https://example.com/data/core/dps" }, said = {} }
  function client.call(_, intent)
    local from = tonumber(intent.target:match "start=(%d+)") or 0
    local rows = {}
    for n = from + 1, math.min(from + size, total) do
      rows[#rows + 1] = row(n)
    end
    local page = { results = rows, count = #rows, total = total, _links = {} }
    if from + size < total then
      page._links.next = { href = "/tags?start=" .. from + size }
    end
    return page, 200, "", ""
  end
  function client.warn(_, words)
    client.said[#client.said + 1] = words
  end
  return client, operation.all(function() return client end)
end

local function tag(n)
  return { id = "dps:tag:" .. n, name = "Tag " .. n, description = ("x"):rep(200) .. n }
end

function T.test_memory_stays_as_it_is()
  local _, dps = service(100000, 1000, tag)
  local count, early = 0, nil
  for _ in dps.list_tags() do
    count = count + 1
    if count == 40000 then
      collectgarbage()
      early = collectgarbage "count"
    end
  end
  collectgarbage()
  lu.assertEquals(count, 100000)
  local grown = collectgarbage "count" - early
  lu.assertTrue(grown < 256, ("%.0f KB more than after 40,000 rows"):format(grown))
end

function T.test_a_row_that_comes_again_much_later_is_given_once()
  local client, dps = service(12000, 500, function(n) return tag(n == 12000 and 3 or n) end)
  local count = 0
  for _ in dps.list_tags() do
    count = count + 1
  end
  lu.assertEquals(count, 11999)
  lu.assertStrContains(client.said[1], "the service counts 12000 rows, 11999 came")
end

function T.test_eligibility_rules_are_not_among_decision_rules()
  local client, dps = service(10, 4, function(n)
    return { id = "r" .. n, name = "R" .. n, exdRule = n % 2 == 0 or nil }
  end)
  local names = {}
  for rule in dps.list_rules() do
    names[#names + 1] = rule.name
  end
  lu.assertEquals(names, { "R1", "R3", "R5", "R7", "R9" })
  lu.assertEquals(client.said, {})
end

support.run(T)
