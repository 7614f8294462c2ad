-- Filters of the local library's lists: the grammar, what compares how, and that
-- nothing that is sent becomes SQL.
local driver = require "library_driver"
local lu = require "luaunit"
local support = require "support"

local T = {}

local OFFERS = "/offers?offer-type=fallback"
local escape, library_with, names_of = driver.escape, driver.library_with, driver.names_of
local at_moment = driver.at_moment

-- The names that filters find, in order of name.
local function found(d, ...)
  local query = OFFERS .. "&orderby=name"
  for _, expression in ipairs { ... } do
    query = query .. "&property=" .. escape(expression)
  end
  local page = d:expect(200, "GET", query)
  lu.assertEquals(page.total, #page.results)
  return table.concat(names_of(page.results), " ")
end

function T.test_text_compares_by_value_and_case()
  local d = library_with("alpha", "beta", "gamma")
  lu.assertEquals(found(d, "name==beta"), "beta")
  lu.assertEquals(found(d, "name==Beta"), "")
  lu.assertEquals(found(d, "name!=beta"), "alpha gamma")
  lu.assertEquals(found(d, "name<beta"), "alpha")
  lu.assertEquals(found(d, "name<=beta"), "alpha beta")
  lu.assertEquals(found(d, "name>beta"), "gamma")
  lu.assertEquals(found(d, "name>=beta"), "beta gamma")
  lu.assertEquals(found(d, "!name==beta"), "alpha gamma")
  lu.assertEquals(found(d, "!name!=beta"), "beta")
  lu.assertEquals(found(d, "name==be=<>~ta"), "")
end

function T.test_a_field_alone_asks_whether_it_is_there()
  local d =
    library_with({ name = "a", labels = { "core/C1" } },
    { name = "b", characteristics = { k = "v" } })
  lu.assertEquals(found(d, "labels"), "a")
  lu.assertEquals(found(d, "!labels"), "b")
  lu.assertEquals(found(d, "characteristics.k"), "b")
  lu.assertEquals(found(d, "name"), "a b")
  lu.assertEquals(found(d, "nothing"), "")
  lu.assertEquals(found(d, "nothing!=x"), "a b")
  lu.assertEquals(found(d, "rank"), "", "write-only fields are not seen")
end

function T.test_commas_and_repeated_parameters_both_mean_and()
  local d =
    library_with({ name = "a", status = "draft" }, { name = "b", status = "draft" }, { name = "c" })
  lu.assertEquals(found(d, "status==draft", "name!=a"), "b")
  local page = d:expect(200, "GET", OFFERS .. "&property=status==draft,name!%3Da,description")
  lu.assertEquals(names_of(page.results), { "b" })
end

function T.test_values_are_decoded_after_the_commas_are_split()
  local d = library_with("Summer, sale", "Summer", "a+b & c%", "x y", 'quo"te')
  lu.assertEquals(found(d, "name==Summer, sale"), "Summer, sale")
  lu.assertEquals(found(d, "name==a+b & c%"), "a+b & c%")
  lu.assertEquals(found(d, 'name==quo"te'), 'quo"te')
  lu.assertEquals(names_of(d:expect(200, "GET", OFFERS .. "&property=name==x+y").results),
    { "x y" })
  lu.assertStrContains(d:expect(400, "GET", OFFERS .. "&property=name==Summer,+sale,").detail,
    "no filter")
end

function T.test_filters_travel_in_the_links()
  local d = library_with("Sale, 1", "Sale, 2", "Sale, 3", "other")
  local query = OFFERS .. "&limit=1&property=" .. escape "name>=Sale, 1" .. ","
    .. escape "name!=other"
  lu.assertEquals(#d:walk(query), 3)
  local page = d:expect(200, "GET", query)
  lu.assertEquals(page.total, 3)
  lu.assertStrContains(page._links.next.href,
    "&property=name%3E%3DSale%2C%201&property=name%21%3Dother")
end

function T.test_numbers_and_booleans_compare_as_what_they_are()
  local d = driver.new { empty = true }
  for i, count in ipairs { 2, 10, 30 } do
    d:expect(201, "POST", "/placements",
      { name = "p" .. i, componentType = "html", itemCount = count,
      allowDuplicatePlacements = i == 1, channel = "https://ns.adobe.com/xdm/channel-types/web" })
  end
  local function placements(expression)
    local page = d:expect(200, "GET", "/placements?orderby=name&property=" .. escape(expression))
    return table.concat(names_of(page.results), " ")
  end
  lu.assertEquals(placements "itemCount>=10", "p2 p3")
  lu.assertEquals(placements "itemCount<10", "p1")
  lu.assertEquals(placements "itemCount==10.0", "p2")
  lu.assertEquals(placements "itemCount==ten", "")
  lu.assertEquals(placements "itemCount!=ten", "p1 p2 p3")
  lu.assertEquals(placements "allowDuplicatePlacements==true", "p1")
  lu.assertEquals(placements "allowDuplicatePlacements==false", "p2 p3")
  lu.assertEquals(placements "allowDuplicatePlacements==1", "")
  lu.assertEquals(placements "etag==1", "p1 p2 p3")
  lu.assertEquals(placements "etag>1", "")
end

function T.test_dates_compare_as_moments_whatever_their_offset()
  local d = driver.new()
  for i = 1, 3 do
    at_moment(1700000000 + i, function()
      d:create { name = "n" .. i }
    end)
  end
  lu.assertEquals(found(d, "modified>2023-11-14T22:13:22.000Z"), "n3")
  lu.assertEquals(found(d, "created<=2023-11-14T23:13:22.000+01:00"), "n1 n2")
  lu.assertEquals(found(d, "created==2023-11-14T22:13:21+00:00"), "n1")
  lu.assertStrContains(d:expect(400, "GET", OFFERS .. "&property=created>yesterday").detail, "date")
  lu.assertStrContains(
    d:expect(400, "GET", OFFERS .. "&property=created>2023-11-14T22:13:22.000+00:00").detail, "%2B")
end

function T.test_a_path_through_an_array_holds_when_any_item_does()
  local d = driver.new()
  local other = d:expect(201, "POST", "/placements", { name = "p", componentType = "html",
    channel = "https://ns.adobe.com/xdm/channel-types/email" }).id
  local both = driver.offer().representations
  both[2] = { channel = "https://ns.adobe.com/xdm/channel-types/email", placement = other,
    components =
      { { type = "html", format = "text/html", content = "x", language = { "de", "fr" } } } }
  d:create { name = "a" }
  d:create { name = "b", representations = both, labels = { "core/C1", "core/C2" } }
  lu.assertEquals(found(d, "representations.placement==" .. other), "b")
  lu.assertEquals(found(d, "representations.placement==" .. driver.PLACEMENT), "a b")
  lu.assertEquals(found(d, "!representations.placement==" .. other), "a")
  lu.assertEquals(found(d, "representations.components.language==fr"), "b")
  lu.assertEquals(found(d, "representations.components.content"), "b")
  lu.assertEquals(found(d, "labels==core/C2"), "b")
  lu.assertEquals(found(d, "labels!=core/C2"), "a")
  lu.assertEquals(found(d, "representations.components"), "a b")
end

function T.test_a_path_into_items_that_are_no_objects_finds_nothing()
  local d = library_with { name = "a", labels = { "core/C1" } }
  for _, path in ipairs { "labels.x", "representations.components.language.x" } do
    lu.assertEquals(found(d, path), "")
    lu.assertEquals(found(d, path .. "==1"), "")
    lu.assertEquals(found(d, path .. "!=1"), "a")
  end
end

-- A resource that no release has: a date, a name that lies deeper, a reference to two kinds.
local SHOW = {
  name = "show", plural = "shows", title = "show", path = "/shows", query = { kind = "late" },
  id_prefix = "dps:show:", schema = "show;version=1", name_field = "about.title",
  fields = {
    { name = "about", type = "object", fields = { { name = "title", type = "string" } } },
    { name = "opens", type = "date" },
    { name = "uses", type = "array", items = {
      type = "reference", to = { "fallback", "placement" },
    } },
  },
}

local function with_show(action)
  local resource = require "dps.resource"
  table.insert(resource.all, SHOW)
  resource.by_name.show = SHOW
  local ok, message = pcall(action, driver.new())
  resource.by_name.show = nil
  table.remove(resource.all)
  if not ok then
    error(message, 0)
  end
end

function T.test_a_new_resource_is_one_description_and_its_dates_compare_as_moments()
  with_show(function(d)
    local openings = { early = "2026-05-01T10:00:00+02:00", late = "2026-05-01T09:00:00Z" }
    for title, opens in pairs(openings) do
      d:expect(201, "POST", "/shows?kind=LATE", { about = { title = title }, opens = opens })
    end
    local function shows(filter)
      local page = d:expect(200, "GET", "/shows?kind=late&property=" .. escape(filter))
      return page.count == 1 and page.results[1].about.title or page.count
    end
    lu.assertEquals(shows "opens<2026-05-01T08:30:00Z", "early")
    lu.assertEquals(shows "opens==2026-05-01T11:00:00.000+02:00", "late")
    lu.assertEquals(shows "opens<2026-05-01t08:30:00z", "early")
    lu.assertEquals(shows "opens==2026-05-02T05:00:00+20:00", "late")
    lu.assertEquals(shows "about.title==late", "late")
    lu.assertEquals(shows "opens", 2)
    d:expect(400, "GET", "/shows?kind=late&property=opens>soon")
    d:expect(400, "GET", "/shows")
  end)
end

function T.test_a_reference_may_be_to_one_of_several_kinds()
  with_show(function(d)
    local offer = d:create()
    local uses = { offer, driver.PLACEMENT }
    local show = d:expect(201, "POST", "/shows?kind=late", { uses = uses }).id
    local problem = d:expect(422, "POST", "/shows?kind=late", { uses = { offer, show, "x" } })
    local problems = problem.report.additionalContext.problems
    lu.assertEquals({ problems[1].path, problems[2].path, #problems }, { "uses[2]", "uses[3]", 2 })
    lu.assertStrContains(problems[1].message, "is a show, not a fallback offer or placement")
    lu.assertStrContains(d:expect(422, "POST", "/shows?kind=late", { uses = { 5 } }).detail,
      "must be the id of a fallback or placement, got 5")
  end)
end

function T.test_filters_that_are_none_are_refused()
  local d = driver.new()
  for _, bad in ipairs { "", "=", "==x", "name=x", "!", "name!x", "a..b", ".a", "a.", 'a"b==c',
    "name=!x" } do
    d:expect(400, "GET", OFFERS .. "&property=" .. escape(bad))
  end
  d:expect(400, "GET", OFFERS .. "&orderby=")
  d:expect(400, "GET", OFFERS .. "&orderby=name,,id")
  d:expect(400, "GET", OFFERS .. "&limit=1&orderby=%FF")
  d:expect(400, "GET", OFFERS .. "&property=%C3==x")
  d:expect(400, "GET", OFFERS .. "&property=" .. ("name,"):rep(200) .. "name")
  d:expect(400, "GET", OFFERS .. "&orderby=" .. ("name,"):rep(20) .. "name")
  for _, bad in ipairs { "name~a(", "name~[z-a]", "name~" .. ("a"):rep(1025) } do
    lu.assertStrContains(d:expect(400, "GET", OFFERS .. "&property=" .. escape(bad)).detail,
      "holds no regular expression")
  end
end

function T.test_a_regular_expression_takes_the_whole_value_in_any_case()
  local d = library_with("Summer sale 1", "summer SALE 2", "Winter sale", "sale")
  lu.assertEquals(found(d, "name~summer.*"), "Summer sale 1 summer SALE 2")
  lu.assertEquals(found(d, "name~sale"), "sale")
  lu.assertEquals(found(d, "name~.*sale( [0-9]{1,3})?"),
    "Summer sale 1 Winter sale sale summer SALE 2")
  lu.assertEquals(found(d, "!name~.*sale"), "Summer sale 1 summer SALE 2")
  lu.assertEquals(found(d, "name~"), "")
end

function T.test_the_documented_filters_mean_the_same_in_both_forms()
  local d = library_with("abc", { name = "b" }, { name = "c" })
  local id = d:expect(200, "GET", OFFERS .. "&property=name==b").results[1].id
  local part = id:match "%x%x%x%x%x%x$"
  local one = d:expect(200, "GET", OFFERS
    .. ("&property=name!=abc&property=id~.*%s.*&property=description"):format(part))
  local other =
    d:expect(200, "GET", OFFERS .. ("&property=name!=abc,id~.*%s.*,description"):format(part))
  lu.assertEquals(names_of(one.results), { "b" })
  lu.assertEquals(other.results, one.results)
end

function T.test_a_regular_expression_sees_numbers_dates_and_items_as_text()
  local d = driver.new { empty = true }
  local web = "https://ns.adobe.com/xdm/channel-types/web"
  at_moment(1700000000, function()
    d:expect(201, "POST", "/placements", { name = "p1", componentType = "html", itemCount = 12,
      allowDuplicatePlacements = true, channel = web })
  end)
  local function total(expression)
    return d:expect(200, "GET", "/placements?property=" .. escape(expression)).total
  end
  lu.assertEquals(total "itemCount~1.", 1)
  lu.assertEquals(total "itemCount~1", 0)
  lu.assertEquals(total "etag~[0-9]", 1)
  lu.assertEquals(total "allowDuplicatePlacements~t.*", 1)
  lu.assertEquals(total "created~2023-11-14T22:13:20[.]000[+]00:00", 1)
  lu.assertEquals(total "returnMetaData~.*", 0)
  lu.assertEquals(total "nothing~.*", 0)
  local offers = library_with { name = "o", labels = { "core/C1", "custom/x" } }
  lu.assertEquals(found(offers, "labels~custom/.*"), "o")
  lu.assertEquals(found(offers, "representations.components.format~image/.*"), "o")
  lu.assertEquals(found(offers, "labels~custom"), "")
end

function T.test_a_pattern_that_never_ends_is_given_up()
  local d = library_with(("a"):rep(2000))
  local problem = d:expect(400, "GET", OFFERS .. "&property=" .. escape "name~(a+)+[bc]")
  lu.assertStrContains(problem.detail, "takes too long; use a simpler one")
  d:expect(200, "GET", OFFERS)
end

function T.test_nothing_that_is_sent_becomes_sql()
  local d = library_with("a", "x' OR 1=1 --")
  lu.assertEquals(found(d, "name==x' OR 1=1 --"), "x' OR 1=1 --")
  lu.assertEquals(found(d, "') OR 1==1"), "")
  lu.assertEquals(found(d, "characteristics.a'); DROP TABLE objects;--==1"), "")
  d:expect(200, "GET", OFFERS .. "&orderby=" .. escape "name) DESC; DROP TABLE objects; --")
  lu.assertEquals(found(d, "name==a"), "a")
end

function T.test_an_indexed_filter_does_not_read_the_whole_list()
  local d = library_with("a", "b")
  local query, select = require "dps.library.query", require "dps.library.select"
  local settings = require "dps.library.switches".read {}
  local place = require "dps.library.places".of(require "dps.resource".by_name.fallback)
  for filter, index in pairs { ["name==a"] = "objects_by_name", ["id==x"] = "objects_by_id",
    ["status==archived"] = "objects_by_status" } do
    local asked = query.parse({ { name = "property", raw = filter } }, settings)
    for _, statement in ipairs { select.page(1, place, asked, nil, 50),
      select.count(1, place, asked) } do
      local plan =
        d.lib.store:rows("EXPLAIN QUERY PLAN " .. statement.sql, table.unpack(statement.values))
      lu.assertStrContains(plan[1][4], index)
    end
  end
end

support.run(T)
