-- Templates: what is filled in, how it is escaped, and where what is wrong stands.

local lu = require "luaunit"
local err = require "dps.err"
local representation = require "dps.representation"
local support = require "support"

local T = {}

local render = representation.render

local function refused(expected, text, values, options)
  local ok, e = pcall(render, text, values or {}, options)
  lu.assertFalse(ok, "no error")
  lu.assertTrue(err.is(e, "invalid"), tostring(e))
  lu.assertStrContains(e.message, expected)
end

function T.test_names_and_paths_are_filled_in()
  lu.assertEquals(render("{{a}} {{ b.c }}-{{d_1}}{{x-y}}", { a = "A", b = { c = 5 }, d_1 = 1.5,
    ["x-y"] = 2.0 }), "A 5-1.52")
  lu.assertEquals(render("no place at all }} {", {}), "no place at all }} {")
  lu.assertEquals(render("", {}), "")
end

function T.test_html_is_escaped_by_default()
  local evil = [[<a href="x" title='y'>&</a>]]
  lu.assertEquals(render("{{v}}", { v = evil }),
    "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;")
  lu.assertEquals(render("{{{v}}}", { v = evil }), evil)
  lu.assertEquals(render("{{v}}", { v = evil }, { escape = "none" }), evil)
end

function T.test_escaped_for_json_any_text_can_be_read_back()
  local text = 'a"b\\c\n\t\1\127</é'
  local json = render('{"v":"{{v}}"}', { v = text }, { escape = "json" })
  lu.assertEquals(require("dps.json").decode(json), { v = text })
end

function T.test_a_value_is_never_read_as_template()
  lu.assertEquals(render("{{{a}}}{{b}}", { a = "{{b}}", b = "{{{a}}}" }), "{{b}}{{{a}}}")
end

function T.test_lists_repeat_and_see_what_is_around_them()
  local values = { shop = "Lume", items = { { name = "A", price = 1 }, { name = "B", price = 2 } } }
  lu.assertEquals(render("{{#items}}{{name}} {{price}} at {{shop}}; {{/items}}", values),
    "A 1 at Lume; B 2 at Lume; ")
  lu.assertEquals(render("{{#list}}<{{.}}>{{/list}}", { list = { "a", 2, "&" } }), "<a><2><&amp;>")
end

function T.test_true_shows_once_false_and_empty_lists_never()
  local text = "{{#v}}yes{{/v}}{{^v}}no{{/v}}"
  for _, value in ipairs { true, "x", 0, { a = 1 } } do
    lu.assertEquals(render(text, { v = value }), "yes")
  end
  lu.assertEquals(render(text, { v = false }), "no")
  lu.assertEquals(render(text, { v = {} }), "no")
  lu.assertEquals(render(text, { v = require("dps.json").null }), "no")
end

function T.test_a_table_is_a_scope_and_the_inner_one_wins()
  lu.assertEquals(render("{{n}}{{#a}}{{n}}{{#b}}{{n}}{{/b}}{{/a}}{{n}}",
    { n = 1, a = { n = 2, b = { n = 3 } } }), "1231")
end

function T.test_a_tag_alone_on_a_line_leaves_no_line()
  lu.assertEquals(render("Offers:\n  {{#list}}\n- {{.}}\n  {{/list}} \nend\n",
    { list = { "a", "b" } }), "Offers:\n- a\n- b\nend\n")
  lu.assertEquals(render("a\r\n{{! remark\nof two lines }}\r\nb", {}), "a\r\nb")
  lu.assertEquals(render("{{#v}}\nx\n{{/v}}", { v = true }), "x\n")
  lu.assertEquals(render(" {{#v}} x {{/v}}\n", { v = true }), "  x \n")
end

function T.test_a_backslash_keeps_braces_for_journey_optimizer()
  lu.assertEquals(render("\\{{profile.person.name}} {{a}}", { a = 1 }), "{{profile.person.name}} 1")
end

function T.test_dates_are_written_as_they_write_themselves()
  local mt = { __dps_date = function() return "2026-12-01T08:00:00.000+00:00" end,
    __tostring = function() return "2026-12-01T09:00:00.000+01:00" end }
  lu.assertEquals(render("{{d}}", { d = setmetatable({}, mt) }), "2026-12-01T09:00:00.000+01:00")
