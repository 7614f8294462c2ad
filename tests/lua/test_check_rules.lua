-- The rules of dps check, each on objects that it must find and on objects that it must let
-- through.
local fixture = require "check_fixture"
local lu = require "luaunit"
local plans = require "dps.check.plan"
local resources = require "dps.resource"
local rules = require "dps.check.rules"
local err = require "dps.err"
local support = require "support"

local T = {}

local WEB = fixture.WEB
local MAIL = fixture.MAIL
local NOW = fixture.NOW
local new_plan = fixture.new_plan
local found = fixture.found
local write = fixture.write
local image = fixture.image
local offer = fixture.offer
local window = fixture.window
local dated = fixture.dated

function T.test_an_end_that_is_not_after_its_start_is_found()
  local plan = new_plan()
  write(plan, "fallback", dated("2026-07-02", "2026-07-01"))
  write(plan, "personalized", dated("2026-07-01", "2026-07-01"))
  write(plan, "fallback", dated("2026-07-01", "2026-07-02"))
  write(plan, "decision", { name = "D", startDate = "2026-07-02T00:00:00Z",
    endDate = "2026-07-01T23:00:00-01:00", criteria = {} })
  lu.assertEquals(found(plan, "end-before-start"),
    "selectionConstraint.endDate selectionConstraint.endDate endDate")
end

function T.test_what_has_ended_is_found_unless_it_is_archived()
  local plan = new_plan()
  write(plan, "fallback", dated("2026-05-01", "2026-06-01"))
  write(plan, "fallback", dated("2026-05-01", "2026-06-02"))
  write(plan, "fallback", dated("2026-05-01", "2026-05-02", { status = "archived" }))
  write(plan, "personalized", offer { frequencyCappingConstraints = { window(nil, "2026-01-01") } })
  lu.assertEquals(found(plan, "expired"),
    "selectionConstraint.endDate frequencyCappingConstraints[1].endDate")
end

function T.test_an_offset_of_another_season_is_found_where_a_zone_is_set()
  local function with(start)
    local plan = new_plan(nil, "Europe/Paris")
    write(plan, "fallback", offer { selectionConstraint = { startDate = start } })
    return found(plan, "wrong-offset")
  end
  lu.assertEquals(with "2026-07-01T09:00:00+01:00", "selectionConstraint.startDate")
  lu.assertEquals(with "2026-07-01T09:00:00+02:00", "")
  lu.assertEquals(with "2026-12-01T09:00:00+02:00", "selectionConstraint.startDate")
  lu.assertEquals(with "2026-12-01T09:00:00Z", "")
  local plan = new_plan()
  write(plan, "fallback",
    offer { selectionConstraint = { startDate = "2026-07-01T09:00:00+01:00" } })
  lu.assertEquals(found(plan, "wrong-offset"), "")
end

function T.test_a_stretch_without_a_fallback_is_found()
  local plan = new_plan()
  write(plan, "fallback", dated("2026-08-01", "2026-09-01"))
  write(plan, "fallback", dated("2026-06-01", "2026-07-01"))
  local paths, findings = found(plan, "cover-gap")
  lu.assertEquals(paths, "selectionConstraint.startDate")
  lu.assertStrContains(findings[1].message, 'placement "Hero" has no fallback from 2026-07-01')
  write(plan, "fallback", dated("2026-06-15", "2026-08-01"))
  lu.assertEquals(found(plan, "cover-gap"), "")
end

function T.test_a_fallback_without_dates_covers_everything()
  local plan = new_plan()
  write(plan, "fallback", dated("2026-06-01", "2026-07-01"))
  write(plan, "fallback", dated("2026-08-01", "2026-09-01"))
  write(plan, "fallback", offer())
  lu.assertEquals(found(plan, "cover-gap"), "")
  lu.assertEquals(found(plan, "cover-overlap"), "")
end

