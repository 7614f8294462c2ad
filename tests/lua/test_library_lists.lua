-- Lists of the local library: order, pages and their links.
local driver = require "library_driver"
local json = require "dps.json"
local lu = require "luaunit"
local support = require "support"

local T = {}

local OFFERS = "/offers?offer-type=fallback"

local library_with, names_of, at_moment = driver.library_with, driver.names_of, driver.at_moment

-- Shape -------------------------------------------------------------------------------------------

function T.test_an_empty_list_is_200_with_an_empty_array()
  local answer = driver.new().lib:handle({ driver.request("GET", OFFERS) })[1]
  lu.assertEquals(answer.status, 200)
  lu.assertEquals(answer.body, '{"results":[],"count":0,"total":0,"_links":{"self":'
    .. '{"href":"/offers?orderby=-modified&limit=50&offer-type=FALLBACK",'
    .. '"type":"application/json"}}}')
end

function T.test_links_have_the_documented_form()
  local d = library_with("a", "b", "c", "d", "e")
  local page = d:expect(200, "GET", OFFERS .. "&limit=2")
  lu.assertEquals({ page.count, page.total, math.type(page.total) }, { 2, 5, "integer" })
  lu.assertEquals(page._links.self.href, "/offers?orderby=-modified&limit=2&offer-type=FALLBACK")
  lu.assertStrMatches(page._links.next.href,
    "/offers%?orderby=%-modified&limit=2&start=%x+&offer%-type=FALLBACK")
  lu.assertEquals(page._links.next.type, "application/json")
  lu.assertNil(page._links.prev)
  local second = d:expect(200, "GET", page._links.next.href)
  lu.assertEquals(second._links.self.href, page._links.next.href)
  local last = d:expect(200, "GET", second._links.next.href)
  lu.assertNil(last._links.next)
  lu.assertEquals(last.count, 1)
  lu.assertEquals(d:expect(200, "GET", "/placements")._links.self.href,
    "/placements?orderby=-modified&limit=50")
end