end

-- What is refused, and where ----------------------------------------------------------------------

function T.test_what_has_no_value_is_placed_by_line_and_column()
  refused("banner.html:2:4: {{headlin}} has no value (did you mean {{headline}}?)",
    "<é>\n<é>{{headlin}}", { headline = "x" }, { name = "banner.html" })
  refused("template:1:1: {{a}} has no value (there is none)", "{{a}}")
  refused("{{zzz}} has no value (known: aa, bb)", "{{zzz}}", { aa = 1, bb = 2 })
  refused("{{a.b.c}} has no value", "{{a.b.c}}", { a = { b = "text" } })
  refused("{{list}} has no value", "{{#list}}x{{/list}}")
  refused("{{list}} has no value", "{{^list}}x{{/list}}")
  refused("1:24: {{nme}} has no value (did you mean {{name}}?)",
    "{{#list}}{{name}}{{! }}{{nme}}{{/list}}", { list = { { name = 1 } } })
end

function T.test_what_is_no_text_is_refused()
  refused("{{v}} is a boolean", "{{v}}", { v = true })
  refused("{{v}} is a table", "{{v}}", { v = {} })
  refused("{{v}} is a function", "{{v}}", { v = print })
  refused("{{v}} is not a finite number", "{{v}}", { v = 0 / 0 })
  refused("{{.}} is a table", "{{.}}", {})
end

function T.test_tags_that_do_not_close_are_refused()
  refused("1:3: this {{ is never closed with }}", "ab{{c")
  refused("1:1: this {{ is never closed with }}", "{{a {{b}}", { a = 1, b = 1 })
  refused("1:1: this {{{ is never closed with }}}", "{{{a}}", { a = 1 })
  refused("1:1: this {{! is never closed", "{{! a")
  refused("2:1: {{#a}} is never closed", "\n{{#a}}x", { a = 1 })
  refused("1:1: {{/a}} closes nothing", "{{/a}}")
  refused("1:13: {{/a}} stands where {{/b}} is due", "{{#a}}{{#b}}{{/a}}{{/b}}", { a = 1, b = 1 })
end

function T.test_what_is_no_name_is_refused()
  for _, name in ipairs { "", "a b", "a..b", ".a", "a.", "%a", "a}b", "é" } do
    refused("is no name of a value", "{{" .. name .. "}}", { a = { b = 1 } })
  end
  refused("is no name of a value", "{{" .. ("x"):rep(1000) .. "}}")
end

function T.test_ceilings()
  local deep = ("{{#a}}"):rep(60) .. ("{{/a}}"):rep(60)
  refused("more than 50 sections", deep, { a = true })
  local list = {}
  for i = 1, 300 do list[i] = true end
  refused("more than 4 MiB of text", "{{#l}}{{#l}}{{#l}}0123456789{{/l}}{{/l}}{{/l}}", { l = list })
end

function T.test_other_misuse()
  refused("byte 0xFF is not UTF-8", "a\xFF")
  refused("must be a string", 5)
  refused("must be a table", "x", 5)
  refused("escape must be", "x", {}, { escape = "xml" })
  refused("unknown option", "x", {}, { escap = "html" })
end

-- Property: whatever a template is made of, it renders or is refused as invalid, and text without
-- places comes out as it went in.
function T.test_any_text_renders_or_is_refused_in_words()
  math.randomseed(9)
  local pieces = { "{{", "}}", "{{{", "}}}", "#", "/", "^", "!", "a", "b", ".", " ", "\n", "\\",
    "x",
    "{{#a}}", "{{/a}}", "{{.}}", "é", "{{a}}" }
  for _ = 1, 5000 do
    local parts = {}
    for i = 1, math.random(0, 10) do parts[i] = pieces[math.random(#pieces)] end
    local text = table.concat(parts)
    local ok, result = pcall(render, text, { a = { "1", "2" }, b = "b" })
    if not ok then
      lu.assertTrue(err.is(result, "invalid"), tostring(result))
      lu.assertStrMatches(result.message, "template:%d+:%d+: .*")
    elseif not text:find("{{", 1, true) then
      lu.assertEquals(result, text)
    end
  end
end

support.run(T)