function T.test_placements_are_covered_one_by_one()
  local plan = new_plan()
  write(plan, "fallback", dated("2026-06-01", "2026-07-01"))
  write(plan, "fallback", dated("2026-08-01", "2026-09-01", { representations = { image "mail" } }))
  lu.assertEquals(found(plan, "cover-gap"), "")
end

function T.test_two_fallbacks_at_once_are_found()
  local plan = new_plan()
  write(plan, "fallback", dated("2026-06-01", "2026-07-01"))
  write(plan, "fallback", dated("2026-07-01", "2026-08-01"))
  lu.assertEquals(found(plan, "cover-overlap"), "")
  write(plan, "fallback", dated("2026-06-10", "2026-06-12"))
  local _, findings = found(plan, "cover-overlap")
  lu.assertEquals({ #findings, findings[1].title, findings[1].name }, { 1, "placement", "Hero" })
  lu.assertStrContains(findings[1].message, "2 fallbacks are on at the same time from"
    .. " 2026-06-10T00:00:00.000+00:00 to 2026-06-12")
end

-- The messages of the overlaps of these windows, in days of June.
local function overlaps(windows)
  local plan, messages = new_plan(), {}
  for _, one in ipairs(windows) do
    write(plan, "fallback", dated(("2026-06-%02d"):format(one[1]), ("2026-06-%02d"):format(one[2]),
      { name = one[3] }))
  end
  for i, finding in ipairs(select(2, found(plan, "cover-overlap"))) do
    messages[i] = finding.message:gsub("2026%-06%-(%d%d)T%S-%+00:00", "%1"):gsub(" %([^)]*%)", "")
  end
  return messages
end

function T.test_a_stretch_with_many_fallbacks_is_one_finding()
  local many = {}
  for i = 1, 20 do
    many[i] = { 5, 9, "F" .. i }
  end
  lu.assertEquals(overlaps(many),
    { '20 fallbacks are on at the same time from 05 to 09: "F1", "F2" and 18 more' })
  lu.assertEquals(overlaps { { 1, 3, "A" }, { 2, 5, "B" }, { 10, 20, "C" }, { 11, 12, "D" } },
    { '2 fallbacks are on at the same time from 02 to 03: "A" and "B"',
      '2 fallbacks are on at the same time from 11 to 12: "C" and "D"' })
end

function T.test_a_stretch_goes_on_as_long_as_more_than_one_is_on()
  lu.assertEquals(overlaps { { 1, 20, "Long" }, { 1, 5, "A" }, { 5, 9, "B" } },
    { '3 fallbacks are on, up to 2 at the same time, from 01 to 09: "Long", "A" and 1 more' })
  lu.assertEquals(overlaps { { 1, 10, "A" }, { 1, 10, "B" }, { 10, 20, "C" }, { 10, 20, "D" } },
    { '2 fallbacks are on at the same time from 01 to 10: "A" and "B"',
      '2 fallbacks are on at the same time from 10 to 20: "C" and "D"' })
  lu.assertEquals(overlaps { { 1, 10, "A" }, { 10, 20, "B" }, { 20, 25, "C" } }, {})
  lu.assertEquals(overlaps { { 1, 20, "A" }, { 9, 9, "Never" } }, {})
end

function T.test_fallbacks_that_decisions_name_may_overlap()
  local plan = new_plan { decision = { d1 = { id = "d1", fallback = "there" },
    d2 = { id = "d2", fallback = "moved" } } }
  local function there(id)
    plan:record({ verb = "update", resource = resources.by_name.fallback }, id,
      dated("2026-06-01", "2026-07-01", { name = id }))
  end
  there "there"
  local made = write(plan, "fallback", dated("2026-06-01", "2026-07-01"))
  write(plan, "fallback", dated("2026-06-01", "2026-07-01", { name = "In none" }))
  lu.assertEquals(#select(2, found(plan, "cover-overlap")), 1)
  write(plan, "decision", { name = "D", status = "live", fallback = made, criteria = {} })
  lu.assertEquals(#select(2, found(plan, "cover-overlap")), 0)
  -- What the script makes of a decision counts, not what the service has.
  there "moved"
  plan:record({ verb = "update", resource = resources.by_name.decision }, "d2",
    { name = "D2", fallback = made, criteria = {} })
  local _, findings = found(plan, "cover-overlap")
  lu.assertStrContains(findings[1].message, "2 fallbacks")
end

function T.test_findings_of_one_line_come_in_the_order_of_the_rows()
  local plan = new_plan()
  for i, line in ipairs { 9, 3, 17, 4 } do
    plan:record({ verb = "create", resource = resources.by_name.fallback }, "dry:" .. i,
      dated("2026-01-01", "2026-02-01"), "a.lua:5", { source = "o.csv", line = line })
  end
  local _, findings = found(plan, "expired")
  local lines = {}
  for i, finding in ipairs(findings) do
    lines[i] = finding.source_line
  end
  lu.assertEquals(lines, { 3, 4, 9, 17 })
  lu.assertEquals(findings[1].source, "o.csv")
end

function T.test_words_about_rules_stand_alone()
  for _, rule in ipairs(rules.own()) do
    lu.assertNotStrContains(rule.explain .. rule.help, "contract")
  end
  local switches = require "dps.library.switches"
  for _, each in ipairs(switches.all) do
    lu.assertNotStrContains(each.help, "contract")
  end
  lu.assertNotStrContains(require("dps.library.coverage").text(), "contract")
end

local function decision(changes)
  local value = { name = "D", status = "live", criteria = { { placements = { "hero" } } } }
  for name, item in pairs(changes) do
    value[name] = item
  end
  return value
end

function T.test_a_decision_that_outlives_its_fallback_is_found()
  local plan = new_plan()
  local id = write(plan, "fallback", dated("2026-06-10", "2026-07-01"))
  write(plan, "decision", decision { fallback = id, startDate = "2026-06-01T00:00:00Z",
    endDate = "2026-06-30T00:00:00Z" })
  write(plan, "decision", decision { fallback = id, startDate = "2026-06-10T00:00:00Z" })
  write(plan, "decision", decision { fallback = id, startDate = "2026-06-10T00:00:00Z",
    endDate = "2026-07-01T00:00:00Z" })
  lu.assertEquals(found(plan, "decision-cover"), "startDate endDate")
end

function T.test_ids_that_nothing_has_are_found()
  local plan = new_plan { tag = { t1 = { id = "t1" } } }
  local id = write(plan, "fallback", offer { tags = { "t1", "t2" },
    representations = { image "hero", image "nowhere" } })
  write(plan, "decision", decision { fallback = id })
  write(plan, "decision", decision { fallback = "gone" })
  lu.assertEquals(found(plan, "unknown-reference"), "representations[2].placement tags[2] fallback")
end

function T.test_a_service_that_cannot_be_asked_is_no_finding()
  local told = {}
  local plan = plans.new { now = NOW, unread = function(message) told[#told + 1] = message end,
    reader = { get = function() err.raise { kind = "transport", message = "no network" } end,
      named = function() err.raise { kind = "transport", message = "no network" } end,
      total = function() err.raise { kind = "transport", message = "no network" } end } }
  write(plan, "fallback", offer { tags = { "t1", "t2" } })
  lu.assertEquals(#rules.run(rules.own(), plan), 0)
  table.sort(told)
  lu.assertEquals(#told, 3)
  for i, message in ipairs(told) do -- each kind of question is complained of once
    lu.assertStrContains(message, "no network")
    lu.assertNotEquals(message, told[i + 1])
  end
end

function T.test_representations_that_do_not_fit_are_found()
  local plan = new_plan()
  write(plan, "fallback", offer())
  lu.assertEquals(found(plan, "representation-fit"), "")
  write(plan, "fallback", offer { representations = { image "mail" } })
  lu.assertEquals(found(plan, "representation-fit"),
    "representations[1].channel representations[1].components[1].type")
end

function T.test_a_placement_of_a_decision_without_a_representation_is_found()
  local plan = new_plan { collection = { c1 = { id = "c1", name = "C", filterType = "offers",
    ids = { "p1" } } }, personalized = { p1 = { id = "p1", representations = { image "mail" } } } }
  local id = write(plan, "fallback", offer())
  write(plan, "decision", decision { fallback = id, criteria = {
    { placements = { "hero", "mail" }, optionSelection = { filter = "c1" } },
  } })
  local paths, findings = found(plan, "missing-representation")
  lu.assertEquals(paths, "criteria[1].placements[1] criteria[1].placements[2]")
  lu.assertStrContains(findings[1].message, 'no offer of the collection "C"')
  lu.assertStrContains(findings[2].message, 'no representation for placement "Mail"')
end

function T.test_a_live_decision_with_a_draft_as_fallback_is_found()
  local plan = new_plan()
  local draft = write(plan, "fallback", offer { status = "draft" })
  local approved = write(plan, "fallback", offer())
  write(plan, "decision", decision { fallback = draft })
  write(plan, "decision", decision { fallback = draft, status = "draft" })
  write(plan, "decision", decision { fallback = approved })
  lu.assertEquals(found(plan, "fallback-off"), "fallback")
end

function T.test_what_is_larger_than_a_kilobyte_is_found()
  local plan = new_plan()
  write(plan, "fallback", offer())
  lu.assertEquals(found(plan, "size"), "")
  local text = { type = "html", format = "text/html", content = ("x"):rep(1100) }
  write(plan, "fallback", offer { representations = {
    { channel = MAIL, placement = "mail", components = { text } } } })
  lu.assertEquals(found(plan, "size"), "representations[1]")
end

local function numbered(n)
  local list = {}
  for i = 1, n do
    list[i] = "t" .. i
  end
  return list
end

function T.test_more_than_the_guardrails_allow_is_found()
  local plan = new_plan()
  write(plan, "fallback", offer { tags = numbered(20) })
  lu.assertEquals(found(plan, "guardrails"), "")
  write(plan, "fallback", offer { tags = numbered(21) })
  lu.assertEquals(found(plan, "guardrails"), "tags")
end

function T.test_what_the_service_has_counts_towards_the_guardrails()
  local plan = new_plan { totals = { placement = 999 } }
  local function placement(name)
    write(plan, "placement", { name = name, channel = WEB, componentType = "html" })
  end
  placement "P1"
  lu.assertEquals(found(plan, "guardrails"), "")
  placement "P2"
  local _, findings = found(plan, "guardrails")
  lu.assertEquals({ #findings, findings[1].name }, { 1, "P2" })
  lu.assertStrContains(findings[1].message, "999 placements are there")
end

function T.test_names_that_come_twice_are_found()
  local plan = new_plan { fallback = { f1 = { id = "f1", name = "There" } } }
  write(plan, "fallback", offer { name = "A" })
  write(plan, "personalized", offer { name = "A" })
  write(plan, "fallback", offer { name = "A" })
  write(plan, "fallback", offer { name = "There" })
  plan:record({ verb = "update", resource = resources.by_name.fallback }, "f1",
    offer { name = "There" })
  local _, findings = found(plan, "duplicate-name")
  lu.assertEquals(#findings, 2)
  lu.assertStrContains(findings[1].message, "of this script")
  lu.assertStrContains(findings[2].message, "of this script")
  write(plan, "tag", { name = "There" })
  local other = new_plan { fallback = { f1 = { id = "f1", name = "There" } } }
  write(other, "fallback", offer { name = "There" })
  local _, there = found(other, "duplicate-name")
  lu.assertStrContains(there[1].message, "is there already: f1")
end

local URLS = {
  ["https://www.adobe.com/a.png"] = false,
  ["https://cdn.shop.co.uk:8443/a/b?x=1&y=2#z"] = false,
  ["https://8.8.8.8/a"] = false,
  ["https://example.com/a"] = "samples",
  ["https://www.Example.COM"] = "samples",
  ["https://mysite.com"] = "samples",
  ["https://shop.test/a"] = "samples",
  ["https://localhost/a"] = "samples",
  ["https://192.168.1.7/a"] = "outside of its network",
  ["https://172.20.0.1/a"] = "outside of its network",
  ["https://intranet/a"] = "no full host name",
  ["https://shop..com/a"] = "no host name",
  ["http://www.adobe.com/a"] = "plain http",
  ["https://www.adobe.com/https://www.adobe.com/a"] = "another one",
  ["https://www.adobe.com/{{id}}"] = "placeholder",
  ["https://www.adobe.com/nil"] = "the word nil",
  ["https://www.adobe.com/a."] = "punctuation",
}

function T.test_addresses_that_look_dead_are_found()
  for url, why in pairs(URLS) do
    local plan = new_plan()
    local one = image()
    one.components[1].deliveryURL = url
    write(plan, "fallback", offer { representations = { one } })
    local _, findings = found(plan, "dead-url")
    lu.assertEquals(#findings, why and 1 or 0, url)
    if why then
      lu.assertStrContains(findings[1].message, why)
    end
  end
end

function T.test_addresses_inside_of_content_are_looked_at_too()
  local plan = new_plan()
  write(plan, "fallback", offer { representations = { { channel = MAIL, placement = "mail",
    components = { { type = "html", format = "text/html",
      content = '<a href="http://www.adobe.com">a</a><img src="https://www.adobe.com/a.png">' } },
  } } })
  lu.assertEquals(found(plan, "dead-url"), "representations[1].components[1].content")
end

function T.test_many_names_are_looked_up_with_one_list()
  local plan = new_plan { fallback = { f1 = { id = "f1", name = "There" } } }
  plan.reader.named = error -- not asked
  for i = 1, 30 do
    write(plan, "fallback", offer { name = "A" .. i })
  end
  write(plan, "fallback", offer { name = "There" })
  local _, findings = found(plan, "duplicate-name")
  lu.assertEquals({ #findings, findings[1].name }, { 1, "There" })
end

function T.test_what_is_deleted_again_is_not_looked_at()
  local plan = new_plan()
  local id = write(plan, "fallback", dated("2026-07-02", "2026-07-01"))
  plan:record({ verb = "delete", resource = resources.by_name.fallback }, id)
  lu.assertEquals(#rules.run(rules.own(), plan), 0)
end

function T.test_every_rule_has_a_name_and_words()
  local seen = {}
  for _, rule in ipairs(rules.own()) do
    lu.assertStrMatches(rule.name, "%l[%l-]+")
    lu.assertNil(seen[rule.name])
    seen[rule.name] = true
    lu.assertTrue(#rule.help > 10 and #rule.explain > 60, rule.name)
  end
end

function T.test_a_projects_own_rule_is_a_function_in_a_file()
  local folder = support.tmpdir()
  local rule = rules.from_file("examples/rules/market-names.lua")
  lu.assertEquals(rule.name, "market-names")
  lu.assertStrContains(rule.explain, "Names begin with the market")
  local plan = new_plan()
  write(plan, "fallback", offer { name = "Black Friday" })
  write(plan, "fallback", offer { name = "FR Black Friday" })
  write(plan, "placement", { name = "Hero" })
  local findings = rules.run({ rule }, plan)
  lu.assertEquals({ #findings, findings[1].rule, findings[1].path }, { 1, "market-names", "name" })
  for text, why in pairs {
    ["return 5"] = "returned a number", ["retrun 5"] = "syntax error", ["error 'x'"] = "failed",
    ["return function() error('broken') end"] = "the rule bad failed",
  } do
    local path = support.write(folder .. "/bad.lua", text)
    local ok, failure = pcall(function() rules.run({ rules.from_file(path) }, plan) end)
    lu.assertFalse(ok)
    lu.assertStrContains(tostring(failure), why)
  end
  lu.assertFalse(pcall(rules.from_file, folder .. "/none.lua"))
end

support.run(T)
