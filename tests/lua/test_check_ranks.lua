-- The rule of dps check about equal ranks: one finding for a placement and a rank, which names the
-- offers that meet in it.
local fixture = require "check_fixture"
local lu = require "luaunit"
local support = require "support"

local T = {}

local new_plan = fixture.new_plan
local found = fixture.found
local write = fixture.write
local image = fixture.image
local dated = fixture.dated

function T.test_equal_ranks_in_one_placement_at_one_time_are_found()
  local plan = new_plan()
  write(plan, "personalized", dated("2026-06-01", "2026-07-01", { rank = { priority = 5 } }))
  write(plan, "personalized", dated("2026-06-15", "2026-08-01", { rank = { priority = 5 } }))
  write(plan, "personalized", dated("2026-06-15", "2026-08-01", { rank = { priority = 6 } }))
  write(plan, "personalized", dated("2026-08-01", "2026-09-01", { rank = { priority = 5 } }))
  write(plan, "personalized", dated("2026-06-15", "2026-08-01", { rank = { priority = 5 },
    representations = { image "mail" } }))
  local _, findings = found(plan, "equal-ranks")
  lu.assertEquals(#findings, 1)
  lu.assertEquals({ findings[1].resource, findings[1].name }, { "placement", "Hero" })
  lu.assertStrContains(findings[1].message, "2 personalized offers have the rank 5")
end

-- `windows`: { from, to } each, or nil for no dates.
local function equal_ranks(windows)
  local plan = new_plan()
  for i, window in ipairs(windows) do
    write(plan, "personalized", dated(window[1], window[2], { name = "O" .. i,
      rank = { priority = 5 } }))
  end
  local _, findings = found(plan, "equal-ranks")
  local names = {}
  for name in (findings[1] and findings[1].message or ""):gmatch '"(O%d+)"' do
    names[#names + 1] = name
  end
  return #findings, table.concat(names, " "), findings[1] and findings[1].message
end

function T.test_equal_ranks_are_one_finding_for_a_placement_and_a_rank()
  local many = {}
  for i = 1, 30 do
    many[i] = { "2026-06-01", "2026-07-01" }
  end
  local count, names, message = equal_ranks(many)
  lu.assertEquals({ count, names }, { 1, "O1 O2 O3 O4 O5 O6 O7 O8 O9 O10" })
  lu.assertStrContains(message, "30 personalized offers have the rank 5 while another of them is")
  lu.assertStrContains(message, " and 20 more")
end

function T.test_of_equal_ranks_those_that_never_meet_are_not_named()
  local count, names = equal_ranks {
    { "2026-06-01", "2026-12-01" }, { "2026-06-02", "2026-06-03" },
    { "2026-07-01", "2026-07-02" },
    { "2026-12-01", "2026-12-05" }, { "2026-12-04", "2026-12-09" }, { "2027-01-01", "2027-01-02" },
    { "2026-11-01", "2026-10-01" },
  }
  lu.assertEquals({ count, names }, { 1, "O1 O2 O3 O4 O5" })
  lu.assertEquals(equal_ranks { { "2026-06-01", "2026-07-01" }, { "2026-07-01", "2026-08-01" } }, 0)
end

support.run(T)
