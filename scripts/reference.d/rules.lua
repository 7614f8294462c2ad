-- The rules of dps check, out of their own explanations, and how a project writes one.

local page = require "page"
local rules = require "dps.check.rules"
local source = require "source"

local EXAMPLE = "examples/rules/market-names.lua"

---@param to table  the page
return function(to)
  to:add("`dps check --explain RULE` says the same. A rule is turned off with `--off RULE`, or with"
    .. ' `"off": ["RULE"]` in `.dps/check.json`.', "", "| rule | finds | why |", "|---|---|---|")
  for _, rule in ipairs(rules.own()) do
    to:add(("| `%s` | %s | %s |"):format(rule.name, page.cell(rule.help), page.cell(rule.explain)))
  end
  to:heading(2, "Rules of a project")
  to:add(("A rule is a file; its name is the rule's, the comment that it opens with explains it."
    .. " Here is [%s](../../%s):"):format(EXAMPLE, EXAMPLE), "", "```lua",
    (source.text(EXAMPLE):gsub("\n$", "")), "```", "", "It is given with `--rule-file`, or named in"
    .. " `.dps/check.json`.")
end