function T.test_prev_walks_back_over_the_same_pages()
  local d = library_with("a", "b", "c", "d", "e", "f", "g")
  for _, order in ipairs { "name", "-name", "status,name", "modified" } do
    local forth, back, last = {}, {}, nil
    d:walk(OFFERS .. "&limit=3&orderby=" .. order, function(page)
      table.insert(forth, names_of(page.results))
      last = page
    end)
    while last do
      table.insert(back, 1, names_of(last.results))
      lu.assertEquals(last._links.next ~= nil, #back > 1)
      last = last._links.prev and d:expect(200, "GET", last._links.prev.href)
    end
    lu.assertEquals(back, forth)
    lu.assertEquals(#forth, 3)
  end
end

-- Order -------------------------------------------------------------------------------------------

function T.test_the_newest_comes_first_when_nothing_is_asked_for()
  local d = driver.new()
  for i = 1, 3 do
    at_moment(1000 + i, function()
      d:create { name = "n" .. i }
    end)
  end
  lu.assertEquals(names_of(d:expect(200, "GET", OFFERS).results), { "n3", "n2", "n1" })
  local id = d:expect(200, "GET", OFFERS .. "&property=name==n1").results[1].id
  at_moment(2000, function()
    d:expect(200, "PATCH", driver.path(id), '[{"op":"replace","path":"/status","value":"draft"}]')
  end)
  lu.assertEquals(names_of(d:expect(200, "GET", OFFERS).results), { "n1", "n3", "n2" })
end

function T.test_several_sort_fields_and_directions_work_under_both_spellings()
  local d = library_with({ name = "a", status = "draft" }, { name = "b", status = "approved" },
    { name = "c", status = "draft" }, { name = "d", status = "approved" })
  for _, spelling in ipairs { "orderby", "orderBy" } do
    local page = d:expect(200, "GET", OFFERS .. "&" .. spelling .. "=-status,name")
    lu.assertEquals(names_of(page.results), { "a", "c", "b", "d" })
    lu.assertStrContains(page._links.self.href, "orderby=-status,name&")
  end
  lu.assertEquals(names_of(d:expect(200, "GET", OFFERS .. "&orderby=status,-name").results),
    { "d", "b", "c", "a" })
end

function T.test_rows_of_the_same_moment_are_neither_lost_nor_doubled()
  local d = driver.new()
  at_moment(1700000000.123, function()
    for i = 1, 25 do
      d:create { name = ("n%02d"):format(i) }
    end
  end)
  for _, order in ipairs { "-modified", "modified", "status", "-status,created", "absent",
    "-absent" } do
    local names = names_of(d:walk(OFFERS .. "&limit=4&orderby=" .. order))
    table.sort(names)
    lu.assertEquals(#names, 25)
    for i, name in ipairs(names) do
      lu.assertEquals(name, ("n%02d"):format(i))
    end
  end
end

function T.test_of_the_same_moment_the_last_created_is_the_newest()
  local d = driver.new()
  at_moment(1700000000, function()
    d:create { name = "first" }
    d:create { name = "second" }
  end)
  local function order(by)
    return names_of(d:expect(200, "GET", OFFERS .. "&orderby=" .. by).results)
  end
  lu.assertEquals({ order "-modified", order "modified" },
    { { "second", "first" }, { "first", "second" } })
end

function T.test_absent_sort_values_are_walked_over_in_both_directions()
  local d = driver.new()
  for i = 1, 12 do
    local name = ("n%02d"):format(i)
    d:create { name = name, characteristics = i % 3 ~= 0 and { rank = name } or {} }
  end
  local first = { "n03", "n06", "n09", "n12" }
  local up = names_of(d:walk(OFFERS .. "&limit=5&orderby=characteristics.rank,name"))
  local down = names_of(d:walk(OFFERS .. "&limit=5&orderby=-characteristics.rank,name"))
  lu.assertEquals(table.move(up, 1, 4, 1, {}), first)
  lu.assertEquals(table.move(down, 9, 12, 1, {}), first)
  lu.assertEquals({ #up, #down, up[5], down[1] }, { 12, 12, "n01", "n11" })
end

function T.test_writes_between_pages_lose_and_double_nothing_that_was_there()
  for _, order in ipairs { "-modified", "modified", "name", "id" } do
    local d = driver.new()
    local expected = {}
    for i = 1, 20 do
      expected[d:create { name = ("n%02d"):format(i) }] = 1
    end
    local seen = d:walk(OFFERS .. "&limit=3&orderby=" .. order, function(page, number)
      d:create { name = "m" .. number }
      if number == 2 then -- the row that the next link stands on
        d:expect(200, "DELETE", driver.path(page.results[#page.results].id))
      end
      assert(number < 20)
    end)
    local times = {}
    for _, entity in ipairs(seen) do
      times[entity.id] = (times[entity.id] or 0) + 1
    end
    for id in pairs(expected) do
      lu.assertEquals(times[id], 1, order)
    end
  end
end

function T.test_limit_is_1_to_1000_and_offset_is_ignored()
  local d = library_with("a", "b")
  for _, limit in ipairs { "0", "1001", "-1", "1.5", "x", "", "99999999999999999999" } do
    lu.assertStrContains(d:expect(400, "GET", OFFERS .. "&limit=" .. limit).detail, "limit")
  end
  lu.assertEquals(d:expect(200, "GET", OFFERS .. "&limit=1000").count, 2)
  lu.assertEquals(d:expect(200, "GET", OFFERS .. "&offset=1").count, 2)
end

function T.test_a_cursor_of_another_list_or_a_made_up_one_is_refused()
  local d = library_with("a", "b", "c")
  local href = d:expect(200, "GET", OFFERS .. "&limit=1&orderby=name")._links.next.href
  local start = href:match "start=(%x+)"
  local function hexed(value)
    return (json.encode(value):gsub(".", function(char)
      return ("%02x"):format(char:byte())
    end))
  end
  for _, bad in ipairs { "", "1", "zz", "2023-01-01", start .. "0", start:sub(1, -3),
    hexed { "after", "name", 1 },
    hexed { "after", "name", 1, {} }, hexed { "after", "name", "1", "a" },
      hexed { "beside", "name", 1, "a" },
    hexed {}, hexed "after" } do
    lu.assertStrContains(d:expect(400, "GET", OFFERS .. "&orderby=name&start=" .. bad).detail,
      "start")
  end
  d:expect(400, "GET", OFFERS .. "&orderby=-name&start=" .. start)
  lu.assertEquals(
    names_of(d:expect(200, "GET", OFFERS .. "&orderby=name&start=" .. start).results), { "b", "c" })
end

function T.test_values_too_long_for_a_link_refuse_the_order_instead_of_breaking_it()
  local d = library_with({ name = ("a"):rep(5000) }, { name = ("b"):rep(5000) })
  lu.assertStrContains(d:expect(400, "GET", OFFERS .. "&limit=1&orderby=name").detail, "too long")
  lu.assertEquals(#d:walk(OFFERS .. "&limit=1"), 2)
end

function T.test_a_page_of_very_large_objects_is_shorter_and_the_walk_still_complete()
  local d = driver.new()
  local components = {}
  for i = 1, 9 do
    components[i] = { type = "html", format = "text/html", content = ("x"):rep(290 * 1024) }
  end
  for i = 1, 9 do
    local representations = driver.offer().representations
    representations[1].components = components
    d:create { name = "n" .. i, representations = representations }
  end
  local pages = 0
  local all = d:walk(OFFERS .. "&orderby=name&limit=1000", function()
    pages = pages + 1
  end)
  lu.assertEquals(#all, 9)
  lu.assertTrue(pages > 1)
end

support.run(T)
